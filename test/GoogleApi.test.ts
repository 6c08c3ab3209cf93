import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Either from "effect/Either"

const at = { baseUrl: "https://run.googleapis.com", version: "v2" }

describe("GoogleApi", () => {
  it("has list, cancel and delete, and no wait, by default", () => {
    const methods: GoogleApi.Methods = { list: true, cancel: true, delete: true, wait: false }
    assert.deepStrictEqual(GoogleApi.make(at).methods, methods)
    assert.deepStrictEqual(GoogleApi.make({ ...at, methods: { list: undefined, wait: "body" } }).methods, {
      list: true,
      cancel: true,
      delete: true,
      wait: "body"
    })
    assert.deepStrictEqual(GoogleApi.make({ ...at, methods: { cancel: false, wait: undefined } }).methods, {
      list: true,
      cancel: false,
      delete: true,
      wait: false
    })
  })

  it.each([
    ["operations/a", true],
    ["operations/a/b", true],
    ["projects/p/locations/l/operations/a", true],
    ["operations/", false],
    ["operations", false],
    ["projects/p", false]
  ])("takes %s for an operation's name, unless told otherwise: %s", (name, isName) => {
    assert.strictEqual(GoogleApi.make(at).operationName.test(name), isName)
  })

  it("has the dialect longRunning, and its names, by default", () => {
    const api = GoogleApi.make(at)
    assert.strictEqual(api.dialect, Dialect.longRunning)
    assert.strictEqual(api.operationName, Dialect.longRunning.operationName)
    assert.strictEqual(GoogleApi.make({ ...at, dialect: undefined }).dialect, Dialect.longRunning)
    assert.strictEqual(GoogleApi.accessContextManager.dialect, Dialect.longRunning)
  })

  const methodsOf: ReadonlyArray<readonly [Dialect.Dialect, GoogleApi.Methods]> = [
    [Dialect.compute, { list: true, cancel: false, delete: true, wait: "fixed" }],
    [Dialect.sqlAdmin, { list: true, cancel: true, delete: false, wait: false }],
    [Dialect.container, { list: true, cancel: true, delete: false, wait: false }],
    [Dialect.bigQuery, { list: true, cancel: true, delete: true, wait: false }],
    [Dialect.predict, { list: true, cancel: true, delete: true, wait: "query" }]
  ]
  for (const [dialect, methods] of methodsOf) {
    it(`has the names and methods of the dialect ${dialect.name}`, () => {
      const api = GoogleApi.make({ ...at, dialect })
      assert.deepStrictEqual(api.methods, methods)
      assert.strictEqual(api.operationName, dialect.operationName)
      assert.deepStrictEqual(GoogleApi.make(api), api)
    })
  }

  it("does not have a method if its dialect has no request for it", () => {
    const methods = { list: true, cancel: true, delete: true, wait: "body" } as const
    assert.deepStrictEqual(GoogleApi.make({ ...at, dialect: Dialect.sqlAdmin, methods }).methods, {
      list: true,
      cancel: true,
      delete: false,
      wait: false
    })
    assert.deepStrictEqual(
      GoogleApi.make({ ...at, dialect: Dialect.compute, methods: { delete: false, list: false, wait: false } }).methods,
      { list: false, cancel: false, delete: false, wait: false }
    )
  })

  it("makes the requests that its methods and its dialect have", () => {
    const name = "projects/p/zones/z/operations/o"
    const silent = GoogleApi.make({ ...GoogleApi.compute, methods: { delete: false, list: false, wait: false } })
    assert.deepStrictEqual(GoogleApi.waitRequest(GoogleApi.compute, name, 5), {
      method: "POST",
      resource: name,
      suffix: "/wait",
      holdSeconds: 120
    })
    assert.strictEqual(GoogleApi.waitRequest(silent, name, 5), undefined)
    assert.strictEqual(GoogleApi.waitRequest(GoogleApi.compute, "locations/global/operations/o", 5), undefined)
    assert.strictEqual(GoogleApi.cancelRequest(GoogleApi.compute, name), undefined)
    assert.deepStrictEqual(GoogleApi.deleteRequest(GoogleApi.compute, name), { method: "DELETE", resource: name })
    assert.strictEqual(GoogleApi.deleteRequest(silent, name), undefined)
    assert.strictEqual(GoogleApi.listOf(GoogleApi.compute), Dialect.compute.list)
    assert.strictEqual(GoogleApi.listOf(silent), undefined)

    const run = GoogleApi.make({ ...at, methods: { wait: "query", cancel: false } })
    assert.deepStrictEqual(GoogleApi.waitRequest(run, "operations/a", 5)?.query, { timeout: "5s" })
    assert.strictEqual(GoogleApi.waitRequest(GoogleApi.make(at), "operations/a", 5), undefined)
    assert.strictEqual(GoogleApi.cancelRequest(run, "operations/a"), undefined)
    assert.strictEqual(GoogleApi.cancelRequest(GoogleApi.make(at), "operations/a")?.suffix, ":cancel")
  })
})

describe("nameFromUrl", () => {
  const run = GoogleApi.make(at)
  const emulator = GoogleApi.make({ ...GoogleApi.compute, baseUrl: "http://127.0.0.1:8787/compute/" })
  const onWww = GoogleApi.make({ ...GoogleApi.compute, baseUrl: "https://www.googleapis.com/compute" })
  const withTls = GoogleApi.make({ ...GoogleApi.compute, baseUrl: "https://compute.mtls.googleapis.com/compute" })
  const oneVersion = GoogleApi.make({
    ...GoogleApi.compute,
    baseUrl: "https://compute.googleapis.com",
    version: "compute/v1"
  })
  const deploymentManager = GoogleApi.make({
    baseUrl: "https://www.googleapis.com/deploymentmanager",
    version: "v2",
    dialect: Dialect.compute
  })
  const location = "projects/p/locations/l/operations/o"
  const zone = "projects/p/zones/z/operations/o"

  const names: ReadonlyArray<readonly [GoogleApi.GoogleApi, string, string]> = [
    [run, `https://run.googleapis.com/v2/${location}`, location],
    [run, `https://RUN.googleapis.com:443/v2/${location}?alt=json&key=secret#fragment`, location],
    [run, `https://run.googleapis.com/v1/${location}`, location],
    [run, `https://run.mtls.googleapis.com/v2/${location}`, location],
    [run, "https://run.googleapis.com/v2/operations/a%3Ab%2Bc/%C3%A9", "operations/a:b+c/é"],
    [run, "https://run.googleapis.com/v2/operations/a:b", "operations/a:b"],
    [
      GoogleApi.accessContextManager,
      "https://accesscontextmanager.googleapis.com/v1/operations/a/b",
      "operations/a/b"
    ],
    [GoogleApi.compute, `https://compute.googleapis.com/compute/v1/${zone}`, zone],
    [GoogleApi.compute, `https://www.googleapis.com/compute/v1/${zone}`, zone],
    [GoogleApi.compute, `https://www.googleapis.com/compute/beta/${zone}`, zone],
    [GoogleApi.compute, `https://compute.mtls.googleapis.com/compute/v1/${zone}`, zone],
    [onWww, `https://compute.googleapis.com/compute/v1/${zone}`, zone],
    [withTls, `https://compute.googleapis.com/compute/v1/${zone}`, zone],
    [withTls, `https://www.googleapis.com/compute/v1/${zone}`, zone],
    [oneVersion, `https://www.googleapis.com/compute/v1/${zone}`, zone],
    [emulator, `http://127.0.0.1:8787/compute/v1/${zone}`, zone],
    [
      GoogleApi.compute,
      "https://www.googleapis.com/compute/v1/locations/global/operations/o?parentId=organizations%2F1",
      "organizations/1/locations/global/operations/o"
    ],
    [GoogleApi.compute, `https://www.googleapis.com/compute/v1/${zone}?parentId=organizations%2F1`, zone],
    [
      deploymentManager,
      "https://www.googleapis.com/deploymentmanager/v2/projects/p/global/operations/o",
      "projects/p/global/operations/o"
    ],
    [
      GoogleApi.sqlAdmin,
      "https://sqladmin.googleapis.com/v1/projects/p/operations/8f2a",
      "projects/p/operations/8f2a"
    ],
    [
      GoogleApi.make({ ...GoogleApi.sqlAdmin, baseUrl: "https://sqladmin.googleapis.com/sql", version: "v1beta4" }),
      "https://www.googleapis.com/sql/v1beta4/projects/p/operations/8f2a",
      "projects/p/operations/8f2a"
    ],
    [
      GoogleApi.container,
      "https://container.googleapis.com/v1beta1/projects/1/zones/z/operations/o",
      "projects/1/zones/z/operations/o"
    ],
    [
      GoogleApi.bigQuery,
      "https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs/j?location=EU",
      "projects/p/locations/EU/jobs/j"
    ],
    [GoogleApi.bigQuery, "https://www.googleapis.com/bigquery/v2/projects/p/jobs/j", "projects/p/jobs/j"]
  ]
  for (const [api, url, name] of names) {
    it(`at ${api.baseUrl} reduces ${url} to ${name}`, () => {
      assert.deepStrictEqual(GoogleApi.nameFromUrl(api, url), Either.right(name))
    })
  }

  const refused: ReadonlyArray<readonly [GoogleApi.GoogleApi, string, RegExp]> = [
    [run, "operations/a", /not a URL/],
    [run, `ftp://run.googleapis.com/v2/${location}`, /not a URL/],
    [run, `//run.googleapis.com/v2/${location}`, /not a URL/],
    [run, "https://", /not a URL/],
    [run, `https://run.googleapis.com\\@evil.test/v2/${location}`, /does not start with \/v2\//],
    [run, `https://user:password@run.googleapis.com/v2/${location}`, /user name or a password/],
    [
      run,
      `https://evil.test/v2/${location}`,
      /at https:\/\/evil\.test, and this API is at https:\/\/run\.googleapis\.com$/
    ],
    [run, `http://run.googleapis.com/v2/${location}`, /at http:\/\/run/],
    [run, `https://run.googleapis.com:8443/v2/${location}`, /at https:\/\/run\.googleapis\.com:8443/],
    [run, `https://run.googleapis.com.evil.test/v2/${location}`, /evil/],
    [run, `https://www.googleapis.com/v2/${location}`, /at https:\/\/www/],
    [run, `https://run.googleapis.com/${location}`, /does not start with \/v2\//],
    [run, "https://run.googleapis.com", /segment/],
    [run, "https://run.googleapis.com/v2/projects/p", /"projects\/p" does not match/],
    [run, `https://run.googleapis.com/v2//${location}`, /segment/],
    [run, `https://run.googleapis.com/v2/${location}/`, /segment/],
    [run, "https://run.googleapis.com/v2/operations/../secrets", /segment/],
    [run, "https://run.googleapis.com/v2/operations/%2e%2E/secrets", /segment/],
    [run, "https://run.googleapis.com/v2/operations/a%2Fb", /encoded slash/],
    [run, "https://run.googleapis.com/v2/operations/a%", /bad encoding/],
    [run, "https://run.googleapis.com/v2/operations/%FF", /bad encoding/],
    [GoogleApi.compute, `https://www.googleapis.com/storage/v1/${zone}`, /does not start with \/compute\/v1\//],
    [GoogleApi.compute, `https://storage.googleapis.com/compute/v1/${zone}`, /at https:\/\/storage/],
    [GoogleApi.compute, `https://compute.googleapis.com/compute/${zone}`, /does not start/],
    [GoogleApi.compute, `https://compute.googleapis.com/compute/v1/${zone}/wait`, /does not match/],
    [GoogleApi.compute, "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i", /does not match/],
    [emulator, `https://www.googleapis.com/compute/v1/${zone}`, /and this API is at http:\/\/127\.0\.0\.1:8787/],
    [GoogleApi.make({ ...at, baseUrl: "nonsense" }), `https://run.googleapis.com/v2/${location}`, /base URL/]
  ]
  for (const [api, url, problem] of refused) {
    it(`at ${api.baseUrl} refuses ${url}`, () => {
      const name = GoogleApi.nameFromUrl(api, url)
      assert.match(Either.isLeft(name) ? name.left : `accepted: ${name.right}`, problem)
    })
  }

  it("does not quote the secret parts of a URL", () => {
    for (const url of ["https://u:hunter2@run.googleapis.com/v2/x", "https://evil.test/v2/x?key=hunter2#hunter2"]) {
      const name = GoogleApi.nameFromUrl(run, url)
      assert.notInclude(Either.isLeft(name) ? name.left : "hunter2", "hunter2")
    }
  })

  it("is the reverse of the requests of every dialect", () => {
    const names = [
      [GoogleApi.accessContextManager, "operations/a:b/é"],
      [GoogleApi.compute, "projects/example.com:p/zones/z/operations/o"],
      [GoogleApi.compute, "folders/1/locations/global/operations/o"],
      [GoogleApi.sqlAdmin, "projects/p/operations/o"],
      [GoogleApi.container, location],
      [GoogleApi.bigQuery, "projects/p/locations/EU/jobs/j"]
    ] as const
    for (const [api, name] of names) {
      const { query, resource } = api.dialect.poll(name)
      const path = resource.split("/").map(encodeURIComponent).join("/")
      const parameters = new URLSearchParams(query as Record<string, string> | undefined)
      assert.deepStrictEqual(
        GoogleApi.nameFromUrl(api, `${api.baseUrl}/${api.version}/${path}?${parameters}`),
        Either.right(name)
      )
    }
  })
})
