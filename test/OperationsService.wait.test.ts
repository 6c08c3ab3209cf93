import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { json, transportError } from "./support/http.js"
import {
  after,
  fetchHttp,
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

/** Waits on a service that polls each second unless it is told otherwise, while that much time passes. */
const waiting = (
  http: TimedHttp,
  duration: Duration.DurationInput,
  options: OperationsService.Options & OperationsService.WaitOptions & {
    readonly operation?: string | Operation.Operation
  } = {}
) =>
  Effect.gen(function*() {
    const operations = yield* service(http, { schedule: every("1 second"), transient: every("1 second"), ...options })
    return yield* after(duration, operations.wait(options.operation ?? name, { timeout: options.timeout }))
  })

/** The `WaitTimeoutError` that a wait fails with. */
const timedOut = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.either(effect), (result) => {
    assert(
      result._tag === "Left" && WaitTimeoutError.isWaitTimeoutError(result.left),
      `a WaitTimeoutError, not ${String(result)}`
    )
    return result.left
  })

/** Takes the first answers at once; the one after them never comes. */
const silentAfter = (...answers: ReadonlyArray<() => Response>) =>
  timedHttp((_, index) => index < answers.length ? Effect.sync(() => answers[index]!()) : Effect.never)

/** Notes every sleep that the effect asks its clock for, in ms. */
const notingSleeps = <A, E, R>(sleeps: Array<number>, effect: Effect.Effect<A, E, R>) =>
  Effect.clockWith((clock) =>
    Effect.withClock(effect, {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      sleep: (duration) => {
        sleeps.push(Duration.toMillis(duration))
        return clock.sleep(duration)
      },
      currentTimeMillis: clock.currentTimeMillis,
      currentTimeNanos: clock.currentTimeNanos,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos()
    })
  )

describe("when a wait polls", () => {
  it.scoped("a name is polled at once, then as the schedule says", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, pending, succeeded)
      const operation = yield* waiting(http, "14 seconds", { schedule: every("7 seconds") })
      assert.deepStrictEqual(operation, Operation.succeeded({ name }))
      assert.deepStrictEqual(seconds(http), [0, 7, 14])
    }))

  it.scoped("the wait's own schedule and transient schedule go before the service's", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, unavailable, succeeded)
      const operations = yield* service(http, { schedule: every("1 hour"), transient: every("1 hour") })
      yield* after(
        "5 seconds",
        operations.wait(name, { schedule: every("2 seconds"), transient: every("3 seconds") })
      )
      assert.deepStrictEqual(seconds(http), [0, 2, 5])
    }))

  it.scoped("a pending operation is polled after the first delay only", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      yield* waiting(http, "7 seconds", { operation: Operation.pending({ name }), schedule: every("7 seconds") })
      assert.deepStrictEqual(seconds(http), [7])
    }))

  it.scoped("the schedule's input is the latest snapshot", () =>
    Effect.gen(function*() {
      const progress = (percent: number) => () => json({ name, metadata: { percent } })
      const http = timedInOrder(progress(10), progress(50), succeeded)
      const seen: Array<unknown> = []
      const schedule = every("1 second").pipe(
        Schedule.tapInput((operation: Operation.Pending) => Effect.sync(() => seen.push(operation.metadata)))
      )
      yield* waiting(http, "2 seconds", { schedule })
      assert.deepStrictEqual(seen, [{ percent: 10 }, { percent: 50 }])
    }))

  it.scoped("an operation that is done costs no request", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const operations = yield* service(http)
      for (const operation of [Operation.succeeded({ name }), Operation.succeeded({ name: "" })]) {
        assert.strictEqual(yield* operations.wait(operation), operation)
      }
      const failed = Operation.failed({ name, error: new Status.Status({ code: 5, message: "gone" }) })
      const error = yield* Effect.flip(operations.wait(failed))
      assert(OperationError.isOperationError(error))
      assert.strictEqual(error.operation, failed)
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("a pending operation without a name is refused", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const operations = yield* service(http)
      const error = yield* httpError(operations.wait(Operation.pending({ name: "" })))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.include(error.message, "no name")
      assert.strictEqual((yield* httpError(operations.wait("accessPolicies/1"))).reason, "InvalidRequest")
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("an operation that fails in the meantime is an OperationError with its last state", () =>
    Effect.gen(function*() {
      const http = timedInOrder(
        pending,
        () => json({ name, done: true, metadata: { step: 2 }, error: { code: 9, message: "not empty" } })
      )
      const error = yield* Effect.flip(waiting(http, "1 second"))
      assert(error._tag === "OperationError")
      assert.strictEqual(error.code, "FAILED_PRECONDITION")
      assert.deepStrictEqual(error.operation.metadata, { step: 2 })
    }))

  for (const operation of [name, Operation.pending({ name })]) {
    it.scoped(`the name of the caller's ${typeof operation} is polled whatever a reply says`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(() => json({ name: "operations/other" }), () => json({ done: false }), succeeded)
        yield* waiting(http, "3 seconds", { operation })
        assert.deepStrictEqual(
          http.requests.map((request) => request.url),
          Array(3).fill(`https://accesscontextmanager.googleapis.com/v1/${name}`)
        )
      }))
  }
})

describe("when a wait gives up", () => {
  it.scoped("the last sleep is cut, so that the final poll starts on the deadline", () =>
    Effect.gen(function*() {
      const http = timedInOrder(() => json({ name, metadata: { step: 1 } }))
      const error = yield* timedOut(
        waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 7, 10])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(error.polls, 3)
      assert.strictEqual(error.operationName, name)
      assert.strictEqual(Duration.toMillis(error.elapsed), 10_000)
      assert.deepStrictEqual(error.last, Operation.pending({ name, metadata: { step: 1 } }))
      assert.strictEqual(error.lastError, undefined)
      assert.match(error.message, /operations\/x after 10s and 3 polls.*timeout.*may still be running/)
    }))

  it.scoped("success on the final poll is success", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, pending, succeeded)
      const operation = yield* waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      assert.strictEqual(operation._tag, "Succeeded")
      assert.deepStrictEqual(seconds(http), [0, 7, 10])
    }))

  const short: ReadonlyArray<readonly [string | Operation.Operation, number, ReadonlyArray<number>]> = [
    [name, 0, [0]],
    [name, 1, [0, 1]],
    [Operation.pending({ name }), 0, [0]],
    [Operation.pending({ name }), 1, [1]]
  ]
  for (const [operation, timeout, polls] of short) {
    it.scoped(`a ${typeof operation} is polled at least once, also with a timeout of ${timeout} s`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(pending)
        const options = { operation, schedule: every("7 seconds"), timeout: Duration.seconds(timeout) }
        const error = yield* timedOut(waiting(http, "1 second", options))
        assert.deepStrictEqual(seconds(http), polls)
        assert.strictEqual(error.reason, "Timeout")
        assert.strictEqual(error.polls, polls.length)
      }))
  }

  const slow = (answer: () => Response) =>
    timedHttp((_, index) => index === 0 ? Effect.sync(pending) : Effect.delay(Effect.sync(answer), "5 seconds"))

  it.scoped("a poll in flight at the deadline is the final poll", () =>
    Effect.gen(function*() {
      const options = { schedule: every("7 seconds"), timeout: "10 seconds" } as const
      const http = slow(pending)
      const error = yield* timedOut(waiting(http, "12 seconds", options))
      assert.deepStrictEqual(seconds(http), [0, 7])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 12_000)
      assert.strictEqual((yield* waiting(slow(succeeded), "12 seconds", options))._tag, "Succeeded")
    }))

  it.scoped("the final poll is bounded by requestTimeout", () =>
    Effect.gen(function*() {
      const http = silentAfter(pending, pending)
      const error = yield* timedOut(
        waiting(http, "13 seconds", {
          schedule: every("7 seconds"),
          timeout: "10 seconds",
          requestTimeout: "3 seconds"
        })
      )
      assert.deepStrictEqual(seconds(http), [0, 7, 10])
      assert.strictEqual(http.aborts(), 1)
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 13_000)
      assert.strictEqual(error.lastError?.reason, "Timeout")
      assert.deepStrictEqual(error.last, Operation.pending({ name }))
    }))

  it.scoped("a schedule that ends ends the wait", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const schedule = Schedule.intersect(every("1 second"), Schedule.recurs(2))
      const error = yield* timedOut(waiting(http, "1 minute", { schedule }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2])
      assert.strictEqual(error.reason, "ScheduleEnded")
      assert.strictEqual(error.polls, 3)
      assert.strictEqual(Duration.toMillis(error.elapsed), 2000)
      assert.match(error.message, /schedule.*may still be running/)
    }))

  it.scoped("the default schedule never ends", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Effect.withRandomFixed(operations.wait(name), [0.5]))
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      // A second at first, then 15 % of the time so far, then 30 seconds.
      assert.deepStrictEqual(seconds(http).slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8.05, 9.258])
      assert.isAbove(http.times.at(-1)!, 1_169_000)
    }))

  it.scoped("the last failure is told", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, unavailable, pending)
      const error = yield* timedOut(
        waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 7, 8, 10])
      assert.strictEqual(error.lastError?.httpStatus, 503)
      assert.deepStrictEqual(error.last, Operation.pending({ name }))
      assert.include(error.message, "503 UNAVAILABLE")
    }))

  it.scoped("nothing but failures until the deadline is a WaitTimeoutError without a last state", () =>
    Effect.gen(function*() {
      const http = timedInOrder(unavailable)
      const error = yield* timedOut(
        waiting(http, "10 seconds", { transient: every("4 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 4, 8, 10])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(error.last, undefined)
      assert.strictEqual(error.lastError?.httpStatus, 503)
    }))
})

describe("failures during a wait", () => {
  it.scoped("transient ones do not end it", () =>
    Effect.gen(function*() {
      const http = timedHttp((request, index) =>
        index === 0
          ? Effect.sync(unavailable)
          : index === 1
          ? Effect.fail(transportError(request, new Error("ECONNRESET")))
          : index === 2
          ? Effect.never
          : Effect.sync(succeeded)
      )
      yield* waiting(http, "6 seconds", { requestTimeout: "3 seconds" })
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 6])
    }))

  it.scoped("the transient schedule's end ends it with the last failure", () =>
    Effect.gen(function*() {
      const http = timedHttp((_, index) =>
        Effect.sync(() => googleError(503, "UNAVAILABLE", { message: `failure ${index}` }))
      )
      const transient = Schedule.intersect(every("1 second"), Schedule.recurs(2))
      const error = yield* httpError(waiting(http, "1 minute", { transient }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2])
      assert.strictEqual(error.status?.message, "failure 2")
    }))

  it.scoped("one success starts the transient schedule anew", () =>
    Effect.gen(function*() {
      const http = timedInOrder(unavailable, pending, unavailable, pending, unavailable, unavailable)
      const transient = Schedule.intersect(every("1 second"), Schedule.recurs(1))
      yield* httpError(waiting(http, "1 minute", { transient }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4, 5])
    }))

  it.scoped("by default it gives up after five minutes of failing in a row", () =>
    Effect.gen(function*() {
      const http = timedInOrder(unavailable)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Effect.withRandomFixed(operations.wait(name), [0.5]))
      yield* TestClock.adjust("300 seconds")
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust("36 seconds")
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).httpStatus, 503)
      assert.deepStrictEqual(seconds(http).slice(0, 8), [0, 1, 3, 7, 15, 31, 56, 81])
      assert.strictEqual(seconds(http).at(-1), 306)
    }))

  const permanent: ReadonlyArray<readonly [string, () => Response]> = [
    ["403", () => googleError(403, "PERMISSION_DENIED")],
    ["404", () => googleError(404, "NOT_FOUND")],
    ["400", () => googleError(400, "INVALID_ARGUMENT")],
    ["a page that is no operation", () => new Response("<html>")]
  ]
  for (const [what, answer] of permanent) {
    it.scoped(`${what} fails fast`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(answer)
        const error = yield* httpError(waiting(http, 0))
        assert.isFalse(error.isTransient)
        assert.deepStrictEqual(seconds(http), [0])
      }))
  }
})

describe("server hints", () => {
  const start = Date.UTC(2026, 10, 23, 12)
  // The hints stand in the first answer only; the schedules ask for 1 second.
  const hints: ReadonlyArray<readonly [string, () => Response]> = [
    ["Retry-After in seconds", () => pending({ "retry-after": "10" })],
    ["Retry-After as a date", () => pending({ "retry-after": "Mon, 23 Nov 2026 12:00:10 GMT" })],
    ["Retry-After of a failure", () => unavailable({ "retry-after": "10" })],
    ["RetryInfo", () =>
      googleError(503, "UNAVAILABLE", {
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "10s" }]
      })],
    ["the longer of two", () =>
      googleError(429, "RESOURCE_EXHAUSTED", {
        headers: { "retry-after": "10" },
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }]
      })]
  ]
  const since = (http: TimedHttp) => http.times.map((time) => (time - start) / 1000)

  for (const [what, answer] of hints) {
    for (const [kind, schedule] of [["spaced", every("1 second")], ["fixed", Schedule.fixed("1 second")]] as const) {
      it.scoped(`${what} lengthens the next delay, once and without a burst (${kind})`, () =>
        Effect.gen(function*() {
          yield* TestClock.setTime(start)
          const http = timedInOrder(answer, pending, pending, succeeded)
          yield* waiting(http, "12 seconds", { schedule })
          assert.deepStrictEqual(since(http), [0, 10, 11, 12])
        }))
    }
  }

  it.scoped("a hint shorter than the delay changes nothing", () =>
    Effect.gen(function*() {
      const http = timedInOrder(() => pending({ "retry-after": "2" }), succeeded)
      yield* waiting(http, "7 seconds", { schedule: every("7 seconds") })
      assert.deepStrictEqual(seconds(http), [0, 7])
    }))

  it.scoped("a failure's hint does not outlive the failure", () =>
    Effect.gen(function*() {
      const http = timedInOrder(() => unavailable({ "retry-after": "10" }), unavailable, succeeded)
      yield* waiting(http, "11 seconds")
      assert.deepStrictEqual(seconds(http), [0, 10, 11])
    }))

  it.scoped("a fixed schedule does not catch up with a burst after failures either", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, unavailable, pending, pending, succeeded)
      yield* waiting(http, "13 seconds", { schedule: Schedule.fixed("1 second"), transient: every("10 seconds") })
      assert.deepStrictEqual(seconds(http), [0, 1, 11, 12, 13])
    }))

  const bounds: ReadonlyArray<readonly [string, OperationsService.Options & OperationsService.WaitOptions, number]> = [
    ["maxHint", { maxHint: "5 seconds" }, 5],
    ["five minutes unless told otherwise", {}, 300],
    ["the deadline", { timeout: "10 seconds" }, 10]
  ]
  for (const [what, options, at] of bounds) {
    it.scoped(`a hint is bounded by ${what}`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(() => pending({ "retry-after": "99999" }), succeeded)
        yield* waiting(http, Duration.seconds(at), options)
        assert.deepStrictEqual(seconds(http), [0, at])
      }))
  }

  const nonsense = [
    "soon",
    "-5",
    "1.5",
    "5s",
    "",
    "0x10",
    "1e3",
    "2027-01-01",
    "Mon, 99 Foo 2026 99:99:99 GMT",
    "Mon, 23 Nov 2020 12:00:10 GMT"
  ]
  for (const value of nonsense) {
    it.scoped(`Retry-After: ${JSON.stringify(value)} is ignored`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(start)
        const http = timedInOrder(() => pending({ "retry-after": value }), succeeded)
        yield* waiting(http, "1 second")
        assert.deepStrictEqual(since(http), [0, 1])
      }))
  }

  const days = (count: number) => count * 86_400_000
  const long: ReadonlyArray<readonly [string, () => Response, OperationsService.Options, number]> = [
    ["Retry-After: 99999999999", () => pending({ "retry-after": "99999999999" }), { maxHint: "60 days" }, days(60)],
    [
      "a failure's Retry-After: 99999999999",
      () => unavailable({ "retry-after": "99999999999" }),
      { maxHint: "60 days" },
      days(60)
    ],
    [
      "Retry-After: 99999999999 without a bound",
      () => pending({ "retry-after": "99999999999" }),
      { maxHint: Duration.infinity },
      99_999_999_999_000
    ],
    ["a schedule of 60 days", pending, { schedule: every("60 days") }, days(60)],
    ["a transient schedule of 60 days", unavailable, { transient: every("60 days") }, days(60)]
  ]
  for (const [what, answer, options, delay] of long) {
    it.scoped(`${what} asks the clock for no sleep of 2^31 ms or more`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(answer, succeeded)
        const sleeps: Array<number> = []
        const operations = yield* service(http, { schedule: every("1 second"), ...options })
        const fiber = yield* Effect.fork(notingSleeps(sleeps, operations.wait(name)))
        yield* TestClock.adjust(Math.min(delay, days(60)) - 1)
        assert.strictEqual(http.times.length, 1)
        yield* TestClock.adjust(1)
        if (delay === days(60)) {
          yield* Fiber.join(fiber)
          assert.deepStrictEqual(http.times, [0, days(60)])
        } else {
          yield* Fiber.interrupt(fiber)
        }
        assert.isAbove(sleeps.length, 2)
        assert.isBelow(Math.max(...sleeps), 2 ** 31)
      }))
  }

  it.scoped("neither do a long timeout and a long requestTimeout", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, succeeded)
      const sleeps: Array<number> = []
      const operations = yield* service(http, { schedule: every("90 days"), requestTimeout: "80 days" })
      yield* after("60 days", notingSleeps(sleeps, operations.wait(name, { timeout: "60 days" })))
      assert.deepStrictEqual(http.times, [0, days(60)])
      assert.isBelow(Math.max(...sleeps), 2 ** 31)
    }))
})

describe("interruption", () => {
  it.scoped("of a sleeping wait: no further request", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("1 second")
      assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(seconds(http), [0, 1])
    }))

  for (const call of ["get", "wait"] as const) {
    it.scoped(`of a ${call} with an exchange in flight: it is aborted, no further request`, () =>
      Effect.gen(function*() {
        const http = silentAfter()
        const operations = yield* service(http)
        const fiber = yield* Effect.fork(operations[call](name))
        yield* TestClock.adjust(0)
        assert.strictEqual(http.aborts(), 0)
        assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.strictEqual(http.aborts(), 1)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(seconds(http), [0])
        assert.deepStrictEqual(http.requests.map((request) => request.method), ["GET"])
      }))
  }
})

describe("requestTimeout", () => {
  it.scoped("ends an exchange that has no answer, and aborts it", () =>
    Effect.gen(function*() {
      const http = silentAfter()
      const operations = yield* service(http, { requestTimeout: "3 seconds" })
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(2999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      const error = yield* httpError(Fiber.join(fiber))
      assert.strictEqual(error.reason, "Timeout")
      assert.isTrue(error.isTransient)
      assert.match(error.message, /GET \/v1\/operations\/x .*requestTimeout of 3s/)
      assert.strictEqual(http.aborts(), 1)
    }))

  const begun = () =>
    new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) })
  const hanging: ReadonlyArray<readonly [string, () => Promise<Response>]> = [
    ["an answer that never comes", () => new Promise(() => undefined)],
    ["a body that hangs", () => Promise.resolve(new Response(begun()))],
    [
      "a body that hangs and has a content-length",
      () => Promise.resolve(new Response(begun(), { headers: { "content-length": "99" } }))
    ]
  ]
  for (const [what, answer] of hanging) {
    it.scoped(`aborts the fetch of ${what}`, () =>
      Effect.gen(function*() {
        const signals: Array<AbortSignal | null | undefined> = []
        const http = fetchHttp((_, init) => {
          signals.push(init?.signal)
          return answer()
        })
        const operations = yield* service(http, { requestTimeout: "3 seconds" })
        const error = yield* httpError(after("3 seconds", operations.get(name)))
        assert.strictEqual(error.reason, "Timeout")
        assert.isTrue(error.isTransient)
        assert.deepStrictEqual(signals.map((signal) => signal?.aborted), [true])
      }))
  }

  it.scoped("is 30 seconds unless told otherwise", () =>
    Effect.gen(function*() {
      const operations = yield* service(silentAfter())
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(29_999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Timeout")
    }))
})

describe("close", () => {
  const endings: ReadonlyArray<readonly [string, () => TimedHttp, "get" | "wait", number]> = [
    ["a wait that sleeps", () => timedInOrder(pending), "wait", 0],
    ["a wait that sleeps after a failure", () => timedInOrder(unavailable), "wait", 0],
    ["a wait with an exchange in flight", () => silentAfter(), "wait", 1],
    ["a get in flight", () => silentAfter(), "get", 1]
  ]
  for (const [what, mock, call, aborts] of endings) {
    it.scoped(`ends ${what} at once as Closed`, () =>
      Effect.gen(function*() {
        const http = mock()
        const operations = yield* service(http)
        const fiber = yield* Effect.fork(operations[call](name))
        yield* TestClock.adjust(0)
        yield* operations.close
        const error = yield* httpError(Fiber.join(fiber))
        assert.strictEqual(error.reason, "Closed")
        assert.isFalse(error.isTransient)
        assert.include(error.message, "GET /v1/operations/x")
        assert.strictEqual(http.aborts(), aborts)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(seconds(http), [0])
      }))
  }

  it.scoped("ends a body in flight, too", () =>
    Effect.gen(function*() {
      let isCancelled = false
      const body = new ReadableStream({ cancel: () => void (isCancelled = true) })
      const operations = yield* service(timedInOrder(() => new Response(body)))
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(0)
      yield* operations.close
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      yield* TestClock.adjust(0)
      assert.isTrue(isCancelled)
    }))

  it.scoped("leaves nothing to call, however often it is run", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const operations = yield* service(http)
      yield* Effect.all([operations.close, operations.close], { concurrency: "unbounded" })
      yield* operations.close
      const calls = [operations.get(name), operations.wait(name), operations.wait(Operation.pending({ name }))]
      for (const call of calls) {
        assert.strictEqual((yield* httpError(call)).reason, "Closed")
      }
      assert.strictEqual(http.times.length, 0)
    }))

  it.effect("comes with the end of the scope, of make and of layer", () =>
    Effect.gen(function*() {
      const http = silentAfter(pending)
      const built = Layer.build(OperationsService.layer({ schedule: every("1 second") })).pipe(
        Effect.map(Context.get(OperationsService.OperationsService)),
        Effect.provide(http.layer)
      )
      for (const make of [service(http, { schedule: every("1 second") }), built]) {
        const scope = yield* Scope.make()
        const operations = yield* Scope.extend(make, scope)
        const fiber = yield* Effect.fork(operations.wait(name))
        yield* TestClock.adjust("1 second")
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
        assert.strictEqual((yield* httpError(operations.get(name))).reason, "Closed")
      }
      assert.strictEqual(http.aborts(), 2)
    }))

  it.scoped("cannot be interrupted, and does not wait for an exchange that cannot be either", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const http = timedHttp(() => Effect.uninterruptible(Effect.as(Deferred.await(gate), succeeded())))
      const operations = yield* service(http)
      const call = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(0)
      const closing = yield* Effect.fork(operations.close)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(closing)
      // It has run to its end all the same.
      const ended = yield* Fiber.poll(call)
      assert(ended._tag === "Some" && Exit.isFailure(ended.value))
      assert.strictEqual((yield* httpError(Fiber.join(call))).reason, "Closed")
      yield* operations.close
      yield* Deferred.succeed(gate, undefined)
    }))

  it.scoped("leaves other services over the same client alone", () =>
    Effect.gen(function*() {
      const http = timedInOrder(succeeded)
      const [one, other] = [yield* service(http), yield* service(http)]
      yield* one.close
      assert.isTrue(HttpError.isHttpError(yield* Effect.flip(one.get(name))))
      assert.strictEqual((yield* other.get(name))._tag, "Succeeded")
    }))
})
