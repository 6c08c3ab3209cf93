// Waits for thousands of operations with a few requests, by polling pages of their list.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"

// #region list
const program = (names: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const succeeded = yield* operations.waitAll(names, { by: "list", timeout: "1 hour" }).pipe(
      Stream.filter(({ result }) => Either.isRight(result)),
      Stream.runCount
    )
    yield* Console.log(`${succeeded} of ${names.length} succeeded`)
  })
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  const names = Array.from({ length: 2000 }, (_, index) => `operations/${index}`)
  yield* Effect.forEach(names, (name, index) =>
    emulator.script(name, [
      OperationsEmulator.pending({ duration: "300 millis" }),
      index % 10 === 0
        ? OperationsEmulator.failed({ code: "INTERNAL", message: "lost" })
        : OperationsEmulator.succeeded()
    ]))
  yield* Effect.provide(program(names), NodeOperations.layer({ api: emulator.api }))
  const { requests } = yield* emulator.stats
  yield* Console.log(requests < 50 ? "fewer than 50 requests" : `${requests} requests`)
})

NodeRuntime.runMain(Effect.scoped(main))
