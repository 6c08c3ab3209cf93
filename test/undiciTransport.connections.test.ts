import * as HttpBody from "@effect/platform/HttpBody"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import * as http2 from "node:http2"
import * as net from "node:net"
import { MockAgent } from "undici/index.js"
import type { Transport } from "../src/internal/http/transport.js"
import { type RawRequest, rawServer, reply, response, type Step } from "./support/rawServer.js"
import { eventually } from "./support/sockets.js"
import { failureOf, transportTo } from "./support/transport.js"
import { isOpen, tlsKeys } from "./support/undici.js"

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
