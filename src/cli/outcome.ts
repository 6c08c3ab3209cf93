/**
 * The outcome of a request for an operation, or of waiting for the operation.
 */
import * as Either from "effect/Either"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import type * as OperationError from "../OperationError.js"
import type * as WaitTimeoutError from "../WaitTimeoutError.js"

/** The reason why there is no result. */
export type Failure = OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError

/** The operation, `undefined` for a request without a result, or the failure. */
export type Outcome = Either.Either<Operation.Operation | void, Failure>

/** Returns the latest state of the operation, even if the operation has failed. */
export const operationOf = (outcome: Outcome): Operation.Operation | undefined => {
  if (Either.isRight(outcome)) return outcome.right ?? undefined
  return outcome.left._tag === "OperationError" ? outcome.left.operation : undefined
}
