// Tests a program from the start of an operation to its result, in memory and with a test clock.
import { assert, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { createBackup, spanner } from "./create-backup.js"
import { printing } from "./support/printing.js"

const type = "google.spanner.admin.database.v1"
const backup = "projects/p/instances/i/backups/nightly"
const operation = `${backup}/operations/o`
const metadata = (progressPercent: number) =>
  ProtobufAny.pack(`${type}.CreateBackupMetadata`, { name: backup, progress: { progressPercent } })
const response = ProtobufAny.pack(`${type}.Backup`, { name: backup })

/** Starts the program with an emulated operation. */
const started = (lines: Array<string>) =>
  Effect.gen(function*() {
    const emulator = yield* OperationsEmulator.OperationsEmulator
    yield* emulator.onStart({ path: "/v1/projects/p/instances/i/backups" }, {
      name: operation,
      steps: [
        OperationsEmulator.pending({ duration: "1 minute", metadata: metadata(0) }),
        OperationsEmulator.pending({ duration: "1 minute", metadata: metadata(50) }),
        OperationsEmulator.succeeded({ metadata: metadata(100), response })
      ]
    })
    return yield* Effect.fork(printing(lines, createBackup))
  })

it.effect("shows the progress until the backup is complete", () =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const fiber = yield* started(lines)
    yield* TestClock.adjust("3 minutes")
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(lines, ["0 %", "50 %", "100 %", `${backup} is complete`])
  }).pipe(Effect.provide(OperationsEmulator.layerTest({}, { api: spanner }))))

it.effect("cancels the backup when it is interrupted", () =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const fiber = yield* started(lines)
    yield* TestClock.adjust("90 seconds")
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(lines, ["0 %", "50 %"])
    const emulator = yield* OperationsEmulator.OperationsEmulator
    const calls = yield* emulator.callsOf(operation)
    assert.deepStrictEqual(calls.map(({ method }) => method).filter((method) => method !== "get"), ["start", "cancel"])
  }).pipe(Effect.provide(OperationsEmulator.layerTest({}, { api: spanner }))))
