import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { googleError, json, name, pending, succeeded } from "./support/answers.js"
import { at, bearer, failing, refused, secret, token, url } from "./support/get.js"
import { fetchHttp, inOrder, silentAfter } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after } from "./support/time.js"

/** A request's headers, but for those by which platform's client passes its span on. */
const headersOf = (request: HttpClientRequest.HttpClientRequest): Record<string, string> => {
  const { b3: _, traceparent: __, ...headers } = request.headers
  return { ...headers }
}

describe("the request", () => {
  it.scoped("is a bare GET by default", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http)
      assert.deepStrictEqual(yield* operations.get(name), Operation.pending({ name }))
      const [request] = http.requests
      assert.strictEqual(request?.method, "GET")
      assert.strictEqual(request?.url, url)
      assert.strictEqual(request?.body._tag, "Empty")
      assert.deepStrictEqual(http.requests.map(headersOf), [{ accept: "application/json" }])
    }))

  it.scoped("carries the quota project and the credentials", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const options = { quotaProject: "my-project" }
      const byToken = yield* service(http, { ...options, credentials: token })
      const byKey = yield* service(http, { ...options, credentials: Credentials.apiKey(secret) })
      assert.strictEqual((yield* byToken.get(name))._tag, "Succeeded")
      yield* byKey.get(name)
      const common = { accept: "application/json", "x-goog-user-project": "my-project" }
      assert.deepStrictEqual(http.requests.map(headersOf), [
        { ...common, authorization: bearer },
        { ...common, "x-goog-api-key": "a-token-of-this-test" }
      ])
    }))

  const xgafv: ReadonlyArray<readonly ["1" | "2" | undefined, "1" | "2" | undefined, string]> = [
    [undefined, undefined, ""],
    ["1", undefined, "?%24.xgafv=1"],
    [undefined, "2", "?%24.xgafv=2"],
    ["1", "2", "?%24.xgafv=2"]
  ]
  for (const [ofService, ofCall, query] of xgafv) {
    it.scoped(`xgafv ${ofService} of the service and ${ofCall} of the call: ${JSON.stringify(query)}`, () =>
      Effect.gen(function*() {
        const urls: Array<string> = []
        const http = fetchHttp((input) => {
          urls.push(String(input))
          return Promise.resolve(succeeded())
        })
        const operations = yield* service(http, { xgafv: ofService })
        yield* operations.get(name, { xgafv: ofCall })
        assert.deepStrictEqual(urls, [`${url}${query}`])
      }))
  }

  it.scoped("is refused with any other xgafv", () =>
    Effect.gen(function*() {
      const bad = JSON.parse("\"3\"") as "1"
      for (const error of [yield* refused({}, bad), yield* refused({ xgafv: bad })]) {
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.match(error.message, /not sent: xgafv must be "1" or "2", not "3"/)
      }
    }))
})

describe("the API", () => {
  const bases: ReadonlyArray<readonly [string, string]> = [
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787/v1/operations/x"],
    ["https://example.com/", "https://example.com/v1/operations/x"],
    ["https://example.com/proxy/acm", "https://example.com/proxy/acm/v1/operations/x"],
    ["https://example.com/proxy/acm//", "https://example.com/proxy/acm/v1/operations/x"]
  ]
  for (const [baseUrl, expected] of bases) {
    it.scoped(`at ${baseUrl}`, () =>
      Effect.gen(function*() {
        const http = inOrder(succeeded)
        const operations = yield* service(http, { api: at(baseUrl) })
        yield* operations.get(name)
        assert.deepStrictEqual(http.requests.map((request) => request.url), [expected])
      }))
  }

  const badBases: ReadonlyArray<readonly [string, RegExp]> = [
    ["not a URL", /baseUrl must be a URL such as "https:/],
    ["", /baseUrl must be a URL/],
    ["accesscontextmanager.googleapis.com", /baseUrl must be a URL/],
    ["ftp://example.com", /baseUrl must be a URL/],
    ["https://user:planted-password@example.com", /user name or a password/],
    ["ftp://user:planted-password@example.com", /baseUrl must be a URL/],
    ["https://user:planted-password@exa mple.com", /baseUrl must be a URL/],
    ["https://example.com?key=planted-password", /query/],
    ["https://example.com#there", /fragment/]
  ]
  for (const [baseUrl, message] of badBases) {
    it.scoped(`is not at ${JSON.stringify(baseUrl)}`, () =>
      Effect.gen(function*() {
        const error = yield* refused({ api: at(baseUrl) })
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.match(error.message, message)
        assert.notInclude(error.message, "planted-password")
      }))
  }

  it.scoped("may have another pattern of operation names, even with a `g` flag", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const api = GoogleApi.make({
        baseUrl: "https://run.googleapis.com",
        version: "v2",
        operationName: /^projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+$/g
      })
      const operations = yield* service(http, { api })
      const mine = "projects/p/locations/europe-west1/operations/1"
      yield* operations.get(mine)
      yield* operations.get(mine)
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.include(error.message, "\"operations/x\" is not the name of an operation of this API")
      assert.deepStrictEqual(
        http.requests.map((request) => request.url),
        Array(2).fill(`https://run.googleapis.com/v2/${mine}`)
      )
    }))

  it.scoped("has the names of AIP-151 by default", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(succeeded), {
        api: GoogleApi.make({ baseUrl: "https://x.example", version: "v1" })
      })
      for (const good of [name, "projects/p/operations/1"]) yield* operations.get(good)
      for (const bad of ["operations", "projects/p/jobs/1", "myoperations/1"]) {
        assert.strictEqual((yield* httpError(operations.get(bad))).reason, "InvalidRequest", bad)
      }
    }))
})

describe("requestTimeout", () => {
  it.scoped("aborts a request that has no response", () =>
    Effect.gen(function*() {
      const http = silentAfter()
      const operations = yield* service(http, { requestTimeout: "3 seconds" })
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(2999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      const error = yield* httpError(Fiber.join(fiber))
      assert.strictEqual(error.reason, "Timeout")
      assert.isTrue(error.isTransient)
      assert.match(error.message, /GET \/v1\/operations\/x .*no response from .* within 3s \(requestTimeout\)/)
      assert.strictEqual(http.aborts(), 1)
    }))

  const begun = () =>
    new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) })
  const hanging: ReadonlyArray<readonly [string, () => Promise<Response>]> = [
    ["an answer that never comes", () => new Promise(() => undefined)],
    ["a body that hangs", () => Promise.resolve(new Response(begun()))],
    [
      "a body that hangs and has a content-length",
      () => Promise.resolve(new Response(begun(), { headers: { "content-length": "99" } }))
    ]
  ]
  for (const [what, answer] of hanging) {
    it.scoped(`aborts the fetch of ${what}`, () =>
      Effect.gen(function*() {
        const signals: Array<AbortSignal | null | undefined> = []
        const http = fetchHttp((_, init) => {
          signals.push(init?.signal)
          return answer()
        })
        const operations = yield* service(http, { requestTimeout: "3 seconds" })
        const error = yield* httpError(after("3 seconds", operations.get(name)))
        assert.strictEqual(error.reason, "Timeout")
        assert.isTrue(error.isTransient)
        assert.deepStrictEqual(signals.map((signal) => signal?.aborted), [true])
      }))
  }

  it.scoped("is 30 seconds by default", () =>
    Effect.gen(function*() {
      const operations = yield* service(silentAfter())
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(29_999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Timeout")
    }))
})

describe("responses that are not an operation", () => {
  it.scoped("HTML with 200", () =>
    Effect.gen(function*() {
      const error = yield* failing(() => new Response("<html>Welcome to the hotel's wifi</html>"))
      assert.strictEqual(error.reason, "Decode")
      assert.isFalse(error.isTransient)
      assert.strictEqual(error.httpStatus, 200)
      assert.strictEqual(error.code, undefined)
      assert.strictEqual(error.body, "<html>Welcome to the hotel's wifi</html>")
      assert.match(error.message, /GET \/v1\/operations\/x .*HTTP 200.*not JSON.*<html>Welcome.*Check the base URL/)
    }))

  const decode: ReadonlyArray<readonly [string, () => Response, RegExp]> = [
    ["truncated JSON", () => new Response("{\"name\": \"operations/x\", \"do"), /not JSON/],
    ["an empty body", () => new Response(""), /body is empty/],
    ["no content", () => new Response(null, { status: 204 }), /body is empty/],
    ["an object of something else", () => json({ kind: "policy" }), /none of an operation's fields/],
    ["an array", () => json([]), /must be an object/],
    ["a name that is a number", () => json({ name: 1 }), /"name" must be a string/]
  ]
  for (const [what, answer, message] of decode) {
    it.scoped(what, () =>
      Effect.gen(function*() {
        const error = yield* failing(answer)
        assert.strictEqual(error.reason, "Decode")
        assert.match(error.message, message)
      }))
  }

  const mebibytes = 5
  /** A body of that size that comes in chunks of 64 KiB, with how many of them were taken. */
  const large = (contentLength?: number) => {
    let pulled = 0
    let isCancelled = false
    const chunk = new Uint8Array(65_536).fill(120)
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulled++ < mebibytes * 16) controller.enqueue(chunk)
        else controller.close()
      },
      cancel: () => void (isCancelled = true)
    }, { highWaterMark: 0 })
    const headers: Record<string, string> = contentLength === undefined ? {} : { "content-length": `${contentLength}` }
    return {
      answer: (status: number) => () => new Response(stream, { status, headers }),
      pulled: () => pulled,
      isCancelled: () => isCancelled
    }
  }

  for (const length of [undefined, mebibytes * 1_048_576]) {
    it.scoped(`5 MiB, ${length === undefined ? "chunked" : "with a content-length"}: read no further than 4 MiB`, () =>
      Effect.gen(function*() {
        const body = large(length)
        const error = yield* failing(body.answer(200))
        assert.strictEqual(error.reason, "Decode")
        assert.include(error.message, "larger than 4194304 bytes (maxBodySize)")
        assert.isAtMost(error.body!.length, 16_384)
        assert.isAtMost(body.pulled(), 66)
        assert.isTrue(body.isCancelled())
      }))

    it.scoped(`an error page of 5 MiB, ${length === undefined ? "chunked" : "with a content-length"}: cut short`, () =>
      Effect.gen(function*() {
        const body = large(length)
        const error = yield* failing(body.answer(502))
        assert.strictEqual(error.reason, "StatusCode")
        assert.strictEqual(error.httpStatus, 502)
        assert.isTrue(error.isTransient)
        assert.strictEqual(error.body, "x".repeat(16_384))
        assert.isAtMost(body.pulled(), 66)
      }))
  }

  it.scoped("maxBodySize is the largest allowed size in bytes", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({ name, done: true, metadata: { title: "éé" } })
      const size = new TextEncoder().encode(text).byteLength
      for (const headers of [{}, { "content-length": `${size}` }]) {
        const http = inOrder(() => new Response(text, { headers }))
        const enough = yield* service(http, { maxBodySize: size })
        assert.deepStrictEqual((yield* enough.get(name)).metadata, { title: "éé" })
        const tooSmall = yield* service(http, { maxBodySize: size - 1 })
        assert.strictEqual((yield* httpError(tooSmall.get(name))).reason, "Decode")
      }
    }))

  it.scoped("a wrong, large content-length with a small body is accepted", () =>
    Effect.gen(function*() {
      const http = inOrder(() =>
        new Response(JSON.stringify({ name }), { headers: { "content-length": "99999999999" } })
      )
      const operations = yield* service(http)
      assert.strictEqual((yield* operations.get(name))._tag, "Pending")
    }))

  for (const status of [200, 503]) {
    it.scoped(`a connection that closes within the body of a ${status}`, () =>
      Effect.gen(function*() {
        const error = yield* failing(() => {
          const chunks = ["{\"name\": \"operations/x\", "]
          const body = new ReadableStream<Uint8Array>({
            pull(controller) {
              const chunk = chunks.pop()
              if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk))
              else controller.error(new TypeError("terminated", { cause: new Error("other side closed") }))
            }
          })
          return new Response(body, { status })
        })
        assert.strictEqual(error.reason, "Transport")
        assert.isTrue(error.isTransient)
        assert.match(error.message, /GET \/v1\/operations\/x .*within the body.*other side closed/)
      }))
  }

  it.scoped("a redirect is not followed", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }),
        { credentials: token }
      )
      assert.strictEqual(error.reason, "StatusCode")
      assert.strictEqual(error.httpStatus, 302)
      assert.isFalse(error.isTransient)
      assert.match(error.message, /HTTP 302 UNKNOWN: the server redirects/)
    }))
})

describe("the message of an error", () => {
  it.scoped("of a Google error: the method, the path, both codes and the server's message", () =>
    Effect.gen(function*() {
      const error = yield* failing(() =>
        googleError(403, "PERMISSION_DENIED", {
          message: "The API is disabled.",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SERVICE_DISABLED" }]
        }), { xgafv: "1" })
      assert.strictEqual(
        error.message,
        "GET /v1/operations/x failed with HTTP 403 PERMISSION_DENIED: The API is disabled."
      )
      assert.strictEqual(error.code, "PERMISSION_DENIED")
      assert.strictEqual(error.status?.errorInfo?.reason, "SERVICE_DISABLED")
    }))

  it.scoped("of a 404 that is no Google error: there is no such route", () =>
    Effect.gen(function*() {
      const error = yield* failing(() => new Response("<html>404</html>", { status: 404 }))
      assert.match(error.message, /GET \/v1\/operations\/x .*HTTP 404 NOT_FOUND: .*no route.*Check the base URL/)
      assert.strictEqual(error.status, undefined)
      assert.strictEqual(error.body, "<html>404</html>")
    }))

  it.scoped("of a connection that fails: the reason and the host", () =>
    Effect.gen(function*() {
      const refusal = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" })
      const http = fetchHttp(() => Promise.reject(new TypeError("fetch failed", { cause: refusal })))
      const operations = yield* service(http)
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isTransient)
      assert.match(error.message, /ECONNREFUSED.*https:\/\/accesscontextmanager\.googleapis\.com/)
      assert.include(error.cause, { code: "ECONNREFUSED" })
    }))
})

describe("other clients", () => {
  it.scoped("a client with filterStatusOk has the same results", () =>
    Effect.gen(function*() {
      const http = inOrder(() =>
        googleError(429, "RESOURCE_EXHAUSTED", { message: "slowly", headers: { "retry-after": "7" } })
      )
      const strict = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk))
      const errors = yield* Effect.forEach([http.layer, Layer.provide(strict, http.layer)], (layer) =>
        Effect.flatMap(service({ layer }), (operations) => httpError(operations.get(name))))
      const [plain, filtered] = errors.map((
        { code, httpStatus, isTransient, message, reason, retryAfter, status }
      ) => ({ code, httpStatus, isTransient, message, reason, retryAfter, status }))
      assert.strictEqual(plain?.reason, "StatusCode")
      assert.strictEqual(plain?.status?.message, "slowly")
      assert.deepStrictEqual(filtered, plain)
    }))

  it.scoped("fetch does not follow redirects or use its cache; other settings of RequestInit are kept", () =>
    Effect.gen(function*() {
      const inits: Array<RequestInit | undefined> = []
      const http = fetchHttp((_, init) => {
        inits.push(init)
        return Promise.resolve(succeeded())
      })
      const cache = Context.make(FetchHttpClient.RequestInit, { cache: "reload", redirect: "follow" })
      const keepalive = Context.make(FetchHttpClient.RequestInit, { keepalive: true })
      const plain = yield* service(http)
      const configured = yield* Effect.provide(service(http), cache)
      yield* plain.get(name)
      yield* configured.get(name)
      yield* Effect.provide(plain.get(name), keepalive)
      yield* Effect.provide(configured.get(name), keepalive)
      assert.deepStrictEqual(
        inits.map((init) => [init?.redirect, init?.cache, init?.keepalive]),
        [
          ["manual", "no-store", undefined],
          ["manual", "reload", undefined],
          ["manual", "no-store", true],
          ["manual", "no-store", true]
        ]
      )
    }))
})

describe("layerConfig", () => {
  const config = {
    credentials: Config.map(Config.redacted("ACCESS_TOKEN"), Credentials.accessToken),
    quotaProject: Config.string("QUOTA_PROJECT")
  }
  const get = (entries: ReadonlyArray<readonly [string, string]>, http = inOrder(succeeded)) =>
    Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get(name)).pipe(
      Effect.provide(Layer.provide(OperationsService.layerConfig(config), http.layer)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))
    )

  it.effect("takes its options from configuration", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      yield* get([["ACCESS_TOKEN", "a-token-of-this-test"], ["QUOTA_PROJECT", "my-project"]], http)
      const [request] = http.requests
      assert.strictEqual(request?.headers["authorization"], bearer)
      assert.strictEqual(request?.headers["x-goog-user-project"], "my-project")
    }))

  it.effect("fails with ConfigError when a key is missing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(get([["QUOTA_PROJECT", "my-project"]]))
      assert(ConfigError.isConfigError(error))
      assert.include(String(error), "ACCESS_TOKEN")
    }))
})
