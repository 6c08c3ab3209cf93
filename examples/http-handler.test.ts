import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { router } from "./http-handler.js"
import * as Starts from "./support/starts.js"

const name = "operations/accessPolicies/1/create/1"
const policy = { name: "accessPolicies/1", title: "corp" }
const response = ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", policy)
const pending = { type: "pending", duration: 10_000 } as const
const failed = (code: number) => ({ type: "failed", error: { code, message: "no" } }) as const
const refused = (code: number, status: string) =>
  Response.json({ error: { code, status, message: "no" } }, { status: code })

const answer = (start: Starts.Starts[string]) =>
  Effect.gen(function*() {
    const client = Starts.httpClient(OperationsEmulator.make(), { "POST /v1/accessPolicies": start })
    const operations = OperationsService.layer().pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
    const request = HttpServerRequest.fromWeb(new Request("http://localhost/policies/corp", { method: "POST" }))
    const fiber = yield* Effect.fork(router.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, request),
      Effect.provide(operations)
    ))
    yield* TestClock.adjust("20 seconds")
    const { body, status } = yield* Fiber.join(fiber)
    assert(body._tag === "Uint8Array")
    return [status, JSON.parse(new TextDecoder().decode(body.body))]
  })

describe("the handler answers", () => {
  it.scoped("200 with the policy", () =>
    Effect.gen(function*() {
      const steps = [pending, { type: "succeeded", response }] as const
      assert.deepStrictEqual(yield* answer({ name, steps }), [200, policy])
    }))

  it.scoped("202 with the name of the operation at the deadline", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer({ name, steps: [{ type: "pending" }] }), [202, { operation: name }])
    }))

  it.scoped("409 for a conflict, of the start or of the operation", () =>
    Effect.gen(function*() {
      const verdict = { name, steps: [failed(6)] } as const
      for (const start of [refused(409, "ABORTED"), refused(400, "FAILED_PRECONDITION"), verdict]) {
        const [status] = yield* answer(start)
        assert.strictEqual(status, 409)
      }
    }))

  it.scoped("502 for everything else", () =>
    Effect.gen(function*() {
      const other = ProtobufAny.pack("example.v1.Level", {})
      for (
        const start of [
          refused(403, "PERMISSION_DENIED"),
          new Response("<html>no</html>"),
          { name, steps: [failed(13)] } as const,
          { name, steps: [{ type: "succeeded", response: other }] } as const
        ]
      ) {
        const [status, body] = yield* answer(start)
        assert.strictEqual(status, 502)
        assert.isString(body.error)
      }
    }))
})
