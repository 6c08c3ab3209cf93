/**
 * The `google.rpc.Code` status codes: their names, their numbers, and the corresponding HTTP statuses.
 *
 * @since 0.1.0
 * @module
 */
import * as Schema from "effect/Schema"

const names = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED"
] as const satisfies ReadonlyArray<Code>

/**
 * The schema for code names.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as Code from "effect-google-operations/Code"
 * import * as Schema from "effect/Schema"
 *
 * const LogEntry = Schema.Struct({ operation: Schema.String, code: Code.Code })
 *
 * console.log(Schema.is(LogEntry)({ operation: "operations/a", code: "NOT_FOUND" })) // true
 * ```
 */
export const Code = Schema.Literal(...names)

/**
 * The name of a `google.rpc.Code`, such as `"NOT_FOUND"`.
 *
 * Source: `google/rpc/code.proto`, which defines 17 codes.
 *
 * @since 0.1.0
 * @category models
 */
// The type is not derived from `names`, because editor tooltips and compiler errors would then show the 17 names
// instead of `Code`.
export type Code =
  | "OK"
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED"

const numbers: ReadonlyMap<string, number> = new Map(names.map((name, number) => [name, number]))

/**
 * Checks whether a value is a code name.
 *
 * @since 0.1.0
 * @category guards
 */
export const isCode = (u: unknown): u is Code => typeof u === "string" && numbers.has(u)

/**
 * Returns the number of a code, from 0 to 16 (`google/rpc/code.proto`).
 *
 * @since 0.1.0
 * @category conversions
 * @example
 * ```ts
 * import * as Code from "effect-google-operations/Code"
 *
 * console.log(Code.toNumber("NOT_FOUND")) // 5
 * ```
 */
export const toNumber = (code: Code): number => names.indexOf(code)

/**
 * Returns the code that a number represents, or `"UNKNOWN"` if no code has that number.
 *
 * @since 0.1.0
 * @category conversions
 * @example
 * ```ts
 * import * as Code from "effect-google-operations/Code"
 *
 * console.log(Code.fromNumber(5)) // "NOT_FOUND"
 * console.log(Code.fromNumber(404)) // "UNKNOWN"
 * ```
 */
export const fromNumber = (number: number): Code => names[number] ?? "UNKNOWN"

// The HTTP status for each code, from google/rpc/code.proto, in the same order as `names`.
const httpStatuses = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401] as const

/**
 * Returns the HTTP status that a Google API sends for a code (`google/rpc/code.proto`, "HTTP Mapping").
 *
 * @since 0.1.0
 * @category conversions
 * @example
 * ```ts
 * import * as Code from "effect-google-operations/Code"
 *
 * console.log(Code.toHttpStatus("FAILED_PRECONDITION")) // 400
 * ```
 */
export const toHttpStatus = (code: Code): number => httpStatuses[numbers.get(code) ?? 2] ?? 500

/**
 * Returns the code that corresponds to an HTTP status. Use this function if a response contains no code.
 *
 * This function is not the inverse of {@link toHttpStatus}. For example, 409 maps to `"ABORTED"`, although
 * `"ALREADY_EXISTS"` also maps to 409. If no code corresponds to a status, a 4xx status maps to
 * `"FAILED_PRECONDITION"`, a 5xx status maps to `"INTERNAL"`, and a redirect maps to `"UNKNOWN"`. Google's own clients
 * (gax for Node and Java) use the same mapping.
 *
 * @since 0.1.0
 * @category conversions
 * @example
 * ```ts
 * import * as Code from "effect-google-operations/Code"
 *
 * console.log(Code.fromHttpStatus(404)) // "NOT_FOUND"
 * console.log(Code.fromHttpStatus(502)) // "INTERNAL"
 * ```
 */
export const fromHttpStatus = (status: number): Code => {
  switch (status) {
    case 400:
      return "INVALID_ARGUMENT"
    case 401:
      return "UNAUTHENTICATED"
    case 403:
      return "PERMISSION_DENIED"
    case 404:
      return "NOT_FOUND"
    case 409:
      return "ABORTED"
    case 416:
      return "OUT_OF_RANGE"
    case 429:
      return "RESOURCE_EXHAUSTED"
    case 499:
      return "CANCELLED"
    case 501:
      return "UNIMPLEMENTED"
    case 503:
      return "UNAVAILABLE"
    case 504:
      return "DEADLINE_EXCEEDED"
  }
  if (status >= 200 && status < 300) return "OK"
  if (status >= 400 && status < 500) return "FAILED_PRECONDITION"
  if (status >= 500 && status < 600) return "INTERNAL"
  return "UNKNOWN"
}
