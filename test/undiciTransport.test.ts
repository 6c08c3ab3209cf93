import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { once } from "node:events"
import * as http2 from "node:http2"
import * as net from "node:net"
import { Readable } from "node:stream"
import type { Dispatcher } from "undici"
import { Agent, MockAgent } from "undici/index.js"
import { type ConnectionOptions, validate } from "../src/internal/http/nodeOptions.js"
import type { RawResponse, Transport, TransportRequest } from "../src/internal/http/transport.js"
import { makeUndiciTransport } from "../src/internal/http/undiciTransport.js"
import { certificate } from "./support/certificate.js"
import { type RawRequest, rawServer, reply, response, scripts, type Step } from "./support/rawServer.js"
import { eventually } from "./support/sockets.js"
import { exchange, failureOf, transportTo } from "./support/transport.js"

const json = JSON.stringify({ name: "operations/ä", done: false })
const tlsKeys = certificate("localhost")

const isOpen = (server: { readonly openConnections: () => number }, count: number) =>
  eventually(`${count} open connections`, Effect.sync(() => server.openConnections() === count))

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

describe("a connection that breaks before any byte of a response", () => {
  // The first request of each connection is answered.
  const thenBreaks = (...steps: ReadonlyArray<Step>) => ({ index }: RawRequest) => index === 0 ? reply("{}") : steps

  const secondOf = (
    respond: Parameters<typeof rawServer>[0],
    { tls = false } = {}
  ) =>
    Effect.gen(function*() {
      const server = yield* rawServer(respond, tls ? tlsKeys : {})
      const transport = yield* transportTo(server.origin, { pool: { connect: { ca: tlsKeys.cert } } })
      const first = yield* transport.exchange("/")
      // Until the client has taken the connection back.
      yield* Effect.sleep("10 millis")
      const second = yield* transport.exchange("/")
      return { first: failureOf(first), second: failureOf(second), connections: server.connections() }
    })

  it.scopedLive.each(
    [
      ["a close", ["end"], false],
      ["a reset", ["reset"], false],
      ["a close over TLS", ["end"], true],
      ["a reset over TLS", ["reset"], true]
    ] satisfies ReadonlyArray<readonly [string, ReadonlyArray<Step>, boolean]>
  )(
    "is stale if it was reused: %s",
    ([_, steps, tls]) =>
      Effect.gen(function*() {
        const { connections, first, second } = yield* secondOf(thenBreaks(...steps), { tls })
        assert.isUndefined(first)
        assert.deepStrictEqual(second?.slice(0, 2), ["Connection", true])
        assert.strictEqual(connections, 1)
      })
  )

  it.scopedLive("is not stale if it is new", () =>
    Effect.gen(function*() {
      const { connections, first, second } = yield* secondOf(["end"])
      assert.deepStrictEqual([first, second].map((failure) => failure?.[1]), [false, false])
      assert.strictEqual(connections, 2)
    }))

  it.scopedLive.each(
    [
      ["a part of the headers", [{ send: "HTTP/1.1 200 O" }, "end"], false],
      ["a part of the headers, over TLS", [{ send: "H" }, "end"], true],
      ["an informational response", [{ send: "HTTP/1.1 103 Early Hints\r\n\r\n" }, { sleep: 10 }, "end"], false],
      ["no HTTP", [{ send: "SSH-2.0-OpenSSH_9.6\r\n" }], false]
    ] satisfies ReadonlyArray<readonly [string, ReadonlyArray<Step>, boolean]>
  )(
    "is not stale after %s",
    ([_, steps, tls]) =>
      Effect.gen(function*() {
        const { first, second } = yield* secondOf(thenBreaks(...steps), { tls })
        assert.isUndefined(first)
        assert.deepStrictEqual(second?.slice(0, 2), ["Connection", false])
      })
  )

  it.scopedLive("is not stale after a part of the headers, with pipelining", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(thenBreaks({ send: "HTTP/1.1 200 O" }, "end"))
      const transport = yield* transportTo(server.origin, { connections: 1, pool: { pipelining: 2 } })
      assert.isUndefined(failureOf(yield* transport.exchange("/")))
      assert.deepStrictEqual(failureOf(yield* transport.exchange("/"))?.slice(0, 2), ["Connection", false])
    }))

  it.scopedLive("is not stale within the body", () =>
    Effect.gen(function*() {
      const { second } = yield* secondOf(thenBreaks({ send: response("{", [["content-length", "2"]]) }, "end"))
      assert.deepStrictEqual(second?.slice(0, 2), ["Body", false])
    }))

  it.scopedLive("is always stale if the server closes idle connections, and the next request succeeds", () =>
    Effect.gen(function*() {
      const server = yield* rawServer([{ send: response("{}") }, { closeWhenIdle: 5 }])
      const transport = yield* transportTo(server.origin)
      for (let poll = 0; poll < 60; poll++) {
        const failure = failureOf(yield* transport.exchange("/"))
        if (failure === undefined) {
          yield* Effect.sleep(poll % 2 === 0 ? "4 millis" : "5 millis")
        } else {
          assert.deepStrictEqual(failure.slice(0, 2), ["Connection", true])
          assert.isUndefined(failureOf(yield* transport.exchange("/")))
        }
      }
    }))

  describe("over HTTP/2", () => {
    // Answers every stream by `respond`, given how many streams the session has had before.
    const http2Server = (respond: (stream: http2.ServerHttp2Stream, index: number) => void) =>
      Effect.acquireRelease(
        Effect.promise(async () => {
          const sessions = new Set<http2.ServerHttp2Session>()
          let connections = 0
          const server = http2.createSecureServer(tlsKeys)
          server.on("session", (session) => {
            let index = 0
            connections++
            sessions.add(session)
            session.on("error", () => {}).once("close", () => sessions.delete(session))
            session.on("stream", (stream) => respond(stream.on("error", () => {}), index++))
          })
          await once(server.listen(0, "127.0.0.1"), "listening")
          const origin = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`
          const close = () => {
            for (const session of sessions) session.destroy()
            return new Promise((resolve) => server.close(resolve))
          }
          return { origin, close, connections: () => connections, openConnections: () => sessions.size }
        }),
        ({ close }) => Effect.promise(close)
      )

    const overHttp2 = (origin: string) =>
      transportTo(origin, {
        connections: 1,
        pool: { allowH2: true, pipelining: 10, connect: { ca: tlsKeys.cert } }
      })

    const answer = (stream: http2.ServerHttp2Stream): void => {
      stream.respond({ ":status": 200, "content-type": "application/json" })
      stream.end("{}")
    }

    const goaway = (stream: http2.ServerHttp2Stream): void => stream.session?.goaway(0)
    const drop = (stream: http2.ServerHttp2Stream): void => stream.session?.destroy()

    // The first stream of each session is answered.
    const thenBreaks = (fault: (stream: http2.ServerHttp2Stream) => void) =>
      http2Server((stream, index) => index === 0 ? answer(stream) : fault(stream))

    it.scopedLive("a response", () =>
      Effect.gen(function*() {
        const server = yield* http2Server(answer)
        const transport = yield* overHttp2(server.origin)
        const { headers, ...rest } = Either.getOrThrow(yield* transport.exchange("/"))
        assert.deepStrictEqual(rest, { status: 200, body: "{}", truncated: false })
        assert.strictEqual(headers["content-type"], "application/json")
        yield* transport.release
        yield* isOpen(server, 0)
      }))

    it.scopedLive.each([["GOAWAY", goaway], ["a close", drop]] as const)(
      "is stale if it was reused: %s",
      ([_, fault]) =>
        Effect.gen(function*() {
          const server = yield* thenBreaks(fault)
          const transport = yield* overHttp2(server.origin)
          assert.isUndefined(failureOf(yield* transport.exchange("/")))
          const all = yield* Effect.all(Array.from({ length: 5 }, () => transport.exchange("/")), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(
            all.map((result) => failureOf(result)?.slice(0, 2)),
            Array.from({ length: 5 }, () => ["Connection", true])
          )
          // The next connection is a new one.
          assert.isUndefined(failureOf(yield* transport.exchange("/")))
        })
    )

    it.scopedLive.each([["GOAWAY", goaway], ["a close", drop]] as const)(
      "is not stale if it is new: %s",
      ([_, fault]) =>
        Effect.gen(function*() {
          const server = yield* http2Server(fault)
          const transport = yield* overHttp2(server.origin)
          assert.deepStrictEqual(failureOf(yield* transport.exchange("/"))?.slice(0, 2), ["Connection", false])
        })
    )

    it.scopedLive("is not stale within the response", () =>
      Effect.gen(function*() {
        const server = yield* thenBreaks((stream) => {
          stream.respond({ ":status": 200 })
          stream.write("{")
          setTimeout(() => stream.session?.destroy(), 20)
        })
        const transport = yield* overHttp2(server.origin)
        assert.isUndefined(failureOf(yield* transport.exchange("/")))
        assert.deepStrictEqual(failureOf(yield* transport.exchange("/"))?.slice(0, 2), ["Body", false])
      }))

    it.scopedLive("a stream that is reset or aborted does not affect the connection", () =>
      Effect.gen(function*() {
        let aborted = 0
        const server = yield* http2Server((stream, index) => {
          if (index === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
          else if (index === 2) stream.on("close", () => aborted++)
          else answer(stream)
        })
        const transport = yield* overHttp2(server.origin)
        assert.isUndefined(failureOf(yield* transport.exchange("/")))
        assert.deepStrictEqual(failureOf(yield* transport.exchange("/"))?.slice(0, 2), ["Connection", false])
        assert.isTrue(Option.isNone(yield* Effect.timeoutOption(transport.exchange("/"), "50 millis")))
        yield* eventually("the server sees the abort", Effect.sync(() => aborted === 1))
        assert.isUndefined(failureOf(yield* transport.exchange("/")))
        assert.strictEqual(server.connections(), 1)
      }))
  })
})

describe("an abort", () => {
  it.scopedLive("closes the connection of a request in flight and opens no other", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(["hold"])
      const transport = yield* transportTo(server.origin)
      const fiber = yield* Effect.fork(transport.exchange("/"))
      yield* eventually("a request", Effect.sync(() => server.requests.length === 1))
      yield* Fiber.interrupt(fiber)
      yield* isOpen(server, 0)
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual([server.connections(), server.openConnections()], [1, 0])
    }))

  it.scopedLive("within the body closes the connection and opens no other", () =>
    Effect.gen(function*() {
      const server = yield* rawServer([{ send: response("{", [["content-length", "2"]]) }, "hold"])
      const transport = yield* transportTo(server.origin)
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(transport.exchange("/"), "50 millis")))
      yield* isOpen(server, 0)
      assert.strictEqual(server.connections(), 1)
    }))

  it.scopedLive("of a queued request prevents that it is sent and keeps the connection", () =>
    Effect.gen(function*() {
      const server = yield* rawServer([{ sleep: 50 }, ...reply("{}")])
      const transport = yield* transportTo(server.origin, { connections: 1 })
      const first = yield* Effect.fork(transport.exchange("/first"))
      const waiting = yield* Effect.forEach(
        Array.from({ length: 10 }).keys(),
        (index) => Effect.fork(transport.exchange(`/aborted/${index}`))
      )
      const last = yield* Effect.fork(transport.exchange("/last"))
      yield* eventually("a request", Effect.sync(() => server.requests.length === 1))
      yield* Fiber.interruptAll(waiting)
      assert.isUndefined(failureOf(yield* Fiber.join(first)))
      assert.isUndefined(failureOf(yield* Fiber.join(last)))
      assert.deepStrictEqual(server.requests.map(({ path }) => path), ["/first", "/last"])
      assert.strictEqual(server.connections(), 1)
    }))

  it.scopedLive("waits until the stream of the body is finalized", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(["hold"])
      const transport = yield* transportTo(server.origin, { connections: 1 })
      const uploads = yield* Effect.forEach([0, 1], () =>
        Effect.gen(function*() {
          const started = yield* Deferred.make<void>()
          let isFinalized = false
          const stream = Stream.concat(
            Stream.encodeText(Stream.fromEffect(Effect.as(Deferred.succeed(started, undefined), "a"))),
            Stream.never
          ).pipe(Stream.ensuring(Effect.delay(Effect.sync(() => isFinalized = true), "20 millis")))
          const fiber = yield* Effect.fork(
            transport.exchange("/", { method: "POST", body: HttpBody.stream(stream) })
          )
          return { started, fiber, isFinalized: () => isFinalized }
        }))
      const [sending, waiting] = uploads
      yield* Deferred.await(sending!.started)
      yield* Fiber.interrupt(sending!.fiber)
      assert.isTrue(sending!.isFinalized())
      // The stream of the queued request has something to finalize only if it has started.
      yield* Fiber.interrupt(waiting!.fiber)
      assert.strictEqual(waiting!.isFinalized(), yield* Deferred.isDone(waiting!.started))
    }))

  // Sends a request as the engine does, and gives what aborts it.
  const sendTo = (transport: Transport, url: string, done: () => void) =>
    Effect.map(Effect.runtime<never>(), (runtime) =>
      transport.send(
        {
          method: "GET",
          url,
          headers: {},
          body: HttpBody.empty,
          maxBodySize: 100,
          span: undefined,
          caller: { runtime }
        },
        done
      ))

  it.scopedLive("has no effect after the response, nor the second time", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const transport = yield* transportTo(server.origin, { connections: 1 })
      const done = yield* Deferred.make<void>()
      const abort = yield* sendTo(transport, `${server.origin}/`, () => Deferred.unsafeDone(done, Exit.void))
      yield* Deferred.await(done)
      yield* Effect.suspend(abort)
      yield* Effect.suspend(abort)
      assert.isUndefined(failureOf(yield* transport.exchange("/")))
      assert.strictEqual(server.connections(), 1)
    }))

  it.scopedLive("prevents the call of `done` for a response that has just arrived; `send` never calls it", () =>
    Effect.gen(function*() {
      // It answers within `dispatch`.
      const dispatcher = new MockAgent()
      dispatcher.get("https://api.test").intercept({ path: "/" }).reply(200, "{}").persist()
      const transport = yield* transportTo("https://api.test", { dispatcher })
      let told = 0
      yield* sendTo(transport, "https://api.test/", () => told++)
      assert.strictEqual(told, 0)
      yield* Effect.sleep("1 millis")
      assert.strictEqual(told, 1)
      const abort = yield* sendTo(transport, "https://api.test/", () => told++)
      yield* Effect.suspend(abort)
      yield* Effect.sleep("1 millis")
      assert.strictEqual(told, 1)
    }))
})

describe("release", () => {
  it.scopedLive("closes connections, idle and in use", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(({ path }) => path === "/hold" ? ["hold"] : reply("{}"))
      const transport = yield* transportTo(server.origin)
      const inUse = yield* Effect.fork(transport.exchange("/hold"))
      yield* eventually("a request", Effect.sync(() => server.requests.length === 1))
      yield* transport.exchange("/")
      yield* isOpen(server, 2)
      yield* transport.release
      assert.strictEqual(failureOf(yield* Fiber.join(inUse))?.[0], "Connection")
      yield* isOpen(server, 0)
      assert.deepStrictEqual(failureOf(yield* transport.exchange("/")), [
        "Connection",
        false,
        "The client is destroyed"
      ])
      yield* transport.release
    }))

  it.scopedLive("ends attempts to connect", () =>
    Effect.gen(function*() {
      const attempt = new net.Socket()
      const transport = yield* transportTo("http://127.0.0.1:9", { pool: { connect: () => attempt } })
      const fiber = yield* Effect.fork(transport.exchange("/"))
      yield* Effect.sleep("10 millis")
      yield* transport.release
      assert.isTrue(attempt.destroyed)
      assert.strictEqual(failureOf(yield* Fiber.join(fiber))?.[0], "Connection")
    }))

  it.scopedLive("closes a connection that the user's connector opens later", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const connected = yield* Deferred.make<() => void>()
      const transport = yield* transportTo(server.origin, {
        pool: {
          connect: (_, callback) => {
            const socket = net.connect(server.port, "127.0.0.1")
            Deferred.unsafeDone(connected, Effect.succeed(() => callback(null, socket)))
          }
        }
      })
      yield* Effect.fork(transport.exchange("/"))
      const connect = yield* Deferred.await(connected)
      yield* isOpen(server, 1)
      yield* transport.release
      connect()
      yield* isOpen(server, 0)
    }))

  it.scopedLive("closes the connection of a client that undici dropped after a failed attempt", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      let attempts = 0
      const transport = yield* transportTo(server.origin, {
        connections: 1,
        pool: {
          connect: (_, callback) => {
            if (attempts++ === 0) return void setImmediate(() => callback(new Error("no route"), null))
            const socket = net.connect(server.port, "127.0.0.1", () => callback(null, socket))
          }
        }
      })
      const results = yield* Effect.all(Array.from({ length: 3 }, () => transport.exchange("/")), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(failureOf(results[0]!), ["Connection", false, "no route"])
      assert.isUndefined(failureOf(results[2]!))
      yield* transport.release
      yield* isOpen(server, 0)
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
