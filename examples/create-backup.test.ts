// Testing a program from the start of an operation to its result, in memory, on a clock that the test moves.
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { createBackup, spanner } from "./create-backup.js"
import { printing } from "./support/printing.js"
import * as Starts from "./support/starts.js"

const type = "google.spanner.admin.database.v1"
const backup = "projects/p/instances/i/backups/nightly"
const metadata = (progressPercent: number) =>
  ProtobufAny.pack(`${type}.CreateBackupMetadata`, { name: backup, progress: { progressPercent } })

const emulated = () => {
  const emulator = OperationsEmulator.make()
  const client = Starts.httpClient(emulator, {
    "POST /v1/projects/p/instances/i/backups": {
      name: `${backup}/operations/o`,
      steps: [
        { type: "pending", duration: 60_000, metadata: metadata(0) },
        { type: "pending", duration: 60_000, metadata: metadata(50) },
        { type: "succeeded", metadata: metadata(100), response: ProtobufAny.pack(`${type}.Backup`, { name: backup }) }
      ]
    }
  })
  const layer = OperationsService.layer({ api: spanner }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
  )
  return { emulator, layer }
}

it.effect("shows the progress until the backup is complete", () =>
  Effect.gen(function*() {
    const { layer } = emulated()
    const lines: Array<string> = []
    const fiber = yield* Effect.fork(printing(lines, Effect.provide(createBackup, layer)))
    yield* TestClock.adjust("3 minutes")
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(lines, ["0 %", "50 %", "100 %", `${backup} is complete`])
  }))

it.effect("cancels the backup when it is interrupted", () =>
  Effect.gen(function*() {
    const { emulator, layer } = emulated()
    const lines: Array<string> = []
    const fiber = yield* Effect.fork(printing(lines, Effect.provide(createBackup, layer)))
    yield* TestClock.adjust("90 seconds")
    yield* Fiber.interrupt(fiber)
    const cancels = (yield* emulator.calls).filter(({ method }) => method === "cancel")
    assert.deepStrictEqual(cancels.map(({ name }) => name), [`${backup}/operations/o`])
    assert.deepStrictEqual(lines, ["0 %", "50 %"])
  }))
