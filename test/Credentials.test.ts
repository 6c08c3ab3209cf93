import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as HttpError from "effect-google-operations/HttpError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { googleError, succeeded } from "./support/answers.js"
import { mockHttp } from "./support/http.js"
import { names } from "./support/many.js"
import { httpError, service } from "./support/service.js"

/** A source of numbered tokens that counts its refreshes; each takes a second. */
const source = (refresh: Effect.Effect<void, HttpError.HttpError> = Effect.sleep("1 second")) => {
  let number = 0
  let refreshes = 0
  let interrupted = 0
  const credentials = Credentials.make({
    headers: (request) =>
      Effect.map(
        request.refresh
          ? Effect.zipRight(
            Effect.sync(() => refreshes++),
            Effect.zipRight(
              Effect.onInterrupt(refresh, () => Effect.sync(() => interrupted++)),
              Effect.sync(() => number++)
            )
          )
          : Effect.void,
        () => ({ authorization: Redacted.make(`Bearer token-${number}`) })
      )
  })
  return { credentials, refreshes: () => refreshes, interrupted: () => interrupted }
}

/** Refuses these tokens with 401. */
const refusing = (...tokens: ReadonlyArray<string>) =>
  mockHttp(({ headers }) =>
    Effect.sync(() =>
      tokens.includes(headers["authorization"] ?? "") ? googleError(401, "UNAUTHENTICATED") : succeeded()
    )
  )

describe("a refresh", () => {
  it.scoped("is shared by all requests that are refused with the same token", () =>
    Effect.gen(function*() {
      const { credentials, refreshes } = source()
      const http = refusing("Bearer token-0")
      const operations = yield* service(http, { credentials })
      const gets = yield* Effect.fork(
        Effect.forEach(names(100), (name) => operations.get(name), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(gets)).length, 100)
      assert.strictEqual(refreshes(), 1)
      assert.strictEqual(http.requests.length, 200)
    }))

  it.scoped("is not made for a request that is refused with an older token than the latest", () =>
    Effect.gen(function*() {
      const { credentials, refreshes } = source()
      const old = { authorization: Redacted.make("Bearer token-0") }
      const url = "https://example.com/v1/operations/x"
      const headers = (refused?: Credentials.Headers) =>
        credentials.headers({ url, refresh: refused !== undefined, refused })
      yield* headers()
      const first = yield* Effect.fork(headers(old))
      yield* TestClock.adjust("1 second")
      const renewed = yield* Fiber.join(first)
      assert.strictEqual(Redacted.value((yield* headers(old))["authorization"]!), "Bearer token-1")
      assert.strictEqual(refreshes(), 1)
      const second = yield* Effect.fork(headers(renewed))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(Redacted.value((yield* Fiber.join(second))["authorization"]!), "Bearer token-2")
      assert.strictEqual(refreshes(), 2)
    }))

  it.scoped("continues for the others if the request that started it is interrupted, and is interrupted with the last", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { credentials, interrupted, refreshes } = source(Deferred.await(gate))
      const operations = yield* service(refusing("Bearer token-0"), { credentials })
      const fibers = yield* Effect.forEach(names(3), (name) => Effect.fork(operations.get(name)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fibers[0]!)
      assert.strictEqual(interrupted(), 0)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fibers[1]!))._tag, "Succeeded")
      assert.strictEqual(refreshes(), 1)

      const silent = source(Effect.never)
      const others = yield* service(refusing("Bearer token-0"), { credentials: silent.credentials })
      const waiting = yield* Effect.forEach(names(3), (name) => Effect.fork(others.get(name)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interruptAll(waiting)
      assert.strictEqual(silent.interrupted(), 1)
    }))

  it.scoped("that fails is the error of all requests that share it, and the next request refreshes again", () =>
    Effect.gen(function*() {
      const error = new HttpError.HttpError({ reason: "Authentication", description: "the key was deleted" })
      const { credentials, refreshes } = source(Effect.delay(Effect.fail(error), "1 second"))
      const operations = yield* service(refusing("Bearer token-0"), { credentials })
      for (const count of [1, 2]) {
        const fiber = yield* Effect.fork(
          Effect.forEach(names(10), (name) => httpError(operations.get(name)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(
          new Set((yield* Fiber.join(fiber)).map(({ reason }) => reason)),
          new Set(["Authentication"])
        )
        assert.strictEqual(refreshes(), count)
      }
    }))
})
