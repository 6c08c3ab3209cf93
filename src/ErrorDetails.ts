/**
 * The ten standard messages that say more about an error (`google/rpc/error_details.proto`): decoded where they are well
 * formed, kept raw where they are not.
 *
 * On the wire every field is optional; an absent or `null` field reads as its proto3 default (`""`, `[]`, `{}`), as
 * ProtoJSON has it. Numbers of 64 bits stay strings, so that none loses precision and all survive `JSON.stringify`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as ProtobufAny from "./ProtobufAny.js"

const orDefault = <A, I>(schema: Schema.Schema<A, I>, value: () => NoInfer<A>) =>
  Schema.optionalWith(schema, { default: value, nullable: true })

const text = orDefault(Schema.String, () => "")
const texts = orDefault(Schema.Array(Schema.String), () => [])
const textMap = orDefault(Schema.Record({ key: Schema.String, value: Schema.String }), () => ({}))
const list = <A, I>(item: Schema.Schema<A, I>) => orDefault(Schema.Array(item), () => [])

const message = <Tag extends string, Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields) =>
  Schema.Struct(fields).pipe(Schema.attachPropertySignature("_tag", tag))

// ±315,576,000,000 s with up to nine decimals: google/protobuf/duration.proto.
const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

const DurationFromJson = Schema.transformOrFail(Schema.String, Schema.DurationFromSelf, {
  strict: true,
  decode: (value, _, ast) => {
    const match = durationPattern.exec(value)
    return match === null || match[1] === "-"
      ? ParseResult.fail(new ParseResult.Type(ast, value, "Expected a duration such as \"1.5s\""))
      : ParseResult.succeed(Duration.millis(Number(`${match[2]}${(match[3] ?? "").padEnd(9, "0")}`) / 1e6))
  },
  encode: (duration) => {
    const [seconds, nanos] = Duration.toHrTime(duration)
    const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`
    return ParseResult.succeed(`${seconds}${fraction}s`)
  }
})

/**
 * Why it failed, for a program: `reason` is a constant within `domain`, such as `"SERVICE_DISABLED"` in
 * `"googleapis.com"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorInfo = message("ErrorInfo", { reason: text, domain: text, metadata: textMap })

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorInfo = typeof ErrorInfo.Type

/**
 * When to try again: not before `retryDelay` has passed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RetryInfo = message("RetryInfo", {
  retryDelay: Schema.optionalWith(DurationFromJson, { nullable: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type RetryInfo = typeof RetryInfo.Type

/**
 * What the server's developers wanted to see.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DebugInfo = message("DebugInfo", { stackEntries: texts, detail: text })

/**
 * @since 0.1.0
 * @category models
 */
export type DebugInfo = typeof DebugInfo.Type

/**
 * Which quotas are used up. `quotaValue` and `futureQuotaValue` are 64-bit numbers as strings.
 *
 * @since 0.1.0
 * @category schemas
 */
export const QuotaFailure = message("QuotaFailure", {
  violations: list(Schema.Struct({
    subject: text,
    description: text,
    apiService: text,
    quotaMetric: text,
    quotaId: text,
    quotaDimensions: textMap,
    quotaValue: text,
    futureQuotaValue: Schema.optionalWith(Schema.String, { nullable: true })
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type QuotaFailure = typeof QuotaFailure.Type

/**
 * Which conditions were not met before the call.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PreconditionFailure = message("PreconditionFailure", {
  violations: list(Schema.Struct({ type: text, subject: text, description: text }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type PreconditionFailure = typeof PreconditionFailure.Type

const localizedMessage = { locale: text, message: text }

/**
 * Which fields of the request are wrong.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BadRequest = message("BadRequest", {
  fieldViolations: list(Schema.Struct({
    field: text,
    description: text,
    reason: text,
    localizedMessage: Schema.optionalWith(Schema.Struct(localizedMessage), { nullable: true })
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type BadRequest = typeof BadRequest.Type

/**
 * How the server's people find this request in their logs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestInfo = message("RequestInfo", { requestId: text, servingData: text })

/**
 * @since 0.1.0
 * @category models
 */
export type RequestInfo = typeof RequestInfo.Type

/**
 * Which resource the error is about.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResourceInfo = message("ResourceInfo", {
  resourceType: text,
  resourceName: text,
  owner: text,
  description: text
})

/**
 * @since 0.1.0
 * @category models
 */
export type ResourceInfo = typeof ResourceInfo.Type

/**
 * Where a person finds help.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Help = message("Help", { links: list(Schema.Struct({ description: text, url: text })) })

/**
 * @since 0.1.0
 * @category models
 */
export type Help = typeof Help.Type

/**
 * A message to show to a person, in the language of `locale` (BCP 47).
 *
 * @since 0.1.0
 * @category schemas
 */
export const LocalizedMessage = message("LocalizedMessage", localizedMessage)

/**
 * @since 0.1.0
 * @category models
 */
export type LocalizedMessage = typeof LocalizedMessage.Type

/**
 * The schema of the ten standard messages, told apart by `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorDetail = Schema.Union(
  ErrorInfo,
  RetryInfo,
  DebugInfo,
  QuotaFailure,
  PreconditionFailure,
  BadRequest,
  RequestInfo,
  ResourceInfo,
  Help,
  LocalizedMessage
)

/**
 * One of the ten standard messages, told apart by `_tag`.
 *
 * @since 0.1.0
 * @category models
 */
export type ErrorDetail = typeof ErrorDetail.Type

const decoders = new Map<string, (u: unknown) => Either.Either<ErrorDetail, ParseResult.ParseError>>([
  ["google.rpc.ErrorInfo", Schema.decodeUnknownEither(ErrorInfo)],
  ["google.rpc.RetryInfo", Schema.decodeUnknownEither(RetryInfo)],
  ["google.rpc.DebugInfo", Schema.decodeUnknownEither(DebugInfo)],
  ["google.rpc.QuotaFailure", Schema.decodeUnknownEither(QuotaFailure)],
  ["google.rpc.PreconditionFailure", Schema.decodeUnknownEither(PreconditionFailure)],
  ["google.rpc.BadRequest", Schema.decodeUnknownEither(BadRequest)],
  ["google.rpc.RequestInfo", Schema.decodeUnknownEither(RequestInfo)],
  ["google.rpc.ResourceInfo", Schema.decodeUnknownEither(ResourceInfo)],
  ["google.rpc.Help", Schema.decodeUnknownEither(Help)],
  ["google.rpc.LocalizedMessage", Schema.decodeUnknownEither(LocalizedMessage)]
])

const encode = Schema.encodeSync(ErrorDetail)

/**
 * Decodes one detail: a standard message, or the `Any` as it came when its type is another one or its fields do not
 * fit. Never fails.
 *
 * @since 0.1.0
 * @category decoding
 */
export const fromAny = (any: ProtobufAny.ProtobufAny): ErrorDetail | ProtobufAny.ProtobufAny => {
  const decode = decoders.get(ProtobufAny.typeName(any))
  return decode === undefined ? any : Either.getOrElse(decode(ProtobufAny.message(any)), () => any)
}

/**
 * Encodes a detail back to its `Any`.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toAny = (detail: ErrorDetail | ProtobufAny.ProtobufAny): ProtobufAny.ProtobufAny =>
  detail._tag === undefined
    ? detail
    : ProtobufAny.pack(`google.rpc.${detail._tag}`, encode(detail))
