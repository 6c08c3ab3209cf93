import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { byList, evenAndOdd } from "./support/byList.js"
import { doneAt, listing } from "./support/lists.js"
import { collecting, label, names } from "./support/many.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("the end of a round", () => {
  it.scoped("is at the deadline of its waits, and its request is aborted", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), delay: "1 hour" })
      const operations = yield* service(api, { requestTimeout: "2 hours" })
      const seen: Array<string> = []
      const waits = operations.waitAll(names(20), { ...byList, timeout: "10 seconds" })
      yield* after("10 seconds", collecting(seen, waits))
      assert.deepStrictEqual(seen, names(20).map((name) => `10 ${name} WaitTimeoutError Timeout`))
      assert.strictEqual(api.aborts(), 1)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 1)
    }))

  it.scoped("does not come while one of its waits is left", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), delay: "10 seconds", state: doneAt(0) })
      const operations = yield* service(api)
      const handles = yield* Effect.forEach(names(20), (name, index) =>
        operations.handle(name, index === 7 ? {} : { timeout: "5 seconds" }))
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(handles, byList)))
      assert.strictEqual(seen.length, 20)
      assert.strictEqual(seen[19], "10 operations/7 Succeeded")
      assert.strictEqual(seen[0], "5 operations/0 WaitTimeoutError Timeout")
      assert.strictEqual(api.requests.length, 1)
    }))

  it.scoped("by an abort lets the next one start at once", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(40), delay: "10 seconds", state: doneAt(0) })
      const operations = yield* service(api, { schedule: every("2 seconds") })
      const handles = yield* Effect.forEach(names(20), (name) => operations.handle(name, { timeout: "3 seconds" }))
      const others = names(40).slice(20)
      const all = [...handles, ...others.map((name) => Operation.pending({ name }))]
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(all, byList)))
      assert.deepStrictEqual(seen.slice(20), others.map((name) => `13 ${name} Succeeded`))
      assert.strictEqual(api.aborts(), 1)
    }))

  it.scoped("at a deadline with cancel cancels each operation once", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20) })
      const operations = yield* service(api, { schedule: every("3 seconds") })
      yield* after(
        "1 minute",
        Stream.runDrain(operations.waitAll(names(20), { ...byList, timeout: "10 seconds", onTimeout: "cancel" }))
      )
      assert.deepStrictEqual(api.cancels.sort(), names(20).map((name) => `${name}:cancel`).sort())
      assert.deepStrictEqual(api.lists, [0, 3, 6, 9])
    }))

  for (const at of ["in flight", "between pages", "asleep", "missed"] as const) {
    it.scoped(`by interruption, ${at}: no request follows`, () =>
      Effect.gen(function*() {
        const delay = at === "asleep" ? undefined : "2 seconds"
        const api = listing({ listed: at === "missed" ? [] : names(100), largest: 10, delay })
        const operations = yield* service(api, { schedule: every("1 hour") })
        const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(100), byList)))
        yield* TestClock.adjust(at === "between pages" ? "5 seconds" : at === "missed" ? "3 seconds" : "1 second")
        const requests = api.requests.length
        const aborts = api.aborts()
        assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.strictEqual(api.aborts() - aborts, at === "asleep" ? 0 : at === "missed" ? 64 : 1)
        assert.strictEqual(requests, { "in flight": 1, "between pages": 3, asleep: 10, missed: 1 + 64 }[at])
        yield* TestClock.adjust("3 hours")
        assert.strictEqual(api.requests.length, requests)
      }))
  }

  it.scoped("by interruption, with only polls left that are not due: no request follows", () =>
    Effect.gen(function*() {
      const listed = [
        ...names(100).filter((_, index) => index % 2 === 0),
        ...names(100).filter((_, index) => index % 2 > 0)
      ]
      const api = listing({ listed, largest: 10, delay: "200 millis" })
      const operations = yield* service(api, { schedule: evenAndOdd(4, 5) })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(100), byList)))
      // The second round begins after 4.2 s, and has shown all that were due after another second.
      yield* TestClock.adjust(5_300)
      assert.strictEqual(api.aborts(), 0)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(api.aborts(), 1)
      assert.strictEqual(api.requests.length, 16)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 16)
    }))

  it.scoped("by take cancels nothing", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: names(50),
        largest: 10,
        delay: "1 second",
        state: (name) => name === "operations/3" ? { name, done: true } : { name }
      })
      const operations = yield* service(api, { schedule: every("1 hour") })
      const outcomes = yield* after(
        "10 seconds",
        Stream.runCollect(Stream.take(operations.waitAll(names(50), { ...byList, onInterrupt: "cancel" }), 1))
      )
      assert.deepStrictEqual(Array.from(outcomes, label), ["operations/3 Succeeded"])
      assert.strictEqual(api.aborts(), 1)
      assert.deepStrictEqual(api.cancels, [])
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 2)
    }))

  for (const at of [0, 500, 5_000]) {
    it.scoped(`by close after ${at} ms: every outcome is Closed`, () =>
      Effect.gen(function*() {
        const api = listing({ listed: names(50), largest: 10, delay: "200 millis" })
        const operations = yield* service(api, { schedule: every("1 hour") })
        const fiber = yield* Effect.fork(Stream.runCollect(operations.waitAll(names(50), byList)))
        yield* TestClock.adjust(at)
        yield* operations.close
        const outcomes = yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          Array.from(outcomes, label).sort(),
          names(50).map((name) => `${name} HttpError Closed`).sort()
        )
        const requests = api.requests.length
        yield* TestClock.adjust("3 hours")
        assert.strictEqual(api.requests.length, requests)
      }))
  }
})
