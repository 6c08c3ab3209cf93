/**
 * One wait as plain data: its limits, what it has seen, and what it does now. Between two polls it holds no fiber, no timer and
 * no request.
 */
import type * as Effect from "effect/Effect"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { OperationError } from "../../OperationError.js"
import type { WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { Caller, Interrupt } from "../caller.js"
import type { Leave, Permits } from "../http/budget.js"
import type { WaitSettings } from "../settings.js"
import type { Entry, Timer, Wakeable } from "../time/timer.js"
import type { OperationRecord } from "./record.js"
import type { Progress } from "./stepper.js"

/** @internal */
export type WaitFailure = OperationError | HttpError.HttpError | WaitTimeoutError

/**
 * Who looks at a wait.
 *
 * @internal
 */
export interface Observer {
  /** A pending state, known before or read by a poll. With `false` the wait stops until it is resumed. */
  readonly onPending?: ((operation: Operation.Pending) => boolean) | undefined
  /** The wait has ended; the effect gives its result, and cancels the operation first where that is wanted. */
  readonly onEnd: (result: Effect.Effect<Operation.Succeeded, WaitFailure>) => void
}

/**
 * What several waits have in common.
 *
 * @internal
 */
export interface Group {
  /** How many of them may have a poll in flight. Default: all. */
  readonly permits?: Permits | undefined
  /** Whether the server may be asked to answer when the operation ends, which hides the states before. */
  readonly usesServerSideWait: boolean
  /** Whether a transient failure was logged: of one outage that is enough. */
  hasLogged: boolean
}

/** @internal */
export interface WaiterOptions {
  readonly record: OperationRecord
  readonly settings: WaitSettings
  readonly caller: Caller
  readonly timer: Timer
  readonly observer: Observer
  readonly group: Group
  /** The state that is known at the beginning; without one the first poll is due at once. */
  readonly known: Operation.Pending | undefined
  /** In ms. */
  readonly timeout: number
  /** For how long NOT_FOUND means that the operation is not visible yet, in ms from the beginning. */
  readonly notFoundGrace: number
  /** Whether the operation is that of a handle, and so may have expired when it is not found. */
  readonly isFromHandle: boolean
}

/** @internal */
export class Waiter implements Wakeable {
  /**
   * What it does: it waits for the time of the next poll, for a permit to poll, for the response, for a step of its schedule,
   * or until its observer asks for more.
   */
  phase: "new" | "sleeping" | "queued" | "polling" | "stepping" | "stopped" | "ended" = "new"
  readonly record: OperationRecord
  readonly settings: WaitSettings
  readonly caller: Caller
  readonly timer: Timer
  readonly observer: Observer
  readonly group: Group
  readonly isFromHandle: boolean
  /** When it began, in monotonic ms. */
  readonly start: number
  /** The same in ms since the epoch. */
  readonly startOfSchedule: number
  /** When the wait ends, whatever is in flight, in monotonic ms. */
  readonly deadline: number
  /** The latest time of a last poll that has time to be answered, in monotonic ms. */
  readonly lastPoll: number
  /** Until when NOT_FOUND means that the operation is not visible yet, in monotonic ms. */
  readonly graceEnd: number
  /** When the next poll is due, in monotonic ms. */
  due = 0
  /** Wakes it when the poll is due, or at the deadline. */
  entry: Entry | undefined
  /** Interrupts the step of a schedule that takes time. */
  interruptStep: Interrupt | undefined
  /** Gives up its place in the queue for a permit. */
  leaveQueue: Leave | undefined
  /** Whether its observer wants no further poll for the time being. */
  isStopped = false
  /** Whether its end asks for a cancel that has not begun yet. */
  mustCancel = false
  schedule: Progress<Operation.Pending> | undefined
  transient: Progress<HttpError.HttpError> | undefined
  /** The latest state. */
  last: Operation.Pending | undefined
  lastError: HttpError.HttpError | undefined
  polls = 0
  /** Transient failures in a row, and since when. */
  failures = 0
  failingSince = 0
  /** Whether a poll has read the operation. */
  hasRead = false
  /** When the latest poll began, in monotonic ms. */
  polledAt = -Infinity
  /**
   * The last delay of the schedule itself, and what of it must still pass when a hint or a failure has delayed the poll: a
   * schedule with fixed times (`Schedule.fixed`) would poll at once to catch up.
   */
  ownDelay = 0
  owedDelay = 0
  readonly #onTime: (waiter: Waiter) => void

  constructor(options: WaiterOptions, onTime: (waiter: Waiter) => void) {
    this.record = options.record
    this.settings = options.settings
    this.caller = options.caller
    this.timer = options.timer
    this.observer = options.observer
    this.group = options.group
    this.isFromHandle = options.isFromHandle
    this.last = options.known
    this.start = options.timer.now()
    this.startOfSchedule = options.caller.clock.unsafeCurrentTimeMillis()
    this.deadline = this.start + options.timeout
    this.lastPoll = this.deadline - (options.timeout === Infinity ? 0 : Math.min(1000, options.timeout / 10))
    this.graceEnd = this.start + options.notFoundGrace
    this.#onTime = onTime
  }

  onTime(): void {
    this.entry = undefined
    this.#onTime(this)
  }

  /** The time by which schedules are stepped: no change of the system time moves it. In ms since the epoch. */
  scheduleTime(): number {
    return this.startOfSchedule + (this.timer.now() - this.start)
  }
}

// A schedule without any delay must not keep a processor and a server busy.
const shortestInterval = 10

/**
 * When the next poll is due: cut so that there is time for a last response, and for nothing after the deadline.
 *
 * @internal
 */
export const nextPoll = (waiter: Waiter, wanted: number): number => {
  const now = waiter.timer.now()
  const earliest = Math.max(now, waiter.polledAt + shortestInterval)
  const isCut = Math.max(wanted, earliest) > waiter.lastPoll && now < waiter.lastPoll
  return Math.min(Math.max(isCut ? waiter.lastPoll : wanted, earliest), waiter.deadline)
}
