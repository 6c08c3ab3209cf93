/**
 * The error of a wait that ended before the operation was done.
 *
 * @since 0.1.0
 * @module
 */
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { HttpError } from "./HttpError.js"
import { maxMessage, oneLine, sentence } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import * as Operation from "./Operation.js"

/**
 * The property that marks a `WaitTimeoutError`. It is the same in all copies and versions of this package.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/WaitTimeoutError"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/WaitTimeoutError"

/**
 * Checks whether a value is a `WaitTimeoutError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isWaitTimeoutError = (u: unknown): u is WaitTimeoutError => hasProperty(u, TypeId)

/**
 * The wait ended before the operation was done. Either the timeout passed (`"Timeout"`), or the schedule ended
 * (`"ScheduleEnded"`).
 *
 * The operation may still be running. To continue, wait for `operationName` again. With `onTimeout: "cancel"`, the
 * server was asked to cancel the operation. If this request failed, `cancelError` is its error. The class is also a
 * schema, so a program can send the error to another process as JSON.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // Waits for a minute, then logs the metadata and waits without a limit:
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
    /** Why the wait ended. */
    reason: Schema.Literal("Timeout", "ScheduleEnded"),
    /** The name of the operation. */
    operationName: Schema.String,
    /** The latest state of the operation. Absent if the state was never read. */
    last: Schema.optional(Operation.inState<Operation.Pending>("Pending", Operation.isPending)),
    /** How long the wait took. */
    elapsed: Schema.Duration,
    /** How many polls the wait made, failed ones included. */
    polls: Schema.Number,
    /** The last transient failure of the wait, if there was one. */
    lastError: Schema.optional(HttpError),
    /** The error of the cancel request that `onTimeout: "cancel"` sent, if it failed. */
    cancelError: Schema.optional(HttpError)
  })
{
  // The constructor accepts the fields of the constructor of the schema class, because decoding calls it.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** Why the wait ended. */
    readonly reason: "Timeout" | "ScheduleEnded"
    /** The name of the operation. */
    readonly operationName: string
    /** The latest state of the operation. Absent if the state was never read. */
    readonly last?: Operation.Pending | undefined
    /** How long the wait took. */
    readonly elapsed: Duration.Duration
    /** How many polls the wait made, failed ones included. */
    readonly polls: number
    /** The last transient failure of the wait, if there was one. */
    readonly lastError?: HttpError | undefined
    /** The error of the cancel request that `onTimeout: "cancel"` sent, if it failed. */
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
