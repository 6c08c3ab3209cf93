/**
 * `google.rpc.Status`: the error format that Google APIs use.
 *
 * @since 0.1.0
 * @module
 */
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import { hasProperty, isRecord } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Code from "./Code.js"
import * as ErrorDetails from "./ErrorDetails.js"
import { fromFunctions, mismatch } from "./internal/parsing.js"
import type * as ProtobufAny from "./ProtobufAny.js"

/**
 * The key of the property that marks a `Status`. The key is the same in all copies and versions of this package.
 *
 * @since 0.4.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/Status"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.4.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/Status"

/**
 * Checks whether a value is a `Status`.
 *
 * @since 0.4.0
 * @category guards
 */
export const isStatus = (u: unknown): u is Status => hasProperty(u, TypeId)

/**
 * An error from a Google API. It contains a code, a message for developers, and machine-readable details.
 *
 * `code` is a `google.rpc.Code` number, never an HTTP status. Unknown numbers are preserved. `details` keeps the order
 * in which the server sent the details. Each detail is a decoded standard message (`_tag: "ErrorInfo"`, …) or a raw
 * `Any`.
 *
 * Source: `google/rpc/status.proto`; AIP-193.
 *
 * @since 0.1.0
 * @category models
 * @example
 * ```ts
 * import * as Status from "effect-google-operations/Status"
 *
 * const status = new Status.Status({
 *   code: 9,
 *   message: "The access level is in use.",
 *   details: [{ _tag: "ErrorInfo", reason: "LEVEL_IN_USE", domain: "example.com", metadata: {} }]
 * })
 *
 * console.log(status.codeName) // "FAILED_PRECONDITION"
 * console.log(status.errorInfo?.reason) // "LEVEL_IN_USE"
 * ```
 */
export class Status {
  /** The `google.rpc.Code` number. */
  readonly code: number
  /** The server's message for developers. It is not truncated. */
  readonly message: string
  /** Additional machine-readable information. */
  readonly details: ReadonlyArray<ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny>

  constructor(fields: {
    readonly code: number
    readonly message: string
    readonly details?: ReadonlyArray<ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny> | undefined
  }) {
    this.code = fields.code
    this.message = fields.message
    this.details = fields.details ?? []
  }

  /**
   * @since 0.4.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** The code name, or `"UNKNOWN"` if the number is unknown. */
  get codeName(): Code.Code {
    return Code.fromNumber(this.code)
  }

  /** The first `ErrorInfo` in `details`. Its `reason` is the machine-readable reason for the error (AIP-193). */
  get errorInfo(): ErrorDetails.ErrorInfo | undefined {
    return this.details.find((detail) => detail._tag === "ErrorInfo")
  }

  /** The first `RetryInfo` in `details`. */
  get retryInfo(): ErrorDetails.RetryInfo | undefined {
    return this.details.find((detail) => detail._tag === "RetryInfo")
  }
}

/**
 * Reads an int32 from JSON. In ProtoJSON, an int32 is a number or a decimal string.
 *
 * @internal
 */
export const int32 = (u: unknown): number | undefined => {
  const number = typeof u === "string" && /^-?\d{1,10}$/.test(u) ? Number(u) : u
  return typeof number === "number" && (number | 0) === number ? number : undefined
}

/**
 * Reads a status from JSON. A `Left` contains a description of the problem.
 *
 * @internal
 */
export const read = (json: unknown): Either.Either<Status, string> => {
  if (!isRecord(json)) return Either.left("a status must be an object")
  const { code, details, message } = json
  const number = int32(code ?? 0)
  if (number === undefined) return Either.left("the code of a status must be an int32")
  const text = message ?? ""
  if (typeof text !== "string") return Either.left("the message of a status must be a string")
  return Either.right(new Status({ code: number, message: text, details: ErrorDetails.readAll(details) }))
}

/**
 * Reads a `google.rpc.Status` from JSON.
 *
 * An absent or `null` field takes its default value (0, `""`, no details). A detail that is malformed or too large is
 * not decoded (see {@link ErrorDetails.fromAny}). A detail that is not an object becomes `{ value }`.
 *
 * @since 0.1.0
 * @category decoding
 * @example
 * ```ts
 * import * as Status from "effect-google-operations/Status"
 * import * as Either from "effect/Either"
 *
 * const status = Either.getOrThrow(Status.fromJson({ code: 5, message: "No such level." }))
 *
 * console.log(status.codeName) // "NOT_FOUND"
 * ```
 */
export const fromJson = (json: unknown): Either.Either<Status, ParseError> =>
  Either.mapLeft(read(json), (problem) => mismatch(StatusFromSelf, json, problem))

/**
 * Writes a status as JSON, as an API would send it.
 *
 * @since 0.1.0
 * @category encoding
 * @example
 * ```ts
 * import * as Status from "effect-google-operations/Status"
 *
 * const status = new Status.Status({ code: 5, message: "No such level." })
 *
 * console.log(Status.toJson(status)) // { code: 5, message: "No such level." }
 * ```
 */
export const toJson = (self: Status): { [field: string]: unknown } => ({
  code: self.code,
  message: self.message,
  ...(self.details.length === 0 ? undefined : { details: self.details.map(ErrorDetails.toAny) })
})

const StatusFromSelf = Schema.declare(isStatus, {
  identifier: "Status",
  arbitrary: () => (fc) =>
    fc.record({ code: fc.integer({ min: 0, max: 20 }), message: fc.string() }).map((fields) => new Status(fields))
})

/**
 * The schema for statuses. It decodes JSON to a {@link Status}.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * // One item in a batch method's response:
 * const Result = Schema.Struct({ item: Schema.String, error: Schema.optional(Status.StatusFromJson) })
 *
 * const result = Schema.decodeUnknownSync(Result)({ item: "a", error: { code: 5 } })
 *
 * console.log(result.error?.codeName) // "NOT_FOUND"
 * ```
 */
export const StatusFromJson: Schema.Schema<Status, unknown> = fromFunctions(Schema.Unknown, StatusFromSelf, {
  decode: read,
  encode: toJson
})
