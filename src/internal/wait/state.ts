/**
 * Waits as plain data: what each of them has seen and does now, and the records of the operations that they wait for. Between
 * two polls a wait holds no fiber, no timer and no request.
 */
import type * as Effect from "effect/Effect"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { OperationError } from "../../OperationError.js"
import type { WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { Caller, Interrupt } from "../caller.js"
import type { Leave, Permits } from "../http/budget.js"
import type { Snapshot } from "../http/response.js"
import type { WaitSettings } from "../settings.js"
import { type Timer, Wakeable } from "../time/timer.js"
import type { CancelReport } from "./cancel.js"
import type { Progress } from "./stepper.js"
import type { WaitTelemetry } from "./telemetry.js"

/** @internal */
export type WaitFailure = OperationError | HttpError.HttpError | WaitTimeoutError

/**
 * Who looks at waits.
 *
 * @internal
 */
export interface Observer {
  /** A pending state, known before or read by a poll. With `false` the wait stops until it is resumed. */
  readonly onPending?: ((waiter: Waiter, operation: Operation.Pending) => boolean) | undefined
  /** The wait has ended; the effect gives its result, and cancels the operation first where that is wanted. */
  readonly onEnd: (waiter: Waiter, result: Effect.Effect<Operation.Succeeded, WaitFailure>) => void
}

/**
 * What waits have in common that one call makes.
 *
 * @internal
 */
export interface WaitContext {
  readonly caller: Caller
  readonly timer: Timer
  readonly settings: WaitSettings
  readonly observer: Observer
  /** The next poll of a wait is due, or its deadline has passed. */
  readonly onTime: (waiter: Waiter) => void
  /** How many of them may have a poll in flight. Default: all. */
  readonly permits?: Permits | undefined
  /** Whether the server may be asked to answer when the operation ends, which hides the states before. */
  readonly usesServerSideWait: boolean
  readonly telemetry: WaitTelemetry
  /** Reports the cancels that have failed; made for the first cancel. */
  cancels: CancelReport | undefined
}

/**
 * A collection whose operations are polled together.
 *
 * @internal
 */
export interface PolledCollection {
  /** Takes a wait whose poll is due into the next poll of the collection. With `false` it has to poll by itself. */
  readonly join: (waiter: Waiter) => boolean
}

/** @internal */
export interface WaiterOptions {
  readonly context: WaitContext
  readonly record: OperationRecord
  /** The state that is known at the beginning; without one the first poll is due at once. */
  readonly known: Operation.Pending | undefined
  /** In ms. */
  readonly timeout: number
  /** For how long NOT_FOUND means that the operation is not visible yet, in ms from the beginning. */
  readonly notFoundGrace: number
  /** Whether the operation is that of a handle, and so may have expired when it is not found. */
  readonly isFromHandle: boolean
}

// How long before its deadline a wait polls for the last time, so that there is time for a response, in ms.
const longestMargin = 1_000

/** @internal */
export class Waiter extends Wakeable {
  /**
   * What it does: it waits for the time of the next poll, for a permit to poll, for the response, for `onUpdate`, for a step of
   * its schedule, or until its observer asks for more.
   */
  phase: "new" | "sleeping" | "queued" | "polling" | "updating" | "stepping" | "stopped" | "ended" = "new"
  readonly record: OperationRecord
  readonly context: WaitContext
  readonly isFromHandle: boolean
  /** When it began, in monotonic ms. */
  readonly start: number
  /** The same in ms since the epoch. */
  readonly startOfSchedule: number
  /** When the wait ends, whatever is in flight, in monotonic ms. */
  readonly deadline: number
  /** Until when NOT_FOUND means that the operation is not visible yet, in monotonic ms. */
  readonly graceEnd: number
  /** When the next poll is due, in monotonic ms. */
  due = 0
  /** The state that `onUpdate` was told last. */
  told: Operation.Operation | undefined
  /** Interrupts `onUpdate`, or the step of a schedule, while it takes time. */
  interruptStep: Interrupt | undefined
  /** Gives up its place in the queue for a permit. */
  leaveQueue: Leave | undefined
  /** Whether its observer wants no further poll for the time being. */
  isStopped = false
  /** Whether its end asks for a cancel that has not begun yet. */
  mustCancel = false
  schedule: Progress<Operation.Pending> | undefined
  retries: Progress<HttpError.HttpError> | undefined
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
  /** Where it polls together with others; none if it polls by itself. */
  collection: PolledCollection | undefined
  /** How many polls of the collection in a row have not shown the operation, and for how many polls it leaves them out. */
  misses = 0
  pollsBeforeList = 0

  constructor(options: WaiterOptions) {
    super()
    const { caller, timer } = options.context
    this.record = options.record
    this.context = options.context
    this.isFromHandle = options.isFromHandle
    this.last = options.known
    this.start = timer.now()
    this.startOfSchedule = caller.clock.unsafeCurrentTimeMillis()
    this.deadline = this.start + options.timeout
    this.graceEnd = this.start + options.notFoundGrace
  }

  onTime(): void {
    this.context.onTime(this)
  }

  /** The latest time for a poll whose response can be expected before the deadline, in monotonic ms. */
  get lastPoll(): number {
    return this.deadline === Infinity
      ? Infinity
      : this.deadline - Math.min(longestMargin, (this.deadline - this.start) / 10)
  }

  now(): number {
    return this.context.timer.now()
  }

  /** The time by which schedules are stepped: no change of the system time moves it. In ms since the epoch. */
  scheduleTime(): number {
    return this.startOfSchedule + (this.now() - this.start)
  }
}

/**
 * A poll in flight, of one operation or of many.
 *
 * @internal
 */
export interface InFlight {
  /** What the waits of the call have in common whose wait began the poll. */
  readonly owner: WaitContext
  /** Nothing waits for the operation any more. The returned effect waits until nothing of its poll runs any more. */
  readonly leave: (record: OperationRecord) => Effect.Effect<void>
}

/** @internal */
export class OperationRecord {
  readonly name: string
  /** The path of its plain read, for messages. Operations of one model of Vertex AI have the same path. */
  readonly path: string
  waiters: ReadonlyArray<Waiter> = []
  /** It belongs to the record: it stays in flight when the wait that began it ends and others wait for it. */
  inFlight: InFlight | undefined
  /** The last state of the operation, once it is done. */
  verdict: Snapshot | undefined
  /** Whether the server is asked to cancel the operation when nothing waits for it any more. */
  cancelWhenAbandoned = false

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
  }
}

/** @internal */
export class Records {
  readonly #byName = new Map<string, OperationRecord>()

  /** The record of an operation, if something waits for it. */
  find(name: string): OperationRecord | undefined {
    return this.#byName.get(name)
  }

  /** The record of an operation that something waits for. */
  get(name: string, path: string): OperationRecord {
    let record = this.#byName.get(name)
    if (record === undefined) this.#byName.set(name, record = new OperationRecord(name, path))
    return record
  }

  /** Tells whether nothing waits for the operation any more; its record is gone then. */
  remove(waiter: Waiter): boolean {
    const { record } = waiter
    const left = record.waiters.filter((other) => other !== waiter)
    if (left.length === record.waiters.length) return false
    record.waiters = left
    return left.length === 0 && this.#byName.delete(record.name)
  }

  /** All waits. */
  *waiters(): Iterable<Waiter> {
    for (const record of this.#byName.values()) yield* record.waiters
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
  const now = waiter.now()
  const earliest = Math.max(now, waiter.polledAt + shortestInterval)
  const isCut = Math.max(wanted, earliest) > waiter.lastPoll && now < waiter.lastPoll
  return Math.min(Math.max(isCut ? waiter.lastPoll : wanted, earliest), waiter.deadline)
}
