import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { json } from "./support/answers.js"
import { byList, during, evenAndOdd, repeated } from "./support/byList.js"
import { origin } from "./support/http.js"
import { doneAt, listing } from "./support/lists.js"
import { collecting, names } from "./support/many.js"
import { waitForMany } from "./support/manyOperations.js"
import { service } from "./support/service.js"
import type { Emulator } from "./support/soak.js"
import { startEmulator } from "./support/sockets.js"
import { after, every } from "./support/time.js"

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
