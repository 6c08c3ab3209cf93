import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
import type * as Option from "effect/Option"
import { describe, expect, test } from "tstyche"

describe("get", () => {
  test("gives an API", () => {
    expect(GoogleApiCatalog.get("run", "v2")).type.toBe<GoogleApi.GoogleApi>()
    expect(GoogleApiCatalog.get("compute", "alpha", { location: "us-central1", endpoint: "regional" })).type.toBe<
      GoogleApi.GoogleApi
    >()
  })

  test("takes the versions that an API has", () => {
    expect<GoogleApiCatalog.Version<"run">>().type.toBe<"v1" | "v2">()
    expect<GoogleApiCatalog.Version<"bigquery">>().type.toBe<"v2">()
    expect<"accesscontextmanager">().type.toBeAssignableTo<GoogleApiCatalog.Name>()
  })

  test("refuses names and versions that are not in the catalog", () => {
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("nonsense", "v1")
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("run", "v3")
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("bigquery", "v1")
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("run")
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("Run", "v2")
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith(String("run"), "v2")
  })

  test("takes options, also undefined ones, and no others", () => {
    expect(GoogleApiCatalog.get).type.toBeCallableWith("run", "v2", {})
    expect(GoogleApiCatalog.get).type.toBeCallableWith("run", "v2", {
      location: undefined,
      endpoint: undefined,
      universeDomain: undefined
    })
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("run", "v2", { region: "us-central1" })
    expect(GoogleApiCatalog.get).type.not.toBeCallableWith("run", "v2", { endpoint: "zonal" })
  })
})

test("find takes any strings, and make the entry that it finds", () => {
  expect(GoogleApiCatalog.find("run", String("v2"))).type.toBe<Option.Option<GoogleApiCatalog.Entry>>()
  expect(GoogleApiCatalog.make).type.toBeCallableWith(GoogleApiCatalog.entries()[0]!, { location: "eu" })
  expect(GoogleApiCatalog.make).type.not.toBeCallableWith("run")
})

test("fromUrl gives the entry, the API and the name", () => {
  expect(GoogleApiCatalog.fromUrl("https://run.googleapis.com/v2/x")).type.toBe<Option.Option<GoogleApiCatalog.Found>>()
  expect<GoogleApiCatalog.Found["api"]>().type.toBe<GoogleApi.GoogleApi>()
  expect(GoogleApiCatalog.fromUrl).type.toBeCallableWith("https://run.x.goog/v2/x", { universeDomain: "x.goog" })
  expect(GoogleApiCatalog.fromUrl).type.not.toBeCallableWith("https://run.x.goog/v2/x", { location: "eu" })
})

test("an entry's dialect is one of the names of Dialect", () => {
  expect<GoogleApiCatalog.Entry["dialect"]>().type.toBe<
    "longRunning" | "compute" | "sqlAdmin" | "container" | "bigQuery" | "predict"
  >()
})
