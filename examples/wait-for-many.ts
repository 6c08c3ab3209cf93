// Waits for many operations in fibers. The first failure interrupts the other waits and aborts their requests.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

const waitForAll = (names: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    return yield* Effect.forEach(
      names,
      (name) => operations.wait(name, { schedule: Polling.spaced("50 millis", { jitter: 0.2 }) }),
      { concurrency: "unbounded" }
    )
  })

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  const names = Array.from({ length: 100 }, (_, index) => `operations/${index}`)
  yield* Effect.forEach(
    names,
    (name, index) =>
      emulator.script(name, [OperationsEmulator.pending({ times: 1 + (index % 5) }), OperationsEmulator.succeeded()])
  )
  yield* emulator.script("operations/fails", [
    OperationsEmulator.pending(),
    OperationsEmulator.failed({ code: "ABORTED", message: "a parallel operation holds the lock" })
  ])
  yield* emulator.script("operations/endless", [OperationsEmulator.pending()])

  yield* Effect.gen(function*() {
    const done = yield* waitForAll(names)
    yield* Console.log(`${done.length} operations are done`)

    const error = yield* Effect.flip(waitForAll(["operations/fails", "operations/endless"]))
    yield* Console.log(error.message)
  }).pipe(Effect.provide(NodeOperations.layer({ api: emulator.api })))
})

NodeRuntime.runMain(Effect.scoped(main))
