// Tests a program with the real client, scripted operations, and a test clock.
import { assert, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"

// #region short
it.effect("waits for an operation that takes ten minutes", () =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const fiber = yield* Effect.fork(operations.wait("operations/a"))
    yield* TestClock.adjust("11 minutes")
    assert.strictEqual((yield* Fiber.join(fiber)).name, "operations/a")
  }).pipe(Effect.provide(OperationsEmulator.layerTest({
    "operations/a": [OperationsEmulator.pending({ duration: "10 minutes" }), OperationsEmulator.succeeded()]
  }))))
// #endregion

// #region scripted
// The program under test. If the first operation fails with ABORTED, the program waits for a second operation.
const program = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  return yield* operations.wait("operations/first").pipe(
    Effect.catchIf(
      (error) => error._tag === "OperationError" && error.code === "ABORTED",
      () => operations.wait("operations/second")
    )
  )
})

it.effect("waits for the second operation after ABORTED", () =>
  Effect.gen(function*() {
    const test = yield* OperationsEmulator.OperationsEmulator
    const fiber = yield* Effect.fork(program)
    yield* TestClock.adjust("1 minute")

    assert.strictEqual((yield* Fiber.join(fiber)).name, "operations/second")
    assert.deepStrictEqual((yield* test.calls).map((call) => call.name), [
      "operations/first",
      "operations/first",
      "operations/second"
    ])
  }).pipe(
    Effect.provide(OperationsEmulator.layerTest({
      "operations/first": [
        OperationsEmulator.httpFault({ status: 503, headers: { "retry-after": "5" } }),
        OperationsEmulator.failed({ code: "ABORTED", message: "a parallel operation holds the lock" })
      ],
      "operations/second": [OperationsEmulator.succeeded()]
    }))
  ))
// #endregion
