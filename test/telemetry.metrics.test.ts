import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder } from "./support/http.js"
import { names, pending as pendingOf, scripted, succeeded as doneOf } from "./support/many.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("metrics", () => {
  let hosts = 0
  // The registry is global, so each test has a separate API.
  const withMetrics = (http: Parameters<typeof service>[0], options?: OperationsService.Options) =>
    Effect.gen(function*() {
      const address = `metrics-${++hosts}.example.com`
      const api = GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: `https://${address}` })
      const operations = yield* service(http, { schedule: every("1 second"), ...options, api })
      const read = Effect.map(OperationsMetrics.snapshot, (pairs) =>
        Object.fromEntries(
          pairs.flatMap(({ metricKey, metricState }) => {
            const tags = metricKey.tags.map(({ key, value }) => `${key}=${value}`)
            if (!tags.includes(`server.address=${address}`)) return []
            const state = Object.assign({}, metricState) as { readonly count?: number; readonly sum?: number }
            const rest = tags.filter((tag) => !tag.startsWith("server.address=")).join(" ")
            return [[
              `${metricKey.name} ${rest}`,
              state.sum === undefined ? state.count : [state.count, state.sum]
            ]]
          })
        ))
      return { operations, read, address }
    })

  it.scoped("count the waits, their polls and failures, and the requests", () =>
    Effect.gen(function*() {
      const { operations, read } = yield* withMetrics(inOrder(pending, unavailable, pending, succeeded), {
        retrySchedule: every("2 seconds")
      })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* read)["gcp.longrunning.waits unit={wait}"], 1)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* read, {
        "gcp.longrunning.waits unit={wait}": 0,
        "gcp.longrunning.polls unit={poll} gcp.longrunning.method=get": 4,
        "gcp.longrunning.transient_failures unit={failure} error.type=UNAVAILABLE": 1,
        "gcp.longrunning.wait.duration unit=s gcp.longrunning.outcome=succeeded": [1, 4],
        "gcp.longrunning.requests unit={request} http.request.method=GET http.response.status_code=200": 3,
        "gcp.longrunning.requests unit={request} http.request.method=GET http.response.status_code=503 error.type=UNAVAILABLE":
          1
      })
    }))

  it.scoped("of a wait say how it ended", () =>
    Effect.gen(function*() {
      const duration = (outcome: string) => `gcp.longrunning.wait.duration unit=s gcp.longrunning.outcome=${outcome}`
      const failed = yield* withMetrics(inOrder(() => json({ name, done: true, error: { code: 9, message: "no" } })))
      yield* Effect.exit(failed.operations.wait(name))
      assert.deepStrictEqual((yield* failed.read)[duration("failed error.type=FAILED_PRECONDITION")], [1, 0])
      const late = yield* withMetrics(inOrder(pending))
      yield* after("1 minute", Effect.exit(late.operations.wait(name, { timeout: "30 seconds" })))
      assert.deepStrictEqual((yield* late.read)[duration("timeout error.type=CLIENT_TIMEOUT")], [1, 30])
      const unreadable = yield* withMetrics(inOrder(() => googleError(403, "PERMISSION_DENIED")))
      yield* Effect.exit(unreadable.operations.wait(name))
      assert.deepStrictEqual((yield* unreadable.read)[duration("error error.type=PERMISSION_DENIED")], [1, 0])
      const interrupted = yield* withMetrics(inOrder(pending))
      const fiber = yield* Effect.fork(interrupted.operations.wait(name))
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.interrupt(fiber)
      const seen = yield* interrupted.read
      assert.deepStrictEqual(seen[duration("interrupted error.type=CLIENT_CANCELLED")], [1, 7])
      assert.strictEqual(seen["gcp.longrunning.waits unit={wait}"], 0)
    }))

  it.scoped("measure how late the end of an operation was seen, if it ended during the wait", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 26, 12))
      const delay = "gcp.longrunning.detection.delay unit=s"
      const ending = (endTime: unknown) => inOrder(pending, () => json({ name, done: true, metadata: { endTime } }))
      const wait = (endTime: unknown) =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 10, 26, 12))
          const { operations, read } = yield* withMetrics(ending(endTime), { schedule: every("10 seconds") })
          yield* after("1 minute", operations.wait(name))
          return (yield* read)[delay]
        })
      assert.deepStrictEqual(yield* wait("2026-11-26T12:00:07.500Z"), [1, 2.5])
      assert.deepStrictEqual(yield* wait("2026-11-26T12:00:11Z"), [1, 0])
      for (const other of ["2026-11-26T11:00:00Z", "soon", 5, undefined, null]) {
        assert.strictEqual(yield* wait(other), undefined)
      }
    }))

  it.scoped("of many waits: none is left, and Effect.tagMetrics adds its labels", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) => polls < 2 ? pendingOf(name) : doneOf(name))
      const { address, operations, read } = yield* withMetrics(http)
      const fiber = yield* Effect.fork(
        Stream.runDrain(operations.waitAll(names(50))).pipe(
          Effect.tagMetrics("tenant", "a")
        )
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read)["gcp.longrunning.waits unit={wait} tenant=a"], 50)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const seen = yield* read
      assert.strictEqual(seen["gcp.longrunning.waits unit={wait} tenant=a"], 0)
      assert.strictEqual(seen["gcp.longrunning.polls unit={poll} gcp.longrunning.method=get tenant=a"], 150)
      // As a program reads them:
      const polls = yield* OperationsMetrics.polls.pipe(
        Metric.tagged("server.address", address),
        Metric.tagged("gcp.longrunning.method", "get"),
        Metric.tagged("tenant", "a"),
        Metric.value
      )
      assert.strictEqual(polls.count, 150)
    }))

  it.scoped("have no label with the name of an operation", () =>
    Effect.gen(function*() {
      const { operations } = yield* withMetrics(inOrder(pending, succeeded))
      yield* after("1 minute", operations.wait("operations/a-name-of-its-own"))
      const pairs = yield* OperationsMetrics.snapshot
      assert.notInclude(JSON.stringify(pairs.map(({ metricKey }) => metricKey.tags)), "a-name-of-its-own")
    }))
})
