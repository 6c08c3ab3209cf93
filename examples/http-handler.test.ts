import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { router } from "./http-handler.js"

const policy = { name: "accessPolicies/1", title: "corp" }
const response = ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", policy)
const pending = OperationsEmulator.pending({ duration: "10 seconds" })

const refused = (httpStatus: number, status: string) =>
  OperationsEmulator.httpFault({
    status: httpStatus,
    body: JSON.stringify({ error: { code: httpStatus, status, message: "no" } })
  })

/** Runs the handler with an operation that has these steps, and returns its response. */
const answer = (...steps: NonEmptyReadonlyArray<OperationsEmulator.Step>) =>
  Effect.gen(function*() {
    const emulator = yield* OperationsEmulator.OperationsEmulator
    yield* emulator.onStart({ path: "/v1/accessPolicies" }, { name: "operations/a", steps })
    const request = HttpServerRequest.fromWeb(new Request("http://localhost/policies/corp", { method: "POST" }))
    const fiber = yield* Effect.fork(Effect.provideService(router, HttpServerRequest.HttpServerRequest, request))
    yield* TestClock.adjust("20 seconds")
    const { body, status } = yield* Fiber.join(fiber)
    assert(body._tag === "Uint8Array")
    return [status, JSON.parse(new TextDecoder().decode(body.body))]
  }).pipe(Effect.provide(OperationsEmulator.layerTest()))

describe("the handler responds with", () => {
  it.scoped("200 with the policy", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(pending, OperationsEmulator.succeeded({ response })), [200, policy])
    }))

  it.scoped("202 with the name of the operation at the deadline", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(OperationsEmulator.pending()), [202, { operation: "operations/a" }])
    }))

  it.scoped("409 for a conflict, of the start or of the operation", () =>
    Effect.gen(function*() {
      for (
        const step of [
          refused(409, "ABORTED"),
          refused(400, "FAILED_PRECONDITION"),
          OperationsEmulator.failed({ code: "ALREADY_EXISTS" })
        ]
      ) {
        const [status] = yield* answer(step)
        assert.strictEqual(status, 409)
      }
    }))

  it.scoped("502 for everything else", () =>
    Effect.gen(function*() {
      for (
        const step of [
          refused(403, "PERMISSION_DENIED"),
          OperationsEmulator.httpFault({ status: 200, body: "<html>no</html>" }),
          OperationsEmulator.failed({ code: "INTERNAL" }),
          OperationsEmulator.succeeded({ response: ProtobufAny.pack("example.v1.Level", {}) })
        ]
      ) {
        const [status, body] = yield* answer(step)
        assert.strictEqual(status, 502)
        assert.isString(body.error)
      }
    }))
})
