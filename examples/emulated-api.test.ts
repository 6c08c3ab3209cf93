// Tests a program with the production client, and with an emulator on a socket that injects faults.
import { assert, it } from "@effect/vitest"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"

// #region emulator
it.live("returns the operation's error after connection faults", () =>
  Effect.gen(function*() {
    const emulator = yield* NodeOperationsEmulator.make()
    yield* emulator.script("operations/a", [
      OperationsEmulator.pending({ times: 2, metadata: { progress: 40 } }),
      OperationsEmulator.httpFault({ status: 503 }),
      OperationsEmulator.cut({ at: "withinBody" }),
      OperationsEmulator.failed({ code: "FAILED_PRECONDITION", message: "Level is referenced" })
    ])

    const soon = Polling.spaced("10 millis")
    const error = yield* Effect.flatMap(
      OperationsService.OperationsService,
      (operations) => Effect.flip(operations.wait("operations/a", { schedule: soon, retrySchedule: soon }))
    ).pipe(Effect.provide(NodeOperations.layer({ api: emulator.api })))

    assert.strictEqual(error.message, "Operation operations/a failed with FAILED_PRECONDITION: Level is referenced")
    assert.strictEqual((yield* emulator.calls).length, 5)
  }).pipe(Effect.scoped))
// #endregion
