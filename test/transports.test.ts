import { assert, describe, it } from "@effect/vitest"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Supervisor from "effect/Supervisor"
import { origin } from "./support/http.js"
import { assertOutcome } from "./support/outcome.js"
import { eventually, startEmulator, transports, withEmulator } from "./support/sockets.js"
import { gets, nameOf, paths } from "./support/vectors.js"

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length

// The dates of the vectors are long past, so the machine's own clock gives the same outcome as theirs.
describe.each(Object.entries(transports))("over a real loopback server by %s", (_, layer) => {
  it.scopedLive("responses.json, every get", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        for (const vector of gets) {
          const name = `operations/${vector.id}`
          yield* emulator.script(name, [{
            type: "http",
            status: vector.httpStatus,
            headers: vector.headers,
            body: vector.body
          }])
          const result = yield* Effect.either(operations.get(name))
          try {
            assertOutcome(result, vector.want!)
          } catch (cause) {
            throw new Error(`${vector.id}: ${vector.expect}`, { cause })
          }
        }
      }).pipe(Effect.provide(layer({ api: emulator.api })))
      assert.strictEqual((yield* emulator.stats).requests, gets.length)
    }))

  it.scopedLive("paths.json: the server receives each name unchanged, and a refused name is not sent", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      const good = paths.filter((vector) => vector.reject !== true)
      yield* Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        for (const vector of paths) {
          const name = nameOf(vector)
          if (vector.reject === true) {
            const error = yield* Effect.flip(operations.get(name))
            assert.strictEqual(error._tag === "HttpError" && error.reason, "InvalidRequest", vector.note)
          } else {
            // A URL is at the API's own origin, which is the emulator's here.
            const own = name.replace(origin, emulator.api.baseUrl)
            const scripted = name.replace(`${origin}/v1/`, "")
            yield* emulator.script(scripted, [{ type: "succeeded" }])
            assert.strictEqual((yield* operations.get(own)).name, scripted, vector.note)
          }
        }
      }).pipe(Effect.provide(layer({ api: emulator.api })))
      assert.strictEqual((yield* emulator.stats).requests, good.length)
    }))

  it.scopedLive("faults of the connection and of the body", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      const large = JSON.stringify({ name: "operations/large", metadata: { padding: "x".repeat(5 * 1024 * 1024) } })
      const faults = {
        "operations/before": { type: "cut", at: "beforeHeaders" },
        "operations/headers": { type: "cut", at: "withinHeaders" },
        "operations/body": { type: "cut", at: "withinBody" },
        "operations/large": { type: "http", status: 200, body: large },
        "operations/large-error": { type: "http", status: 503, body: large },
        "operations/redirect": {
          type: "http",
          status: 307,
          headers: { location: "http://localhost:9/v1/operations/x" }
        },
        "operations/slow": { type: "pending", delay: 60_000 }
      } as const
      const expected = {
        "operations/before": ["Transport", true],
        "operations/headers": ["Transport", true],
        "operations/body": ["Transport", true],
        "operations/large": ["Decode", false],
        "operations/large-error": ["StatusCode", true],
        "operations/redirect": ["StatusCode", false],
        "operations/slow": ["Timeout", true]
      } as const
      const get = (names: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          for (const [name, [reason, isTransient]] of Object.entries(expected)) {
            if (!names.includes(name)) continue
            yield* emulator.script(name, [faults[name as keyof typeof faults]])
            const error = yield* Effect.flip(operations.get(name))
            assert(error._tag === "HttpError", name)
            assert.deepStrictEqual(
              [error.reason, error.isTransient],
              [reason, isTransient],
              `${name}: ${error.message}`
            )
            assert.isTrue((error.body?.length ?? 0) <= 16_384, name)
            assert.include(error.message, `GET /v1/${name}`)
          }
        })
      // Only the slow response may reach the timeout, also on a busy machine.
      const slow = "operations/slow"
      const others = Object.keys(expected).filter((name) => name !== slow)
      yield* Effect.provide(get(others), layer({ api: emulator.api }))
      yield* Effect.provide(get([slow]), layer({ api: emulator.api, requestTimeout: Duration.millis(500) }))
      // undici tells that a connection has received bytes, not that they were of this response: one read may be repeated.
      assert.oneOf((yield* emulator.stats).requests - Object.keys(expected).length, [0, 1])
    }))

  it.scopedLive("an unreachable server", () =>
    Effect.gen(function*() {
      const gone = yield* Effect.scoped(startEmulator())
      const error = yield* Effect.flip(
        Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get("operations/a"))
      ).pipe(Effect.provide(layer({ api: gone.api })))
      assert.strictEqual(error._tag === "HttpError" && error.reason, "Transport")
      assert.match(
        error.message,
        /^GET \/v1\/operations\/a failed: connection error .*ECONNREFUSED.*http:\/\/127\.0\.0\.1:\d+/
      )
    }))
})

describe.each(Object.entries(transports))("interruption over %s", (name, layer) => {
  it.scopedLive("the server sees the abort of a get and of a wait", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      yield* Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        const get = yield* Effect.fork(operations.get("operations/slow"))
        const wait = yield* Effect.fork(operations.wait("operations/slow"))
        yield* emulator.requests(2)
        yield* Fiber.interruptAll([get, wait])
        yield* eventually("both aborted", Effect.map(emulator.stats, (stats) => stats.aborted === 2))
      }).pipe(Effect.provide(layer({ api: emulator.api })))
      assert.strictEqual((yield* emulator.stats).requests, 2)
    }))

  it.scopedLive(
    "1,000 waits interrupted together leave no timer, fiber or request behind",
    () =>
      Effect.gen(function*() {
        const emulator = yield* withEmulator
        const supervisor = yield* Supervisor.track
        const before = timers()
        yield* Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          const fibers = yield* Effect.forEach(Array.from({ length: 1000 }).keys(), (index) =>
            Effect.zipRight(
              emulator.script(`operations/${index}`, [{ type: "pending", delay: index % 50 === 0 ? 60_000 : 0 }]),
              Effect.fork(operations.wait(`operations/${index}`))
            )).pipe(Effect.supervised(supervisor))
          // Some sleep, some have a request in flight, some are still on their way.
          yield* eventually("requests under way", Effect.map(emulator.stats, (stats) => stats.requests > 200), 10)
          yield* Fiber.interruptAll(fibers)
          yield* eventually("no fiber", Effect.map(supervisor.value, (all) => all.length === 0))
          // What was already on its way arrives; then nothing does, for three times as long as the schedule's delay.
          const requests = Effect.map(emulator.stats, (stats) => stats.requests)
          const grows = Effect.flatMap(requests, (before) =>
            Effect.map(Effect.delay(requests, "300 millis"), (after) => after > before))
          yield* eventually("no further request", Effect.negate(grows), 15)
        }).pipe(Effect.provide(layer({ api: emulator.api, schedule: Polling.spaced("100 millis") })))
        yield* eventually(
          "no timer",
          Effect.sync(() =>
            timers() <= before
          ),
          5
        )
        // The global dispatcher of fetch is nobody's to close, and keeps its connections.
        if (name !== "platform's fetch client") yield* emulator.noConnections
      }),
    20_000
  )
})
