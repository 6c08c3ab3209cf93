/**
 * A client of the long-running operations of one API: reads, awaits, lists, cancels and deletes operations.
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
// oxlint-disable-next-line import/no-cycle -- of types alone: the methods of the service implement the interface below
import { makeService } from "./internal/service.js"
import { checkedOptions, withApiOf } from "./internal/settings.js"
import type * as Operation from "./Operation.js"
import type * as OperationError from "./OperationError.js"
import type * as OperationHandle from "./OperationHandle.js"
import type * as WaitTimeoutError from "./WaitTimeoutError.js"

/**
 * The options of a service. All options are optional. The default is Access Context Manager without credentials.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The API. Default: `GoogleApi.accessContextManager`. */
  readonly api?: GoogleApi.GoogleApi | undefined
  /** The credentials for all requests. Default: `Credentials.anonymous`. */
  readonly credentials?: Credentials.Credentials | undefined
  /** The error format to request, `$.xgafv`. Both formats are decoded. Default: the server's choice (format 2). */
  readonly xgafv?: "1" | "2" | undefined
  /** The project that quota and billing are charged to, sent as `x-goog-user-project`. */
  readonly quotaProject?: string | undefined
  /** The time limit of one request, from its credentials to the end of the response body. Default: 30 seconds. */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** The largest response body that is read, in bytes after decompression. Default: 4,194,304. */
  readonly maxBodySize?: number | undefined
  /** The `schedule` of waits that do not set one. Default: `Polling.defaultSchedule`. */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /** The `retrySchedule` of waits that do not set one. Default: `Polling.retrySchedule`. */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /** The `isTransient` of waits that do not set one. Default: the error's own `isTransient`. */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /** The longest delay that a server can ask for (`Retry-After`, RFC 9110; `RetryInfo`). Default: 5 minutes. */
  readonly maxServerDelay?: Duration.DurationInput | undefined
  /**
   * The limit on all requests of the service. Requests above the limit are queued in their order of arrival. Default:
   * no limit.
   */
  readonly requestBudget?:
    | {
      /** How many requests may start in a second. The starts are spread evenly. */
      readonly perSecond?: number | undefined
      /** How many requests may be in flight. */
      readonly concurrent?: number | undefined
    }
    | undefined
}

/**
 * A reference to an operation: its name, its URL at the origin of the API (such as a `selfLink`), one of its states, or
 * a handle.
 *
 * @since 0.2.0
 * @category models
 */
export type Waitable = string | Operation.Operation | OperationHandle.OperationHandle

/**
 * The options of one wait. They override the defaults of the service.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions {
  /**
   * The schedule of the delays between polls. Its input is the latest state. If it ends, the wait fails with
   * `WaitTimeoutError`.
   */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /**
   * The schedule of the delays after transient failures. It starts again after every success. If it ends, the wait
   * fails with the last `HttpError`.
   */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /**
   * Decides whether a failure is transient. After a transient failure the wait polls again with the delays of
   * `retrySchedule`. After any other failure the wait fails. Use it for an API that is eventually consistent, for
   * example `(error) => error.isTransient || error.code === "PERMISSION_DENIED"`. Default: the error's own
   * `isTransient`.
   */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /**
   * Runs for every state of the operation that differs from the last one: the state that was passed to the call, each
   * pending state that a poll reads, and the final state. The wait continues when the effect is done.
   */
  readonly onUpdate?: ((operation: Operation.Operation) => Effect.Effect<void>) | undefined
  /**
   * The longest time to wait. At the deadline the wait fails with `WaitTimeoutError`, even if a poll is in flight. The
   * last delay is shortened: the last poll starts 1 second or a tenth of the timeout before the deadline, whichever is
   * shorter. Default: no limit, or the deadline of a handle.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * What happens to the operation if the wait is interrupted. With `"detach"`, the default, the operation keeps
   * running. With `"cancel"`, the server is asked once to cancel the operation, when the last wait for the operation
   * has ended. The request takes at most 5 seconds.
   */
  readonly onInterrupt?: "detach" | "cancel" | undefined
  /** What happens to the operation if the wait times out. In both cases the wait fails with `WaitTimeoutError`. */
  readonly onTimeout?: "detach" | "cancel" | undefined
}

/**
 * The options of `updates`.
 *
 * @since 0.2.0
 * @category models
 */
export interface UpdatesOptions extends WaitOptions {
  /** Whether the stream also emits states that have not changed since the last poll. Default: false. */
  readonly emitUnchanged?: boolean | undefined
}

/**
 * The options of `waitAll`.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitAllOptions extends WaitOptions {
  /**
   * How the operations are polled. With `"get"`, each operation is read by a separate request. With `"list"`, the
   * operations of a collection are read together, by pages of the collection's list. Use `"list"` for hundreds of
   * operations or more if the quota for read requests is the limit. A round for 10,000 operations takes about ten
   * requests instead of 10,000.
   *
   * An operation that is not in the list is read by a separate request. If the API has no list, refuses the list, or
   * needs more than one page for every ten operations, all operations are read by separate requests. Default: `"get"`.
   */
  readonly by?: "get" | "list" | undefined
  /**
   * Whether each request of the waits has a span, and whether the span of the call has an event for each change of an
   * operation's state. Use it only for a few operations, because it makes a span for each poll. Default: false.
   */
  readonly tracePolls?: boolean | undefined
}

/**
 * The options of `list` and `listPages`.
 *
 * @since 0.2.0
 * @category models
 */
export interface ListOptions {
  /** The collection, as a relative resource name. Default: `operations`. Some APIs have `projects/p/locations/l/operations`. */
  readonly collection?: string | undefined
  /** A filter, in the syntax of the API (AIP-160). */
  readonly filter?: string | undefined
  /** The largest number of operations on a page. Default: the server's choice. */
  readonly pageSize?: number | undefined
  /** The `nextPageToken` of the previous page. Default: the first page. */
  readonly pageToken?: string | undefined
  /**
   * Whether the server returns a partial list if a part of the collection is unreachable (AIP-217). Few APIs support
   * this.
   */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * A page of a list.
 *
 * @since 0.2.0
 * @category models
 */
export interface Page {
  /** May be empty on any page (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** Empty on the last page. */
  readonly nextPageToken: string
  /** The resource names of the unreachable parts of the collection. Only with `returnPartialSuccess`. */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * The outcome of the wait for one of many operations.
 *
 * @since 0.2.0
 * @category models
 */
export interface Outcome<W extends Waitable = Waitable> {
  /** The value that was passed to `waitAll`. */
  readonly operation: W
  /** The succeeded operation, or the error that ended the wait. */
  readonly result: Either.Either<
    Operation.Succeeded,
    OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
  >
}

/**
 * The operations of one API.
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
   * Returns the operation, pending or succeeded. Fails with `OperationError` if the operation has failed, and with
   * `HttpError` if its state cannot be read. The request is repeated once if it is refused with 401 and the credentials
   * can be refreshed, or if a reused connection closes before the first byte of the response. Interruption aborts the
   * request.
   *
   * `xgafv` requests an error format (`x__xgafv` in Google's Python client, `$.xgafv` on the wire).
   */
  readonly get: (
    operation: Waitable,
    options?: {
      /** The error format to request. Default: the format of the service. */
      readonly xgafv?: "1" | "2" | undefined
    }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * Waits until an operation is done, and returns it.
   *
   * If the argument is a name, `wait` polls immediately. If it is a pending operation, `wait` polls after the first
   * delay of the schedule. If it is an operation that is done, no request is sent. A transient failure does not end the
   * wait. `Retry-After` and `RetryInfo` can lengthen the next delay. Fails with `OperationError` if the operation
   * fails, with `WaitTimeoutError` if the timeout passes or the schedule ends, and with `HttpError` if the state cannot
   * be read.
   *
   * Waits for the same operation share their polls. At most one request for the operation is in flight, and a final
   * state ends all of its waits. If the API has `:wait`, the server delays the response until the operation is done.
   *
   * An operation that was just started may not be visible yet. Therefore NOT_FOUND is transient in the first 30 seconds
   * of a wait for an operation object, and in the first 30 seconds after a handle was made. In a wait for a name,
   * NOT_FOUND is not transient.
   *
   * Interruption aborts the request in flight. The option `onInterrupt` decides what happens to the operation.
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
   * Emits the states of an operation: first the current state, then each state that differs from the last one. The last
   * state is the succeeded operation. Fails with the errors of {@link Service.wait}.
   *
   * The polls follow the schedules of a wait. No poll is sent until the consumer requests the next state.
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
   * Waits for any number of operations, and emits the outcome of each operation when it is known. A failed wait is an
   * outcome. The stream itself does not fail.
   *
   * A wait of `waitAll` needs no fiber and no timer. At most 64 polls are in flight, or `requestBudget.concurrent`. The
   * poll that has been due for the longest time is sent first.
   *
   * With `by: "list"`, the operations of a collection are polled in rounds, by pages of up to 1,000 operations of the
   * collection's list. A round starts when a poll is due, and includes the polls that have waited for at least half of
   * their delay. The round ends when all of its operations are found. It reads at most one page for every ten
   * operations. An operation that a round does not find is read by a separate request in this round and for its next 1,
   * 3, 7, 15 and then 31 polls. If a page cannot be read, this is a transient failure of the waits in the round. After
   * three such failures in a row, the waits also use separate requests.
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
   * Lists the operations of a collection, page by page. Fails with `Decode` if the server repeats a page token.
   */
  readonly list: (options?: ListOptions) => Stream.Stream<Operation.Operation, HttpError.HttpError>

  /**
   * Lists the pages of a collection. The field `unreachable` of a page contains the unreachable parts. `list` only logs
   * them as a warning.
   */
  readonly listPages: (options?: ListOptions) => Stream.Stream<Page, HttpError.HttpError>

  /**
   * Asks the server to cancel an operation. The server may cancel it later or not at all. To find out, wait for the
   * operation: a cancelled operation fails with `CANCELLED`. Fails with `UNIMPLEMENTED` if the API has no such method.
   */
  readonly cancel: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /** Tells the server that the client no longer needs the result. This does not cancel the operation. */
  readonly delete: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /**
   * Sends a request that starts an operation, with the credentials, limits and error handling of the service, and returns the
   * operation. The URL of the request is absolute, or a path such as `/v1/accessPolicies`.
   *
   * Once the request is sent, it cannot be interrupted, because the name of the operation would be lost. An
   * interruption takes effect when there is a response, or after `requestTimeout`. The name of the operation is then
   * logged as a warning. With `onInterrupt: "cancel"`, the server is also asked to cancel the operation.
   *
   * The request is repeated only if it is refused with 401 and the credentials can be refreshed. After any other
   * failure, only the API can tell whether an operation was started.
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
      /** What happens to the operation if its start is interrupted. With `"detach"`, the default, it keeps running. */
      readonly onInterrupt?: "detach" | "cancel" | undefined
    }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * Makes the handle of an operation: a small JSON value with which another process can wait. All waits with the handle
   * have the same deadline. The handle contains the ids of the current span. The spans of calls with the handle link to
   * this span.
   */
  readonly handle: (
    operation: Waitable,
    options?: {
      /** The time from now to the deadline. Default: no deadline. */
      readonly timeout?: Duration.DurationInput | undefined
      /** The full name of the response's type, such as `google.identity.accesscontextmanager.v1.AccessPolicy`. */
      readonly responseType?: string | undefined
      /** The full name of the metadata's type. */
      readonly metadataType?: string | undefined
    }
  ) => Effect.Effect<OperationHandle.OperationHandle, HttpError.HttpError>

  /**
   * Closes the service. Later calls, and the waits and requests in progress, fail with `HttpError`
   * (`reason: "Closed"`). The service is also closed when its scope ends.
   *
   * `close` can run any number of times. All callers wait until the service is closed. Closing takes a bounded time and
   * cannot be interrupted.
   */
  readonly close: Effect.Effect<void>
}

/**
 * The service of a program that uses one API. {@link Service} has its methods. For several APIs, see {@link Tag}.
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
 * The class of a tag for the service of one API. Its identifier is `Self`.
 *
 * @since 0.4.0
 * @category tags
 */
export interface TagClass<Self, Id extends string> extends Context.TagClass<Self, `${Id}@${string}`, Service> {
  /** The API that the service is for. */
  readonly api: GoogleApi.GoogleApi
}

/**
 * Makes the class of a tag for the service of one API. Use it in a program that talks to more than one API.
 *
 * The tag belongs to its API, and {@link layerFor} uses the API of the tag. Each API therefore has its own requirement,
 * and the compiler reports a service that is not provided. Do not merge two layers of {@link OperationsService} for two
 * APIs. The program would compile, and the last layer would provide the service for both APIs. If the name of an
 * operation does not match the API's pattern, the call fails, and no request is sent.
 *
 * The key of the tag consists of `id`, the base URL and the version. The tags of two APIs are therefore different, even
 * if their `id` is the same by mistake.
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
 * Makes a service over the `HttpClient` in the context. The service is open until its scope ends. Closing the service
 * aborts its requests. The connections belong to the client and stay open.
 *
 * In a Cloudflare Worker, a service belongs to the first request that calls the service. Make a service for each
 * request.
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
 * Provides {@link OperationsService} over any `HttpClient`. The service is closed when the layer's scope ends.
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
 * The options of a service whose API comes from its tag.
 *
 * @since 0.4.0
 * @category models
 */
export interface TagOptions extends Omit<Options, "api"> {
  /**
   * Another base URL for the API, such as a regional endpoint or an emulator. Default: the base URL of the tag's API.
   */
  readonly baseUrl?: string | undefined
}

/**
 * Provides the service of a tag made by {@link Tag}, over any `HttpClient`. The service is closed when the layer's
 * scope ends.
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
 * Provides the service of {@link layer} with options from configuration: a `Config` of all options, or a record that
 * contains a `Config` for each option.
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
