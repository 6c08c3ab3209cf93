import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as HttpError from "effect-google-operations/HttpError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { googleError, name, succeeded } from "./support/answers.js"
import { at, bearer, failing, refused, secret, token, url } from "./support/get.js"
import { inOrder, mockHttp } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after } from "./support/time.js"

describe("credentials", () => {
  const unauthenticated = () => googleError(401, "UNAUTHENTICATED", { message: "who are you?" })

  /** Credentials that give one token after the other, and note what they are asked for. */
  const tokens = (...values: ReadonlyArray<string>) => {
    const asked: Array<{ readonly url: string; readonly refresh: boolean; readonly refused: string | undefined }> = []
    const credentials = Credentials.make({
      headers: ({ refresh, refused, url }) =>
        Effect.sync(() => {
          const token = refused?.["Authorization"]
          const request = { url, refresh, refused: token && Redacted.value(token) }
          const value = values[Math.min(asked.push(request), values.length) - 1]
          return { Authorization: Redacted.make(`Bearer ${value}`) }
        })
    })
    return { asked, credentials }
  }

  it.scoped("are refreshed once after a 401", () =>
    Effect.gen(function*() {
      const http = inOrder(unauthenticated, succeeded)
      const { asked, credentials } = tokens("stale", "fresh")
      const operations = yield* service(http, { credentials })
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      assert.deepStrictEqual(asked, [
        { url, refresh: false, refused: undefined },
        { url, refresh: true, refused: "Bearer stale" }
      ])
      assert.deepStrictEqual(
        http.requests.map((request) => request.headers["authorization"]),
        ["Bearer stale", "Bearer fresh"]
      )
    }))

  it.scoped("are not refreshed a second time", () =>
    Effect.gen(function*() {
      const http = inOrder(unauthenticated)
      const { asked, credentials } = tokens("1", "2", "3")
      const operations = yield* service(http, { credentials })
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.code, "UNAUTHENTICATED")
      assert.isFalse(error.isTransient)
      assert.strictEqual(asked.length, 2)
      assert.strictEqual(http.requests.length, 2)
    }))

  for (const [first, second] of [[["a"], ["a", "b"]], [["a", "b"], ["a"]]] as const) {
    it.scoped(`that had the headers ${first} and now have ${second} are new ones`, () =>
      Effect.gen(function*() {
        const http = inOrder(unauthenticated, succeeded)
        const credentials = Credentials.make({
          headers: ({ refresh }) =>
            Effect.succeed(Object.fromEntries((refresh ? second : first).map((header) => [header, secret])))
        })
        const operations = yield* service(http, { credentials })
        assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
        assert.strictEqual(http.requests.length, 2)
      }))
  }

  const constant: ReadonlyArray<readonly [string, Credentials.Credentials]> = [
    ["an access token", token],
    ["none", Credentials.anonymous],
    ["a source that has nothing newer", tokens("same").credentials]
  ]
  for (const [what, credentials] of constant) {
    it.scoped(`${what}: not retried after a 401`, () =>
      Effect.gen(function*() {
        const error = yield* failing(unauthenticated, { credentials })
        assert.strictEqual(error.httpStatus, 401)
        assert.match(error.message, /GET \/v1\/operations\/x .*HTTP 401 UNAUTHENTICATED: who are you\?/)
      }))
  }

  it.scoped("no other status is retried", () =>
    Effect.gen(function*() {
      const { credentials } = tokens("1", "2")
      for (const status of [403, 429, 500, 503]) {
        const error = yield* failing(() => new Response("", { status }), { credentials })
        assert.strictEqual(error.httpStatus, status)
      }
    }))

  it.scoped("that fail: Authentication, with their description", () =>
    Effect.gen(function*() {
      const error = new HttpError.HttpError({ reason: "Authentication", description: "the key file is gone" })
      const seen = yield* refused({ credentials: Credentials.make({ headers: () => Effect.fail(error) }) })
      assert.strictEqual(seen.reason, "Authentication")
      assert.include(seen.message, "the key file is gone")
    }))

  it.scoped("that hang time out after requestTimeout", () =>
    Effect.gen(function*() {
      const credentials = Credentials.make({ headers: () => Effect.never })
      const http = inOrder(succeeded)
      const operations = yield* service(http, { credentials, requestTimeout: "3 seconds" })
      const error = yield* httpError(after("3 seconds", operations.get(name)))
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("share one requestTimeout with the request", () =>
    Effect.gen(function*() {
      const credentials = Credentials.make({
        headers: () => Effect.delay(token.headers({ url, refresh: false }), 2000)
      })
      const http = mockHttp(() => Effect.never)
      const operations = yield* service(http, { credentials, requestTimeout: "3 seconds" })
      const error = yield* httpError(after("3 seconds", operations.get(name)))
      assert.strictEqual(error.reason, "Timeout")
      assert.deepStrictEqual(http.times, [2000])
      assert.strictEqual(http.aborts(), 1)
    }))

  it.scoped("share one requestTimeout with a retry after a refresh", () =>
    Effect.gen(function*() {
      let tokens = 0
      const http = mockHttp((_, index) =>
        index === 0 ? Effect.delay(Effect.succeed(new Response("", { status: 401 })), "900 millis") : Effect.never
      )
      const credentials = Credentials.make({
        headers: () => Effect.sync(() => ({ authorization: Redacted.make(`Bearer token-${tokens++}`) }))
      })
      const operations = yield* service(http, { credentials, requestTimeout: "1 second" })
      const fiber = yield* Effect.fork(Effect.flip(operations.get("operations/a")))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag === "HttpError" && error.reason, "Timeout")
      assert.strictEqual(http.requests.length, 2)
    }))

  for (
    const baseUrl of ["http://example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "http://localhost.com"]
  ) {
    it.scoped(`are not sent to ${baseUrl}`, () =>
      Effect.gen(function*() {
        const error = yield* refused({ api: at(baseUrl), credentials: token })
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.match(error.message, /https or to a loopback address/)
      }))
  }

  for (
    const baseUrl of ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787", "https://example.com"]
  ) {
    it.scoped(`are sent to ${baseUrl}`, () =>
      Effect.gen(function*() {
        const http = inOrder(succeeded)
        const operations = yield* service(http, { api: at(baseUrl), credentials: token })
        yield* operations.get(name)
        assert.deepStrictEqual(http.requests.map((request) => request.headers["authorization"]), [bearer])
      }))
  }

  it.scoped("without headers may be sent to any host", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(succeeded), { api: at("http://emulator:8787") })
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
    }))

  for (const value of ["planted-secret\r\nx-evil: 1", "planted-secret\n", " planted-secret", "planted-sécret", ""]) {
    it.scoped(`${JSON.stringify(value)} is not a valid header value, and is not in the error`, () =>
      Effect.gen(function*() {
        const error = yield* refused({ credentials: Credentials.apiKey(Redacted.make(value)) })
        assert.strictEqual(error.reason, "Authentication")
        assert.include(error.message, "\"x-goog-api-key\"")
        assert.notInclude(error.message, "planted")
      }))
  }
})
