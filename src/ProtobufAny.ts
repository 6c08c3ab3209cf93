/**
 * `google.protobuf.Any` as JSON: a message of any type, together with its type URL.
 *
 * @since 0.1.0
 * @module
 */
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { mismatch } from "./internal/parsing.js"
import { oneLine } from "./internal/text.js"
import { isDeep } from "./internal/values.js"

/**
 * A message of any type, as JSON. `"@type"` is the type URL. The other properties are the message fields.
 *
 * If the message belongs to a well-known type with a special JSON format (`google.protobuf.Duration`, `StringValue`,
 * …), `value` contains that JSON. An empty `Any` is `{}`, without `"@type"`. The message is not decoded. To decode it,
 * use {@link unpack}.
 *
 * Source: the ProtoJSON format, "Any".
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtobufAny {
  /** The type URL of the message, such as `type.googleapis.com/google.rpc.ErrorInfo`. */
  readonly "@type"?: string
  /**
   * Always absent. In a union, this property distinguishes a raw detail from a decoded detail (`_tag: "ErrorInfo"`).
   */
  readonly _tag?: undefined
  readonly [field: string]: unknown
}

/**
 * Checks whether a JSON value can be an `Any`. The value must be an object, and its `"@type"`, if present, must be a
 * string.
 *
 * @since 0.1.0
 * @category guards
 */
export const isProtobufAny = (u: unknown): u is ProtobufAny =>
  typeof u === "object" && u !== null && !Array.isArray(u) &&
  (!("@type" in u) || typeof u["@type"] === "string")

/**
 * The schema for a raw `Any`.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 * import * as Schema from "effect/Schema"
 *
 * // A row of a database table:
 * const Row = Schema.Struct({ operation: Schema.String, response: Schema.parseJson(ProtobufAny.ProtobufAny) })
 * ```
 */
export const ProtobufAny: Schema.Schema<ProtobufAny> = Schema.declare<ProtobufAny>(isProtobufAny, {
  identifier: "ProtobufAny",
  description: "google.protobuf.Any as JSON",
  arbitrary: () => (fc) =>
    fc.record({ "@type": fc.constant("type.googleapis.com/example.Message"), title: fc.string() })
})

/**
 * Returns the full name of the message type, which is the part of `"@type"` after the last `/`. If the `Any` has no
 * type, the result is an empty string.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * console.log(ProtobufAny.typeName({ "@type": "type.googleapis.com/google.rpc.ErrorInfo" })) // "google.rpc.ErrorInfo"
 * ```
 */
export const typeName = (self: ProtobufAny): string => {
  // A server can send an `"@type"` that is not a string.
  const url = typeof self["@type"] === "string" ? self["@type"] : ""
  return url.slice(url.lastIndexOf("/") + 1)
}

// The types whose JSON is not an object that contains the message fields. In an Any, `value` contains their JSON. Empty
// is not one of these types.
const wrapped = new Set([
  "Any",
  "BoolValue",
  "BytesValue",
  "DoubleValue",
  "Duration",
  "FieldMask",
  "FloatValue",
  "Int32Value",
  "Int64Value",
  "ListValue",
  "StringValue",
  "Struct",
  "Timestamp",
  "UInt32Value",
  "UInt64Value",
  "Value"
].map((name) => `google.protobuf.${name}`))

/**
 * Returns the message as JSON: the fields without `"@type"`, or the `value` if the message belongs to a well-known
 * type.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * const progress = ProtobufAny.message({ "@type": "type.googleapis.com/example.Progress", percent: 40 })
 * const delay = ProtobufAny.message({ "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.5s" })
 *
 * console.log(progress) // { percent: 40 }
 * console.log(delay) // "1.5s"
 * ```
 */
export const message = (self: ProtobufAny): unknown => {
  if (wrapped.has(typeName(self))) return self["value"]
  const { "@type": _, ...fields } = self
  return fields
}

/**
 * Makes an `Any` from a full type name and a message in JSON. This function is the inverse of `message`.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * const any = ProtobufAny.pack("example.Progress", { percent: 40 })
 *
 * console.log(any) // { "@type": "type.googleapis.com/example.Progress", percent: 40 }
 * ```
 */
export const pack = (typeName: string, message: unknown): ProtobufAny => {
  const type = `type.googleapis.com/${typeName}`
  return wrapped.has(typeName) ? { "@type": type, value: message } : { "@type": type, ...(message as object) }
}

/**
 * Checks the type of the message, and decodes it with a schema.
 *
 * Fails with a `ParseError` if the type is not `typeName`, if the message does not decode, or if the message is nested
 * deeper than 100 levels. Protobuf parsers use the same limit.
 *
 * @since 0.1.0
 * @category decoding
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 * import * as Either from "effect/Either"
 * import * as Schema from "effect/Schema"
 *
 * const AccessPolicy = Schema.Struct({ name: Schema.String, title: Schema.String })
 *
 * const policy = ProtobufAny.unpack(
 *   {
 *     "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessPolicy",
 *     name: "accessPolicies/1",
 *     title: "t"
 *   },
 *   { typeName: "google.identity.accesscontextmanager.v1.AccessPolicy", schema: AccessPolicy }
 * )
 *
 * console.log(Either.getOrThrow(policy).title) // "t"
 * ```
 */
export const unpack: {
  /** Checks the type of the message, and decodes it with a schema. */
  <A, I>(
    options: {
      /** The schema of the value that {@link message} returns. */
      readonly schema: Schema.Schema<A, I>
      /** The expected full type name. Default: any type is accepted. */
      readonly typeName?: string | undefined
    }
  ): (self: ProtobufAny) => Either.Either<A, ParseError>
  /** Checks the type of the message, and decodes it with a schema. */
  <A, I>(
    self: ProtobufAny,
    options: {
      /** The schema of the value that {@link message} returns. */
      readonly schema: Schema.Schema<A, I>
      /** The expected full type name. Default: any type is accepted. */
      readonly typeName?: string | undefined
    }
  ): Either.Either<A, ParseError>
} = dual(
  2,
  <A, I>(
    self: ProtobufAny,
    options: { readonly schema: Schema.Schema<A, I>; readonly typeName?: string | undefined }
  ): Either.Either<A, ParseError> => {
    const actual = typeName(self)
    if (options.typeName !== undefined && options.typeName !== actual) {
      const found = actual === "" ? "a message without @type" : `a ${oneLine(actual)}`
      return Either.left(mismatch(options.schema, self, `Expected a ${options.typeName}, actual ${found}`))
    }
    // A recursive schema recurses as deeply as the message is nested.
    if (isDeep(self)) return Either.left(mismatch(options.schema, self, "Expected a message of at most 100 levels"))
    return Schema.decodeUnknownEither(options.schema)(message(self))
  }
)
