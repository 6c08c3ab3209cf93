/**
 * The error with which a wait fails if it ends before the operation is done.
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
 * The key of the property that marks a `WaitTimeoutError`. The key is the same in all copies and versions of this
 * package.
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
 * server was asked to cancel the operation. If the cancel request failed, `cancelError` contains its error. The class
 * is also a schema, so a program can send the error to another process as JSON.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // Waits for a minute. If the operation is not done by then, logs the metadata and waits without a time limit:
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
    /** The operation name. */
    operationName: Schema.String,
    /** The latest state of the operation. Absent if the state was never read. */
    last: Schema.optional(Operation.inState<Operation.Pending>("Pending", Operation.isPending)),
    /** How long the wait lasted. */
    elapsed: Schema.Duration,
    /** The number of polls, including failed polls. */
    polls: Schema.Number,
    /** The most recent transient failure during the wait. Absent if no poll failed. */
    lastError: Schema.optional(HttpError),
    /**
     * The error of the cancel request that `onTimeout: "cancel"` sent. Absent if the request succeeded or was not sent.
     */
    cancelError: Schema.optional(HttpError)
  })
{
  // The constructor takes the same fields as the schema class's own constructor, because decoding calls it.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** Why the wait ended. */
    readonly reason: "Timeout" | "ScheduleEnded"
    /** The operation name. */
    readonly operationName: string
    /** The latest state of the operation. Absent if the state was never read. */
    readonly last?: Operation.Pending | undefined
    /** How long the wait lasted. */
    readonly elapsed: Duration.Duration
    /** The number of polls, including failed polls. */
    readonly polls: number
    /** The most recent transient failure during the wait. Absent if no poll failed. */
    readonly lastError?: HttpError | undefined
    /**
     * The error of the cancel request that `onTimeout: "cancel"` sent. Absent if the request succeeded or was not sent.
     */
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

  /**
   * Says which wait ended, after how long and why, and quotes the most recent failures. The message is one line of at
   * most 4,000 characters.
   */
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
