import { assert } from "@effect/vitest"
import type * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import type * as Status from "effect-google-operations/Status"
import * as Duration from "effect/Duration"
import type * as Either from "effect/Either"
import type { Want } from "./vectors.js"

type Result = Either.Either<
  Operation.Pending | Operation.Succeeded,
  OperationError.OperationError | HttpError.HttpError
>

const ofStatus = (status: Status.Status | undefined): Record<string, unknown> =>
  status === undefined ? {} : {
    statusCode: status.code,
    statusMessage: status.message,
    detailCount: status.details.length,
    errorInfoReason: status.errorInfo?.reason
  }

/** What came out of a `get`, under the keys that the vectors use. */
const observed = (result: Result): Record<string, unknown> => {
  if (result._tag === "Right") {
    const operation = result.right
    return {
      outcome: operation._tag === "Pending" ? "pending" : "succeeded",
      name: operation.name,
      metadata: operation.metadata !== undefined,
      response: operation.response !== undefined
    }
  }
  const error = result.left
  return error._tag === "OperationError"
    ? { outcome: "operationError", code: error.code, ...ofStatus(error.status) }
    : {
      outcome: "httpError",
      reason: error.reason,
      code: error.code,
      httpStatus: error.httpStatus,
      isTransient: error.isTransient,
      reasons: error.reasons,
      retryAfterMillis: error.retryAfter && Duration.toMillis(error.retryAfter),
      status: error.status !== undefined,
      ...ofStatus(error.status)
    }
}

/** Every key of `want` holds, and no hint is there that it does not name. */
export const assertOutcome = (result: Result, want: Want): void => {
  const seen = observed(result)
  const { call: _, ...expected } = want
  for (const [key, value] of Object.entries(expected)) assert.deepStrictEqual(seen[key], value, key)
  if (!("retryAfterMillis" in want)) assert.strictEqual(seen["retryAfterMillis"], undefined, "retryAfterMillis")
}
