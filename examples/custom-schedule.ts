// A custom schedule: any Effect schedule can decide when to poll.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

// #region schedule
// Polls every 50 ms for the first second, and then every 500 ms. Ends after at most 31 polls. Prints the name after each pending
// state.
const schedule = Schedule.spaced("50 millis").pipe(
  Schedule.upTo("1 second"),
  Schedule.andThen(Schedule.spaced("500 millis")),
  Schedule.intersect(Schedule.recurs(30)),
  Schedule.tapInput((operation: { readonly name: string }) => Console.log(`${operation.name} is pending`))
)

const program = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  const operation = yield* operations.wait("operations/a", { schedule, timeout: "1 minute" })
  yield* Console.log(`${operation.name} is done`)
})
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  yield* emulator.script("operations/a", [OperationsEmulator.pending({ times: 3 }), OperationsEmulator.succeeded()])
  yield* Effect.provide(program, NodeOperations.layer({ api: emulator.api }))
})

NodeRuntime.runMain(Effect.scoped(main))
