import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Status from "effect-google-operations/Status"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, name } from "./support/answers.js"
import { mockHttp, seconds } from "./support/http.js"
import { collecting, doneAfter, failed, idOf, label, names, pending, scripted, succeeded } from "./support/many.js"
import { apiWith, service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("waitAll", () => {
  it.scoped("emits each outcome when it is known, in the order of the ends", () =>
    Effect.gen(function*() {
      const ends: Record<string, number> = { "operations/0": 3, "operations/1": 1, "operations/2": 2 }
      const http = scripted((name, polls) =>
        polls < ends[name]! ? pending(name) : name === "operations/2" ? failed(name) : succeeded(name)
      )
      const operations = yield* service(http, { schedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(3))))
      assert.deepStrictEqual(seen, [
        "1 operations/1 Succeeded",
        "2 operations/2 OperationError FAILED_PRECONDITION",
        "3 operations/0 Succeeded"
      ])
      assert.deepStrictEqual(Object.fromEntries(http.polls), {
        "operations/0": 4,
        "operations/1": 2,
        "operations/2": 3
      })
    }))

  it.scoped("accepts names, operations and handles, and each outcome has the value that was passed in", () =>
    Effect.gen(function*() {
      const http = scripted((name) => name === "operations/gone" ? googleError(404, "NOT_FOUND") : succeeded(name))
      const operations = yield* service(http, { schedule: every("1 second") })
      const given: ReadonlyArray<readonly [OperationsService.Waitable, string]> = [
        ["operations/name", "operations/name Succeeded"],
        [Operation.pending({ name: "operations/pending" }), "operations/pending Succeeded"],
        [Operation.succeeded({ name: "operations/done" }), "operations/done Succeeded"],
        [
          Operation.failed({ name: "operations/bad", error: new Status.Status({ code: 5, message: "no" }) }),
          "operations/bad OperationError NOT_FOUND"
        ],
        [yield* operations.handle("operations/handle"), "operations/handle Succeeded"],
        ["accessPolicies/1", "accessPolicies/1 HttpError InvalidRequest"],
        ["", " HttpError InvalidRequest"],
        [Operation.pending({ name: "" }), " HttpError InvalidRequest"],
        ["operations/gone", "operations/gone HttpError StatusCode"]
      ]
      const outcomes = yield* after(
        "1 minute",
        Stream.runCollect(operations.waitAll(given.map(([operation]) => operation)))
      )
      assert.strictEqual(Chunk.size(outcomes), given.length)
      for (const [operation, expected] of given) {
        const outcome = Array.from(outcomes).find((outcome) => outcome.operation === operation)
        assert(outcome !== undefined, expected)
        assert.strictEqual(label(outcome), expected)
      }
      assert.deepStrictEqual([...http.polls.keys()].sort(), [
        "operations/gone",
        "operations/handle",
        "operations/name",
        "operations/pending"
      ])
    }))

  it.scoped("ends at once without operations, and sends no request for operations that are done", () =>
    Effect.gen(function*() {
      const http = scripted(pending)
      const operations = yield* service(http)
      assert.strictEqual(yield* Stream.runCount(operations.waitAll([])), 0)
      assert.strictEqual(yield* Stream.runCount(operations.waitAll([Operation.succeeded({ name }), "bad"])), 2)
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("accepts any iterable, and its stream can be run again", () =>
    Effect.gen(function*() {
      const http = scripted(succeeded)
      const operations = yield* service(http)
      const outcomes = operations.waitAll(new Set(names(3)))
      assert.strictEqual(yield* Stream.runCount(outcomes), 3)
      assert.strictEqual(yield* Stream.runCount(outcomes), 3)
      assert.strictEqual(http.times.length, 6)
    }))

  it.scoped("duplicates share their polls, and each has its outcome", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(2), 100)
      const operations = yield* service(http, { schedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll([name, name, "operations/y", name])))
      assert.deepStrictEqual(seen.sort(), [
        `2.3 ${name} Succeeded`,
        `2.3 ${name} Succeeded`,
        `2.3 ${name} Succeeded`,
        "2.3 operations/y Succeeded"
      ])
      assert.deepStrictEqual(Object.fromEntries(http.polls), { [name]: 3, "operations/y": 3 })
    }))

  it.scoped("a name is polled at once, and a pending operation after the first delay", () =>
    Effect.gen(function*() {
      const http = scripted(succeeded)
      const operations = yield* service(http, { schedule: every("7 seconds") })
      const seen: Array<string> = []
      yield* after(
        "1 minute",
        collecting(seen, operations.waitAll([Operation.pending({ name: "operations/0" }), "operations/1"]))
      )
      assert.deepStrictEqual(seen, ["0 operations/1 Succeeded", "7 operations/0 Succeeded"])
    }))

  it.scoped("transient failures and server delays are handled as by wait", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) =>
        polls === 0
          ? googleError(503, "UNAVAILABLE", { headers: { "retry-after": "10" } })
          : polls === 1
          ? pending(name)
          : succeeded(name)
      )
      const operations = yield* service(http, { schedule: every("1 second"), retrySchedule: every("2 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll([name])))
      assert.deepStrictEqual(seconds(http), [0, 10, 11])
      assert.deepStrictEqual(seen, [`11 ${name} Succeeded`])
    }))

  it.scoped("each operation has its own timeout", () =>
    Effect.gen(function*() {
      const http = scripted((name) => name === "operations/1" ? succeeded(name) : pending(name))
      const operations = yield* service(http, { schedule: every("7 seconds") })
      const handle = yield* operations.handle("operations/2", { timeout: "5 seconds" })
      const seen: Array<string> = []
      const waits = operations.waitAll(["operations/0", "operations/1"], { timeout: "10 seconds" })
      yield* after(
        "1 minute",
        Effect.all([collecting(seen, waits), collecting(seen, operations.waitAll([handle]))], { concurrency: 2 })
      )
      assert.deepStrictEqual(seen, [
        "0 operations/1 Succeeded",
        "5 operations/2 WaitTimeoutError Timeout",
        "10 operations/0 WaitTimeoutError Timeout"
      ])
    }))

  it.scoped("each operation has its own schedule, even one that ends", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) => name === "operations/1" && polls === 1 ? succeeded(name) : pending(name))
      const operations = yield* service(http)
      const schedule = Schedule.intersect(every("1 second"), Schedule.recurs(2))
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(2), { schedule })))
      assert.deepStrictEqual(seen, ["1 operations/1 Succeeded", "2 operations/0 WaitTimeoutError ScheduleEnded"])
    }))

  it.scoped("shares polls with a wait for the same name", () =>
    Effect.gen(function*() {
      for (const plain of ["1 second", "1 hour"] as const) {
        const http = scripted(doneAfter(2), 10)
        const operations = yield* service(http)
        const all = plain === "1 hour" ? "1 second" : "1 hour"
        const start = yield* Clock.currentTimeMillis
        const [outcomes] = yield* after(
          "1 minute",
          Effect.all([
            Stream.runCollect(operations.waitAll([name], { schedule: every(all) })),
            operations.wait(name, { schedule: every(plain) })
          ], { concurrency: "unbounded" })
        )
        assert.deepStrictEqual(Array.from(outcomes, label), [`${name} Succeeded`])
        assert.deepStrictEqual(http.times.map((time) => time - start), [0, 1010, 2020], `wait polls every ${plain}`)
      }
    }))

  it.scoped("a slow consumer receives all outcomes", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(1))
      const operations = yield* service(http, { schedule: every("1 second") })
      const seen: Array<string> = []
      yield* after(
        "1 hour",
        collecting(seen, Stream.tap(operations.waitAll(names(10)), () => Effect.sleep("1 minute")))
      )
      assert.strictEqual(new Set(seen.map((line) => line.split(" ")[1])).size, 10)
      assert.strictEqual(http.times.length, 20)
    }))

  it.scoped("2,000 operations end in virtual time, each with its own polls", () =>
    Effect.gen(function*() {
      // Of ten, one is polled twice and one three times; these fail.
      const polls = (name: string) => Math.max(0, (Number(name.split("/")[1]) % 10) - 7)
      const http = scripted(
        (name, seen) => seen < polls(name) ? pending(name) : polls(name) > 0 ? failed(name) : succeeded(name)
      )
      const operations = yield* service(http, { schedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("10 seconds", collecting(seen, operations.waitAll(names(2000))))
      const ends: Record<string, number> = {}
      for (const line of seen) {
        const end = line.replace(/operations\/\d+ /, "")
        ends[end] = (ends[end] ?? 0) + 1
      }
      assert.deepStrictEqual(ends, {
        "0 Succeeded": 1600,
        "1 OperationError FAILED_PRECONDITION": 200,
        "2 OperationError FAILED_PRECONDITION": 200
      })
      assert.strictEqual(new Set(seen).size, 2000)
      assert.strictEqual(http.times.length, 1600 + 200 * 2 + 200 * 3)
    }).pipe(Effect.withTracerEnabled(false)), 60_000)

  it.scoped("slow responses for some operations do not delay the polls of others", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http)
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(200))))
      assert.strictEqual(http.most(), 64)
      assert.deepStrictEqual(new Set(seconds(http)), new Set([0, 1, 2, 3]))
    }), 30_000)

  it.scoped("a server that holds its responses does not delay the polls of others", () =>
    Effect.gen(function*() {
      const http = mockHttp((request) =>
        request.method === "POST" && !request.url.includes("operations/199")
          ? Effect.delay(Effect.sync(() => pending(name)), "24 seconds")
          : Effect.sync(() => request.url.includes("operations/199") ? succeeded("operations/199") : pending(name))
      )
      const operations = yield* service(http, { api: apiWith({ wait: "body" }), schedule: every("5 seconds") })
      const seen: Array<string> = []
      yield* after("5 seconds", collecting(seen, Stream.take(operations.waitAll(names(200)), 1)))
      assert.strictEqual(seen.length, 1)
      assert.match(seen[0]!, /^[0-5] operations\/199 Succeeded/)
    }))
})

describe("the end of waitAll", () => {
  it.scoped("take(1) ends it: no request follows, and nothing is cancelled", () =>
    Effect.gen(function*() {
      const http = scripted((name) => name === "operations/3" ? succeeded(name) : pending(name))
      const operations = yield* service(http, { schedule: every("1 second") })
      const outcomes = yield* after(
        "1 second",
        Stream.runCollect(Stream.take(operations.waitAll(names(5), { onInterrupt: "cancel" }), 1))
      )
      assert.deepStrictEqual(Array.from(outcomes, label), ["operations/3 Succeeded"])
      const requests = http.times.length
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(http.times.length, requests)
      assert.deepStrictEqual(http.cancelled(), [])
    }))

  it.scoped("take(1) aborts the polls in flight", () =>
    Effect.gen(function*() {
      const http = mockHttp((request) =>
        idOf(request.url) === "operations/3" ? Effect.sync(() => succeeded("operations/3")) : Effect.never
      )
      const operations = yield* service(http)
      yield* after("1 second", Stream.runDrain(Stream.take(operations.waitAll(names(5)), 1)))
      assert.strictEqual(http.aborts(), http.times.length - 1)
    }))

  for (const inFlight of [false, true]) {
    it.scoped(`interruption stops all requests, ${inFlight ? "even those in flight" : "between polls"}`, () =>
      Effect.gen(function*() {
        const http = scripted((name) => pending(name), inFlight ? "1 hour" : 0)
        const operations = yield* service(http, { schedule: every("10 seconds"), requestTimeout: "2 hours" })
        const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(100))))
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(http.times.length, inFlight ? 64 : 100)
        assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.strictEqual(http.aborts(), inFlight ? 64 : 0)
        yield* TestClock.adjust("3 hours")
        assert.strictEqual(http.times.length, inFlight ? 64 : 100)
        assert.deepStrictEqual(http.cancelled(), [])
      }))

    it.scoped(`close: every outcome is Closed, ${inFlight ? "with polls in flight" : "between polls"}`, () =>
      Effect.gen(function*() {
        const http = scripted((name) => name === "operations/0" ? succeeded(name) : pending(name), inFlight ? 1000 : 0)
        const operations = yield* service(http, { schedule: every("10 seconds") })
        const fiber = yield* Effect.fork(Stream.runCollect(operations.waitAll(names(100))))
        yield* TestClock.adjust(500)
        yield* operations.close
        const outcomes = yield* Fiber.join(fiber)
        const closed = Array.from(outcomes, label).filter((line) => line.endsWith(" HttpError Closed"))
        assert.strictEqual(Chunk.size(outcomes), 100)
        assert.strictEqual(closed.length, inFlight ? 100 : 99)
        const requests = http.times.length
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(http.times.length, requests)
        const later = yield* Stream.runCollect(operations.waitAll(names(2)))
        assert.deepStrictEqual(Array.from(later, label), [
          "operations/0 HttpError Closed",
          "operations/1 HttpError Closed"
        ])
      }))
  }

  it.scoped("interruption with cancel cancels each pending operation once", () =>
    Effect.gen(function*() {
      const http = scripted((name) => Number(name.split("/")[1]) % 2 === 0 ? succeeded(name) : pending(name))
      const operations = yield* service(http, { schedule: every("10 seconds") })
      const all = [...names(60), "operations/1", "operations/1"]
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(all, { onInterrupt: "cancel" })))
      yield* TestClock.adjust("5 seconds")
      const exit = yield* Fiber.interrupt(fiber)
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.deepStrictEqual(
        http.cancelled().sort(),
        names(60).filter((_, index) => index % 2 === 1).map((name) => `${name}:cancel`).sort()
      )
    }))

  it.scoped("interruption with cancel does not cancel an operation of another wait", () =>
    Effect.gen(function*() {
      const http = scripted((name) => pending(name))
      const operations = yield* service(http, { schedule: every("10 seconds") })
      const other = yield* Effect.fork(operations.wait("operations/0"))
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(2), { onInterrupt: "cancel" })))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(http.cancelled(), ["operations/1:cancel"])
      yield* Fiber.interrupt(other)
    }))

  it.scoped("a timeout with cancel cancels that operation once, and its outcome is the timeout", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) => name === "operations/1" && polls === 1 ? succeeded(name) : pending(name))
      const operations = yield* service(http, { schedule: every("4 seconds") })
      const seen: Array<string> = []
      yield* after(
        "1 minute",
        collecting(seen, operations.waitAll(names(3), { timeout: "5 seconds", onTimeout: "cancel" }))
      )
      assert.deepStrictEqual(seen.sort(), [
        "4 operations/1 Succeeded",
        "5 operations/0 WaitTimeoutError Timeout",
        "5 operations/2 WaitTimeoutError Timeout"
      ])
      assert.deepStrictEqual(http.cancelled().sort(), ["operations/0:cancel", "operations/2:cancel"])
    }))

  it.scoped(
    "a stream that is interrupted while it reads its iterable leaves no waits behind",
    () =>
      Effect.gen(function*() {
        const http = scripted((name) => pending(name))
        const operations = yield* service(http, { schedule: every("10 seconds") })
        const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(20_000))))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        // Whoever waits for one of them now is the last to leave.
        const asked = http.times.length
        const probes = [0, 10, 100, 1000, 2000, 5000].map((index) => `operations/${index}`)
        const waits = yield* Effect.forEach(
          probes,
          (name) => Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
        )
        yield* TestClock.adjust(0)
        yield* Fiber.interruptAll(waits)
        assert.deepStrictEqual(http.cancelled().sort(), probes.map((name) => `${name}:cancel`).sort())
        assert.strictEqual(http.times.length, asked + 2 * probes.length)
      }),
    30_000
  )
})
