/**
 * The emulator of `OperationsEmulator` on a socket, for programs in other processes and other languages, and for tests of
 * connections.
 *
 * It serves HTTP on a loopback address. It refuses requests for other hosts, requests from pages in a browser, and bodies
 * above 8 MiB.
 *
 * Needs Node; in other runtimes use `OperationsEmulator` in memory.
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
 * How an emulator is served.
 *
 * @since 0.4.0
 * @category models
 */
export interface ServeOptions {
  /** Default: 0, a free one. */
  readonly port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host?: string | undefined
  /**
   * Whether `host` may be an address that other machines reach. They can then script the emulator and read what programs send
   * to it. Default: false.
   */
  readonly allowRemote?: boolean | undefined
  /**
   * Additional names that clients can send in the `Host` header. The names of the loopback interface and `host` are always
   * allowed. All other names are refused, because a foreign DNS server can direct a page in a browser here. Default: none.
   */
  readonly hosts?: ReadonlyArray<string> | undefined
  /**
   * Origins such as `http://localhost:5173` whose pages may send requests and read the responses (CORS). Requests from all
   * other pages are refused. Default: none.
   */
  readonly origins?: ReadonlyArray<string> | undefined
}

/**
 * The options of an emulator, and how it is served.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options extends OperationsEmulator.Options, ServeOptions {}

/**
 * Where an emulator is served.
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
 * An emulator, and where it is served.
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

// The path of the base URL stays.
const servedAt = (api: GoogleApi.GoogleApi, url: string): GoogleApi.GoogleApi =>
  GoogleApi.make({
    ...api,
    baseUrl: URL.canParse(api.baseUrl) ? `${url}${new URL(api.baseUrl).pathname.replace(/\/$/, "")}` : url
  })

/**
 * Serves an emulator over HTTP until the scope ends.
 *
 * Fails with `ServeError` if it cannot listen; an option out of its range is a `RangeError` as its cause.
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
 * Provides an emulator on a socket, under its own tag and under that of `OperationsEmulator`.
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
