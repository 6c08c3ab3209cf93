// Waits for thousands of operations with a limit on requests. Each outcome is emitted when it is known.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"

import * as Chunk from "effect/Chunk"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"

// #region thousands
const program = (names: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const outcomes = yield* Stream.runCollect(operations.waitAll(names, { timeout: "1 hour" }))
    const [failed, succeeded] = Chunk.partition(outcomes, ({ result }) => Either.isRight(result))
    yield* Console.log(`${succeeded.length} succeeded, ${failed.length} failed`)
  })
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  const names = Array.from({ length: 1000 }, (_, index) => `operations/${index}`)
  yield* Effect.forEach(names, (name, index) =>
    emulator.script(name, [
      OperationsEmulator.pending({ times: 1 + (index % 2) }),
      index % 10 === 0
        ? OperationsEmulator.failed({ code: "INTERNAL", message: "lost" })
        : OperationsEmulator.succeeded()
    ]))
  yield* Effect.provide(
    program(names),
    NodeOperations.layer({ api: emulator.api, requestBudget: { perSecond: 5000, concurrent: 16 } })
  )
})

NodeRuntime.runMain(Effect.scoped(main))
