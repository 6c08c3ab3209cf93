import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { RawResponse, TransportFailure, TransportRequest } from "../src/internal/http/transport.js"
import { makeService } from "../src/internal/service.js"
import { name } from "./support/answers.js"
import { apiWith, httpError } from "./support/service.js"

const json = (body: unknown): Exit.Exit<RawResponse> =>
  Exit.succeed({ status: 200, headers: {}, body: JSON.stringify(body), truncated: false })

const broken = (isStale: boolean): Exit.Exit<never, TransportFailure> =>
  Exit.fail({ kind: "Connection", cause: new Error("other side closed"), isStale })

/** A service whose requests end like this, one after the other; the last outcome again and again. */
const over = (
  outcomes: ReadonlyArray<Exit.Exit<RawResponse, TransportFailure>>,
  options?: OperationsService.Options
) =>
  Effect.gen(function*() {
    const requests: Array<TransportRequest> = []
    const service = yield* makeService({
      send: (request, done) => {
        const outcome = outcomes[Math.min(requests.push(request), outcomes.length) - 1]!
        queueMicrotask(() => done(outcome))
        return () => Effect.void
      },
      gracefulShutdownTimeout: Duration.zero,
      release: Effect.void
    }, options)
    return { requests, service }
  })

describe("a connection that had served a request and closed before any byte of a response", () => {
  it.scoped("costs a get one more request, at once, and no error", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([broken(true), json({ name, done: true })])
      assert.strictEqual((yield* service.get(name))._tag, "Succeeded")
      assert.strictEqual(requests.length, 2)
      assert.deepStrictEqual(requests[1]!.headers, requests[0]!.headers)
    }))

  it.scoped("costs a wait no delay", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([json({ name }), broken(true), json({ name, done: true })])
      const fiber = yield* Effect.fork(service.wait(name, { schedule: Polling.spaced("5 seconds") }))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Succeeded")
      assert.strictEqual(requests.length, 3)
    }))

  it.scoped("costs a poll that the server answers when the operation is done no delay either", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([broken(true), json({ name, done: true })], {
        api: apiWith({ wait: "body" })
      })
      assert.strictEqual((yield* service.wait(name))._tag, "Succeeded")
      assert.deepStrictEqual(requests.map(({ method }) => method), ["POST", "POST"])
    }))

  it.scoped("is told the second time", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([broken(true)])
      const error = yield* httpError(service.get(name))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isTransient)
      assert.strictEqual(requests.length, 2)
    }))

  it.scoped("is told at once if the connection was a new one", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([broken(false), json({ name, done: true })])
      assert.strictEqual((yield* httpError(service.get(name))).reason, "Transport")
      assert.strictEqual(requests.length, 1)
    }))

  it.scoped("is told at once by a start, a cancel and a delete, which may have been received", () =>
    Effect.gen(function*() {
      const { requests, service } = yield* over([broken(true)])
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        service.start(HttpClientRequest.post("/v1/accessPolicies")),
        service.cancel(name),
        service.delete(name)
      ]
      for (const [index, call] of calls.entries()) {
        assert.strictEqual((yield* httpError(call)).reason, "Transport")
        assert.strictEqual(requests.length, index + 1)
      }
    }))
})

const listen = (server: Server) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

it.scopedLive("a server whose idle connections close just when a poll begins costs no error", () =>
  Effect.gen(function*() {
    let requests = 0
    // Closes each connection when it has been idle for as long as the polls are apart; undici does not know about it.
    const server = createServer((_, response) => {
      requests++
      response.writeHead(200, { "content-type": "application/json", connection: "keep-alive" })
      response.end(JSON.stringify({ name, done: false }))
      setTimeout(() => response.socket?.destroy(), 20)
    })
    server.keepAliveTimeout = 0
    const port = yield* listen(server)
    const service = yield* NodeOperations.make({
      api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: `http://127.0.0.1:${port}` })
    })
    for (let count = 0; count < 60; count++) {
      assert.strictEqual((yield* service.get(name))._tag, "Pending")
      yield* Effect.sleep(19 + (count % 4))
    }
    assert.isAtLeast(requests, 60)
  }))
