/**
 * A reference to a started operation that can be encoded as a small JSON value. Another process can use the reference
 * to wait for the operation.
 *
 * @since 0.2.0
 * @module
 */
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import { hasProperty, isRecord } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { showable } from "./internal/parsing.js"

/**
 * The key of the property that marks a handle. The key is the same in all copies and versions of this package.
 *
 * @since 0.4.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/OperationHandle"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.4.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/OperationHandle"

/**
 * A reference to a started operation. It contains the operation's name and API, the time when the handle was made, and
 * the deadline for waits.
 *
 * A handle does not contain the operation's state. The class is also the schema for the handle's JSON. Decoding fails
 * if this package does not support the JSON version.
 *
 * @since 0.2.0
 * @category models
 * @example
 * ```ts
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // One process starts the operation and stores its handle.
 * const store = (name: string) =>
 *   Effect.gen(function*() {
 *     const operations = yield* OperationsService.OperationsService
 *     const handle = yield* operations.handle(name, { timeout: "1 hour" })
 *     return OperationHandle.toJson(handle)
 *   })
 *
 * // Another process waits, with the same deadline.
 * const resume = (json: unknown) =>
 *   Effect.gen(function*() {
 *     const operations = yield* OperationsService.OperationsService
 *     return yield* operations.wait(yield* OperationHandle.fromJson(json))
 *   })
 * ```
 */
export class OperationHandle extends Schema.Class<OperationHandle>("effect-google-operations/OperationHandle")({
  /** The version of the JSON format. */
  version: Schema.Literal(1),
  /** The operation name. */
  name: Schema.NonEmptyString,
  /** The API that runs the operation. A service for another API rejects the handle. */
  api: Schema.Struct({
    /** The normalized base URL. */
    baseUrl: Schema.String,
    /** The API version, such as `v1`. */
    version: Schema.String
  }),
  /** The time when the handle was made. */
  startedAt: Schema.DateTimeUtc,
  /** The time when a wait that uses the handle times out. Default: never. */
  deadline: Schema.optional(Schema.DateTimeUtc),
  /** The full name of the response type, if one was passed to `OperationsService.handle`. */
  responseType: Schema.optional(Schema.String),
  /** The full name of the metadata type, if one was passed to `OperationsService.handle`. */
  metadataType: Schema.optional(Schema.String),
  /**
   * The span in which the handle was made, in the W3C Trace Context format. The span of a wait that uses the handle
   * links to this span.
   *
   * @since 0.4.0
   */
  traceparent: Schema.optional(Schema.String)
}) {
  /**
   * @since 0.4.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }
}

/**
 * Checks whether a value is a handle.
 *
 * @since 0.2.0
 * @category guards
 */
export const isOperationHandle = (u: unknown): u is OperationHandle => hasProperty(u, TypeId)

/**
 * Checks whether a value looks like a handle's JSON. The value must be decoded with {@link fromJson} before it is used.
 *
 * @internal
 */
export const isEncodedHandle = (u: unknown): u is typeof OperationHandle.Encoded =>
  isRecord(u) && !isOperationHandle(u) && isRecord(u["api"]) && "name" in u && "version" in u

/**
 * Writes a handle as a JSON value.
 *
 * @since 0.2.0
 * @category encoding
 * @example
 * ```ts
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // Returns the body of a message to the process that will wait:
 * const message = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   const handle = yield* operations.handle("operations/accessPolicies/1/create/1700000000000001")
 *   return JSON.stringify(OperationHandle.toJson(handle))
 * })
 * ```
 */
export const toJson: (handle: OperationHandle) => typeof OperationHandle.Encoded = Schema.encodeSync(OperationHandle)

/**
 * Reads a handle from a JSON value. Fails with a `ParseError` if the value is not a handle, or if its version is
 * unknown.
 *
 * @since 0.2.0
 * @category decoding
 * @example
 * ```ts
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as Either from "effect/Either"
 *
 * const handle = Either.getOrThrow(OperationHandle.fromJson({
 *   version: 1,
 *   name: "operations/a",
 *   api: { baseUrl: "https://accesscontextmanager.googleapis.com", version: "v1" },
 *   startedAt: "2026-11-23T10:00:00.000Z"
 * }))
 *
 * console.log(handle.name) // "operations/a"
 * ```
 */
export const fromJson = (json: unknown): Either.Either<OperationHandle, ParseError> =>
  Either.mapLeft(decode(json), showable)

const decode = Schema.decodeUnknownEither(OperationHandle)
