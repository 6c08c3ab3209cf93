/**
 * The types of a method's operations in one value: of the response and of the metadata, as the annotation
 * `google.longrunning.operation_info` of the API's proto files has them. From a request to a typed result.
 *
 * @since 0.2.0
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
import { invalidRequest } from "./internal/http/errors.js"
import { mismatch } from "./internal/parsing.js"
import { resolve, waitSettings } from "./internal/settings.js"
import type * as Operation from "./Operation.js"
import type { OperationError } from "./OperationError.js"
import { isOperationHandle, type OperationHandle } from "./OperationHandle.js"
import * as OperationsService from "./OperationsService.js"
import * as ProtobufAny from "./ProtobufAny.js"
import { ResultError } from "./ResultError.js"
import type { WaitTimeoutError } from "./WaitTimeoutError.js"

/**
 * A protobuf message by its full name and the schema of its JSON form.
 *
 * `typeName` is what stands after the last `/` of `"@type"`, package included. The proto files may abbreviate it in
 * `operation_info`: `"AccessPolicy"` there is `google.identity.accesscontextmanager.v1.AccessPolicy` here.
 *
 * @since 0.2.0
 * @category models
 */
export interface MessageType<A, I = A, R = never> {
  /** The full name, such as `google.identity.accesscontextmanager.v1.AccessPolicy`. */
  readonly typeName: string
  /**
   * Decodes the message's fields, or the `value` of a well-known type. Fields that it does not name are ignored. The services
   * that it needs become requirements of the methods that decode.
   */
  readonly schema: Schema.Schema<A, I, R>
}

/**
 * A pending operation, with its metadata decoded.
 *
 * @since 0.2.0
 * @category models
 */
export interface TypedPending<out M> {
  readonly _tag: "Pending"
  /** The operation as it came. */
  readonly operation: Operation.Pending
  /** None if there is no metadata or if it is not of the expected type. The raw metadata is in `operation.metadata`. */
  readonly metadata: Option.Option<M>
}

/**
 * An operation that has succeeded, with its result and its metadata decoded.
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
  /** None if there is no metadata or if it is not of the expected type. The raw metadata is in `operation.metadata`. */
  readonly metadata: Option.Option<M>
}

/**
 * What `onUpdate` is told: a state of the operation, pending, succeeded or failed, with its metadata decoded. The result is not
 * in it: the call itself returns the result, or fails.
 *
 * @since 0.4.0
 * @category models
 */
export interface TypedUpdate<out M> {
  /** The operation as it came. Its `_tag` tells the states apart. */
  readonly operation: Operation.Operation
  /** None if there is no metadata or if it is not of the expected type. The raw metadata is in `operation.metadata`. */
  readonly metadata: Option.Option<M>
}

/**
 * What refers to an operation: whatever the service accepts (a name, a URL, an operation, a handle), or a typed state.
 *
 * @since 0.4.0
 * @category models
 */
export type Waitable = OperationsService.Waitable | TypedPending<unknown> | TypedSucceeded<unknown, unknown>

/**
 * The options of a wait: those of `OperationsService`, with typed updates.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitOptions<in M> extends Omit<OperationsService.WaitOptions, "onUpdate"> {
  /**
   * Runs for every state of the operation that differs from the one before: the state that is known at the beginning, each
   * pending state that a poll reads, and the final state. The wait continues when the effect has ended.
   */
  readonly onUpdate?: ((update: TypedUpdate<M>) => Effect.Effect<void>) | undefined
}

/**
 * How to follow an operation.
 *
 * @since 0.4.0
 * @category models
 */
export interface UpdatesOptions<in M> extends WaitOptions<M>, Pick<OperationsService.UpdatesOptions, "emitUnchanged"> {}

/**
 * How the wait for one of many operations has ended.
 *
 * @since 0.4.0
 * @category models
 */
export interface TypedOutcome<out W extends Waitable, out A, out M> {
  /** What was waited for, as it was given. */
  readonly operation: W
  /** The operation with its result, or why there is none. */
  readonly result: Either.Either<
    TypedSucceeded<A, M>,
    OperationError | HttpError.HttpError | WaitTimeoutError | ResultError
  >
}

/**
 * The methods of a service, typed by a response `A` and metadata `M`. The schemas need `R`, the methods need `S` for the
 * service.
 *
 * Each takes what the service's method of the same name takes, and fails as that one does, or with `ResultError`. A handle that
 * was made for another response type is refused with `InvalidRequest`.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods<out A, out M, out R = never, out S = OperationsService.OperationsService> {
  /**
   * Starts an operation, waits until it is done, and returns its result.
   *
   * The options are checked before the request is sent. An interruption stops the start or the wait; `onInterrupt: "cancel"`
   * cancels the operation in both cases. With `"detach"`, the default, the operation keeps running and its name is logged as a
   * warning.
   *
   * An error that comes after the start names the operation: an `OperationError`, a `ResultError` and a `WaitTimeoutError`
   * always do, and an `HttpError` has it as `operationName`. An `HttpError` without an `operationName` is the error of the start
   * itself.
   *
   * @since 0.4.0
   */
  readonly execute: (
    request: HttpClientRequest.HttpClientRequest,
    options?: WaitOptions<M>
  ) => Effect.Effect<A, OperationError | HttpError.HttpError | WaitTimeoutError | ResultError, R | S>

  /**
   * Starts an operation. The other methods take what it returns.
   *
   * @since 0.4.0
   */
  readonly start: (
    request: HttpClientRequest.HttpClientRequest,
    options?: {
      /** What happens to the operation if its start is interrupted: it keeps running (`"detach"`, the default), or it is cancelled. */
      readonly onInterrupt?: "detach" | "cancel" | undefined
    }
  ) => Effect.Effect<TypedPending<M> | TypedSucceeded<A, M>, OperationError | HttpError.HttpError | ResultError, R | S>

  /** Reads the latest state of an operation with one request. */
  readonly get: (
    operation: Waitable,
    options?: {
      /** The error format to ask for. Default: the service's. */
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

  /** Waits until an operation is done, and returns its result alone. */
  readonly result: (
    operation: Waitable,
    options?: WaitOptions<M>
  ) => Effect.Effect<A, OperationError | HttpError.HttpError | WaitTimeoutError | ResultError, R | S>

  /**
   * Follows an operation: its state at once, then each state that differs from the one before. The last element has the result.
   * If the result does not decode, the stream fails with `ResultError` instead.
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
   * Waits for any number of operations and returns how each has ended, as it ends. A failure is an outcome; the stream itself
   * does not fail.
   *
   * @since 0.4.0
   */
  readonly waitAll: <W extends Waitable>(
    operations: Iterable<W> & object,
    options?: WaitOptions<M>
  ) => Stream.Stream<TypedOutcome<W, A, M>, never, R | S>

  /**
   * Makes the handle of an operation, with the types of this info: an info for another response type refuses it.
   *
   * @since 0.4.0
   */
  readonly handle: (
    operation: Waitable,
    options?: {
      /** How long all waits for the operation may take together, from now on. Default: no limit. */
      readonly timeout?: Duration.DurationInput | undefined
    }
  ) => Effect.Effect<OperationHandle, HttpError.HttpError, S>

  /**
   * Asks the server to cancel an operation. Wait for the operation to see whether it was cancelled.
   *
   * @since 0.4.0
   */
  readonly cancel: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError, S>
}

/**
 * A method's response `A` and metadata `M`, whose schemas need `R`, and the methods of `OperationsService` typed by them.
 * Without metadata `M` is `never`.
 *
 * @since 0.2.0
 * @category models
 */
export interface OperationInfo<out A, out M = never, out R = never>
  extends Methods<A, M, R, OperationsService.OperationsService>
{
  /** The full name of the response's type. */
  readonly responseType: string
  /** The full name of the metadata's type. */
  readonly metadataType?: string | undefined
  /**
   * The same methods for another service than that of the tag `OperationsService`: one under a tag of your own, or one that is
   * at hand. The methods need that tag, or no service.
   *
   * @since 0.4.0
   */
  readonly using: <I = never>(
    service: OperationsService.Service | Context.Tag<I, OperationsService.Service>
  ) => Methods<A, M, R, I>
}

const emptyTypeName = "google.protobuf.Empty"

/**
 * The response of a method that returns nothing: `google.protobuf.Empty`. Its result is `void`.
 *
 * An operation without a response succeeds, as does one with an `Empty`. A message of another type is a `ResultError` here, too.
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

// `unpack` checks the type. The rest is an Effect, because a schema may be asynchronous or need services.
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

// How the operations of a method are read.
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

  // Metadata never costs the result, not even if its decoder throws.
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

// What the service is asked about. A handle says for which response type it was made.
const target = (
  responseType: string,
  operation: Waitable
): Either.Either<OperationsService.Waitable, HttpError.HttpError> => {
  if (typeof operation === "object" && operation !== null && "operation" in operation) {
    return Either.right(operation.operation)
  }
  return isOperationHandle(operation) && operation.responseType !== undefined && operation.responseType !== responseType
    ? Either.left(invalidRequest(
      `the handle of ${operation.name} is for a response of type ${operation.responseType}, and this OperationInfo is for ` +
        `${responseType}; read it with the info that it was made with`
    ))
    : Either.right(operation)
}

// An error that comes after the start names the operation, because the caller knows it from nothing else.
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
  // The service, and what it is asked about.
  const ask = <B, E, R2>(
    operation: Waitable,
    use: (service: OperationsService.Service, operation: OperationsService.Waitable) => Effect.Effect<B, E, R2>
  ): Effect.Effect<B, E | HttpError.HttpError, R2 | S> =>
    Effect.flatMap(
      tag,
      (service) => Effect.flatMap(target(responseType, operation), (operation) => use(service, operation))
    )

  // The options of the service. Its `onUpdate` needs nothing, so the schemas use the services of the call.
  const untyped = <O extends WaitOptions<M>>(options: O | undefined) =>
    Effect.contextWith((context: Context.Context<R>) => {
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
          // An operation that has failed at once has no wait that would tell its state.
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
        for (const operation of operations) {
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
        (service, operation) => service.handle(operation, { timeout: options?.timeout, responseType, metadataType })
      ),

    cancel: (operation) => ask(operation, (service, operation) => service.cancel(operation))
  }
}

/**
 * Makes the info of a method: from a request to a typed result, and every other way to read the method's operations.
 *
 * Make it once for each method of the API. Its methods need `OperationsService`; `info.using` is for another service.
 *
 * **Details**
 *
 * - The response must be of the type `response.typeName` and decode with `response.schema`. If it does not, or if there is
 *   none, the error is a `ResultError` that has the raw response. For methods that return nothing use {@link empty}.
 * - Metadata never costs a result: if it is missing, of another type or does not decode, it is `Option.none()`.
 * - A failed operation is an `OperationError`, as without an info.
 * - A handle that was made for another response type is refused: `HttpError` with `reason: "InvalidRequest"`. A handle
 *   without a type is accepted.
 * - Services that the schemas need become requirements of the methods that decode.
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
 * // For the service of a tag of your own:
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
  /** The response of an operation that succeeds. */
  readonly response: MessageType<A, I, R>
  /** The metadata of an operation. Default: nothing is decoded. */
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
