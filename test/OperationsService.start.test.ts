import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { bodyOf, fetchHttp, inOrder, mockHttp, origin, sent } from "./support/http.js"
import { apiWith, httpError, logging, service } from "./support/service.js"

describe("start", () => {
  const post = (url: string) =>
    HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ title: "a policy" }))
  const path = "/v1/accessPolicies"
  const unauthenticated = () => googleError(401, "UNAUTHENTICATED")

  for (const url of [path, `${origin}${path}`, `${origin}:443${path}`]) {
    it.scoped(`POST ${url}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({ name, metadata: { step: 1 } }))
        const operations = yield* service(http)
        const operation = yield* operations.start(post(url))
        assert.deepStrictEqual(operation, Operation.pending({ name, metadata: { step: 1 } }))
        assert.deepStrictEqual(sent(http), [`POST ${path}`])
        assert.deepStrictEqual(bodyOf(http.requests[0]), { title: "a policy" })
        assert.strictEqual(http.requests[0]?.headers["content-type"], "application/json")
        assert.strictEqual(http.requests[0]?.headers["accept"], "application/json")
      }))
  }

  it.scoped("accepts other methods, and keeps the parameters of the request", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const http = fetchHttp((input, init) => {
        seen.push(`${init?.method} ${String(input)}`)
        return Promise.resolve(pending())
      })
      const operations = yield* service(http)
      yield* operations.start(HttpClientRequest.patch(`${path}/1?a=1`, { urlParams: { updateMask: "a,b c" } }))
      assert.deepStrictEqual(seen, [`PATCH ${origin}${path}/1?a=1&updateMask=a%2Cb+c`])
    }))

  const elsewhere = [
    `https://elsewhere.example${path}`,
    `http://accesscontextmanager.googleapis.com${path}`,
    `${origin}.elsewhere.example${path}`,
    `${origin}:8443${path}`,
    `https://user:password@accesscontextmanager.googleapis.com${path}`,
    "v1/accessPolicies",
    "",
    "https://"
  ]
  for (const url of elsewhere) {
    it.scoped(`${JSON.stringify(url)} is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(pending)
        let asked = 0
        const credentials = Credentials.make({ headers: () => Effect.sync(() => ({ a: Redacted.make(`${asked++}`) })) })
        const operations = yield* service(http, { credentials })
        const error = yield* httpError(operations.start(post(url)))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.notInclude(error.message, "password")
        assert.strictEqual(http.requests.length, 0)
        assert.strictEqual(asked, 0)
      }))
  }

  it.scoped("a path that looks like a host is sent to the API's origin", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http)
      yield* Effect.exit(operations.start(post("//elsewhere.example/v1")))
      for (const { url } of http.requests) assert.strictEqual(new URL(url).origin, origin)
    }))

  it.scoped("sends the credentials, the quota project and the headers of the request; the credentials take precedence", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const credentials = Credentials.accessToken(Redacted.make("a-token-of-this-test"))
      const operations = yield* service(http, { credentials, quotaProject: "my-project" })
      yield* operations.start(
        post(path).pipe(HttpClientRequest.setHeaders({ "X-Own": "1", Authorization: "Bearer of-the-user" }))
      )
      const { authorization, "x-goog-user-project": project, "x-own": own } = http.requests[0]!.headers
      assert.deepStrictEqual({ authorization, project, own }, {
        authorization: "Bearer a-token-of-this-test",
        project: "my-project",
        own: "1"
      })
    }))

  it.scoped("is sent once more after a 401, with new credentials and the same body", () =>
    Effect.gen(function*() {
      const http = inOrder(unauthenticated)
      const asked: Array<boolean> = []
      const credentials = Credentials.make({
        headers: ({ refresh }) =>
          Effect.sync(() => ({ authorization: Redacted.make(`Bearer token-${asked.push(refresh)}`) }))
      })
      const operations = yield* service(http, { credentials })
      assert.strictEqual((yield* httpError(operations.start(post(path)))).httpStatus, 401)
      assert.deepStrictEqual(asked, [false, true])
      assert.deepStrictEqual(http.requests.map(({ headers }) => headers["authorization"]), [
        "Bearer token-1",
        "Bearer token-2"
      ])
      assert.deepStrictEqual(http.requests.map(bodyOf), [{ title: "a policy" }, { title: "a policy" }])
    }))

  it.scoped("an operation that is done at once is returned", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(() => json({ name: "", done: true, response: { id: "1" } })))
      const operation = yield* operations.start(post(path))
      assert.deepStrictEqual(operation, Operation.succeeded({ name: "", response: { id: "1" } }))
      assert.strictEqual(yield* operations.wait(operation), operation)
    }))

  it.scoped("an operation that has failed at once is an OperationError", () =>
    Effect.gen(function*() {
      const operations = yield* service(
        inOrder(() => json({ name, done: true, error: { code: 6, message: "there already" } }))
      )
      const error = yield* Effect.flip(operations.start(post(path)))
      assert(OperationError.isOperationError(error))
      assert.strictEqual(error.code, "ALREADY_EXISTS")
      assert.strictEqual(error.operation.name, name)
    }))

  const failures: ReadonlyArray<readonly [string, () => Response, string]> = [
    ["no operation", () => json({ title: "a policy" }), "Decode"],
    ["a list", () => json([]), "Decode"],
    ["HTML", html(200), "Decode"],
    ["503", unavailable, "StatusCode"],
    ["400", () => googleError(400, "INVALID_ARGUMENT"), "StatusCode"],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://e.example/" } }), "StatusCode"]
  ]
  for (const [what, answer, reason] of failures) {
    it.scoped(`${what}: ${reason}, sent once`, () =>
      Effect.gen(function*() {
        const http = inOrder(answer)
        const operations = yield* service(http)
        const error = yield* httpError(operations.start(post(path)))
        assert.strictEqual(error.reason, reason)
        assert.include(error.message, `POST ${path}`)
        assert.strictEqual(http.requests.length, 1)
      }))
  }

  /** Interrupts a start whose answer comes after 5 seconds, one second after it began. */
  const interrupted = (
    answer: () => Response,
    options?: { readonly onInterrupt?: "detach" | "cancel" },
    serviceOptions?: OperationsService.Options
  ) =>
    Effect.gen(function*() {
      const http = mockHttp((request) =>
        request.url.endsWith(path)
          ? Effect.delay(Effect.sync(answer), "5 seconds")
          : Effect.sync(() => json({}))
      )
      const lines: Array<string> = []
      const operations = yield* service(http, serviceOptions)
      const fiber = yield* Effect.fork(logging(lines, operations.start(post(path), options)))
      yield* TestClock.adjust("1 second")
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust(3999)
      assert.strictEqual((yield* Fiber.poll(interruption))._tag, "None")
      assert.strictEqual(http.aborts(), 0)
      yield* TestClock.adjust(1)
      const exit = yield* Fiber.join(interruption)
      return { exit, http, lines }
    })

  it.scoped("interrupted in flight: waits for the response, and logs the name of the operation", () =>
    Effect.gen(function*() {
      const { exit, http, lines } = yield* interrupted(pending)
      assert(Exit.isInterrupted(exit))
      assert.deepStrictEqual(sent(http), [`POST ${path}`])
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /^WARN .*operations\/x/)
    }))

  it.scoped("interrupted with onInterrupt cancel: sends one cancel request", () =>
    Effect.gen(function*() {
      const { exit, http, lines } = yield* interrupted(pending, { onInterrupt: "cancel" })
      assert(Exit.isInterrupted(exit))
      assert.deepStrictEqual(sent(http), [`POST ${path}`, "POST /v1/operations/x:cancel"])
      assert.match(lines.join("\n"), /WARN .*operations\/x/)
    }))

  it.scoped("interrupted with onInterrupt cancel: an operation that is already done is not cancelled", () =>
    Effect.gen(function*() {
      const { http, lines } = yield* interrupted(succeeded, { onInterrupt: "cancel" })
      assert.deepStrictEqual(sent(http), [`POST ${path}`])
      assert.match(lines.join("\n"), /operations\/x is done/)
    }))

  it.scoped("interrupted, a cancel that fails does not hide the interruption", () =>
    Effect.gen(function*() {
      const http = mockHttp((request) =>
        request.url.endsWith(path) ? Effect.delay(Effect.sync(pending), "5 seconds") : Effect.sync(unavailable)
      )
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.start(post(path), { onInterrupt: "cancel" }))
      yield* TestClock.adjust(0)
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("5 seconds")
      const exit = yield* Fiber.join(interruption)
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("onInterrupt cancel is refused if the API has no cancel", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { api: apiWith({ cancel: false }) })
      const error = yield* httpError(operations.start(post(path), { onInterrupt: "cancel" }))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("interrupted without a response: ends after requestTimeout, with a warning", () =>
    Effect.gen(function*() {
      const http = mockHttp(() => Effect.never)
      const lines: Array<string> = []
      const operations = yield* service(http, { requestTimeout: "7 seconds" })
      const fiber = yield* Effect.fork(logging(lines, operations.start(post(path))))
      yield* TestClock.adjust("1 second")
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust(5999)
      assert.strictEqual((yield* Fiber.poll(interruption))._tag, "None")
      yield* TestClock.adjust(1)
      assert(Exit.isFailure(yield* Fiber.join(interruption)))
      assert.strictEqual(http.aborts(), 1)
      // Nobody sees the failure of an interrupted fiber, and something may have been started.
      assert.match(lines.join("\n"), /WARN .*\/v1\/accessPolicies/)
    }))

  it.scoped("interrupted in the queue of the budget: ends at once, and nothing is sent", () =>
    Effect.gen(function*() {
      for (const requestBudget of [{ perSecond: 1 / 600 }, { concurrent: 1 }]) {
        const http = mockHttp((request) => request.method === "GET" ? Effect.never : Effect.sync(pending))
        const operations = yield* service(http, { requestBudget, requestTimeout: "5 minutes" })
        yield* Effect.fork(operations.get(name))
        yield* TestClock.adjust(0)
        const fiber = yield* Effect.fork(operations.start(post(path)))
        yield* TestClock.adjust("1 second")
        const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.poll(interruption))._tag, "Some", JSON.stringify(requestBudget))
        assert.strictEqual(http.times.length, 1)
      }
    }))

  it.scoped("fails with Closed if the service is closed before or meanwhile", () =>
    Effect.gen(function*() {
      const http = mockHttp(() => Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.start(post(path)))
      yield* TestClock.adjust(0)
      yield* operations.close
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      assert.strictEqual((yield* httpError(operations.start(post(path)))).reason, "Closed")
      assert.strictEqual(http.times.length, 1)
    }))

  it.scoped("requests the error format of the service, unless the request has one", () =>
    Effect.gen(function*() {
      const http = mockHttp(() => Effect.succeed(json({ name: "operations/a" })))
      const operations = yield* service(http, { xgafv: "1" })
      yield* operations.start(HttpClientRequest.post("/v1/accessPolicies"))
      yield* operations.start(HttpClientRequest.post("/v1/accessPolicies?%24.xgafv=2"))
      assert.deepStrictEqual(http.requests.map((request) => new URL(request.url).searchParams.get("$.xgafv")), [
        "1",
        "2"
      ])
    }))
})
