/**
 * A started operation as a small JSON value, with which another process can wait for it.
 *
 * @since 0.2.0
 */
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import { hasProperty, isRecord } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { showable } from "./internal/parsing.js"

/**
 * The property that marks a handle, whichever copy of this package made it.
 *
 * @since 0.4.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/OperationHandle"

/**
 * The name of that property, as a type.
 *
 * @since 0.4.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/OperationHandle"

/**
 * The operation and its API, the time at which the wait began, and its deadline.
 *
 * A handle holds no state of the operation and no failure. The schema turns it into JSON and back, and refuses an unknown
 * version.
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
  /** The version of this form. */
  version: Schema.Literal(1),
  /** The operation's name. */
  name: Schema.NonEmptyString,
  /** The API that runs the operation. A service for another API refuses the handle. */
  api: Schema.Struct({
    /** The base URL, in one spelling. */
    baseUrl: Schema.String,
    /** Its version, such as `v1`. */
    version: Schema.String
  }),
  /** When the handle was made. */
  startedAt: Schema.DateTimeUtc,
  /** When a wait for it ends, if ever. */
  deadline: Schema.optional(Schema.DateTimeUtc),
  /** The full name of the response's type, if it was given. */
  responseType: Schema.optional(Schema.String),
  /** The full name of the metadata's type, if it was given. */
  metadataType: Schema.optional(Schema.String)
}) {
  /**
   * @since 0.4.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }
}

/**
 * Tells whether a value is a handle.
 *
 * @since 0.2.0
 * @category guards
 */
export const isOperationHandle = (u: unknown): u is OperationHandle => hasProperty(u, TypeId)

/**
 * Tells whether a value is the JSON of a handle, which has to be read by {@link fromJson} first.
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
 * // The body of a message to whoever waits:
 * const message = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   const handle = yield* operations.handle("operations/accessPolicies/1/create/1700000000000001")
 *   return JSON.stringify(OperationHandle.toJson(handle))
 * })
 * ```
 */
export const toJson: (handle: OperationHandle) => typeof OperationHandle.Encoded = Schema.encodeSync(OperationHandle)

/**
 * Reads a handle from a JSON value. An unknown version is a `ParseError`, as is every value that is not a handle.
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
