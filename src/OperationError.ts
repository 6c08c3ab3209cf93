/**
 * The error of a failed operation. The error is final: reading the operation again fails with the same error.
 *
 * @since 0.1.0
 * @module
 */
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Code from "./Code.js"
import { maxMessage, oneLine } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import * as Operation from "./Operation.js"
import type * as Status from "./Status.js"

/**
 * The key of the property that marks an `OperationError`. The key is the same in all copies and versions of this
 * package.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/OperationError"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/OperationError"

/**
 * Checks whether a value is an `OperationError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isOperationError = (u: unknown): u is OperationError => hasProperty(u, TypeId)

/**
 * The operation is done and failed.
 *
 * `operation` is the final state of the operation, including its metadata. `status` is the error that the server
 * reported, with decoded details. If the operation was cancelled, `code` is `"CANCELLED"`. The class is also a schema,
 * so a program can send the error to another process as JSON.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001")
 * }).pipe(
 *   Effect.catchTag("OperationError", (error) => Effect.logError(error.code, error.status.errorInfo?.reason))
 * )
 * ```
 */
export class OperationError
  extends Schema.TaggedError<OperationError>("effect-google-operations/OperationError")("OperationError", {
    /** The final state of the operation. */
    operation: Operation.inState<Operation.Failed>("Failed", Operation.isFailed)
  })
{
  // The constructor takes the same fields as the schema class's own constructor, because decoding calls it.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** The final state of the operation. */
    readonly operation: Operation.Failed
  }) {
    super(errorFields(OperationError.fields, fields), true)
  }

  /**
   * @since 0.1.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** The error that the server reported. */
  get status(): Status.Status {
    return this.operation.error
  }

  /**
   * The name of the status code, or `"UNKNOWN"` if the server reported a failure with the code `OK` (0). `status.code`
   * contains the number.
   */
  get code(): Code.Code {
    return this.status.code === 0 ? "UNKNOWN" : this.status.codeName
  }

  /**
   * Says which operation failed and with which code, and quotes the server's message. The message is one line of at
   * most 4,000 characters.
   */
  override get message(): string {
    const { code, operation, status } = this
    const subject = operation.name === "" ? "The operation" : `Operation ${oneLine(operation.name)}`
    const number = code === "UNKNOWN" ? ` (${status.code})` : ""
    const words = status.message === "" ? "" : `: ${oneLine(status.message)}`
    return oneLine(`${subject} failed with ${code}${number}${words}`, maxMessage)
  }
}
