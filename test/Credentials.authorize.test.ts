import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { Agent } from "undici"
import { json } from "./support/answers.js"
import { bodyOf, inOrder, type MockHttp, mockHttp, origin, sent, transportError } from "./support/http.js"
import { httpError } from "./support/service.js"

const api = GoogleApi.accessContextManager
const key = "secret-key-0123456789"
const path = "/v1/accessPolicies/1"

/** Tokens that are numbered; a refresh gives the next one. */
const tokens = () => {
  const calls: Array<Parameters<Credentials.Credentials["headers"]>[0]> = []
  let token = 1
  const credentials: Credentials.Credentials = {
    headers: (request) =>
      Effect.sync(() => {
        calls.push(request)
        if (request.refresh) token++
        return { Authorization: Redacted.make(`Bearer token-${token}`) }
      })
  }
  return { credentials, calls }
}

const apiKey = Credentials.apiKey(Redacted.make(key))

const clientOf = (http: MockHttp) => Effect.provide(HttpClient.HttpClient, http.layer)

const ok = () => json({ name: "accessPolicies/1" })
const refused = () => json({ error: { code: 401 } }, { status: 401 })
const authorizations = ({ requests }: MockHttp) => requests.map(({ headers }) => headers["authorization"])

describe("an authorized client", () => {
  it.effect("adds the credentials to each request, and changes nothing else", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials: tokens().credentials })
      yield* client.get(path)
      yield* client.get(`${origin}${path}`, { urlParams: { view: "FULL" }, headers: { "x-other": "1" } })
      yield* client.post(path, { body: HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(path), { a: 1 }).body })
      assert.deepStrictEqual(authorizations(http), Array(3).fill("Bearer token-1"))
      assert.deepStrictEqual(sent(http), [`GET ${path}`, `GET ${path}`, `POST ${path}`])
      const [, second, third] = http.requests
      assert.deepStrictEqual(second?.urlParams, [["view", "FULL"]])
      assert.strictEqual(second?.headers["x-other"], "1")
      assert.deepStrictEqual(bodyOf(third), { a: 1 })
      assert.isUndefined(second?.headers["accept"])
    }))

  it.effect("returns the response unchanged, with any status", () =>
    Effect.gen(function*() {
      const http = inOrder(
        ok,
        () => new Response("gone", { status: 404, headers: { "set-cookie": "a=b" } }),
        () => new Response("a=b&c=d")
      )
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials: apiKey })
      const first = yield* client.get(path)
      const decode = HttpClientResponse.schemaBodyJson(Schema.Struct({ name: Schema.String }))
      assert.deepStrictEqual(yield* decode(first), { name: "accessPolicies/1" })
      const second = yield* client.get(path)
      assert.deepStrictEqual([second.status, yield* second.text, second.headers["set-cookie"]], [404, "gone", "a=b"])
      assert.strictEqual(Option.getOrThrow(Option.fromNullable(second.cookies.cookies["a"])).value, "b")
      assert.isTrue(Option.isNone(second.remoteAddress))
      const third = yield* client.get(path)
      assert.deepStrictEqual(yield* third.urlParamsBody, [["a", "b"], ["c", "d"]])
      const bytes = Chunk.toReadonlyArray(yield* Stream.runCollect((yield* client.get(path)).stream))
      assert.strictEqual(new TextDecoder().decode(bytes[0]), "a=b&c=d")
      assert.strictEqual((yield* (yield* client.get(path)).arrayBuffer).byteLength, 7)
    }))

  it.effect("can be made from a base URL, and with pipe", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const client = (yield* clientOf(http)).pipe(
        Credentials.authorize({ baseUrl: "https://storage.googleapis.com/storage", credentials: apiKey })
      )
      yield* client.get("https://storage.googleapis.com/storage/v1/b/x")
      assert.strictEqual(http.requests[0]?.headers["x-goog-api-key"], key)
    }))

  it.effect("sends the quota project of the credentials, unless the request has one", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const credentials = Credentials.make({
        headers: () => Effect.succeed({ "x-goog-user-project": Redacted.make("theirs") })
      })
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials })
      yield* client.get(path)
      yield* client.get(path, { headers: { "x-goog-user-project": "mine" } })
      assert.deepStrictEqual(http.requests.map(({ headers }) => headers["x-goog-user-project"]), ["theirs", "mine"])
    }))

  it.effect("fails with the errors of the credentials and of the client", () =>
    Effect.gen(function*() {
      const none = new HttpError.HttpError({ reason: "Authentication", description: "the key file is gone" })
      const http = inOrder(ok)
      const client = Credentials.authorize(yield* clientOf(http), {
        api,
        credentials: Credentials.make({ headers: () => Effect.fail(none) })
      })
      assert.strictEqual(yield* Effect.flip(client.get(path)), none)
      assert.deepStrictEqual(sent(http), [])
      const busy = HttpClient.transformResponse(yield* clientOf(http), () => Effect.fail("busy" as const))
      const error = yield* Effect.flip(Credentials.authorize(busy, { api, credentials: apiKey }).get(path))
      assert.strictEqual(error, "busy")
    }))

  it.effect("refuses credentials with invalid headers", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const credentials = Credentials.apiKey(Redacted.make("a\nb"))
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials })
      const error = yield* httpError(client.get(path))
      assert.strictEqual(error.reason, "Authentication")
      assert.notInclude(error.message, "a\nb")
      assert.deepStrictEqual(sent(http), [])
    }))
})

describe("a request that is refused with 401", () => {
  for (const filtered of [false, true]) {
    const client = (http: MockHttp, credentials: Credentials.Credentials) =>
      Effect.map(
        clientOf(http),
        (client) => Credentials.authorize(filtered ? HttpClient.filterStatusOk(client) : client, { api, credentials })
      )
    const what = filtered ? ", over a client that turns statuses into errors" : ""

    it.effect(`is sent once more with other credentials and the same body${what}`, () =>
      Effect.gen(function*() {
        const http = inOrder(refused, ok)
        const { calls, credentials } = tokens()
        const authorized = yield* client(http, credentials)
        const request = HttpClientRequest.bodyUnsafeJson(HttpClientRequest.patch(path), { title: "t" })
        const response = yield* authorized.execute(request)
        assert.strictEqual(response.status, 200)
        assert.deepStrictEqual(authorizations(http), ["Bearer token-1", "Bearer token-2"])
        assert.deepStrictEqual(http.requests.map(bodyOf), [{ title: "t" }, { title: "t" }])
        assert.deepStrictEqual(calls.map(({ refresh, url }) => [refresh, url]), [
          [false, `${origin}${path}`],
          [true, `${origin}${path}`]
        ])
        assert.deepStrictEqual(Object.values(calls[1]?.refused ?? {}).map(Redacted.value), ["Bearer token-1"])
      }))

    it.effect(`is not sent again with the same credentials, and never a third time${what}`, () =>
      Effect.gen(function*() {
        const status = (exit: Exit.Exit<HttpClientResponse.HttpClientResponse, unknown>) =>
          Exit.match(exit, {
            onSuccess: ({ status }) => status,
            onFailure: (cause) => filtered && cause._tag === "Fail" && String(cause.error).includes("401") ? 401 : 0
          })
        const constant = inOrder(refused)
        const exit = yield* Effect.exit((yield* client(constant, apiKey)).get(path))
        assert.deepStrictEqual([status(exit), constant.requests.length], [401, 1])
        const renewed = inOrder(refused)
        const second = yield* Effect.exit((yield* client(renewed, tokens().credentials)).get(path))
        assert.deepStrictEqual([status(second), renewed.requests.length], [401, 2])
      }))
  }

  it.effect("fails with the error of the refresh", () =>
    Effect.gen(function*() {
      const http = inOrder(refused)
      const credentials = Credentials.make({
        headers: ({ refresh }) =>
          refresh
            ? Effect.fail(new HttpError.HttpError({ reason: "Authentication", description: "no more tokens" }))
            : Effect.succeed({ authorization: Redacted.make("Bearer token-1") })
      })
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials })
      assert.strictEqual((yield* httpError(client.get(path))).description, "no more tokens")
    }))
})

describe("credentials are not sent", () => {
  const elsewhere = [
    "https://example.com/v1/accessPolicies/1",
    "http://accesscontextmanager.googleapis.com/v1/accessPolicies/1",
    "https://accesscontextmanager.googleapis.com:8443/v1/accessPolicies/1",
    "https://accesscontextmanager.googleapis.com.example.com/v1",
    "https://user@accesscontextmanager.googleapis.com/v1",
    "accessPolicies/1",
    ""
  ]
  for (const url of elsewhere) {
    it.effect(`to ${JSON.stringify(url)}, nor is the request`, () =>
      Effect.gen(function*() {
        const http = inOrder(ok)
        const { calls, credentials } = tokens()
        const client = Credentials.authorize(yield* clientOf(http), { api, credentials })
        assert.strictEqual((yield* httpError(client.get(url))).reason, "InvalidRequest")
        assert.deepStrictEqual([sent(http), calls], [[], []])
      }))
  }

  it.effect("over plain http, except to a loopback address", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const client = yield* clientOf(http)
      const far = Credentials.authorize(client, { baseUrl: "http://10.0.0.1", credentials: apiKey })
      const error = yield* httpError(far.get("/v1/x"))
      assert.include(error.message, "only over https or to a loopback address")
      assert.deepStrictEqual(sent(http), [])
      yield* Credentials.authorize(client, { baseUrl: "http://127.0.0.1:80", credentials: apiKey }).get("/v1/x")
      const anonymous = Credentials.authorize(client, {
        baseUrl: "http://10.0.0.1",
        credentials: Credentials.anonymous
      })
      yield* anonymous.get("/v1/x")
      assert.deepStrictEqual(http.requests.map(({ headers }) => headers["x-goog-api-key"]), [key, undefined])
    }))

  it.effect("if the base URL is not a URL", () =>
    Effect.gen(function*() {
      const http = inOrder(ok)
      const client = Credentials.authorize(yield* clientOf(http), { baseUrl: "nonsense", credentials: apiKey })
      const error = yield* httpError(client.get("/v1/x"))
      assert.include(error.message, "\"nonsense\" is not one")
      assert.deepStrictEqual(sent(http), [])
    }))
})

describe("no credentials appear", () => {
  const show = (value: unknown) =>
    [
      String(value),
      inspect(value, { depth: Infinity, showHidden: true, getters: true }),
      JSON.stringify(value),
      ...(value instanceof Error ? [value.message, value.stack] : [])
    ].join("\n")

  const authorized = (http: MockHttp) =>
    Effect.map(clientOf(http), (client) => Credentials.authorize(client, { api, credentials: apiKey }))

  it.effect("in a response, or in an error of its body", () =>
    Effect.gen(function*() {
      const client = yield* authorized(inOrder(() => new Response("no JSON")))
      const response = yield* client.get(path)
      const shown = show(response) + show(yield* Effect.flip(response.json)) +
        show(yield* Effect.flip(response.formData))
      assert.notInclude(shown, key)
      assert.include(shown, path)
    }))

  it.effect("in an error of the client, or in its cause", () =>
    Effect.gen(function*() {
      const failing = mockHttp((request) =>
        Effect.fail(transportError(request, Object.assign(new Error(`broken: ${key}`), { request })))
      )
      const transport = yield* Effect.flip((yield* authorized(failing)).get(path))
      const filtered = Credentials.authorize(
        HttpClient.filterStatusOk(yield* clientOf(inOrder(() => new Response("no", { status: 403 })))),
        { api, credentials: apiKey }
      )
      const status = yield* Effect.flip(filtered.get(path))
      assert.deepStrictEqual([transport._tag, status._tag], ["RequestError", "ResponseError"])
      const shown = show(transport) + show(status)
      assert.notInclude(shown, key)
      assert.include(shown, "broken: <redacted>")
    }))

  it.effect("in a span, not even credentials in the query or the headers of the request", () =>
    Effect.gen(function*() {
      const attributes: Array<unknown> = []
      const tracer = Tracer.make({
        span: (name, parent, context, links, startTime, kind) => ({
          _tag: "Span",
          spanId: "1",
          traceId: "2",
          sampled: true,
          name,
          parent,
          context,
          links: [...links],
          status: { _tag: "Started", startTime },
          attributes: new Map(),
          kind,
          attribute: (name, value) => attributes.push(name, value),
          event: () => {},
          addLinks: () => {},
          end: () => {}
        }),
        context: (f) => f()
      })
      const http = inOrder(() => json({}, { headers: { "x-echo": key } }))
      const client = Credentials.authorize(yield* clientOf(http), { api, credentials: Credentials.anonymous })
      const own = { headers: { authorization: `Bearer ${key}` }, urlParams: { key, view: "FULL" } }
      const response = yield* Effect.withTracer(client.get(path, own), tracer)
      assert.strictEqual(http.requests[0]?.headers["x-goog-api-key"], key)
      assert.strictEqual(http.requests[0]?.headers["authorization"], `Bearer ${key}`)
      assert.deepStrictEqual(http.requests[0]?.urlParams, [["view", "FULL"]])
      assert.include(attributes, "http.request.header.x-goog-api-key")
      assert.include(attributes, `${origin}${path}?view=FULL`)
      assert.notInclude(inspect(attributes), key)
      assert.notInclude(inspect(response.request, { depth: Infinity }), key)
    }))
})

/** A server on a free loopback port. */
const serve = (respond: (request: IncomingMessage, response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<string> = []
      const server = createServer((request, response) => {
        requests.push(`${request.url} ${request.headers.authorization ?? request.headers["x-goog-api-key"] ?? "none"}`)
        respond(request, response)
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const { port } = server.address() as AddressInfo
      return { baseUrl: `http://127.0.0.1:${port}`, requests, server }
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

// One connection: a response that is not read to its end holds up the next request.
const oneConnection = Layer.provide(
  NodeHttpClient.layerUndiciWithoutDispatcher,
  Layer.scoped(
    NodeHttpClient.Dispatcher,
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connections: 1 })),
      (agent) => Effect.promise(() => agent.destroy())
    )
  )
)
const clients = { fetch: FetchHttpClient.layer, undici: oneConnection }

describe.each(Object.entries(clients))("over a real loopback server by %s", (_, layer) => {
  it.scopedLive("reads a resource, even after a refresh", () =>
    Effect.gen(function*() {
      const { baseUrl, requests } = yield* serve((request, response) => {
        const isRefused = request.headers.authorization === "Bearer token-1"
        response.writeHead(isRefused ? 401 : 200, { "content-type": "application/json" })
        response.end(isRefused ? " ".repeat(1_000_000) : JSON.stringify({ name: "accessPolicies/1" }))
      })
      const client = Credentials.authorize(yield* HttpClient.HttpClient, { baseUrl, credentials: tokens().credentials })
      const response = yield* client.get(path)
      assert.deepStrictEqual(yield* response.json, { name: "accessPolicies/1" })
      assert.deepStrictEqual(requests, [`${path} Bearer token-1`, `${path} Bearer token-2`])
    }).pipe(Effect.provide(layer)))

  it.scopedLive("does not follow redirects; followRedirects around it follows those within the API's origin", () =>
    Effect.gen(function*() {
      const other = yield* serve((_, response) => response.end("{}"))
      const { baseUrl, requests } = yield* serve((request, response) => {
        const location = request.url === "/v1/moved"
          ? "/v1/here"
          : request.url === "/v1/away"
          ? `${other.baseUrl}/v1/x`
          : ""
        response.writeHead(location === "" ? 200 : 302, { location })
        response.end("{}")
      })
      const client = Credentials.authorize(yield* HttpClient.HttpClient, { baseUrl, credentials: apiKey })
      assert.strictEqual((yield* client.get("/v1/away")).status, 302)
      const following = HttpClient.followRedirects(client)
      assert.strictEqual((yield* following.get("/v1/moved")).status, 200)
      assert.strictEqual((yield* httpError(following.get("/v1/away"))).reason, "InvalidRequest")
      assert.deepStrictEqual(
        requests,
        ["/v1/away", "/v1/moved", "/v1/here", "/v1/away"].map((path) => `${path} ${key}`)
      )
      assert.deepStrictEqual(other.requests, [])
    }).pipe(Effect.provide(layer)))
})
