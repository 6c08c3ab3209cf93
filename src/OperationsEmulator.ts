/**
 * An emulated API with long-running operations, for tests. The operations are scripted, live in memory, and use the
 * test clock.
 *
 * A script is a list of steps that determine the responses to an operation's polls. Steps are plain data.
 * {@link layerTest} provides an `OperationsService` whose client sends its requests to the in-memory emulator.
 * `NodeOperationsEmulator` serves an emulator on a socket.
 *
 * The emulator implements:
 *
 * - the methods get, list, cancel, delete and wait of `google.longrunning.Operations`. If the `api` uses another
 *   dialect, the emulator instead implements that API's methods and formats (Compute Engine, Cloud SQL, GKE, BigQuery,
 *   Vertex AI). The `filter` of a list request can be `done=true`, `done=false`, `status=DONE` or `status!=DONE`
 * - methods that start operations, as scripted with {@link Service.onStart}
 * - the Access Context Manager methods for access policies, access levels and service perimeters. Their operations take
 *   `operationDuration`
 * - `POST /emulator/operations` with `{ "name", "steps" }`, `POST /emulator/starts` with
 *   `{ "method", "path", "name", "steps" }`, `GET /emulator/requests` and `GET /emulator/stats`, for programs that use
 *   the emulator over HTTP
 *
 * The query parameter `$.xgafv` selects the error format. The response to an unknown path is the same HTML page that
 * Google's front end sends.
 *
 * @since 0.1.0
 * @module
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Code from "./Code.js"
import type * as Dialect from "./Dialect.js"
import * as GoogleApi from "./GoogleApi.js"
import * as Emulator from "./internal/emulator/emulator.js"
import { httpClient } from "./internal/emulator/httpClient.js"
import type * as Operations from "./internal/emulator/operations.js"
import type * as Requests from "./internal/emulator/requests.js"
import type * as Script from "./internal/emulator/script.js"
import type * as Operation from "./Operation.js"
import * as OperationsService from "./OperationsService.js"
import type * as ProtobufAny from "./ProtobufAny.js"

// ---------------------------------------------------------------------------------------------------------------------
// Steps
// ---------------------------------------------------------------------------------------------------------------------

/**
 * One step of a script. A step is plain data, and its durations are in milliseconds. The constructors in this module
 * make steps. `POST /emulator/operations` accepts steps as JSON.
 *
 * Each get or wait request consumes the next response in the script. The final step provides the response to all
 * subsequent polls. List, cancel and delete requests consume no response, and faults do not affect them. They use the
 * operation state from the most recent poll, or, if the `duration` of a pending step has passed since then, the state
 * after that step. The emulator delays its response to a wait request until the next response in the script is not
 * pending, or until the request's timeout passes.
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

/** @inline */
interface StepOptions {
  /** The delay before the response. Default: none. */
  readonly delay?: Duration.DurationInput | undefined
}

// An invalid duration becomes NaN. `script` rejects NaN with an error that names the field.
const millis = (duration: Duration.DurationInput | undefined): number | undefined =>
  duration === undefined
    ? undefined
    : Option.match(Duration.decodeUnknown(duration), { onNone: () => NaN, onSome: Duration.toMillis })

/**
 * The operation is pending for `times` polls (default 1) or for `duration`.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 *
 * const steps = [
 *   OperationsEmulator.pending({ times: 2, metadata: { "@type": "type.googleapis.com/example.Progress", percent: 10 } }),
 *   OperationsEmulator.pending({ duration: "1 minute" }),
 *   OperationsEmulator.succeeded()
 * ]
 * ```
 */
export const pending = (
  options: StepOptions & {
    /** The number of polls for which the operation is pending. Not used if `duration` is set. Default: 1. */
    readonly times?: number | undefined
    /** How long the operation is pending, measured from the beginning of the step. */
    readonly duration?: Duration.DurationInput | undefined
    /** The operation metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
    /** Additional response headers, such as `{ "retry-after": "10" }`. */
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {}
): Step => ({ type: "pending", ...options, duration: millis(options.duration), delay: millis(options.delay) })

/**
 * The operation is done, and `response` is its result. If the method returns `google.protobuf.Empty`, `response` can be
 * omitted.
 *
 * In a script for an Access Context Manager method, a step without a `response` executes the method: it changes the
 * resource and returns the method's response.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * const step = OperationsEmulator.succeeded({
 *   response: ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", { name: "accessPolicies/1" })
 * })
 * ```
 */
export const succeeded = (
  options: StepOptions & {
    /** The result. Default: none. */
    readonly response?: ProtobufAny.ProtobufAny | undefined
    /** The operation metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
  } = {}
): Step => ({ type: "succeeded", ...options, delay: millis(options.delay) })

/**
 * The operation is done and failed. Waiting for the operation fails with `OperationError`.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * const step = OperationsEmulator.failed({
 *   code: "FAILED_PRECONDITION",
 *   message: "The access level is in use.",
 *   details: [ProtobufAny.pack("google.rpc.ErrorInfo", { reason: "LEVEL_IN_USE", domain: "example.com" })]
 * })
 * ```
 */
export const failed = (
  options: StepOptions & {
    /** The name or number of a `google.rpc.Code`. */
    readonly code: Code.Code | number
    /** The server's description of the error. Default: an empty string. */
    readonly message?: string | undefined
    /** Messages that contain error details. Default: none. */
    readonly details?: ReadonlyArray<ProtobufAny.ProtobufAny> | undefined
    /** The operation metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
  }
): Step => {
  const code = typeof options.code === "number" ? options.code : Code.toNumber(options.code)
  return {
    type: "failed",
    error: { code, message: options.message ?? "", details: options.details },
    metadata: options.metadata,
    delay: millis(options.delay)
  }
}

/**
 * The server responds to `times` polls (default 1) with the given HTTP `status`, `headers` and `body` instead of the
 * operation.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 *
 * const steps = [
 *   OperationsEmulator.httpFault({ status: 503, headers: { "retry-after": "20" }, times: 2 }),
 *   OperationsEmulator.httpFault({ status: 502, body: "<html>Bad gateway</html>" }),
 *   OperationsEmulator.succeeded()
 * ]
 * ```
 */
export const httpFault = (
  options: StepOptions & {
    /** Any HTTP status from 200 to 599. */
    readonly status: number
    /** The number of polls that this step affects. Default: 1. */
    readonly times?: number | undefined
    /** The response headers. Default: none. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    /** The response body, as text. Default: none. */
    readonly body?: string | undefined
  }
): Step => ({ type: "http", ...options, delay: millis(options.delay) })

/**
 * For `times` polls (default 1), the connection closes before the response is complete.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 *
 * const steps = [OperationsEmulator.cut({ at: "withinBody", times: 3 }), OperationsEmulator.succeeded()]
 * ```
 */
export const cut = (
  options: StepOptions & {
    /** Where in the response the connection closes. Default: `"beforeHeaders"`, before the first byte. */
    readonly at?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
    /** The number of polls that this step affects. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "cut", ...options, at: options.at ?? "beforeHeaders", delay: millis(options.delay) })

/**
 * The server responds to `times` polls (default 1) that the operation is not found. Before other steps, this step
 * represents an operation that is not visible yet. As the final step, it represents an operation that has expired.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 *
 * const notVisibleYet = [OperationsEmulator.gone({ times: 2 }), OperationsEmulator.succeeded()]
 * const expired = [OperationsEmulator.gone()]
 * ```
 */
export const gone = (
  options: StepOptions & {
    /** The number of polls that this step affects. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "gone", ...options, delay: millis(options.delay) })

/**
 * The script is invalid in a way that the types cannot rule out, such as a negative duration, a header that contains a
 * line break, or a status that is out of range. The emulator ignores the entire script.
 *
 * @since 0.4.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * const emulator = OperationsEmulator.make()
 *
 * const program = emulator.script("operations/a", [OperationsEmulator.pending({ times: 0 })]).pipe(
 *   Effect.catchIf(
 *     (error) => error instanceof OperationsEmulator.ScriptError,
 *     (error) => Effect.succeed(error.message)
 *   )
 * )
 *
 * console.log(Effect.runSync(program)) // "steps[0].times: Expected a positive number, actual 0"
 * ```
 */
export class ScriptError extends Schema.TaggedError<ScriptError>("effect-google-operations/ScriptError")(
  "ScriptError",
  {
    /** The problem and its location in the script. */
    message: Schema.String
  }
) {}

// ---------------------------------------------------------------------------------------------------------------------
// Starts
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A recorded request to the API. The values of `authorization`, `cookie`, `x-goog-api-key` and similar headers are
 * recorded as `"<redacted>"`, as are the values of the query parameters `key`, `access_token` and `oauth_token`.
 *
 * @since 0.4.0
 * @category models
 */
export interface Request extends Requests.RecordedRequest {}

/**
 * A request that starts an operation.
 *
 * @since 0.4.0
 * @category models
 */
export interface StartRequest extends Requests.StartRequest {}

/**
 * Selects the requests that start an operation, by HTTP method and path. The path is a template as in
 * `google/api/http.proto`. In a template, `*` matches one path segment, and `**` at the end matches one or more
 * segments.
 *
 * @since 0.4.0
 * @category models
 */
export interface StartRoute extends Emulator.StartRoute {}

/**
 * The operation that a request starts: either its steps, or its name and its steps. The first response in the script
 * answers the request that starts the operation, even if this response is a fault. The remaining responses answer the
 * polls.
 *
 * @since 0.4.0
 * @category models
 */
export type Start = NonEmptyReadonlyArray<Step> | {
  /**
   * The operation name. Default: `operations/1`, `operations/2` and so on, under the project and location that the path
   * contains.
   */
  readonly name?: string | undefined
  /** The responses to the request that starts the operation and to the polls. */
  readonly steps: NonEmptyReadonlyArray<Step>
}

/**
 * Returns the operation that a request starts. A handler can contain assertions about the request. If the handler
 * throws or its effect fails, the request fails with `INTERNAL` (500) and the handler's error message.
 *
 * @since 0.4.0
 * @category models
 */
export type StartHandler = (request: StartRequest) => Start | Effect.Effect<Start, unknown>

// ---------------------------------------------------------------------------------------------------------------------
// The emulator
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A recorded call of an operation method, or of a method that started an operation.
 *
 * @since 0.2.0
 * @category models
 */
export interface Call extends Emulator.Call {}

/**
 * The number of requests and connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats extends Emulator.Stats {}

/**
 * How the emulator responds to optional methods. With `"unimplemented"`, it responds with the error `UNIMPLEMENTED`
 * (501). With `"unrouted"`, it responds with the HTML page (404) that a server sends for an unknown path. With
 * `"atOnce"`, it responds to a wait request immediately, even if the operation is not done. Default: all methods work.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods extends Operations.Methods {}

/**
 * Options for an emulator.
 *
 * @since 0.2.0
 * @category models
 */
export interface Options {
  /**
   * The API that the emulator implements. It determines the dialect, paths, methods and operation names. Default:
   * version `v1` of an API with `google.longrunning.Operation`s of any name and all methods.
   *
   * @since 0.4.0
   */
  readonly api?: GoogleApi.GoogleApi | undefined
  /**
   * Writes an operation as JSON. This function is the inverse of a custom dialect's `decode`, and is required only if
   * the `api` uses a custom dialect.
   *
   * @since 0.4.0
   */
  readonly encode?: ((operation: Operation.Operation) => unknown) | undefined
  /**
   * Writes a list page as JSON. This function is required only if the `api`'s dialect defines a custom `list.decode`.
   *
   * @since 0.4.0
   */
  readonly encodeList?: ((page: Dialect.Page) => unknown) | undefined
  /**
   * The path prefixes under which the emulator serves operations: versions such as `v1`, or, for some APIs, a path and
   * a version (`drive/v3`). The emulator also serves the versions in `onStart` paths. Default: the version of the
   * `api`, or `["v1"]`.
   */
  readonly versions?: ReadonlyArray<string> | undefined
  /** The duration of Access Context Manager operations. Default: 2 seconds. */
  readonly operationDuration?: Duration.DurationInput | undefined
  /** How the emulator responds to methods that do not work. Default: all methods work. */
  readonly methods?: Methods | undefined
  /**
   * The locations that list requests cannot reach. Responses to list requests with `returnPartialSuccess` contain these
   * locations as `unreachable`. Other list requests fail with `UNAVAILABLE` (AIP-217). Default: none.
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
  /**
   * The API that the emulator implements: the `api` option, or `GoogleApi.accessContextManager` if the option is not
   * set.
   *
   * @since 0.4.0
   */
  readonly api: GoogleApi.GoogleApi
  /**
   * Scripts an operation with a list of responses. A second script for the same name replaces the first. If there are
   * more than 100,000 operations, the emulator may remove the oldest ones.
   */
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void, ScriptError>
  /**
   * Scripts the operation that a method starts. If several routes match a request, the first matching route is used. A
   * second handler for the same route replaces the first. Access Context Manager methods can also be scripted.
   */
  readonly onStart: (route: StartRoute, start: Start | StartHandler) => Effect.Effect<void, ScriptError>
  /** The calls so far, in order. If there are more than 100,000 calls, the oldest ones are removed. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The calls for one operation. */
  readonly callsOf: (name: string) => Effect.Effect<ReadonlyArray<Call>>
  /**
   * All requests to the API so far, in order, including their bodies. If there are more than 10,000 requests, or more
   * than 16 million characters in total, the oldest requests are removed.
   */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** The number of requests and connections so far. */
  readonly stats: Effect.Effect<Stats>
  /** An `HttpClient` that sends every request to the in-memory emulator, regardless of the host in the URL. */
  readonly httpClient: HttpClient.HttpClient
  /** @internal */
  readonly [Emulator.internals]: Emulator.Emulator
}

/**
 * The service tag for an emulator.
 *
 * @since 0.1.0
 * @category tags
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * it.effect("cancels an operation", () =>
 *   Effect.gen(function*() {
 *     const emulator = yield* OperationsEmulator.OperationsEmulator
 *     yield* emulator.script("operations/a", [OperationsEmulator.pending()])
 *
 *     const operations = yield* OperationsService.OperationsService
 *     yield* operations.cancel("operations/a")
 *
 *     assert.deepStrictEqual((yield* emulator.callsOf("operations/a")).map((call) => call.method), ["cancel"])
 *   }).pipe(Effect.provide(OperationsEmulator.layerTest())))
 * ```
 */
export class OperationsEmulator extends Context.Tag("effect-google-operations/OperationsEmulator")<
  OperationsEmulator,
  Service
>() {}

const scriptError = (message: string): ScriptError => new ScriptError({ message })

/**
 * Makes an emulator. Throws a `RangeError` if an option is invalid in a way that the types cannot rule out, such as a
 * version with a leading slash.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const emulator = OperationsEmulator.make()
 *   // Cloud Resource Manager creates projects.
 *   yield* emulator.onStart({ path: "/v3/projects" }, ({ body }) => {
 *     console.log(body) // { projectId: "my-project" }
 *     return [OperationsEmulator.pending(), OperationsEmulator.succeeded()]
 *   })
 *   const create = HttpClientRequest.post("https://cloudresourcemanager.googleapis.com/v3/projects")
 *   const response = yield* emulator.httpClient.execute(
 *     HttpClientRequest.bodyUnsafeJson(create, { projectId: "my-project" })
 *   )
 *   console.log(yield* response.json) // { name: "operations/1" }
 * })
 *
 * await Effect.runPromise(program)
 * ```
 */
export const make = (options?: Options): Service => {
  const emulator = new Emulator.Emulator(options)
  const calls = Effect.sync(() => emulator.calls())
  return {
    api: options?.api ?? GoogleApi.accessContextManager,
    script: (name, steps) => Effect.mapError(emulator.script(name, steps), scriptError),
    onStart: (route, start) => Effect.mapError(Effect.suspend(() => emulator.onStart(route, start)), scriptError),
    calls,
    callsOf: (name) => Effect.map(calls, (calls) => calls.filter((call) => call.name === name)),
    requests: Effect.sync(() => emulator.requests()),
    stats: Effect.sync(() => emulator.stats()),
    httpClient: httpClient(emulator),
    [Emulator.internals]: emulator
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
 * // Emulates another API version, in which operations cannot be cancelled:
 * const layer = OperationsEmulator.layer({ versions: ["v2"], methods: { cancel: "unimplemented" } })
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsEmulator> =>
  Layer.sync(OperationsEmulator, () => make(options))

/**
 * Provides an `HttpClient` that sends its requests to the in-memory emulator, for any program that needs an
 * `HttpClient`.
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

/**
 * Provides an `OperationsService` that uses the in-memory emulator, the emulator itself, and the emulator's
 * `HttpClient`.
 *
 * The `options` are the service options, plus the emulator options under `emulator`. The emulator implements the
 * service's `api`. Each build of the layer creates a new emulator, so tests that share a built layer also share its
 * operations and calls. The layer uses the test clock. Advance the clock with `TestClock.adjust`.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Fiber from "effect/Fiber"
 * import * as TestClock from "effect/TestClock"
 *
 * // The program under test:
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/a", { timeout: "1 minute" })
 * })
 *
 * it.effect("waits for the policy through a server that is unavailable", () =>
 *   Effect.gen(function*() {
 *     const fiber = yield* Effect.fork(program)
 *     yield* TestClock.adjust("1 minute")
 *     const { response } = yield* Fiber.join(fiber)
 *     assert.strictEqual(response?.["name"], "accessPolicies/1")
 *
 *     const emulator = yield* OperationsEmulator.OperationsEmulator
 *     const calls = yield* emulator.callsOf("operations/a")
 *     assert.deepStrictEqual(calls.map((call) => call.method), ["get", "get", "get"])
 *   }).pipe(Effect.provide(OperationsEmulator.layerTest({
 *     "operations/a": [
 *       OperationsEmulator.pending(),
 *       OperationsEmulator.httpFault({ status: 503 }),
 *       OperationsEmulator.succeeded({ response: { "@type": "type.googleapis.com/x.AccessPolicy", name: "accessPolicies/1" } })
 *     ]
 *   }))))
 * ```
 */
export const layerTest = (
  scripts: Readonly<Record<string, NonEmptyReadonlyArray<Step>>> = {},
  options: OperationsService.Options & {
    /** Options for the emulator. The default for its `api` is the service's `api`. */
    readonly emulator?: Options | undefined
  } = {}
): Layer.Layer<OperationsService.OperationsService | OperationsEmulator | HttpClient.HttpClient, ScriptError> => {
  const { emulator: emulatorOptions, ...serviceOptions } = options
  const scripted = Layer.effect(
    OperationsEmulator,
    Effect.gen(function*() {
      const emulator = make({ api: options.api, ...emulatorOptions })
      yield* Effect.forEach(Object.entries(scripts), ([name, steps]) => emulator.script(name, steps), { discard: true })
      return emulator
    })
  )
  return OperationsService.layer(serviceOptions).pipe(
    Layer.provideMerge(layerHttpClient),
    Layer.provideMerge(scripted)
  )
}
