import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { createAndRead } from "./read-resource.js"
import { printing } from "./support/printing.js"

it.effect("reads the policy after the wait, with the same credentials", () =>
  Effect.gen(function*() {
    const requests: Array<readonly [path: string, authorization: string | undefined]> = []
    const client = HttpClient.tapRequest(OperationsEmulator.make().httpClient, ({ headers, url }) =>
      Effect.sync(() => requests.push([new URL(url).pathname, headers["authorization"]])))
    const lines: Array<string> = []
    const credentials = Credentials.accessToken(Redacted.make("token"))
    const program = Effect.provide(createAndRead(credentials), Layer.succeed(HttpClient.HttpClient, client))
    const fiber = yield* Effect.fork(printing(lines, program))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
    assert.match(lines.join(), /^my policy is accessPolicies\/\d+$/)
    assert.deepStrictEqual(requests.at(0), ["/v1/accessPolicies", "Bearer token"])
    const [path = "", authorization] = requests.at(-1) ?? []
    assert.match(path, /^\/v1\/accessPolicies\/\d+$/)
    assert.strictEqual(authorization, "Bearer token")
  }))
