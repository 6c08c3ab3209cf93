import { assert, describe, it } from "@effect/vitest"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { assertOutcome } from "./support/outcome.js"
import { startEmulator, transports } from "./support/server.js"
import { gets, nameOf, paths } from "./support/vectors.js"

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

  it.scopedLive("paths.json: each name arrives as it was given, a refused one never leaves", () =>
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
            yield* emulator.script(name, [{ type: "succeeded" }])
            assert.strictEqual((yield* operations.get(name)).name, name, vector.note)
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
      yield* Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        for (const [name, [reason, isTransient]] of Object.entries(expected)) {
          yield* emulator.script(name, [faults[name as keyof typeof faults]])
          const error = yield* Effect.flip(operations.get(name))
          assert.isTrue(error._tag === "HttpError", name)
          if (error._tag !== "HttpError") return
          assert.deepStrictEqual([error.reason, error.isTransient], [reason, isTransient], `${name}: ${error.message}`)
          assert.isTrue((error.body?.length ?? 0) <= 16_384, name)
          assert.include(error.message, `GET /v1/${name}`)
        }
      }).pipe(Effect.provide(layer({ api: emulator.api, requestTimeout: Duration.millis(500) })))
      assert.strictEqual((yield* emulator.stats).requests, Object.keys(expected).length)
    }))

  it.scopedLive("a server that is not there", () =>
    Effect.gen(function*() {
      const gone = yield* Effect.scoped(startEmulator())
      const error = yield* Effect.flip(
        Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get("operations/a"))
      ).pipe(Effect.provide(layer({ api: gone.api })))
      assert.strictEqual(error._tag === "HttpError" && error.reason, "Transport")
      assert.match(error.message, /^GET \/v1\/operations\/a got no answer: .*ECONNREFUSED.*http:\/\/127\.0\.0\.1:\d+/)
    }))
})
