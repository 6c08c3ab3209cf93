/**
 * An API with long-running operations, for tests: scripted operations, in memory and on the clock of the test.
 *
 * A script is a list of steps, which are data: the responses to the polls of an operation. {@link layerTest} provides
 * an `OperationsService` whose client sends its requests to the emulator in memory. `NodeOperationsEmulator` serves an
 * emulator on a socket.
 *
 * The emulator implements
 *
 * - the methods get, list, cancel, delete and wait of `google.longrunning.Operations`. With an `api` of another
 *   dialect, it implements the methods of that API (Compute Engine, Cloud SQL, GKE, BigQuery, Vertex AI) with its
 *   formats. The `filter` of a list can be `done=true`, `done=false`, `status=DONE` or `status!=DONE`
 * - the methods that start operations and are scripted with {@link Service.onStart}
 * - the methods of Access Context Manager for access policies, access levels and service perimeters. Their operations
 *   are done after `operationDuration`
 * - `POST /emulator/operations` with `{ "name", "steps" }`, `POST /emulator/starts` with
 *   `{ "method", "path", "name", "steps" }`, `GET /emulator/requests` and `GET /emulator/stats`, for programs that use
 *   the emulator over HTTP
 *
 * Errors have the format that the query parameter `$.xgafv` selects. The response to an unknown path is the HTML page
 * of Google's front end.
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
 * One step of a script. A step is plain data, and its times are in milliseconds. The constructors of this module make
 * steps. `POST /emulator/operations` accepts steps as JSON.
 *
 * Each poll, by get or wait, consumes the next response of the script. The last step is the response to all further
 * polls. List, cancel and delete consume no response and are not affected by faults. They use the state of the latest
 * poll, or the state after a `duration` that has ended. The emulator delays the response to a wait until the next
 * response is not pending, or until the timeout of the wait.
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

// An invalid duration becomes NaN. `script` refuses NaN with the name of the field.
const millis = (duration: Duration.DurationInput | undefined): number | undefined =>
  duration === undefined
    ? undefined
    : Option.match(Duration.decodeUnknown(duration), { onNone: () => NaN, onSome: Duration.toMillis })

/**
 * The operation is pending, for `times` polls (default 1) or for `duration`.
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
    /** The number of polls, unless there is a `duration`. Default: 1. */
    readonly times?: number | undefined
    /** The duration, from the beginning of the step. */
    readonly duration?: Duration.DurationInput | undefined
    /** The operation's metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
    /** Additional headers of the responses, such as `{ "retry-after": "10" }`. */
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {}
): Step => ({ type: "pending", ...options, duration: millis(options.duration), delay: millis(options.delay) })

/**
 * The operation is done, with `response` as its result. A method that returns `google.protobuf.Empty` needs no
 * `response`.
 *
 * In a script for a method of Access Context Manager, a step without a response executes the method: it changes the
 * resource and returns the response of the method.
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
    /** The operation's metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
  } = {}
): Step => ({ type: "succeeded", ...options, delay: millis(options.delay) })

/**
 * The operation is done with an error. Waits fail with `OperationError`.
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
    /** A name or a number of `google.rpc.Code`. */
    readonly code: Code.Code | number
    /** The server's description of the error. Default: an empty string. */
    readonly message?: string | undefined
    /** Messages with details of the error. Default: none. */
    readonly details?: ReadonlyArray<ProtobufAny.ProtobufAny> | undefined
    /** The operation's metadata. Default: none. */
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
 * The server responds to `times` polls (default 1) with an HTTP `status`, `headers` and `body` instead of the
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
    /** The number of polls. Default: 1. */
    readonly times?: number | undefined
    /** The headers of the responses. Default: none. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    /** The body of the responses, as text. Default: none. */
    readonly body?: string | undefined
  }
): Step => ({ type: "http", ...options, delay: millis(options.delay) })

/**
 * The connection closes before the response is complete, for `times` polls (default 1).
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
    /** The place in the response at which the connection closes. Default: `"beforeHeaders"`, before the first byte. */
    readonly at?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
    /** The number of polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "cut", ...options, at: options.at ?? "beforeHeaders", delay: millis(options.delay) })

/**
 * The operation is not found, for `times` polls (default 1). Before other steps, this means that the operation is not
 * visible yet. As the last step, it means that the operation has expired.
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
    /** The number of polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "gone", ...options, delay: millis(options.delay) })

/**
 * The script is invalid in a way that the types do not exclude: a negative duration, a header with a line break, a
 * status out of range. The emulator ignores the whole script.
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
 * A recorded request to the API. The values of `authorization`, `cookie`, `x-goog-api-key` and similar headers, and of
 * the parameters `key`, `access_token` and `oauth_token`, are `"<redacted>"`.
 *
 * @since 0.4.0
 * @category models
 */
export interface Request extends Requests.RecordedRequest {}

/**
 * A request for a method that starts an operation.
 *
 * @since 0.4.0
 * @category models
 */
export interface StartRequest extends Requests.StartRequest {}

/**
 * The requests that start an operation: the HTTP method, and the path as a template of `google/api/http.proto`. In a
 * template, `*` matches one segment of the path, and `**` at the end matches one or more.
 *
 * @since 0.4.0
 * @category models
 */
export interface StartRoute extends Emulator.StartRoute {}

/**
 * The operation that a request starts: its steps, or its name and its steps. The first response of the script is the
 * response to the start, even if it is a fault. The other responses are for the polls.
 *
 * @since 0.4.0
 * @category models
 */
export type Start = NonEmptyReadonlyArray<Step> | {
  /**
   * The name of the operation. Default: `operations/1`, `operations/2` and so on, below the project and location in the
   * path.
   */
  readonly name?: string | undefined
  /** The responses to the start and to the polls. */
  readonly steps: NonEmptyReadonlyArray<Step>
}

/**
 * Returns the operation that a request starts. A handler can contain assertions about the request. If the handler
 * throws or its effect fails, the start fails with `INTERNAL` (500) and the message of the handler's error.
 *
 * @since 0.4.0
 * @category models
 */
export type StartHandler = (request: StartRequest) => Start | Effect.Effect<Start, unknown>

// ---------------------------------------------------------------------------------------------------------------------
// The emulator
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A call of a method of the operations, or of a method that started an operation.
 *
 * @since 0.2.0
 * @category models
 */
export interface Call extends Emulator.Call {}

/**
 * Counts of the requests and connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats extends Emulator.Stats {}

/**
 * How the emulator responds to optional methods. `"unimplemented"` is the error `UNIMPLEMENTED` (501). `"unrouted"` is
 * the HTML page (404) of a server that has no such path. With `"atOnce"`, a wait responds immediately, even if the
 * operation is not done. Default: all methods work.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods extends Operations.Methods {}

/**
 * The options of an emulator.
 *
 * @since 0.2.0
 * @category models
 */
export interface Options {
  /**
   * The API that the emulator implements: its dialect, paths, methods and operation names. Default:
   * `google.longrunning.Operation`s of any name in version `v1`, with all methods.
   *
   * @since 0.4.0
   */
  readonly api?: GoogleApi.GoogleApi | undefined
  /**
   * Writes an operation as JSON. It is the inverse of the `decode` of a custom dialect, and is needed only for an `api`
   * with such a dialect.
   *
   * @since 0.4.0
   */
  readonly encode?: ((operation: Operation.Operation) => unknown) | undefined
  /**
   * Writes a page of a list as JSON. It is needed only for an `api` whose dialect has a custom `list.decode`.
   *
   * @since 0.4.0
   */
  readonly encodeList?: ((page: Dialect.Page) => unknown) | undefined
  /**
   * The part of the served paths before the names: versions such as `v1`, for some APIs with a path before the version
   * (`drive/v3`). The version in the path of an `onStart` is also served. Default: the version of the `api`, or
   * `["v1"]`.
   */
  readonly versions?: ReadonlyArray<string> | undefined
  /** The duration of an operation of Access Context Manager. Default: 2 seconds. */
  readonly operationDuration?: Duration.DurationInput | undefined
  /** The methods that do not work, and their responses. */
  readonly methods?: Methods | undefined
  /**
   * The unreachable locations of lists. Requests with `returnPartialSuccess` get them as `unreachable`. Other requests
   * fail with `UNAVAILABLE` (AIP-217). Default: none.
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
   * The API that the emulator implements: the option `api`, or `GoogleApi.accessContextManager`.
   *
   * @since 0.4.0
   */
  readonly api: GoogleApi.GoogleApi
  /**
   * Scripts an operation with a list of responses. A second script for the same name replaces the first. Above 100,000
   * operations, the emulator may remove the oldest.
   */
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void, ScriptError>
  /**
   * Scripts the operation that a method starts. If several routes match a request, the first route is used. A second
   * handler for the same route replaces the first. Methods of Access Context Manager can also be scripted.
   */
  readonly onStart: (route: StartRoute, start: Start | StartHandler) => Effect.Effect<void, ScriptError>
  /** The calls so far, in order. Above 100,000 calls, the oldest are removed. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The calls for one operation. */
  readonly callsOf: (name: string) => Effect.Effect<ReadonlyArray<Call>>
  /**
   * All requests to the API so far, in order, with their bodies. Above 10,000 requests, or 16 million characters in
   * total, the oldest are removed.
   */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** Counts of the requests and connections so far. */
  readonly stats: Effect.Effect<Stats>
  /** An `HttpClient` that sends every request to the emulator in memory, whatever the host of the URL is. */
  readonly httpClient: HttpClient.HttpClient
  /** @internal */
  readonly [Emulator.internals]: Emulator.Emulator
}

/**
 * The emulator of a test.
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
 * Makes an emulator. If an option has a value that the types do not exclude, such as a version with a leading slash,
 * `make` throws a `RangeError`.
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
 * // An API of another version that cannot cancel:
 * const layer = OperationsEmulator.layer({ versions: ["v2"], methods: { cancel: "unimplemented" } })
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsEmulator> =>
  Layer.sync(OperationsEmulator, () => make(options))

/**
 * Provides an `HttpClient` that sends its requests to the emulator in memory, for any program that needs an
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
 * Provides the `OperationsService` of a program over scripted operations in memory, the emulator, and the emulator's
 * `HttpClient`.
 *
 * The `options` are the options of the service, and the options of the emulator as `emulator`. The emulator implements
 * the `api` of the service. The scripts begin when the layer is built. Tests that share a layer therefore share its
 * operations and calls. The layer uses the clock of the test. Move the clock with `TestClock.adjust`.
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
 * // The program under test.
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
    /** The options of the emulator. The default of its `api` is the `api` of the service. */
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
