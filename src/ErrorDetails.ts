/**
 * The ten standard error details (`google/rpc/error_details.proto`): decoded if they are well-formed, raw if not.
 *
 * On the wire every field is optional. An absent or `null` field reads as its proto3 default (`""`, `[]`, `{}`), as
 * ProtoJSON defines it. 64-bit numbers stay strings, so that none loses precision and all survive `JSON.stringify`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import { isRecord } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { fromFunctions } from "./internal/parsing.js"
import { countValues } from "./internal/values.js"
import * as ProtobufAny from "./ProtobufAny.js"

const orDefault = <A, I>(schema: Schema.Schema<A, I>, value: () => NoInfer<A>) =>
  Schema.optionalWith(schema, { default: value, nullable: true })
const orNone = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

const text = orDefault(Schema.String, () => "")
const texts = orDefault(Schema.Array(Schema.String), () => [])
const textMap = orDefault(Schema.Record({ key: Schema.String, value: Schema.String }), () => ({}))
const list = <A, I>(item: Schema.Schema<A, I>) => orDefault(Schema.Array(item), () => [])

const message = <Tag extends string, Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields) =>
  Schema.Struct(fields).pipe(Schema.attachPropertySignature("_tag", tag))

// ±315,576,000,000 s with up to nine decimals: google/protobuf/duration.proto.
const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

const DurationFromJson = fromFunctions(Schema.String, Schema.DurationFromSelf, {
  decode: (value) => {
    const match = durationPattern.exec(value)
    return match === null || match[1] === "-"
      ? Either.left("Expected a duration such as \"1.5s\"")
      : Either.right(Duration.millis(Number(`${match[2]}${(match[3] ?? "").padEnd(9, "0")}`) / 1e6))
  },
  encode: (duration) => {
    const [seconds, nanos] = Duration.toHrTime(duration)
    const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`
    return `${seconds}${fraction}s`
  }
})

/**
 * The reason of an error for programs: `reason` is a constant within `domain`, such as `"SERVICE_DISABLED"` in
 * `"googleapis.com"`.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * const isDisabled = status.details.some((detail) =>
 *   Schema.is(ErrorDetails.ErrorInfo)(detail) && detail.reason === "SERVICE_DISABLED"
 * )
 * ```
 */
export const ErrorInfo = message("ErrorInfo", {
  /** A constant in upper case, such as `"SERVICE_DISABLED"`; unique within `domain`. */
  reason: text,
  /** Where the reason is defined: the name of a service, or `"googleapis.com"` for one that all services share. */
  domain: text,
  /** Details of the reason, by keys such as `"service"`. */
  metadata: textMap
})

/**
 * The reason to branch on (`google.rpc.ErrorInfo`). AIP-193 requires one in every error; many errors have none.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorInfo extends Schema.Schema.Type<typeof ErrorInfo> {}

/**
 * The time before which a request should not be repeated.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Duration from "effect/Duration"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { retryDelay } of status.details.filter(Schema.is(ErrorDetails.RetryInfo))) {
 *   if (retryDelay !== undefined) console.error(`Retry after ${Duration.format(retryDelay)}`)
 * }
 * ```
 */
export const RetryInfo = message("RetryInfo", {
  /** The shortest delay before the next request. */
  retryDelay: orNone(DurationFromJson)
})

/**
 * The delay before the next request (`google.rpc.RetryInfo`). A wait respects it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryInfo extends Schema.Schema.Type<typeof RetryInfo> {}

/**
 * Information for the developers of the server.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { stackEntries } of status.details.filter(Schema.is(ErrorDetails.DebugInfo))) {
 *   console.error(stackEntries.join("\n"))
 * }
 * ```
 */
export const DebugInfo = message("DebugInfo", {
  /** The stack trace, one line for each entry. */
  stackEntries: texts,
  /** Further information. */
  detail: text
})

/**
 * Where in the server the error occurred (`google.rpc.DebugInfo`).
 *
 * @since 0.1.0
 * @category models
 */
export interface DebugInfo extends Schema.Schema.Type<typeof DebugInfo> {}

/**
 * The quotas that are exhausted. `quotaValue` and `futureQuotaValue` are 64-bit numbers as strings.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { violations } of status.details.filter(Schema.is(ErrorDetails.QuotaFailure))) {
 *   for (const { quotaId, quotaValue } of violations) console.error(`${quotaId} is at its limit of ${quotaValue}`)
 * }
 * ```
 */
export const QuotaFailure = message("QuotaFailure", {
  /** Each exhausted quota. */
  violations: list(Schema.Struct({
    /** The owner of the quota, such as `"project:123"` or `"clientip:192.0.2.1"`. */
    subject: text,
    /** How the quota was exceeded, and perhaps where to raise it. */
    description: text,
    /** The API that has the quota, such as `"compute.googleapis.com"`. It can differ from the one that was called. */
    apiService: text,
    /** What the quota counts, such as `"compute.googleapis.com/cpus_per_vm_family"`. */
    quotaMetric: text,
    /** The name of the limit, unique within `apiService`. */
    quotaId: text,
    /** The dimensions of the limit, such as a `region`. */
    quotaDimensions: textMap,
    /** The limit in force. */
    quotaValue: text,
    /** The limit that is being rolled out, if one is. */
    futureQuotaValue: orNone(Schema.String)
  }))
})

/**
 * The quotas that a request exceeds (`google.rpc.QuotaFailure`).
 *
 * @since 0.1.0
 * @category models
 */
export interface QuotaFailure extends Schema.Schema.Type<typeof QuotaFailure> {}

/**
 * The conditions that a request does not meet.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { violations } of status.details.filter(Schema.is(ErrorDetails.PreconditionFailure))) {
 *   for (const { description, subject } of violations) console.error(`${subject}: ${description}`)
 * }
 * ```
 */
export const PreconditionFailure = message("PreconditionFailure", {
  /** Each condition that is not met. */
  violations: list(Schema.Struct({
    /** The kind of condition, as the service defines it, such as `"TOS"`. */
    type: text,
    /** The subject of the condition, such as `"google.com/cloud"`. */
    subject: text,
    /** Why it is not met, for developers. */
    description: text
  }))
})

/**
 * The preconditions that failed (`google.rpc.PreconditionFailure`).
 *
 * @since 0.1.0
 * @category models
 */
export interface PreconditionFailure extends Schema.Schema.Type<typeof PreconditionFailure> {}

const localizedMessage = {
  /** The language, such as `"en-US"` (BCP 47). */
  locale: text,
  /** The text. */
  message: text
}

/**
 * The fields of a request that are wrong.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { fieldViolations } of status.details.filter(Schema.is(ErrorDetails.BadRequest))) {
 *   for (const { description, field } of fieldViolations) console.error(`${field}: ${description}`)
 * }
 * ```
 */
export const BadRequest = message("BadRequest", {
  /** Each field that is wrong. */
  fieldViolations: list(Schema.Struct({
    /** The path of the field in the request, such as `"emailAddresses[1].email"`. */
    field: text,
    /** Why it is wrong. */
    description: text,
    /** The reason as a constant, for programs. */
    reason: text,
    /** The description for end users. */
    localizedMessage: orNone(Schema.Struct(localizedMessage))
  }))
})

/**
 * What is wrong with the request, field by field (`google.rpc.BadRequest`).
 *
 * @since 0.1.0
 * @category models
 */
export interface BadRequest extends Schema.Schema.Type<typeof BadRequest> {}

/**
 * The identity of the request in the logs of the server.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { requestId } of status.details.filter(Schema.is(ErrorDetails.RequestInfo))) {
 *   console.error(`For Google's support: request ${requestId}`)
 * }
 * ```
 */
export const RequestInfo = message("RequestInfo", {
  /** The id of the request in the service's logs. */
  requestId: text,
  /** Data to send with a report to the service, such as an encrypted stack trace. */
  servingData: text
})

/**
 * The request to name in a question to Google's support (`google.rpc.RequestInfo`).
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestInfo extends Schema.Schema.Type<typeof RequestInfo> {}

/**
 * The resource that an error is about.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { description, resourceName } of status.details.filter(Schema.is(ErrorDetails.ResourceInfo))) {
 *   console.error(`${resourceName}: ${description}`)
 * }
 * ```
 */
export const ResourceInfo = message("ResourceInfo", {
  /** The kind of resource: a name, or the URL of a type. */
  resourceType: text,
  /** Its name, or a description if the name is confidential. */
  resourceName: text,
  /** Its owner, such as `"project:123"`. */
  owner: text,
  /** What is wrong with the resource. */
  description: text
})

/**
 * The resource that could not be used (`google.rpc.ResourceInfo`).
 *
 * @since 0.1.0
 * @category models
 */
export interface ResourceInfo extends Schema.Schema.Type<typeof ResourceInfo> {}

/**
 * Links to documentation.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * for (const { links } of status.details.filter(Schema.is(ErrorDetails.Help))) {
 *   for (const { description, url } of links) console.error(`${description}: ${url}`)
 * }
 * ```
 */
export const Help = message("Help", {
  /** The pages. */
  links: list(Schema.Struct({
    /** What the page is about. */
    description: text,
    /** The URL of the page. */
    url: text
  }))
})

/**
 * Links to pages about the error (`google.rpc.Help`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Help extends Schema.Schema.Type<typeof Help> {}

/**
 * A message to show to a person, in the language of `locale` (BCP 47).
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * const message = status.details.find(Schema.is(ErrorDetails.LocalizedMessage))?.message ?? status.message
 * ```
 */
export const LocalizedMessage = message("LocalizedMessage", localizedMessage)

/**
 * The message for end users (`google.rpc.LocalizedMessage`).
 *
 * @since 0.1.0
 * @category models
 */
export interface LocalizedMessage extends Schema.Schema.Type<typeof LocalizedMessage> {}

/**
 * The schema of the ten standard messages, told apart by `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 * import type * as Status from "effect-google-operations/Status"
 * import * as Schema from "effect/Schema"
 *
 * declare const status: Status.Status
 *
 * // Those that are decoded; the others are raw.
 * const known = status.details.filter(Schema.is(ErrorDetails.ErrorDetail))
 * ```
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
export type ErrorDetail =
  | ErrorInfo
  | RetryInfo
  | DebugInfo
  | QuotaFailure
  | PreconditionFailure
  | BadRequest
  | RequestInfo
  | ResourceInfo
  | Help
  | LocalizedMessage

const decoders = new Map<string, (u: unknown) => Either.Either<ErrorDetail, ParseError>>([
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

const encode = Schema.encodeUnknownEither(ErrorDetail)

// Decoding takes microseconds for each value. A Google API sends a few dozen; gRPC lets details have 8 KiB in all.
const maxValues = 2_000

// Holds what the server sent, where a detail cannot: `_tag` tells a decoded detail from a raw one, so a raw one has none.
// No JSON has a symbol for a key.
const sent: unique symbol = Symbol.for("effect-google-operations/ErrorDetails/sent")

const raw = (json: { readonly [field: string]: unknown }): ProtobufAny.ProtobufAny => {
  if (ProtobufAny.isProtobufAny(json) && !("_tag" in json)) return json
  const { "@type": type, _tag, ...fields } = json
  return { ...(typeof type === "string" ? { "@type": type } : undefined), ...fields, [sent]: json }
}

const decoderOf = (json: unknown) =>
  ProtobufAny.isProtobufAny(json) ? decoders.get(ProtobufAny.typeName(json)) : undefined

/**
 * Reads the details of a status. All together they may have as many values as one alone.
 *
 * @internal
 */
export const readAll = (details: unknown): ReadonlyArray<ErrorDetail | ProtobufAny.ProtobufAny> => {
  if (!Array.isArray(details)) return []
  let left = maxValues
  return details.map((json) => {
    if (!isRecord(json)) return { value: json }
    const decode = decoderOf(json)
    if (decode === undefined) return raw(json)
    const count = countValues(json, left)
    if (count > left) return raw(json)
    left -= count
    return Either.getOrElse(decode(ProtobufAny.message(json)), () => raw(json))
  })
}

/**
 * Decodes one detail: a standard message, or the `Any` as it came. Never fails.
 *
 * The `Any` stays raw if its type is not one of the ten, if its fields do not fit, or if it has more than 2,000 values,
 * which no Google API sends and which would take long to decode. A raw detail has no `_tag`, whatever the server sent:
 * {@link toAny} gives the server's.
 *
 * @since 0.1.0
 * @category decoding
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 *
 * const detail = ErrorDetails.fromAny({
 *   "@type": "type.googleapis.com/google.rpc.ErrorInfo",
 *   reason: "SERVICE_DISABLED",
 *   domain: "googleapis.com"
 * })
 *
 * if (detail._tag === "ErrorInfo") console.log(detail.reason) // "SERVICE_DISABLED"
 * ```
 */
export const fromAny = (any: ProtobufAny.ProtobufAny): ErrorDetail | ProtobufAny.ProtobufAny => readAll([any])[0]!

/**
 * Encodes a detail to its `Any`. A raw detail becomes what the server sent.
 *
 * @since 0.1.0
 * @category encoding
 * @example
 * ```ts
 * import * as ErrorDetails from "effect-google-operations/ErrorDetails"
 *
 * const any = ErrorDetails.toAny({ _tag: "RequestInfo", requestId: "r-1", servingData: "" })
 *
 * console.log(any["@type"]) // "type.googleapis.com/google.rpc.RequestInfo"
 * ```
 */
export const toAny = (detail: ErrorDetail | ProtobufAny.ProtobufAny): ProtobufAny.ProtobufAny => {
  if (detail._tag === undefined) return sent in detail ? detail[sent] as ProtobufAny.ProtobufAny : detail
  const { _tag } = detail
  return Either.match(encode(detail), {
    // From plain JavaScript: a `_tag` without its fields, or of another union.
    onLeft: () => ({ value: detail }),
    onRight: (message) => ProtobufAny.pack(`google.rpc.${_tag}`, message)
  })
}
