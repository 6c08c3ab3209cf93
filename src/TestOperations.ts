/**
 * Scripted operations, for the tests of programs that wait for operations.
 *
 * A script says as data what each poll of an operation answers. The layer provides the {@link OperationsService} that
 * the program asks for: the real client, which talks to the scripts in memory, on the clock of the test. The calls that it
 * made can be looked at afterwards.
 *
 * Scripts are by operation name, which holds `operations/…`, as AIP-151 has it. To try a program against the same scripts
 * over a socket, see `OperationsEmulator`.
 *
 * @since 0.2.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Code from "./Code.js"
import * as GoogleApi from "./GoogleApi.js"
import * as Emulator from "./internal/emulator/emulator.js"
import { httpClient } from "./internal/emulator/httpClient.js"
import type * as Script from "./internal/emulator/script.js"
import { ScriptError } from "./internal/emulator/scriptError.js"
import * as OperationsService from "./OperationsService.js"
import type * as ProtobufAny from "./ProtobufAny.js"

/**
 * One step of a script, plain data; all its times are in milliseconds. The constructors of this module make them.
 *
 * Each poll, by `get` or `:wait`, takes the next answer, and the last step answers for ever. `list`, `cancel` and `delete`
 * take none, and meet no faults: they see the operation as its latest poll did. A pending operation that is cancelled
 * fails with `CANCELLED` on its next poll; one that is deleted is not found any more.
 *
 * @since 0.2.0
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
 * A request that the program made: `name` is the operation's, or that of the collection that was listed; `at` is the time
 * in milliseconds, on the test's clock.
 *
 * @since 0.2.0
 * @category models
 */
export interface Call extends Emulator.Call {}

/** @inline */
interface StepOptions {
  /** How long the answer takes. Default: no time. */
  readonly delay?: Duration.DurationInput | undefined
}

const millis = (duration: Duration.DurationInput | undefined): number | undefined =>
  duration === undefined ? undefined : Duration.toMillis(duration)

/**
 * The operation goes on: for `times` polls (default 1), or for `duration`.
 *
 * `headers` are those of the answers, such as `{ "retry-after": "10" }`.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const steps = [
 *   TestOperations.pending({ times: 2, metadata: { "@type": "type.googleapis.com/example.Progress", percent: 10 } }),
 *   TestOperations.pending({ duration: "1 minute" }),
 *   TestOperations.succeeded()
 * ]
 * ```
 */
export const pending = (
  options: StepOptions & {
    /** For how many polls, unless there is a `duration`. Default: 1. */
    readonly times?: number | undefined
    /** For how long, from the beginning of the step. */
    readonly duration?: Duration.DurationInput | undefined
    /** What the operation tells of itself. Default: nothing. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
    /** Further headers of the answers, such as `{ "retry-after": "10" }`. */
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {}
): Step => ({ type: "pending", ...options, duration: millis(options.duration), delay: millis(options.delay) })

/**
 * The operation is done, with `response` as its result; none for a method that returns `google.protobuf.Empty`.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const step = TestOperations.succeeded({
 *   response: ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", { name: "accessPolicies/1" })
 * })
 * ```
 */
export const succeeded = (
  options: StepOptions & {
    /** The result. Default: none. */
    readonly response?: ProtobufAny.ProtobufAny | undefined
    /** What the operation tells of itself. Default: nothing. */
    readonly metadata?: ProtobufAny.ProtobufAny | undefined
  } = {}
): Step => ({ type: "succeeded", ...options, delay: millis(options.delay) })

/**
 * The operation is done, and has failed: waits end with `OperationError`. `code` is a name or a number of
 * `google.rpc.Code`.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const step = TestOperations.failed({
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
    /** The server's words. Default: none. */
    readonly message?: string | undefined
    /** What the server has for a program. Default: nothing. */
    readonly details?: ReadonlyArray<ProtobufAny.ProtobufAny> | undefined
    /** What the operation tells of itself. Default: nothing. */
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
 * The server answers `times` polls (default 1) with something else than the operation: any HTTP `status` from 200 to 599,
 * `headers` and `body`. Nothing is known of the operation then.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const steps = [
 *   TestOperations.httpFault({ status: 503, headers: { "retry-after": "20" }, times: 2 }),
 *   TestOperations.httpFault({ status: 502, body: "<html>Bad gateway</html>" }),
 *   TestOperations.succeeded()
 * ]
 * ```
 */
export const httpFault = (
  options: StepOptions & {
    /** Any HTTP status from 200 to 599. */
    readonly status: number
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
    /** The headers of the answers. Default: none. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    /** The body of the answers, as text. Default: none. */
    readonly body?: string | undefined
  }
): Step => ({ type: "http", ...options, delay: millis(options.delay) })

/**
 * The connection breaks off, for `times` polls (default 1): before anything of the answer has come (the default), within
 * its headers, or within its body.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const steps = [TestOperations.cut({ at: "withinBody", times: 3 }), TestOperations.succeeded()]
 * ```
 */
export const cut = (
  options: StepOptions & {
    /** Where the connection breaks off. Default: `"beforeHeaders"`. */
    readonly at?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({ type: "cut", ...options, at: options.at ?? "beforeHeaders", delay: millis(options.delay) })

/**
 * The operation is not found, for `times` polls (default 1): not visible yet when other steps follow, expired when it is
 * the last one.
 *
 * @since 0.2.0
 * @category steps
 * @example
 * ```ts
 * import * as TestOperations from "effect-google-operations/TestOperations"
 *
 * const notVisibleYet = [TestOperations.gone({ times: 2 }), TestOperations.succeeded()]
 * const expired = [TestOperations.gone()]
 * ```
 */
export const gone = (
  options: StepOptions & {
    /** For how many polls. Default: 1. */
    readonly times?: number | undefined
  } = {}
): Step => ({
  type: "gone",
  ...options,
  delay: millis(options.delay)
})

/**
 * The scripts of a test, and what was asked of them.
 *
 * @since 0.2.0
 * @category models
 */
export interface Service {
  /** Scripts the operation `name`: its answers, in order. A second script of the same name takes the place of the first. */
  readonly script: (name: string, steps: NonEmptyReadonlyArray<Step>) => Effect.Effect<void, ScriptError>
  /** Every call so far, in order. Of more than 100,000, the oldest may be missing. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The calls for the operation `name`. */
  readonly callsOf: (name: string) => Effect.Effect<ReadonlyArray<Call>>
}

/**
 * The scripted operations of a test.
 *
 * @since 0.2.0
 * @category tags
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as TestOperations from "effect-google-operations/TestOperations"
 * import * as Effect from "effect/Effect"
 *
 * it.effect("cancels what it does not want any more", () =>
 *   Effect.gen(function*() {
 *     const test = yield* TestOperations.TestOperations
 *     yield* test.script("operations/a", [TestOperations.pending()])
 *
 *     const operations = yield* OperationsService.OperationsService
 *     yield* operations.cancel("operations/a")
 *
 *     assert.deepStrictEqual((yield* test.callsOf("operations/a")).map((call) => call.method), ["cancel"])
 *   }).pipe(Effect.provide(TestOperations.layer({}))))
 * ```
 */
export class TestOperations extends Context.Tag("effect-google-operations/TestOperations")<
  TestOperations,
  Service
>() {}

/**
 * Provides the {@link OperationsService} of a program, over scripts: operations by name, and what each poll answers.
 *
 * The `options` are those of the real service; without an `api` it is Access Context Manager. A script begins when the
 * layer is built, so tests that share a layer share its operations and its calls. Without a clock of the test's own, it
 * all happens in real time.
 *
 * @since 0.2.0
 * @category layers
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as TestOperations from "effect-google-operations/TestOperations"
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
 * it.effect("waits for the policy through a bad minute of the server", () =>
 *   Effect.gen(function*() {
 *     const fiber = yield* Effect.fork(program)
 *     yield* TestClock.adjust("1 minute")
 *     const { response } = yield* Fiber.join(fiber)
 *     assert.strictEqual(response?.["name"], "accessPolicies/1")
 *
 *     const test = yield* TestOperations.TestOperations
 *     const calls = yield* test.callsOf("operations/a")
 *     assert.deepStrictEqual(calls.map((call) => call.method), ["get", "get", "get"])
 *   }).pipe(Effect.provide(TestOperations.layer({
 *     "operations/a": [
 *       TestOperations.pending(),
 *       TestOperations.httpFault({ status: 503 }),
 *       TestOperations.succeeded({ response: { "@type": "type.googleapis.com/x.AccessPolicy", name: "accessPolicies/1" } })
 *     ]
 *   }))))
 * ```
 */
export const layer = (
  scripts: Readonly<Record<string, NonEmptyReadonlyArray<Step>>>,
  options?: OperationsService.Options
): Layer.Layer<OperationsService.OperationsService | TestOperations, ScriptError> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const api = options?.api ?? GoogleApi.accessContextManager
    const prefix = URL.canParse(api.baseUrl) ? new URL(api.baseUrl).pathname.replace(/^\/+|\/+$/g, "") : ""
    const emulator = new Emulator.Emulator({ versions: [prefix === "" ? api.version : `${prefix}/${api.version}`] })
    const script: Service["script"] = (name, steps) =>
      Effect.mapError(emulator.script(name, steps), (message) => new ScriptError({ message }))
    yield* Effect.forEach(Object.entries(scripts), ([name, steps]) => script(name, steps), { discard: true })
    const calls = Effect.sync(() => emulator.calls())
    return OperationsService.layer(options).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, httpClient(emulator))),
      Layer.merge(Layer.succeed(TestOperations, {
        script,
        calls,
        callsOf: (name) => Effect.map(calls, (calls) => calls.filter((call) => call.name === name))
      }))
    )
  }))
