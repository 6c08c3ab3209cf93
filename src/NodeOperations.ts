/**
 * `OperationsService` for Node, with a connection pool that closes together with the service.
 *
 * Requires the optional peer dependency `undici` 7.
 *
 * @since 0.1.0
 * @module
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Dispatcher, Pool } from "undici"
import * as GoogleApi from "./GoogleApi.js"
import { endpoint } from "./internal/http/endpoint.js"
import { validate } from "./internal/http/nodeOptions.js"
import { requestHeaders } from "./internal/http/requestHeaders.js"
import { makeUndiciTransport } from "./internal/http/undiciTransport.js"
import { makeService } from "./internal/service.js"
import { checkedOptions, withApiOf } from "./internal/settings.js"
import * as OperationsService from "./OperationsService.js"

/**
 * Options for a service and its connection pool. All of them are optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends OperationsService.Options {
  /** The maximum number of connections. Additional requests wait for a free connection. Default: 64. */
  readonly connections?: number | undefined
  /** How long `close` waits for requests in flight before it aborts them. Default: 1 second. */
  readonly gracefulShutdownTimeout?: Duration.DurationInput | undefined
  /** Other options for undici's `Pool`: TLS and client certificates (`connect`), keep-alive, HTTP/2. */
  readonly pool?: Omit<Pool.Options, "connections" | "factory" | "headersTimeout" | "bodyTimeout"> | undefined
  /**
   * The HTTP proxy for connections to the API. Default: `"environment"`.
   *
   * - `"environment"`: the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names, except for hosts in `NO_PROXY`. These
   *   variables (or their lower-case forms) are read through Effect's `Config`. They are ignored if the API is on a
   *   loopback address, or if `pool.connect` is a function.
   * - `"none"`: no proxy.
   * - A proxy URL, such as `http://user:password@proxy.example:3128`. If the URL is `Redacted`, it is never printed.
   */
  readonly proxy?: "environment" | "none" | (string & {}) | Redacted.Redacted | undefined
  /**
   * An undici 7 dispatcher that sends the requests instead of the service's own pool, for example an `Agent`, a
   * `ProxyAgent` or a `MockAgent`. `close` does not close the dispatcher. If the server closes an idle connection while
   * a request is being sent on it, the request fails. The service's own pool would retry such a request. This option
   * cannot be combined with `connections`, `pool` or `proxy`.
   */
  readonly dispatcher?: Dispatcher | undefined
  /** Additional headers for all requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Makes a service with a connection pool. The service and the pool are closed when the scope ends.
 *
 * `close` waits up to `gracefulShutdownTimeout` for requests in flight, aborts the remaining requests, and then
 * destroys the pool. After `close`, all sockets of the pool are closed.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* NodeOperations.make({ connections: 8 })
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (options: Options = {}): Effect.Effect<OperationsService.Service, never, Scope.Scope> =>
  Effect.suspend(() => {
    const problem = validate(options)
    // If the base URL is invalid, every call fails before a request is made.
    const origin = Either.match(
      endpoint((problem === undefined ? options.api : undefined) ?? GoogleApi.accessContextManager),
      {
        onLeft: () => "http://invalid.invalid",
        onRight: ({ origin }) => origin
      }
    )
    return Effect.flatMap(
      makeUndiciTransport(problem === undefined ? options : {}, origin),
      (transport) =>
        makeService(transport, options, {
          headers: requestHeaders(problem === undefined ? options.headers : undefined),
          problem
        })
    )
  })

/**
 * Provides `OperationsService` with a connection pool. The layer has no requirements.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", { timeout: "10 minutes" })
 * }).pipe(Effect.provide(NodeOperations.layer()))
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsService.OperationsService> =>
  Layer.scoped(OperationsService.OperationsService, make(options))

/**
 * Options for a service whose tag determines its API, and for its connection pool.
 *
 * @since 0.4.0
 * @category models
 */
export interface TagOptions extends Omit<Options, "api">, Pick<OperationsService.TagOptions, "baseUrl"> {}

/**
 * Provides the service for a tag made by `OperationsService.Tag`, with a connection pool. The layer has no
 * requirements.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * // Two APIs in one program:
 * class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
 *
 * const layer = Layer.merge(
 *   NodeOperations.layer(),
 *   NodeOperations.layerFor(ComputeOperations, { connections: 8 })
 * )
 * ```
 */
export const layerFor = <Self, Id extends string>(
  tag: OperationsService.TagClass<Self, Id>,
  options: TagOptions = {}
): Layer.Layer<Self> => Layer.scoped(tag, make(withApiOf(tag, options)))

/**
 * Provides the same service as {@link layer}, with options from configuration. Pass one `Config` for all options, or a
 * record with a `Config` for each option.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as Config from "effect/Config"
 *
 * const layer = NodeOperations.layerConfig({
 *   credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken)
 * })
 * ```
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<OperationsService.OperationsService, ConfigError> =>
  Layer.scoped(
    OperationsService.OperationsService,
    Effect.flatMap(
      Effect.flatMap(Effect.suspend(() => Config.unwrap(config)), (options) =>
        checkedOptions(options, validate(options))),
      make
    )
  )
