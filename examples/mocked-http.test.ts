// Tests a program with the real client over a mocked HttpClient, and with a test clock.
// #region mocked-http
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, it } from "@effect/vitest"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"

// The program under test.
const createPolicy = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  const operation = yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", {
    timeout: "1 minute"
  })
  return operation.response?.["name"]
})

// A client that responds with these bodies in order.
const respondingWith = (...bodies: ReadonlyArray<unknown>) => {
  const requests: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const body = bodies[requests.push(`${request.method} ${request.url}`) - 1]
      return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body)))
    })
  )
  return {
    requests,
    layer: OperationsService.layer().pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  }
}

it.effect("waits until the policy is created", () =>
  Effect.gen(function*() {
    const name = "operations/accessPolicies/1/create/1700000000000001"
    const http = respondingWith({ name }, { name, done: true, response: { name: "accessPolicies/1" } })

    const fiber = yield* Effect.fork(Effect.provide(createPolicy, http.layer))
    yield* TestClock.adjust("10 seconds")

    assert.strictEqual(yield* Fiber.join(fiber), "accessPolicies/1")
    assert.deepStrictEqual(http.requests, [
      `GET https://accesscontextmanager.googleapis.com/v1/${name}`,
      `GET https://accesscontextmanager.googleapis.com/v1/${name}`
    ])
  }))
// #endregion
