import * as Credentials from "effect-google-operations/Credentials"
import * as HttpError from "effect-google-operations/HttpError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { describe, expect, test } from "tstyche"

class Tokens extends Context.Tag("Tokens")<Tokens, Effect.Effect<string>>() {}

declare const token: Redacted.Redacted

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
        expect(request).type.toBe<
          { readonly url: string; readonly refresh: boolean; readonly refused?: Credentials.Headers | undefined }
        >()
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
