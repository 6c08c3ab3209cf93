import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { json, name, pending, succeeded } from "./support/answers.js"
import { inOrder, seconds, slowly } from "./support/http.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"

const step = (step: number) => () => json({ name, metadata: { step } })
const failed = () => json({ name, done: true, error: { code: 9, message: "not empty" } })

const label = (operation: Operation.Operation): string =>
  operation.metadata === undefined ? operation._tag : `${operation._tag} ${String(operation.metadata["step"])}`

/** Notes the states that it is told, with the time in seconds. */
const noting = (seen: Array<string>) => (operation: Operation.Operation) =>
  Effect.map(Clock.currentTimeMillis, (now) => void seen.push(`${now / 1000} ${label(operation)}`))

describe("onUpdate", () => {
  it.scoped("is told every state that differs, the final one too", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const operations = yield* service(inOrder(step(1), step(1), step(2), succeeded), { schedule: every("1 second") })
      yield* after("1 minute", operations.wait(name, { onUpdate: noting(seen) }))
      assert.deepStrictEqual(seen, ["0 Pending 1", "2 Pending 2", "3 Succeeded"])
    }))

  it.scoped("is told the state that is known at the beginning, and that the operation has failed", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const operations = yield* service(inOrder(step(1), failed), { schedule: every("1 second") })
      const known = Operation.pending({ name, metadata: { step: 1 } })
      yield* Effect.flip(after("1 minute", operations.wait(known, { onUpdate: noting(seen) })))
      assert.deepStrictEqual(seen, ["0 Pending 1", "2 Failed"])
    }))

  it.scoped("is run to its end before the wait goes on", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), step(2), succeeded)
      const operations = yield* service(http, { schedule: every("1 second") })
      yield* after("1 hour", operations.wait(name, { onUpdate: () => Effect.sleep("10 seconds") }))
      assert.deepStrictEqual(seconds(http), [0, 11, 22])
    }))

  it.scoped("is not interrupted by the end that another wait sees, and is told that end", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const http = slowly(10, step(1), succeeded)
      const operations = yield* service(http)
      const slow = yield* Effect.fork(operations.wait(name, {
        schedule: every("1 hour"),
        onUpdate: (operation) => Effect.zipRight(Effect.sleep("1 minute"), noting(seen)(operation))
      }))
      yield* after("10 seconds", operations.wait(name, { schedule: every("1 second") }))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(slow))._tag, "Succeeded")
      assert.deepStrictEqual(seen.map((line) => line.slice(line.indexOf(" ") + 1)), ["Pending 1", "Succeeded"])
      assert.strictEqual(http.times.length, 2)
    }))

  for (const end of ["interruption", "timeout"] as const) {
    it.scoped(`is interrupted by the ${end} of the wait`, () =>
      Effect.gen(function*() {
        let interrupted = 0
        const operations = yield* service(inOrder(pending))
        const onUpdate = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
        const fiber = yield* Effect.fork(
          Effect.exit(operations.wait(name, { onUpdate, ...(end === "timeout" ? { timeout: "5 seconds" } : {}) }))
        )
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(interrupted, 1)
      }))
  }

  it.scoped("that dies or throws is a defect of its wait alone", () =>
    Effect.gen(function*() {
      for (
        const onUpdate of [() => Effect.die("no"), () => {
          throw "no"
        }]
      ) {
        const operations = yield* service(slowly(10, pending, succeeded), { schedule: every("1 second") })
        const other = yield* Effect.fork(operations.wait(name))
        const exit = yield* Effect.exit(after("1 minute", operations.wait(name, { onUpdate })))
        assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        assert.strictEqual((yield* Fiber.join(other))._tag, "Succeeded")
      }
    }))

  it.scoped("of waitAll is told the states of all", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const operations = yield* service(inOrder(() => json({ name: "operations/a", done: true })))
      const names = ["operations/a", "operations/b"]
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names, { onUpdate: noting(seen) })))
      assert.deepStrictEqual(seen, ["0 Succeeded", "0 Succeeded"])
    }))
})
