// npm start: starts an operation of Access Context Manager on an emulator, waits for the operation, and shows the errors of a wait. The
// second part uses the command line to wait for an existing operation: npm run cli -- wait NAME --base-url URL
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import type * as Operation from "effect-google-operations/Operation"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import * as Progress from "./support/progress.js"

const CreateAccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, parent: Schema.String, title: Schema.String, etag: Schema.String })
  }
})

const createAccessPolicy = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123456789", title: "example policy" })
)

/** Calls `wait` and prints the polls. */
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

/** Runs the command line, with its output on this terminal. */
const commandLine = (words: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.zipRight(
    Console.log(`$ google-operations ${words.join(" ")}`),
    Effect.async((resume) => {
      spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...words], { stdio: "inherit" })
        .on("close", (code) => resume(Console.log(`exit code ${code}`)))
    })
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

    yield* Console.log("\n2. An operation that fails, on the command line")
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
    yield* commandLine(["wait", "operations/fails", "--base-url", emulator.url, "--anonymous", "--format", "table"])

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

    yield* Console.log("\n4. The progress of an operation, and its cancellation")
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

NodeRuntime.runMain(demonstration)
