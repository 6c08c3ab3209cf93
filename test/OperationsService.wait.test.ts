import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, type MockHttp, mockHttp, seconds, silentAfter, transportError } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after, every, notingSleeps } from "./support/time.js"

/** Waits on a service that polls each second unless it is told otherwise, while that much time passes. */
const waiting = (
  http: MockHttp,
  duration: Duration.DurationInput,
  options: OperationsService.Options & OperationsService.WaitOptions & {
    readonly operation?: string | Operation.Operation
  } = {}
) =>
  Effect.gen(function*() {
    const operations = yield* service(http, {
      schedule: every("1 second"),
      retrySchedule: every("1 second"),
      ...options
    })
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

describe("when a wait polls", () => {
  it.scoped("a name is polled at once, then after the delays of the schedule", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, pending, succeeded)
      const operation = yield* waiting(http, "14 seconds", { schedule: every("7 seconds") })
      assert.deepStrictEqual(operation, Operation.succeeded({ name }))
      assert.deepStrictEqual(seconds(http), [0, 7, 14])
    }))

  it.scoped("the schedules of the wait override those of the service", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, unavailable, succeeded)
      const operations = yield* service(http, { schedule: every("1 hour"), retrySchedule: every("1 hour") })
      yield* after(
        "5 seconds",
        operations.wait(name, { schedule: every("2 seconds"), retrySchedule: every("3 seconds") })
      )
      assert.deepStrictEqual(seconds(http), [0, 2, 5])
    }))

  it.scoped("a pending operation is polled after the first delay", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      yield* waiting(http, "7 seconds", { operation: Operation.pending({ name }), schedule: every("7 seconds") })
      assert.deepStrictEqual(seconds(http), [7])
    }))

  it.scoped("the schedule's input is the latest state", () =>
    Effect.gen(function*() {
      const progress = (percent: number) => () => json({ name, metadata: { percent } })
      const http = inOrder(progress(10), progress(50), succeeded)
      const seen: Array<unknown> = []
      const schedule = every("1 second").pipe(
        Schedule.tapInput((operation: Operation.Pending) => Effect.sync(() => seen.push(operation.metadata)))
      )
      yield* waiting(http, "2 seconds", { schedule })
      assert.deepStrictEqual(seen, [{ percent: 10 }, { percent: 50 }])
    }))

  it.scoped("no request is sent for an operation that is done", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
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
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      const error = yield* httpError(operations.wait(Operation.pending({ name: "" })))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.include(error.message, "no name")
      assert.strictEqual((yield* httpError(operations.wait("accessPolicies/1"))).reason, "InvalidRequest")
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("an operation that fails is an OperationError with its last state", () =>
    Effect.gen(function*() {
      const http = inOrder(
        pending,
        () => json({ name, done: true, metadata: { step: 2 }, error: { code: 9, message: "not empty" } })
      )
      const error = yield* Effect.flip(waiting(http, "1 second"))
      assert(error._tag === "OperationError")
      assert.strictEqual(error.code, "FAILED_PRECONDITION")
      assert.deepStrictEqual(error.operation.metadata, { step: 2 })
    }))

  const known: ReadonlyArray<readonly [string, string | Operation.Operation]> = [
    ["the caller's name", name],
    ["the name of the caller's pending operation", Operation.pending({ name })]
  ]
  for (const [what, operation] of known) {
    it.scoped(`${what} is polled by the same name, even if a response has another`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({ name: "operations/other" }), () => json({ done: false }), succeeded)
        yield* waiting(http, "3 seconds", { operation })
        assert.deepStrictEqual(
          http.requests.map((request) => request.url),
          Array(3).fill(`https://accesscontextmanager.googleapis.com/v1/${name}`)
        )
      }))
  }
})

describe("when a wait times out", () => {
  it.scoped("the last delay is shortened, so that the last poll has time for its response", () =>
    Effect.gen(function*() {
      const http = inOrder(() => json({ name, metadata: { step: 1 } }))
      const error = yield* timedOut(
        waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 7, 9])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(error.polls, 3)
      assert.strictEqual(error.operationName, name)
      assert.strictEqual(Duration.toMillis(error.elapsed), 10_000)
      assert.deepStrictEqual(error.last, Operation.pending({ name, metadata: { step: 1 } }))
      assert.strictEqual(error.lastError, undefined)
      assert.match(error.message, /operations\/x after 10s and 3 polls.*timeout.*may still be running/)
    }))

  it.scoped("an operation that has succeeded at the last poll is returned", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, pending, succeeded)
      const operation = yield* waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      assert.strictEqual(operation._tag, "Succeeded")
      assert.deepStrictEqual(seconds(http), [0, 7, 9])
    }))

  const short: ReadonlyArray<readonly [string, string | Operation.Operation, number, ReadonlyArray<number>]> = [
    ["a name", name, 0, []],
    ["a name", name, 1, [0, 0.9]],
    ["a pending operation", Operation.pending({ name }), 0, []],
    ["a pending operation", Operation.pending({ name }), 1, [0.9]]
  ]
  for (const [what, operation, timeout, polls] of short) {
    it.scoped(`${what} with a timeout of ${timeout} s is polled ${polls.length} times`, () =>
      Effect.gen(function*() {
        const http = inOrder(pending)
        const options = { operation, schedule: every("7 seconds"), timeout: Duration.seconds(timeout) }
        const error = yield* timedOut(waiting(http, "1 second", options))
        assert.deepStrictEqual(seconds(http), polls)
        assert.strictEqual(error.reason, "Timeout")
        assert.strictEqual(error.polls, polls.length)
      }))
  }

  const slow = (answer: () => Response) =>
    mockHttp((_, index) => index === 0 ? Effect.sync(pending) : Effect.delay(Effect.sync(answer), "5 seconds"))

  it.scoped("a poll in flight at the deadline is aborted, and its response is ignored", () =>
    Effect.gen(function*() {
      const options = { schedule: every("7 seconds"), timeout: "10 seconds" } as const
      const http = slow(pending)
      const error = yield* timedOut(waiting(http, "12 seconds", options))
      assert.deepStrictEqual(seconds(http), [0, 7])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 10_000)
      assert.strictEqual(error.lastError?.reason, "Timeout")
      assert.strictEqual(http.aborts(), 1)
      const late = slow(succeeded)
      assert.strictEqual((yield* timedOut(waiting(late, "12 seconds", options))).reason, "Timeout")
      assert.strictEqual(late.aborts(), 1)
    }))

  it.scoped("a server that never responds does not delay the deadline", () =>
    Effect.gen(function*() {
      const http = silentAfter(pending)
      const error = yield* timedOut(
        waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 7])
      assert.strictEqual(http.aborts(), 1)
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 10_000)
      assert.strictEqual(error.lastError?.reason, "Timeout")
      assert.deepStrictEqual(error.last, Operation.pending({ name }))
    }))

  it.scoped("a schedule that ends ends the wait", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
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
      const http = inOrder(pending)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Effect.withRandomFixed(operations.wait(name), [0.5]))
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      // Half a second at first, then a fifth of the time so far, then 30 seconds.
      assert.deepStrictEqual(seconds(http).slice(0, 10), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.6, 4.32, 5.184])
      assert.isAbove(http.times.at(-1)!, 1_169_000)
    }))

  it.scoped("the error has the last failure", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, unavailable, pending)
      const error = yield* timedOut(
        waiting(http, "10 seconds", { schedule: every("7 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 7, 8, 9])
      assert.strictEqual(error.lastError?.httpStatus, 503)
      assert.deepStrictEqual(error.last, Operation.pending({ name }))
      assert.include(error.message, "503 UNAVAILABLE")
    }))

  it.scoped("nothing but failures until the deadline is a WaitTimeoutError without a last state", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable)
      const error = yield* timedOut(
        waiting(http, "10 seconds", { retrySchedule: every("4 seconds"), timeout: "10 seconds" })
      )
      assert.deepStrictEqual(seconds(http), [0, 4, 8, 9])
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(error.last, undefined)
      assert.strictEqual(error.lastError?.httpStatus, 503)
    }))
})

describe("failures during a wait", () => {
  it.scoped("transient failures do not end it", () =>
    Effect.gen(function*() {
      const http = mockHttp((request, index) =>
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

  it.scoped("the end of retrySchedule ends it with the last failure", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) =>
        Effect.sync(() => googleError(503, "UNAVAILABLE", { message: `failure ${index}` }))
      )
      const retrySchedule = Schedule.intersect(every("1 second"), Schedule.recurs(2))
      const error = yield* httpError(waiting(http, "1 minute", { retrySchedule }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2])
      assert.strictEqual(error.status?.message, "failure 2")
    }))

  it.scoped("retrySchedule starts again after a success", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable, pending, unavailable, pending, unavailable, unavailable)
      const retrySchedule = Schedule.intersect(every("1 second"), Schedule.recurs(1))
      const error = yield* httpError(waiting(http, "1 minute", { retrySchedule }))
      assert.match(error.message, /; the wait failed after 2 consecutive failures within 1s$/)
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4, 5])
    }))

  it.scoped("by default it fails after five minutes of failures in a row", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Effect.withRandomFixed(operations.wait(name), [0.5]))
      yield* TestClock.adjust("300 seconds")
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust("36 seconds")
      const error = yield* httpError(Fiber.join(fiber))
      assert.strictEqual(error.httpStatus, 503)
      assert.match(
        error.message,
        new RegExp(`; the wait failed after ${http.times.length} consecutive failures within 5m 6s$`)
      )
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
        const http = inOrder(answer)
        const error = yield* httpError(waiting(http, 0))
        assert.isFalse(error.isTransient)
        assert.deepStrictEqual(seconds(http), [0])
      }))
  }
})

describe("NOT_FOUND", () => {
  const notFound = () => googleError(404, "NOT_FOUND", { message: "no such operation" })
  const options = { schedule: every("10 seconds"), retrySchedule: every("10 seconds") }
  const known = Operation.pending({ name })

  const run = (
    operation: OperationsService.Waitable,
    duration: Duration.DurationInput,
    ...answers: ReadonlyArray<() => Response>
  ) =>
    Effect.gen(function*() {
      const http = inOrder(...answers)
      const operations = yield* service(http, options)
      const start = (yield* Clock.currentTimeMillis) / 1000
      const result = yield* Effect.either(after(duration, operations.wait(operation)))
      return { result, times: seconds(http).map((time) => time - start) }
    })

  const failing = (
    operation: OperationsService.Waitable,
    expected: ReadonlyArray<number>,
    ...answers: ReadonlyArray<() => Response>
  ) =>
    Effect.gen(function*() {
      const { result, times } = yield* run(operation, "5 minutes", ...answers)
      const error = yield* httpError(result)
      assert.strictEqual(error.httpStatus, 404)
      assert.deepStrictEqual(times, expected)
      return error
    })

  it.scoped("for a name: fails at once", () =>
    Effect.gen(function*() {
      const error = yield* failing(name, [0], notFound)
      assert.notInclude(error.message, "expired")
    }))

  it.scoped("for a pending operation: transient for 30 seconds", () => failing(known, [10, 20, 30], notFound))

  it.scoped("for a pending operation that becomes visible in time: no failure", () =>
    Effect.gen(function*() {
      const { result, times } = yield* run(known, "30 seconds", notFound, notFound, succeeded)
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(times, [10, 20, 30])
    }))

  it.scoped("for an operation that start returned: transient", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, notFound, succeeded)
      const operations = yield* service(http, options)
      const started = yield* operations.start(HttpClientRequest.post("/v1/accessPolicies"))
      assert.strictEqual((yield* after("20 seconds", operations.wait(started)))._tag, "Succeeded")
    }))

  it.scoped("for a pending operation that was read before: fails at once", () =>
    failing(known, [10, 20], pending, notFound))

  it.scoped("after an outage: the operation was not read before", () =>
    failing(known, [10, 20, 30], unavailable, notFound))

  it.scoped("a 404 that is not a Google error: fails at once", () => failing(known, [10], html(404)))

  it.scoped("for an old handle: fails at once, and the message says that the operation may have expired", () =>
    Effect.gen(function*() {
      const handle = yield* (yield* service(inOrder(pending))).handle(known)
      yield* TestClock.adjust("31 seconds")
      const error = yield* failing(handle, [0], notFound)
      assert.strictEqual(error.code, "NOT_FOUND")
      assert.match(error.message, /no such operation.*may have expired/)
      assert.strictEqual(error.status?.message, "no such operation")
      const other = yield* failing(handle, [0], html(404))
      assert.notInclude(other.message, "expired")
    }))

  it.scoped("for a new handle: transient, as for an operation that was just started", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(notFound, succeeded), options)
      const handle = yield* operations.handle(known)
      assert.strictEqual((yield* after("20 seconds", operations.wait(handle)))._tag, "Succeeded")
    }))

  it.scoped("a handle is accepted for each spelling of its API's base URL", () =>
    Effect.gen(function*() {
      const at = (baseUrl: string) => ({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl }) })
      const handle = yield* (yield* service(inOrder(pending), at("https://example.com/"))).handle(known)
      const operations = yield* service(inOrder(succeeded), at("https://example.com"))
      assert.strictEqual((yield* after("1 second", operations.wait(handle)))._tag, "Succeeded")
    }))
})

describe("server delays (Retry-After, RetryInfo)", () => {
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
  const since = (http: MockHttp) => http.times.map((time) => (time - start) / 1000)

  for (const [what, answer] of hints) {
    for (const [kind, schedule] of [["spaced", every("1 second")], ["fixed", Schedule.fixed("1 second")]] as const) {
      it.scoped(`${what} lengthens the next delay, once and without a burst (${kind})`, () =>
        Effect.gen(function*() {
          yield* TestClock.setTime(start)
          const http = inOrder(answer, pending, pending, succeeded)
          yield* waiting(http, "12 seconds", { schedule })
          assert.deepStrictEqual(since(http), [0, 10, 11, 12])
        }))
    }
  }

  it.scoped("a server delay shorter than the delay of the schedule changes nothing", () =>
    Effect.gen(function*() {
      const http = inOrder(() => pending({ "retry-after": "2" }), succeeded)
      yield* waiting(http, "7 seconds", { schedule: every("7 seconds") })
      assert.deepStrictEqual(seconds(http), [0, 7])
    }))

  it.scoped("the server delay of a failure applies to the next delay only", () =>
    Effect.gen(function*() {
      const http = inOrder(() => unavailable({ "retry-after": "10" }), unavailable, succeeded)
      yield* waiting(http, "11 seconds")
      assert.deepStrictEqual(seconds(http), [0, 10, 11])
    }))

  it.scoped("a fixed schedule makes no burst of polls after failures", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, unavailable, pending, pending, succeeded)
      yield* waiting(http, "13 seconds", { schedule: Schedule.fixed("1 second"), retrySchedule: every("10 seconds") })
      assert.deepStrictEqual(seconds(http), [0, 1, 11, 12, 13])
    }))

  const bounds: ReadonlyArray<readonly [string, OperationsService.Options & OperationsService.WaitOptions, number]> = [
    ["maxServerDelay", { maxServerDelay: "5 seconds" }, 5],
    ["five minutes unless told otherwise", {}, 300],
    ["the deadline", { timeout: "10 seconds" }, 9]
  ]
  for (const [what, options, at] of bounds) {
    it.scoped(`a server delay is limited by ${what}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => pending({ "retry-after": "99999" }), succeeded)
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
        const http = inOrder(() => pending({ "retry-after": value }), succeeded)
        yield* waiting(http, "1 second")
        assert.deepStrictEqual(since(http), [0, 1])
      }))
  }

  const days = (count: number) => count * 86_400_000
  const long: ReadonlyArray<readonly [string, () => Response, OperationsService.Options, number]> = [
    [
      "Retry-After: 99999999999",
      () => pending({ "retry-after": "99999999999" }),
      { maxServerDelay: "60 days" },
      days(60)
    ],
    [
      "a failure's Retry-After: 99999999999",
      () => unavailable({ "retry-after": "99999999999" }),
      { maxServerDelay: "60 days" },
      days(60)
    ],
    [
      "Retry-After: 99999999999 without a bound",
      () => pending({ "retry-after": "99999999999" }),
      { maxServerDelay: Duration.infinity },
      99_999_999_999_000
    ],
    ["a schedule of 60 days", pending, { schedule: every("60 days") }, days(60)],
    ["a transient schedule of 60 days", unavailable, { retrySchedule: every("60 days") }, days(60)]
  ]
  for (const [what, answer, options, delay] of long) {
    it.scoped(`${what} does not sleep for 2^31 ms or more at once`, () =>
      Effect.gen(function*() {
        const http = inOrder(answer, succeeded)
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

  it.scoped("a long timeout and a long requestTimeout do not sleep for 2^31 ms or more at once", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, succeeded)
      const sleeps: Array<number> = []
      const operations = yield* service(http, { schedule: every("90 days"), requestTimeout: "80 days" })
      yield* after("60 days", notingSleeps(sleeps, operations.wait(name, { timeout: "60 days" })))
      assert.deepStrictEqual(http.times, [0, days(60) - 1000])
      assert.isBelow(Math.max(...sleeps), 2 ** 31)
    }))
})

describe("interruption", () => {
  it.scoped("between polls: no other request", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("1 second")
      assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(seconds(http), [0, 1])
    }))

  for (const call of ["get", "wait"] as const) {
    it.scoped(`of a ${call} with a request in flight: it is aborted, and no other is sent`, () =>
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
