/**
 * A started operation as a small JSON value: stop here, go on elsewhere.
 *
 * @since 0.2.0
 */
import type * as Effect from "effect/Effect"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * What another process needs to go on waiting: which operation of which API, since when, and until when.
 *
 * It holds no state of the operation and no failure, so nothing that went wrong on the way can be taken for a verdict
 * later. The schema turns it into JSON and back, and refuses a version that it does not know.
 *
 * @since 0.2.0
 * @category models
 * @example
 * ```ts
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * // One process starts and stores …
 * const store = (name: string) =>
 *   Effect.gen(function*() {
 *     const operations = yield* OperationsService.OperationsService
 *     const handle = yield* operations.handle(name, { timeout: "1 hour" })
 *     return OperationHandle.toJson(handle)
 *   })
 *
 * // … another one goes on, with the same deadline.
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
  /** The API that runs the operation. Another one refuses the handle. */
  api: Schema.Struct({
    /** Where it is served. */
    baseUrl: Schema.String,
    /** Its version, such as `v1`. */
    version: Schema.String
  }),
  /** When the handle was made. */
  startedAt: Schema.DateTimeUtc,
  /** When there is no more waiting, if ever. */
  deadline: Schema.optional(Schema.DateTimeUtc),
  /** The type of the operation's response, if the one who started it knew. */
  responseType: Schema.optional(Schema.String),
  /** The type of the operation's metadata, if the one who started it knew. */
  metadataType: Schema.optional(Schema.String)
}) {}

/**
 * Tells whether a value is a handle.
 *
 * @since 0.2.0
 * @category guards
 */
export const isOperationHandle = (u: unknown): u is OperationHandle => u instanceof OperationHandle

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
 * Reads a handle from a JSON value; fails with a `ParseError` for anything else, a version of another kind included.
 *
 * @since 0.2.0
 * @category decoding
 * @example
 * ```ts
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * const handle = await Effect.runPromise(OperationHandle.fromJson({
 *   version: 1,
 *   name: "operations/a",
 *   api: { baseUrl: "https://accesscontextmanager.googleapis.com", version: "v1" },
 *   startedAt: "2026-11-23T10:00:00.000Z"
 * }))
 *
 * console.log(handle.name) // "operations/a"
 * ```
 */
export const fromJson: (json: unknown) => Effect.Effect<OperationHandle, ParseError> = Schema.decodeUnknown(
  OperationHandle
)
