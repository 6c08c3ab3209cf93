/**
 * The emulator of `OperationsEmulator` on a socket, for programs in other processes and other languages, and for tests of
 * connections.
 *
 * The emulator serves HTTP on a loopback address. It refuses requests for other hosts, requests from pages in a
 * browser, and bodies of more than 8 MiB.
 *
 * Needs Node. In other runtimes, use `OperationsEmulator` in memory.
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
 * The options of a server.
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
   * Whether `host` may be an address that other machines can reach. These machines can script the emulator and read the
   * requests of its clients. Default: false.
   */
  readonly allowRemote?: boolean | undefined
  /**
   * Additional names that clients can send in the `Host` header. The names of the loopback interface and `host` are
   * always allowed. All other names are refused, because a page in a browser could reach the emulator through a foreign
   * DNS server. Default: none.
   */
  readonly hosts?: ReadonlyArray<string> | undefined
  /**
   * Origins, such as `http://localhost:5173`, whose pages may send requests and read the responses (CORS). Requests
   * from all other pages are refused. Default: none.
   */
  readonly origins?: ReadonlyArray<string> | undefined
}

/**
 * The options of an emulator and of its server.
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
  /** The URL of its root, such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** The API of the emulator, by default `GoogleApi.accessContextManager`, at this URL. */
  readonly api: GoogleApi.GoogleApi
}

/**
 * An emulator with its address.
 *
 * @since 0.4.0
 * @category models
 */
export interface Service extends OperationsEmulator.Service, Server {}

/**
 * The emulator of a program or a test, on a socket.
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
 * Fails with `ServeError` if it cannot listen. If an option is out of range, the cause of the error is a `RangeError`.
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
 * Makes an emulator, and serves it over HTTP until the scope ends.
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
 * Provides an emulator on a socket, under the tag {@link NodeOperationsEmulator} and under the tag
 * `OperationsEmulator`.
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
 * // The client of the emulator, and the emulator for the test:
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
