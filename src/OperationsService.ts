/**
 * The client of an API's long-running operations: read one, wait for it, give every connection back.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Credentials from "./Credentials.js"
import * as GoogleApi from "./GoogleApi.js"
import * as HttpError from "./HttpError.js"
import type { Answer } from "./internal/collectedResponse.js"
import { Lifecycle, type LifecycleOptions } from "./internal/lifecycle.js"
import * as Poller from "./internal/poller.js"
import * as Request from "./internal/request.js"
import * as Response from "./internal/response.js"
import type * as Operation from "./Operation.js"
import { OperationError } from "./OperationError.js"
import * as Polling from "./Polling.js"
import type { WaitTimeoutError } from "./WaitTimeoutError.js"

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
  /** The default of every wait's `transient`: `Polling.transient`. */
  readonly transient?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /** How long a wait lets the server ask to be left alone (`Retry-After`, `RetryInfo`). Default: 5 minutes. */
  readonly maxHint?: Duration.DurationInput | undefined
}

/**
 * How one wait differs from the service's defaults.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions {
  /** When to poll again; its input is the latest state. A wait whose schedule ends fails with `WaitTimeoutError`. */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /** When to try again after a transient failure. It starts anew after every success; when it ends, the wait fails with the last `HttpError`. */
  readonly transient?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  /** How long to wait at most. The last poll starts when it has passed. Default: no limit. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * The operations of one API.
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
    name: string,
    options?: { readonly xgafv?: "1" | "2" | undefined }
  ) => Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError | HttpError.HttpError>

  /**
   * Waits until an operation has ended, and gives it.
   *
   * A name is polled at once, a pending operation after the schedule's first delay; one that is done costs no request. A
   * transient failure does not end the wait. What the server asks for by `Retry-After` or `RetryInfo` lengthens the next
   * delay. Fails with `OperationError` when the operation fails, with `WaitTimeoutError` when the timeout passes or the
   * schedule ends, and with `HttpError` when its state cannot be read.
   *
   * Interruption aborts the exchange in flight; the operation itself goes on.
   */
  readonly wait: (
    operation: string | Operation.Operation,
    options?: WaitOptions
  ) => Effect.Effect<Operation.Succeeded, OperationError | HttpError.HttpError | WaitTimeoutError>

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
 * The service of a program that talks to one API.
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
 * What a service reaches the network by. One that has `inFlight` ends its exchanges itself, when `requestTimeout` has
 * passed and when it is told to.
 *
 * @internal
 */
export interface Transport extends LifecycleOptions {
  readonly execute: Response.Execute
}

/** @internal */
export const defaultRequestTimeout: Duration.DurationInput = "30 seconds"

/** @internal */
export const defaultMaxBodySize = 4_194_304

const sameHeaders = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

const withSpan = (method: string, name: string) =>
  Effect.withSpan(`OperationsService.${method}`, {
    captureStackTrace: false,
    attributes: { "gcp.resource.destination.id": name }
  })

/** @internal */
export const makeWith = (transport: Transport, options: Options = {}): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function*() {
    const api = options.api ?? GoogleApi.accessContextManager
    const endpoint = Request.endpoint(api)
    const credentials = options.credentials ?? Credentials.anonymous
    const requestTimeout = Duration.decode(options.requestTimeout ?? defaultRequestTimeout)
    const maxBodySize = options.maxBodySize ?? defaultMaxBodySize
    const maxHint = Duration.decode(options.maxHint ?? "5 minutes")
    const commonHeaders: Record<string, string> = { accept: "application/json" }
    if (options.quotaProject !== undefined) commonHeaders["x-goog-user-project"] = options.quotaProject

    const lifecycle = new Lifecycle(transport)
    yield* Effect.addFinalizer(() => lifecycle.close)

    // One request and its answer. `refused` are the headers that the server has just answered with 401.
    const attempt = (
      target: Target,
      refused?: Readonly<Record<string, string>>
    ): Effect.Effect<Received | undefined, HttpError.HttpError> => {
      const { endpoint, method, path, query } = target
      const url = `${endpoint.origin}${path}${query}`
      const found = credentials.headers({ url, refresh: refused !== undefined })
      const call = Effect.flatMap(
        found,
        (redacted) =>
          Effect.flatMap(Request.credentialHeaders(endpoint, redacted), (secrets) => {
            if (refused !== undefined && sameHeaders(secrets, refused)) return Effect.succeed(undefined)
            const exchange = { method, origin: endpoint.origin, path, requestTimeout, secrets }
            const request = HttpClientRequest.make(method)(url, { headers: { ...commonHeaders, ...secrets } })
            return Effect.map(
              Response.receive(transport.execute, request, exchange, maxBodySize),
              (answer) => ({ exchange, answer })
            )
          })
      )
      // Credentials that are there already take no time, so there is nothing left to bound.
      if (transport.inFlight !== undefined && Exit.isExit(found) && refused === undefined) return call
      return lifecycle.exchange(call, target, {
        millis: Duration.toMillis(requestTimeout),
        onExceeded: () => Response.timeoutError({ method, origin: endpoint.origin, path, requestTimeout, secrets: {} })
      })
    }

    const send = (target: Target): Effect.Effect<Received, HttpError.HttpError> =>
      Effect.flatMap(lifecycle.begin(target), () =>
        Effect.flatMap(attempt(target), (received) => {
          if (received!.answer.status !== 401) return Effect.succeed(received!)
          return Effect.map(attempt(target, received!.exchange.secrets), (again) => again ?? received!)
        }))

    const target = (
      method: Target["method"],
      name: string,
      xgafv: "1" | "2" | undefined
    ): Either.Either<Target, HttpError.HttpError> =>
      Either.flatMap(endpoint, (endpoint) =>
        Either.flatMap(
          Request.operationPath(api, endpoint, name),
          (path) => Either.map(Request.query(xgafv), (query) => ({ endpoint, method, path, query }))
        ))

    const poll = (target: Target): Effect.Effect<Response.Snapshot, HttpError.HttpError> =>
      Effect.clockWith((clock) =>
        Effect.flatMap(
          send(target),
          ({ answer, exchange }) => Response.toSnapshot(exchange, answer, () => clock.unsafeCurrentTimeMillis())
        )
      )

    const get: Service["get"] = (name, getOptions) =>
      Effect.suspend(() =>
        Effect.flatMap(
          target("GET", name, getOptions?.xgafv ?? options.xgafv),
          (target) =>
            Effect.flatMap(poll(target), ({ operation }) =>
              operation._tag === "Failed"
                ? Effect.fail(new OperationError({ operation }))
                : Effect.succeed(operation))
        )
      ).pipe(withSpan("get", name))

    const wait: Service["wait"] = (operation, waitOptions) => {
      const name = typeof operation === "string" ? operation : operation.name
      const known = typeof operation === "string" ? undefined : operation
      return Effect.gen(function*() {
        if (known?._tag === "Succeeded") return known
        if (known?._tag === "Failed") return yield* new OperationError({ operation: known })
        if (known !== undefined && name === "") {
          return yield* new HttpError.HttpError({
            reason: "InvalidRequest",
            description: "the pending operation has no name, so there is nothing to poll"
          })
        }
        const polled = yield* target("GET", name, options.xgafv)
        yield* lifecycle.begin(polled)
        const next = yield* Poller.make({
          name,
          known,
          poll: poll(polled),
          sleep: (millis) => lifecycle.sleep(millis, polled),
          schedule: waitOptions?.schedule ?? options.schedule ?? Polling.defaultSchedule,
          transient: waitOptions?.transient ?? options.transient ?? Polling.transient,
          timeout: waitOptions?.timeout === undefined ? undefined : Duration.decode(waitOptions.timeout),
          maxHint
        })
        while (true) {
          const latest = yield* next
          if (latest._tag === "Succeeded") return latest
        }
      }).pipe(withSpan("wait", name))
    }

    return { get, wait, close: lifecycle.close }
  })

interface Target {
  readonly endpoint: Request.Endpoint
  readonly method: "GET"
  readonly path: string
  readonly query: string
}

interface Received {
  readonly exchange: Response.Exchange
  readonly answer: Answer
}

/**
 * Makes a service over the `HttpClient` at hand, open until its scope ends. The client stays whose it is: closing the
 * service ends its exchanges and leaves the client's connections alone.
 *
 * Use it for a second API in the same program, with a tag of your own.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Context from "effect/Context"
 * import * as Layer from "effect/Layer"
 *
 * class RunOperations extends Context.Tag("RunOperations")<RunOperations, OperationsService.Service>() {}
 *
 * const layer = Layer.scoped(
 *   RunOperations,
 *   OperationsService.make({ api: GoogleApi.make({ baseUrl: "https://run.googleapis.com", version: "v2" }) })
 * )
 * ```
 */
export const make = (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.contextWithEffect((context: Context.Context<HttpClient.HttpClient>) =>
    makeWith({
      execute: Response.portable(Context.get(context, HttpClient.HttpClient), context as Context.Context<never>),
      drainTimeout: Duration.zero,
      release: Effect.void
    }, options)
  )

/**
 * Provides {@link OperationsService} over any `HttpClient`, closed when the layer's scope ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<OperationsService, never, HttpClient.HttpClient> =>
  Layer.scoped(OperationsService, make(options))

/**
 * As {@link layer}, with options from configuration.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Config from "effect/Config"
 *
 * const layer = OperationsService.layerConfig(
 *   Config.map(
 *     Config.all({ token: Config.redacted("ACCESS_TOKEN"), quotaProject: Config.string("GOOGLE_CLOUD_QUOTA_PROJECT") }),
 *     ({ quotaProject, token }) => ({ credentials: Credentials.accessToken(token), quotaProject })
 *   )
 * )
 * ```
 */
export const layerConfig = (
  config: Config.Config<Options>
): Layer.Layer<OperationsService, ConfigError, HttpClient.HttpClient> =>
  Layer.scoped(OperationsService, Effect.flatMap(config, make))
