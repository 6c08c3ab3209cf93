/**
 * Maps the error codes of Google's older APIs to `google.rpc.Code`.
 */
import type * as Code from "../../Code.js"

/**
 * The most frequent Compute Engine error codes, from "Troubleshooting resource creation" and the API reference. For all
 * other codes, the operation's HTTP status determines the `google.rpc.Code`.
 *
 * @internal
 */
export const compute: ReadonlyMap<string, Code.Code> = new Map<string, Code.Code>([
  ["CONDITION_NOT_MET", "FAILED_PRECONDITION"],
  ["INTERNAL_ERROR", "INTERNAL"],
  ["INVALID_FIELD_VALUE", "INVALID_ARGUMENT"],
  ["INVALID_USAGE", "INVALID_ARGUMENT"],
  ["PERMISSIONS_ERROR", "PERMISSION_DENIED"],
  ["QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED"],
  ["REGION_RESOURCE_POOL_EXHAUSTED", "RESOURCE_EXHAUSTED"],
  ["RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"],
  ["RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "FAILED_PRECONDITION"],
  ["RESOURCE_NOT_FOUND", "NOT_FOUND"],
  ["RESOURCE_NOT_READY", "FAILED_PRECONDITION"],
  ["RESOURCE_OPERATION_RATE_EXCEEDED", "RESOURCE_EXHAUSTED"],
  ["ZONE_RESOURCE_POOL_EXHAUSTED", "RESOURCE_EXHAUSTED"],
  ["ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "RESOURCE_EXHAUSTED"]
])

/**
 * Cloud SQL error codes. A code that is also a `google.rpc.Code` name, such as `UNKNOWN`, needs no entry.
 *
 * @internal
 */
export const sqlAdmin: ReadonlyMap<string, Code.Code> = new Map<string, Code.Code>([["INTERNAL_ERROR", "INTERNAL"]])

/**
 * BigQuery error reasons, from "Error messages" in the BigQuery documentation. The HTTP statuses listed there apply to
 * requests, not to jobs.
 *
 * @internal
 */
export const bigQuery: ReadonlyMap<string, Code.Code> = new Map<string, Code.Code>([
  ["accessDenied", "PERMISSION_DENIED"],
  ["backendError", "UNAVAILABLE"],
  ["billingNotEnabled", "FAILED_PRECONDITION"],
  ["billingTierLimitExceeded", "RESOURCE_EXHAUSTED"],
  ["blocked", "PERMISSION_DENIED"],
  ["duplicate", "ALREADY_EXISTS"],
  ["internalError", "INTERNAL"],
  ["invalid", "INVALID_ARGUMENT"],
  ["invalidQuery", "INVALID_ARGUMENT"],
  ["invalidUser", "INVALID_ARGUMENT"],
  ["jobBackendError", "UNAVAILABLE"],
  ["jobInternalError", "INTERNAL"],
  ["jobRateLimitExceeded", "RESOURCE_EXHAUSTED"],
  ["notFound", "NOT_FOUND"],
  ["notImplemented", "UNIMPLEMENTED"],
  ["quotaExceeded", "RESOURCE_EXHAUSTED"],
  ["rateLimitExceeded", "RESOURCE_EXHAUSTED"],
  ["resourceInUse", "FAILED_PRECONDITION"],
  ["resourcesExceeded", "RESOURCE_EXHAUSTED"],
  ["responseTooLarge", "FAILED_PRECONDITION"],
  ["stopped", "CANCELLED"],
  ["tableUnavailable", "UNAVAILABLE"],
  ["timeout", "DEADLINE_EXCEEDED"]
])
