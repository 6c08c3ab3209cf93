/**
 * The data of waiters and of the operations for which they wait. Between two polls, a waiter holds no fiber, timer or
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
 * Observes a waiter.
 *
 * @internal
 */
export interface Observer {
  /**
   * Called with a pending state, which was passed to the call or returned by a poll. If the function returns `false`,
   * the waiter pauses until it is resumed.
   */
  readonly onPending?: ((waiter: Waiter, operation: Operation.Pending) => boolean) | undefined
  /**
   * Called when the waiter has ended. If the operation must be cancelled, the effect cancels it first and then returns
   * the result.
   */
  readonly onEnd: (waiter: Waiter, result: Effect.Effect<Operation.Succeeded, WaitFailure>) => void
}

/**
 * The state that all waiters of one call share.
 *
 * @internal
 */
export interface WaitContext {
  readonly caller: Caller
  readonly timer: Timer
  readonly settings: WaitSettings
  readonly observer: Observer
  /** Called when a waiter's next poll is due, or when its deadline has passed. */
  readonly onTime: (waiter: Waiter) => void
  /** Limits how many polls may be in flight. Default: no limit. */
  readonly permits?: Permits | undefined
  /**
   * Whether polls may use requests whose response the server delays until the operation ends. Such polls do not return
   * intermediate states.
   */
  readonly usesServerSideWait: boolean
  readonly telemetry: WaitTelemetry
  /** Reports failed cancel requests. It is created for the first cancel request. */
  cancels: CancelReport | undefined
}

/**
 * A collection whose operations are polled together.
 *
 * @internal
 */
export interface PolledCollection {
  /**
   * Adds a waiter whose poll is due to the next poll of the collection. If the function returns `false`, the waiter
   * polls by a separate request.
   */
  readonly join: (waiter: Waiter) => boolean
}

/** @internal */
export interface WaiterOptions {
  readonly context: WaitContext
  readonly record: OperationRecord
  /** The state that was passed to the call. If it is `undefined`, the first poll is due immediately. */
  readonly known: Operation.Pending | undefined
  /** The timeout in ms. */
  readonly timeout: number
  /** How long NOT_FOUND means that the operation is not yet visible, in ms from when the waiter began. */
  readonly notFoundGrace: number
  /** Whether the operation comes from a handle. If such an operation is not found, it may have expired. */
  readonly isFromHandle: boolean
}

// The longest interval between the final poll and the deadline, in ms. It leaves time for the response.
const longestMargin = 1_000

/** @internal */
export class Waiter extends Wakeable {
  /**
   * The current phase: waiting until the next poll is due, for a permit to poll, for a response, for `onUpdate`, for a
   * schedule step, or for the observer.
   */
  phase: "new" | "sleeping" | "queued" | "polling" | "updating" | "stepping" | "stopped" | "ended" = "new"
  readonly record: OperationRecord
  readonly context: WaitContext
  readonly isFromHandle: boolean
  /** When the waiter began, in monotonic ms. */
  readonly start: number
  /** When the waiter began, in ms since the epoch. */
  readonly startOfSchedule: number
  /** The waiter's deadline, in monotonic ms. */
  readonly deadline: number
  /** Until when NOT_FOUND means that the operation is not yet visible, in monotonic ms. */
  readonly graceEnd: number
  /** When the next poll is due, in monotonic ms. */
  due = 0
  /** The latest state for which `onUpdate` ran. */
  told: Operation.Operation | undefined
  /** Interrupts `onUpdate` or a schedule step while it is running. */
  interruptStep: Interrupt | undefined
  /** Removes the waiter from the queue for a permit. */
  leaveQueue: Leave | undefined
  /** Whether the observer has paused the waiter. */
  isStopped = false
  /** Whether a cancel request must still be sent when the waiter ends. */
  mustCancel = false
  schedule: Progress<Operation.Pending> | undefined
  retries: Progress<HttpError.HttpError> | undefined
  /** The latest pending state. */
  last: Operation.Pending | undefined
  lastError: HttpError.HttpError | undefined
  polls = 0
  /** The number of consecutive transient failures, and when the first of them occurred. */
  failures = 0
  failingSince = 0
  /** Whether any poll has read the operation. */
  hasRead = false
  /** When the latest poll began, in monotonic ms. */
  polledAt = -Infinity
  /**
   * `ownDelay` is the schedule's latest delay. `owedDelay` is the part of that delay that remains if a server hint or a
   * failure has postponed the poll. Without it, a schedule with fixed times (`Schedule.fixed`) would poll immediately
   * to catch up.
   */
  ownDelay = 0
  owedDelay = 0
  /** The collection with which the waiter polls. It is `undefined` if the waiter polls by separate requests. */
  collection: PolledCollection | undefined
  /**
   * `misses` counts consecutive polls of the collection that did not find the operation. `pollsBeforeList` counts the
   * separate polls that remain before the list is used again.
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

  /**
   * The latest time at which a poll may start so that its response can be expected before the deadline, in monotonic
   * ms.
   */
  get lastPoll(): number {
    return this.deadline === Infinity
      ? Infinity
      : this.deadline - Math.min(longestMargin, (this.deadline - this.start) / 10)
  }

  now(): number {
    return this.context.timer.now()
  }

  /** The time for schedule steps, in ms since the epoch. It is not affected by changes to the system time. */
  scheduleTime(): number {
    return this.startOfSchedule + (this.now() - this.start)
  }
}

/**
 * A poll in flight, for one operation or for many.
 *
 * @internal
 */
export interface InFlight {
  /** The shared state of the call that started the poll. */
  readonly owner: WaitContext
  /**
   * Called when no waiter needs the operation any more. The returned effect completes when the operation's poll has
   * stopped.
   */
  readonly leave: (record: OperationRecord) => Effect.Effect<void>
}

/** @internal */
export class OperationRecord {
  readonly name: string
  /**
   * The path of the operation's plain read, for messages. In Vertex AI, all operations of one model are read with the
   * same path.
   */
  readonly path: string
  waiters: ReadonlyArray<Waiter> = []
  /**
   * The poll in flight. It belongs to the record: if the waiter that started the poll ends, the poll remains in flight
   * for the other waiters.
   */
  inFlight: InFlight | undefined
  /** The operation's final state, once it is done. */
  verdict: Snapshot | undefined
  /** Whether the server is asked to cancel the operation when its only remaining waiter ends. */
  cancelWhenAbandoned = false

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
  }
}

/** @internal */
export class Records {
  readonly #byName = new Map<string, OperationRecord>()

  /** Returns the record of an operation, if any waiter waits for it. */
  find(name: string): OperationRecord | undefined {
    return this.#byName.get(name)
  }

  /** Returns the record of an operation, and creates it if necessary. */
  get(name: string, path: string): OperationRecord {
    let record = this.#byName.get(name)
    if (record === undefined) this.#byName.set(name, record = new OperationRecord(name, path))
    return record
  }

  /** Removes a waiter. If the operation has no other waiters, also removes its record and returns true. */
  remove(waiter: Waiter): boolean {
    const { record } = waiter
    const left = record.waiters.filter((other) => other !== waiter)
    if (left.length === record.waiters.length) return false
    record.waiters = left
    return left.length === 0 && this.#byName.delete(record.name)
  }

  /** Returns all waiters. */
  *waiters(): Iterable<Waiter> {
    for (const record of this.#byName.values()) yield* record.waiters
  }
}

// The shortest interval between two polls. It protects the processor and the server from a schedule without delays.
const shortestInterval = 10

/**
 * Returns when the next poll is due. The poll is scheduled early enough for its response to arrive before the deadline.
 *
 * @internal
 */
export const nextPoll = (waiter: Waiter, wanted: number): number => {
  const now = waiter.now()
  const earliest = Math.max(now, waiter.polledAt + shortestInterval)
  const isCut = Math.max(wanted, earliest) > waiter.lastPoll && now < waiter.lastPoll
  return Math.min(Math.max(isCut ? waiter.lastPoll : wanted, earliest), waiter.deadline)
}
