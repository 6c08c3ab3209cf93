/**
 * This side gave up waiting. The operation may still be running.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import type * as HttpError from "./HttpError.js"
import type * as Operation from "./Operation.js"

/**
 * The property that marks a `WaitTimeoutError`, whichever copy of this package has made it.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/WaitTimeoutError"

/**
 * The name of that property, as a type.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/WaitTimeoutError"

/**
 * Tells whether a value is a `WaitTimeoutError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isWaitTimeoutError = (u: unknown): u is WaitTimeoutError => hasProperty(u, TypeId)

/**
 * The wait ended before the operation did: its timeout passed (`"Timeout"`), or its schedule had no further poll
 * (`"ScheduleEnded"`).
 *
 * Nothing was cancelled, unless `onTimeout` asked for it. To go on, wait for `operationName` again.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // Waits a minute, then says what is known and waits for as long as it takes:
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", { timeout: "1 minute" }).pipe(
 *     Effect.catchTag("WaitTimeoutError", (error) =>
 *       Effect.zipRight(
 *         Effect.logWarning(error.message, error.last?.metadata),
 *         operations.wait(error.operationName)
 *       ))
 *   )
 * })
 * ```
 */
export class WaitTimeoutError extends Data.TaggedError("WaitTimeoutError")<{
  /** What ended the wait. */
  readonly reason: "Timeout" | "ScheduleEnded"
  /** The operation that was waited for. */
  readonly operationName: string
  /** The last snapshot; none if no poll was ever answered. */
  readonly last?: Operation.Pending | undefined
  /** How long this wait took. */
  readonly elapsed: Duration.Duration
  /** How many polls this wait made, failed ones included. */
  readonly polls: number
  /** Why the cancel failed that `onTimeout` asked for; none if it succeeded, or if there was none. */
  readonly cancelError?: HttpError.HttpError | undefined
  /** The last transient failure of this wait, if there was one. */
  readonly lastError?: HttpError.HttpError | undefined
}> {
  /**
   * @since 0.1.0
   */
  readonly [TypeId]: TypeId = TypeId

  /** Which operation it was, how long and how often it was asked for, why no longer, and the last failure. */
  override get message(): string {
    const why = this.reason === "Timeout" ? "the timeout passed" : "the schedule ended"
    const polls = `${this.polls} ${this.polls === 1 ? "poll" : "polls"}`
    const failure = this.lastError === undefined ? "" : `. The last failure: ${this.lastError.message}`
    return `Gave up waiting for operation ${this.operationName} after ${
      Duration.format(this.elapsed)
    } and ${polls}, because ${why}. The operation may still be running${failure}`
  }
}
