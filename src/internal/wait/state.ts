/**
 * The data of waits and of the records of their operations. Between two polls, a wait has no fiber, no timer and no
 * request.
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
 * The observer of a wait.
 *
 * @internal
 */
export interface Observer {
  /**
   * A pending state, passed to the call or read by a poll. If the result is `false`, the wait pauses until it is
   * resumed.
   */
  readonly onPending?: ((waiter: Waiter, operation: Operation.Pending) => boolean) | undefined
  /** The wait has ended. The effect returns its result, after it has cancelled the operation if this is required. */
  readonly onEnd: (waiter: Waiter, result: Effect.Effect<Operation.Succeeded, WaitFailure>) => void
}

/**
 * The state that the waits of one call share.
 *
 * @internal
 */
export interface WaitContext {
  readonly caller: Caller
  readonly timer: Timer
  readonly settings: WaitSettings
  readonly observer: Observer
  /** Called when the next poll of a wait is due, or its deadline has passed. */
  readonly onTime: (waiter: Waiter) => void
  /** The number of polls that may be in flight. Default: no limit. */
  readonly permits?: Permits | undefined
  /**
   * Whether a poll may use a request whose response the server delays until the operation ends. Such a poll does not
   * read the states before the end.
   */
  readonly usesServerSideWait: boolean
  readonly telemetry: WaitTelemetry
  /** Reports the failed cancel requests. It is made for the first cancel request. */
  cancels: CancelReport | undefined
}

/**
 * A collection whose operations are polled together.
 *
 * @internal
 */
export interface PolledCollection {
  /**
   * Adds a wait whose poll is due to the next poll of the collection. If the result is `false`, the wait polls by a
   * separate request.
   */
  readonly join: (waiter: Waiter) => boolean
}

/** @internal */
export interface WaiterOptions {
  readonly context: WaitContext
  readonly record: OperationRecord
  /** The state that was passed to the call. Without a state, the first poll is due immediately. */
  readonly known: Operation.Pending | undefined
  /** In ms. */
  readonly timeout: number
  /** How long NOT_FOUND means that the operation is not visible yet, in ms from the beginning of the wait. */
  readonly notFoundGrace: number
  /** Whether the operation comes from a handle. Such an operation may have expired if it is not found. */
  readonly isFromHandle: boolean
}

// The time between the last poll and the deadline, in ms. It leaves time for the response.
const longestMargin = 1_000

/** @internal */
export class Waiter extends Wakeable {
  /**
   * The current phase: waiting for the time of the next poll, for a permit to poll, for the response, for `onUpdate`,
   * for a step of a schedule, or for its observer.
   */
  phase: "new" | "sleeping" | "queued" | "polling" | "updating" | "stepping" | "stopped" | "ended" = "new"
  readonly record: OperationRecord
  readonly context: WaitContext
  readonly isFromHandle: boolean
  /** When the wait began, in monotonic ms. */
  readonly start: number
  /** When the wait began, in ms since the epoch. */
  readonly startOfSchedule: number
  /** The deadline of the wait, in monotonic ms. */
  readonly deadline: number
  /** The end of the time in which NOT_FOUND means that the operation is not visible yet, in monotonic ms. */
  readonly graceEnd: number
  /** When the next poll is due, in monotonic ms. */
  due = 0
  /** The last state for which `onUpdate` ran. */
  told: Operation.Operation | undefined
  /** Interrupts `onUpdate`, or the step of a schedule, while it is running. */
  interruptStep: Interrupt | undefined
  /** Removes the wait from the queue for a permit. */
  leaveQueue: Leave | undefined
  /** Whether its observer has paused the wait. */
  isStopped = false
  /** Whether its end requires a cancel request that was not sent yet. */
  mustCancel = false
  schedule: Progress<Operation.Pending> | undefined
  retries: Progress<HttpError.HttpError> | undefined
  /** The latest state. */
  last: Operation.Pending | undefined
  lastError: HttpError.HttpError | undefined
  polls = 0
  /** The number of consecutive transient failures, and the time of the first one. */
  failures = 0
  failingSince = 0
  /** Whether a poll has read the operation. */
  hasRead = false
  /** When the latest poll began, in monotonic ms. */
  polledAt = -Infinity
  /**
   * The last delay of the schedule, and the part of this delay that remains if a hint or a failure has delayed the
   * poll. Otherwise a schedule with fixed times (`Schedule.fixed`) would poll immediately to catch up.
   */
  ownDelay = 0
  owedDelay = 0
  /** The collection with which it polls. Undefined if it polls by separate requests. */
  collection: PolledCollection | undefined
  /**
   * How many consecutive polls of the collection have not found the operation, and for how many polls it uses separate
   * requests.
   */
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

  /** The time for the steps of schedules, in ms since the epoch. A change of the system time does not affect it. */
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
  /** The shared state of the call whose wait started the poll. */
  readonly owner: WaitContext
  /** Called when no wait needs the operation any more. The returned effect waits until its poll has stopped. */
  readonly leave: (record: OperationRecord) => Effect.Effect<void>
}

/** @internal */
export class OperationRecord {
  readonly name: string
  /** The path of its plain read, for messages. Different operations of one model of Vertex AI have the same path. */
  readonly path: string
  waiters: ReadonlyArray<Waiter> = []
  /**
   * The poll in flight. It belongs to the record: if the wait that started it ends, it stays in flight for the other
   * waits.
   */
  inFlight: InFlight | undefined
  /** The last state of the operation, once it is done. */
  verdict: Snapshot | undefined
  /** Whether the server is asked to cancel the operation when its last wait ends. */
  cancelWhenAbandoned = false

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
  }
}

/** @internal */
export class Records {
  readonly #byName = new Map<string, OperationRecord>()

  /** Returns the record of an operation, if there is a wait for it. */
  find(name: string): OperationRecord | undefined {
    return this.#byName.get(name)
  }

  /** The record of an operation with at least one wait. */
  get(name: string, path: string): OperationRecord {
    let record = this.#byName.get(name)
    if (record === undefined) this.#byName.set(name, record = new OperationRecord(name, path))
    return record
  }

  /** Tells whether the operation has no wait any more. In this case its record is removed. */
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

// The shortest delay between two polls. It protects the processor and the server from a schedule without delays.
const shortestInterval = 10

/**
 * When the next poll is due. The time is limited to leave time for the last response before the deadline.
 *
 * @internal
 */
export const nextPoll = (waiter: Waiter, wanted: number): number => {
  const now = waiter.now()
  const earliest = Math.max(now, waiter.polledAt + shortestInterval)
  const isCut = Math.max(wanted, earliest) > waiter.lastPoll && now < waiter.lastPoll
  return Math.min(Math.max(isCut ? waiter.lastPoll : wanted, earliest), waiter.deadline)
}
