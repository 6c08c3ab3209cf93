/**
 * The scenario that every runtime runs. It needs only the package, Effect and `fetch`.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type { HttpError } from "effect-google-operations/HttpError"
import type { OperationError } from "effect-google-operations/OperationError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Seen } from "./server.js"

/** The outcome of a step, with its problem if it failed. */
export interface Result {
  readonly step: string
  readonly problem?: string | undefined
}

/** Makes the service that a step uses. */
export type Make = (
  options: OperationsService.Options
) => Effect.Effect<OperationsService.Service, never, Scope.Scope>

export const overFetch: Make = (options) => Effect.provide(OperationsService.make(options), FetchHttpClient.layer)

interface Context {
  readonly operations: OperationsService.Service
  /** The name of an operation. Its last word selects the behaviour of the server. */
  readonly operation: (behavior: string) => string
  /** The requests for an operation that the server received. */
  readonly seen: (operation: string) => Effect.Effect<Seen>
}

const equal = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, string> => {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  return found === wanted ? Effect.void : Effect.fail(`${what}: ${found}, expected ${wanted}`)
}

const until = ({ seen }: Context, operation: string, condition: (seen: Seen) => boolean): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(Effect.delay(seen(operation), "20 millis"), { until: condition }))

/** The error of a request that fails. */
const failureOf = <A>(call: Effect.Effect<A, HttpError | OperationError>): Effect.Effect<HttpError, string> =>
  Effect.flatMap(
    Effect.flip(call),
    (error) => error._tag === "HttpError" ? Effect.succeed(error) : Effect.fail(`the error: ${error.message}`)
  ).pipe(
    Effect.mapError((found) => typeof found === "string" ? found : `no error, but ${JSON.stringify(found)}`)
  )

const schedule = Polling.spaced("50 millis")

const steps: Readonly<Record<string, (context: Context) => Effect.Effect<void, unknown>>> = {
  get: ({ operation, operations }) =>
    Effect.gen(function*() {
      const { _tag, metadata } = yield* operations.get(operation("get"))
      yield* equal("the state", [_tag, metadata?.["percent"]], ["Pending", 10])
    }),

  "wait, 503": ({ operation, operations, seen }) =>
    Effect.gen(function*() {
      const name = operation("wait")
      const done = yield* operations.wait(name, { schedule, retrySchedule: schedule })
      yield* equal("the response", done.response?.["title"], "Grüße")
      const { times } = yield* seen(name)
      yield* equal("the number of polls", times.length, 3)
      const delay = times[1]! - times[0]!
      if (delay < 990) yield* Effect.fail(`the delay after the 503: ${delay} ms, expected 1000 ms`)
    }),

  updates: ({ operation, operations }) =>
    Effect.gen(function*() {
      const states = yield* Stream.runCollect(operations.updates(operation("updates"), { schedule }))
      const found = Chunk.toReadonlyArray(states).map(({ _tag, metadata }) => [_tag, metadata?.["percent"]])
      yield* equal("the states", found, [["Pending", 10], ["Pending", 20], ["Succeeded", 100]])
    }),

  "error details": ({ operation, operations }) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(operations.wait(operation("fails")))
      if (error._tag !== "OperationError") return yield* Effect.fail(`the error: ${error.message}`)
      yield* equal(
        "the error",
        [error.code, error.status.errorInfo?.reason, error.status.details.map(({ _tag }) => _tag)],
        ["RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", ["ErrorInfo", "QuotaFailure"]]
      )
    }),

  redirect: ({ operation, operations, seen }) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.get(operation("redirect")))
      yield* equal("the error", [error.reason, error.isTransient], ["StatusCode", false])
      yield* equal("requests for the other URL", (yield* seen(operation("elsewhere"))).times.length, 0)
    }),

  "cut body": ({ operation, operations }) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.get(operation("cut")))
      yield* equal("the error", [error.reason, error.isTransient], ["Transport", true])
    }),

  interrupt: (context) =>
    Effect.gen(function*() {
      const name = context.operation("never")
      const fiber = yield* Effect.fork(context.operations.wait(name))
      yield* until(context, name, ({ times }) => times.length === 1)
      yield* Fiber.interrupt(fiber)
      yield* until(context, name, ({ aborted }) => aborted === 1)
    }),

  close: (context) =>
    Effect.gen(function*() {
      const name = context.operation("close/never")
      const fiber = yield* Effect.fork(failureOf(context.operations.get(name)))
      yield* until(context, name, ({ times }) => times.length === 1)
      yield* context.operations.close
      yield* equal("the error of the request in flight", (yield* Fiber.join(fiber)).reason, "Closed")
      yield* until(context, name, ({ aborted }) => aborted === 1)
      const error = yield* failureOf(context.operations.get(name))
      yield* equal("the error after close", error.reason, "Closed")
    })
}

/** The names of the steps. */
export const stepNames: ReadonlyArray<string> = Object.keys(steps)

/**
 * Runs all steps, each with a separate service.
 *
 * @param origin the origin of the server
 * @param run a name for this run. It is a part of the names of its operations
 */
export const runScenario = (origin: string, run: string, make: Make): Promise<ReadonlyArray<Result>> => {
  const operation = (behavior: string): string => `operations/${run}/${behavior}`
  const seen = (name: string): Effect.Effect<Seen> =>
    Effect.promise((signal) => fetch(`${origin}/seen/${name}`, { signal }).then((response) => response.json()))
  const runStep = ([step, body]: readonly [string, (context: Context) => Effect.Effect<void, unknown>]) =>
    make({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: origin }) }).pipe(
      Effect.flatMap((operations) => body({ operations, operation, seen })),
      Effect.scoped,
      Effect.timeoutFail({ duration: "15 seconds", onTimeout: () => "not done after 15 seconds" }),
      Effect.exit,
      Effect.map((exit): Result => ({ step, problem: Option.getOrUndefined(problemOf(exit)) }))
    )
  return Effect.runPromise(
    Effect.forEach(Object.entries(steps), runStep).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )
}

const problemOf = (exit: Exit.Exit<void, unknown>): Option.Option<string> =>
  Option.map(Exit.causeOption(exit), (cause) => {
    const failure = Cause.squash(cause)
    return (failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure)).split("\n")[0]!
  })
