/**
 * Decodes all formats of Google errors, and decides which failures are transient.
 */
import { isRecord } from "effect/Predicate"
import * as Code from "../../Code.js"
import * as ErrorDetails from "../../ErrorDetails.js"
import * as Status from "../../Status.js"

/** @internal */
export interface GoogleError {
  readonly status: Status.Status
  /** Whether the response contains the error code. If not, the code is derived from the HTTP status. */
  readonly named: boolean
  /** The HTTP status of the response. If the response has a success status, this is the status in its body. */
  readonly httpStatus: number
  /** The error reasons in format 1 (`errors[].reason`). */
  readonly reasons: ReadonlyArray<string>
}

// No API sends this many reasons.
const maxReasons = 100

const isSuccess = (httpStatus: number): boolean => httpStatus >= 200 && httpStatus < 300

/**
 * Decodes a Google error from a response body. Supported forms are `{"error": {…}}` in format 1 or 2, an array that
 * contains this object (streaming methods), a `Status` without a wrapper (gRPC gateways), and a `Status` with `"error":
 * "<message>"` (grpc-gateway v1).
 *
 * @internal
 */
export const googleError = (json: unknown, httpStatus: number): GoogleError | undefined => {
  if (Array.isArray(json)) {
    return googleError(json.find((item) => isRecord(item) && isRecord(item["error"])), httpStatus)
  }
  if (!isRecord(json)) return undefined
  const { error } = json
  const body = isRecord(error) ? error : json
  const code = Status.int32(body["code"])
  // A number up to 16 is a google.rpc code. A larger number is an HTTP status.
  const isRpcCode = code !== undefined && code > 0 && code <= 16
  if (
    body === json && !isRpcCode && (error !== undefined || code === undefined || typeof json["message"] !== "string")
  ) {
    return undefined
  }
  const { details, errors, status } = body
  const named = Code.isCode(status) && status !== "OK" ? Code.toNumber(status) : isRpcCode ? code : undefined
  const effective = isSuccess(httpStatus) && code !== undefined && code >= 300 && code < 600 ? code : httpStatus
  const number = named ?? Code.toNumber(isSuccess(effective) ? "UNKNOWN" : Code.fromHttpStatus(effective))
  const message = [body["message"], error].find((text) => typeof text === "string" && text !== "")
  return {
    status: new Status.Status({
      code: number,
      message: typeof message === "string" ? message : Code.fromNumber(number),
      details: ErrorDetails.readAll(details)
    }),
    named: named !== undefined,
    httpStatus: effective,
    reasons: (Array.isArray(errors) ? errors.slice(0, maxReasons) : []).flatMap((item) =>
      isRecord(item) && typeof item["reason"] === "string" ? [item["reason"]] : []
    )
  }
}

const transientCodes: ReadonlySet<Code.Code> = new Set([
  "UNAVAILABLE",
  "RESOURCE_EXHAUSTED",
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "UNKNOWN"
])

/** @internal */
export const transientHttpStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
// Error reasons in format 2 (google.api.ErrorReason) and format 1.
const usedUpReasons: ReadonlySet<string> = new Set(["RESOURCE_QUOTA_EXCEEDED", "quotaExceeded"])
const rateLimitReasons: ReadonlySet<string> = new Set([
  "RATE_LIMIT_EXCEEDED",
  "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
  "rateLimitExceeded",
  "userRateLimitExceeded"
])

/**
 * Returns whether the same request may succeed if it is sent again later.
 *
 * @internal
 */
export const isTransient = (httpStatus: number, google: GoogleError | undefined): boolean => {
  if (google === undefined) return transientHttpStatuses.has(httpStatus)
  const { named, reasons, status } = google
  const all = status.errorInfo === undefined ? reasons : [...reasons, status.errorInfo.reason]
  if (all.some((reason) => usedUpReasons.has(reason))) return false
  if (google.httpStatus === 403 && all.some((reason) => rateLimitReasons.has(reason))) return true
  return named ? transientCodes.has(status.codeName) : transientHttpStatuses.has(google.httpStatus)
}
