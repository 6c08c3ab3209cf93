import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { json, type Respond } from "./support/http.js"
import {
  after,
  googleError,
  httpError,
  name,
  pending,
  service,
  succeeded,
  type TimedHttp,
  timedHttp,
  timedInOrder,
  unavailable
} from "./support/service.js"

const every = (duration: Duration.DurationInput) => Schedule.spaced(duration)
const seconds = (http: TimedHttp) => http.times.map((time) => time / 1000)
const posts = (http: TimedHttp) =>
  http.requests.filter(({ method }) => method === "POST").map(({ url }) => new URL(url).pathname)
const cancelPath = `/v1/${name}:cancel`

/** How many exchanges for one URL there were at a time, at most. */
const overlapping = (respond: Respond) => {
  const inFlight = new Map<string, number>()
  let most = 0
  const http = timedHttp((request, index) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const count = (inFlight.get(request.url) ?? 0) + 1
        inFlight.set(request.url, count)
        most = Math.max(most, count)
      }),
      () => respond(request, index),
      () => Effect.sync(() => inFlight.set(request.url, inFlight.get(request.url)! - 1))
    )
  )
  return { ...http, most: () => most }
}

/** Answers in order, each after that long; the last one again and again. */
const slowly = (millis: number, ...answers: ReadonlyArray<() => Response>) =>
  overlapping((_, index) => Effect.delay(Effect.sync(answers[Math.min(index, answers.length - 1)]!), millis))

/** Notes when an effect has ended, in seconds. */
const noting = <A, E, R>(ends: Array<number>, effect: Effect.Effect<A, E, R>) =>
  Effect.ensuring(effect, Effect.map(Clock.currentTimeMillis, (now) => ends.push(now / 1000)))

describe("waits for one operation", () => {
  it.scoped("a hundred make the requests of one, and end as one", () =>
    Effect.gen(function*() {
      const http = slowly(100, pending, pending, unavailable, pending, succeeded)
      const operations = yield* service(http, { schedule: every("1 second"), transient: every("2 seconds") })
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

  it.scoped("each keeps its own schedule, and all are woken by the end", () =>
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

  it.scoped("a failed operation wakes all, too", () =>
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

  it.scoped("names, operations and handles of one operation share; other operations do not", () =>
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

  it.scoped("each keeps its own timeout", () =>
    Effect.gen(function*() {
      const http = slowly(10, pending, pending, pending, pending, succeeded)
      const operations = yield* service(http, { schedule: every("2 seconds") })
      const fiber = yield* Effect.fork(operations.wait(name))
      const error = yield* Effect.flip(after("3010 millis", operations.wait(name, { timeout: "3 seconds" })))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.polls, 3)
      assert.strictEqual(Duration.toMillis(error.elapsed), 3010)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(seconds(http), [0, 2.01, 3, 4.02, 6.03])
    }))

  it.scoped("each keeps its own transient schedule", () =>
    Effect.gen(function*() {
      const http = slowly(10, unavailable)
      const operations = yield* service(http)
      const ends: Array<number> = []
      const waits = [2, 5].map((delay) =>
        noting(
          ends,
          httpError(
            operations.wait(name, {
              transient: Schedule.intersect(every(Duration.seconds(delay)), Schedule.recurs(1))
            })
          )
        )
      )
      const errors = yield* after("1 minute", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(errors.map(({ httpStatus }) => httpStatus), [503, 503])
      assert.deepStrictEqual(seconds(http), [0, 2.01, 5.01])
      assert.deepStrictEqual(ends, [2.02, 5.02])
    }))

  it.scoped("a permanent failure is everyone's who waits for that poll", () =>
    Effect.gen(function*() {
      const http = slowly(1000, () => googleError(403, "PERMISSION_DENIED"))
      const operations = yield* service(http)
      const waits = Array(10).fill(httpError(operations.wait(name))) as Array<Effect.Effect<{ readonly code: unknown }>>
      const errors = yield* after("1 second", Effect.all(waits, { concurrency: "unbounded" }))
      assert.deepStrictEqual(new Set(errors.map(({ code }) => code)), new Set(["PERMISSION_DENIED"]))
      assert.strictEqual(http.times.length, 1)
    }))

  it.scoped("the one whose poll is in flight is interrupted: it is aborted, and one other polls at once", () =>
    Effect.gen(function*() {
      const http = overlapping((_, index) =>
        index === 0 ? Effect.never : Effect.delay(Effect.sync(succeeded), "1 second")
      )
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
      assert.strictEqual(http.aborts(), 1)
      assert.strictEqual(http.most(), 1)
      assert.deepStrictEqual(seconds(http), [0, 5])
    }))

  it.scoped("those who only wait for it are interrupted: the poll goes on", () =>
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

  it.scoped("all are interrupted, the one that polls first: nothing goes on", () =>
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

  it.scoped("a verdict is not kept for those who come later", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const operations = yield* service(http)
      for (const requests of [1, 2]) {
        yield* operations.wait(name)
        assert.strictEqual(http.times.length, requests)
      }
    }))

  it.scoped("one that joins while a poll is in flight waits for it", () =>
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

  it.scoped("updates share with waits, and are woken by the end", () =>
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

  it.scoped("a verdict that comes while the consumer of updates is busy costs no other request", () =>
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

  it.scoped("gets are reads of their own", () =>
    Effect.gen(function*() {
      const http = timedHttp((_, index) => index === 0 ? Effect.never : Effect.sync(succeeded))
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      yield* Fiber.interrupt(fiber)
    }))

  it.scoped("close ends them all as Closed", () =>
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

describe("cancel on the way out", () => {
  afterEach(() => void vi.restoreAllMocks())

  /** Gets answers to GET, and `{}` to POST unless told otherwise. */
  const cancellable = (
    get: (index: number) => Effect.Effect<Response>,
    cancel: () => Effect.Effect<Response> = () => Effect.sync(() => json({}))
  ) => {
    let gets = 0
    return timedHttp((request) => request.method === "POST" ? cancel() : get(gets++))
  }
  const alwaysPending = () => Effect.sync(pending)

  it.scoped("an interrupted wait sends one, with an empty body", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second"), quotaProject: "p" })
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      const exit = yield* Fiber.interrupt(fiber)
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(posts(http), [cancelPath])
      const last = http.requests.at(-1)!
      assert.strictEqual(last.method, "POST")
      assert.strictEqual(last.headers["x-goog-user-project"], "p")
      assert.strictEqual(last.body._tag === "Uint8Array" && new TextDecoder().decode(last.body.body), "{}")
    }))

  it.scoped("after the poll in flight has been aborted", () =>
    Effect.gen(function*() {
      const http = cancellable(() => Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(http.aborts(), 1)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("also of a pending operation that has not been polled yet", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 hour") })
      const fiber = yield* Effect.fork(operations.wait(Operation.pending({ name }), { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(http.times.length, 1)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("none by default", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(operations.wait(name, { onTimeout: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* Effect.flip(after("1 minute", operations.wait(name, { timeout: "5 seconds", onInterrupt: "cancel" })))
      assert.deepStrictEqual(posts(http), [])
    }))

  it.scoped("of several waits, only when the last has ended", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fibers = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      )
      yield* TestClock.adjust("5 seconds")
      for (const [index, fiber] of fibers.entries()) {
        assert.deepStrictEqual(posts(http), [])
        yield* Fiber.interrupt(fiber)
        if (index < 2) yield* TestClock.adjust("5 seconds")
      }
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("of several waits interrupted together: one", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const waits = Array.from({ length: 20 }, () => operations.wait(name, { onInterrupt: "cancel" }))
      const fiber = yield* Effect.fork(Effect.all(waits, { concurrency: "unbounded" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("when one is interrupted and another still waits: none, and that one goes on", () =>
    Effect.gen(function*() {
      const http = cancellable((index) => Effect.sync(() => index < 30 ? pending() : succeeded()))
      const operations = yield* service(http, { schedule: every("1 second") })
      const other = yield* Effect.fork(operations.wait(name))
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(other))._tag, "Succeeded")
      assert.deepStrictEqual(posts(http), [])
    }))

  it.scoped("the wish of one that was interrupted holds when the last one ends, however it asked", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const other = yield* Effect.fork(operations.wait(name))
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(posts(http), [])
      yield* Fiber.interrupt(other)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  const done: ReadonlyArray<readonly [string, () => Response]> = [
    ["succeeded", succeeded],
    ["failed", () => json({ name, done: true, error: { code: 9, message: "no" } })]
  ]
  for (const [what, answer] of done) {
    it.scoped(`not for an operation that has ${what}, also when another wait has seen it`, () =>
      Effect.gen(function*() {
        const http = cancellable((index) => Effect.delay(Effect.sync(index === 0 ? pending : answer), 10))
        const operations = yield* service(http)
        const wait = (seconds: number) =>
          Effect.exit(
            operations.wait(name, {
              schedule: every(Duration.seconds(seconds)),
              onInterrupt: "cancel",
              onTimeout: "cancel",
              timeout: "1 minute"
            })
          )
        const race = Effect.raceFirst(wait(1), Effect.race(wait(2), wait(3)))
        yield* after("1 hour", race)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(http.requests.map(({ method }) => method), ["GET", "GET"])
      }))
  }

  it.scoped("not for one whose state could not be read, nor for a service that is closed", () =>
    Effect.gen(function*() {
      const options = { onInterrupt: "cancel", onTimeout: "cancel" } as const
      const http = cancellable(() => Effect.sync(() => googleError(403, "PERMISSION_DENIED")))
      const operations = yield* service(http)
      yield* httpError(operations.wait(name, options))
      const other = cancellable(alwaysPending)
      const closing = yield* service(other)
      const fiber = yield* Effect.fork(closing.wait(name, options))
      yield* TestClock.adjust(0)
      yield* closing.close
      yield* httpError(Fiber.join(fiber))
      assert.deepStrictEqual([...posts(http), ...posts(other)], [])
    }))

  it.scoped("a timeout sends one, and is still a WaitTimeoutError", () =>
    Effect.gen(function*() {
      const ends: ReadonlyArray<OperationsService.WaitOptions> = [
        { timeout: "5 seconds" },
        { schedule: Schedule.intersect(every("1 second"), Schedule.recurs(3)) }
      ]
      for (const options of ends) {
        for (const answer of [() => json({}), unavailable, () => googleError(501, "UNIMPLEMENTED")]) {
          const http = cancellable(alwaysPending, () => Effect.sync(answer))
          const operations = yield* service(http, { schedule: every("1 second") })
          const error = yield* Effect.flip(
            after("1 minute", operations.wait(name, { ...options, onTimeout: "cancel" }))
          )
          assert(WaitTimeoutError.isWaitTimeoutError(error))
          assert.deepStrictEqual(posts(http), [cancelPath])
          assert.strictEqual(http.requests.at(-1)?.method, "POST")
        }
      }
    }))

  it.scoped("a timeout of one of several: none", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const other = yield* Effect.fork(operations.wait(name))
      yield* Effect.flip(after("1 minute", operations.wait(name, { timeout: "5 seconds", onTimeout: "cancel" })))
      assert.deepStrictEqual(posts(http), [])
      yield* Fiber.interrupt(other)
    }))

  const refusals: ReadonlyArray<readonly [string, () => Effect.Effect<Response>]> = [
    ["an error", () => Effect.sync(unavailable)],
    ["HTML", () => Effect.sync(() => new Response("<html>"))],
    ["a defect", () => Effect.die(new Error("a defect of the client"))]
  ]
  for (const [what, cancel] of refusals) {
    it.scoped(`${what} for an answer does not hide the interruption, and is not repeated`, () =>
      Effect.gen(function*() {
        const http = cancellable(alwaysPending, cancel)
        const operations = yield* service(http, { schedule: every("1 second") })
        const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
        yield* TestClock.adjust("5 seconds")
        const exit = yield* Fiber.interrupt(fiber)
        assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
        assert.strictEqual(posts(http).length, 1)
      }))
  }

  it.scoped("one that is never answered is given up after 5 seconds of the machine's clock", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending, () => Effect.never)
      const operations = yield* service(http, { schedule: every("1 second"), requestBudget: { perSecond: 1 } })
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      // The bound is kept on the live clock, which is put forward by hand.
      const { setTimeout } = globalThis
      const { bigint } = process.hrtime
      const rings: Array<() => void> = []
      let later = 0n
      vi.spyOn(process.hrtime, "bigint").mockImplementation(() => bigint() + later)
      vi.spyOn(globalThis, "setTimeout").mockImplementation((callback, millis = 0, ...rest) => {
        if (millis < 4000 || millis > 5000) return setTimeout(callback, millis, ...rest)
        rings.push(callback)
        return setTimeout(() => undefined)
      })
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve)))
      assert.strictEqual(rings.length, 1)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(posts(http), [cancelPath])
      assert.strictEqual((yield* Fiber.poll(interruption))._tag, "None")
      later = 5_000_000_000n
      rings[0]!()
      const exit = yield* Fiber.join(interruption)
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.strictEqual(http.aborts(), 1)
    }))

  it.scoped("is refused where the API cannot cancel", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const api = GoogleApi.make({ ...GoogleApi.accessContextManager, methods: { cancel: false } })
      const operations = yield* service(http, { api })
      for (const options of [{ onInterrupt: "cancel" }, { onTimeout: "cancel" }] as const) {
        const error = yield* httpError(operations.wait(name, options))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.strictEqual((yield* httpError(Stream.runDrain(operations.updates(name, options)))).reason, error.reason)
      }
      assert.strictEqual(http.times.length, 0)
    }))
})

describe("a server that holds its answers (:wait)", () => {
  const apiWith = (wait: "body" | "query") => GoogleApi.make({ ...GoogleApi.accessContextManager, methods: { wait } })
  const api = apiWith("body")

  const timeoutOf = (request: HttpClientRequest.HttpClientRequest): string =>
    request.body._tag === "Uint8Array"
      ? String((JSON.parse(new TextDecoder().decode(request.body.body)) as { timeout?: unknown }).timeout)
      : ""
  const heldMillis = (request: HttpClientRequest.HttpClientRequest): number => parseFloat(timeoutOf(request)) * 1000

  /** Holds each POST as long as it is asked to; the operation ends after that many seconds. */
  const holding = (endsAfter: number) =>
    overlapping((request) =>
      Effect.gen(function*() {
        const left = endsAfter * 1000 - (yield* Clock.currentTimeMillis)
        const hold = request.method === "POST" ? heldMillis(request) : 0
        yield* Effect.sleep(Math.max(0, Math.min(hold, left)))
        return hold >= left ? succeeded() : pending()
      })
    )

  it.scoped("is asked again without delay after it has held", () =>
    Effect.gen(function*() {
      const http = holding(60)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      yield* after("60 seconds", operations.wait(name))
      assert.deepStrictEqual(seconds(http), [0, 24, 48])
      assert.deepStrictEqual(posts(http), Array<string>(3).fill(`/v1/${name}:wait`))
      assert.deepStrictEqual(http.requests.map(timeoutOf), ["24s", "24s", "24s"])
    }))

  it.scoped("in the query where the API has it there", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const operations = yield* service(http, { api: apiWith("query") })
      yield* operations.wait("operations/x y")
      const request = http.requests[0]!
      assert.strictEqual(request.method, "POST")
      assert.strictEqual(new URL(request.url).pathname, "/v1/operations/x%20y:wait")
      assert.strictEqual(new URL(request.url).search, "?timeout=24s")
      assert.strictEqual(request.body._tag === "Uint8Array" && new TextDecoder().decode(request.body.body), "{}")
    }))

  it.scoped("holds end before requestTimeout does", () =>
    Effect.gen(function*() {
      const http = holding(12)
      const operations = yield* service(http, { api, schedule: every("1 second"), requestTimeout: "10 seconds" })
      yield* after("12 seconds", operations.wait(name))
      assert.deepStrictEqual(http.requests.map(timeoutOf), ["8s", "8s"])
      assert.deepStrictEqual(seconds(http), [0, 8])
    }))

  it.scoped("that answers at once, not done, is paced by the schedule", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(seconds(http), [0, 5, 10, 15, 20])
      yield* Fiber.interrupt(fiber)
    }))

  it.scoped("that holds for a part of the delay is asked when the rest has passed", () =>
    Effect.gen(function*() {
      const http = slowly(2000, pending, pending, succeeded)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      yield* after("1 minute", operations.wait(name))
      assert.deepStrictEqual(seconds(http), [0, 5, 10])
    }))

  it.scoped("a hint counts from its answer", () =>
    Effect.gen(function*() {
      const http = slowly(2000, () => pending({ "retry-after": "10" }), succeeded)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      yield* after("1 minute", operations.wait(name))
      assert.deepStrictEqual(seconds(http), [0, 12])
    }))

  const missing: ReadonlyArray<readonly [string, () => Response]> = [
    ["UNIMPLEMENTED", () => googleError(501, "UNIMPLEMENTED")],
    ["HTML with 404", () => new Response("<html>", { status: 404 })]
  ]
  for (const [what, answer] of missing) {
    it.scoped(`${what}: polled for good`, () =>
      Effect.gen(function*() {
        const http = timedHttp((request, index) =>
          Effect.sync(() => request.method === "POST" ? answer() : index < 3 ? pending() : succeeded())
        )
        const operations = yield* service(http, { api, schedule: every("1 second") })
        yield* after("1 minute", operations.wait(name))
        yield* operations.wait("operations/y")
        assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST", "GET", "GET", "GET", "GET"])
        assert.deepStrictEqual(seconds(http).slice(0, 4), [0, 0, 1, 2])
      }))
  }

  it.scoped("NOT_FOUND is the operation's, not the method's", () =>
    Effect.gen(function*() {
      const http = timedInOrder(() => googleError(404, "NOT_FOUND"))
      const operations = yield* service(http, { api })
      assert.strictEqual((yield* httpError(operations.wait(name))).code, "NOT_FOUND")
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST"])
    }))

  it.scoped("a transient failure of a hold is one of the wait", () =>
    Effect.gen(function*() {
      const http = timedInOrder(unavailable, succeeded)
      const operations = yield* service(http, { api, transient: every("3 seconds") })
      yield* after("1 minute", operations.wait(name))
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST", "POST"])
      assert.deepStrictEqual(seconds(http), [0, 3])
    }))

  for (const [timeout, polls] of [["10 seconds", ["10s"]], ["30 seconds", ["24s", "6s"]]] as const) {
    it.scoped(`a timeout of ${timeout} bounds the holds`, () =>
      Effect.gen(function*() {
        const http = holding(3600)
        const operations = yield* service(http, { api, schedule: every("5 seconds") })
        const error = yield* Effect.flip(after("1 minute", operations.wait(name, { timeout })))
        assert(WaitTimeoutError.isWaitTimeoutError(error))
        assert.strictEqual(Duration.toMillis(error.elapsed), Duration.toMillis(timeout))
        assert.deepStrictEqual(http.requests.map(timeoutOf), [...polls])
      }))
  }

  it.scoped("a short timeout is kept beside a wait without one, whoever came first", () =>
    Effect.gen(function*() {
      for (const first of ["short", "long"]) {
        const http = holding(3_600_000)
        const operations = yield* service(http, { api, schedule: every("5 seconds") })
        const long = operations.wait(name)
        const short = operations.wait(name, { timeout: "5 seconds" })
        const fibers = yield* Effect.forEach(first === "short" ? [short, long] : [long, short], (wait) =>
          Effect.tap(Effect.fork(wait), () => Effect.yieldNow()))
        yield* TestClock.adjust("6 seconds")
        const ended = yield* Fiber.poll(fibers[first === "short" ? 0 : 1]!)
        assert.strictEqual(ended._tag, "Some", `the ${first} one came first`)
        assert.strictEqual(http.most(), 1)
        yield* Fiber.interruptAll(fibers)
      }
    }))

  it.scoped("waits for one operation share a hold, and interruption passes it on", () =>
    Effect.gen(function*() {
      const http = holding(20)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      const leader = yield* Effect.fork(operations.wait(name))
      yield* Effect.yieldNow()
      const others = yield* Effect.fork(
        Effect.all([operations.wait(name), operations.wait(name)], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(http.times.length, 1)
      yield* Fiber.interrupt(leader)
      assert.strictEqual(http.aborts(), 1)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(others)
      assert.strictEqual(http.most(), 1)
      assert.deepStrictEqual(seconds(http), [0, 10])
    }))

  it.scoped("get does not hold", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const operations = yield* service(http, { api })
      yield* operations.get(name)
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["GET"])
    }))
})
