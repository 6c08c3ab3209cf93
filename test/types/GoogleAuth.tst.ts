import type * as Credentials from "effect-google-operations/Credentials"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as Redacted from "effect/Redacted"
import type * as Library from "google-auth-library"
import { describe, expect, test } from "tstyche"

declare const auth: Library.GoogleAuth
declare const jwt: Library.JWT
declare const impersonated: Library.Impersonated
declare const compute: Library.Compute

describe("make", () => {
  test("gives credentials for what the library has", () => {
    expect(GoogleAuth.make(auth)).type.toBe<Credentials.Credentials>()
    expect(GoogleAuth.make(jwt)).type.toBe<Credentials.Credentials>()
    expect(GoogleAuth.make(impersonated)).type.toBe<Credentials.Credentials>()
    expect(GoogleAuth.make(compute)).type.toBe<Credentials.Credentials>()
  })

  test("refuses what is no client yet", () => {
    expect(GoogleAuth.make).type.not.toBeCallableWith()
    expect(GoogleAuth.make).type.not.toBeCallableWith(auth.getClient())
    expect(GoogleAuth.make).type.not.toBeCallableWith({ client_email: "a@example.com", private_key: "" })
    expect(GoogleAuth.make).type.not.toBeCallableWith(Redacted.make("secret"))
  })
})

describe("applicationDefault", () => {
  test("gives credentials", () => {
    expect(GoogleAuth.applicationDefault()).type.toBe<Credentials.Credentials>()
    expect(GoogleAuth.applicationDefault({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] })).type.toBe<
      Credentials.Credentials
    >()
  })

  test("takes scopes, undefined or not, and nothing else", () => {
    expect<keyof GoogleAuth.Options>().type.toBe<"scopes">()
    expect(GoogleAuth.applicationDefault).type.toBeCallableWith({ scopes: undefined })
    expect(GoogleAuth.applicationDefault).type.not.toBeCallableWith({ scopes: "cloud-platform" })
    expect(GoogleAuth.applicationDefault).type.not.toBeCallableWith({ scope: ["cloud-platform"] })
    expect(GoogleAuth.applicationDefault).type.not.toBeCallableWith({ keyFile: "key.json" })
  })
})
