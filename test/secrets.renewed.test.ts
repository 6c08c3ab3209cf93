import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { googleError, json, name } from "./support/answers.js"
import { mockHttp, transportError } from "./support/http.js"
import { needle, shown } from "./support/secrets.js"
import { service } from "./support/service.js"

describe("credentials that were renewed", () => {
  const tokens = [1, 2, 3, 4].map((index) => `${needle}-${index}-4f1c9a7be2d05836`)

  /** Credentials with the next token at each refresh. */
  const renewed = () => {
    let index = 0
    return Credentials.make({
      headers: ({ refresh }) =>
        Effect.sync(() => ({ Authorization: Redacted.make(`Bearer ${tokens[refresh ? ++index : index]}`) }))
    })
  }
  const assertClean = (value: unknown): void => {
    for (const text of shown(value)) assert.notInclude(text, needle)
  }

  it.scoped("the token that was refused with 401 does not show in the error of the second attempt", () =>
    Effect.gen(function*() {
      const answers: Record<string, (text: string) => Effect.Effect<Response, HttpClientError.HttpClientError>> = {
        "a Google error": (text) => Effect.succeed(googleError(403, "PERMISSION_DENIED", { message: text })),
        "a page": (text) => Effect.succeed(new Response(`<html>${text}</html>`)),
        "a failed operation": (text) =>
          Effect.succeed(json({ name, done: true, metadata: { [text]: text }, error: { code: 7, message: text } }))
      }
      for (const [what, answer] of Object.entries(answers)) {
        const http = mockHttp((_, index) =>
          index === 0
            ? Effect.succeed(googleError(401, "UNAUTHENTICATED"))
            : answer(`not ${tokens[0]} nor ${tokens[1]}`)
        )
        const operations = yield* service(http, { credentials: renewed() })
        const error = yield* Effect.flip(operations.get(name))
        assert.strictEqual(http.requests.length, 2, what)
        assertClean(error)
      }
      const http = mockHttp((request, index) =>
        index === 0
          ? Effect.succeed(googleError(401, "UNAUTHENTICATED"))
          : Effect.fail(transportError(request, new Error(`not ${tokens[0]}`)))
      )
      const operations = yield* service(http, { credentials: renewed() })
      assertClean(yield* Effect.flip(operations.get(name)))
      const client = Effect.provide(HttpClient.HttpClient, http.layer)
      const authorized = Credentials.authorize(yield* client, {
        api: GoogleApi.accessContextManager,
        credentials: renewed()
      })
      http.requests.splice(0)
      assertClean(yield* Effect.flip(authorized.get("/v1/x")))
      assert.strictEqual(http.requests.length, 2)
    }))

  it.scoped("nor do the tokens of earlier requests of the service", () =>
    Effect.gen(function*() {
      let isRefused = false
      const http = mockHttp(() =>
        Effect.sync(() => {
          isRefused = !isRefused
          return isRefused ? googleError(401, "UNAUTHENTICATED") : googleError(403, "PERMISSION_DENIED", {
            message: tokens.join(" ")
          })
        })
      )
      const operations = yield* service(http, { credentials: renewed() })
      yield* Effect.flip(operations.get(name))
      yield* Effect.flip(operations.get(name))
      const error = yield* Effect.flip(operations.get(name))
      assert.include(http.requests.at(-1)?.headers["authorization"], tokens[3])
      assertClean(error)
    }))
})
