import * as FileSystem from "@effect/platform/FileSystem"
import { assert, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Sink from "effect/Sink"
import * as TestClock from "effect/TestClock"
import { requestBudget, writeOutcomes } from "./write-outcomes.js"

const type = "google.identity.accesscontextmanager.v1.AccessLevel"

it.effect(
  "waits for 500 operations at 20 requests a second, and writes each outcome as it is known",
  () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const names = Array.from({ length: 500 }, (_, index) => `operations/${index}`)
      for (const [index, name] of names.entries()) {
        yield* emulator.script(name, [
          OperationsEmulator.pending({ duration: index % 10 === 0 ? 40_000 : index * 40 }),
          index % 5 === 0
            ? OperationsEmulator.failed({ code: "FAILED_PRECONDITION", message: "in use" })
            : OperationsEmulator.succeeded({ response: ProtobufAny.pack(type, { name: `levels/${index}` }) })
        ])
      }
      const file: Array<string> = []
      const fileSystem = FileSystem.layerNoop({
        sink: () => Sink.forEach((bytes) => Effect.sync(() => file.push(new TextDecoder().decode(bytes))))
      })
      const operations = OperationsService.layer({ requestBudget }).pipe(
        Layer.provide(OperationsEmulator.layerHttpClient),
        Layer.provide(Layer.succeed(OperationsEmulator.OperationsEmulator, emulator))
      )
      const lines = () => file.join("").split("\n").slice(0, -1)

      const fiber = yield* Effect.fork(
        Effect.provide(writeOutcomes(names, "outcomes.txt"), Layer.merge(operations, fileSystem))
      )
      yield* TestClock.adjust("15 seconds")
      assert.isAbove(lines().length, 100)
      assert.isBelow(lines().length, 400)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)

      assert.strictEqual(new Set(lines()).size, 500)
      assert.include(lines(), "operations/1: levels/1")
      assert.include(lines(), "operations/5: Operation operations/5 failed with FAILED_PRECONDITION: in use")
      const inSecond = new Map<number, number>()
      for (const { at } of yield* emulator.calls) {
        const second = Math.floor(at / 1000)
        inSecond.set(second, (inSecond.get(second) ?? 0) + 1)
      }
      assert.isAtMost(Math.max(...inSecond.values()), 20)
    }),
  30_000
)
