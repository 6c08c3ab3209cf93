import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Status from "effect-google-operations/Status"
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
import { json } from "./support/http.js"
import {
  after,
  googleError,
  httpError,
  name,
  service,
  type TimedHttp,
  timedHttp,
  timedInOrder
} from "./support/service.js"

const every = (duration: Duration.DurationInput) => Schedule.spaced(duration)
const seconds = (http: TimedHttp) => http.times.map((time) => time / 1000)
const names = (count: number) => Array.from({ length: count }, (_, index) => `operations/${index}`)
const idOf = (url: string): string => new URL(url).pathname.replace(/^\/v1\//, "")

/** How each operation is answered: by its name, and how many polls it has had before. */
type Script = (name: string, polls: number) => Response

/** Answers by name; `:cancel` with `{}`. */
const scripted = (script: Script, delay: Duration.DurationInput = 0) => {
  const polls = new Map<string, number>()
  let inFlight = 0
  let most = 0
  const http = timedHttp((request) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        most = Math.max(most, ++inFlight)
      }),
      () => {
        if (request.method === "POST") return Effect.sync(() => json({}))
        const id = idOf(request.url)
        const count = polls.get(id) ?? 0
        polls.set(id, count + 1)
        const answer = Effect.sync(() => script(id, count))
        return Duration.toMillis(delay) === 0 ? answer : Effect.delay(answer, delay)
      },
      () => Effect.sync(() => inFlight--)
    )
  )
  return {
    ...http,
    polls,
    most: () => most,
    cancelled: () => http.requests.filter(({ method }) => method === "POST").map(({ url }) => idOf(url))
  }
}

const pending = (name: string) => json({ name })
const succeeded = (name: string) => json({ name, done: true })
const failed = (name: string) => json({ name, done: true, error: { code: 9, message: "not empty" } })
/** Pending for that many polls, then done. */
const doneAfter = (polls: number): Script => (name, seen) => seen < polls ? pending(name) : succeeded(name)

const nameOf = (of: OperationsService.Waitable) => typeof of === "string" ? of : of.name
/** An outcome as `operations/1 Succeeded` or `operations/1 OperationError FAILED_PRECONDITION`. */
const label = ({ of, result }: OperationsService.Outcome): string => {
  const what = result._tag === "Right"
    ? result.right._tag
    : result.left._tag === "OperationError"
    ? `OperationError ${result.left.code}`
    : `${result.left._tag} ${result.left.reason}`
  return `${nameOf(of)} ${what}`
}

/** Collects outcomes as they come, with the time in seconds. */
const collecting = <W extends OperationsService.Waitable>(
  seen: Array<string>,
  outcomes: Stream.Stream<OperationsService.Outcome<W>>
) =>
  Stream.runForEach(outcomes, (outcome) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      seen.push(`${now / 1000} ${label(outcome)}`)
    }))

describe("waitAll", () => {
  it.scoped("gives outcomes as they come, in the order of their ends", () =>
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

  it.scoped("takes names, operations and handles, done or malformed, and gives each back as it was given", () =>
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
        const outcome = Array.from(outcomes).find(({ of }) => of === operation)
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

  it.scoped("of none it ends at once, of done ones without a request", () =>
    Effect.gen(function*() {
      const http = scripted(pending)
      const operations = yield* service(http)
      assert.strictEqual(yield* Stream.runCount(operations.waitAll([])), 0)
      assert.strictEqual(yield* Stream.runCount(operations.waitAll([Operation.succeeded({ name }), "bad"])), 2)
      assert.strictEqual(http.times.length, 0)
    }))

  it.scoped("takes any iterable, and its stream can be run again", () =>
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

  it.scoped("a pending operation and a name begin as they do for wait", () =>
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

  it.scoped("transient failures and hints are those of wait", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) =>
        polls === 0
          ? googleError(503, "UNAVAILABLE", { headers: { "retry-after": "10" } })
          : polls === 1
          ? pending(name)
          : succeeded(name)
      )
      const operations = yield* service(http, { schedule: every("1 second"), transient: every("2 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll([name])))
      assert.deepStrictEqual(seconds(http), [0, 10, 11])
      assert.deepStrictEqual(seen, [`11 ${name} Succeeded`])
    }))

  it.scoped("the timeout is each operation's own", () =>
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

  it.scoped("a schedule that ends is each operation's own", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) => name === "operations/1" && polls === 1 ? succeeded(name) : pending(name))
      const operations = yield* service(http)
      const schedule = Schedule.intersect(every("1 second"), Schedule.recurs(2))
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(2), { schedule })))
      assert.deepStrictEqual(seen, ["1 operations/1 Succeeded", "2 operations/0 WaitTimeoutError ScheduleEnded"])
    }))

  it.scoped("shares with a plain wait of the same name, both ways", () =>
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

  it.scoped("a consumer that is slow loses nothing", () =>
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

  it.scoped("5,000 operations end in virtual time, each with its own polls", () =>
    Effect.gen(function*() {
      // Of ten, one is polled twice and one three times; these fail.
      const polls = (name: string) => Math.max(0, (Number(name.split("/")[1]) % 10) - 7)
      const http = scripted(
        (name, seen) => seen < polls(name) ? pending(name) : polls(name) > 0 ? failed(name) : succeeded(name)
      )
      const operations = yield* service(http, { schedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("10 seconds", collecting(seen, operations.waitAll(names(5000))))
      const ends: Record<string, number> = {}
      for (const line of seen) {
        const end = line.replace(/operations\/\d+ /, "")
        ends[end] = (ends[end] ?? 0) + 1
      }
      assert.deepStrictEqual(ends, {
        "0 Succeeded": 4000,
        "1 OperationError FAILED_PRECONDITION": 500,
        "2 OperationError FAILED_PRECONDITION": 500
      })
      assert.strictEqual(new Set(seen).size, 5000)
      assert.strictEqual(http.times.length, 4000 + 500 * 2 + 500 * 3)
    }).pipe(Effect.withTracerEnabled(false)), 60_000)

  it.scoped("slow answers of some do not keep the others waiting for more than a slot", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http)
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(200))))
      assert.strictEqual(http.most(), 64)
      assert.deepStrictEqual(new Set(seconds(http)), new Set([0, 1, 2, 3]))
    }), 30_000)

  it.scoped("a server that holds its answers does not keep the others waiting", () =>
    Effect.gen(function*() {
      const http = timedHttp((request) =>
        request.method === "POST" && !request.url.includes("operations/199")
          ? Effect.delay(Effect.sync(() => pending(name)), "24 seconds")
          : Effect.sync(() => request.url.includes("operations/199") ? succeeded("operations/199") : pending(name))
      )
      const api = GoogleApi.make({ ...GoogleApi.accessContextManager, methods: { wait: "body" } })
      const operations = yield* service(http, { api, schedule: every("5 seconds") })
      const seen: Array<string> = []
      yield* after("5 seconds", collecting(seen, Stream.take(operations.waitAll(names(200)), 1)))
      assert.strictEqual(seen.length, 1)
      assert.match(seen[0]!, /^[0-5] operations\/199 Succeeded/)
    }))
})

describe("the end of waitAll", () => {
  it.scoped("take(1) ends it: no request follows, nothing is cancelled", () =>
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
      const http = timedHttp((request) =>
        idOf(request.url) === "operations/3" ? Effect.sync(() => succeeded("operations/3")) : Effect.never
      )
      const operations = yield* service(http)
      yield* after("1 second", Stream.runDrain(Stream.take(operations.waitAll(names(5)), 1)))
      assert.strictEqual(http.aborts(), http.times.length - 1)
    }))

  for (const inFlight of [false, true]) {
    it.scoped(`interruption stops all requests, ${inFlight ? "those in flight too" : "while all sleep"}`, () =>
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

    it.scoped(`close: every outcome is Closed, ${inFlight ? "those in flight too" : "while all sleep"}`, () =>
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

  it.scoped("interruption with cancel cancels those that are pending, each once", () =>
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

  it.scoped("interruption with cancel leaves alone what another wait waits for", () =>
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

  it.scoped("a timeout with cancel cancels that operation, once, and its outcome is the timeout", () =>
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

  it.scoped("a stream interrupted while it takes its operations in leaves nobody behind", () =>
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
    }), 30_000)
})

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

  it.scoped("perSecond holds for more operations than slots, poll after poll", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(1))
      const operations = yield* service(http, { requestBudget: { perSecond: 10 }, schedule: every("1 second") })
      yield* after("1 hour", Stream.runDrain(operations.waitAll(names(80))))
      assert.deepStrictEqual(http.times, steps(160, 100))
    }), 30_000)

  it.scoped("concurrent bounds what is in flight", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 3 } })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(10))))
      assert.strictEqual(http.most(), 3)
      assert.deepStrictEqual(seconds(http), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
    }))

  it.scoped("both at once", () =>
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
    it.scoped(`each operation has its turn: ${JSON.stringify(requestBudget)}`, () =>
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

  it.scoped("is one for all the service's calls, first come, first served", () =>
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

  it.scoped("bounds plain gets: how many at a time", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: { concurrent: 2 } })
      const gets = names(5).map((name) => operations.get(name))
      yield* after("1 minute", Effect.all(gets, { concurrency: "unbounded" }))
      assert.deepStrictEqual(seconds(http), [0, 0, 1, 1, 2])
    }))

  it.scoped("is free again after failures, timeouts and interruptions", () =>
    Effect.gen(function*() {
      const http = timedHttp((_, index) =>
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
    it.scoped(`what leaves the queue takes nobody's place: ${JSON.stringify(requestBudget)}`, () =>
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

  it.scoped("requests go on when there was nothing to do for a while, without a burst", () =>
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
        const http = timedHttp((request) =>
          request.url.endsWith("operations/slow") ? Effect.never : Effect.sync(() => pending(name))
        )
        const operations = yield* service(http, { requestBudget, requestTimeout: "10 seconds" })
        const slow = yield* Effect.fork(
          Effect.forever(Effect.ignore(operations.wait("operations/slow", { transient: every(1) })))
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

  it.scoped("time in the queue is no time of the exchange", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0))
      const operations = yield* service(http, { requestBudget: { perSecond: 0.1 }, requestTimeout: "1 second" })
      const gets = Effect.all(names(5).map((name) => operations.get(name)), { concurrency: "unbounded" })
      yield* after("40 seconds", gets)
      assert.deepStrictEqual(seconds(http), [0, 10, 20, 30, 40])
    }))

  it.scoped("what queues is ended by close as Closed", () =>
    Effect.gen(function*() {
      for (const requestBudget of [{ perSecond: 0.001 }, { concurrent: 1 }]) {
        const http = timedHttp(() => Effect.never)
        const operations = yield* service(http, { requestBudget })
        const calls = names(3).map((name) => httpError(operations.get(name)))
        const fiber = yield* Effect.fork(Effect.all(calls, { concurrency: "unbounded" }))
        yield* TestClock.adjust(0)
        yield* operations.close
        assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ reason }) => reason), ["Closed", "Closed", "Closed"])
        assert.strictEqual(http.times.length, 1)
      }
    }))

  it.scoped("a cancel on the way out does not queue", () =>
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
    it.scoped(`${what} is refused when the service is made`, () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(service(timedInOrder(() => succeeded(name)), { requestBudget }))
        assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        const error = Cause.squash(exit.cause)
        assert(error instanceof RangeError)
        assert.include(error.message, "requestBudget")
      }))
  }

  it.scoped("an empty one is no limit", () =>
    Effect.gen(function*() {
      const http = scripted(doneAfter(0), "1 second")
      const operations = yield* service(http, { requestBudget: {} })
      yield* after("1 second", Effect.all(names(200).map((name) => operations.get(name)), { concurrency: "unbounded" }))
      assert.strictEqual(http.most(), 200)
    }), 30_000)
})
