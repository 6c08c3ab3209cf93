import { assert, describe, it } from "@effect/vitest"
import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { inOrder } from "./support/http.js"
import { httpError } from "./support/service.js"
import { catalog } from "./support/vectors.js"

const entryOf = (name: string, version: string): GoogleApiCatalog.Entry =>
  Option.getOrThrow(GoogleApiCatalog.find(name, version))

const labelOf = ({ name, version }: GoogleApiCatalog.Entry): string => `${name} ${version}`

const examples = catalog.flatMap(({ examples: ofOne, name, version }) =>
  ofOne.map((example) => ({ ...example, entry: entryOf(name, version) }))
)

/** Reads an operation over a mocked client. */
const get = (api: GoogleApi.GoogleApi, name: string) => {
  const http = inOrder(() => JSON.stringify({ name, done: true }))
  const call = Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get(name)).pipe(
    Effect.provide(OperationsService.layer({ api })),
    Effect.provide(http.layer)
  )
  return { call, requests: () => http.requests.map(({ method, url }) => `${method} ${url}`) }
}

describe("entries", () => {
  it("has every API of the discovery data, sorted by name", () => {
    const entries = GoogleApiCatalog.entries()
    assert.sameMembers(
      entries.map((entry) => `${labelOf(entry)}, ${entry.dialect}`),
      catalog.map(({ dialect, name, version }) => `${name} ${version}, ${dialect}`)
    )
    assert.strictEqual(new Set(entries.map(labelOf)).size, entries.length)
    assert.deepStrictEqual(entries.map(({ name }) => name), entries.map(({ name }) => name).sort())
  })

  it("has patterns that match the example paths of the discovery data, and refuse those of other resources", () => {
    for (const { examples: ofOne, name, others, version } of catalog) {
      const { operationName } = GoogleApiCatalog.make(entryOf(name, version))
      assert.isNotEmpty(ofOne, name)
      for (const example of ofOne) assert.match(example.name, operationName, name)
      for (const other of others) assert.notMatch(other, operationName, name)
    }
    assert.isAbove(catalog.flatMap(({ others }) => others).length, 500)
  })

  it("has patterns that match whole names only", () => {
    for (const { entry, name } of examples) {
      const { operationName } = GoogleApiCatalog.make(entry)
      assert.notMatch(name.slice(0, name.lastIndexOf("/") + 1), operationName, labelOf(entry))
      if (entry.operationNames.some((pattern) => pattern.includes("**"))) continue
      assert.notMatch(`/${name}`, operationName, labelOf(entry))
      assert.notMatch(`${name}/x`, operationName, labelOf(entry))
    }
  })

  it("has the collections that each API lists", () => {
    for (const entry of GoogleApiCatalog.entries()) {
      assert.strictEqual(entry.methods.list, entry.collections.length > 0, labelOf(entry))
      for (const collection of entry.collections) assert.match(collection, /^[\w*/]*\w$/, labelOf(entry))
    }
    assert.deepStrictEqual(entryOf("run", "v2").collections, ["projects/*/locations/*/operations"])
    assert.deepStrictEqual(entryOf("cloudasset", "v1").collections, [])
    assert.deepStrictEqual(entryOf("storagetransfer", "v1").collections, ["transferOperations"])
    assert.include(entryOf("spanner", "v1").collections, "projects/*/instances/*/databaseOperations")
  })

  it.effect("makes APIs that read an operation at the URL of the discovery data", () =>
    Effect.forEach(catalog, ({ examples: [example], name, version }) => {
      const { call, requests } = get(GoogleApiCatalog.make(entryOf(name, version)), example!.name)
      return Effect.map(
        Effect.either(call),
        () => assert.deepStrictEqual(requests(), [`GET ${example!.url}`])
      )
    }))
})

describe("get", () => {
  const all = { list: true, cancel: true, delete: true, wait: false }
  const facts: ReadonlyArray<
    readonly [api: GoogleApi.GoogleApi, url: string, name: string, methods: Partial<GoogleApi.Methods>]
  > = [
    [
      GoogleApiCatalog.get("accesscontextmanager", "v1"),
      "https://accesscontextmanager.googleapis.com/v1",
      "operations/accessPolicies/1/create/2",
      {}
    ],
    [
      GoogleApiCatalog.get("run", "v2"),
      "https://run.googleapis.com/v2",
      "projects/p/locations/l/operations/o",
      { cancel: false, wait: "body" }
    ],
    [
      GoogleApiCatalog.get("cloudresourcemanager", "v3"),
      "https://cloudresourcemanager.googleapis.com/v3",
      "operations/cp.1",
      { list: false, cancel: false, delete: false }
    ],
    [
      GoogleApiCatalog.get("aiplatform", "v1"),
      "https://aiplatform.googleapis.com/v1",
      "projects/p/locations/l/publishers/google/models/veo/operations/o",
      { wait: "query" }
    ],
    [
      GoogleApiCatalog.get("container", "v1"),
      "https://container.googleapis.com/v1",
      "projects/p/locations/l/operations/o",
      { delete: false }
    ],
    [
      GoogleApiCatalog.get("sqladmin", "v1"),
      "https://sqladmin.googleapis.com/v1",
      "projects/p/operations/o",
      { delete: false }
    ],
    [
      GoogleApiCatalog.get("sqladmin", "v1beta4"),
      "https://sqladmin.googleapis.com/sql/v1beta4",
      "projects/p/operations/o",
      { delete: false }
    ],
    [
      GoogleApiCatalog.get("bigquery", "v2"),
      "https://bigquery.googleapis.com/bigquery/v2",
      "projects/p/locations/l/jobs/j",
      {}
    ],
    [
      GoogleApiCatalog.get("deploymentmanager", "v2"),
      "https://deploymentmanager.googleapis.com/deploymentmanager/v2",
      "projects/p/global/operations/o",
      { cancel: false, delete: false }
    ],
    // The names of its operations are ids.
    [
      GoogleApiCatalog.get("speech", "v1"),
      "https://speech.googleapis.com/v1/operations",
      "7612202767953098924",
      { list: false, cancel: false, delete: false }
    ],
    // Its operations are read in version 1.
    [
      GoogleApiCatalog.get("cloudresourcemanager", "v2"),
      "https://cloudresourcemanager.googleapis.com/v1",
      "operations/fc.1",
      { list: false, cancel: false, delete: false }
    ]
  ]

  it.each(facts)("gives the facts that Google documents: %o", (api, url, name, methods) => {
    assert.strictEqual(`${api.baseUrl}/${api.version}`, url)
    assert.match(name, api.operationName)
    assert.deepStrictEqual(api.methods, { ...all, ...methods })
  })

  it("accepts the names of Compute Engine's zonal, regional, global and organization operations", () => {
    const { baseUrl, methods, operationName } = GoogleApiCatalog.get("compute", "v1")
    assert.strictEqual(baseUrl, "https://compute.googleapis.com/compute")
    assert.deepInclude(methods, { list: true, cancel: false, delete: true })
    assert.notStrictEqual(methods.wait, false)
    for (
      const name of [
        "projects/p/zones/z/operations/o",
        "projects/p/regions/r/operations/o",
        "projects/p/global/operations/o",
        "locations/global/operations/o",
        "organizations/1/locations/global/operations/o"
      ]
    ) assert.match(name, operationName)
    assert.notMatch("projects/p/zones/z/instances/i", operationName)
  })

  it("returns the dialect of the API", () => {
    const dialects = [
      ["run", "v2", "longRunning"],
      ["compute", "v1", "compute"],
      ["deploymentmanager", "v2", "compute"],
      ["sqladmin", "v1", "sqlAdmin"],
      ["container", "v1", "container"],
      ["bigquery", "v2", "bigQuery"],
      ["aiplatform", "v1", "predict"]
    ] as const
    for (const [name, version, dialect] of dialects) {
      assert.strictEqual(entryOf(name, version).dialect, dialect, name)
    }
  })

  it("uses the host of a location and of another universe", () => {
    const hosts: ReadonlyArray<readonly [GoogleApiCatalog.Options, string]> = [
      [{}, "run.googleapis.com"],
      [{ location: "global", endpoint: "regional" }, "run.googleapis.com"],
      [{ location: "us-central1" }, "us-central1-run.googleapis.com"],
      [{ location: "eu", endpoint: "locational" }, "eu-run.googleapis.com"],
      [{ location: "us-central1", endpoint: "regional" }, "run.us-central1.rep.googleapis.com"],
      [{ universeDomain: "apis-universe.goog" }, "run.apis-universe.goog"],
      [{ location: "u-1", universeDomain: "apis-universe.goog" }, "u-1-run.apis-universe.goog"],
      [{ location: undefined, endpoint: undefined, universeDomain: undefined }, "run.googleapis.com"]
    ]
    for (const [options, host] of hosts) {
      assert.strictEqual(GoogleApiCatalog.get("run", "v2", options).baseUrl, `https://${host}`)
    }
    assert.strictEqual(
      GoogleApiCatalog.get("compute", "v1", { location: "us-east4", endpoint: "regional" }).baseUrl,
      "https://compute.us-east4.rep.googleapis.com/compute"
    )
  })

  it.effect.each<GoogleApiCatalog.Options>([
    ...[
      "",
      "us central1",
      "evil.example/",
      "evil.example#",
      "http://evil.example/",
      "a@b",
      "-a",
      "a-",
      "US",
      "a.b",
      "a\nb"
    ]
      .flatMap((location) => [{ location }, { location, endpoint: "regional" as const }]),
    ...["", "evil.example/", "a@evil.example", "evil.example:80", "a..b", ".a", "a.", "a b", "http://evil.example"].map(
      (universeDomain) => ({ universeDomain })
    )
  ])("refuses an option that cannot be a part of a host, at the first call: %j", (options) => {
    const { call, requests } = get(
      GoogleApiCatalog.get("run", "v2", options),
      "projects/p/locations/l/operations/o"
    )
    return Effect.map(httpError(call), (error) => {
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.match(error.message, /the (?:location|universe domain) /)
      assert.deepStrictEqual(requests(), [])
    })
  })

  it.effect("refuses a location for an API at www.googleapis.com", () =>
    Effect.map(httpError(get(GoogleApiCatalog.get("drive", "v3", { location: "eu" }), "o").call), (error) => {
      assert.include(error.message, "the API drive has no endpoint at the location eu")
    }))

  it.effect("refuses a name that is not in the catalog, at the first call", () => {
    const name: string = "nonsense"
    return Effect.map(
      // @ts-expect-error No API has this name.
      httpError(get(GoogleApiCatalog.get(name, "v1"), "operations/o").call),
      (error) => assert.include(error.message, "the catalog has no version v1 of an API nonsense")
    )
  })
})

describe("names, versions and find", () => {
  it("return what is in the catalog", () => {
    assert.include(GoogleApiCatalog.names(), "run")
    assert.deepStrictEqual(GoogleApiCatalog.names(), [...new Set(GoogleApiCatalog.entries().map(({ name }) => name))])
    for (const name of GoogleApiCatalog.names()) {
      for (const version of GoogleApiCatalog.versions(name)) {
        assert.deepInclude(Option.getOrThrow(GoogleApiCatalog.find(name, version)), { name, version })
      }
    }
    assert.deepStrictEqual(GoogleApiCatalog.versions("cloudfunctions"), ["v1", "v1beta2", "v2", "v2alpha", "v2beta"])
  })

  it("return nothing for what is not in it", () => {
    assert.deepStrictEqual(GoogleApiCatalog.versions("nonsense"), [])
    assert.isTrue(Option.isNone(GoogleApiCatalog.find("run", "v9")))
    assert.isTrue(Option.isNone(GoogleApiCatalog.find("toString", "v1")))
  })
})

describe("fromUrl", () => {
  // Versions that have the same operations as an earlier one.
  const firsts: Readonly<Record<string, string>> = {
    "cloudresourcemanager v2": "cloudresourcemanager v1",
    "cloudresourcemanager v2beta1": "cloudresourcemanager v1"
  }

  // The URL at all hosts of its API.
  const hosts = (url: string): ReadonlyArray<string> => {
    const [, service = "", basePath = ""] = /^https:\/\/([^.]+)\.googleapis\.com(\/.*)$/.exec(url) ?? []
    const own = [service, `${service}.mtls`]
    const located = [`us-central1-${service}`, `us-central1-${service}.mtls`, `${service}.us-central1.rep`]
    return (service === "www" ? own : [...own, ...located]).map((host) => `https://${host}.googleapis.com${basePath}`)
  }

  it("finds every entry, at each of its hosts", () => {
    for (const { entry, name, url } of examples) {
      for (const at of hosts(url)) {
        const found = Option.getOrThrow(GoogleApiCatalog.fromUrl(at))
        assert.strictEqual(labelOf(found.entry), firsts[labelOf(entry)] ?? labelOf(entry), at)
        assert.strictEqual(found.name, name, at)
        assert.strictEqual(`${found.api.baseUrl}/${found.api.version}/${name}`, at)
        assert.match(name, found.api.operationName)
      }
    }
  })

  it.each([
    [
      "https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/o",
      "compute v1",
      "projects/p/zones/z/operations/o"
    ],
    ["https://www.googleapis.com/sql/v1beta4/projects/p/operations/o", "sqladmin v1beta4", "projects/p/operations/o"],
    ["https://www.googleapis.com/bigquery/v2/projects/p/jobs/j", "bigquery v2", "projects/p/jobs/j"],
    [
      "https://RUN.googleapis.com/v1/projects/p/locations/l/operations/o?alt=json#x",
      "run v1",
      "projects/p/locations/l/operations/o"
    ],
    [
      "https://run.googleapis.com/v2/projects/p%3Aq/locations/l/operations/%C3%A9",
      "run v2",
      "projects/p:q/locations/l/operations/é"
    ]
  ])("finds %s", (url, label, name) => {
    const found = Option.getOrThrow(GoogleApiCatalog.fromUrl(url))
    assert.deepStrictEqual([labelOf(found.entry), found.name], [label, name])
  })

  it("finds an operation in another universe if its domain is given", () => {
    const url = "https://us-central1-run.apis-universe.goog/v2/projects/p/locations/l/operations/o"
    assert.isTrue(Option.isNone(GoogleApiCatalog.fromUrl(url)))
    const { api, entry } = Option.getOrThrow(GoogleApiCatalog.fromUrl(url, { universeDomain: "apis-universe.goog" }))
    assert.strictEqual(labelOf(entry), "run v2")
    assert.strictEqual(api.baseUrl, "https://us-central1-run.apis-universe.goog")
    assert.isTrue(Option.isNone(GoogleApiCatalog.fromUrl(url, { universeDomain: "apis-universe.goog/" })))
  })

  const operation = "v2/projects/p/locations/l/operations/o"

  it.each([
    "",
    "run",
    operation,
    `http://run.googleapis.com/${operation}`,
    `https://run.googleapis.com:444/${operation}`,
    `https://user@run.googleapis.com/${operation}`,
    `https://run.googleapis.com@evil.example/${operation}`,
    `https://run.googleapis.com.evil.example/${operation}`,
    `https://evil.example/run.googleapis.com/${operation}`,
    `https://evilrun.googleapis.com/${operation}`,
    `https://-run.googleapis.com/${operation}`,
    `https://a.b-run.googleapis.com/${operation}`,
    `https://run.googleapis.com.mtls/${operation}`,
    `https://run.us-central1.rep.mtls.googleapis.com/${operation}`,
    `https://www.googleapis.com/${operation}`,
    `https://compute.googleapis.com/${operation}`,
    "https://run.googleapis.com",
    "https://run.googleapis.com/v2/",
    "https://run.googleapis.com/v2/projects/p/locations/l/services/s",
    "https://run.googleapis.com/v9/projects/p/locations/l/operations/o",
    "https://run.googleapis.com/v2/projects/p/locations/l/operations/",
    "https://run.googleapis.com/v2/projects/p/locations/../operations/o",
    "https://run.googleapis.com/v2/projects/p/locations/%2e%2E/operations/o",
    "https://run.googleapis.com/v2/projects/p/locations/a%2Fb/operations/o",
    "https://run.googleapis.com/v2/projects/p/locations/l/operations/%E0",
    "https://run.googleapis.com\\@evil.example/v2/projects/p/locations/l/operations/o"
  ])("finds nothing at %j", (url) => {
    assert.isTrue(Option.isNone(GoogleApiCatalog.fromUrl(url)))
  })
})
