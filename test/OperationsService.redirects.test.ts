// A client that follows redirects by itself must not carry credentials to another origin.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { rawServer, response } from "./support/rawServer.js"
import { httpError } from "./support/service.js"

const operation = "{\"name\":\"operations/x\",\"done\":true,\"response\":{}}"

const clients = {
  fetch: FetchHttpClient.layer,
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer
}

const tracers = {
  "with the tracer on": <A, E, R>(effect: Effect.Effect<A, E, R>) => effect,
  "with the tracer off": Effect.withTracerEnabled(false)
}

describe.each(Object.entries(clients))("HttpClient.followRedirects over %s", (_, client) => {
  it.scopedLive.each(Object.entries(tracers))(
    "sends no request to another origin, %s",
    ([, traced]) =>
      Effect.gen(function*() {
        const other = yield* rawServer(() => [{ send: response(operation) }])
        const server = yield* rawServer(({ path }) => [{
          send: path === "/v1/operations/moved"
            ? response("", [["location", "/v1/operations/x"]], "307 Temporary Redirect")
            : path === "/v1/operations/x"
            ? response(operation)
            : response("", [["location", `${other.origin}/v1/operations/x`]], "307 Temporary Redirect")
        }])
        yield* traced(Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          const calls = [
            operations.get("operations/away"),
            operations.wait("operations/away"),
            operations.start(HttpClientRequest.post("/v1/things")),
            operations.cancel("operations/away")
          ]
          for (const call of calls) {
            const error = yield* httpError(call)
            assert.strictEqual(error.reason, "InvalidRequest")
            assert.isFalse(error.isTransient)
            assert.include(error.message, `the HttpClient follows redirects, and was redirected to ${other.origin}`)
          }
          // Within the origin it may.
          assert.strictEqual((yield* operations.get("operations/moved")).name, "operations/x")
        })).pipe(
          Effect.provide(
            OperationsService.layer({
              api: GoogleApi.make({ baseUrl: server.origin, version: "v1" }),
              credentials: Credentials.accessToken(Redacted.make("a-token-of-this-test"))
            }).pipe(
              Layer.provide(Layer.function(HttpClient.HttpClient, HttpClient.HttpClient, HttpClient.followRedirects())),
              Layer.provide(client)
            )
          )
        )
        assert.deepStrictEqual(other.requests, [])
      })
  )
})
