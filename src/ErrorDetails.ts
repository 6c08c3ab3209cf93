/**
 * The ten standard types of error detail (`google/rpc/error_details.proto`). A malformed detail is kept as a raw `Any`.
 *
 * In JSON, every field is optional. An absent or `null` field takes its proto3 default value (`""`, `[]`, `{}`). 64-bit
 * numbers are represented as strings, as in ProtoJSON, because a JavaScript number cannot represent all of them.
 *
 * @since 0.1.0
 * @module
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

// Up to 315,576,000,000 s, with up to nine decimals (google/protobuf/duration.proto).
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
 * The schema for `google.rpc.ErrorInfo`: the machine-readable reason for an error, such as `"SERVICE_DISABLED"` in the
 * domain `"googleapis.com"`.
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
  /** An upper-case constant, such as `"SERVICE_DISABLED"`, that is unique in its `domain`. */
  reason: text,
  /**
   * The namespace of the reason: a service name, or `"googleapis.com"` for a reason that all services share.
   */
  domain: text,
  /** Additional information, under keys such as `"service"`. */
  metadata: textMap
})

/**
 * The machine-readable reason for an error (`google.rpc.ErrorInfo`). AIP-193 requires an `ErrorInfo` in every error,
 * but many errors do not contain one.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorInfo extends Schema.Schema.Type<typeof ErrorInfo> {}

/**
 * The schema for `google.rpc.RetryInfo`: the minimum delay before the client retries the request.
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
  /** The minimum delay before the next request. */
  retryDelay: orNone(DurationFromJson)
})

/**
 * The minimum delay before the client retries the request (`google.rpc.RetryInfo`). `wait` respects this delay, up to
 * `maxServerDelay`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryInfo extends Schema.Schema.Type<typeof RetryInfo> {}

/**
 * The schema for `google.rpc.DebugInfo`: debugging information for the server's developers.
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
  /** The stack trace, with one entry per line. */
  stackEntries: texts,
  /** Additional information. */
  detail: text
})

/**
 * Debugging information about where the error occurred in the server (`google.rpc.DebugInfo`).
 *
 * @since 0.1.0
 * @category models
 */
export interface DebugInfo extends Schema.Schema.Type<typeof DebugInfo> {}

/**
 * The schema for `google.rpc.QuotaFailure`: the quotas that a request exceeds.
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
  /** The exceeded quotas. */
  violations: list(Schema.Struct({
    /** The entity to which the quota applies, such as `"project:123"` or `"clientip:192.0.2.1"`. */
    subject: text,
    /** How the quota was exceeded. The description can also say where to request a larger quota. */
    description: text,
    /**
     * The API that defines the quota, such as `"compute.googleapis.com"`. This API can differ from the API that
     * received the request.
     */
    apiService: text,
    /** The quota metric, such as `"compute.googleapis.com/cpus_per_vm_family"`. */
    quotaMetric: text,
    /** The name of the limit, which is unique in `apiService`. */
    quotaId: text,
    /** The dimensions to which the limit applies, such as a `region`. */
    quotaDimensions: textMap,
    /** The current limit, as a decimal string. */
    quotaValue: text,
    /** The new limit, as a decimal string, while a change of the limit is being rolled out. Otherwise absent. */
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
 * The schema for `google.rpc.PreconditionFailure`: the conditions that a request does not meet.
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
  /** The unmet conditions. */
  violations: list(Schema.Struct({
    /** The type of condition, as defined by the service, such as `"TOS"`. */
    type: text,
    /** What the condition applies to, such as `"google.com/cloud"`. */
    subject: text,
    /** Why the condition is not met. The description is meant for developers. */
    description: text
  }))
})

/**
 * The conditions that a request does not meet (`google.rpc.PreconditionFailure`).
 *
 * @since 0.1.0
 * @category models
 */
export interface PreconditionFailure extends Schema.Schema.Type<typeof PreconditionFailure> {}

const localizedMessage = {
  /** The language of the message, such as `"en-US"` (BCP 47). */
  locale: text,
  /** The message text. */
  message: text
}

/**
 * The schema for `google.rpc.BadRequest`: the request fields that are not valid.
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
  /** The fields that are not valid. */
  fieldViolations: list(Schema.Struct({
    /** The path to the field in the request, such as `"emailAddresses[1].email"`. */
    field: text,
    /** Why the field is not valid. */
    description: text,
    /** The reason as a machine-readable constant. */
    reason: text,
    /** A description for end users. */
    localizedMessage: orNone(Schema.Struct(localizedMessage))
  }))
})

/**
 * The request fields that are not valid (`google.rpc.BadRequest`).
 *
 * @since 0.1.0
 * @category models
 */
export interface BadRequest extends Schema.Schema.Type<typeof BadRequest> {}

/**
 * The schema for `google.rpc.RequestInfo`: the request's id in the server's logs.
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
  /** The request's id in the service's logs. */
  requestId: text,
  /** Data to include in a problem report to the service, such as an encrypted stack trace. */
  servingData: text
})

/**
 * The request's id in the server's logs (`google.rpc.RequestInfo`). Quote it when you contact Google's support.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestInfo extends Schema.Schema.Type<typeof RequestInfo> {}

/**
 * The schema for `google.rpc.ResourceInfo`: the resource that caused the error.
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
  /** The resource type: a name or a type URL. */
  resourceType: text,
  /** The resource name, or a description if the name is confidential. */
  resourceName: text,
  /** The resource owner, such as `"project:123"`. */
  owner: text,
  /** The problem with the resource. */
  description: text
})

/**
 * The resource that caused the error (`google.rpc.ResourceInfo`).
 *
 * @since 0.1.0
 * @category models
 */
export interface ResourceInfo extends Schema.Schema.Type<typeof ResourceInfo> {}

/**
 * The schema for `google.rpc.Help`: links to documentation.
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
  /** The links. */
  links: list(Schema.Struct({
    /** A description of the page. */
    description: text,
    /** The URL of the page. */
    url: text
  }))
})

/**
 * Links to documentation (`google.rpc.Help`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Help extends Schema.Schema.Type<typeof Help> {}

/**
 * The schema for `google.rpc.LocalizedMessage`: a message for end users.
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
 * A message for end users (`google.rpc.LocalizedMessage`).
 *
 * @since 0.1.0
 * @category models
 */
export interface LocalizedMessage extends Schema.Schema.Type<typeof LocalizedMessage> {}

/**
 * The schema for the ten standard detail messages. The `_tag` of a decoded detail is its message name.
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
 * // The details that were decoded:
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
 * One of the ten standard detail messages. The `_tag` is the message name.
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

// Decoding takes microseconds per value. Google's APIs send a few dozen values. gRPC limits the total size of all
// details to 8 KiB.
const maxValues = 2_000

// If the server's JSON for a raw detail contains a `_tag`, the raw detail stores that JSON under this key. A raw detail
// itself must not have a `_tag`, because a `_tag` marks a decoded detail. The key is a symbol because JSON cannot
// contain symbols.
const sent: unique symbol = Symbol.for("effect-google-operations/ErrorDetails/sent")

const raw = (json: { readonly [field: string]: unknown }): ProtobufAny.ProtobufAny => {
  if (ProtobufAny.isProtobufAny(json) && !("_tag" in json)) return json
  const { "@type": type, _tag, ...fields } = json
  return { ...(typeof type === "string" ? { "@type": type } : undefined), ...fields, [sent]: json }
}

const decoderOf = (json: unknown) =>
  ProtobufAny.isProtobufAny(json) ? decoders.get(ProtobufAny.typeName(json)) : undefined

/**
 * Decodes the details of a status. The limit on the number of values applies to all details together.
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
 * Decodes one detail. This function never fails: it returns a detail that cannot be decoded as a raw `Any`.
 *
 * A detail stays raw if its type is not one of the ten, if it does not decode, or if it contains more than 2,000
 * values. Google's APIs do not send that many values, and decoding them would take too long. A raw detail never has a
 * `_tag`. If the server's JSON contains a `_tag`, {@link toAny} restores it.
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
 * Encodes a detail as an `Any`. For a raw detail, this is the JSON that the server sent.
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
    // Only callers without type checking reach this line, with an unknown `_tag` or with a `_tag` whose message fields
    // are missing.
    onLeft: () => ({ value: detail }),
    onRight: (message) => ProtobufAny.pack(`google.rpc.${_tag}`, message)
  })
}
