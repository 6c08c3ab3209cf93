/**
 * The end of a wait whose operation was still running.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { HttpError } from "./HttpError.js"
import { maxMessage, oneLine, sentence } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import * as Operation from "./Operation.js"

/**
 * The property that marks a `WaitTimeoutError`, whichever copy of this package made it.
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
 * The wait ended before the operation was done: its timeout passed (`"Timeout"`), or its schedule had no further poll
 * (`"ScheduleEnded"`).
 *
 * The operation was not cancelled, unless `onTimeout: "cancel"` asked for it; `cancelError` says if that failed. To
 * continue, wait for `operationName` again. The error is a schema as well, so it can cross processes.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // Waits a minute, then logs what is known and waits without a limit:
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
export class WaitTimeoutError
  extends Schema.TaggedError<WaitTimeoutError>("effect-google-operations/WaitTimeoutError")("WaitTimeoutError", {
    /** What ended the wait. */
    reason: Schema.Literal("Timeout", "ScheduleEnded"),
    /** The operation that was waited for. */
    operationName: Schema.String,
    /** The latest state. None if no poll got one. */
    last: Schema.optional(Operation.inState<Operation.Pending>("Pending", Operation.isPending)),
    /** How long the wait took. */
    elapsed: Schema.Duration,
    /** How many polls the wait made, failed ones included. */
    polls: Schema.Number,
    /** The last transient failure of the wait, if there was one. */
    lastError: Schema.optional(HttpError),
    /** Why the cancel request of `onTimeout: "cancel"` failed, if it did. */
    cancelError: Schema.optional(HttpError)
  })
{
  // The class's own constructor takes the same fields, so decoding works.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** What ended the wait. */
    readonly reason: "Timeout" | "ScheduleEnded"
    /** The operation that was waited for. */
    readonly operationName: string
    /** The latest state. None if no poll got one. */
    readonly last?: Operation.Pending | undefined
    /** How long the wait took. */
    readonly elapsed: Duration.Duration
    /** How many polls the wait made, failed ones included. */
    readonly polls: number
    /** The last transient failure of the wait, if there was one. */
    readonly lastError?: HttpError | undefined
    /** Why the cancel request of `onTimeout: "cancel"` failed, if it did. */
    readonly cancelError?: HttpError | undefined
  }) {
    super(errorFields(WaitTimeoutError.fields, fields), true)
  }

  /**
   * @since 0.1.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** Which wait ended, after how long, why, and the last failures. At most 4,000 characters on one line. */
  override get message(): string {
    const polls = `${this.polls} ${this.polls === 1 ? "poll" : "polls"}`
    const words = [
      `Gave up waiting for operation ${oneLine(this.operationName)} after ${
        Duration.format(this.elapsed)
      } and ${polls}: ` +
      `the ${this.reason === "Timeout" ? "timeout passed" : "schedule ended"}`,
      "The operation may still be running; wait for it again to continue"
    ]
    if (this.cancelError !== undefined) words.push(`The request to cancel it failed: ${this.cancelError.message}`)
    if (this.lastError !== undefined) words.push(`The last failure: ${this.lastError.message}`)
    return oneLine(words.map(sentence).join(" "), maxMessage)
  }
}
