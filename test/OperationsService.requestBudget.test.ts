import { assert, describe, it } from "@effect/vitest"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, name } from "./support/answers.js"
import { inOrder, mockHttp, seconds } from "./support/http.js"
import { collecting, doneAfter, idOf, names, pending, scripted, succeeded } from "./support/many.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("requestBudget", () => {
  const steps = (count: number, step: number) => Array.from({ length: count }, (_, index) => index * step)

  it.scoped("perSecond spreads the polls of waitAll evenly", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0))
      const operations = yield* service(http, { requestBudget: { perSecond: 4 } })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(10))))
      assert.deepStrictEqual(http.times, steps(10, 250))
      assert.deepStrictEqual(seen, names(10).map((name, index) => `${index / 4} ${name} Succeeded`))
    }))

  it.scoped("perSecond also limits the polls of more operations than slots", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(1))
      const operations = yield* service(http, { requestBudget: { perSecond: 10 }, schedule: every("1 second") })
      yield* after("1 hour", Stream.runDrain(operations.waitAll(names(80))))
      assert.deepStrictEqual(http.times, steps(160, 100))
    }), 30_000)

  it.scoped("concurrent limits the requests in flight", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 3 } })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(10))))
      assert.strictEqual(http.most(), 3)
      assert.deepStrictEqual(seconds(http), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
    }))

  it.scoped("both limits at once", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 2, perSecond: 10 } })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(5))))
      assert.strictEqual(http.most(), 2)
      assert.deepStrictEqual(http.times, [0, 100, 1000, 1100, 2000])
    }))

  it.scoped("may be larger than the 64 polls that are in flight by default", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 100 } })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(150))))
      assert.strictEqual(http.most(), 100)
    }), 30_000)

  for (const requestBudget of [{ perSecond: 10 }, { concurrent: 1 }, { perSecond: 10, concurrent: 5 }]) {
    it.scoped(`each operation is polled: ${JSON.stringify(requestBudget)}`, () =>
      Effect.gen(function*() {
        const http = scripted((name) => pending(name), "concurrent" in requestBudget ? 100 : 0)
        const operations = yield* service(http, { requestBudget, schedule: every("1 second") })
        const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(70))))
        for (const time of [3, 7, 15]) {
          yield* TestClock.adjust(Duration.seconds(time))
          const counts = names(70).map((name) => http.polls.get(name) ?? 0)
          assert.isAtMost(Math.max(...counts) - Math.min(...counts), 1)
        }
        assert.isAtLeast(Math.min(...names(70).map((name) => http.polls.get(name) ?? 0)), 3)
        yield* Fiber.interrupt(fiber)
      }), 30_000)
  }

  it.scoped("is shared by all calls of the service, in the order in which they came", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0))
      const operations = yield* service(http, { requestBudget: { perSecond: 1 } })
      const calls = [
        operations.get("operations/0"),
        operations.wait("operations/1"),
        operations.cancel("operations/2"),
        Stream.runDrain(operations.waitAll(["operations/3"])),
        operations.get("operations/4")
      ]
      yield* after("1 minute", Effect.all(calls, { concurrency: "unbounded" }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4])
      const ids = http.requests.map(({ url }) => idOf(url).replace(":cancel", ""))
      assert.deepStrictEqual([...ids].sort(), names(5))
      assert.deepStrictEqual(ids.slice(0, 3), names(3))
    }))

  it.scoped("limits gets in flight", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 2 } })
      const gets = names(5).map((name) => operations.get(name))
      yield* after("1 minute", Effect.all(gets, { concurrency: "unbounded" }))
      assert.deepStrictEqual(seconds(http), [0, 0, 1, 1, 2])
    }))

  it.scoped("is released after failures, timeouts and interruptions", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) =>
        index === 0
          ? Effect.sync(() => googleError(403, "PERMISSION_DENIED"))
          : index < 3
          ? Effect.never
          : Effect.sync(() => succeeded(name))
      )
      const operations = yield* service(http, { requestBudget: { concurrent: 1 }, requestTimeout: "5 seconds" })
      yield* httpError(operations.get(name))
      yield* httpError(after("5 seconds", operations.get(name)))
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      assert.strictEqual(http.times.length, 4)
    }))

  for (const requestBudget of [{ perSecond: 1 }, { concurrent: 1 }]) {
    it.scoped(`a request that leaves the queue uses no permit: ${JSON.stringify(requestBudget)}`, () =>
      Effect.gen(function*() {
        const http = scripted(doneAfter(0), "1 second")
        const operations = yield* service(http, { requestBudget })
        const fibers = yield* Effect.forEach(names(100), (name) => Effect.fork(operations.get(name)))
        yield* TestClock.adjust(1500)
        yield* Fiber.interruptAll(fibers)
        const asked = http.times.length
        assert.strictEqual(asked, 2)
        yield* after("2 seconds", operations.get(name))
        assert.isAtMost(http.times.at(-1)!, 2000)
        assert.strictEqual(http.times.length, asked + 1)
      }))
  }

  it.scoped("requests after an idle time are sent without a burst", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0))
      const operations = yield* service(http, { requestBudget: { perSecond: 1 } })
      const gets = Effect.all(names(3).map((name) => operations.get(name)), { concurrency: "unbounded" })
      yield* after("10 seconds", gets)
      yield* after("10 seconds", gets)
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 10, 11, 12])
    }))

  for (const requestBudget of [{ perSecond: 1 / 3600 }, { concurrent: 1 }]) {
    it.scoped(`a wait with a timeout ends in bounded time under ${JSON.stringify(requestBudget)} that is used up`, () =>
      Effect.gen(function*() {
        const http = mockHttp((request) =>
          request.url.endsWith("operations/slow") ? Effect.never : Effect.sync(() => pending(name))
        )
        const operations = yield* service(http, { requestBudget, requestTimeout: "10 seconds" })
        const slow = yield* Effect.fork(
          Effect.forever(Effect.ignore(operations.wait("operations/slow", { retrySchedule: every(1) })))
        )
        yield* TestClock.adjust(0)
        const fiber = yield* Effect.fork(Effect.flip(operations.wait(name, { timeout: "5 seconds" })))
        yield* TestClock.adjust("15 seconds")
        const ended = yield* Fiber.poll(fiber)
        assert(ended._tag === "Some", "within the timeout and one requestTimeout")
        const error = yield* Fiber.join(fiber)
        assert(WaitTimeoutError.isWaitTimeoutError(error))
        assert.strictEqual(error.reason, "Timeout")
        yield* Fiber.interrupt(slow)
      }))
  }

  it.scoped("requestTimeout does not include the time in the queue", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0))
      const operations = yield* service(http, { requestBudget: { perSecond: 0.1 }, requestTimeout: "1 second" })
      const gets = Effect.all(names(5).map((name) => operations.get(name)), { concurrency: "unbounded" })
      yield* after("40 seconds", gets)
      assert.deepStrictEqual(seconds(http), [0, 10, 20, 30, 40])
    }))

  it.scoped("close fails queued requests with Closed", () =>
    Effect.gen(function*() {
      for (const requestBudget of [{ perSecond: 0.001 }, { concurrent: 1 }]) {
        const http = mockHttp(() => Effect.never)
        const operations = yield* service(http, { requestBudget })
        const calls = names(3).map((name) => httpError(operations.get(name)))
        const fiber = yield* Effect.fork(Effect.all(calls, { concurrency: "unbounded" }))
        yield* TestClock.adjust(0)
        yield* operations.close
        assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ reason }) => reason), ["Closed", "Closed", "Closed"])
        assert.strictEqual(http.times.length, 1)
      }
    }))

  it.scoped("the cancel request of an interrupted wait is not queued", () =>
    Effect.gen(function*() {
      const http = scripted((name) => pending(name))
      const operations = yield* service(http, { requestBudget: { perSecond: 1 / 3600 } })
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(http.cancelled(), [`${name}:cancel`])
    }))

  const limits = [0, -1, NaN]
  const bad: ReadonlyArray<NonNullable<OperationsService.Options["requestBudget"]>> = [
    ...limits.flatMap((limit) => [{ perSecond: limit }, { concurrent: limit }, { perSecond: 1, concurrent: limit }]),
    { concurrent: 0.5 }
  ]
  for (const requestBudget of bad) {
    const what = Object.entries(requestBudget).map(([key, limit]) => `${key}: ${limit}`).join(", ")
    it.scoped(`${what} is refused by every call`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => succeeded(name))
        const operations = yield* service(http, { requestBudget })
        const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          operations.get(name),
          operations.wait(name),
          operations.cancel(name)
        ]
        for (const call of calls) {
          const error = yield* httpError(call)
          assert.strictEqual(error.reason, "InvalidRequest")
          assert.match(error.message, /requestBudget\.(perSecond|concurrent) must be .* above zero, not /)
        }
        assert.strictEqual(http.times.length, 0)
      }))
  }

  it.scoped("an empty budget is no limit", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: {} })
      yield* after("1 second", Effect.all(names(200).map((name) => operations.get(name)), { concurrency: "unbounded" }))
      assert.strictEqual(http.most(), 200)
    }), 30_000)
})
