import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json } from "./support/answers.js"
import { byList } from "./support/byList.js"
import { mockHttp, origin } from "./support/http.js"
import { doneAt, listing } from "./support/lists.js"
import { collecting, label, names } from "./support/many.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"

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
