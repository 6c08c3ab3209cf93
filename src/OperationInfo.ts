/**
 * What a method's operations give: the types of the response and of the metadata in one value, as the annotation
 * `google.longrunning.operation_info` of the API's proto files has them.
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { mismatch } from "./internal/parsing.js"
import type * as Operation from "./Operation.js"
import { OperationsService, type Service } from "./OperationsService.js"
import * as ProtobufAny from "./ProtobufAny.js"
import { ResultError } from "./ResultError.js"

/**
 * A protobuf message by its full name and the schema of its JSON form.
 *
 * `typeName` is what stands after the last `/` of `"@type"`, package included. The proto files may abbreviate it in
 * `operation_info`: `"AccessPolicy"` there is `google.identity.accesscontextmanager.v1.AccessPolicy` here.
 *
 * @since 0.2.0
 * @category models
 */
export interface MessageType<A, I = A> {
  /** The full name, such as `google.identity.accesscontextmanager.v1.AccessPolicy`. */
  readonly typeName: string
  /** Decodes the message's fields, or the `value` of a well-known type. Fields that it does not name are ignored. */
  readonly schema: Schema.Schema<A, I>
}

/**
 * An operation that goes on, with its metadata decoded.
 *
 * @since 0.2.0
 * @category models
 */
export interface TypedPending<out M> {
  readonly _tag: "Pending"
  /** The operation as it came. */
  readonly operation: Operation.Pending
  /** None when there is no metadata, or not of the expected type; what came is in `operation.metadata`. */
  readonly metadata: Option.Option<M>
}

/**
 * An operation that has ended well, with its result and its metadata decoded.
 *
 * @since 0.2.0
 * @category models
 */
export interface TypedSucceeded<out A, out M> {
  readonly _tag: "Succeeded"
  /** The operation as it came. */
  readonly operation: Operation.Succeeded
  /** The decoded response. */
  readonly result: A
  /** None when there is no metadata, or not of the expected type; what came is in `operation.metadata`. */
  readonly metadata: Option.Option<M>
}

/**
 * The methods of a service, typed by a response `A` and metadata `M`; they need `R`.
 *
 * Each takes what the service's method of the same name takes, and fails as that one does or with `ResultError`.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods<out A, out M, out R> {
  /** Reads the latest state of an operation, in one exchange. */
  readonly get: (
    ...args: Parameters<Service["get"]>
  ) => Effect.Effect<
    TypedPending<M> | TypedSucceeded<A, M>,
    Effect.Effect.Error<ReturnType<Service["get"]>> | ResultError,
    R
  >

  /** Waits until an operation has ended, and gives it with its result. */
  readonly wait: (
    ...args: Parameters<Service["wait"]>
  ) => Effect.Effect<TypedSucceeded<A, M>, Effect.Effect.Error<ReturnType<Service["wait"]>> | ResultError, R>

  /** Waits until an operation has ended, and gives its result alone. */
  readonly result: (
    ...args: Parameters<Service["wait"]>
  ) => Effect.Effect<A, Effect.Effect.Error<ReturnType<Service["wait"]>> | ResultError, R>

  /** Follows an operation. The last element has the result; one that does not decode fails the stream in its place. */
  readonly updates: (
    ...args: Parameters<Service["updates"]>
  ) => Stream.Stream<
    TypedPending<M> | TypedSucceeded<A, M>,
    Stream.Stream.Error<ReturnType<Service["updates"]>> | ResultError,
    R
  >
}

/**
 * A method's response `A` and metadata `M`, and the methods of `OperationsService` typed by them. Without metadata `M` is
 * `never`.
 *
 * @since 0.2.0
 * @category models
 */
export interface OperationInfo<out A, out M = never> extends Methods<A, M, OperationsService> {
  /** The full name of the response's type. */
  readonly responseType: string
  /** The full name of the metadata's type. */
  readonly metadataType?: string | undefined
  /** The same methods over a service that is at hand, such as one under a tag of your own. They need nothing. */
  readonly from: (service: Service) => Methods<A, M, never>
}

const emptyTypeName = "google.protobuf.Empty"

/**
 * The response of a method that has nothing to give back: `google.protobuf.Empty`. Its result is `void`.
 *
 * An operation without a response is a success then, as is one with an `Empty`; a message of another type is a
 * `ResultError` here, too.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * ```ts
 * import * as OperationInfo from "effect-google-operations/OperationInfo"
 *
 * const DeleteAccessPolicy = OperationInfo.make({ response: OperationInfo.empty })
 *
 * const program = DeleteAccessPolicy.result("operations/accessPolicies/1/delete/1700000000000001")
 * ```
 */
export const empty: MessageType<void, object> = {
  typeName: emptyTypeName,
  schema: Schema.transform(Schema.Object, Schema.Void, { strict: true, decode: () => undefined, encode: () => ({}) })
}

type Decoder<A> = (any: ProtobufAny.ProtobufAny | undefined) => Effect.Effect<A, ParseError>

const isNothing = (any: ProtobufAny.ProtobufAny | undefined): boolean =>
  any === undefined || Object.keys(any).length === 0

// A schema may take its time (`Schema.transformOrFail`), so the type is checked by `unpack` and the rest is an Effect.
const decoder = <A, I>({ schema, typeName }: MessageType<A, I>): Decoder<A> => {
  const decode = Schema.decodeUnknown(schema)
  const nothing = mismatch(schema, undefined, `Expected a ${typeName}, actual nothing`)
  return (any) => {
    if (typeName === emptyTypeName && isNothing(any)) return decode({})
    if (any === undefined) return Effect.fail(nothing)
    return Either.match(ProtobufAny.unpack(any, { typeName, schema: Schema.Unknown }), {
      onLeft: Effect.fail,
      onRight: (message) => decode(message)
    })
  }
}

/**
 * Makes the info of a method, once, to read all of its operations by.
 *
 * Use it instead of unpacking `operation.response` by hand: the result is typed, and checked. It reads a started operation
 * as well as a bare name, and needs `OperationsService`; for a service under another tag use `info.from(service)`.
 *
 * **Details**
 *
 * - The response must be of the type `response.typeName` and decode with `response.schema`. If it does not, or if there
 *   is none, that is a `ResultError`, with the raw response. For methods that return nothing use {@link empty}.
 * - Metadata never costs a result: what is missing, of another type or does not decode is `Option.none()`.
 * - A failed operation is an `OperationError`, as without an info.
 *
 * **Gotchas**
 *
 * A field that has its default (`""`, `0`, `false`, an empty list) can be absent in Google's JSON. Make such fields
 * optional, or give them defaults: `Schema.optionalWith(Schema.String, { default: () => "" })`.
 *
 * Source: `google/longrunning/operations.proto`, `OperationInfo`; AIP-151.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as OperationInfo from "effect-google-operations/OperationInfo"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Schema from "effect/Schema"
 *
 * const CreateAccessPolicy = OperationInfo.make({
 *   response: {
 *     typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
 *     schema: Schema.Struct({ name: Schema.String, title: Schema.String })
 *   },
 *   metadata: {
 *     typeName: "google.identity.accesscontextmanager.v1.AccessContextManagerOperationMetadata",
 *     schema: Schema.Struct({})
 *   }
 * })
 *
 * const program = Effect.gen(function*() {
 *   const policy = yield* CreateAccessPolicy.result("operations/accessPolicies/1/create/1700000000000001", {
 *     timeout: "5 minutes"
 *   })
 *   return `${policy.title} is ${policy.name}`
 * }).pipe(
 *   Effect.catchTag("ResultError", (error) => Effect.succeed(`created, but ${JSON.stringify(error.response)}`))
 * )
 *
 * const runnable = program.pipe(
 *   Effect.provide(OperationsService.layer().pipe(Layer.provide(FetchHttpClient.layer)))
 * )
 * ```
 */
export const make = <A, I, M = never, MI = never>(options: {
  /** What the operation gives when it succeeds. */
  readonly response: MessageType<A, I>
  /** What the operation tells of itself meanwhile. Default: nothing is decoded. */
  readonly metadata?: MessageType<M, MI> | undefined
}): OperationInfo<A, M> => {
  const responseType = options.response.typeName
  const decodeResponse = decoder(options.response)
  const decodeMetadata = options.metadata === undefined ? undefined : decoder(options.metadata)

  // Not even a decoder that throws costs the result.
  const metadata = (operation: Operation.Pending | Operation.Succeeded): Effect.Effect<Option.Option<M>> =>
    decodeMetadata === undefined || operation.metadata === undefined
      ? Effect.succeedNone
      : Effect.suspend(() => decodeMetadata(operation.metadata)).pipe(
        Effect.option,
        Effect.catchAllDefect(() => Effect.succeedNone)
      )

  const pending = (operation: Operation.Pending): Effect.Effect<TypedPending<M>> =>
    Effect.map(metadata(operation), (metadata) => ({ _tag: "Pending", operation, metadata }))

  const succeeded = (operation: Operation.Succeeded): Effect.Effect<TypedSucceeded<A, M>, ResultError> =>
    Effect.matchEffect(decodeResponse(operation.response), {
      onFailure: (cause) => Effect.fail(new ResultError({ operation, expected: responseType, cause })),
      onSuccess: (result) =>
        Effect.map(metadata(operation), (metadata) => ({ _tag: "Succeeded", operation, result, metadata }))
    })

  const typed = (
    operation: Operation.Pending | Operation.Succeeded
  ): Effect.Effect<TypedPending<M> | TypedSucceeded<A, M>, ResultError> =>
    operation._tag === "Pending" ? pending(operation) : succeeded(operation)

  const from = (service: Service): Methods<A, M, never> => {
    const wait: Methods<A, M, never>["wait"] = (...args) => Effect.flatMap(service.wait(...args), succeeded)
    return {
      get: (...args) => Effect.flatMap(service.get(...args), typed),
      wait,
      result: (...args) => Effect.map(wait(...args), ({ result }) => result),
      updates: (...args) => Stream.mapEffect(service.updates(...args), typed)
    }
  }

  return {
    responseType,
    metadataType: options.metadata?.typeName,
    from,
    get: (...args) => Effect.flatMap(OperationsService, (service) => from(service).get(...args)),
    wait: (...args) => Effect.flatMap(OperationsService, (service) => from(service).wait(...args)),
    result: (...args) => Effect.flatMap(OperationsService, (service) => from(service).result(...args)),
    updates: (...args) => Stream.unwrap(Effect.map(OperationsService, (service) => from(service).updates(...args)))
  }
}
