import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { name } from "./support/answers.js"
import { eventually } from "./support/sockets.js"

/** A server that never responds to a path with `silent` in it, with its connections. */
const makeServer = Effect.acquireRelease(
  Effect.async<{
    readonly api: GoogleApi.GoogleApi
    readonly open: () => number
    readonly opened: () => number
    readonly requests: () => number
    readonly close: () => Promise<void>
  }>((resume) => {
    const sockets = new Set<Socket>()
    let opened = 0
    let requests = 0
    const server = createServer((request, response) => {
      requests++
      if (request.url?.includes("silent") === true) return
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify({ name, done: true }))
    })
    server.on("connection", (socket) => {
      opened++
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({
        api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: `http://127.0.0.1:${port}` }),
        open: () => sockets.size,
        opened: () => opened,
        requests: () => requests,
        close: () =>
          new Promise((resolve) => {
            server.closeAllConnections()
            server.close(() => resolve())
          })
      }))
    })
  }),
  ({ close }) => Effect.promise(close)
)

const silent = "operations/silent"
const settle = Effect.sleep("150 millis")

describe("a request that times out", () => {
  it.scopedLive("closes its connection, and opens no other", () =>
    Effect.gen(function*() {
      const server = yield* makeServer
      const operations = yield* NodeOperations.make({ api: server.api, requestTimeout: "50 millis" })
      const error = yield* Effect.flip(operations.get(silent))
      assert.strictEqual(error._tag === "HttpError" && error.reason, "Timeout")
      yield* eventually("no connection is open", Effect.sync(() => server.open() === 0))
      yield* settle
      assert.deepStrictEqual([server.opened(), server.open(), server.requests()], [1, 0, 1])
    }))

  it.scopedLive("does not close the connections of others", () =>
    Effect.gen(function*() {
      const server = yield* makeServer
      const operations = yield* NodeOperations.make({ api: server.api, requestTimeout: "300 millis" })
      const timingOut = yield* Effect.fork(Effect.all([1, 2, 3].map(() => Effect.flip(operations.get(silent))), {
        concurrency: "unbounded"
      }))
      yield* eventually("three requests", Effect.sync(() => server.requests() === 3))
      yield* operations.get(name)
      yield* Fiber.join(timingOut)
      yield* eventually("one connection is open", Effect.sync(() => server.open() === 1))
      yield* settle
      assert.deepStrictEqual([server.opened(), server.open()], [4, 1])
    }))

  it.scopedLive("at the deadline of a wait closes its connection", () =>
    Effect.gen(function*() {
      const server = yield* makeServer
      const operations = yield* NodeOperations.make({ api: server.api })
      const error = yield* Effect.flip(operations.wait(silent, { timeout: "100 millis" }))
      assert.strictEqual(error._tag, "WaitTimeoutError")
      yield* eventually("no connection is open", Effect.sync(() => server.open() === 0))
      yield* settle
      assert.deepStrictEqual([server.opened(), server.open(), server.requests()], [1, 0, 1])
    }))

  it.scopedLive("is not sent again when the wait is interrupted, and closes its connection", () =>
    Effect.gen(function*() {
      const server = yield* makeServer
      const operations = yield* NodeOperations.make({ api: server.api })
      const fiber = yield* Effect.fork(operations.wait(silent))
      yield* eventually("a request", Effect.sync(() => server.requests() === 1))
      yield* Fiber.interrupt(fiber)
      yield* eventually("no connection is open", Effect.sync(() => server.open() === 0))
      yield* settle
      assert.deepStrictEqual([server.opened(), server.open(), server.requests()], [1, 0, 1])
    }))
})
