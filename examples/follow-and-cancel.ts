// Follows an operation as a stream of its states, and cancels it at 60 %.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const program = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  yield* operations.updates("operations/a", { schedule: Polling.spaced("50 millis") }).pipe(
    Stream.tap((operation) => Console.log(`${operation.metadata?.["percent"]} %`)),
    Stream.tap((operation) => operation.metadata?.["percent"] === 60 ? operations.cancel(operation.name) : Effect.void),
    Stream.runDrain,
    // If the server cancels the operation, it fails with CANCELLED.
    Effect.catchTag("OperationError", (error) => Console.log(`ended with ${error.code}`))
  )
})

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  yield* emulator.script("operations/a", [
    OperationsEmulator.pending({ times: 3, metadata: { percent: 20 } }),
    OperationsEmulator.pending({ times: 3, metadata: { percent: 60 } }),
    OperationsEmulator.succeeded()
  ])
  yield* Effect.provide(program, NodeOperations.layer({ api: emulator.api }))
})

NodeRuntime.runMain(Effect.scoped(main))
