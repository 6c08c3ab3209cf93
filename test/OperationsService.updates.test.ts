import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, type MockHttp, mockHttp, posts, seconds, silentAfter } from "./support/http.js"
import { apiWith, httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

const step = (step: number) => () => json({ name, metadata: { step } })
const failed = () => json({ name, done: true, error: { code: 9, message: "not empty" } })

interface Seen {
  readonly at: number
  readonly what: string
}

const label = (operation: Operation.Operation): string =>
  operation.metadata === undefined ? operation._tag : `${operation._tag} ${String(operation.metadata["step"])}`

/** Follows an operation, with what it sees and when (in seconds). */
const follow = (seen: Array<Seen>, updates: ReturnType<OperationsService.Service["updates"]>) =>
  Stream.runForEach(updates, (operation) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      seen.push({ at: now / 1000, what: label(operation) })
    }))

const following = (
  http: MockHttp,
  duration: Duration.DurationInput,
  options: OperationsService.UpdatesOptions & { readonly operation?: OperationsService.Waitable } = {}
) =>
  Effect.gen(function*() {
    const { operation, ...updatesOptions } = options
    const operations = yield* service(http, { schedule: every("1 second"), retrySchedule: every("1 second") })
    const seen: Array<Seen> = []
    const result = yield* Effect.either(
      after(duration, follow(seen, operations.updates(operation ?? name, updatesOptions)))
    )
    return { result, seen: seen.map(({ at, what }) => `${at} ${what}`) }
  })

describe("the states that updates emits", () => {
  it.scoped("for a name: the current state at once, then each change, and last the succeeded operation", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), step(1), step(2), step(2), step(1), succeeded)
      const { result, seen } = yield* following(http, "1 hour")
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(seen, ["0 Pending 1", "2 Pending 2", "4 Pending 1", "5 Succeeded"])
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4, 5])
    }))

  it.scoped("for a pending operation: its state at once, without a request", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), step(2), succeeded)
      const operation = Operation.pending({ name, metadata: { step: 1 } })
      const { seen } = yield* following(http, "1 hour", { operation })
      assert.deepStrictEqual(seen, ["0 Pending 1", "2 Pending 2", "3 Succeeded"])
      assert.deepStrictEqual(seconds(http), [1, 2, 3])
    }))

  it.scoped("states are compared by value: an early response or error is a change, another order of fields is not", () =>
    Effect.gen(function*() {
      const http = inOrder(
        () => json({ name }),
        () => json({ name, done: false }),
        () => json({ name, done: false, unknown: 1 }),
        () => json({ name, response: { a: 1 } }),
        () => json({ response: { a: 1 }, name }),
        () => json({ name, error: { code: 5, message: "early" } }),
        succeeded
      )
      const { seen } = yield* following(http, "1 hour")
      assert.deepStrictEqual(seen, ["0 Pending", "3 Pending", "5 Pending", "6 Succeeded"])
    }))

  it.scoped("emitUnchanged emits the state of every poll", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), step(1), unavailable, step(1), succeeded)
      const { seen } = yield* following(http, "1 hour", { emitUnchanged: true })
      assert.deepStrictEqual(seen, ["0 Pending 1", "1 Pending 1", "3 Pending 1", "4 Succeeded"])
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4])
    }))

  it.scoped("emitUnchanged also emits the state that is known at the beginning", () =>
    Effect.gen(function*() {
      const operation = Operation.pending({ name, metadata: { step: 1 } })
      const { seen } = yield* following(inOrder(step(1), succeeded), "1 hour", { operation, emitUnchanged: true })
      assert.deepStrictEqual(seen, ["0 Pending 1", "1 Pending 1", "2 Succeeded"])
    }))

  it.scoped("for an operation that is done: that state, without a request", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      const done = Operation.succeeded({ name })
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(yield* Stream.runCollect(operations.updates(done))),
        [done]
      )
      const operation = Operation.failed({ name, error: new Status.Status({ code: 5, message: "gone" }) })
      const error = yield* Effect.flip(Stream.runDrain(operations.updates(operation)))
      assert(OperationError.isOperationError(error))
      assert.strictEqual(error.operation, operation)
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("for a handle: the same as for a name", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), succeeded)
      const operation = yield* (yield* service(http)).handle(name)
      const { seen } = yield* following(http, "1 hour", { operation })
      assert.deepStrictEqual(seen, ["0 Pending 1", "1 Succeeded"])
    }))

  it.scoped("the name of the caller is polled", () =>
    Effect.gen(function*() {
      const http = inOrder(() => json({ name: "operations/other" }), succeeded)
      yield* following(http, "1 hour")
      assert.deepStrictEqual(http.requests.map(({ url }) => url.endsWith(`/v1/${name}`)), [true, true])
    }))

  it.scoped("one stream can be run again and again", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const updates = (yield* service(http)).updates(name)
      for (const runs of [1, 2]) {
        assert.strictEqual(Chunk.size(yield* Stream.runCollect(updates)), 1)
        assert.strictEqual(http.times.length, runs)
      }
    }))

  it.scoped("each state, even if the API has :wait", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      yield* emulator.script("operations/a", [
        { type: "pending", duration: 1000, metadata: { percent: 1 } },
        { type: "pending", duration: 1000, metadata: { percent: 2 } },
        { type: "pending", duration: 1000, metadata: { percent: 3 } },
        { type: "succeeded" }
      ])
      const operations = yield* Effect.provideService(
        OperationsService.make({ api: apiWith({ wait: "body" }) }),
        HttpClient.HttpClient,
        emulator.httpClient
      )
      const fiber = yield* Effect.fork(
        Stream.runCollect(operations.updates("operations/a", { schedule: Polling.spaced("300 millis") }))
      )
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(yield* Fiber.join(fiber)).map((operation) => operation.metadata?.["percent"]),
        [1, 2, 3, undefined]
      )
    }))
})

describe("how updates ends", () => {
  it.scoped("with OperationError, after the last state", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), failed)
      const { result, seen } = yield* following(http, "1 hour")
      assert.deepStrictEqual(seen, ["0 Pending 1"])
      assert(result._tag === "Left" && result.left._tag === "OperationError")
      assert.strictEqual(result.left.code, "FAILED_PRECONDITION")
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("with HttpError", () =>
    Effect.gen(function*() {
      const http = inOrder(step(1), unavailable, () => googleError(403, "PERMISSION_DENIED"))
      const { result, seen } = yield* following(http, "1 hour")
      assert.deepStrictEqual(seen, ["0 Pending 1"])
      assert.strictEqual((yield* httpError(result)).code, "PERMISSION_DENIED")
      assert.deepStrictEqual(seconds(http), [0, 1, 2])
    }))

  it.scoped("with HttpError when the transient schedule ends", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable)
      const { result } = yield* following(http, "1 hour", {
        retrySchedule: Schedule.intersect(every("2 seconds"), Schedule.recurs(2))
      })
      assert.strictEqual((yield* httpError(result)).httpStatus, 503)
      assert.deepStrictEqual(seconds(http), [0, 2, 4])
    }))

  it.scoped("before a request is sent for an invalid name", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      for (const bad of ["accessPolicies/1", "", Operation.pending({ name: "" })]) {
        assert.strictEqual((yield* httpError(Stream.runDrain(operations.updates(bad)))).reason, "InvalidRequest")
      }
      assert.strictEqual(http.times.length, 0)
    }))

  const timeouts: ReadonlyArray<
    readonly [string, OperationsService.UpdatesOptions, WaitTimeoutError.WaitTimeoutError["reason"], Array<number>]
  > = [
    ["the timeout", { timeout: "10 seconds", schedule: every("7 seconds") }, "Timeout", [0, 7, 9]],
    ["the schedule's end", { schedule: Schedule.recurs(2).pipe(Schedule.addDelay(() => 3000)) }, "ScheduleEnded", [
      0,
      3,
      6
    ]]
  ]
  for (const [what, options, reason, times] of timeouts) {
    it.scoped(`with WaitTimeoutError: ${what}`, () =>
      Effect.gen(function*() {
        const http = inOrder(step(1), step(2), step(3), step(4))
        const { result, seen } = yield* following(http, "1 hour", options)
        assert(result._tag === "Left" && WaitTimeoutError.isWaitTimeoutError(result.left))
        assert.strictEqual(result.left.reason, reason)
        assert.strictEqual(result.left.polls, 3)
        assert.strictEqual(result.left.last?.metadata?.["step"], 3)
        assert.deepStrictEqual(seconds(http), times)
        // What the last poll has found is a change like any other.
        assert.deepStrictEqual(seen, times.map((time, index) => `${time} Pending ${index + 1}`))
      }))
  }

  for (const inFlight of [false, true]) {
    it.scoped(`with Closed, ${inFlight ? "with a poll in flight" : "between polls"}`, () =>
      Effect.gen(function*() {
        const http = inFlight ? silentAfter() : inOrder(pending)
        const operations = yield* service(http)
        const fiber = yield* Effect.fork(Stream.runDrain(operations.updates(name)))
        yield* TestClock.adjust(0)
        yield* operations.close
        assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
        assert.strictEqual((yield* httpError(Stream.runDrain(operations.updates(name)))).reason, "Closed")
        assert.strictEqual(http.aborts(), inFlight ? 1 : 0)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(http.times.length, 1)
      }))
  }

  it.scoped("with Closed while the consumer is busy", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Stream.runForEach(operations.updates(name), () => Effect.sleep("1 minute")))
      yield* TestClock.adjust("1 second")
      yield* operations.close
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      assert.strictEqual(http.times.length, 1)
    }))

  it.scoped("take(1) stops the polls, and does not cancel the operation", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { schedule: every("1 second") })
      yield* Stream.runDrain(Stream.take(operations.updates(name, { onInterrupt: "cancel", onTimeout: "cancel" }), 1))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(seconds(http), [0])
    }))

  it.scoped("interruption aborts the poll in flight, and no request follows", () =>
    Effect.gen(function*() {
      const http = silentAfter(pending)
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.updates(name)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(http.aborts(), 0)
      assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.strictEqual(http.aborts(), 1)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(seconds(http), [0, 1])
      assert.deepStrictEqual(http.requests.map(({ method }) => method), ["GET", "GET"])
    }))

  const cancels: ReadonlyArray<
    readonly [string, OperationsService.UpdatesOptions, "interrupted" | "timeout" | "done", number]
  > = [
    ["interrupted, detach", { onTimeout: "cancel" }, "interrupted", 0],
    ["interrupted, cancel", { onInterrupt: "cancel" }, "interrupted", 1],
    ["timed out, detach", { onInterrupt: "cancel", timeout: "5 seconds" }, "timeout", 0],
    ["timed out, cancel", { onTimeout: "cancel", timeout: "5 seconds" }, "timeout", 1],
    ["done", { onInterrupt: "cancel", onTimeout: "cancel", timeout: "5 seconds" }, "done", 0]
  ]
  for (const [what, options, end, count] of cancels) {
    for (const handled of [false, true]) {
      it.scoped(`${what}${handled ? ", within a stream that handles the end" : ""}: ${count} cancels`, () =>
        Effect.gen(function*() {
          const http = mockHttp((request) =>
            Effect.sync(() => request.method === "POST" ? json({}) : end === "done" ? succeeded() : pending())
          )
          const operations = yield* service(http, { schedule: every("1 second") })
          const updates = operations.updates(name, options)
          const fiber = yield* Effect.fork(
            Effect.exit(Stream.runDrain(handled ? Stream.catchAll(updates, () => Stream.make(undefined)) : updates))
          )
          yield* TestClock.adjust("5 seconds")
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual(posts(http), Array<string>(count).fill(`/v1/${name}:cancel`))
        }))
    }
  }
})

describe("the pace of updates", () => {
  it.scoped("no poll is sent while the consumer is busy", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) => Effect.sync(() => index < 4 ? step(index)() : succeeded()))
      const operations = yield* service(http, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(Stream.runForEach(operations.updates(name), () => Effect.sleep("1 minute")))
      for (const polls of [1, 2, 3, 4, 5]) {
        yield* TestClock.adjust("59 seconds")
        assert.strictEqual(http.times.length, polls)
        yield* TestClock.adjust("1 second")
      }
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(seconds(http), [0, 60, 120, 180, 240])
    }))

  it.scoped("a consumer that is faster than the delay does not lengthen the delays", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) => Effect.sync(() => index < 3 ? step(index)() : succeeded()))
      const operations = yield* service(http, { schedule: every("10 seconds") })
      yield* after("1 hour", Stream.runForEach(operations.updates(name), () => Effect.sleep("4 seconds")))
      assert.deepStrictEqual(seconds(http), [0, 10, 20, 30])
    }))

  it.scoped("server delays lengthen the delays", () =>
    Effect.gen(function*() {
      const http = inOrder(() => pending({ "retry-after": "10" }), pending, succeeded)
      const { seen } = yield* following(http, "1 hour")
      assert.deepStrictEqual(seconds(http), [0, 10, 11])
      assert.deepStrictEqual(seen, ["0 Pending", "11 Succeeded"])
    }))

  it.scoped("no poll is sent after the deadline, even if the consumer was busy", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) => Effect.sync(step(index)))
      const operations = yield* service(http, { schedule: every("1 second") })
      const error = yield* Effect.flip(after(
        "1 hour",
        Stream.runForEach(operations.updates(name, { timeout: "10 seconds" }), () => Effect.sleep("1 minute"))
      ))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.deepStrictEqual(seconds(http), [0])
    }))
})

describe("updates and wait", () => {
  const steps = {
    "pending 1": step(1),
    "pending 2": step(2),
    "pending with a hint": () => json({ name, metadata: { step: 3 } }, { headers: { "retry-after": "3" } }),
    503: unavailable,
    "429 with a hint": () => googleError(429, "RESOURCE_EXHAUSTED", { headers: { "retry-after": "4" } })
  }
  const ends = {
    succeeded,
    failed,
    403: () => googleError(403, "PERMISSION_DENIED"),
    html: () => new Response("<html>"),
    never: step(4)
  }
  const keys = <A extends object>(record: A) => FastCheck.constantFrom(...Object.keys(record) as Array<keyof A>)

  it.scoped.prop(
    "make the same polls and have the same outcome",
    [
      FastCheck.array(keys(steps), { maxLength: 8 }),
      keys(ends),
      FastCheck.option(FastCheck.integer({ min: 0, max: 9 }))
    ],
    ([script, end, timeout]) =>
      Effect.gen(function*() {
        const run = (call: (operations: OperationsService.Service) => Effect.Effect<unknown, unknown>) =>
          Effect.gen(function*() {
            const start = yield* Clock.currentTimeMillis
            const http = inOrder(...script.map((key) => steps[key]), ends[end])
            const operations = yield* service(http, {
              schedule: Schedule.intersect(every("1 second"), Schedule.recurs(20)),
              retrySchedule: every("2 seconds")
            })
            const result = yield* Effect.either(after("1 minute", call(operations)))
            return { result, times: http.times.map((time) => time - start) }
          })
        const options = { timeout: timeout === null ? undefined : Duration.seconds(timeout) }
        const waited = yield* run((operations) => operations.wait(name, options))
        const followed = yield* run((operations) =>
          Effect.map(Stream.runLast(operations.updates(name, options)), (last) => last._tag === "Some" && last.value)
        )
        assert.deepStrictEqual(followed.times, waited.times)
        assert.strictEqual(followed.result._tag, waited.result._tag)
        const value = ({ result }: typeof waited) => result._tag === "Left" ? String(result.left) : result.right
        assert.deepStrictEqual(value(followed), value(waited))
      }),
    { fastCheck: { numRuns: 40 }, timeout: 30_000 }
  )
})
