import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { json, mockHttp } from "./support/http.js"

it.scoped("updates sees each state, also where the server could hold its answer until the end", () =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make()
    yield* emulator.script("operations/a", [
      { type: "pending", duration: 1000, metadata: { percent: 1 } },
      { type: "pending", duration: 1000, metadata: { percent: 2 } },
      { type: "pending", duration: 1000, metadata: { percent: 3 } },
      { type: "succeeded" }
    ])
    const api = GoogleApi.make({ ...GoogleApi.accessContextManager, methods: { wait: "body" } })
    const operations = yield* Effect.provideService(
      OperationsService.make({ api }),
      HttpClient.HttpClient,
      emulator.httpClient
    )
    const fiber = yield* Effect.fork(
      Stream.runCollect(operations.updates("operations/a", { schedule: Polling.fixed("300 millis") }))
    )
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(
      Chunk.toReadonlyArray(yield* Fiber.join(fiber)).map((operation) => operation.metadata?.["percent"]),
      [1, 2, 3, undefined]
    )
  }))

it.scoped("a second request, with new credentials, has what is left of requestTimeout", () =>
  Effect.gen(function*() {
    let tokens = 0
    const http = mockHttp((_, index) =>
      index === 0 ? Effect.delay(Effect.succeed(new Response("", { status: 401 })), "900 millis") : Effect.never
    )
    const credentials = Credentials.make({
      headers: () => Effect.sync(() => ({ authorization: Redacted.make(`Bearer token-${tokens++}`) }))
    })
    const operations = yield* Effect.provide(
      OperationsService.make({ credentials, requestTimeout: "1 second" }),
      http.layer
    )
    const fiber = yield* Effect.fork(Effect.flip(operations.get("operations/a")))
    yield* TestClock.adjust("1 second")
    const error = yield* Fiber.join(fiber)
    assert.strictEqual(error._tag === "HttpError" && error.reason, "Timeout")
    assert.strictEqual(http.requests.length, 2)
  }))

it.scoped("start asks for the service's error format, unless the request does", () =>
  Effect.gen(function*() {
    const http = mockHttp(() => Effect.succeed(json({ name: "operations/a" })))
    const operations = yield* Effect.provide(OperationsService.make({ xgafv: "1" }), http.layer)
    yield* operations.start(HttpClientRequest.post("/v1/accessPolicies"))
    yield* operations.start(HttpClientRequest.post("/v1/accessPolicies?%24.xgafv=2"))
    assert.deepStrictEqual(http.requests.map((request) => new URL(request.url).searchParams.get("$.xgafv")), ["1", "2"])
  }))

it.scopedLive("a request that cannot be sent is InvalidRequest on Node, and not transient", () =>
  Effect.gen(function*() {
    const { api } = yield* OperationsEmulator.make().serve()
    const operations = yield* NodeOperations.make({ api })
    const request = HttpClientRequest.post("/v1/accessPolicies").pipe(HttpClientRequest.setHeader("x", "a\nb"))
    const error = yield* Effect.flip(operations.start(request))
    assert.deepStrictEqual(error._tag === "HttpError" && [error.reason, error.isTransient], ["InvalidRequest", false])
  }))
