/**
 * The `OperationsEmulator` emulator on a socket, for programs in other processes or other languages, and for connection
 * tests.
 *
 * The emulator serves HTTP on a loopback address. It rejects requests for other hosts, requests from browser pages, and
 * bodies larger than 8 MiB.
 *
 * Requires Node. In other runtimes, use the in-memory `OperationsEmulator`.
 *
 * @since 0.4.0
 * @module
 */
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as GoogleApi from "./GoogleApi.js"
import { internals } from "./internal/emulator/emulator.js"
import * as Socket from "./internal/emulator/server.js"
import * as OperationsEmulator from "./OperationsEmulator.js"

/**
 * Options for the server.
 *
 * @since 0.4.0
 * @category models
 */
export interface ServeOptions {
  /** The port to listen on. Default: 0, which selects a free port. */
  readonly port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host?: string | undefined
  /**
   * Whether `host` may be an address that other machines can reach. If so, those machines can script the emulator and
   * read the requests that its clients send. Default: false.
   */
  readonly allowRemote?: boolean | undefined
  /**
   * Additional names that clients can send in the `Host` header. `host` and the names of the loopback interface are
   * always allowed. All other names are rejected, because otherwise an attacker's DNS server could let a browser page
   * reach the emulator. Default: none.
   */
  readonly hosts?: ReadonlyArray<string> | undefined
  /**
   * Origins, such as `http://localhost:5173`, whose pages may send requests and read the responses (CORS). Requests
   * from all other pages are rejected. Default: none.
   */
  readonly origins?: ReadonlyArray<string> | undefined
}

/**
 * Options for an emulator and its server.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options extends OperationsEmulator.Options, ServeOptions {}

/**
 * The address of an emulator.
 *
 * @since 0.4.0
 * @category models
 */
export interface Server {
  /** The root URL, such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** The API that the emulator serves at this URL. Default: `GoogleApi.accessContextManager`. */
  readonly api: GoogleApi.GoogleApi
}

/**
 * An emulator and its address.
 *
 * @since 0.4.0
 * @category models
 */
export interface Service extends OperationsEmulator.Service, Server {}

/**
 * The service tag for an emulator on a socket.
 *
 * @since 0.4.0
 * @category tags
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * it.live("is reached by any client", () =>
 *   Effect.gen(function*() {
 *     const emulator = yield* NodeOperationsEmulator.NodeOperationsEmulator
 *     yield* emulator.script("operations/a", [OperationsEmulator.succeeded()])
 *     const response = yield* Effect.promise(() => fetch(`${emulator.url}/v1/operations/a`))
 *     assert.strictEqual(response.status, 200)
 *   }).pipe(Effect.provide(NodeOperationsEmulator.layer())))
 * ```
 */
export class NodeOperationsEmulator extends Context.Tag("effect-google-operations/NodeOperationsEmulator")<
  NodeOperationsEmulator,
  Service
>() {}

// Keeps the path of the base URL.
const servedAt = (api: GoogleApi.GoogleApi, url: string): GoogleApi.GoogleApi =>
  GoogleApi.make({
    ...api,
    baseUrl: URL.canParse(api.baseUrl) ? `${url}${new URL(api.baseUrl).pathname.replace(/\/$/, "")}` : url
  })

/**
 * Serves an emulator over HTTP until the scope ends.
 *
 * Fails with `ServeError` if the server cannot listen. If an option is out of range, the cause of the `ServeError` is a
 * `RangeError`.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const emulator = OperationsEmulator.make({ versions: ["v1", "v2"] })
 *   const { url } = yield* NodeOperationsEmulator.serve(emulator, { port: 8787 })
 *   console.log(`listening on ${url}`)
 *   return yield* Effect.never
 * })
 * ```
 */
export const serve = (
  emulator: OperationsEmulator.Service,
  options: ServeOptions = {}
): Effect.Effect<Server, HttpServerError.ServeError, Scope.Scope> =>
  Effect.map(
    Socket.serve(emulator[internals], {
      port: options.port ?? 0,
      host: options.host ?? "127.0.0.1",
      allowRemote: options.allowRemote ?? false,
      hosts: options.hosts ?? [],
      origins: options.origins ?? []
    }),
    (url) => ({ url, api: servedAt(emulator.api, url) })
  )

/**
 * Makes an emulator and serves it over HTTP until the scope ends.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const emulator = yield* NodeOperationsEmulator.make()
 *   yield* emulator.script("operations/a", [
 *     OperationsEmulator.cut({ at: "withinBody" }),
 *     OperationsEmulator.succeeded()
 *   ])
 *   const operations = yield* NodeOperations.make({ api: emulator.api })
 *   return yield* operations.wait("operations/a")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (options?: Options): Effect.Effect<Service, HttpServerError.ServeError, Scope.Scope> => {
  const emulator = OperationsEmulator.make(options)
  return Effect.map(serve(emulator, options), (server) => ({ ...emulator, ...server }))
}

/**
 * Provides an emulator on a socket, under the tags {@link NodeOperationsEmulator} and `OperationsEmulator`.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * // Provides a client of the emulator, and the emulator itself for the test:
 * const layer = Layer.unwrapEffect(
 *   Effect.map(NodeOperationsEmulator.NodeOperationsEmulator, ({ api }) => NodeOperations.layer({ api }))
 * ).pipe(Layer.provideMerge(NodeOperationsEmulator.layer()))
 * ```
 */
export const layer = (
  options?: Options
): Layer.Layer<NodeOperationsEmulator | OperationsEmulator.OperationsEmulator, HttpServerError.ServeError> =>
  Layer.scopedContext(Effect.map(
    Effect.suspend(() => make(options)),
    (emulator) =>
      Context.make(NodeOperationsEmulator, emulator).pipe(Context.add(OperationsEmulator.OperationsEmulator, emulator))
  ))
