/**
 * An API with long-running operations, for tests: scripted operations, in memory and on the clock of the test.
 *
 * A script says as data what each poll of an operation responds. {@link layerTest} provides the `OperationsService` that a
 * program asks for: the real client, which talks to the emulator in memory. `NodeOperationsEmulator` serves an emulator on
 * a socket.
 *
 * The emulator responds to
 *
 * - the methods of `google.longrunning.Operations`: get, list, cancel, delete and wait. With an `api` of
 *   another dialect it responds to those of that API, in their form: Compute Engine, Cloud SQL, GKE, BigQuery, Vertex AI. A
 *   `filter` of a list can be `done=true`, `done=false`, `status=DONE` or `status!=DONE`
 * - the methods that start operations, as {@link Service.onStart} says
 * - the methods of Access Context Manager for access policies, access levels and service perimeters. Their operations are
 *   done after `operationDuration`
 * - `POST /emulator/operations` with `{ "name", "steps" }`, `POST /emulator/starts` with
 *   `{ "method", "path", "name", "steps" }`, `GET /emulator/requests` and `GET /emulator/stats`, for programs that reach it
 *   over HTTP only
 *
 * Errors have the format that the query parameter `$.xgafv` selects. A path that leads nowhere gets the HTML page of
 * Google's front end.
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
 * One step of a script, as plain data. All its times are in milliseconds. The constructors of this module make steps;
 * `POST /emulator/operations` takes them as JSON.
 *
 * Each poll, by get or wait, takes the next response of the script. The last step responds to all further polls. List,
 * cancel and delete take no response and meet no faults: they see the operation as its latest poll did, or as the end of a
 * `duration` made it. A wait is held until the next response is something else than pending, or until its timeout.
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
  /** How long the response takes. Default: no time. */
  readonly delay?: Duration.DurationInput | undefined
}

// What is no duration becomes NaN, which `script` refuses with the name of the field.
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
    /** For how many polls, unless there is a `duration`. Default: 1. */
    readonly times?: number | undefined
    /** For how long, from the beginning of the step. */
    readonly duration?: Duration.DurationInput | undefined
    /** The operation's metadata. Default: none. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
    /** More headers of the responses, such as `{ "retry-after": "10" }`. */
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {}
): Step => ({ type: "pending", ...options, duration: millis(options.duration), delay: millis(options.delay) })

/**
 * The operation is done, with `response` as its result. A method that returns `google.protobuf.Empty` needs none.
 *
 * In a script for a method of Access Context Manager, a step without a response does what the method does: it changes the
 * resource, and the response is the method's.
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
 * The operation is done with an error: waits fail with `OperationError`.
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
    /** Messages with more about the error. Default: none. */
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
 * The server responds to `times` polls (default 1) with any HTTP `status`, `headers` and `body` in the place of the
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
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
    /** The headers of the responses. Default: none. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    /** The body of the responses, as text. Default: none. */
    readonly body?: string | undefined
  }
): Step => ({ type: "http", ...options, delay: millis(options.delay) })

/**
 * The connection breaks off, for `times` polls (default 1).
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
    /** Where in the response the connection breaks off. Default: `"beforeHeaders"`, before its first byte. */
    readonly at?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "cut", ...options, at: options.at ?? "beforeHeaders", delay: millis(options.delay) })

/**
 * The operation is not found, for `times` polls (default 1): not visible yet when other steps follow, expired when it is the
 * last step.
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
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "gone", ...options, delay: millis(options.delay) })

/**
 * A script that the emulator does not accept, because of something that the types cannot exclude: a negative duration, a
 * header with a line break, a status out of range. Nothing of such a script is kept.
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
    /** What is wrong, and where. */
    message: Schema.String
  }
) {}

// ---------------------------------------------------------------------------------------------------------------------
// Starts
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request to the API, as the emulator keeps it. The values of `authorization`, `cookie`, `x-goog-api-key` and the like, and
 * of the parameters `key`, `access_token` and `oauth_token`, are `"<redacted>"`.
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
 * Which requests start an operation: the HTTP method, and the path as a template of `google/api/http.proto`. In a template,
 * `*` stands for one segment of the path and `**` for one or more at its end.
 *
 * @since 0.4.0
 * @category models
 */
export interface StartRoute extends Emulator.StartRoute {}

/**
 * The operation that a request starts: its steps, or its name and its steps. The start responds with the first response of
 * the script, also when that is a fault; the polls get the others.
 *
 * @since 0.4.0
 * @category models
 */
export type Start = NonEmptyReadonlyArray<Step> | {
  /** Default: `operations/1`, `operations/2` and so on, below the project and location that the path names. */
  readonly name?: string | undefined
  /** The responses to the start and to the polls. */
  readonly steps: NonEmptyReadonlyArray<Step>
}

/**
 * Says which operation a request starts. A handler can assert on the request: when it throws, or its effect fails, the start
 * fails with `INTERNAL` (500) and its message.
 *
 * @since 0.4.0
 * @category models
 */
export type StartHandler = (request: StartRequest) => Start | Effect.Effect<Start, unknown>

// ---------------------------------------------------------------------------------------------------------------------
// The emulator
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request for a method of the operations, or for a method that started one.
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
 * How the methods respond that an API may leave out. `"unimplemented"` gives `UNIMPLEMENTED` (501), `"unrouted"` the HTML
 * page (404) of a server that has no such path. A wait can be `"atOnce"`: it responds at once, done or not. Default: they
 * work.
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
   * The API that the emulator responds as: its dialect, its paths, its methods and the names of its operations. Default:
   * `google.longrunning.Operation`s of any name in version `v1`, with all methods.
   *
   * @since 0.4.0
   */
  readonly api?: GoogleApi.GoogleApi | undefined
  /**
   * Writes an operation as JSON, for an `api` whose dialect has a custom `decode`: the reverse of that function. Only such an
   * API needs it.
   *
   * @since 0.4.0
   */
  readonly encode?: ((operation: Operation.Operation) => unknown) | undefined
  /**
   * Writes a page of a list as JSON, for an `api` whose dialect has a custom `list.decode`. Only such an API needs it.
   *
   * @since 0.4.0
   */
  readonly encodeList?: ((page: Dialect.Page) => unknown) | undefined
  /**
   * What stands before the names in the paths that the emulator serves: versions such as `v1`, with a path before them where
   * an API has one (`drive/v3`). The version in the path of an `onStart` is served as well. Default: that of the `api`, or
   * `["v1"]`.
   */
  readonly versions?: ReadonlyArray<string> | undefined
  /** How long an operation of Access Context Manager is pending. Default: 2 seconds. */
  readonly operationDuration?: Duration.DurationInput | undefined
  /** Which methods do not work, and how. */
  readonly methods?: Methods | undefined
  /**
   * What lists cannot reach. Requests with `returnPartialSuccess` get it as `unreachable`, others get `UNAVAILABLE`
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
  /**
   * The API that the emulator responds as: the option `api`, or `GoogleApi.accessContextManager`.
   *
   * @since 0.4.0
   */
  readonly api: GoogleApi.GoogleApi
  /**
   * Scripts an operation: its responses, in order. A second script of the same name takes the place of the first. Of more
   * than 100,000 operations, the oldest may be forgotten.
   */
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void, ScriptError>
  /**
   * Says which operation a method starts. Of several routes, the first one that a request matches counts; a second handler of
   * the same route takes the place of the first. Methods of Access Context Manager can be scripted too.
   */
  readonly onStart: (route: StartRoute, start: Start | StartHandler) => Effect.Effect<void, ScriptError>
  /** The calls so far, in order. Of more than 100,000, the oldest are missing. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The calls for one operation. */
  readonly callsOf: (name: string) => Effect.Effect<ReadonlyArray<Call>>
  /**
   * All requests to the API so far, in order, with their bodies. Of more than 10,000, or with more than 16 million characters
   * together, the oldest are missing.
   */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** Counts of the requests and connections so far. */
  readonly stats: Effect.Effect<Stats>
  /** Reaches the emulator in memory, whatever the host of the URL. */
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
 * it.effect("cancels what nobody waits for", () =>
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
 * Makes an emulator. An option that the types cannot exclude, such as a version with a leading slash, throws a `RangeError`.
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
 * Provides an `HttpClient` that reaches the emulator in memory, for any program that needs one.
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
 * Provides the `OperationsService` of a program, over operations that are scripted in memory, with the emulator and its
 * `HttpClient`.
 *
 * The `options` are those of the service, and those of the emulator as `emulator`. The emulator responds as the service's
 * `api`. The scripts begin when the layer is built, so tests that share a layer share its operations and its calls.
 * Everything happens on the clock of the test: move it with `TestClock.adjust`.
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
    /** The options of the emulator. Its `api` defaults to that of the service. */
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
