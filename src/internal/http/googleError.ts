/**
 * What the body of an error says: Google's errors in all their forms, and which failures are transient.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import * as Code from "../../Code.js"
import * as Status from "../../Status.js"

/** @internal */
export interface GoogleError {
  readonly status: Status.Status
  /** Whether the server said the code itself; else it comes from an HTTP status. */
  readonly named: boolean
  /** The reasons of error format 1 (`errors[].reason`). */
  readonly reasons: ReadonlyArray<string>
}

/**
 * `{"error": {…}}` in format 1 or 2, the same in an array (streaming methods), or a bare Status (gRPC gateways).
 *
 * @internal
 */
export const googleError = (json: unknown, httpStatus: number): GoogleError | undefined => {
  if (Array.isArray(json)) {
    return googleError(json.find((item) => isRecord(item) && isRecord(item["error"])), httpStatus)
  }
  if (!isRecord(json)) return undefined
  const isBare = !("error" in json) && typeof json["code"] === "number" && typeof json["message"] === "string"
  const body = isBare ? json : json["error"]
  if (!isRecord(body)) return undefined
  const { code, details, errors, message, status } = body
  // A number up to 16 is a code of google.rpc; any other is an HTTP status and says nothing new.
  const named = Code.isCode(status)
    ? Code.toNumber(status)
    : typeof code === "number" && Code.isCode(Code.fromNumber(code)) && code > 0 && code <= 16
    ? code
    : undefined
  const number = named ?? Code.toNumber(Code.fromHttpStatus(httpStatus))
  return {
    status: Either.getOrThrow(Status.fromJson({
      code: number,
      message: typeof message === "string" && message !== "" ? message : Code.fromNumber(number),
      details
    })),
    named: named !== undefined,
    reasons: Array.isArray(errors)
      ? errors.flatMap((item) => isRecord(item) && typeof item["reason"] === "string" ? [item["reason"]] : [])
      : []
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
// Reasons of either error format: google.api.ErrorReason, and those of format 1.
const usedUpReasons: ReadonlySet<string> = new Set(["RESOURCE_QUOTA_EXCEEDED", "quotaExceeded"])
const rateLimitReasons: ReadonlySet<string> = new Set([
  "RATE_LIMIT_EXCEEDED",
  "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
  "rateLimitExceeded",
  "userRateLimitExceeded"
])

/**
 * Whether the same request may well succeed a little later.
 *
 * @internal
 */
export const isTransient = (httpStatus: number, google: GoogleError | undefined): boolean => {
  if (google === undefined) return transientHttpStatuses.has(httpStatus)
  const { named, reasons, status } = google
  const all = status.errorInfo === undefined ? reasons : [...reasons, status.errorInfo.reason]
  if (all.some((reason) => usedUpReasons.has(reason))) return false
  if (httpStatus === 403 && all.some((reason) => rateLimitReasons.has(reason))) return true
  return named ? transientCodes.has(status.codeName) : transientHttpStatuses.has(httpStatus)
}
