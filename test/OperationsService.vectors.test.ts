import { assert, describe, it } from "@effect/vitest"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { inOrder } from "./support/http.js"
import { assertOutcome } from "./support/outcome.js"
import { gets, nameOf, paths } from "./support/vectors.js"

const bodyless = new Set([204, 304])

describe("responses.json, every get over a mocked client", () => {
  for (const vector of gets) {
    it.effect(`${vector.id}: ${vector.expect}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 10, 23))
        const http = inOrder(() =>
          new Response(bodyless.has(vector.httpStatus) ? null : vector.body, {
            status: vector.httpStatus,
            headers: vector.headers
          })
        )
        const result = yield* Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          return yield* Effect.either(operations.get("operations/x"))
        }).pipe(Effect.provide(OperationsService.layer()), Effect.provide(http.layer))
        assert.strictEqual(http.requests.length, 1)
        assertOutcome(result, vector.want!)
      }))
  }
})

describe("paths.json, over a mocked client", () => {
  for (const vector of paths) {
    it.effect(`${JSON.stringify(nameOf(vector))}: ${vector.note}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => JSON.stringify({ name: nameOf(vector), done: false }))
        const call = Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          return yield* operations.get(nameOf(vector))
        }).pipe(Effect.provide(OperationsService.layer()), Effect.provide(http.layer))
        if (vector.reject === true) {
          const error = yield* Effect.flip(call)
          assert.strictEqual(error._tag === "HttpError" && error.reason, "InvalidRequest")
          assert.strictEqual(http.requests.length, 0)
        } else {
          yield* call
          assert.deepStrictEqual(
            http.requests.map((request) => request.url),
            [`https://accesscontextmanager.googleapis.com${vector.path}`]
          )
        }
      }))
  }
})
