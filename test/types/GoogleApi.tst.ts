import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as Either from "effect/Either"
import { describe, expect, test } from "tstyche"

describe("make", () => {
  const at = { baseUrl: "https://run.googleapis.com", version: "v2" }

  test("gives an API", () => {
    expect(GoogleApi.make(at)).type.toBe<GoogleApi.GoogleApi>()
    expect(GoogleApi.accessContextManager).type.toBe<GoogleApi.GoogleApi>()
    expect<GoogleApi.GoogleApi>().type.toBe<{
      readonly baseUrl: string
      readonly version: string
      readonly operationName: RegExp
      readonly methods: GoogleApi.Methods
      readonly dialect: Dialect.Dialect
    }>()
    expect<GoogleApi.Methods>().type.toBe<{
      readonly list: boolean
      readonly cancel: boolean
      readonly delete: boolean
      readonly wait: false | "body" | "query" | "fixed"
    }>()
  })

  test("takes a name's pattern and some of the methods", () => {
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, operationName: /^operations\/.+$/, methods: { list: false } })
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, operationName: undefined, methods: undefined })
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, methods: {} })
    expect(GoogleApi.make).type.toBeCallableWith({
      ...at,
      methods: { list: undefined, cancel: undefined, delete: undefined, wait: undefined }
    })
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, methods: { wait: "query" } })
    expect(GoogleApi.make).type.toBeCallableWith({ ...GoogleApi.accessContextManager, baseUrl: "http://127.0.0.1:80" })
  })

  test("takes a dialect", () => {
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, dialect: Dialect.compute, methods: { wait: "fixed" } })
    expect(GoogleApi.make).type.toBeCallableWith({ ...at, dialect: undefined })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, dialect: "compute" })
    expect(GoogleApi.compute).type.toBe<GoogleApi.GoogleApi>()
  })

  test("reduces a URL", () => {
    expect(GoogleApi.nameFromUrl(GoogleApi.compute, "https://x")).type.toBe<Either.Either<string, string>>()
  })

  test("refuses what it does not know", () => {
    expect(GoogleApi.make).type.not.toBeCallableWith()
    expect(GoogleApi.make).type.not.toBeCallableWith({ baseUrl: "https://run.googleapis.com" })
    expect(GoogleApi.make).type.not.toBeCallableWith({ version: "v2" })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, baseUrl: new URL("https://run.googleapis.com") })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, operationName: "operations/*" })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, methods: { wait: true } })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, methods: { wait: "header" } })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, methods: { get: false } })
    expect(GoogleApi.make).type.not.toBeCallableWith({ ...at, apiVersion: "v2" })
  })
})
