/**
 * `google.rpc.Status`: how a Google API says what went wrong.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Code from "./Code.js"
import * as ErrorDetails from "./ErrorDetails.js"
import { fromFunctions } from "./internal/parsing.js"
import * as ProtobufAny from "./ProtobufAny.js"

/**
 * A code, the server's words for a developer, and details for a program.
 *
 * `code` is always the number of a `google.rpc.Code`, also when the answer carried an HTTP status; a number that no code
 * has is kept. Each detail is a decoded standard message (`_tag: "ErrorInfo"`, …) or the raw `Any`, in the order in
 * which the server sent them.
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
  /** The number of a `google.rpc.Code`. */
  readonly code: number
  /** The server's words, for a developer. */
  readonly message: string
  /** What the server has for a program. */
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

  /** The code's name; `"UNKNOWN"` when no code has this number. */
  get codeName(): Code.Code {
    return Code.fromNumber(this.code)
  }

  /** The first `ErrorInfo` among the details: the reason to branch on (AIP-193). */
  get errorInfo(): ErrorDetails.ErrorInfo | undefined {
    return this.details.find((detail) => detail._tag === "ErrorInfo")
  }

  /** The first `RetryInfo` among the details. */
  get retryInfo(): ErrorDetails.RetryInfo | undefined {
    return this.details.find((detail) => detail._tag === "RetryInfo")
  }
}

const int32 = (u: unknown): number | undefined => {
  // ProtoJSON takes an int32 as a number or as a decimal string.
  const number = typeof u === "string" && /^-?\d{1,10}$/.test(u) ? Number(u) : u
  return typeof number === "number" && (number | 0) === number ? number : undefined
}

const detail = (json: unknown): ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny => {
  if (ProtobufAny.isProtobufAny(json)) return ErrorDetails.fromAny(json)
  return typeof json === "object" && json !== null ? { ...json } : { value: json }
}

/**
 * Reads a `google.rpc.Status` from JSON; the left side says what is wrong with it.
 *
 * Absent and `null` fields read as their defaults (0, `""`, none). A detail that is malformed stays raw; one that is not
 * even an object stays as `{ value }`.
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
export const fromJson = (json: unknown): Either.Either<Status, string> => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return Either.left("a status must be an object")
  const { code, details, message } = json as Record<string, unknown>
  const number = code === undefined || code === null ? 0 : int32(code)
  if (number === undefined) return Either.left("the code of a status must be an int32")
  if (message !== undefined && message !== null && typeof message !== "string") {
    return Either.left("the message of a status must be a string")
  }
  return Either.right(
    new Status({ code: number, message: message ?? "", details: Array.isArray(details) ? details.map(detail) : [] })
  )
}

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

const StatusFromSelf = Schema.declare((u): u is Status => u instanceof Status, {
  identifier: "Status",
  arbitrary: () => (fc) =>
    fc.record({ code: fc.integer({ min: 0, max: 20 }), message: fc.string() }).map((fields) => new Status(fields))
})

/**
 * The schema of a status: JSON on the one side, {@link Status} on the other.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * // What a batch method says of each of its items:
 * const Result = Schema.Struct({ item: Schema.String, error: Schema.optional(Status.StatusFromJson) })
 *
 * const result = Schema.decodeUnknownSync(Result)({ item: "a", error: { code: 5 } })
 *
 * console.log(result.error?.codeName) // "NOT_FOUND"
 * ```
 */
export const StatusFromJson: Schema.Schema<Status, unknown> = fromFunctions(Schema.Unknown, StatusFromSelf, {
  decode: fromJson,
  encode: toJson
})
