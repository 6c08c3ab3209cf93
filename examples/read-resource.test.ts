import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { createAndRead } from "./read-resource.js"
import { printing } from "./support/printing.js"
import * as Starts from "./support/starts.js"

const type = "google.identity.accesscontextmanager.v1.AccessPolicy"

it.effect("reads the policy as it is now, with the same credentials", () =>
  Effect.gen(function*() {
    const requests: Array<readonly [url: string, authorization: string | undefined]> = []
    const policy = { name: "accessPolicies/1", title: "my policy" }
    const client = Starts.httpClient(OperationsEmulator.make(), {
      "POST /v1/accessPolicies": {
        name: "operations/a",
        steps: [{ type: "pending", duration: 10_000 }, { type: "succeeded", response: ProtobufAny.pack(type, policy) }]
      },
      "GET /v1/accessPolicies/1": Response.json({ ...policy, title: "its new title" })
    }).pipe(HttpClient.tapRequest(({ headers, url }) =>
      Effect.sync(() => requests.push([new URL(url).pathname, headers["authorization"]]))
    ))
    const lines: Array<string> = []
    const credentials = Credentials.accessToken(Redacted.make("token"))
    const fiber = yield* createAndRead(credentials).pipe(
      Effect.provide(Layer.succeed(HttpClient.HttpClient, client)),
      (program) =>
        Effect.fork(printing(lines, program))
    )
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(lines, ["its new title is accessPolicies/1"])
    assert.deepStrictEqual(requests.at(0), ["/v1/accessPolicies", "Bearer token"])
    assert.deepStrictEqual(requests.at(-1), ["/v1/accessPolicies/1", "Bearer token"])
  }))
