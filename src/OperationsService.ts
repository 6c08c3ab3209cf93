/**
 * A client for the long-running operations of one API. It starts, reads, awaits, lists, cancels and deletes operations.
 *
 * @since 0.1.0
 * @module
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Credentials from "./Credentials.js"
import type * as GoogleApi from "./GoogleApi.js"
import type * as HttpError from "./HttpError.js"
import { httpClientTransport } from "./internal/http/httpClientTransport.js"
// oxlint-disable-next-line import/no-cycle -- a cycle of types only: the service's methods implement the interface below
import { makeService } from "./internal/service.js"
import { checkedOptions, withApiOf } from "./internal/settings.js"
import type * as Operation from "./Operation.js"
import type * as OperationError from "./OperationError.js"
import type * as OperationHandle from "./OperationHandle.js"
import type * as WaitTimeoutError from "./WaitTimeoutError.js"

/**
 * Options for a service. All of them are optional. By default, the service calls Access Context Manager without
 * credentials.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The API that the service calls. Default: `GoogleApi.accessContextManager`. */
  readonly api?: GoogleApi.GoogleApi | undefined
  /** The credentials for all requests. Default: `Credentials.anonymous`. */
  readonly credentials?: Credentials.Credentials | undefined
  /**
   * The error format to request, `$.xgafv`. Responses in both formats are decoded. Default: not sent, so the server
   * uses format 2.
   */
  readonly xgafv?: "1" | "2" | undefined
  /** The project to which quota and billing are charged, sent as `x-goog-user-project`. */
  readonly quotaProject?: string | undefined
  /**
   * The time limit for one request, from the request for credentials to the end of the response body. Default: 30
   * seconds.
   */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** The maximum size of a response body, in bytes after decompression. Default: 4,194,304. */
  readonly maxBodySize?: number | undefined
  /** The `schedule` for waits that do not set their own. Default: `Polling.defaultSchedule`. */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /** The `retrySchedule` for waits that do not set their own. Default: `Polling.retrySchedule`. */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /** The `isTransient` function for waits that do not set their own. Default: the `isTransient` field of the error. */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /** The maximum delay that a server can request (`Retry-After`, RFC 9110; `RetryInfo`). Default: 5 minutes. */
  readonly maxServerDelay?: Duration.DurationInput | undefined
  /**
   * The limit on all requests from the service. Requests that exceed the limit are queued in order of arrival. Default:
   * no limit.
   */
  readonly requestBudget?:
    | {
      /** The maximum number of requests that start per second. The starts are spread evenly. */
      readonly perSecond?: number | undefined
      /** The maximum number of requests in flight. */
      readonly concurrent?: number | undefined
    }
    | undefined
}

/**
 * A reference to an operation: its name, its URL at the API's origin (such as a `selfLink`), one of its states, or a
 * handle.
 *
 * @since 0.2.0
 * @category models
 */
export type Waitable = string | Operation.Operation | OperationHandle.OperationHandle

/**
 * Options for one wait. They override the service's defaults.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions {
  /**
   * The schedule that determines the delays between polls. Its input is the latest operation state. If the schedule
   * ends, the wait fails with `WaitTimeoutError`.
   */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /**
   * The schedule that determines the delays after transient failures. It restarts after each successful poll. If the
   * schedule ends, the wait fails with the most recent `HttpError`.
   */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /**
   * Decides whether a failure is transient. After a transient failure, the wait polls again with the delays from
   * `retrySchedule`. Any other failure ends the wait. Set this option for an eventually consistent API, for example to
   * `(error) => error.isTransient || error.code === "PERMISSION_DENIED"`. Default: the `isTransient` field of the
   * error.
   */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /**
   * Runs for each state of the operation that differs from the previous one. These states can be the state that was
   * passed to the call, pending states that polls read, and the final state. The wait continues after the effect
   * completes.
   */
  readonly onUpdate?: ((operation: Operation.Operation) => Effect.Effect<void>) | undefined
  /**
   * The maximum duration of the wait. At the deadline, the wait fails with `WaitTimeoutError`, even if a poll is in
   * flight. The final delay is shortened so that the final poll starts before the deadline, by 1 second or by a tenth
   * of the timeout, whichever is shorter. Default: the deadline of the handle if the argument is a handle with a
   * deadline, otherwise no limit.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * What happens to the operation if the wait is interrupted. With `"detach"`, the default, the operation keeps
   * running. With `"cancel"`, the server is asked once to cancel the operation, after all waits for the operation have
   * ended. The cancel request takes at most 5 seconds.
   */
  readonly onInterrupt?: "detach" | "cancel" | undefined
  /**
   * What happens to the operation if the wait times out. With `"detach"`, the default, the operation keeps running.
   * With `"cancel"`, the server is asked to cancel the operation. The wait fails with `WaitTimeoutError` in both cases.
   */
  readonly onTimeout?: "detach" | "cancel" | undefined
}

/**
 * Options for `updates`.
 *
 * @since 0.2.0
 * @category models
 */
export interface UpdatesOptions extends WaitOptions {
  /** Whether the stream also emits states that have not changed since the previous poll. Default: false. */
  readonly emitUnchanged?: boolean | undefined
}

/**
 * Options for `waitAll`.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitAllOptions extends WaitOptions {
  /**
   * How the operations are polled. With `"get"`, each operation is read by a separate request. With `"list"`, all
   * awaited operations in a collection are read together, by listing the collection page by page. Use `"list"` for
   * hundreds of operations or more if the quota for read requests is too small for separate requests. With `"list"`,
   * polling 10,000 operations once takes about ten requests instead of 10,000.
   *
   * An operation that is missing from the list is read by a separate request. If the API cannot list operations,
   * rejects the list request, or needs more than one page for every ten operations, all operations are read by separate
   * requests. Default: `"get"`.
   */
  readonly by?: "get" | "list" | undefined
  /**
   * Whether each poll request is traced with a span, and whether the span of the `waitAll` call records an event for
   * each operation state change. Enable this option only for small numbers of operations, because it creates one span
   * per poll. Default: false.
   */
  readonly tracePolls?: boolean | undefined
}

/**
 * Options for `list` and `listPages`.
 *
 * @since 0.2.0
 * @category models
 */
export interface ListOptions {
  /**
   * The collection, as a relative resource name. Default: `operations`. Some APIs use collections such as
   * `projects/p/locations/l/operations`.
   */
  readonly collection?: string | undefined
  /** A filter in the API's syntax (AIP-160). */
  readonly filter?: string | undefined
  /** The maximum number of operations per page. Default: chosen by the server. */
  readonly pageSize?: number | undefined
  /** The `nextPageToken` of the previous page. Default: the first page. */
  readonly pageToken?: string | undefined
  /**
   * Whether the server returns a partial list if part of the collection is unreachable (AIP-217). Few APIs support this
   * parameter.
   */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * One page of an operation list.
 *
 * @since 0.2.0
 * @category models
 */
export interface Page {
  /** The operations on the page. Any page may be empty (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** The token for requesting the next page. Empty on the final page. */
  readonly nextPageToken: string
  /**
   * The resource names of the unreachable parts of the collection. Empty unless `returnPartialSuccess` was requested.
   */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * The outcome of waiting for one of many operations.
 *
 * @since 0.2.0
 * @category models
 */
export interface Outcome<W extends Waitable = Waitable> {
  /** The value that was passed to `waitAll`. */
  readonly operation: W
  /** The operation in its `Succeeded` state, or the error that ended the wait. */
  readonly result: Either.Either<
    Operation.Succeeded,
    OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
  >
}

/**
 * The methods for starting and managing the operations of one API.
 *
 * Source: `google/longrunning/operations.proto`; AIP-151.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Reads the latest state of an operation with one request.
   *
   * Returns the operation if it is pending or has succeeded. Fails with `OperationError` if the operation has failed,
   * and with `HttpError` if its state cannot be read. The request is retried once if the server rejects it with 401 and
   * the credentials can be refreshed, or if a reused connection closes before the first byte of the response arrives.
   * Interruption aborts the request.
   *
   * The `xgafv` option requests an error format. It is named `x__xgafv` in Google's Python client and `$.xgafv` in the
   * request URL.
   */
  readonly get: (
    operation: Waitable,
    options?: {
      /** The error format to request. Default: the service's `xgafv` option. */
      readonly xgafv?: "1" | "2" | undefined
    }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * Waits until an operation is done, and returns it.
   *
   * If the argument is a name, `wait` polls immediately. If the argument is a pending operation, `wait` polls after the
   * first delay in the schedule. If the argument is an operation that is already done, no request is sent. Transient
   * failures do not end the wait. `Retry-After` and `RetryInfo` can lengthen the next delay. Fails with
   * `OperationError` if the operation fails, with `WaitTimeoutError` if the timeout passes or the schedule ends, and
   * with `HttpError` if the operation state cannot be read.
   *
   * Concurrent `wait` calls for the same operation share polls. At most one request per operation is in flight, and
   * when the operation reaches a final state, all of these calls complete. If the API supports `:wait` and
   * `requestBudget.concurrent` is not set, polls use `:wait`, and the server delays its response until the operation is
   * done or a time limit has passed.
   *
   * An operation that was just started may not be visible yet. NOT_FOUND is therefore treated as transient for 30
   * seconds: from the start of the wait if the argument is an operation object, or from the creation of the handle if
   * the argument is a handle. If the argument is a name, NOT_FOUND is not transient.
   *
   * Interruption aborts the request in flight. The `onInterrupt` option determines what happens to the operation.
   *
   * @example
   * ```ts
   * import * as OperationsService from "effect-google-operations/OperationsService"
   * import * as Effect from "effect/Effect"
   *
   * const program = Effect.gen(function*() {
   *   const operations = yield* OperationsService.OperationsService
   *   const operation = yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", {
   *     timeout: "10 minutes",
   *     onTimeout: "cancel"
   *   })
   *   return operation.response
   * })
   * ```
   */
  readonly wait: (
    operation: Waitable,
    options?: WaitOptions
  ) => Effect.Effect<
    Operation.Succeeded,
    OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
  >

  /**
   * Emits the states of an operation: first the current state, then each state that differs from the previous one. If
   * the operation succeeds, the final element is the operation in its `Succeeded` state. Fails with the same errors as
   * {@link Service.wait}.
   *
   * Polls use the same schedules as {@link Service.wait}. No poll is sent until the consumer requests the next state.
   *
   * @example
   * ```ts
   * import * as OperationsService from "effect-google-operations/OperationsService"
   * import * as Effect from "effect/Effect"
   * import * as Stream from "effect/Stream"
   *
   * const program = Effect.gen(function*() {
   *   const operations = yield* OperationsService.OperationsService
   *   yield* operations.updates("operations/accessPolicies/1/create/1700000000000001").pipe(
   *     Stream.runForEach((operation) => Effect.log(operation._tag, operation.metadata))
   *   )
   * })
   * ```
   */
  readonly updates: (
    operation: Waitable,
    options?: UpdatesOptions
  ) => Stream.Stream<
    Operation.Pending | Operation.Succeeded,
    OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
  >

  /**
   * Waits for any number of operations, and emits the outcome of each operation as soon as its wait ends. A failed wait
   * is also emitted as an outcome, so the stream itself does not fail.
   *
   * `waitAll` does not create a fiber or a timer for each operation. At most `requestBudget.concurrent` polls are in
   * flight, or 64 if this option is not set. The poll that has been due the longest is sent first.
   *
   * With `by: "list"`, the operations in a collection are polled in rounds. Each round lists the collection in pages of
   * up to 1,000 operations. A round starts when a poll is due, and includes every operation whose delay before its next
   * poll is at least half over. The round ends when it has found all of these operations, or when it has read one page
   * for every ten of them. If a round does not find an operation, a separate request reads this operation. After the
   * first such miss, the operation's next poll also uses a separate request. After further misses in a row, the next 3,
   * 7, 15 and then 31 polls do. If a page cannot be read, all waits in the round record a transient failure. After
   * three such failures in a row, these waits also use separate requests.
   *
   * @example
   * ```ts
   * import * as OperationsService from "effect-google-operations/OperationsService"
   * import * as Effect from "effect/Effect"
   * import * as Either from "effect/Either"
   * import * as Stream from "effect/Stream"
   *
   * const waitForAll = (names: ReadonlyArray<string>) =>
   *   Effect.gen(function*() {
   *     const operations = yield* OperationsService.OperationsService
   *     yield* operations.waitAll(names, { timeout: "1 hour" }).pipe(
   *       Stream.runForEach(({ operation, result }) =>
   *         Either.isRight(result) ? Effect.log(`${operation} is done`) : Effect.logError(result.left.message)
   *       )
   *     )
   *   })
   * ```
   */
  readonly waitAll: <W extends Waitable>(
    operations: Iterable<W> & object,
    options?: WaitAllOptions
  ) => Stream.Stream<Outcome<W>>

  /**
   * Lists the operations in a collection, page by page. Fails with `HttpError` (`reason: "Decode"`) if the server
   * repeats a page token.
   */
  readonly list: (options?: ListOptions) => Stream.Stream<Operation.Operation, HttpError.HttpError>

  /**
   * Lists a collection and emits each page. The `unreachable` field of a page contains the unreachable parts of the
   * collection. In contrast, `list` only logs these parts as a warning.
   */
  readonly listPages: (options?: ListOptions) => Stream.Stream<Page, HttpError.HttpError>

  /**
   * Asks the server to cancel an operation. The server may cancel the operation later or not at all. To find out, wait
   * for the operation: waiting for a cancelled operation fails with an `OperationError` whose code is `CANCELLED`.
   * `cancel` fails with `InvalidRequest` if the API description has no cancel method, and with `UNIMPLEMENTED` if the
   * server does not implement the method.
   */
  readonly cancel: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /**
   * Tells the server that the client no longer needs the operation's result. Deleting an operation does not cancel it.
   */
  readonly delete: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /**
   * Sends a request that starts an operation, with the service's credentials, limits and error handling, and returns
   * the operation. The request URL is absolute, or a path such as `/v1/accessPolicies`.
   *
   * Once the request is sent, it cannot be interrupted, because the operation name would be lost. An interruption takes
   * effect when the response arrives, or after `requestTimeout`. The operation name in the response is then logged as a
   * warning. With `onInterrupt: "cancel"`, the server is also asked to cancel the operation.
   *
   * The request is retried only if the server rejects it with 401 and the credentials can be refreshed. After any other
   * failure, the client cannot know whether an operation was started.
   *
   * @example
   * ```ts
   * import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
   * import * as OperationsService from "effect-google-operations/OperationsService"
   * import * as Effect from "effect/Effect"
   *
   * const program = Effect.gen(function*() {
   *   const operations = yield* OperationsService.OperationsService
   *   const operation = yield* operations.start(
   *     HttpClientRequest.post("/v1/accessPolicies").pipe(
   *       HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
   *     )
   *   )
   *   return yield* operations.wait(operation)
   * })
   * ```
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
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * Makes a handle for an operation: a small value that can be encoded as JSON and that another process can use to
   * wait. All waits that use the handle have the same deadline. The handle also contains the ids of the current span.
   * The spans of calls that use the handle link to this span.
   */
  readonly handle: (
    operation: Waitable,
    options?: {
      /** The time from now to the deadline. Default: no deadline. */
      readonly timeout?: Duration.DurationInput | undefined
      /** The full name of the response type, such as `google.identity.accesscontextmanager.v1.AccessPolicy`. */
      readonly responseType?: string | undefined
      /** The full name of the metadata type. */
      readonly metadataType?: string | undefined
    }
  ) => Effect.Effect<OperationHandle.OperationHandle, HttpError.HttpError>

  /**
   * Closes the service. Later calls, and any waits and requests in progress, fail with `HttpError`
   * (`reason: "Closed"`). The service is also closed when its scope ends.
   *
   * `close` can be called any number of times. Each call returns when the service is closed. Closing takes a limited
   * amount of time and cannot be interrupted.
   */
  readonly close: Effect.Effect<void>
}

/**
 * The service for a program that uses one API. {@link Service} describes its methods. For several APIs, see
 * {@link Tag}.
 *
 * @since 0.1.0
 * @category tags
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.get("operations/accessPolicies/1/create/1700000000000001")
 * })
 *
 * const runnable = program.pipe(
 *   Effect.provide(OperationsService.layer().pipe(Layer.provide(FetchHttpClient.layer)))
 * )
 * ```
 */
export class OperationsService extends Context.Tag("effect-google-operations/OperationsService")<
  OperationsService,
  Service
>() {}

/**
 * A tag class for the service of one API. Its identifier type is `Self`.
 *
 * @since 0.4.0
 * @category tags
 */
export interface TagClass<Self, Id extends string> extends Context.TagClass<Self, `${Id}@${string}`, Service> {
  /** The API that the service is for. */
  readonly api: GoogleApi.GoogleApi
}

/**
 * Makes a tag class for the service of one API. Use this function in a program that calls more than one API.
 *
 * The tag belongs to one API, and {@link layerFor} makes the service for that API. Because each API has its own tag,
 * the compiler reports each service that is not provided. Do not merge two {@link OperationsService} layers for
 * different APIs: the program would compile, but the second layer would provide the service for both APIs. If an
 * operation name does not match the API's pattern, the call fails before a request is sent.
 *
 * The tag key consists of `id`, the base URL and the version, so tags for different APIs differ even if the same `id`
 * was used by mistake.
 *
 * @since 0.4.0
 * @category tags
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * class PolicyOperations
 *   extends OperationsService.Tag("PolicyOperations")<PolicyOperations>(GoogleApi.accessContextManager)
 * {}
 *
 * class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
 *
 * const program = Effect.gen(function*() {
 *   const policies = yield* PolicyOperations
 *   const compute = yield* ComputeOperations
 *   yield* policies.wait("operations/accessPolicies/1/create/1700000000000001")
 *   yield* compute.wait("projects/p/zones/us-central1-a/operations/operation-1")
 * })
 *
 * const layer = Layer.merge(
 *   OperationsService.layerFor(PolicyOperations),
 *   OperationsService.layerFor(ComputeOperations, { quotaProject: "my-project" })
 * ).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * const runnable = Effect.provide(program, layer)
 * ```
 */
export const Tag = <const Id extends string>(id: Id) => <Self>(api: GoogleApi.GoogleApi): TagClass<Self, Id> => {
  const key: `${Id}@${string}` = `${id}@${api.baseUrl}/${api.version}`
  return Object.assign(Context.Tag(key)<Self, Service>(), { api })
}

/**
 * Makes a service that uses the `HttpClient` in the context. The service is open until its scope ends. Closing the
 * service aborts its requests. The connections stay open, because they belong to the `HttpClient`.
 *
 * In a Cloudflare Worker, a service works only during the Worker request that first calls the service. Make a service
 * for each Worker request.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.make({ requestTimeout: "10 seconds" })
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(Effect.context<HttpClient.HttpClient>(), (context) =>
    makeService(
      httpClientTransport(Context.get(context, HttpClient.HttpClient), context as Context.Context<never>),
      options
    ))

/**
 * Provides an {@link OperationsService} that uses any `HttpClient`. The service is closed when the layer's scope ends.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * const layer = OperationsService.layer({ quotaProject: "my-project", requestTimeout: "10 seconds" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsService, never, HttpClient.HttpClient> =>
  Layer.scoped(OperationsService, make(options))

/**
 * Options for a service whose tag determines its API.
 *
 * @since 0.4.0
 * @category models
 */
export interface TagOptions extends Omit<Options, "api"> {
  /**
   * A different base URL for the API, such as a regional endpoint or an emulator. Default: the base URL of the tag's
   * API.
   */
  readonly baseUrl?: string | undefined
}

/**
 * Provides the service for a tag made by {@link Tag}. The service uses any `HttpClient`. The service is closed when the
 * layer's scope ends.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
 *
 * const layer = OperationsService.layerFor(ComputeOperations, { requestTimeout: "10 seconds" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layerFor = <Self, Id extends string>(
  tag: TagClass<Self, Id>,
  options: TagOptions = {}
): Layer.Layer<Self, never, HttpClient.HttpClient> => Layer.scoped(tag, make(withApiOf(tag, options)))

/**
 * Provides the same service as {@link layer}, with options from configuration. Pass one `Config` for all options, or a
 * record with a `Config` for each option.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Config from "effect/Config"
 *
 * const layer = OperationsService.layerConfig({
 *   credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken),
 *   quotaProject: Config.string("GOOGLE_CLOUD_QUOTA_PROJECT")
 * })
 * ```
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<OperationsService, ConfigError, HttpClient.HttpClient> =>
  Layer.scoped(
    OperationsService,
    Effect.flatMap(Effect.flatMap(Effect.suspend(() => Config.unwrap(config)), checkedOptions), make)
  )
