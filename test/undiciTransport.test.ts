import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { once } from "node:events"
import * as net from "node:net"
import { Readable } from "node:stream"
import type { Dispatcher } from "undici"
import { Agent, MockAgent } from "undici/index.js"
import { type ConnectionOptions, validate } from "../src/internal/http/nodeOptions.js"
import type { RawResponse, TransportRequest } from "../src/internal/http/transport.js"
import { makeUndiciTransport } from "../src/internal/http/undiciTransport.js"
import { type RawRequest, rawServer, reply, scripts } from "./support/rawServer.js"
import { eventually } from "./support/sockets.js"
import { exchange, failureOf, transportTo } from "./support/transport.js"
import { isOpen, tlsKeys } from "./support/undici.js"

const json = JSON.stringify({ name: "operations/ä", done: false })

describe("a response", () => {
  const whole = (headers: RawResponse["headers"] = {}) => ({
    status: 200,
    headers: { "content-length": String(Buffer.byteLength(json)), ...headers },
    body: json,
    truncated: false
  })
  const otherSideClosed = "other side closed"
  const reset = "read ECONNRESET"
  const all = scripts(json)
  const outcomes: Record<Exclude<keyof typeof all, "no answer">, RawResponse | ReturnType<typeof failureOf>> = {
    "a response": whole(),
    "slow bytes": whole(),
    "chunks of one byte": { ...whole(), headers: { "transfer-encoding": "chunked" } },
    "headers apart from the body": whole(),
    "a body until the end of the connection": { ...whole(), headers: {} },
    "a byte order mark": whole({ "content-length": "40" }),
    "gzip": whole({ "content-encoding": "gzip", "content-length": "57" }),
    "two Retry-After": whole({ "retry-after": ["soon", "7"] }),
    "duplicate headers": whole({ "x-a": ["1", "2"] }),
    "an informational response first": whole(),
    "204": { status: 204, headers: {}, body: "", truncated: false },
    "304": { ...whole(), status: 304, body: "" },
    "a second response that nobody asked for": whole(),
    "a content-length that is too short": { ...whole({ "content-length": "36" }), body: json.slice(0, -1) },
    "a content-length that is too long": ["Body", false, otherSideClosed],
    "a close before the headers": ["Connection", false, otherSideClosed],
    "a reset before the headers": ["Connection", false, reset],
    "a close within the headers": ["Connection", false, otherSideClosed],
    "a reset within the headers": ["Connection", false, reset],
    "a close within the body": ["Body", false, otherSideClosed],
    "a reset within the body": ["Body", false, reset],
    "no HTTP": [
      "Connection",
      false,
      "Response does not match the HTTP/1.1 protocol (Expected HTTP/, RTSP/ or ICE/)"
    ],
    "no end": { status: 200, headers: {}, body: "x".repeat(4 * 1024 * 1024), truncated: true },
    "a close when idle": whole()
  }

  it.scopedLive.each(Object.entries(outcomes))("%s", ([name, expected]) =>
    Effect.gen(function*() {
      const server = yield* rawServer(all[name as keyof typeof outcomes])
      const transport = yield* transportTo(server.origin)
      const result = yield* transport.exchange("/v1/x")
      assert.deepStrictEqual(Either.isRight(result) ? result.right : failureOf(result), expected)
      yield* transport.release
      yield* isOpen(server, 0)
      assert.strictEqual(server.connections(), 1)
    }))

  it.scopedLive("is truncated at maxBodySize, and its connection is closed", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply(json))
      const transport = yield* transportTo(server.origin)
      const { body, truncated } = Either.getOrThrow(yield* transport.exchange("/", { maxBodySize: 10 }))
      assert.deepStrictEqual([body, truncated], [json.slice(0, 10), true])
      const exact = yield* transport.exchange("/", { maxBodySize: Buffer.byteLength(json) })
      assert.deepStrictEqual([Either.getOrThrow(exact).body, Either.getOrThrow(exact).truncated], [json, false])
    }))

  it.scopedLive("with an unsupported content encoding fails as Body and keeps the connection", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply(json, [["content-encoding", "zstd"]]))
      const transport = yield* transportTo(server.origin, { connections: 1 })
      const expected = ["Body", false, "the content encoding \"zstd\" is not supported"] as const
      assert.deepStrictEqual(failureOf(yield* transport.exchange("/")), expected)
      assert.deepStrictEqual(failureOf(yield* transport.exchange("/")), expected)
      assert.strictEqual(server.connections(), 1)
    }))
})

describe("a request", () => {
  const received = (request: Partial<TransportRequest>) =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const transport = yield* transportTo(server.origin)
      const result = yield* transport.exchange("/v1/x?a=b", request)
      return { result, request: server.requests[0] }
    })

  const bodyOf = (request: RawRequest | undefined) => Buffer.from(request?.body ?? []).toString("utf8")

  it.scopedLive("without a body", () =>
    Effect.gen(function*() {
      const { request } = yield* received({ headers: { accept: "application/json" } })
      assert.deepStrictEqual([request?.method, request?.path, bodyOf(request)], ["GET", "/v1/x?a=b", ""])
      assert.deepStrictEqual(Object.keys(request?.headers ?? {}).toSorted(), ["accept", "connection", "host"])
    }))

  it.scopedLive.each(
    [
      ["bytes", HttpBody.text(json), "content-length"],
      ["a string", HttpBody.raw(json), "content-length"],
      ["a Buffer", HttpBody.raw(Buffer.from(json)), "content-length"],
      ["a Readable", HttpBody.raw(Readable.from([json])), "transfer-encoding"],
      [
        "a stream",
        HttpBody.stream(Stream.fromIterable([json.slice(0, 5), json.slice(5)]).pipe(Stream.encodeText)),
        "transfer-encoding"
      ]
    ] satisfies ReadonlyArray<readonly [string, HttpBody.HttpBody, string]>
  )("with %s", ([_, body, framing]) =>
    Effect.gen(function*() {
      const { request, result } = yield* received({ method: "POST", body, headers: { "content-type": "text/x" } })
      assert.isTrue(Either.isRight(result))
      assert.strictEqual(bodyOf(request), json)
      assert.strictEqual(request?.headers["content-type"], "text/x")
      assert.isTrue(framing in request!.headers)
    }))

  it.scopedLive("with a stream whose length is known", () =>
    Effect.gen(function*() {
      const body = HttpBody.stream(Stream.encodeText(Stream.make("ab", "c")), "text/plain", 3)
      const { request } = yield* received({ method: "POST", body, headers: { "content-length": "3" } })
      assert.deepStrictEqual([bodyOf(request), request?.headers["content-length"]], ["abc", "3"])
    }))

  it.scopedLive("with a form", () =>
    Effect.gen(function*() {
      const form = new FormData()
      form.append("a", "ä")
      form.append("file", new Blob(["hello"], { type: "text/plain" }), "x.txt")
      const { request } = yield* received({ method: "POST", body: HttpBody.formData(form) })
      const parsed = yield* Effect.promise(() =>
        new Response(request?.body as BodyInit, { headers: { "content-type": request!.headers["content-type"]! } })
          .formData()
      )
      assert.strictEqual(parsed.get("a"), "ä")
      const file = parsed.get("file")
      assert.isTrue(file instanceof File && file.name === "x.txt" && file.type === "text/plain")
      assert.strictEqual(yield* Effect.promise(() => (file as File).text()), "hello")
    }))

  it.scopedLive.each(
    [
      ["a header with a line break", { headers: { x: "a\nb" } }, "invalid x header"],
      ["a path with a space", { url: "http://127.0.0.1/a b" }, "path must be an absolute URL or start with a slash"],
      [
        "a raw body that is neither text nor bytes",
        { method: "POST", body: HttpBody.raw({ a: 1 }) },
        "a raw body must be a string, a Uint8Array or a Readable"
      ],
      [
        "a body of another length than its header says",
        { method: "POST", body: HttpBody.text("abc"), headers: { "content-length": "2" } },
        "Request body length does not match content-length header"
      ]
    ] satisfies ReadonlyArray<readonly [string, Partial<TransportRequest>, string]>
  )("with %s is refused", ([_, request, message]) =>
    Effect.gen(function*() {
      const { request: sent, result } = yield* received(request)
      assert.deepStrictEqual(failureOf(result), ["Unsendable", false, message])
      assert.isUndefined(sent)
    }))

  it.scopedLive("fails as Unsendable if its stream fails", () =>
    Effect.gen(function*() {
      const failing = Stream.concat(
        Stream.encodeText(Stream.make("a")),
        Stream.fail(new Cause.IllegalArgumentException("no more"))
      )
      const { result } = yield* received({ method: "POST", body: HttpBody.stream(failing) })
      assert.deepStrictEqual(failureOf(result), ["Unsendable", false, "no more"])
      const dying = Stream.die(new Error("a defect"))
      const second = yield* received({ method: "POST", body: HttpBody.stream(dying) })
      assert.deepStrictEqual(failureOf(second.result), ["Unsendable", false, "a defect"])
    }))

  it.scopedLive("fails as Connection if the connection closes while its stream is sent", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = net.createServer((socket) => socket.on("error", () => {}).on("data", () => socket.destroy()))
          await once(server.listen(0, "127.0.0.1"), "listening")
          return server
        }),
        (server) => Effect.promise(() => new Promise((resolve) => server.close(resolve)))
      )
      const transport = yield* transportTo(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
      const endless = Stream.concat(Stream.encodeText(Stream.make("a")), Stream.never)
      const result = yield* transport.exchange("/", { method: "POST", body: HttpBody.stream(endless) })
      assert.strictEqual(failureOf(result)?.[0], "Connection")
    }))

  it.scopedLive("runs its stream with the caller's runtime", () =>
    Effect.gen(function*() {
      const stream = Stream.fromEffect(Effect.currentSpan).pipe(
        Stream.map(({ name }: Tracer.Span) => name),
        Stream.orDie,
        Stream.encodeText
      )
      const { request } = yield* received({ method: "POST", body: HttpBody.stream(stream) })
      assert.strictEqual(bodyOf(request), "caller")
    }).pipe(Effect.withSpan("caller")))
})

describe("trace headers", () => {
  const traceHeaders = Effect.gen(function*() {
    const server = yield* rawServer(reply("{}"))
    const transport = yield* transportTo(server.origin)
    yield* transport.exchange("/")
    const { b3, traceparent } = server.requests[0]!.headers
    return { b3, traceparent }
  })

  it.scopedLive("contain the current span, in the format of platform's clients", () =>
    Effect.gen(function*() {
      const { spanId, traceId } = yield* Effect.orDie(Effect.currentSpan)
      const parent = yield* Effect.currentParentSpan
      assert.deepStrictEqual(yield* traceHeaders, {
        b3: `${traceId}-${spanId}-1-${parent.spanId === spanId ? "" : parent.spanId}`.replace(/-$/, ""),
        traceparent: `00-${traceId}-${spanId}-01`
      })
    }).pipe(Effect.withSpan("caller")))

  it.scopedLive("are not sent without a span, nor if propagation or the tracer is off", () =>
    Effect.gen(function*() {
      const none = { b3: undefined, traceparent: undefined }
      assert.deepStrictEqual(yield* traceHeaders, none)
      const spanned = Effect.withSpan(traceHeaders, "caller")
      assert.deepStrictEqual(yield* Effect.locally(spanned, HttpClient.currentTracerPropagation, false), none)
      assert.deepStrictEqual(yield* Effect.withTracerEnabled(spanned, false), none)
      assert.deepStrictEqual(
        yield* traceHeaders.pipe(Effect.withTracerEnabled(false), Effect.withSpan("caller")),
        none
      )
      const context = Context.make(Tracer.DisablePropagation, true)
      assert.deepStrictEqual(yield* Effect.withSpan(traceHeaders, "caller", { context }), none)
    }))
})

describe("options", () => {
  it.scopedLive("`connections` limits the pool; the default is 64", () =>
    Effect.gen(function*() {
      const server = yield* rawServer([{ sleep: 20 }, ...reply("{}")])
      for (const [options, most] of [[{ connections: 3 }, 3], [{}, 64]] as const) {
        const before = server.connections()
        const transport = yield* transportTo(server.origin, options)
        yield* Effect.all(Array.from({ length: 70 }, () => transport.exchange("/")), { concurrency: "unbounded" })
        assert.strictEqual(server.connections() - before, most)
        yield* transport.release
      }
    }))

  it("`gracefulShutdownTimeout` is 1 second by default", () => {
    const timeout = (options: ConnectionOptions) =>
      Effect.runSync(makeUndiciTransport(options, "http://127.0.0.1")).gracefulShutdownTimeout
    assert.deepStrictEqual(timeout({}), Duration.seconds(1))
    assert.deepStrictEqual(timeout({ gracefulShutdownTimeout: "5 seconds" }), Duration.seconds(5))
  })

  it.scopedLive("`pool.connect` holds TLS options or is a function", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"), tlsKeys)
      const untrusted = failureOf(yield* (yield* transportTo(server.origin)).exchange("/"))
      assert.deepStrictEqual(untrusted?.slice(0, 2), ["Connection", false])
      // Newer versions of Node add a hint.
      assert.match(String(untrusted?.[2]), /^self-signed certificate/)
      const trusted = yield* transportTo(server.origin, { pool: { connect: { ca: tlsKeys.cert } } })
      assert.isUndefined(failureOf(yield* trusted.exchange("/")))
      const plain = yield* rawServer(reply("{}"))
      const elsewhere = yield* transportTo("http://api.test", {
        pool: {
          connect: (_, callback) => {
            const socket = net.connect(plain.port, "127.0.0.1", () => callback(null, socket))
          }
        }
      })
      assert.isUndefined(failureOf(yield* elsewhere.exchange("/")))
      assert.strictEqual(plain.requests[0]?.headers["host"], "api.test")
    }))

  it.scopedLive.each(
    [
      [{ connections: 0 }, "`connections` must be a whole number of at least 1, not 0"],
      [{ connections: 1.5 }, "`connections` must be a whole number of at least 1, not 1.5"],
      [{ connections: NaN }, "`connections` must be a whole number of at least 1, not NaN"],
      [{ connections: Infinity }, "`connections` must be a whole number of at least 1, not Infinity"],
      [
        { gracefulShutdownTimeout: -1 },
        "`gracefulShutdownTimeout` must be a duration of at least 0, such as \"5 seconds\", not -1"
      ],
      [
        { gracefulShutdownTimeout: "-1 seconds" },
        "`gracefulShutdownTimeout` must be a duration of at least 0, such as \"5 seconds\", not \"-1 seconds\""
      ],
      [
        { gracefulShutdownTimeout: NaN },
        "`gracefulShutdownTimeout` must be a duration of at least 0, such as \"5 seconds\", not NaN"
      ],
      [{ pool: { keepAliveTimeout: -1 } }, "`pool` is refused by undici: invalid keepAliveTimeout"],
      [
        { pool: { maxCachedSessions: -1 } },
        "`pool` is refused by undici: maxCachedSessions must be a positive integer or zero"
      ],
      [{ dispatcher: new MockAgent(), connections: 1 }, "`connections` must not be set together with `dispatcher`"],
      [{ dispatcher: new MockAgent(), proxy: "none" }, "`proxy` must not be set together with `dispatcher`"],
      [{ headers: { "a b": "c" } }, "`headers` must not have \"a b\": it is not the name of a header"]
    ] satisfies ReadonlyArray<readonly [ConnectionOptions, string]>
  )(
    "%o: every request fails with a message that names the option",
    ([options, message]) =>
      Effect.gen(function*() {
        const server = yield* rawServer(reply("{}"))
        const transport = yield* transportTo(server.origin, options)
        assert.deepStrictEqual(failureOf(yield* transport.exchange("/")), ["Unsendable", false, message])
        assert.strictEqual(server.connections(), 0)
        yield* transport.release
      })
  )

  it("valid options", () => {
    const valid: ReadonlyArray<ConnectionOptions> = [
      {},
      { connections: 1, gracefulShutdownTimeout: 0, pool: { allowH2: true }, proxy: "none", headers: { "X-A": "b" } },
      { gracefulShutdownTimeout: Duration.infinity, proxy: "environment" },
      { gracefulShutdownTimeout: [1, 5], proxy: "http://user:password@proxy.example:3128" },
      { dispatcher: new Agent(), headers: {} }
    ]
    for (const options of valid) assert.isUndefined(validate(options))
  })
})

describe("a `dispatcher` of the user's", () => {
  it.scopedLive("sends the requests and is not closed", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const dispatcher = yield* Effect.acquireRelease(
        Effect.sync(() => new Agent({ connections: 1 })),
        (agent) => Effect.promise(() => agent.destroy())
      )
      const transport = yield* transportTo(server.origin, { dispatcher })
      assert.isUndefined(failureOf(yield* transport.exchange("/")))
      yield* transport.release
      assert.isFalse(dispatcher.closed || dispatcher.destroyed)
      assert.isUndefined(failureOf(yield* transport.exchange("/")))
      assert.strictEqual(server.connections(), 1)
      const slow = yield* rawServer(["hold"])
      const aborted = exchange(yield* transportTo(slow.origin, { dispatcher }), slow.origin)("/")
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(aborted, "50 millis")))
      yield* eventually("the abort", Effect.sync(() => slow.openConnections() < slow.connections()))
      assert.strictEqual(slow.requests.length, 1)
    }))

  it.scopedLive("may be a MockAgent", () =>
    Effect.gen(function*() {
      const dispatcher = new MockAgent()
      dispatcher.disableNetConnect()
      dispatcher.get("https://api.test").intercept({ path: "/v1/x" }).reply(200, json, {
        headers: { "retry-after": "7" }
      })
      const transport = yield* transportTo("https://api.test", { dispatcher })
      assert.deepStrictEqual(
        yield* transport.exchange("/v1/x"),
        Either.right({
          status: 200,
          headers: { "retry-after": "7" },
          body: json,
          truncated: false
        })
      )
      assert.strictEqual(failureOf(yield* transport.exchange("/v1/y"))?.[0], "Connection")
    }))

  it.scopedLive("that throws or reports an error fails the request", () =>
    Effect.gen(function*() {
      const failing = (dispatch: Dispatcher["dispatch"]) =>
        Effect.flatMap(
          transportTo("https://api.test", { dispatcher: Object.assign(new MockAgent(), { dispatch }) }),
          (transport) => Effect.map(transport.exchange("/"), failureOf)
        )
      const throwing = yield* failing(() => {
        throw new Error("a fault")
      })
      assert.deepStrictEqual(throwing, ["Connection", false, "a fault"])
      // As Deno refuses what its flags do not allow.
      const refused = Object.assign(new Error("Requires env access to \"X\", run again with the --allow-env flag"), {
        name: "NotCapable"
      })
      const refusing = yield* failing((_, handler) => {
        handler.onResponseError?.(undefined as never, refused)
        return true
      })
      assert.deepStrictEqual(refusing, ["Unsendable", false, refused.message])
    }))
})
