/**
 * Describes the response type and the metadata type of a method that starts operations, and provides the
 * `OperationsService` methods with results of these types.
 *
 * An API's proto files declare these types in the annotation `google.longrunning.operation_info`.
 *
 * @since 0.2.0
 * @module
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as HttpError from "./HttpError.js"
import { handleOfType } from "./internal/operationName.js"
import { mismatch } from "./internal/parsing.js"
import { resolve, waitSettings } from "./internal/settings.js"
import { notListed, operationList } from "./internal/wait/waitAll.js"
import type * as Operation from "./Operation.js"
import type { OperationError } from "./OperationError.js"
import { isOperationHandle, type OperationHandle } from "./OperationHandle.js"
import * as OperationsService from "./OperationsService.js"
import * as ProtobufAny from "./ProtobufAny.js"
import { ResultError } from "./ResultError.js"
import type { WaitTimeoutError } from "./WaitTimeoutError.js"

/**
 * A protobuf message type: its full name and the schema for its JSON.
 *
 * The full name is the part of `"@type"` after the last `/`. It includes the proto package, even if the annotation
 * omits the package. For example, if `operation_info` contains `"AccessPolicy"`, use
 * `google.identity.accesscontextmanager.v1.AccessPolicy`.
 *
 * @since 0.2.0
 * @category models
 */
export interface MessageType<A, I = A, R = never> {
  /** The full name, such as `google.identity.accesscontextmanager.v1.AccessPolicy`. */
  readonly typeName: string
  /**
   * Decodes the fields of the message, or the `value` of a well-known type. If the schema requires services, the
   * methods that decode the message also require them.
   */
  readonly schema: Schema.Schema<A, I, R>
}

/**
 * A pending operation with decoded metadata.
 *
 * @since 0.2.0
 * @category models
 */
export interface TypedPending<out M> {
  readonly _tag: "Pending"
  /** The raw operation. */
  readonly operation: Operation.Pending
  /**
   * The decoded metadata. `None` if the metadata is absent or does not decode. `operation.metadata` contains the raw
   * metadata.
   */
  readonly metadata: Option.Option<M>
}

/**
 * An operation that succeeded, with its decoded result and metadata.
 *
 * @since 0.2.0
 * @category models
 */
export interface TypedSucceeded<out A, out M> {
  readonly _tag: "Succeeded"
  /** The raw operation. */
  readonly operation: Operation.Succeeded
  /** The decoded response. */
  readonly result: A
  /**
   * The decoded metadata. `None` if the metadata is absent or does not decode. `operation.metadata` contains the raw
   * metadata.
   */
  readonly metadata: Option.Option<M>
}

/**
 * The argument of `onUpdate`: a state of the operation with decoded metadata. It does not contain the result, because
 * the wait returns the result.
 *
 * @since 0.4.0
 * @category models
 */
export interface TypedUpdate<out M> {
  /** The raw operation, which is pending, succeeded or failed. */
  readonly operation: Operation.Operation
  /**
   * The decoded metadata. `None` if the metadata is absent or does not decode. `operation.metadata` contains the raw
   * metadata.
   */
  readonly metadata: Option.Option<M>
}

/**
 * A reference to an operation: a name, a URL, an operation, a handle, or a typed state.
 *
 * @since 0.4.0
 * @category models
 */
export type Waitable = OperationsService.Waitable | TypedPending<unknown> | TypedSucceeded<unknown, unknown>

/**
 * Options for a wait. They are the same as in `OperationsService`, except that `onUpdate` is typed.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitOptions<in M> extends Omit<OperationsService.WaitOptions, "onUpdate"> {
  /**
   * Runs for each state of the operation that differs from the previous one. These states can be the state that was
   * passed to the call, pending states that polls read, and the final state. The wait continues after the effect
   * completes.
   */
  readonly onUpdate?: ((update: TypedUpdate<M>) => Effect.Effect<void>) | undefined
}

/**
 * Options for `updates`.
 *
 * @since 0.4.0
 * @category models
 */
export interface UpdatesOptions<in M> extends WaitOptions<M>, Pick<OperationsService.UpdatesOptions, "emitUnchanged"> {}

/**
 * The outcome of waiting for one of many operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface TypedOutcome<out W extends Waitable, out A, out M> {
  /** The value that was passed to `waitAll`. */
  readonly operation: W
  /** The operation and its result, or the error that ended the wait. */
  readonly result: Either.Either<
    TypedSucceeded<A, M>,
    OperationError | HttpError.HttpError | WaitTimeoutError | ResultError
  >
}

/**
 * The methods of an `OperationsService`, with results of type `A` and metadata of type `M`. `R` is the type of the
 * services that the schemas require. `S` is the service tag.
 *
 * Each method takes the same arguments and fails with the same errors as the `OperationsService` method of the same
 * name. In addition, it fails with `ResultError` if the response does not decode, and with `HttpError`
 * (`reason: "InvalidRequest"`) if it receives a handle that was made for another response type.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods<out A, out M, out R = never, out S = OperationsService.OperationsService> {
  /**
   * Starts an operation, waits until it is done, and returns its result.
   *
   * The options are checked before the request is sent. If the call is interrupted with `onInterrupt: "cancel"`, the
   * server is asked to cancel the operation. With `"detach"`, the default, the operation keeps running, and its name is
   * logged as a warning.
   *
   * If an `HttpError` contains an `operationName`, it occurred after the operation was started, and the operation may
   * still be running. If an `HttpError` contains no `operationName`, the request that starts the operation failed. All
   * other errors contain the operation or its name.
   *
   * @since 0.4.0
   */
  readonly execute: (
    request: HttpClientRequest.HttpClientRequest,
    options?: WaitOptions<M>
  ) => Effect.Effect<A, OperationError | HttpError.HttpError | WaitTimeoutError | ResultError, R | S>

  /**
   * Starts an operation. The other methods accept the returned state.
   *
   * @since 0.4.0
   */
  readonly start: (
    request: HttpClientRequest.HttpClientRequest,
    options?: {
      /**
       * What happens to the operation if `start` is interrupted. With `"detach"`, the default, the operation keeps
       * running. With `"cancel"`, the server is asked to cancel it.
       */
      readonly onInterrupt?: "detach" | "cancel" | undefined
    }
  ) => Effect.Effect<TypedPending<M> | TypedSucceeded<A, M>, OperationError | HttpError.HttpError | ResultError, R | S>

  /** Reads the latest state of an operation with one request. */
  readonly get: (
    operation: Waitable,
    options?: {
      /** The error format to request. Default: the service's `xgafv` option. */
      readonly xgafv?: "1" | "2" | undefined
    }
  ) => Effect.Effect<TypedPending<M> | TypedSucceeded<A, M>, OperationError | HttpError.HttpError | ResultError, R | S>

  /** Waits until an operation is done, and returns it with its result. */
  readonly wait: (
    operation: Waitable,
    options?: WaitOptions<M>
  ) => Effect.Effect<
    TypedSucceeded<A, M>,
    OperationError | HttpError.HttpError | WaitTimeoutError | ResultError,
    R | S
  >

  /** Waits until an operation is done, and returns only its result. */
  readonly result: (
    operation: Waitable,
    options?: WaitOptions<M>
  ) => Effect.Effect<A, OperationError | HttpError.HttpError | WaitTimeoutError | ResultError, R | S>

  /**
   * Emits the states of an operation: first the current state, then each state that differs from the previous one. If
   * the operation succeeds, the final element contains the result. If the response does not decode, the stream fails
   * with `ResultError`.
   */
  readonly updates: (
    operation: Waitable,
    options?: UpdatesOptions<M>
  ) => Stream.Stream<
    TypedPending<M> | TypedSucceeded<A, M>,
    OperationError | HttpError.HttpError | WaitTimeoutError | ResultError,
    R | S
  >

  /**
   * Waits for any number of operations, and emits the outcome of each operation as soon as its wait ends. A failed wait
   * is also emitted as an outcome, so the stream itself does not fail.
   *
   * @since 0.4.0
   */
  readonly waitAll: <W extends Waitable>(
    operations: Iterable<W> & object,
    options?: WaitOptions<M>
  ) => Stream.Stream<TypedOutcome<W, A, M>, never, R | S>

  /**
   * Makes a handle for an operation. The handle contains this `OperationInfo`'s type names. An `OperationInfo` with
   * another response type rejects the handle.
   *
   * @since 0.4.0
   */
  readonly handle: (
    operation: Waitable,
    options?: {
      /** The time from now to the deadline. Default: no deadline. */
      readonly timeout?: Duration.DurationInput | undefined
    }
  ) => Effect.Effect<OperationHandle, HttpError.HttpError, S>

  /**
   * Asks the server to cancel an operation. To find out whether the operation was cancelled, wait for it.
   *
   * @since 0.4.0
   */
  readonly cancel: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError, S>
}

/**
 * The response type `A` and the metadata type `M` of an API method, and the `OperationsService` methods with these
 * types. `R` is the type of the services that the schemas require. If no metadata type is given, `M` is `never`.
 *
 * @since 0.2.0
 * @category models
 */
export interface OperationInfo<out A, out M = never, out R = never>
  extends Methods<A, M, R, OperationsService.OperationsService>
{
  /** The full name of the response type. */
  readonly responseType: string
  /** The full name of the metadata type. */
  readonly metadataType?: string | undefined
  /**
   * Returns the same methods for another service. The argument is the service or its tag. If it is a tag, the methods
   * require that service.
   *
   * @since 0.4.0
   */
  readonly using: <I = never>(
    service: OperationsService.Service | Context.Tag<I, OperationsService.Service>
  ) => Methods<A, M, R, I>
}

const emptyTypeName = "google.protobuf.Empty"

/**
 * The response type of a method that returns nothing: `google.protobuf.Empty`. The result is `void`.
 *
 * The operation's response may be an `Empty` message or absent. A response of another type causes a `ResultError`.
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

type Decoder<A, R> = (any: ProtobufAny.ProtobufAny | undefined) => Effect.Effect<A, ParseError, R>

const isNothing = (any: ProtobufAny.ProtobufAny | undefined): boolean =>
  any === undefined || Object.keys(any).length === 0

// `unpack` checks the type. The fields are decoded in an Effect, because a schema may be asynchronous or require
// services.
const decoder = <A, I, R>({ schema, typeName }: MessageType<A, I, R>): Decoder<A, R> => {
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

// Decodes the operations that a method starts.
interface Reader<A, M, R> {
  readonly responseType: string
  readonly metadataType: string | undefined
  readonly update: <O extends Operation.Operation>(
    operation: O
  ) => Effect.Effect<{ readonly operation: O; readonly metadata: Option.Option<M> }, never, R>
  readonly succeeded: (operation: Operation.Succeeded) => Effect.Effect<TypedSucceeded<A, M>, ResultError, R>
  readonly state: (
    operation: Operation.Pending | Operation.Succeeded
  ) => Effect.Effect<TypedPending<M> | TypedSucceeded<A, M>, ResultError, R>
}

const reader = <A, I, R, M, MI, MR>(
  response: MessageType<A, I, R>,
  metadata: MessageType<M, MI, MR> | undefined
): Reader<A, M, R | MR> => {
  const decodeResponse = decoder(response)
  const decodeMetadata = metadata === undefined ? undefined : decoder(metadata)

  // The call does not fail if the metadata does not decode, not even if the decoder throws.
  const update: Reader<A, M, R | MR>["update"] = (operation) =>
    Effect.map(
      decodeMetadata === undefined || operation.metadata === undefined
        ? Effect.succeedNone
        : Effect.suspend(() => decodeMetadata(operation.metadata)).pipe(
          Effect.option,
          Effect.catchAllDefect(() => Effect.succeedNone)
        ),
      (metadata) => ({ operation, metadata })
    )

  const succeeded: Reader<A, M, R | MR>["succeeded"] = (operation) =>
    Effect.matchEffect(decodeResponse(operation.response), {
      onFailure: (cause) => Effect.fail(new ResultError({ operation, expected: response.typeName, cause })),
      onSuccess: (result) => Effect.map(update(operation), (update) => ({ _tag: "Succeeded", result, ...update }))
    })

  return {
    responseType: response.typeName,
    metadataType: metadata?.typeName,
    update,
    succeeded,
    state: (operation) =>
      operation._tag === "Succeeded"
        ? succeeded(operation)
        : Effect.map(update(operation), (update) => ({ _tag: "Pending", ...update }))
  }
}

// Returns the operation to pass to the service. Rejects a handle that was made for another response type.
const target = (
  responseType: string,
  operation: Waitable
): Either.Either<OperationsService.Waitable, HttpError.HttpError> => {
  if (typeof operation === "object" && operation !== null && "operation" in operation) {
    return Either.right(operation.operation)
  }
  return isOperationHandle(operation) ? handleOfType(operation, responseType) : Either.right(operation)
}

// Plain JavaScript code can pass options that are not an object. The service rejects such options.
const isNoObject = (options: unknown): options is never =>
  options === null || (options !== undefined && typeof options !== "object")

// Adds the operation name to an error that occurs after the start, because the caller cannot get the name elsewhere.
const afterStart = (operationName: string) => <E>(error: E | HttpError.HttpError): E | HttpError.HttpError =>
  HttpError.isHttpError(error)
    ? new HttpError.HttpError({
      ...error,
      description: `${error.description} (operation ${operationName}, which this call started)`,
      operationName
    })
    : error

const methods = <A, M, R, S>(
  tag: Effect.Effect<OperationsService.Service, never, S>,
  { metadataType, responseType, state, succeeded, update }: Reader<A, M, R>
): Methods<A, M, R, S> => {
  // Calls a service method.
  const ask = <B, E, R2>(
    operation: Waitable,
    use: (service: OperationsService.Service, operation: OperationsService.Waitable) => Effect.Effect<B, E, R2>
  ): Effect.Effect<B, E | HttpError.HttpError, R2 | S> =>
    Effect.flatMap(
      tag,
      (service) => Effect.flatMap(target(responseType, operation), (operation) => use(service, operation))
    )

  // Makes the options for the service. The service's `onUpdate` has no requirements, so the services that the schemas
  // require come from the context of the call.
  const untyped = <O extends WaitOptions<M>>(options: O | undefined) =>
    Effect.contextWith((context: Context.Context<R>) => {
      if (isNoObject(options)) return options
      const onUpdate = options?.onUpdate
      return {
        ...options,
        onUpdate: typeof onUpdate === "function"
          ? (operation: Operation.Operation) =>
            Effect.flatMap(update(operation), onUpdate).pipe(
              Effect.mapInputContext((inner: Context.Context<never>) => Context.merge(context, inner))
            )
          : onUpdate
      }
    })

  const wait: Methods<A, M, R, S>["wait"] = (operation, options) =>
    ask(operation, (service, operation) =>
      untyped(options).pipe(
        Effect.flatMap((options) => service.wait(operation, options)),
        Effect.flatMap(succeeded)
      ))

  return {
    execute: (request, options) =>
      Effect.gen(function*() {
        const service = yield* tag
        const waitOptions = yield* untyped(options)
        yield* Either.flatMap(resolve(), ({ wait }) => waitSettings(wait, waitOptions))
        const { onInterrupt, onUpdate } = waitOptions
        const started = yield* service.start(request, { onInterrupt }).pipe(
          // If the operation has already failed, no wait starts, so `onUpdate` is called here.
          Effect.tapError((error) =>
            error._tag === "OperationError" && onUpdate !== undefined ? onUpdate(error.operation) : Effect.void
          )
        )
        const { result } = yield* service.wait(started, waitOptions).pipe(
          Effect.flatMap(succeeded),
          Effect.mapError(afterStart(started.name)),
          Effect.onInterrupt(() =>
            onInterrupt === "cancel"
              ? Effect.void
              : Effect.logWarning(
                `Interrupted while waiting for operation ${started.name}. The operation is not cancelled.`
              )
          )
        )
        return result
      }),

    start: (request, options) =>
      Effect.flatMap(tag, (service) => Effect.flatMap(service.start(request, options), state)),

    get: (operation, options) =>
      ask(operation, (service, operation) => Effect.flatMap(service.get(operation, options), state)),

    wait,

    result: (operation, options) => Effect.map(wait(operation, options), ({ result }) => result),

    updates: (operation, options) =>
      Stream.unwrap(
        ask(operation, (service, operation) =>
          Effect.map(untyped(options), (options) =>
            Stream.mapEffect(service.updates(operation, options), state)))
      ),

    waitAll: <W extends Waitable>(operations: Iterable<W> & object, options?: WaitOptions<M>) =>
      Stream.unwrap(Effect.gen(function*() {
        const service = yield* tag
        const given = new Map<OperationsService.Waitable, W>()
        const targets: Array<OperationsService.Waitable> = []
        const refused: Array<TypedOutcome<W, A, M>> = []
        const listed = operationList(operations)
        if (Either.isLeft(listed)) {
          refused.push({ operation: notListed(operations), result: Either.left(listed.left) })
        }
        for (const operation of Either.getOrElse(listed, () => [])) {
          const result = target(responseType, operation)
          if (Either.isLeft(result)) {
            refused.push({ operation, result: Either.left(result.left) })
            continue
          }
          given.set(result.right, operation)
          targets.push(result.right)
        }
        const outcomes = service.waitAll(targets, yield* untyped(options))
        return Stream.concat(
          Stream.fromIterable(refused),
          Stream.mapEffect(outcomes, ({ operation, result }) =>
            Effect.map(
              Effect.either(Effect.flatMap(result, succeeded)),
              (result): TypedOutcome<W, A, M> => ({ operation: given.get(operation)!, result })
            ))
        )
      })),

    handle: (operation, options) =>
      ask(
        operation,
        (service, operation) =>
          service.handle(
            operation,
            isNoObject(options) ? options : { timeout: options?.timeout, responseType, metadataType }
          )
      ),

    cancel: (operation) => ask(operation, (service, operation) => service.cancel(operation))
  }
}

/**
 * Makes the `OperationInfo` for an API method. Call this function once for each API method.
 *
 * The `OperationInfo`'s methods require `OperationsService`. To use another service, see `using`.
 *
 * **Details**
 *
 * - If the response is not of the type `response.typeName`, does not decode with `response.schema`, or is absent, the
 *   wait fails with `ResultError`, which contains the raw response. If the API method returns nothing, use
 *   {@link empty} as the response type.
 * - If the metadata is absent, is of another type, or does not decode, `metadata` is `Option.none()`. This is not an
 *   error.
 * - If the operation fails, the wait fails with `OperationError`.
 * - A handle that was made for another response type is rejected with `HttpError` (`reason: "InvalidRequest"`). A
 *   handle without a response type is accepted.
 * - If the schemas require services, the methods that decode also require them.
 *
 * **Gotchas**
 *
 * In Google's JSON, a field that contains its default value (`""`, `0`, `false`, an empty list) can be absent. Make
 * such fields optional, or declare a default: `Schema.optionalWith(Schema.String, { default: () => "" })`.
 *
 * Source: `google/longrunning/operations.proto`, `OperationInfo`; AIP-151.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
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
 *   }
 * })
 *
 * const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
 *   HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
 * )
 *
 * // Starts the operation, waits for it, and returns its typed response:
 * const program = Effect.gen(function*() {
 *   const policy = yield* CreateAccessPolicy.execute(request, { timeout: "5 minutes", onInterrupt: "cancel" })
 *   return `${policy.title} is ${policy.name}`
 * })
 *
 * const runnable = program.pipe(
 *   Effect.provide(OperationsService.layer().pipe(Layer.provide(FetchHttpClient.layer)))
 * )
 * ```
 * @example
 * ```ts
 * import * as OperationInfo from "effect-google-operations/OperationInfo"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Context from "effect/Context"
 * import * as Schema from "effect/Schema"
 *
 * // Uses a service with another tag:
 * class RunOperations extends Context.Tag("RunOperations")<RunOperations, OperationsService.Service>() {}
 *
 * const CreateService = OperationInfo.make({
 *   response: { typeName: "google.cloud.run.v2.Service", schema: Schema.Struct({ name: Schema.String }) }
 * }).using(RunOperations)
 *
 * const program = CreateService.result("projects/p/locations/l/operations/o")
 * ```
 */
export const make = <A, I, R = never, M = never, MI = never, MR = never>(options: {
  /** The response type of an operation that succeeds. */
  readonly response: MessageType<A, I, R>
  /** The metadata type. Default: metadata is not decoded. */
  readonly metadata?: MessageType<M, MI, MR> | undefined
}): OperationInfo<A, M, R | MR> => {
  const { metadata, response } = options
  const types = reader(response, metadata)
  return {
    responseType: response.typeName,
    metadataType: metadata?.typeName,
    ...methods(OperationsService.OperationsService, types),
    using: (service) => methods("key" in service ? service : Effect.succeed(service), types)
  }
}
