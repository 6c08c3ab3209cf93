import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { googleError, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, mockHttp, overlapping, posts, seconds, slowly } from "./support/http.js"
import { apiWith, httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("a server that holds its responses (:wait)", () => {
  const api = apiWith({ wait: "body" })

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

  it.scoped("is polled without delay after it has held a response", () =>
    Effect.gen(function*() {
      const http = holding(60)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      yield* after("60 seconds", operations.wait(name))
      assert.deepStrictEqual(seconds(http), [0, 24, 48])
      assert.deepStrictEqual(posts(http), Array<string>(3).fill(`/v1/${name}:wait`))
      assert.deepStrictEqual(http.requests.map(timeoutOf), ["24s", "24s", "24s"])
    }))

  it.scoped("receives the timeout in the query if the API expects it there", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http, { api: apiWith({ wait: "query" }) })
      yield* operations.wait("operations/x y")
      const request = http.requests[0]!
      assert.strictEqual(request.method, "POST")
      assert.strictEqual(new URL(request.url).pathname, "/v1/operations/x%20y:wait")
      assert.strictEqual(new URL(request.url).search, "?timeout=24s")
      assert.strictEqual(request.body._tag === "Uint8Array" && new TextDecoder().decode(request.body.body), "{}")
    }))

  it.scoped("holds a response for less than requestTimeout", () =>
    Effect.gen(function*() {
      const http = holding(12)
      const operations = yield* service(http, { api, schedule: every("1 second"), requestTimeout: "10 seconds" })
      yield* after("12 seconds", operations.wait(name))
      assert.deepStrictEqual(http.requests.map(timeoutOf), ["8s", "8s"])
      assert.deepStrictEqual(seconds(http), [0, 8])
    }))

  it.scoped("that responds at once with a pending operation is polled with the delays of the schedule", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(seconds(http), [0, 5, 10, 15, 20])
      yield* Fiber.interrupt(fiber)
    }))

  it.scoped("that holds for a part of the delay is polled after the rest of the delay", () =>
    Effect.gen(function*() {
      const http = slowly(2000, pending, pending, succeeded)
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      yield* after("1 minute", operations.wait(name))
      assert.deepStrictEqual(seconds(http), [0, 5, 10])
    }))

  it.scoped("can ask for a delay, which starts at its response", () =>
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
    it.scoped(`${what}: polled without :wait from then on`, () =>
      Effect.gen(function*() {
        const http = mockHttp((request, index) =>
          Effect.sync(() => request.method === "POST" ? answer() : index < 3 ? pending() : succeeded())
        )
        const operations = yield* service(http, { api, schedule: every("1 second") })
        yield* after("1 minute", operations.wait(name))
        yield* operations.wait("operations/y")
        assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST", "GET", "GET", "GET", "GET"])
        assert.deepStrictEqual(seconds(http).slice(0, 4), [0, 0, 1, 2])
      }))
  }

  it.scoped("that responds with NOT_FOUND has no such operation, but may have the method", () =>
    Effect.gen(function*() {
      const http = inOrder(() => googleError(404, "NOT_FOUND"))
      const operations = yield* service(http, { api })
      assert.strictEqual((yield* httpError(operations.wait(name))).code, "NOT_FOUND")
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST"])
    }))

  it.scoped("that fails with a transient error is a transient failure of the wait", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable, succeeded)
      const operations = yield* service(http, { api, retrySchedule: every("3 seconds") })
      yield* after("1 minute", operations.wait(name))
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["POST", "POST"])
      assert.deepStrictEqual(seconds(http), [0, 3])
    }))

  for (const [timeout, polls] of [["10 seconds", ["9s", ""]], ["30 seconds", ["24s", "5s", ""]]] as const) {
    it.scoped(`is asked to hold for at most a timeout of ${timeout}`, () =>
      Effect.gen(function*() {
        const http = holding(3600)
        const operations = yield* service(http, { api, schedule: every("5 seconds") })
        const error = yield* Effect.flip(after("1 minute", operations.wait(name, { timeout })))
        assert(WaitTimeoutError.isWaitTimeoutError(error))
        assert.strictEqual(Duration.toMillis(error.elapsed), Duration.toMillis(timeout))
        assert.deepStrictEqual(http.requests.map(timeoutOf), [...polls])
      }))
  }

  it.scoped("is used by waits with and without a timeout, in any order", () =>
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

  it.scoped("has one request for all waits, which continues if the wait that started it is interrupted", () =>
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
      assert.strictEqual(http.aborts(), 0)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(others)
      assert.strictEqual(http.most(), 1)
      assert.deepStrictEqual(seconds(http), [0])
    }))

  it.scoped("is not asked to hold by get", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { api })
      yield* operations.get(name)
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["GET"])
    }))
})
