/**
 * The emulator's responses, in the formats that Google's servers use.
 */
import * as Code from "../../Code.js"

/**
 * A response. If the connection closes early, `cut` specifies where.
 *
 * @internal
 */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly cut?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
}

/**
 * An API error, before it is encoded in one of the two error formats.
 *
 * @internal
 */
export interface Failure {
  readonly code: Code.Code
  readonly message: string
  readonly details?: ReadonlyArray<Readonly<Record<string, unknown>>> | undefined
}

/**
 * The statuses whose responses have no body.
 *
 * @internal
 */
export const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205, 304])

/** @internal */
export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8", ...headers },
  body: JSON.stringify(body)
})

// `errors[].reason` in error format 1. Codes that are not listed use the reason for a backend error.
const formatOneReasons: Partial<Record<Code.Code, string>> = {
  INVALID_ARGUMENT: "badRequest",
  FAILED_PRECONDITION: "failedPrecondition",
  NOT_FOUND: "notFound",
  ALREADY_EXISTS: "alreadyExists",
  ABORTED: "aborted",
  PERMISSION_DENIED: "forbidden",
  RESOURCE_EXHAUSTED: "rateLimitExceeded"
}

/**
 * Encodes an error as a JSON response body. The query parameter `$.xgafv` selects the format: `"1"` adds `errors`.
 *
 * @internal
 */
export const error = ({ code, details, message }: Failure, xgafv: string | null = null): Reply => {
  const status = Code.toHttpStatus(code)
  const reason = formatOneReasons[code] ?? "backendError"
  const errors = xgafv === "1" ? [{ message, domain: "global", reason }] : undefined
  return json(status, { error: { code: status, message, errors, status: code, details } })
}

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/**
 * Creates the page that Google's front end sends for an unknown path.
 *
 * @internal
 */
export const unrouted = (path: string): Reply => ({
  status: 404,
  headers: { "content-type": "text/html; charset=UTF-8", "referrer-policy": "no-referrer" },
  body: "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n" +
    `  <p>The requested URL <code>${escapeHtml(path.slice(0, 2_000))}</code> was not found on this server.\n`
})
