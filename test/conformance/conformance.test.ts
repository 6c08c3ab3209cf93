import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { notingSleeps } from "../support/time.js"
import { groups } from "./cases.js"
import { type Case, defaultName, type Request, second } from "./cases/case.js"
import { makeClient } from "./client.js"
import { methodOf, paced, play, type Result, timeOf } from "./play.js"

const longestTimer = 2 ** 31 - 1

/** Every key that is expected holds. */
const check = (case_: Case, results: ReadonlyArray<Result>, compareTimes: boolean) => {
  assert.strictEqual(results.length, case_.calls.length)
  for (const [index, { expect: { at, says, ...expected } }] of case_.calls.entries()) {
    const result = results[index]!
    const which = `call ${index}`
    const seen: Record<string, unknown> = { ...result.ended }
    const wanted: Record<string, unknown> = { ...expected }
    assert.deepStrictEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, seen[key]])), wanted, which)
    if (compareTimes && at !== undefined) assert.strictEqual(result.at, at, `${which}, when it ended`)
    const message = String(seen["message"])
    for (const words of says ?? []) assert.include(message.toLowerCase(), words.toLowerCase(), which)
    assert.notInclude(message, "token-", which)
  }
}

interface Seen {
  readonly request: Request
  readonly path: string
}

/** An `HttpClient` that keeps what it was asked, by the clock of the test. */
const recorder = (clock: Clock.Clock, client: HttpClient.HttpClient) => {
  const seen: Array<Seen> = []
  const inFlight = new Map<string, number>()
  let aborted = 0
  let mostAtATime = 0
  const http = HttpClient.transform(client, (effect, request) =>
    Effect.suspend(() => {
      const { pathname } = new URL(request.url)
      const at = clock.unsafeCurrentTimeMillis()
      const verb = /:(wait|cancel)$/.exec(pathname)?.[1]
      seen.push({
        request: verb === undefined ? at : [verb as "wait" | "cancel", at],
        path: pathname.replace(/:(?:wait|cancel)$/, "")
      })
      const count = (inFlight.get(pathname) ?? 0) + 1
      inFlight.set(pathname, count)
      mostAtATime = Math.max(mostAtATime, count)
      return effect.pipe(
        Effect.onInterrupt(() => Effect.sync(() => aborted++)),
        Effect.ensuring(Effect.sync(() => inFlight.set(pathname, inFlight.get(pathname)! - 1)))
      )
    }))
  return { http, seen, aborted: () => aborted, mostAtATime: () => mostAtATime }
}

const inMemory = (case_: Case) =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    const sleeps: Array<number> = []
    const emulator = OperationsEmulator.make({ methods: case_.server ?? {} })
    const name = case_.name ?? defaultName
    yield* emulator.script(name, case_.script)
    const server = recorder(clock, emulator.httpClient)
    const target = { baseUrl: "http://localhost:1", http: server.http, settings: case_.settings ?? {} }
    const client = yield* makeClient(target)
    const another = yield* makeClient(target)
    // What a case itself sleeps for (the start of a call, an abort) is not the client's.
    const own = new Set(case_.calls.flatMap(({ abortAt = 0, startAt = 0 }) => [startAt, abortAt - startAt]))
    const fiber = yield* Effect.fork(notingSleeps(sleeps, play(case_, client, another, name)))
    yield* TestClock.adjust(case_.horizon ?? 600 * second)
    const ended = fiber.unsafePoll()
    assert.isNotNull(ended, "every call has ended")
    const results = yield* Fiber.join(fiber)
    check(case_, results, true)
    assert.deepStrictEqual(server.seen.map(({ request }) => request), case_.requests)
    if (case_.path !== undefined) {
      for (const { path } of server.seen) assert.strictEqual(path, case_.path)
    }
    assert.isAtMost(server.mostAtATime(), 1, "requests for the operation at a time")
    assert.strictEqual(server.aborted(), case_.abortedRequests ?? 0, "aborted requests")
    for (const millis of sleeps) {
      if (!own.has(millis)) assert.isAtMost(millis, longestTimer, "a sleep that a timer can hold")
    }
  })

// ---------------------------------------------------------------------------------------------------------------------
// Over a socket
// ---------------------------------------------------------------------------------------------------------------------

const pace = 1 / 20

const overASocket = (case_: Case) =>
  Effect.gen(function*() {
    const played = paced(case_, pace)
    const { script, settings = {} } = played
    const emulator = OperationsEmulator.make({ methods: case_.server ?? {} })
    const name = case_.name ?? defaultName
    const { url } = yield* NodeOperationsEmulator.serve(emulator)
    const client = yield* makeClient({ baseUrl: url, settings })
    const another = yield* makeClient({ baseUrl: url, settings })
    yield* emulator.script(name, script)
    const results = yield* play(played, client, another, name)
    yield* Effect.sleep(2 * second * pace)
    check(played, results, false)
    const requests = yield* emulator.calls
    assert.deepStrictEqual(requests.map(({ method }) => method), case_.requests.map(methodOf))
    for (const request of requests) assert.strictEqual(request.name, name)
    assert.strictEqual((yield* emulator.stats).aborted, case_.abortedRequests ?? 0, "aborted requests")
  })

const all = Object.values(groups).flat()

describe("the cases", () => {
  it("are told apart by their ids", () => {
    assert.strictEqual(new Set(all.map(({ id }) => id)).size, all.length)
  })

  it("list their requests in order", () => {
    for (const { id, requests } of all) {
      const times = requests.map(timeOf)
      assert.deepStrictEqual(times, times.toSorted((a, b) => a - b), id)
    }
  })
})

describe.each(Object.entries(groups))("in memory: %s", (_, cases) => {
  for (const case_ of cases) {
    it.scoped(`${case_.id}: ${case_.shows}`, () => inMemory(case_))
  }
})

describe.concurrent("over a socket", () => {
  for (const case_ of all) {
    if (case_.inMemoryOnly === undefined) it.scopedLive(case_.id, () => overASocket(case_))
  }
})

describe("the runner", () => {
  it.effect("fails a case that its client does not pass", () =>
    Effect.gen(function*() {
      const right: Case = { ...all[0]!, horizon: 5 * second }
      yield* Effect.scoped(inMemory(right))
      const wrong: ReadonlyArray<Case> = [
        { ...right, requests: [0, second] },
        { ...right, calls: [{ expect: { end: "failed" } }] },
        { ...right, calls: [{ expect: { end: "succeeded", at: 1 } }] },
        { ...right, script: [{ type: "pending" }] },
        { ...right, path: "/v2/operations/x" },
        { ...right, abortedRequests: 1 }
      ]
      for (const case_ of wrong) {
        const result = yield* Effect.either(Effect.sandbox(Effect.scoped(inMemory(case_))))
        assert.isTrue(Either.isLeft(result))
      }
    }))
})
