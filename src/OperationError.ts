/**
 * The operation has ended with an error: the server's verdict, which no retry of a poll will change.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { hasProperty } from "effect/Predicate"
import type * as Code from "./Code.js"
import type * as Operation from "./Operation.js"
import type * as Status from "./Status.js"

/**
 * The property that marks an `OperationError`, whichever copy of this package has made it.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/OperationError"

/**
 * The name of that property, as a type.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/OperationError"

/**
 * Tells whether a value is an `OperationError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isOperationError = (u: unknown): u is OperationError => hasProperty(u, TypeId)

/**
 * The operation itself failed. `operation` is the whole snapshot, metadata included; `status` what the server says of
 * the failure, details decoded.
 *
 * An operation that was cancelled ends with `code: "CANCELLED"`.
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
export class OperationError extends Data.TaggedError("OperationError")<{
  /** The operation, as it ended. */
  readonly operation: Operation.Failed
}> {
  /**
   * @since 0.1.0
   */
  readonly [TypeId]: TypeId = TypeId

  /** What the server says of the failure. */
  get status(): Status.Status {
    return this.operation.error
  }

  /**
   * The name of the status's code. A failure that claims to be `OK` (0) reads as `"UNKNOWN"`; the number stays in
   * `status`.
   */
  get code(): Code.Code {
    return this.status.code === 0 ? "UNKNOWN" : this.status.codeName
  }

  /** Which operation failed, with which code, and the server's words. */
  override get message(): string {
    const { operation, status } = this
    const subject = operation.name === "" ? "The operation" : `Operation ${operation.name}`
    const number = status.code === 0 || status.codeName === "UNKNOWN" ? ` (${status.code})` : ""
    return `${subject} failed with ${this.code}${number}${status.message === "" ? "" : `: ${status.message}`}`
  }
}
