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
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as GoogleApi from "./GoogleApi.js"
import * as Emulator from "./internal/emulator/emulator.js"
import { httpClient } from "./internal/emulator/httpClient.js"
import type * as Operations from "./internal/emulator/operations.js"
import type * as Requests from "./internal/emulator/requests.js"
import type * as Script from "./internal/emulator/script.js"
import { ScriptError } from "./internal/emulator/scriptError.js"
import { serve } from "./internal/emulator/server.js"

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
  | Script.PendingStep
  | Script.SucceededStep
  | Script.FailedStep
  | Script.HttpStep
  | Script.CutStep
  | Script.GoneStep

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

/** @category models
 * @since 0.4.0 */
export interface Request extends Requests.RecordedRequest {}
/** @category models
 * @since 0.4.0 */
export interface StartRequest extends Requests.StartRequest {}
/** @category models
 * @since 0.4.0 */
export interface StartRoute extends Emulator.StartRoute {}
/** @category models
 * @since 0.4.0 */
export type Start = Emulator.Start
/** @category models
 * @since 0.4.0 */
export type StartHandler = Emulator.StartHandler

export { ScriptError }

/**
 * How the methods answer that an API may leave out: `"unimplemented"` gives `UNIMPLEMENTED` (501), `"unrouted"` the page
 * (404) of a server that has no such path, and `:wait` may answer `"atOnce"`, done or not. Default: they work.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods extends Operations.Methods {}

/**
 * What an emulator is made with.
 *
 * @since 0.2.0
 * @category models
 */
export interface Options {
  /** How long an operation goes on that `POST /v1/accessPolicies` has started. Default: 2 seconds. */
  readonly operationDuration?: Duration.DurationInput | undefined
  /**
   * What comes before the names in the paths that the emulator serves: versions such as `v1`, with a path before them where
   * an API has one (`drive/v3`). The version in the path of an `onStart` is served as well. Default: `["v1"]`.
   */
  readonly versions?: ReadonlyArray<string> | undefined
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
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void, ScriptError>
  /** Says which operation a start gives. The first route that a request matches counts. */
  readonly onStart: (route: StartRoute, start: Start | StartHandler) => Effect.Effect<void, ScriptError>
  /** The latest 10,000 requests to the API, as long as their bodies have not more than 16 million characters together. */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
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
  readonly serve: (options?: ServeOptions) => Effect.Effect<Server, HttpServerError.ServeError, Scope.Scope>
}

/** @category models
 * @since 0.4.0 */
export interface ServeOptions {
  /** Default: 0, a free one. */
  readonly port?: number | undefined
  readonly host?: string | undefined
  readonly allowRemote?: boolean | undefined
  readonly hosts?: ReadonlyArray<string> | undefined
  readonly origins?: ReadonlyArray<string> | undefined
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

const serveOn = (
  emulator: Emulator.Emulator,
  options: ServeOptions
): Effect.Effect<Server, HttpServerError.ServeError, Scope.Scope> =>
  Effect.map(
    serve(emulator, {
      port: options.port ?? 0,
      host: options.host ?? "127.0.0.1",
      allowRemote: options.allowRemote ?? false,
      hosts: options.hosts ?? [],
      origins: options.origins ?? []
    }),
    (url) => ({ url, api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: url }) })
  )

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
  const emulator = new Emulator.Emulator(options)
  return {
    script: (name, steps) => Effect.mapError(emulator.script(name, steps), (message) => new ScriptError({ message })),
    onStart: (route, start) =>
      Effect.mapError(
        Effect.suspend(() => emulator.onStart(route, start)),
        (message) => new ScriptError({ message })
      ),
    requests: Effect.sync(() => emulator.requests()),
    stats: Effect.sync(() => emulator.stats()),
    calls: Effect.sync(() => emulator.calls()),
    httpClient: httpClient(emulator),
    serve: (options) => serveOn(emulator, options ?? {})
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
