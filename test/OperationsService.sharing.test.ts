import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { bodyOf, inOrder, mockHttp, origin, overlapping, seconds, slowly } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

/** Notes when an effect has ended, in seconds. */
const noting = <A, E, R>(ends: Array<number>, effect: Effect.Effect<A, E, R>) =>
  Effect.ensuring(effect, Effect.map(Clock.currentTimeMillis, (now) => ends.push(now / 1000)))

describe("waits for one operation", () => {
  it.scoped("a hundred waits make the requests of one, and end together", () =>
    Effect.gen(function*() {
      const http = slowly(100, pending, pending, unavailable, pending, succeeded)
      const operations = yield* service(http, { schedule: every("1 second"), retrySchedule: every("2 seconds") })
      const ends: Array<number> = []
      const waits = Effect.forEach(Array(100).keys(), () => noting(ends, operations.wait(name)), {
        concurrency: "unbounded"
      })
      const results = yield* after("1 minute", waits)
      assert.strictEqual(http.most(), 1)
      assert.deepStrictEqual(seconds(http), [0, 1.1, 2.2, 4.3, 5.4])
      assert.deepStrictEqual(new Set(ends), new Set([5.5]))
      assert.strictEqual(results.length, 100)
      assert.deepStrictEqual(new Set(results.map(({ _tag }) => _tag)), new Set(["Succeeded"]))
    }))

  it.scoped("each has its own schedule, and all end when one of them reads the end", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, pending, pending, pending, pending, succeeded)
      const operations = yield* service(http)
      const ends: Array<number> = []
      const waits = [2, 5, 600, 7200].map((delay) =>
        noting(ends, operations.wait(name, { schedule: every(Duration.seconds(delay)) }))
      )
      yield* after("1 minute", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(seconds(http), [0, 2.01, 4.02, 5.01, 6.03, 8.04])
      assert.deepStrictEqual(ends, [8.05, 8.05, 8.05, 8.05])
      assert.strictEqual(http.most(), 1)
    }))

  it.scoped("all fail if one of them reads a failed operation", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, () => json({ name, done: true, error: { code: 9, message: "not empty" } }))
      const operations = yield* service(http)
      const waits = [1, 3600].map((delay) =>
        Effect.flip(operations.wait(name, { schedule: every(Duration.seconds(delay)) }))
      )
      const errors = yield* after("1 minute", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(errors.map(({ _tag }) => _tag), ["OperationError", "OperationError"])
      assert.deepStrictEqual(seconds(http), [0, 1.01])
    }))

  it.scoped("names, operations and handles of one operation share polls; other operations do not", () =>
    Effect.gen(function*() {
      const http = slowly(5000, succeeded)
      const operations = yield* service(http, { schedule: Schedule.recurs(9) })
      const handle = yield* operations.handle(name)
      const waits = [name, handle, Operation.pending({ name }), "operations/y"].map((operation) =>
        operations.wait(operation)
      )
      yield* after("5 seconds", Effect.all(waits, { concurrency: "unbounded" }))
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("different operations with the same path do not share polls", () =>
    Effect.gen(function*() {
      const http = mockHttp((request) =>
        Effect.sync(() => {
          const location = new URL(request.url).searchParams.get("location")
          const body = bodyOf(request) as { readonly operationName: string }
          return location === null
            ? json({ name: body.operationName, done: true })
            : json({ jobReference: { projectId: "p", jobId: "j", location }, status: { state: "DONE" } })
        })
      )
      const model = "projects/p/locations/l/publishers/google/models/veo"
      const cases = [
        [GoogleApi.make({ baseUrl: origin, version: "v1", dialect: Dialect.predict }), [
          `${model}/operations/1`,
          `${model}/operations/2`
        ]],
        [GoogleApi.bigQuery, ["projects/p/locations/a/jobs/j", "projects/p/locations/b/jobs/j"]]
      ] as const
      for (const [api, names] of cases) {
        const operations = yield* service(http, { api })
        const waits = names.map((name) => operations.wait(name))
        const results = yield* after("1 second", Effect.all(waits, { concurrency: "unbounded" }))
        assert.deepStrictEqual(results.map(({ name }) => name), [...names])
      }
    }))

  it.scoped("each has its own timeout", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, pending, pending, pending, succeeded)
      const operations = yield* service(http, { schedule: every("2 seconds") })
      const fiber = yield* Effect.fork(operations.wait(name))
      const error = yield* Effect.flip(after("3010 millis", operations.wait(name, { timeout: "3 seconds" })))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.polls, 3)
      assert.strictEqual(Duration.toMillis(error.elapsed), 3000)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(seconds(http), [0, 2.01, 2.7, 4.02, 6.03])
    }))

  it.scoped("each has its own retrySchedule", () =>
    Effect.gen(function*() {
      const http = slowly(10, unavailable)
      const operations = yield* service(http)
      const ends: Array<number> = []
      const waits = [2, 5].map((delay) =>
        noting(
          ends,
          httpError(
            operations.wait(name, {
              retrySchedule: Schedule.intersect(every(Duration.seconds(delay)), Schedule.recurs(1))
            })
          )
        )
      )
      const errors = yield* after("1 minute", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(errors.map(({ httpStatus }) => httpStatus), [503, 503])
      assert.deepStrictEqual(seconds(http), [0, 2.01, 5.01])
      assert.deepStrictEqual(ends, [2.02, 5.02])
    }))

  it.scoped("a permanent failure of a poll fails all waits that share it", () =>
    Effect.gen(function*() {
      const http = slowly(1000, () => googleError(403, "PERMISSION_DENIED"))
      const operations = yield* service(http)
      const waits = Array(10).fill(httpError(operations.wait(name))) as Array<Effect.Effect<{ readonly code: unknown }>>
      const errors = yield* after("1 second", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(new Set(errors.map(({ code }) => code)), new Set(["PERMISSION_DENIED"]))
      assert.strictEqual(http.times.length, 1)
    }))

  it.scoped("if the wait that started the poll is interrupted, the poll continues for the others", () =>
    Effect.gen(function*() {
      const http = slowly(6_000, succeeded)
      const operations = yield* service(http)
      const leader = yield* Effect.fork(operations.wait(name))
      yield* Effect.yieldNow()
      const others = yield* Effect.fork(
        Effect.all([operations.wait(name), operations.wait(name), operations.wait(name)], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(http.times.length, 1)
      assert(Exit.isInterrupted(yield* Fiber.interrupt(leader)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(others)
      assert.strictEqual(http.aborts(), 0)
      assert.deepStrictEqual(seconds(http), [0])
    }))

  it.scoped("if waits that joined a poll are interrupted, the poll continues", () =>
    Effect.gen(function*() {
      const http = slowly(10_000, succeeded)
      const operations = yield* service(http)
      const leader = yield* Effect.fork(operations.wait(name))
      yield* Effect.yieldNow()
      const followers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(operations.wait(name)))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interruptAll(followers)
      assert.strictEqual(http.aborts(), 0)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(leader))._tag, "Succeeded")
      assert.deepStrictEqual(seconds(http), [0])
    }))

  it.scoped("if all waits are interrupted, the poll is aborted", () =>
    Effect.gen(function*() {
      const http = overlapping(() => Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(
        Effect.all(Array.from({ length: 10 }, () => operations.wait(name)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      const requests = http.times.length
      assert.strictEqual(http.aborts(), requests)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(http.times.length, requests)
    }))

  it.scoped("the final state is not cached for later waits", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      for (const requests of [1, 2]) {
        yield* operations.wait(name)
        assert.strictEqual(http.times.length, requests)
      }
    }))

  it.scoped("a wait that starts while a poll is in flight joins that poll", () =>
    Effect.gen(function*() {
      const http = slowly(10_000, succeeded)
      const operations = yield* service(http)
      const first = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("9 seconds")
      const ends: Array<number> = []
      yield* after("1 second", noting(ends, operations.wait(name)))
      yield* Fiber.join(first)
      assert.deepStrictEqual(ends, [10])
      assert.strictEqual(http.times.length, 1)
    }))

  it.scoped("updates share polls with waits, and end with them", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, pending, succeeded)
      const operations = yield* service(http)
      const ends: Array<number> = []
      const [followed] = yield* after(
        "1 minute",
        Effect.all([
          noting(ends, Stream.runCollect(operations.updates(name, { schedule: every("1 hour") }))),
          noting(ends, operations.wait(name, { schedule: every("1 second") }))
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(Array.from(followed, ({ _tag }) => _tag), ["Pending", "Succeeded"])
      assert.deepStrictEqual(seconds(http), [0, 1.01, 2.02])
      assert.deepStrictEqual(ends, [2.03, 2.03])
    }))

  it.scoped("updates need no other request if a wait reads the end while the consumer is busy", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, succeeded)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(
        Stream.runCollect(Stream.tap(operations.updates(name), () => Effect.sleep("1 minute")))
      )
      yield* after("10 seconds", operations.wait(name))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(Chunk.size(yield* Fiber.join(fiber)), 2)
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("gets do not share polls", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) => index === 0 ? Effect.never : Effect.sync(succeeded))
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      yield* Fiber.interrupt(fiber)
    }))

  it.scoped("close fails all of them with Closed", () =>
    Effect.gen(function*() {
      const http = slowly(1000, pending)
      for (const time of [0, 5000]) {
        const operations = yield* service(http, { schedule: every("1 hour") })
        const fiber = yield* Effect.fork(
          Effect.all(Array.from({ length: 5 }, () => httpError(operations.wait(name))), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust(time)
        yield* operations.close
        assert.deepStrictEqual(
          new Set((yield* Fiber.join(fiber)).map(({ reason }) => reason)),
          new Set(["Closed"])
        )
      }
      assert.strictEqual(http.times.length, 2)
    }))
})
