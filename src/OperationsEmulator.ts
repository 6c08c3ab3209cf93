/**
 * A server that speaks the operations API of Access Context Manager, to try programs and tests against.
 *
 * One app, two ways to reach it: over HTTP on a loopback address ({@link Service.serve}), or in memory through an `HttpClient`
 * that runs on the caller's clock ({@link layerHttpClient}), so that `TestClock` moves both sides.
 *
 * It answers
 *
 * - `POST /v1/accessPolicies`: starts an operation that is done after `operationDuration`, its response an `AccessPolicy`
 * - `GET /v1/{name=operations/**}`: polls an operation
 * - `GET /v1/operations`: lists the operations as they are, in the order of their scripts; of a `filter` it knows
 *   `done=true` and `done=false`
 * - `POST /v1/{name=operations/**}:cancel`: a pending operation fails with `CANCELLED` on its next poll
 * - `DELETE /v1/{name=operations/**}`: the operation is not found any more
 * - `POST /v1/{name=operations/**}:wait`: polls an operation, and holds the answer while it is pending, for `timeout` at
 *   most (in the body or in the query)
 * - `POST /emulator/operations` with `{ "name": "operations/…", "steps": [ … ] }`: scripts an operation ({@link Step})
 * - `GET /emulator/stats`: `{ "requests", "aborted", "openConnections" }`, the asker's own connection not counted
 *
 * Operations of other APIs have their paths, such as `/v2/projects/p/locations/l/operations/x`: any version, and any
 * collection named `operations`. Errors come in the format that `$.xgafv` asks for.
 *
 * Needs the optional peer `@effect/platform-node`.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import * as GoogleApi from "./GoogleApi.js"
import * as Emulator from "./internal/emulator/emulator.js"
import { httpClient, statusesWithoutBody } from "./internal/emulator/httpClient.js"

/**
 * One step of a scripted operation. All durations are in milliseconds.
 *
 * - `pending`: goes on, for `times` answers (default 1) or for `duration`; with `metadata`, and with `headers` such as
 *   `{ "retry-after": "2" }`
 * - `succeeded`: done, with `response`
 * - `failed`: done, with `error`, a `google.rpc.Status`
 * - `http`: a fault, `times` times (default 1): any HTTP `status`, `headers` and `body`
 * - `cut`: a fault, `times` times: the connection breaks off, `at` `"beforeHeaders"`, `"withinHeaders"` or `"withinBody"`
 * - `gone`: not found, `times` times (default 1): not visible yet, or expired when it is the last step
 *
 * Each step can have a `delay` before its answer. The last step answers for ever.
 *
 * Polls alone (`get` and `:wait`) meet the faults and move a script on. Whoever lists or cancels sees the operation as its
 * latest poll did, or as the passing of a `duration` has made it. A held `:wait` answers once, when its time is over or
 * when the next answer is something else than pending.
 *
 * @since 0.1.0
 * @category models
 */
export type Step =
  | Emulator.PendingStep
  | Emulator.SucceededStep
  | Emulator.FailedStep
  | Emulator.HttpStep
  | Emulator.CutStep
  | Emulator.GoneStep

/**
 * What the emulator has seen: API requests, those of them that the client gave up before the answer, and the connections
 * that are open now (0 in memory).
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats extends Emulator.Stats {}

/**
 * A request for one of the API's methods: `name` is the operation's, or that of the collection that was listed or created
 * in; `at` is the time in milliseconds, on the emulator's clock.
 *
 * @since 0.2.0
 * @category models
 */
export interface Call extends Emulator.Call {}

/**
 * How the methods answer that an API may leave out: `"unimplemented"` gives `UNIMPLEMENTED` (501), `"unrouted"` the page
 * (404) of a server that has no such path, and `:wait` may answer `"atOnce"`, done or not. Default: they work.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods extends Emulator.Methods {}

/**
 * What an emulator is made with.
 *
 * @since 0.2.0
 * @category models
 */
export interface Options {
  /** How long an operation goes on that `POST /v1/accessPolicies` has started. Default: 2 seconds. */
  readonly operationDuration?: Duration.DurationInput | undefined
  /** Which methods are switched off, and how. */
  readonly methods?: Methods | undefined
  /**
   * What no list can reach: given as `unreachable` to those who ask for `returnPartialSuccess`; others get `UNAVAILABLE`
   * (AIP-217). Default: nothing.
   */
  readonly unreachable?: ReadonlyArray<string> | undefined
}

/**
 * A running emulator.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Scripts the operation `name`: its answers, in order. A second script of the same name takes the place of the first. */
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void>
  /** What it has seen so far. */
  readonly stats: Effect.Effect<Stats>
  /**
   * The requests for a method of the API, in order; the rest of `stats.requests` had no such path. Of more than 100,000,
   * the oldest may be missing.
   */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** Reaches the emulator in memory, whatever the host of the URL. */
  readonly httpClient: HttpClient.HttpClient
  /** Serves the emulator over HTTP on 127.0.0.1 until the scope ends; port 0, the default, takes a free one. */
  readonly serve: (options?: {
    /** Default: 0, a free one. */
    readonly port?: number | undefined
  }) => Effect.Effect<
    Server,
    HttpServerError.ServeError,
    Scope.Scope
  >
}

/**
 * The emulator on a socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface Server {
  /** Such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** `GoogleApi.accessContextManager`, served there. */
  readonly api: GoogleApi.GoogleApi
}

/**
 * The emulator of a program or a test.
 *
 * @since 0.1.0
 * @category tags
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * it.effect("asks once for an operation that is done", () =>
 *   Effect.gen(function*() {
 *     const emulator = yield* OperationsEmulator.OperationsEmulator
 *     yield* emulator.script("operations/a", [{ type: "succeeded" }])
 *
 *     const operations = yield* OperationsService.OperationsService
 *     yield* operations.wait("operations/a")
 *
 *     assert.deepStrictEqual((yield* emulator.calls).map((call) => call.method), ["get"])
 *   }).pipe(Effect.provide(
 *     OperationsService.layer().pipe(
 *       Layer.provide(OperationsEmulator.layerHttpClient),
 *       Layer.provideMerge(OperationsEmulator.layer())
 *     )
 *   )))
 * ```
 */
export class OperationsEmulator extends Context.Tag("effect-google-operations/OperationsEmulator")<
  OperationsEmulator,
  Service
>() {}

// Breaks off an answer on its socket.
const cutSocket = (request: HttpServerRequest.HttpServerRequest, reply: Emulator.Reply): Effect.Effect<never> =>
  Effect.async(() => {
    const socket = NodeHttpServerRequest.toServerResponse(request).socket
    switch (reply.cut) {
      case "withinHeaders":
        socket?.end("HTTP/1.1 200 OK\r\ncontent-type: appl")
        break
      case "withinBody":
        socket?.end(
          `HTTP/1.1 ${reply.status} OK\r\ncontent-type: application/json\r\ncontent-length: ${reply.body.length}\r\n\r\n` +
            reply.body.slice(0, reply.body.length / 2)
        )
        break
      default:
        socket?.destroy()
    }
  })

const serveOn = (emulator: Emulator.Emulator, port: number): Effect.Effect<
  Server,
  HttpServerError.ServeError,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const node = createServer()
    node.on("connection", (socket) => {
      emulator.openConnections++
      socket.on("close", () => emulator.openConnections--)
    })
    const server = yield* NodeHttpServer.make(() => node, { host: "127.0.0.1", port })
    yield* server.serve(
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        // Platform's server runs its app uninterruptible, but a client that leaves has to be noticed here.
        Effect.interruptible(Effect.gen(function*() {
          const reply = yield* emulator.handle({
            method: request.method,
            target: NodeHttpServerRequest.toIncomingMessage(request).url ?? "/",
            body: yield* Effect.orDie(request.text),
            otherConnections: emulator.openConnections - 1
          })
          if (reply.cut !== undefined) return yield* cutSocket(request, reply)
          return HttpServerResponse.raw(statusesWithoutBody.has(reply.status) ? null : reply.body, {
            status: reply.status,
            headers: reply.headers
          })
        })))
    )
    // Whoever still holds a connection must not keep the server from ending.
    yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
    const address = server.address
    const url = `http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : port}`
    return { url, api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: url }) }
  })

/**
 * Makes an emulator.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * // Over a real socket:
 * const program = Effect.gen(function*() {
 *   const emulator = OperationsEmulator.make()
 *   yield* emulator.script("operations/a", [{ type: "cut", at: "withinBody" }, { type: "succeeded" }])
 *   const { api } = yield* emulator.serve()
 *   const operations = yield* NodeOperations.make({ api })
 *   return yield* operations.wait("operations/a")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (options?: Options): Service => {
  const emulator = new Emulator.Emulator({
    ...options,
    operationDuration: Duration.toMillis(options?.operationDuration ?? "2 seconds")
  })
  return {
    script: (name, steps) => emulator.script(name, steps),
    stats: Effect.sync(() => emulator.stats()),
    calls: Effect.sync(() => emulator.calls()),
    httpClient: httpClient(emulator),
    serve: (options) => serveOn(emulator, options?.port ?? 0)
  }
}

/**
 * Provides an emulator.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 *
 * // An API that cannot cancel, and takes its time:
 * const layer = OperationsEmulator.layer({ operationDuration: "10 minutes", methods: { cancel: "unimplemented" } })
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsEmulator> =>
  Layer.sync(OperationsEmulator, () => make(options))

/**
 * Provides an `HttpClient` that reaches the emulator in memory, for any program that takes one.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * const layer = OperationsService.layer().pipe(
 *   Layer.provide(OperationsEmulator.layerHttpClient),
 *   Layer.provideMerge(OperationsEmulator.layer())
 * )
 * ```
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, OperationsEmulator> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(OperationsEmulator, (emulator) => emulator.httpClient)
)
