import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { callsOf, cancelled, type Context, inMemory, metadata } from "./support/emulatorRequests.js"
import { httpError, service } from "./support/service.js"
import { startEmulator } from "./support/sockets.js"

describe(":wait on the test's clock", () => {
  const held = (steps: Parameters<OperationsEmulator.Service["script"]>[1], timeout = "10s") =>
    Effect.gen(function*() {
      const { emulator, send } = inMemory()
      yield* emulator.script("operations/a", steps)
      const fiber = yield* Effect.fork(send("POST", "/v1/operations/a:wait", { timeout }))
      const isHeld = Effect.map(Fiber.poll(fiber), ({ _tag }) => _tag === "None")
      const body = Effect.map(Fiber.join(fiber), ({ body }) => body)
      return { emulator, send, fiber, isHeld, body }
    })
  const pending = { name: "operations/a" }
  const done = { name: "operations/a", done: true }

  it.effect("until the operation is done", () =>
    Effect.gen(function*() {
      const { body, isHeld } = yield* held([
        { type: "pending", duration: 2_000 },
        { type: "pending", duration: 2_000, metadata },
        { type: "succeeded" }
      ])
      yield* TestClock.adjust(3_999)
      assert.isTrue(yield* isHeld)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* body, done)
    }))

  it.effect("until its timeout passes, and then takes one answer", () =>
    Effect.gen(function*() {
      const { body, isHeld, send } = yield* held([{ type: "pending" }, { type: "succeeded" }], "1.500s")
      yield* TestClock.adjust(1_499)
      assert.isTrue(yield* isHeld)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* body, pending)
      assert.deepStrictEqual((yield* send("POST", "/v1/operations/a:wait", { timeout: "10s" })).body, done)
    }))

  it.effect("a delay comes on top, and a fault after the pending step ends it", () =>
    Effect.gen(function*() {
      const { fiber, isHeld } = yield* held([
        { type: "pending", duration: 1_000 },
        { type: "http", status: 503, delay: 500 },
        { type: "succeeded" }
      ])
      yield* TestClock.adjust(1_499)
      assert.isTrue(yield* isHeld)
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).status, 503)
    }))

  it.effect("until somebody cancels, deletes, scripts it anew, or polls the last pending answer", () =>
    Effect.gen(function*() {
      const end = (act: (context: Context) => Effect.Effect<unknown, unknown>) =>
        Effect.gen(function*() {
          const { fiber, ...context } = yield* held([{ type: "pending" }, { type: "succeeded" }])
          yield* TestClock.adjust("1 second")
          yield* act(context)
          const answer = yield* Fiber.join(fiber)
          assert.isTrue((yield* context.emulator.calls).every(({ at }) => at % 1_000 === 0))
          return answer
        })
      const cancel = yield* end(({ send }) => send("POST", "/v1/operations/a:cancel"))
      assert.deepStrictEqual(cancel.body, { ...done, error: cancelled })
      assert.strictEqual((yield* end(({ send }) => send("DELETE", "/v1/operations/a"))).status, 404)
      const anew = yield* end(({ emulator }) => emulator.script("operations/a", [{ type: "succeeded" }]))
      assert.deepStrictEqual(anew.body, done)
      assert.deepStrictEqual((yield* end(({ send }) => send("GET", "/v1/operations/a"))).body, done)
    }))

  it.effect("for 100 seconds without a timeout; the time of a call is that of its arrival", () =>
    Effect.gen(function*() {
      const { emulator, send } = inMemory()
      yield* emulator.script("operations/a", [{ type: "pending" }])
      yield* TestClock.adjust("7 seconds")
      const fiber = yield* Effect.fork(send("POST", "/v1/operations/a:wait"))
      yield* TestClock.adjust(99_999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).body, pending)
      assert.deepStrictEqual(yield* emulator.calls, [{ method: "wait", name: "operations/a", at: 7_000 }])
    }))
})

// The client of this package and the emulator, each proof of the other.
const throughTheClient = (
  emulator: OperationsEmulator.Service,
  operations: OperationsService.Service,
  collection: string
) =>
  Effect.gen(function*() {
    const name = (id: string) => `${collection}/${id}`
    yield* Effect.forEach(["a", "b", "c"], (id) => emulator.script(name(id), [{ type: "pending" }]))
    const listed = Effect.map(
      Stream.runCollect(operations.list({ collection, pageSize: 2 })),
      (found) => Chunk.toReadonlyArray(found).map((operation) => [operation.name, operation._tag])
    )
    assert.deepStrictEqual(yield* listed, [[name("a"), "Pending"], [name("b"), "Pending"], [name("c"), "Pending"]])
    yield* operations.cancel(name("a"))
    yield* operations.delete(name("b"))
    assert.deepStrictEqual(yield* listed, [[name("a"), "Failed"], [name("c"), "Pending"]])
    const error = yield* Effect.flip(operations.wait(name("a")))
    assert.strictEqual(error._tag === "OperationError" && error.code, "CANCELLED")
    assert.strictEqual((yield* httpError(operations.get(name("b")))).code, "NOT_FOUND")
    yield* emulator.script(name("c"), [{ type: "pending", duration: 100 }, { type: "succeeded" }])
    assert.strictEqual((yield* operations.wait(name("c"), { timeout: "20 seconds" }))._tag, "Succeeded")
    assert.deepStrictEqual(yield* callsOf(emulator), [
      `list ${collection}`,
      `list ${collection}`,
      `cancel ${name("a")}`,
      `delete ${name("b")}`,
      `list ${collection}`,
      `wait ${name("a")}`,
      `get ${name("b")}`,
      `wait ${name("c")}`
    ])
  })

describe.each(["body", "query"] as const)("the client on an API with :wait, its timeout in the %s", (wait) => {
  const collection = "projects/p/locations/l/operations"
  const api = { version: "v2", methods: { wait } }

  it.scoped("in memory", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make({ versions: ["v2"] })
      const operations = yield* service(
        {
          layer: Layer.provide(
            OperationsEmulator.layerHttpClient,
            Layer.succeed(OperationsEmulator.OperationsEmulator, emulator)
          )
        },
        { api: GoogleApi.make({ ...api, baseUrl: "https://run.googleapis.com" }) }
      )
      const fiber = yield* Effect.fork(throughTheClient(emulator, operations, collection))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }))

  it.scopedLive("over a loopback socket", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator({ versions: ["v2"] })
      const operations = yield* NodeOperations.make({ api: GoogleApi.make({ ...api, baseUrl: emulator.url }) })
      yield* throughTheClient(emulator, operations, collection)
    }))
})

it.scoped("a server without :wait is polled, one that does not hold is no busy loop", () =>
  Effect.gen(function*() {
    for (const wait of ["unimplemented", "unrouted", "atOnce"] as const) {
      const emulator = OperationsEmulator.make({ methods: { wait } })
      yield* emulator.script("operations/a", [{ type: "pending", duration: 10_000 }, { type: "succeeded" }])
      const api = GoogleApi.make({ ...GoogleApi.accessContextManager, methods: { wait: "body" } })
      const layer = OperationsEmulator.layerHttpClient.pipe(
        Layer.provide(Layer.succeed(OperationsEmulator.OperationsEmulator, emulator))
      )
      const operations = yield* service({ layer }, { api })
      const fiber = yield* Effect.fork(operations.wait("operations/a"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Succeeded")
      const methods = (yield* emulator.calls).map(({ method }) => method)
      assert.isTrue(methods.length < 20, `${methods.length} calls`)
      assert.deepStrictEqual(
        methods.filter((method) => method === "wait").length,
        wait === "atOnce" ? methods.length : 1
      )
    }
  }))
