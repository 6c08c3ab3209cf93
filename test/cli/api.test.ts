import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as Either from "effect/Either"
import { type ApiOptions, closest, collection, operations } from "../../src/cli/api.js"

const google = { universeDomain: "googleapis.com" }

const found = (args: ReadonlyArray<string>, options: Partial<ApiOptions> = {}) =>
  Either.map(
    operations(args, { ...google, ...options }),
    (targets) => targets.map(({ api, name }) => `${api.baseUrl} ${api.version} ${api.dialect.name} ${name}`)
  )

const right = (args: ReadonlyArray<string>, options?: Partial<ApiOptions>) => Either.getOrThrow(found(args, options))

const left = (args: ReadonlyArray<string>, options?: Partial<ApiOptions>) =>
  Either.getOrThrow(Either.flip(found(args, options)))

const run = "projects/p/locations/us-central1/operations/o"

describe("an operation", () => {
  it("is found by its URL, whatever API it is of", () => {
    assert.deepStrictEqual(
      right([
        `https://us-central1-run.googleapis.com/v2/${run}`,
        "https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/o",
        "https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs/j?location=EU"
      ]),
      [
        `https://us-central1-run.googleapis.com v2 longRunning ${run}`,
        "https://www.googleapis.com/compute v1 compute projects/p/zones/z/operations/o",
        "https://bigquery.googleapis.com/bigquery v2 bigQuery projects/p/locations/EU/jobs/j"
      ]
    )
  })

  it("is found by its name and an API of the catalog, with the newest stable version unless one is given", () => {
    assert.deepStrictEqual(right([run], { api: "run" }), [`https://run.googleapis.com v2 longRunning ${run}`])
    assert.deepStrictEqual(right([run], { api: "run/v1" }), [`https://run.googleapis.com v1 longRunning ${run}`])
    assert.deepStrictEqual(right([run], { api: "run", apiVersion: "v1" }), [
      `https://run.googleapis.com v1 longRunning ${run}`
    ])
    assert.deepStrictEqual(right(["projects/p/operations/o"], { api: "sqladmin" }), [
      "https://sqladmin.googleapis.com v1 sqlAdmin projects/p/operations/o"
    ])
  })

  it("is found at another location, at another server, and in another universe", () => {
    assert.deepStrictEqual(right([run], { api: "run", location: "us-central1" }), [
      `https://us-central1-run.googleapis.com v2 longRunning ${run}`
    ])
    assert.deepStrictEqual(right([run], { api: "run", baseUrl: "http://127.0.0.1:8787" }), [
      `http://127.0.0.1:8787 v2 longRunning ${run}`
    ])
    assert.deepStrictEqual(right(["operations/a"], { baseUrl: "http://127.0.0.1:8787" }), [
      "http://127.0.0.1:8787 v1 longRunning operations/a"
    ])
    assert.deepStrictEqual(
      right(["projects/p/zones/z/operations/o"], {
        baseUrl: "https://example.com/compute",
        apiVersion: "beta",
        dialect: Dialect.compute
      }),
      ["https://example.com/compute beta compute projects/p/zones/z/operations/o"]
    )
    assert.deepStrictEqual(right(["http://127.0.0.1:8787/v1/operations/a"], { baseUrl: "http://127.0.0.1:8787" }), [
      "http://127.0.0.1:8787 v1 longRunning operations/a"
    ])
    assert.deepStrictEqual(
      right([`https://run.example.goog/v2/${run}`], { universeDomain: "example.goog" }),
      [`https://run.example.goog v2 longRunning ${run}`]
    )
    assert.deepStrictEqual(right([run], { api: "run", universeDomain: "example.goog" }), [
      `https://run.example.goog v2 longRunning ${run}`
    ])
  })

  it("that is given twice is one", () => {
    const url = `https://run.googleapis.com/v2/${run}`
    assert.strictEqual(right([url, url, run], { api: "run" }).length, 1)
  })

  it.each<[string, ReadonlyArray<string>, Partial<ApiOptions>, RegExp]>([
    [
      "a name without an API",
      ["operations/a"],
      {},
      /^the API of "operations\/a" is unknown\. Give the URL .* --api .* --base-url$/
    ],
    [
      "a host that is not Google's",
      ["https://example.com/v2/operations/a"],
      {},
      /is not the URL of an operation of an API/
    ],
    ["a secret in a URL", ["https://u:secret@example.com/x?key=secret"], {}, /^(?!.*secret).*is not the URL/],
    ["an unknown API", [run], { api: "rum" }, /^the catalog has no API "rum"\. Did you mean run\?$/],
    ["an unknown version", [run], { api: "run/v9" }, /^the catalog has no version "v9" of run; it has v1, v2$/],
    ["two versions", [run], { api: "run/v2", apiVersion: "v1" }, /--api-version/],
    [
      "a name of another form",
      ["operations/a"],
      { api: "run" },
      /is not the name of an operation of this API: its names match projects\/\*\/locations\/\*\/operations\/\*$/
    ],
    ["a name of another form in a tree", ["a"], { api: "accesscontextmanager" }, /: its names match operations\/\*\*$/],
    [
      "one of another form of several",
      ["a"],
      { api: "container" },
      /match projects\/\*\/locations\/.*, projects\/\*\/zones\//
    ],
    ["one of no form", ["a"], { baseUrl: "http://a.b" }, /: its names match operations\/\*\*, \*\*\/operations\/\*\*$/],
    ["a bad name", ["operations/../a"], { api: "accesscontextmanager" }, /has a segment/],
    ["an empty name", [""], { api: "run" }, /it is empty/],
    ["a name with its version", ["v1/operations/a"], { baseUrl: "http://127.0.0.1:1" }, /starts with a version/],
    [
      "a URL of another API",
      [`https://run.googleapis.com/v2/${run}`],
      { api: "compute" },
      /is a URL of run, but --api is compute/
    ],
    ["a URL of another server", ["http://127.0.0.1:2/v1/operations/a"], { baseUrl: "http://127.0.0.1:1" }, /it is at/],
    [
      "a dialect of a known API",
      [run],
      { api: "run", dialect: Dialect.compute },
      /--dialect cannot be combined with --api/
    ],
    ["a dialect without a server", [run], { dialect: Dialect.compute }, /^--dialect needs --base-url$/],
    ["a version without a server", [run], { apiVersion: "v1" }, /^--api-version needs --base-url$/],
    ["a location without an API", [run], { location: "eu" }, /^--location needs --api$/],
    [
      "a location of a server",
      [run],
      { api: "run", location: "eu", baseUrl: "http://a.b" },
      /--location cannot be combined with/
    ],
    ["a location that is none", [run], { api: "run", location: "a b" }, /the location a b is not/],
    ["a base URL that is none", ["operations/a"], { baseUrl: "nonsense" }, /"nonsense" is not one/],
    ["a version that is none", ["operations/a"], { baseUrl: "http://a.b", apiVersion: "../v1" }, /api.version must be/]
  ])("is refused: %s", (_, args, options, problem) => assert.match(left(args, options), problem))
})

describe("a collection", () => {
  const one = (argument: string | undefined, options: Partial<ApiOptions>) =>
    Either.map(
      collection(argument, { ...google, ...options }),
      ({ api, name }) => `${api.baseUrl} ${api.version} ${name}`
    )

  it("is given by its name, by its URL, or is the only one", () => {
    const name = "projects/p/locations/l/operations"
    assert.deepStrictEqual(one(name, { api: "run" }), Either.right(`https://run.googleapis.com v2 ${name}`))
    assert.deepStrictEqual(
      one(`https://run.googleapis.com/v2/${name}/`, {}),
      Either.right(`https://run.googleapis.com v2 ${name}`)
    )
    assert.deepStrictEqual(
      one(undefined, { api: "accesscontextmanager" }),
      Either.right("https://accesscontextmanager.googleapis.com v1 operations")
    )
  })

  it("is refused if it is none", () => {
    const problem = (argument: string | undefined, options: Partial<ApiOptions>) =>
      Either.getOrThrow(Either.flip(one(argument, options)))
    assert.match(problem(undefined, { api: "run" }), /^the name of a collection is missing/)
    assert.match(problem("operations", {}), /^the API of /)
    assert.match(problem("/operations", { api: "run" }), /is not the name of a collection: it starts with a slash/)
    assert.match(problem("https://example.com/operations", {}), /is not the URL of a collection/)
  })
})

describe("a word that was mistyped", () => {
  it("has a suggestion only if one is close", () => {
    assert.strictEqual(closest("--tmeout", ["--timeout", "--filter"]), "--timeout")
    assert.strictEqual(closest("wiat", ["wait", "watch"]), "wait")
    assert.isUndefined(closest("nonsense", ["wait", "watch"]))
    assert.isUndefined(closest("x", []))
  })
})
