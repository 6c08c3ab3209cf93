import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Credentials from "effect-google-operations/Credentials"
import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { describe, expect, test } from "tstyche"

class Tokens extends Context.Tag("Tokens")<Tokens, Effect.Effect<string>>() {}

declare const token: Redacted.Redacted
declare const credentials: Credentials.Credentials
declare const api: GoogleApi.GoogleApi
declare const client: HttpClient.HttpClient
declare const other: HttpClient.HttpClient.With<"busy", Tokens>

describe("make", () => {
  test("gives credentials", () => {
    expect(Credentials.make({ headers: () => Effect.succeed({ authorization: token }) })).type.toBe<
      Credentials.Credentials
    >()
    expect(Credentials.anonymous).type.toBe<Credentials.Credentials>()
    expect(Credentials.accessToken(token)).type.toBe<Credentials.Credentials>()
    expect(Credentials.apiKey(token)).type.toBe<Credentials.Credentials>()
  })

  test("tells the callback which request, and whether the last headers were refused", () => {
    Credentials.make({
      headers: (request) => {
        expect(request).type.toBe<{
          readonly url: string
          readonly refresh: boolean
          readonly refused?: Credentials.Headers | undefined
        }>()
        return Effect.succeed({})
      }
    })
  })

  test("takes headers that are redacted, and failures that are HttpErrors", () => {
    expect<ReturnType<Credentials.Credentials["headers"]>>().type.toBe<
      Effect.Effect<Readonly<Record<string, Redacted.Redacted>>, HttpError.HttpError>
    >()
    expect(Credentials.make).type.toBeCallableWith({
      headers: () => Effect.fail(new HttpError.HttpError({ reason: "Authentication", description: "none" }))
    })
    expect(Credentials.make).type.toBeCallableWith({ headers: () => Effect.succeed({}) })
  })

  test("refuses what is not", () => {
    expect(Credentials.make).type.not.toBeCallableWith()
    expect(Credentials.make).type.not.toBeCallableWith({})
    expect(Credentials.make).type.not.toBeCallableWith({
      headers: () => Effect.succeed({ authorization: "Bearer secret" })
    })
    expect(Credentials.make).type.not.toBeCallableWith({ headers: () => ({ authorization: token }) })
    expect(Credentials.make).type.not.toBeCallableWith({ headers: Effect.succeed({ authorization: token }) })
    expect(Credentials.make).type.not.toBeCallableWith({ headers: () => Effect.fail("no token") })
    expect(Credentials.make).type.not.toBeCallableWith({ headers: async () => ({ authorization: token }) })
    expect(Credentials.make).type.not.toBeCallableWith({
      headers: (_: { readonly refresh: true }) => Effect.succeed({})
    })
    expect(Credentials.make).type.not.toBeCallableWith({ headers: () => Effect.succeed({}), refresh: true })
  })

  test("refuses a callback that needs something", () => {
    expect(Credentials.make).type.not.toBeCallableWith({
      headers: () => Effect.map(Tokens, () => ({ authorization: token }))
    })
  })
})

describe("a token and a key", () => {
  test("are redacted", () => {
    expect(Credentials.accessToken).type.not.toBeCallableWith("secret")
    expect(Credentials.apiKey).type.not.toBeCallableWith("secret")
    expect(Credentials.accessToken).type.not.toBeCallableWith(Redacted.make(1))
  })
})

describe("authorize", () => {
  type Failure = HttpClientError.HttpClientError | HttpError.HttpError

  test("gives a client that can also fail with HttpError, data first and data last", () => {
    expect(Credentials.authorize(client, { api, credentials })).type.toBe<HttpClient.HttpClient.With<Failure>>()
    expect(client.pipe(Credentials.authorize({ baseUrl: "https://example.com", credentials }))).type.toBe<
      HttpClient.HttpClient.With<Failure>
    >()
  })

  test("keeps what the client fails with and needs", () => {
    expect(Credentials.authorize(other, { api, credentials })).type.toBe<
      HttpClient.HttpClient.With<"busy" | Failure, Tokens>
    >()
  })

  test("needs an API or a base URL, and credentials", () => {
    expect(Credentials.authorize).type.not.toBeCallableWith(client, { api })
    expect(Credentials.authorize).type.not.toBeCallableWith(client, { credentials })
    expect(Credentials.authorize).type.not.toBeCallableWith(client, { baseUrl: api, credentials })
    expect(Credentials.authorize).type.not.toBeCallableWith(client, { api, credentials: token })
    expect(Credentials.authorize).type.not.toBeCallableWith({ api, credentials }, client)
  })
})
