import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, unavailable } from "./support/answers.js"
import { mockHttp, origin } from "./support/http.js"
import { doneAt, listing, pendingOf } from "./support/lists.js"
import { collecting, label, names } from "./support/many.js"
import { waitForMany } from "./support/manyOperations.js"
import { apiWith, logging, service } from "./support/service.js"
import type { Emulator } from "./support/soak.js"
import { startEmulator } from "./support/sockets.js"
import { after, every } from "./support/time.js"

const byList = { by: "list" } as const

const repeated = (times: ReadonlyArray<number>, each: number): ReadonlyArray<number> =>
  times.flatMap((time) => Array<number>(each).fill(time))

/** Polls operations with an even number at that interval, the others at another, in seconds. */
const evenAndOdd = (even: number, odd: number) =>
  Schedule.addDelay(
    Schedule.identity<Operation.Pending>(),
    ({ name }) => Duration.seconds(Number(name.split("/")[1]) % 2 === 0 ? even : odd)
  )

/** Waits for that long, and then interrupts. */
const during = <A, E, R>(seconds: number, waiting: Stream.Stream<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Stream.runDrain(waiting))
    yield* TestClock.adjust(seconds * 1000)
    yield* Fiber.interrupt(fiber)
  })

describe("rounds", () => {
  it.scoped("10,000 operations take ten requests a round", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(10_000), state: doneAt(25) })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(10_000), byList)))
      assert.strictEqual(new Set(seen).size, 10_000)
      assert(seen.every((line) => line.startsWith("30 ") && line.endsWith(" Succeeded")))
      assert.deepStrictEqual(api.lists, repeated([0, 10, 20, 30], 10))
      assert.deepStrictEqual(api.gets, [])
    }).pipe(Effect.withTracerEnabled(false)), 30_000)

  it.scoped("by get, and by default, each operation is read by a separate request", () =>
    Effect.gen(function*() {
      for (const options of [undefined, {}, { by: "get" as const }, { by: undefined }]) {
        const api = listing({ listed: names(20), state: doneAt(0) })
        const operations = yield* service(api)
        yield* Stream.runDrain(operations.waitAll(names(20), options))
        assert.strictEqual(api.gets.length, 20)
        assert.deepStrictEqual(api.lists, [])
      }
    }))

  it.scoped("another value of the option is refused", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(2) })
      const operations = yield* service(api)
      const outcomes = yield* Stream.runCollect(operations.waitAll(names(2), { by: "page" as never }))
      assert.deepStrictEqual(Array.from(outcomes, ({ result }) => result._tag === "Left" && result.left.message), [
        "The request was not sent: by must be \"get\" or \"list\", not \"page\"",
        "The request was not sent: by must be \"get\" or \"list\", not \"page\""
      ])
      assert.strictEqual(api.requests.length, 0)
    }))

  it.scoped("a page has 1,000 operations, and the request is that of the dialect", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(1_500), state: doneAt(0) })
      const operations = yield* service(api, { xgafv: "1" })
      yield* after(0, Stream.runDrain(operations.waitAll(names(1_500), byList)))
      assert.deepStrictEqual(api.requests.map(({ method, url }) => `${method} ${url}`), [
        `GET ${origin}/v1/operations?pageSize=1000&%24.xgafv=1`,
        `GET ${origin}/v1/operations?pageSize=1000&pageToken=1000&%24.xgafv=1`
      ])
    }))

  // How many rounds a minute has at most, the shortest delay between two of them, and the longest, in seconds.
  const jittered = [
    ["fixed", Polling.spaced("10 seconds", { jitter: 0.2 }), 8, 8, 12],
    ["default", Polling.defaultSchedule, 26, 0.425, 14],
    ["exponential", Polling.exponential(), 10, 0.8, 30]
  ] as const
  it.scoped.each(jittered)(
    "stay one where delays jitter: %s schedule",
    ([_, schedule, most, shortest, longest]) =>
      Effect.gen(function*() {
        const api = listing({ listed: names(100), largest: 20, delay: "40 millis" })
        const operations = yield* service(api, { schedule })
        yield* during(60, operations.waitAll(names(100), byList))
        assert.deepStrictEqual(api.gets, [])
        const rounds = api.lists.filter((_, index) => index % 5 === 0)
        const delays = rounds.slice(1).map((time, index) => time - rounds[index]!)
        assert.isAtMost(rounds.length, most)
        assert(delays.length > 2 && delays.every((delay) => delay >= shortest && delay <= longest), delays.join())
      }).pipe(Effect.withRandom(Random.make("jitter")), Effect.withTracerEnabled(false)),
    30_000
  )

  it.scoped("include all operations even if a round takes almost as long as the delay", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(200), largest: 20, delay: "80 millis" })
      const operations = yield* service(api, { schedule: Polling.spaced("1 second", { jitter: 0.2 }) })
      yield* during(15, operations.waitAll(names(200), byList))
      assert.deepStrictEqual(api.gets, [])
      assert.isAtMost(api.lists.length, 180)
    }).pipe(Effect.withRandom(Random.make("jitter")), Effect.withTracerEnabled(false)), 30_000)

  it.scoped("that take longer than the delay are followed by the next one, and miss nothing", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(100), largest: 10, delay: "1 second", state: doneAt(35) })
      const operations = yield* service(api, { schedule: every("2 seconds") })
      const seen: Array<string> = []
      yield* after("2 minutes", collecting(seen, operations.waitAll(names(100), byList)))
      // The fourth round shows the end of those on its last six pages, the fifth that of the others.
      assert.deepStrictEqual(
        seen.map((line) => line.split(" ")[0]),
        [35, 36, 37, 38, 39, 40, 41, 42, 43, 44].flatMap((time) => Array<string>(10).fill(String(time)))
      )
      assert.deepStrictEqual(api.lists, Array.from({ length: 44 }, (_, index) => index + 1))
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("include polls that are due, and polls that have waited for at least half of their delay", () =>
    Effect.gen(function*() {
      // Every 4 seconds, and every 6 or 9.
      for (const [other, polls] of [[6, 4], [9, 3]] as const) {
        const api = listing({ listed: names(40) })
        const operations = yield* service(api, { schedule: evenAndOdd(4, other) })
        const outcomes = yield* after(
          "1 minute",
          Stream.runCollect(operations.waitAll(names(40), { ...byList, timeout: "13 seconds" }))
        )
        // The last round is one second before the deadline.
        assert.deepStrictEqual(api.lists.map((time) => time % 60), [0, 4, 8, 12])
        assert.deepStrictEqual(
          Array.from(
            outcomes,
            ({ result }) => result._tag === "Left" && result.left._tag === "WaitTimeoutError" && result.left.polls
          ),
          names(40).map((_, index) => index % 2 === 0 ? 4 : polls)
        )
      }
    }))

  it.scoped("include polls that become due during the round", () =>
    Effect.gen(function*() {
      const late = names(80).slice(40, 60)
      const all = names(80).map((name) => late.includes(name) ? Operation.pending({ name }) : name)
      const api = listing({
        listed: names(80),
        largest: 20,
        delay: "1 second",
        state: (name, now) => ({ name, metadata: { "@type": "type.googleapis.com/t", now } })
      })
      const operations = yield* service(api, { schedule: every("2 seconds") })
      const told: Array<number> = []
      const onUpdate = ({ name }: Operation.Operation) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => Effect.sync(() => late.includes(name) && told.push(now / 1000))
        )
      yield* during(3.5, operations.waitAll(all, { ...byList, onUpdate }))
      // The first state of each is known, and the third page shows the next one.
      assert.deepStrictEqual(told, repeated([0, 3], 20))
    }))

  it.scoped("include names and pending operations together", () =>
    Effect.gen(function*() {
      const all = names(40)
      const mixed = all.map((name, index) => index % 2 === 0 ? name : Operation.pending({ name }))
      const api = listing({ listed: all, state: doneAt(9) })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(mixed, byList)))
      assert.deepStrictEqual(new Set(seen), new Set(all.map((name) => `10 ${name} Succeeded`)))
      assert.deepStrictEqual(api.lists, [0, 10])
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("emit the outcome of each operation: succeeded or failed, with each state once", () =>
    Effect.gen(function*() {
      const state = (name: string, now: number): unknown => {
        const index = Number(name.split("/")[1])
        return now < 10 * index
          ? { name, metadata: { "@type": "type.googleapis.com/t", now } }
          : index % 2 === 0
          ? { name, done: true, response: { "@type": "type.googleapis.com/t", index } }
          : { name, done: true, error: { code: 9, message: `failed ${index}` } }
      }
      const api = listing({ listed: names(12), state })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      const told: Array<string> = []
      const onUpdate = (operation: Operation.Operation) =>
        Effect.sync(() => {
          if (operation.name === "operations/3") told.push(`${operation._tag} ${String(operation.metadata?.["now"])}`)
        })
      const outcomes = yield* after(
        "3 minutes",
        Stream.runCollect(operations.waitAll(names(12), { ...byList, onUpdate }))
      )
      assert.deepStrictEqual(
        Array.from(outcomes, ({ operation, result }) =>
          result._tag === "Right"
            ? `${operation} ${String(result.right.response?.["index"])}`
            : `${operation} ${result.left._tag === "OperationError" && result.left.status.message}`),
        names(12).map((name, index) => `${name} ${index % 2 === 0 ? index : `failed ${index}`}`)
      )
      assert.deepStrictEqual(told, ["Pending 0", "Pending 10", "Pending 20", "Failed undefined"])
      // With fewer than ten left they are read one by one.
      assert.deepStrictEqual(api.lists, [0, 10, 20])
      assert.strictEqual(api.gets.length, 9 + 8 + 7 + 6 + 5 + 4 + 3 + 2 + 1)
    }))

  it.scoped("are not used for fewer than ten operations", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(9), state: doneAt(15) })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(9), byList)))
      assert.deepStrictEqual(api.gets, repeated([0, 10, 20], 9))
      assert.deepStrictEqual(api.lists, [])
    }))

  it.scoped("have the schedule and the timeout of each operation, and count as polls", () =>
    Effect.gen(function*() {
      // What the list does not show is polled once, too.
      const api = listing({ listed: names(5) })
      const operations = yield* service(api)
      const cases: ReadonlyArray<[string, OperationsService.WaitAllOptions]> = [
        ["ScheduleEnded", { schedule: Schedule.intersect(every("1 second"), Schedule.recurs(2)) }],
        ["Timeout", { schedule: every("1 hour"), timeout: "10 seconds" }]
      ]
      for (const [reason, options] of cases) {
        const outcomes = yield* after(
          "1 minute",
          Stream.runCollect(operations.waitAll(names(10), { ...options, ...byList }))
        )
        assert.deepStrictEqual(
          Array.from(outcomes, ({ result }) =>
            result._tag === "Left" && result.left._tag === "WaitTimeoutError" &&
            `${result.left.reason} ${result.left.polls}`),
          Array<string>(10).fill(reason === "Timeout" ? "Timeout 2" : "ScheduleEnded 3")
        )
      }
    }))

  it.scoped("include duplicates once, and each has its outcome", () =>
    Effect.gen(function*() {
      const all = [...names(10), ...names(10)]
      const api = listing({ listed: names(10), state: doneAt(5) })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(all, byList)))
      assert.deepStrictEqual(seen.sort(), all.map((name) => `10 ${name} Succeeded`).sort())
      assert.deepStrictEqual(api.lists, [0, 10])
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("do not end at an empty page", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: names(30),
        state: doneAt(0),
        list: ({ token }) =>
          token === null
            ? json({ nextPageToken: "a" })
            : token === "a"
            ? json({ operations: [], nextPageToken: "0" })
            : undefined
      })
      const operations = yield* service(api)
      const outcomes = yield* after(0, Stream.runCollect(operations.waitAll(names(30), byList)))
      assert.strictEqual(Chunk.size(outcomes), 30)
      assert.strictEqual(api.lists.length, 3)
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("each page is a request of the budget", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(100), largest: 10, state: doneAt(0) })
      const operations = yield* service(api, { requestBudget: { perSecond: 2, concurrent: 1 } })
      yield* after("1 minute", Stream.runDrain(operations.waitAll(names(100), byList)))
      assert.deepStrictEqual(api.lists, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5])
    }))
})

describe("an operation that a list does not show", () => {
  it.scoped("is read by a separate request, and does not delay the others", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20) })
      const operations = yield* service(api, { schedule: every("1 second") })
      yield* during(10.5, operations.waitAll(names(23), byList))
      assert.deepStrictEqual(api.getsOf, { "operations/20": 11, "operations/21": 11, "operations/22": 11 })
      assert.deepStrictEqual(api.lists, Array.from({ length: 11 }, (_, second) => second))
    }))

  it.scoped("is polled by the list once the list shows it", () =>
    Effect.gen(function*() {
      // A list that is a few seconds behind.
      const api = listing({
        listed: names(20),
        list: ({ now }) => now < 2.5 ? json({ operations: [] }) : undefined
      })
      const operations = yield* service(api, { schedule: every("1 second") })
      yield* during(8.5, operations.waitAll(names(20), byList))
      assert.deepStrictEqual(api.lists, [0, 2, 6, 7, 8])
      assert.deepStrictEqual(api.gets, repeated([0, 1, 2, 3, 4, 5], 20))
    }))

  it.scoped("and that is not due yet is read when it is due", () =>
    Effect.gen(function*() {
      const api = listing({ listed: [] })
      const operations = yield* service(api, { schedule: evenAndOdd(4, 5) })
      yield* during(32.5, operations.waitAll(names(20), byList))
      // The round at 8 s is for those with odd numbers too, which are due at 10 s.
      assert.deepStrictEqual(api.lists, [0, 8, 24, 30])
      assert.deepStrictEqual(
        api.gets,
        [0, 0, 4, 5, 8, 10, 12, 15, 16, 20, 20, 24, 25, 28, 30, 32].flatMap((time) => repeated([time], 10))
      )
    }))

  it.scoped("and is queued for a separate request is done when the list shows it", () =>
    Effect.gen(function*() {
      const listed = names(20)
      const api = listing({ listed, delay: "1 second" })
      const operations = yield* service(api, { schedule: every("3 seconds"), requestBudget: { concurrent: 10 } })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(120), byList)))
      // A hundred are missed, of which ten are read in a second, until the round after four seconds shows them all.
      yield* TestClock.adjust("2 seconds")
      listed.push(...names(120).slice(20))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(api.lists, [1, 6, 10])
      assert.isBelow(api.gets.length, 70)
    }))

  it.scoped("is polled by the list again when the list shows it", () =>
    Effect.gen(function*() {
      const listed = [...names(20)]
      const api = listing({ listed })
      const operations = yield* service(api, { schedule: every("1 second") })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(21), byList)))
      // It is missed at 0 and at 2 s, and would be read by itself until 5 s.
      yield* TestClock.adjust(2_500)
      listed.push("operations/20")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(api.getsOf, { "operations/20": 4 })
      // Missed again, it is left out of one poll, as at first.
      listed.pop()
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(api.getsOf, { "operations/20": 6 })
      listed.push("operations/20")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(api.getsOf, { "operations/20": 6 })
      yield* Fiber.interrupt(fiber)
    }))

  it.scoped("is one with an invalid or another name in the list", () =>
    Effect.gen(function*() {
      const bodies = [
        { name: "operations/0", done: "yes" },
        { name: "operations/0", done: true, error: "no" },
        { name: "operations/0", status: "DONE" },
        { name: ["operations/0"], done: true },
        { name: "operations/0/1", done: true },
        { name: "operations/00", done: true },
        { name: "OPERATIONS/0", done: true },
        { done: true },
        { name: "projects/p/operations/0", done: true },
        "operations/0",
        null
      ]
      for (const body of bodies) {
        const api = listing({
          listed: names(20),
          list: () => json({ operations: [...names(20).slice(1).map((name) => ({ name })), body] })
        })
        const operations = yield* service(api, { schedule: every("1 hour") })
        yield* during(1, operations.waitAll(names(20), byList))
        assert.strictEqual(api.getsOf["operations/0"], 1, JSON.stringify(body))
        assert.strictEqual(api.lists.length, 1)
      }
    }))

  it.scoped("because its location is unreachable is read by a separate request", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: [],
        state: doneAt(0),
        list: () => json({ operations: pendingOf(names(15)), unreachable: ["projects/p/locations/x"] })
      })
      const operations = yield* service(api, { schedule: every("1 hour") })
      const outcomes = yield* after(
        0,
        Stream.runCollect(Stream.take(operations.waitAll(names(20), byList), 5))
      )
      assert.deepStrictEqual(Array.from(outcomes, label), names(20).slice(15).map((name) => `${name} Succeeded`))
    }))
})

describe("a list that needs more requests than it saves", () => {
  it.scoped(
    "with 100,000 done operations first: 50 waits read five pages, and again after 1, 3, 7 and more polls",
    () =>
      Effect.gen(function*() {
        const finished = names(1_000).map((name) => ({ name: `${name}-finished`, done: true }))
        const page = JSON.stringify(finished)
        const api = listing({
          listed: [],
          list: ({ start }) =>
            new Response(
              start < 100_000
                ? `{"operations":${page},"nextPageToken":"${start + 1_000}"}`
                : JSON.stringify({ operations: pendingOf(names(50)) })
            )
        })
        const operations = yield* service(api, { schedule: every("1 second") })
        yield* during(14.5, operations.waitAll(names(50), byList))
        assert.deepStrictEqual(api.lists, repeated([0, 2, 6, 14], 5))
        assert.deepStrictEqual(api.gets, repeated(Array.from({ length: 15 }, (_, second) => second), 50))
      }).pipe(Effect.withTracerEnabled(false)),
    30_000
  )

  it.scoped("is read further if there are more waits", () =>
    Effect.gen(function*() {
      const finished = names(95).map((name) => `${name}-finished`)
      for (const [waits, pages, gets] of [[90, 9, 90], [100, 10, 95], [200, 15, 0]] as const) {
        const api = listing({ listed: [...finished, ...names(waits)], largest: waits === 200 ? 20 : 10 })
        const operations = yield* service(api, { schedule: every("1 hour") })
        yield* during(1, operations.waitAll(names(waits), byList))
        assert.deepStrictEqual([api.lists.length, api.gets.length], [pages, gets])
      }
    }))

  it.scoped("is read until all operations of the round are found", () =>
    Effect.gen(function*() {
      const api = listing({ listed: [...names(150), ...names(2_000).map((name) => `${name}-old`)], largest: 100 })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      yield* during(25, operations.waitAll(names(150), byList))
      assert.deepStrictEqual(api.lists, repeated([0, 10, 20], 2))
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("with endless empty pages is not read forever", () =>
    Effect.gen(function*() {
      const api = listing({ listed: [], list: ({ index }) => json({ nextPageToken: `t${index}` }) })
      const operations = yield* service(api, { schedule: every("1 second") })
      yield* during(2.5, operations.waitAll(names(50), byList))
      assert.deepStrictEqual(api.lists, repeated([0, 2], 5))
      assert.deepStrictEqual(api.gets, repeated([0, 1, 2], 50))
    }))

  for (const [what, token] of [["the same", () => "t"], ["an earlier", (index: number) => `t${index % 2}`]] as const) {
    it.scoped(`${what} page token again ends the round`, () =>
      Effect.gen(function*() {
        const api = listing({
          listed: [],
          list: ({ index }) => json({ operations: pendingOf(names(10)), nextPageToken: token(index) })
        })
        const operations = yield* service(api, { schedule: every("1 hour") })
        yield* during(1, operations.waitAll(names(100), byList))
        assert.strictEqual(api.lists.length, what === "the same" ? 2 : 3)
        assert.strictEqual(api.gets.length, 90)
      }))
  }
})

describe("a list that is refused", () => {
  const refusals: Record<string, [response: () => Response, lists: number]> = {
    "as unimplemented": [() => googleError(501, "UNIMPLEMENTED"), 1],
    "as UNIMPLEMENTED with another status": [() => googleError(404, "UNIMPLEMENTED"), 1],
    "because there is no such route": [html(404), 1],
    "as not found": [() => googleError(404, "NOT_FOUND"), 1],
    "for want of a permission": [() => googleError(403, "PERMISSION_DENIED"), 1],
    "as invalid": [() => googleError(400, "INVALID_ARGUMENT"), 5],
    "with a page that is not JSON": [() => new Response("<html>"), 1],
    "with a page that is no list": [() => json([{ name: "operations/0" }]), 1],
    "with one malformed operation": [
      () => json({ operations: [...pendingOf(names(49)), { done: true, error: 1 }] }),
      1
    ],
    "with a redirect": [() => new Response(null, { status: 302, headers: { location: "https://example.com" } }), 1]
  }
  for (const [how, [response, lists]] of Object.entries(refusals)) {
    it.scoped(`${how}: the operations are read one by one, and this is logged once`, () =>
      Effect.gen(function*() {
        const api = listing({ listed: names(60), state: doneAt(2.5), list: response })
        const operations = yield* service(api, { schedule: every("1 second") })
        const lines: Array<string> = []
        const seen: Array<string> = []
        yield* after("1 minute", logging(lines, collecting(seen, operations.waitAll(names(60), byList))))
        assert.deepStrictEqual(seen.sort(), names(60).map((name) => `3 ${name} Succeeded`).sort())
        assert.deepStrictEqual(api.gets, repeated([0, 1, 2, 3], 60))
        // After one poll it is tried again, with the smallest size that was tried.
        assert.deepStrictEqual(api.lists, [...repeated([0], lists), 2])
        assert.strictEqual(lines.length, 1)
        assert.match(
          lines[0]!,
          /^INFO Could not list operations\. Its operations are read by separate requests\. .*GET \/v1\/operations/
        )
      }))
  }

  it.scoped("at its second page: the states on the first page are used", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: names(60),
        largest: 50,
        list: ({ start }) => start > 0 ? googleError(501, "UNIMPLEMENTED") : undefined
      })
      const operations = yield* service(api, { schedule: every("1 hour") })
      yield* during(1, operations.waitAll(names(60), byList))
      assert.deepStrictEqual(Object.keys(api.getsOf), names(60).slice(50))
    }))

  it.scoped("is not requested from an API without a list, nor for an operation without a collection", () =>
    Effect.gen(function*() {
      const custom = GoogleApi.make({
        ...GoogleApi.accessContextManager,
        dialect: { ...Dialect.longRunning, list: { ...Dialect.longRunning.list!, collection: () => undefined } }
      })
      for (const api of [apiWith({ list: false }), custom]) {
        const http = listing({ listed: names(20), state: doneAt(0) })
        const operations = yield* service(http, { api })
        yield* after(0, Stream.runDrain(operations.waitAll(names(20), byList)))
        assert.deepStrictEqual([http.lists.length, http.gets.length], [0, 20])
      }
    }))

  it.scoped("because the page size is too large is requested with half the size from then on", () =>
    Effect.gen(function*() {
      const sizes: Array<number> = []
      const api = listing({
        listed: names(1_000),
        list: ({ size }) => {
          sizes.push(size)
          return size > 500 ? googleError(400, "INVALID_ARGUMENT") : undefined
        }
      })
      const operations = yield* service(api, { schedule: every("10 seconds") })
      yield* during(15, operations.waitAll(names(1_000), byList))
      assert.deepStrictEqual(sizes, [1_000, 500, 500, 500, 500])
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("with a page larger than maxBodySize is requested with half the size", () =>
    Effect.gen(function*() {
      const metadata = { "@type": "type.googleapis.com/t", text: "x".repeat(1_000) }
      const api = listing({ listed: names(1_000), state: (name) => ({ name, metadata }) })
      const operations = yield* service(api, { schedule: every("10 seconds"), maxBodySize: 300_000 })
      yield* during(5, operations.waitAll(names(1_000), byList))
      // Sizes 1,000 and 500 do not fit.
      assert.strictEqual(api.lists.length, 2 + 4)
      assert.deepStrictEqual(api.gets, [])
    }))
})

describe("transient failures of a list", () => {
  it.scoped("are failures of its waits, are logged once, and a server delay applies to all", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: names(100),
        state: doneAt(8),
        list: ({ index }) => index < 2 ? unavailable(index === 0 ? { "retry-after": "5" } : {}) : undefined
      })
      const operations = yield* service(api, { schedule: every("1 second"), retrySchedule: every("2 seconds") })
      const lines: Array<string> = []
      const seen: Array<string> = []
      yield* after("1 minute", logging(lines, collecting(seen, operations.waitAll(names(100), byList))))
      assert.deepStrictEqual(api.lists, [0, 5, 7, 8])
      assert.deepStrictEqual(api.gets, [])
      assert.deepStrictEqual(new Set(seen), new Set(names(100).map((name) => `8 ${name} Succeeded`)))
      assert.strictEqual(lines.length, 2)
      assert.match(
        lines[0]!,
        /^INFO Could not read operation operations\/0\. The wait polls again\. .*\/v1\/operations/
      )
      assert.strictEqual(lines[1], "INFO Operation operations/0 was read again, after 2 failures within 7s.")
    }))

  it.scoped("make its waits read the operations one by one after three in a row", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), list: () => unavailable() })
      const operations = yield* service(api, { schedule: every("1 second"), retrySchedule: every("1 second") })
      yield* during(12.5, operations.waitAll(names(20), byList))
      assert.deepStrictEqual(api.lists, [0, 1, 2, 5, 6, 7, 12])
      assert.deepStrictEqual(api.gets, repeated([3, 4, 8, 9, 10, 11], 20))
    }))

  it.scoped("end the waits in the same way as with get", () =>
    Effect.gen(function*() {
      const http = mockHttp(() => Effect.sync(() => unavailable()))
      const operations = yield* service(http, {
        retrySchedule: Schedule.intersect(every("1 second"), Schedule.recurs(5))
      })
      const outcomes = yield* after("1 minute", Stream.runCollect(operations.waitAll(names(12), byList)))
      assert.deepStrictEqual(Array.from(outcomes, label), names(12).map((name) => `${name} HttpError StatusCode`))
      // Three rounds, then three polls each.
      assert.strictEqual(http.requests.length, 3 + 3 * 12)
    }))

  it.scoped("include a page that times out", () =>
    Effect.gen(function*() {
      const http = mockHttp((_, index) =>
        index === 0
          ? Effect.never
          : Effect.sync(() => json({ operations: names(10).map((name) => ({ name, done: true })) }))
      )
      const operations = yield* service(http, { requestTimeout: "3 seconds", retrySchedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(names(10), byList)))
      assert.deepStrictEqual(seen, names(10).map((name) => `4 ${name} Succeeded`))
      assert.strictEqual(http.aborts(), 1)
    }))

  it.scoped("do not include a defect, which ends the stream but no other wait", () =>
    Effect.gen(function*() {
      let calls = 0
      const broken = Effect.delay(Effect.die(new Error("broken")), "1 second")
      const credentials = Credentials.make({
        headers: () => Effect.suspend(() => ++calls === 1 ? broken : Effect.succeed({}))
      })
      const api = listing({ listed: names(20), state: doneAt(2) })
      const operations = yield* service(api, { credentials, schedule: every("1 second") })
      const all = yield* Effect.fork(Effect.exit(Stream.runDrain(operations.waitAll(names(20), byList))))
      yield* TestClock.adjust(500)
      const plain = yield* Effect.fork(operations.wait("operations/3"))
      yield* TestClock.adjust("1 minute")
      const exit = yield* Fiber.join(all)
      assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.strictEqual((yield* Fiber.join(plain))._tag, "Succeeded")
      assert.deepStrictEqual(Object.keys(api.getsOf), ["operations/3"])
    }))
})

describe("collections", () => {
  it.scoped("have separate rounds, and are read one by one if they have too few operations", () =>
    Effect.gen(function*() {
      const project = GoogleApi.make({ baseUrl: origin, version: "v1" })
      const inLocation = (location: string, count: number) =>
        names(count).map((name) => `projects/p/locations/${location}/${name}`)
      const all = [...inLocation("a", 30), ...inLocation("b", 20), ...inLocation("c", 5)]
      const api = listing({ listed: all, state: doneAt(5) })
      const operations = yield* service(api, { api: project, schedule: every("10 seconds") })
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(all, byList)))
      assert.deepStrictEqual(seen.sort(), all.map((name) => `10 ${name} Succeeded`).sort())
      const urls = api.requests.map(({ url }) => new URL(url).pathname.replace("/v1/projects/p/locations/", ""))
      assert.deepStrictEqual(urls.slice(0, 7).sort(), [
        "a/operations",
        "b/operations",
        ...names(5).map((name) => `c/${name}`)
      ])
      assert.strictEqual(urls.length, 14)
    }))

  it.scoped("are found even if the list has the number of the project instead of its id", () =>
    Effect.gen(function*() {
      const all = names(20).map((name) => `projects/my-project/locations/l/${name}`)
      const api = listing({
        listed: [],
        list: () =>
          json({ operations: all.map((name) => ({ name: name.replace("my-project", "1234567"), done: true })) })
      })
      const operations = yield* service(api, { api: GoogleApi.make({ baseUrl: origin, version: "v1" }) })
      const outcomes = yield* after(0, Stream.runCollect(operations.waitAll(all, byList)))
      assert.deepStrictEqual(Array.from(outcomes, label), all.map((name) => `${name} Succeeded`))
      assert.deepStrictEqual(api.gets, [])
    }))

  it.scoped("Compute Engine: zones, regions, global, with pages of 500", () =>
    Effect.gen(function*() {
      const collections = [
        "projects/p/zones/us-central1-a/operations",
        "projects/p/regions/us-central1/operations",
        "projects/p/global/operations"
      ]
      const ids = names(20).map((name) => name.replace("operations/", "operation-"))
      const requests: Array<string> = []
      const http = mockHttp((request) =>
        Effect.sync(() => {
          const { pathname, searchParams } = new URL(request.url)
          requests.push(`${pathname.replace("/compute/v1/", "")} ${String(searchParams.get("maxResults"))}`)
          if (Number(searchParams.get("maxResults")) > 500) return googleError(400, "INVALID_ARGUMENT")
          return json({
            kind: "compute#operationList",
            items: ids.map((id) => ({ kind: "compute#operation", name: id, status: "DONE", progress: 100 }))
          })
        })
      )
      const all = collections.flatMap((collection) => ids.map((id) => `${collection}/${id}`))
      const operations = yield* service(http, { api: GoogleApi.compute })
      const outcomes = yield* after(0, Stream.runCollect(operations.waitAll(all, byList)))
      assert.deepStrictEqual(Array.from(outcomes, label).sort(), all.map((name) => `${name} Succeeded`).sort())
      assert.deepStrictEqual(
        requests.sort(),
        collections.flatMap((collection) => [`${collection} 1000`, `${collection} 500`]).sort()
      )
    }))

  it.scoped("GKE: a list without pages", () =>
    Effect.gen(function*() {
      const collection = "projects/p/locations/us-west2/operations"
      const all = names(30).map((name) => `${collection}/${name.replace("operations/", "operation-")}`)
      const http = mockHttp(() =>
        Effect.sync(() =>
          json({
            operations: all.map((name, index) => ({
              name: name.slice(collection.length + 1),
              operationType: "CREATE_CLUSTER",
              status: index === 0 ? "RUNNING" : "DONE"
            }))
          })
        )
      )
      const operations = yield* service(http, { api: GoogleApi.container, schedule: every("1 hour") })
      const outcomes = yield* after(
        0,
        Stream.runCollect(Stream.take(operations.waitAll(all, byList), 29))
      )
      assert.deepStrictEqual(Array.from(outcomes, label), all.slice(1).map((name) => `${name} Succeeded`))
      assert.deepStrictEqual(http.requests.map(({ url }) => new URL(url).search), [""])
    }))

  it.scoped("BigQuery: the jobs of one location in the list of all", () =>
    Effect.gen(function*() {
      const job = (location: string, index: number, state: string) => ({
        kind: "bigquery#job",
        jobReference: { projectId: "p", jobId: `j${index}`, location },
        state,
        ...(index === 3 ? { errorResult: { reason: "stopped", message: "it was cancelled" } } : undefined)
      })
      const http = mockHttp(() =>
        Effect.sync(() =>
          json({
            jobs: [...Array(12).keys()].flatMap((index) => [job("US", index, "RUNNING"), job("EU", index, "DONE")])
          })
        )
      )
      const operations = yield* service(http, { api: GoogleApi.bigQuery })
      const all = Array.from({ length: 12 }, (_, index) => `projects/p/locations/EU/jobs/j${index}`)
      const outcomes = yield* after(0, Stream.runCollect(operations.waitAll(all, byList)))
      assert.deepStrictEqual(
        Array.from(outcomes, label),
        all.map((name, index) => `${name} ${index === 3 ? "OperationError CANCELLED" : "Succeeded"}`)
      )
      assert.strictEqual(http.requests.length, 1)
    }))
})

describe("sharing with other waits", () => {
  it.scoped("a list that shows the end ends all waits for the operation", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), state: doneAt(9) })
      const operations = yield* service(api)
      const [plain] = yield* after(
        "10 seconds",
        Effect.all([
          operations.wait("operations/5", { schedule: every("1 hour") }),
          Stream.runDrain(operations.waitAll(names(20), { ...byList, schedule: every("10 seconds") }))
        ], { concurrency: "unbounded" })
      )
      assert.strictEqual(plain.name, "operations/5")
      assert.deepStrictEqual(api.gets, [0])
    }))

  it.scoped("a wait that is due during a round joins the round, and a round joins the poll of a wait", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), state: doneAt(1), delay: "2 seconds" })
      const operations = yield* service(api)
      const seen: Array<string> = []
      const all = yield* Effect.fork(collecting(seen, operations.waitAll(names(20), byList)))
      yield* TestClock.adjust("1 second")
      const plain = yield* Effect.fork(operations.wait("operations/5"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(plain)
      yield* Fiber.join(all)
      assert.deepStrictEqual([api.lists.length, api.gets.length], [1, 0])

      const first = yield* Effect.fork(operations.wait("operations/5"))
      yield* TestClock.adjust("1 second")
      yield* after("2 seconds", Stream.runDrain(operations.waitAll(names(20), byList)))
      yield* Fiber.join(first)
      assert.deepStrictEqual([api.lists.length, api.gets.length], [2, 1])
    }))

  it.scoped("a pending state in a list does not abort a poll in flight, but a final state does", () =>
    Effect.gen(function*() {
      let isDone = false
      const http = mockHttp((request) =>
        request.url.includes("/operations/")
          ? Effect.never
          : Effect.sync(() => json({ operations: names(20).map((name) => isDone ? { name, done: true } : { name }) }))
      )
      const operations = yield* service(http, { requestTimeout: "1 hour", schedule: every("1 second") })
      const plain = yield* Effect.fork(operations.wait("operations/5"))
      yield* TestClock.adjust(0)
      const all = yield* Effect.fork(Stream.runCollect(operations.waitAll(names(20), byList)))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(http.aborts(), 0)
      isDone = true
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(plain)).name, "operations/5")
      assert.strictEqual(Chunk.size(yield* Fiber.join(all)), 20)
      assert.strictEqual(http.aborts(), 1)
      assert.strictEqual(http.requests.length, 1 + 12)
    }))

  it.scoped("a round whose waitAll ends continues for a wait that has joined it", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), state: doneAt(0), delay: "2 seconds" })
      const operations = yield* service(api)
      const all = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(20), byList)))
      yield* TestClock.adjust("1 second")
      const plain = yield* Effect.fork(operations.wait("operations/5"))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(all)
      assert.strictEqual(api.aborts(), 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(plain))._tag, "Succeeded")
      assert.deepStrictEqual([api.lists.length, api.gets.length], [1, 0])
    }))

  it.scoped("a wait whose operation a round does not show polls by itself, even if nothing else waits", () =>
    Effect.gen(function*() {
      // Those that are pending are gathered for the next round when the waitAll ends.
      const all = [...names(20), ...names(30).slice(20).map((name) => Operation.pending({ name }))]
      const api = listing({ listed: [], state: doneAt(0), delay: "5 seconds" })
      const operations = yield* service(api, { schedule: every("2 seconds") })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(all, byList)))
      yield* TestClock.adjust("1 second")
      const plain = yield* Effect.fork(operations.wait("operations/5"))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("7 seconds")
      assert.strictEqual((yield* Fiber.join(plain))._tag, "Succeeded")
      assert.deepStrictEqual(api.getsOf, { "operations/5": 1 })
      assert.strictEqual(api.lists.length, 1)
    }))

  it.scoped("two waitAll of the same operations share their rounds", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), state: doneAt(15), delay: "1 second" })
      const operations = yield* service(api, { schedule: every("9 seconds") })
      const both = Effect.all([1, 2].map(() => Stream.runCount(operations.waitAll(names(20), byList))), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* after("1 minute", both), [20, 20])
      assert.deepStrictEqual(api.lists, [1, 11, 21])
      assert.deepStrictEqual(api.gets, [])
    }))
})

describe("the end of a round", () => {
  it.scoped("is at the deadline of its waits, and its request is aborted", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), delay: "1 hour" })
      const operations = yield* service(api, { requestTimeout: "2 hours" })
      const seen: Array<string> = []
      const waits = operations.waitAll(names(20), { ...byList, timeout: "10 seconds" })
      yield* after("10 seconds", collecting(seen, waits))
      assert.deepStrictEqual(seen, names(20).map((name) => `10 ${name} WaitTimeoutError Timeout`))
      assert.strictEqual(api.aborts(), 1)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 1)
    }))

  it.scoped("does not come while one of its waits is left", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20), delay: "10 seconds", state: doneAt(0) })
      const operations = yield* service(api)
      const handles = yield* Effect.forEach(names(20), (name, index) =>
        operations.handle(name, index === 7 ? {} : { timeout: "5 seconds" }))
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(handles, byList)))
      assert.strictEqual(seen.length, 20)
      assert.strictEqual(seen[19], "10 operations/7 Succeeded")
      assert.strictEqual(seen[0], "5 operations/0 WaitTimeoutError Timeout")
      assert.strictEqual(api.requests.length, 1)
    }))

  it.scoped("by an abort lets the next one start at once", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(40), delay: "10 seconds", state: doneAt(0) })
      const operations = yield* service(api, { schedule: every("2 seconds") })
      const handles = yield* Effect.forEach(names(20), (name) => operations.handle(name, { timeout: "3 seconds" }))
      const others = names(40).slice(20)
      const all = [...handles, ...others.map((name) => Operation.pending({ name }))]
      const seen: Array<string> = []
      yield* after("1 minute", collecting(seen, operations.waitAll(all, byList)))
      assert.deepStrictEqual(seen.slice(20), others.map((name) => `13 ${name} Succeeded`))
      assert.strictEqual(api.aborts(), 1)
    }))

  it.scoped("at a deadline with cancel cancels each operation once", () =>
    Effect.gen(function*() {
      const api = listing({ listed: names(20) })
      const operations = yield* service(api, { schedule: every("3 seconds") })
      yield* after(
        "1 minute",
        Stream.runDrain(operations.waitAll(names(20), { ...byList, timeout: "10 seconds", onTimeout: "cancel" }))
      )
      assert.deepStrictEqual(api.cancels.sort(), names(20).map((name) => `${name}:cancel`).sort())
      assert.deepStrictEqual(api.lists, [0, 3, 6, 9])
    }))

  for (const at of ["in flight", "between pages", "asleep", "missed"] as const) {
    it.scoped(`by interruption, ${at}: no request follows`, () =>
      Effect.gen(function*() {
        const delay = at === "asleep" ? undefined : "2 seconds"
        const api = listing({ listed: at === "missed" ? [] : names(100), largest: 10, delay })
        const operations = yield* service(api, { schedule: every("1 hour") })
        const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(100), byList)))
        yield* TestClock.adjust(at === "between pages" ? "5 seconds" : at === "missed" ? "3 seconds" : "1 second")
        const requests = api.requests.length
        const aborts = api.aborts()
        assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.strictEqual(api.aborts() - aborts, at === "asleep" ? 0 : at === "missed" ? 64 : 1)
        assert.strictEqual(requests, { "in flight": 1, "between pages": 3, asleep: 10, missed: 1 + 64 }[at])
        yield* TestClock.adjust("3 hours")
        assert.strictEqual(api.requests.length, requests)
      }))
  }

  it.scoped("by interruption, with only polls left that are not due: no request follows", () =>
    Effect.gen(function*() {
      const listed = [
        ...names(100).filter((_, index) => index % 2 === 0),
        ...names(100).filter((_, index) => index % 2 > 0)
      ]
      const api = listing({ listed, largest: 10, delay: "200 millis" })
      const operations = yield* service(api, { schedule: evenAndOdd(4, 5) })
      const fiber = yield* Effect.fork(Stream.runDrain(operations.waitAll(names(100), byList)))
      // The second round begins after 4.2 s, and has shown all that were due after another second.
      yield* TestClock.adjust(5_300)
      assert.strictEqual(api.aborts(), 0)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(api.aborts(), 1)
      assert.strictEqual(api.requests.length, 16)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 16)
    }))

  it.scoped("by take cancels nothing", () =>
    Effect.gen(function*() {
      const api = listing({
        listed: names(50),
        largest: 10,
        delay: "1 second",
        state: (name) => name === "operations/3" ? { name, done: true } : { name }
      })
      const operations = yield* service(api, { schedule: every("1 hour") })
      const outcomes = yield* after(
        "10 seconds",
        Stream.runCollect(Stream.take(operations.waitAll(names(50), { ...byList, onInterrupt: "cancel" }), 1))
      )
      assert.deepStrictEqual(Array.from(outcomes, label), ["operations/3 Succeeded"])
      assert.strictEqual(api.aborts(), 1)
      assert.deepStrictEqual(api.cancels, [])
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(api.requests.length, 2)
    }))

  for (const at of [0, 500, 5_000]) {
    it.scoped(`by close after ${at} ms: every outcome is Closed`, () =>
      Effect.gen(function*() {
        const api = listing({ listed: names(50), largest: 10, delay: "200 millis" })
        const operations = yield* service(api, { schedule: every("1 hour") })
        const fiber = yield* Effect.fork(Stream.runCollect(operations.waitAll(names(50), byList)))
        yield* TestClock.adjust(at)
        yield* operations.close
        const outcomes = yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          Array.from(outcomes, label).sort(),
          names(50).map((name) => `${name} HttpError Closed`).sort()
        )
        const requests = api.requests.length
        yield* TestClock.adjust("3 hours")
        assert.strictEqual(api.requests.length, requests)
      }))
  }
})

describe("secrets", () => {
  it.scoped("an error that repeats the credentials does not show them", () =>
    Effect.gen(function*() {
      const token = "secret-token-of-some-length"
      const api = listing({
        listed: [],
        list: () =>
          json({
            operations: names(10).map((name) => ({
              name,
              done: true,
              error: { code: 7, message: `Bearer ${token} is not allowed`, details: [{ "@type": "t/x", token }] }
            }))
          })
      })
      const operations = yield* service(api, { credentials: Credentials.accessToken(Redacted.make(token)) })
      const outcomes = yield* after(0, Stream.runCollect(operations.waitAll(names(10), byList)))
      assert.strictEqual(Chunk.size(outcomes), 10)
      for (const { result } of outcomes) {
        assert(result._tag === "Left" && result.left._tag === "OperationError")
        assert.notInclude(JSON.stringify(result.left), token)
        assert.match(result.left.message, /is not allowed/)
      }
    }))
})

describe("over sockets", () => {
  const schedule = Polling.spaced("1 second", { jitter: 0.2 })
  const emulatorOnSocket = Effect.map(startEmulator(), ({ api, script, stats }): Emulator => ({
    api,
    stats,
    script: (operations) =>
      Effect.orDie(Effect.forEach(operations, ({ name, steps }) => script(name, steps), { discard: true }))
  }))

  it.scopedLive(
    "10,000 operations take fewer than 100 requests, and 1,000 by get take at least 1,000",
    () =>
      Effect.gen(function*() {
        const emulator = yield* emulatorOnSocket
        const options = { millis: 2_000, lead: 500 }
        const byGet = yield* waitForMany(emulator, { ...options, operations: 1_000, wait: { schedule } })
        assert.deepStrictEqual(byGet.ends, { "OperationError FAILED_PRECONDITION": 100, Succeeded: 900 })
        assert.isAtLeast(byGet.requests, 1_000)
        const listed = yield* waitForMany(emulator, { ...options, operations: 10_000, wait: { ...byList, schedule } })
        assert.deepStrictEqual(listed.ends, { "OperationError FAILED_PRECONDITION": 1_000, Succeeded: 9_000 })
        assert.isBelow(listed.requests, 100)
      }),
    60_000
  )
})
