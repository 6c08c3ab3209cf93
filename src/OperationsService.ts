/**
 * The client of an API's long-running operations: read one, wait for it, give every connection back.
 *
 * @since 0.1.0
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
 * What a service is made with. Nothing is required: the default is Access Context Manager without credentials.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Which API. Default: `GoogleApi.accessContextManager`. */
  readonly api?: GoogleApi.GoogleApi | undefined
  /** How requests are authorised. Default: `Credentials.anonymous`. */
  readonly credentials?: Credentials.Credentials | undefined
  /** The error format to ask for, `$.xgafv`. Both formats are understood. Default: the server's choice (format 2). */
  readonly xgafv?: "1" | "2" | undefined
  /** The project that quota and billing are charged to, sent as `x-goog-user-project`. */
  readonly quotaProject?: string | undefined
  /** How long one exchange may take, from asking for credentials to the end of the body. Default: 30 seconds. */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /** How large the body of an answer may be, in bytes. Default: 4,194,304. */
  readonly maxBodySize?: number | undefined
  /** The default of every wait's `schedule`: `Polling.defaultSchedule`. */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /** The default of every wait's `retrySchedule`: `Polling.retrySchedule`. */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /** The default of every wait's `isTransient`: the error's own `isTransient`. */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /** How long a wait lets the server ask to be left alone (`Retry-After`, RFC 9110; `RetryInfo`). Default: 5 minutes. */
  readonly maxServerDelay?: Duration.DurationInput | undefined
  /**
   * How many requests the service may send, all its calls together: `perSecond`, spread evenly, and `concurrent`. First
   * come, first served. Default: no limit.
   */
  readonly requestBudget?:
    | {
      /** How many requests may begin in a second. */
      readonly perSecond?: number | undefined
      /** How many requests may be in flight. */
      readonly concurrent?: number | undefined
    }
    | undefined
}

/**
 * What refers to an operation: its name, its URL at the API's own origin (such as a `selfLink`), a state of it, or a handle.
 *
 * @since 0.2.0
 * @category models
 */
export type Waitable = string | Operation.Operation | OperationHandle.OperationHandle

/**
 * How one wait differs from the service's defaults.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions {
  /** When to poll again; its input is the latest state. A wait whose schedule ends fails with `WaitTimeoutError`. */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /**
   * When to try again after a transient failure. It starts anew after every success; when it ends, the wait fails with the
   * last `HttpError`.
   */
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /**
   * Whether a failure ends the wait (`false`) or the operation is polled again, as `retrySchedule` says (`true`). The error's own
   * `isTransient` says what happens otherwise. Use it for an API that is eventually consistent, for instance:
   * `(error) => error.isTransient || error.code === "PERMISSION_DENIED"`. Default: the error's own `isTransient`.
   */
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  /**
   * Runs for every state of the operation that differs from the one before: the state that is known at the beginning, each
   * pending state that a poll reads, and the final state. The wait goes on when the effect has ended.
   */
  readonly onUpdate?: ((operation: Operation.Operation) => Effect.Effect<void>) | undefined
  /**
   * How long to wait at most. At the deadline the wait fails with `WaitTimeoutError`, also if a poll is in flight. The last sleep is
   * cut so that the last poll starts 1 second, or a tenth of the timeout, before the deadline. Default: no limit, or the deadline of
   * a handle.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * What becomes of the operation when the wait is interrupted: it goes on (`"detach"`, the default), or the server is
   * asked to cancel it (`"cancel"`): once, for at most 5 seconds, when the last of the waits for it has ended.
   */
  readonly onInterrupt?: "detach" | "cancel" | undefined
  /** The same for a wait that ends with `WaitTimeoutError`, which it still ends with. */
  readonly onTimeout?: "detach" | "cancel" | undefined
}

/**
 * How to follow an operation.
 *
 * @since 0.2.0
 * @category models
 */
export interface UpdatesOptions extends WaitOptions {
  /** Whether to give the answer of every poll, also when nothing has changed. Default: false. */
  readonly emitUnchanged?: boolean | undefined
}

/**
 * How to wait for many operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitAllOptions extends WaitOptions {
  /**
   * How the operations are polled: each by a request of its own (`"get"`), or together with the others of its collection, by
   * pages of the collection's list (`"list"`). Use `"list"` for hundreds of operations or more, where the quota for read
   * requests is what limits you: 10,000 operations take about ten requests a round, instead of 10,000.
   *
   * An operation that the list does not show is read by a request of its own, and so are all of them where the API has no
   * list, refuses it, or would need more than one page for every ten operations. Default: `"get"`.
   */
  readonly by?: "get" | "list" | undefined
}

/**
 * Which operations to list.
 *
 * @since 0.2.0
 * @category models
 */
export interface ListOptions {
  /** The collection, as a relative resource name. Default: `operations`; others have `projects/p/locations/l/operations`. */
  readonly collection?: string | undefined
  /** A filter in the API's own terms (AIP-160). */
  readonly filter?: string | undefined
  /** How many operations a page may have at most. Default: the server's choice. */
  readonly pageSize?: number | undefined
  /** Where to go on: the `nextPageToken` of an earlier page. Default: at the beginning. */
  readonly pageToken?: string | undefined
  /** Whether to go on when a part of the collection cannot be reached (AIP-217); few APIs take it. */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * A page of a list, as the server sent it.
 *
 * @since 0.2.0
 * @category models
 */
export interface Page {
  /** May be empty on any page (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** Empty on the last page. */
  readonly nextPageToken: string
  /** What could not be reached, as resource names; only with `returnPartialSuccess`. */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * How the wait for one of many operations has ended.
 *
 * @since 0.2.0
 * @category models
 */
export interface Outcome<W extends Waitable = Waitable> {
  /** What was waited for, as it was given. */
  readonly operation: W
  /** The operation, or why there is none. */
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
   * Reads the latest state of an operation, in one exchange.
   *
   * Gives the operation, pending or succeeded. Fails with `OperationError` when the operation itself has failed, and with
   * `HttpError` when its state could not be read. Nothing is repeated, but for one request that was refused with 401,
   * when the credentials can be refreshed. Interruption aborts the exchange.
   *
   * `xgafv` asks for an error format (`x__xgafv` in Google's Python client, `$.xgafv` on the wire).
   */
  readonly get: (
    operation: Waitable,
    options?: {
      /** The error format to ask for. Default: the service's. */
      readonly xgafv?: "1" | "2" | undefined
    }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * Waits until an operation has ended, and gives it.
   *
   * A name is polled at once, a pending operation after the schedule's first delay; one that is done costs no request. A
   * transient failure does not end the wait. What the server asks for by `Retry-After` or `RetryInfo` lengthens the next
   * delay. Fails with `OperationError` when the operation fails, with `WaitTimeoutError` when the timeout passes or the
   * schedule ends, and with `HttpError` when its state cannot be read.
   *
   * Waits for the same operation share their polls: there is never more than one request for it at a time, and its end
   * wakes them all. Where the API has `:wait`, the server holds its answers.
   *
   * An operation (not a name) that is NOT_FOUND may not be visible yet, so that is transient for the first 30 seconds of the
   * wait; for a handle, for the first 30 seconds after it was made.
   *
   * Interruption aborts the exchange in flight; `onInterrupt` says what becomes of the operation.
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
   * Follows an operation: its state at once, then each one that differs from the one before, last the finished operation.
   * Fails as {@link Service.wait} does.
   *
   * Polls are paced by the same schedules, and none is made while the consumer is not ready for more.
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
   * Waits for any number of operations, by the thousand too, and gives how each has ended, as it ends. A failure is an
   * outcome like any other; the stream itself does not fail.
   *
   * A waiting operation costs no fiber and no timer. At most 64 polls are in flight at a time, or as many as
   * `requestBudget` says; the one that has been due for the longest comes first.
   *
   * With `by: "list"`, the operations of one collection are polled together, by pages of up to 1,000 of the collection's
   * list. A round begins when a poll is due; it also takes in the polls that have waited at least half of their delay. It
   * ends when all of them are found, and reads at most one page for every ten of them. An operation that it has not found is
   * read by a request of its own: in this round, and for the next 1, 3, 7, 15 and then 31 polls before it relies on the list
   * again. A list that cannot be read for a moment is a transient failure of the waits of that round; after three in a row
   * they do without the list likewise.
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
   *         Either.isRight(result) ? Effect.log(`${of} is done`) : Effect.logError(result.left.message)
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
   * Lists the operations of a collection, page after page. A server that repeats a page token ends it with a `Decode`
   * error.
   */
  readonly list: (options?: ListOptions) => Stream.Stream<Operation.Operation, HttpError.HttpError>

  /** Lists as {@link Service.list} does, in pages: they say what was `unreachable`, which `list` only logs as a warning. */
  readonly listPages: (options?: ListOptions) => Stream.Stream<Page, HttpError.HttpError>

  /**
   * Asks the server to cancel an operation. It does so later, or not at all: wait for the operation to see, which then
   * fails with `CANCELLED`. Fails with `UNIMPLEMENTED` where the API cannot.
   */
  readonly cancel: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /** Tells the server that nobody is interested in the result any more. It does not cancel the operation. */
  readonly delete: (operation: Waitable) => Effect.Effect<void, HttpError.HttpError>

  /**
   * Sends a request of your own to the same API, with the service's credentials, limits and error handling, and gives
   * the operation that it starts. Its URL is absolute, or a path such as `/v1/accessPolicies`.
   *
   * Once it has its place in the `requestBudget` it cannot be interrupted, since an operation that has started must not get
   * lost: an interruption takes effect when the answer is there, or `requestTimeout` has passed, and the operation's name
   * is then logged as a warning. With `onInterrupt: "cancel"` the server is asked to cancel it as well.
   *
   * Nothing is repeated, but for one request that was refused with 401: whether a failed start has started something, only
   * the API can tell.
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
      /** What becomes of an operation whose start was interrupted: it goes on, the default, or it is cancelled. */
      readonly onInterrupt?: "detach" | "cancel" | undefined
    }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>

  /**
   * The handle of an operation: a small value that another process can wait with. `timeout` sets its deadline, from now;
   * `responseType` and `metadataType` say what the method returns.
   */
  readonly handle: (
    operation: Waitable,
    options?: {
      /** How long all waits for it may take together, from now on. Default: no limit. */
      readonly timeout?: Duration.DurationInput | undefined
      /** The full name of the response's type. */
      readonly responseType?: string | undefined
      /** The full name of the metadata's type. */
      readonly metadataType?: string | undefined
    }
  ) => Effect.Effect<OperationHandle.OperationHandle, HttpError.HttpError>

  /**
   * Closes the service: from now on every call fails with `HttpError` and `reason: "Closed"`, and so do the waits and
   * exchanges that go on. A scope that ends closes its services by itself.
   *
   * May be run any number of times; every caller waits for the one close to end, which takes a bounded time and cannot be
   * interrupted.
   */
  readonly close: Effect.Effect<void>
}

/**
 * The service of a program that talks to one API; {@link Service} has its methods. For more APIs than one see {@link Tag}.
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
 * The tag belongs to its API, and {@link layerFor} takes the API from it. So each API has its own requirement, and a service that
 * is not provided does not compile. Do not merge two layers of {@link OperationsService} for two APIs: that compiles, and the
 * last layer provides the service to the whole program. An operation whose name does not match the API's pattern is refused
 * before anything is sent.
 *
 * The key of the tag consists of `id`, the base URL and the version, so tags for two APIs are different even if their `id` is the
 * same by mistake.
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
 * Makes a service over the `HttpClient` at hand, open until its scope ends. Closing the service ends its requests. The
 * connections belong to the client and stay open.
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
 * Provides {@link OperationsService} over any `HttpClient`, closed when the layer's scope ends.
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
 * The options of a service whose API is known from its tag.
 *
 * @since 0.4.0
 * @category models
 */
export interface TagOptions extends Omit<Options, "api"> {
  /** Where the API is served instead, such as a regional endpoint or an emulator. Default: the base URL of the tag's API. */
  readonly baseUrl?: string | undefined
}

/**
 * Provides the service of a tag made by {@link Tag}, over any `HttpClient`; closed when the layer's scope ends.
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
 * As {@link layer}, with options from configuration: a `Config` of all options, or a record with a `Config` for each.
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
