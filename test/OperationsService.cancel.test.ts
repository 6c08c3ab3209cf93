import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { bodyOf, inOrder, mockHttp, posts, sent } from "./support/http.js"
import { assertOutcome } from "./support/outcome.js"
import { apiWith, httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"
import { responses } from "./support/vectors.js"

const cancelPath = `/v1/${name}:cancel`

describe("cancel and delete", () => {
  const verbs = [["cancel", "POST", "/v1/operations/x%20y:cancel"], [
    "delete",
    "DELETE",
    "/v1/operations/x%20y"
  ]] as const
  for (const [verb, method, path] of verbs) {
    it.scoped(`${verb} is ${method} ${path}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http, { quotaProject: "p" })
        assert.strictEqual(yield* operations[verb]("operations/x y"), undefined)
        assert.deepStrictEqual(sent(http), [`${method} ${path}`])
        assert.deepStrictEqual(bodyOf(http.requests[0]), verb === "cancel" ? {} : "Empty")
        assert.strictEqual(http.requests[0]?.headers["x-goog-user-project"], "p")
      }))

    it.scoped(`${verb} of an API without it is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http, { api: apiWith({ [verb]: false }) })
        const error = yield* httpError(operations[verb](name))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.include(error.message, `no method to ${verb}`)
        assert.strictEqual(http.requests.length, 0)
      }))

    it.scoped(`${verb} of an invalid name is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http)
        for (const bad of ["", "accessPolicies/1", "operations/..", "v1/operations/x"]) {
          assert.strictEqual((yield* httpError(operations[verb](bad))).reason, "InvalidRequest")
        }
        assert.strictEqual(http.requests.length, 0)
      }))

    const answers: ReadonlyArray<readonly [string, () => Response, string]> = [
      ["HTML with 200", html(200), "Decode"],
      ["a list", () => json([]), "Decode"],
      ["404", () => googleError(404, "NOT_FOUND"), "StatusCode"],
      ["503", unavailable, "StatusCode"]
    ]
    for (const [what, answer, reason] of answers) {
      it.scoped(`${verb} with the response ${what}: ${reason}, not retried`, () =>
        Effect.gen(function*() {
          const http = inOrder(answer)
          const operations = yield* service(http)
          const error = yield* httpError(operations[verb](name))
          assert.strictEqual(error.reason, reason)
          assert.include(error.message, `${method} /v1/operations/x`)
          assert.strictEqual(http.requests.length, 1)
        }))
    }

    it.scoped(`${verb} is aborted by interruption, and by requestTimeout`, () =>
      Effect.gen(function*() {
        const http = mockHttp(() => Effect.never)
        const operations = yield* service(http, { requestTimeout: "3 seconds" })
        const error = yield* httpError(after("3 seconds", operations[verb](name)))
        assert.strictEqual(error.reason, "Timeout")
        const fiber = yield* Effect.fork(operations[verb](name))
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(http.aborts(), 2)
      }))
  }

  const cancels = responses.filter((vector) => vector.want?.call === "cancel")
  it("there are vectors", () => assert.isAbove(cancels.length, 0))
  for (const vector of cancels) {
    it.scoped(`${vector.id}: ${vector.expect}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => new Response(vector.body, { status: vector.httpStatus, headers: vector.headers }))
        const operations = yield* service(http)
        const cancelled = Effect.zipRight(operations.cancel(name), Effect.dieMessage("it was cancelled"))
        assertOutcome(yield* Effect.either(cancelled), vector.want!)
        assert.strictEqual(http.requests.length, 1)
      }))
  }
})

describe("the cancel request of onInterrupt and onTimeout", () => {
  afterEach(() => void vi.restoreAllMocks())

  /** Gets answers to GET, and `{}` to POST unless told otherwise. */
  const cancellable = (
    get: (index: number) => Effect.Effect<Response>,
    cancel: () => Effect.Effect<Response> = () => Effect.sync(() => json({}))
  ) => {
    let gets = 0
    return mockHttp((request) => request.method === "POST" ? cancel() : get(gets++))
  }
  const alwaysPending = () => Effect.sync(pending)

  it.scoped("is sent by an interrupted wait, with an empty body", () =>
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

  it.scoped("is sent after the poll in flight is aborted", () =>
    Effect.gen(function*() {
      const http = cancellable(() => Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.wait(name, { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(http.aborts(), 1)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("is also sent for a pending operation that was not polled", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 hour") })
      const fiber = yield* Effect.fork(operations.wait(Operation.pending({ name }), { onInterrupt: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(http.times.length, 1)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("is not sent by default", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(operations.wait(name, { onTimeout: "cancel" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* Effect.flip(after("1 minute", operations.wait(name, { timeout: "5 seconds", onInterrupt: "cancel" })))
      assert.deepStrictEqual(posts(http), [])
    }))

  it.scoped("is sent only when the last of several waits has ended", () =>
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

  it.scoped("is sent once for several waits that are interrupted together", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const waits = Array.from({ length: 20 }, () => operations.wait(name, { onInterrupt: "cancel" }))
      const fiber = yield* Effect.fork(Effect.all(waits, { concurrency: "unbounded" }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(posts(http), [cancelPath])
    }))

  it.scoped("is not sent while another wait is in progress", () =>
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

  it.scoped("is sent when the last wait ends, if any of the waits asked for it", () =>
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
    it.scoped(`is not sent for an operation that has ${what}, even if only another wait has read that`, () =>
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

  it.scoped("is not sent if the state could not be read, nor if the service is closed", () =>
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

  it.scoped("is sent after a timeout, which is still a WaitTimeoutError", () =>
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

  it.scoped("is not sent after the timeout of one of several waits", () =>
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
    it.scoped(`with the response ${what} does not hide the interruption, and is not retried`, () =>
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

  it.scoped("without a response is aborted after 5 seconds of the machine's clock", () =>
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

  it.scoped("is refused if the API has no cancel", () =>
    Effect.gen(function*() {
      const http = cancellable(alwaysPending)
      const operations = yield* service(http, { api: apiWith({ cancel: false }) })
      for (const options of [{ onInterrupt: "cancel" }, { onTimeout: "cancel" }] as const) {
        const error = yield* httpError(operations.wait(name, options))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.strictEqual((yield* httpError(Stream.runDrain(operations.updates(name, options)))).reason, error.reason)
      }
      assert.strictEqual(http.times.length, 0)
    }))
})
