// npm start: starts an operation of Access Context Manager on an emulator, waits for it, and shows the errors of a wait.
// npm start -- --base-url URL NAME: waits for an existing operation on any server. The access token is read from the
// environment variable GOOGLE_ACCESS_TOKEN.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as Operation from "effect-google-operations/Operation"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { parseArgs } from "node:util"
import * as Progress from "./support/progress.js"

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const usage = "usage: npm start [-- --base-url URL NAME]"

interface Existing {
  readonly baseUrl: string
  readonly name: string
}

const parse = (args: ReadonlyArray<string>): Effect.Effect<Existing | undefined, UsageError> =>
  Effect.try({
    try: () => {
      const { positionals, values } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { "base-url": { type: "string" } }
      })
      const baseUrl = values["base-url"]
      if (baseUrl === undefined && positionals.length === 0) return undefined
      if (baseUrl === undefined || positionals.length !== 1) throw new Error("give a base URL and one operation name")
      return { baseUrl, name: positionals[0]! }
    },
    catch: (cause) => new UsageError({ message: `${(cause as Error).message}; ${usage}` })
  })

const CreateAccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, parent: Schema.String, title: Schema.String, etag: Schema.String })
  }
})

const createAccessPolicy = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123456789", title: "example policy" })
)

/** Calls `wait`, and shows the polls. */
const showing = <A, E, R>(
  operation: string | Operation.Operation,
  wait: (
    operation: string | Operation.Operation,
    options: Omit<OperationsService.WaitOptions, "onUpdate">
  ) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const progress = yield* Progress.make(typeof operation !== "string")
    return yield* wait(operation, {
      schedule: Polling.defaultSchedule.pipe(Schedule.tapInput(progress.pending)),
      retrySchedule: Polling.retrySchedule.pipe(Schedule.tapInput(progress.failing)),
      timeout: "5 minutes"
    }).pipe(Effect.onExit(progress.end))
  })

const existing = ({ baseUrl, name }: Existing) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    // `get` fails at once if the server is unreachable. `wait` would poll again.
    const operation = yield* operations.get(name)
    yield* Console.log(JSON.stringify(Operation.toJson(yield* showing(operation, operations.wait)), undefined, 2))
  }).pipe(
    Effect.provide(NodeOperations.layerConfig(
      Config.map(Config.option(Config.redacted("GOOGLE_ACCESS_TOKEN")), (token) => ({
        api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl }),
        credentials: Option.match(token, {
          onNone: () => Credentials.anonymous,
          onSome: Credentials.accessToken
        })
      }))
    ))
  )

const demonstration = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make({ operationDuration: "3 seconds" })
  yield* Console.log(`emulator listening on ${emulator.url}`)

  yield* Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    yield* Console.log("\n1. An operation that succeeds")
    const started = yield* operations.start(createAccessPolicy)
    yield* Console.log(`started ${started.name}`)
    const policy = yield* showing(started, CreateAccessPolicy.result)
    yield* Console.log(`AccessPolicy ${JSON.stringify(policy, undefined, 2)}`)

    yield* Console.log("\n2. An operation that fails, and says why")
    yield* emulator.script("operations/fails", [
      OperationsEmulator.pending(),
      OperationsEmulator.httpFault({ status: 503, headers: { "retry-after": "1" } }),
      OperationsEmulator.failed({
        code: "FAILED_PRECONDITION",
        message: "The access level is referenced by a service perimeter.",
        details: [{
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "LEVEL_IN_USE",
          domain: "accesscontextmanager.googleapis.com",
          metadata: { perimeter: "accessPolicies/123/servicePerimeters/corp" }
        }]
      })
    ])
    yield* showing("operations/fails", operations.wait).pipe(
      Effect.catchTag(
        "OperationError",
        (error) =>
          Console.log(
            `${error.message}\n  reason ${error.status.errorInfo?.reason}, ${
              JSON.stringify(error.status.errorInfo?.metadata)
            }`
          )
      )
    )

    yield* Console.log("\n3. A wait that is interrupted while its poll is in flight")
    yield* emulator.script("operations/slow", [OperationsEmulator.pending({ delay: "1 minute" })])
    const fiber = yield* Effect.fork(showing("operations/slow", operations.wait))
    yield* Effect.sleep("1 second")
    const [duration] = yield* Effect.timed(Fiber.interrupt(fiber))
    yield* Effect.sleep("50 millis")
    const { aborted } = yield* emulator.stats
    yield* Console.log(
      `interrupted in ${Duration.toMillis(duration).toFixed(0)} ms; the server saw ${aborted} request aborted`
    )

    yield* Console.log("\n4. An operation that is followed, and cancelled")
    yield* emulator.script("operations/follow", [
      OperationsEmulator.pending({ metadata: { progress: 10 } }),
      OperationsEmulator.pending({ metadata: { progress: 60 } })
    ])
    yield* operations.updates("operations/follow").pipe(
      Stream.tap((operation) => Console.log(`progress ${operation.metadata?.["progress"]} %`)),
      Stream.tap((operation) =>
        operation.metadata?.["progress"] === 60 ? operations.cancel(operation.name) : Effect.void
      ),
      Stream.runDrain,
      Effect.catchTag("OperationError", (error) => Console.log(error.message))
    )

    yield* Console.log("\n5. Closing")
    const before = yield* emulator.stats
    yield* operations.close
    yield* Effect.sleep("50 millis")
    const after = yield* emulator.stats
    yield* Console.log(`open connections before close: ${before.openConnections}, after: ${after.openConnections}`)
  }).pipe(Effect.provide(NodeOperations.layer({ api: emulator.api })))
}).pipe(Effect.scoped)

const program = Effect.flatMap(
  parse(process.argv.slice(2)),
  (target): Effect.Effect<void, { readonly message: string }> => target === undefined ? demonstration : existing(target)
).pipe(
  Effect.tapError((error) => Console.error(`error: ${error.message}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
