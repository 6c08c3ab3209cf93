import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, unavailable } from "./support/answers.js"
import { byList, during, evenAndOdd, repeated } from "./support/byList.js"
import { mockHttp } from "./support/http.js"
import { doneAt, listing, pendingOf } from "./support/lists.js"
import { collecting, label, names } from "./support/many.js"
import { apiWith, logging, service } from "./support/service.js"
import { after, every } from "./support/time.js"

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
