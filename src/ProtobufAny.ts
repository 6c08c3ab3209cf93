/**
 * `google.protobuf.Any` in its JSON form: a message beside the URL of its type. It stays raw until it is unpacked.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { mismatch } from "./internal/parsing.js"
import { oneLine } from "./internal/text.js"
import { isDeep } from "./internal/values.js"

/**
 * A message of any type, as JSON: the type's URL in `"@type"`, the message's fields beside it.
 *
 * Well-known types with a JSON form of their own (`google.protobuf.Duration`, `StringValue`, …) stand in `value`. An
 * empty `Any` is `{}` and has no `"@type"`. A message of an unknown type is kept as it came.
 *
 * Source: the ProtoJSON format, "Any".
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtobufAny {
  /** The URL of the message's type, such as `type.googleapis.com/google.rpc.ErrorInfo`. */
  readonly "@type"?: string
  /** Always absent: it tells a raw detail from a decoded one (`_tag: "ErrorInfo"`) in a union of both. */
  readonly _tag?: undefined
  readonly [field: string]: unknown
}

/**
 * Tells whether a JSON value can be an `Any`: an object whose `"@type"`, if there is one, is a string.
 *
 * @since 0.1.0
 * @category guards
 */
export const isProtobufAny = (u: unknown): u is ProtobufAny =>
  typeof u === "object" && u !== null && !Array.isArray(u) &&
  (!("@type" in u) || typeof u["@type"] === "string")

/**
 * The schema of a raw `Any`.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 * import * as Schema from "effect/Schema"
 *
 * // A row of a table of results:
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
 * The full name of the message's type: what follows the last `/` of `"@type"`, whatever stands before it. An empty
 * string for an `Any` without a type.
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
  // A server can send something else than a string.
  const url = typeof self["@type"] === "string" ? self["@type"] : ""
  return url.slice(url.lastIndexOf("/") + 1)
}

// Types whose JSON is not an object of their fields; an Any holds such JSON in `value`. Empty is not one of them.
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
 * The message itself, as JSON: the fields without `"@type"`, or what stands in `value` for a well-known type.
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
 * Packs a message: its JSON beside its type's name. The reverse of `message`.
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
 * Decodes the message with a schema, after checking that its type is the expected one.
 *
 * The result is an `Either`, which `Effect.gen` can yield. Its `ParseError` says which type was expected and which came, or
 * what did not decode. A message that is nested deeper than 100 levels, the limit of protobuf's own parsers, is refused.
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
  /** Decodes the message with a schema, after checking that its type is the expected one. */
  <A, I>(
    options: {
      /** Decodes what {@link message} gives. */
      readonly schema: Schema.Schema<A, I>
      /** The full name that the type must have. Default: any. */
      readonly typeName?: string | undefined
    }
  ): (self: ProtobufAny) => Either.Either<A, ParseError>
  /** Decodes the message with a schema, after checking that its type is the expected one. */
  <A, I>(
    self: ProtobufAny,
    options: {
      /** Decodes what {@link message} gives. */
      readonly schema: Schema.Schema<A, I>
      /** The full name that the type must have. Default: any. */
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
    // A schema that refers to itself recurses as deep as the message.
    if (isDeep(self)) return Either.left(mismatch(options.schema, self, "Expected a message of at most 100 levels"))
    return Schema.decodeUnknownEither(options.schema)(message(self))
  }
)
