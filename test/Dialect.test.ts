import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as Either from "effect/Either"

const zone = "projects/p/zones/z/operations/o"
const organization = "organizations/1/locations/global/operations/o"
const location = "projects/p/locations/l/operations/o"
const job = "projects/p/locations/europe-west3/jobs/j"
const model = "projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001"
const video = `${model}/operations/o`

const decode = (dialect: Dialect.Dialect, json: unknown, name?: string) =>
  dialect.decode(json, { name, operationName: dialect.operationName })

const requestsOf = (dialect: Dialect.Dialect, name: string) => ({
  poll: dialect.poll(name),
  wait: dialect.wait?.(name, 20, dialect.waitTimeout ?? "body"),
  cancel: dialect.cancel?.(name),
  delete: dialect.delete?.(name)
})

describe("requests", () => {
  it("longRunning: AIP-151, with :wait where an API has it", () => {
    assert.deepStrictEqual(requestsOf(Dialect.longRunning, location), {
      poll: { method: "GET", resource: location },
      wait: { method: "POST", resource: location, suffix: ":wait", body: { timeout: "20s" }, holdSeconds: 20 },
      cancel: { method: "POST", resource: location, suffix: ":cancel", body: {} },
      delete: { method: "DELETE", resource: location }
    })
    assert.deepStrictEqual(Dialect.longRunning.wait?.(location, 20, "query"), {
      method: "POST",
      resource: location,
      suffix: ":wait",
      query: { timeout: "20s" },
      body: {},
      holdSeconds: 20
    })
    assert.strictEqual(Dialect.longRunning.waitTimeout, undefined)
  })

  it("compute: /wait holds the response for up to two minutes", () => {
    assert.deepStrictEqual(requestsOf(Dialect.compute, zone), {
      poll: { method: "GET", resource: zone },
      wait: { method: "POST", resource: zone, suffix: "/wait", holdSeconds: 120 },
      cancel: undefined,
      delete: { method: "DELETE", resource: zone }
    })
  })

  it("compute: an operation of an organization has its parent in the query, and no /wait", () => {
    const resource = "locations/global/operations/o"
    assert.deepStrictEqual(requestsOf(Dialect.compute, organization), {
      poll: { method: "GET", resource, query: { parentId: "organizations/1" } },
      wait: undefined,
      cancel: undefined,
      delete: { method: "DELETE", resource, query: { parentId: "organizations/1" } }
    })
    assert.deepStrictEqual(Dialect.compute.poll(resource), { method: "GET", resource })
  })

  it("sqlAdmin: /cancel", () => {
    const name = "projects/p/operations/o"
    assert.deepStrictEqual(requestsOf(Dialect.sqlAdmin, name), {
      poll: { method: "GET", resource: name },
      wait: undefined,
      cancel: { method: "POST", resource: name, suffix: "/cancel" },
      delete: undefined
    })
  })

  it("container: :cancel", () => {
    assert.deepStrictEqual(requestsOf(Dialect.container, location), {
      poll: { method: "GET", resource: location },
      wait: undefined,
      cancel: { method: "POST", resource: location, suffix: ":cancel", body: {} },
      delete: undefined
    })
  })

  it("bigQuery: the location is in the query", () => {
    const [resource, query] = ["projects/p/jobs/j", { location: "europe-west3" }]
    assert.deepStrictEqual(requestsOf(Dialect.bigQuery, job), {
      poll: { method: "GET", resource, query },
      wait: undefined,
      cancel: { method: "POST", resource, suffix: "/cancel", query },
      delete: { method: "DELETE", resource, suffix: "/delete", query }
    })
    assert.deepStrictEqual(Dialect.bigQuery.poll(resource), { method: "GET", resource })
  })

  it("predict: an operation of a publisher model is read by a POST to the model, and has no other methods", () => {
    assert.deepStrictEqual(requestsOf(Dialect.predict, video), {
      poll: { method: "POST", resource: model, suffix: ":fetchPredictOperation", body: { operationName: video } },
      wait: undefined,
      cancel: undefined,
      delete: undefined
    })
  })

  it.each([
    location,
    "projects/p/locations/l/endpoints/e/operations/o",
    "projects/p/locations/l/models/m/operations/o"
  ])(
    "predict: %s as in longRunning, with the timeout of :wait in the query",
    (name) => {
      assert.deepStrictEqual(requestsOf(Dialect.predict, name), {
        poll: { method: "GET", resource: name },
        wait: { method: "POST", resource: name, suffix: ":wait", query: { timeout: "20s" }, body: {}, holdSeconds: 20 },
        cancel: { method: "POST", resource: name, suffix: ":cancel", body: {} },
        delete: { method: "DELETE", resource: name }
      })
    }
  )
})

describe("operationName", () => {
  for (
    const [dialect, name, isName] of [
      [Dialect.longRunning, "operations/a/b", true],
      [Dialect.longRunning, location, true],
      [Dialect.longRunning, "operations/", false],
      [Dialect.compute, zone, true],
      [Dialect.compute, "projects/p/regions/r/operations/o", true],
      [Dialect.compute, "projects/example.com:p/global/operations/o", true],
      [Dialect.compute, "locations/global/operations/o", true],
      [Dialect.compute, organization, true],
      [Dialect.compute, "folders/2/locations/global/operations/o", true],
      [Dialect.compute, "projects/p/locations/global/operations/o", false],
      [Dialect.compute, "projects/p/zones/z/instances/i", false],
      [Dialect.compute, `${zone}/wait`, false],
      [Dialect.compute, "operation-1", false],
      [Dialect.sqlAdmin, "projects/p/operations/o", true],
      [Dialect.sqlAdmin, location, false],
      [Dialect.container, location, true],
      [Dialect.container, zone, true],
      [Dialect.container, "projects/p/operations/o", false],
      [Dialect.bigQuery, job, true],
      [Dialect.bigQuery, "projects/p/jobs/j", true],
      [Dialect.bigQuery, "projects/p/queries/j", false],
      [Dialect.predict, video, true],
      [Dialect.predict, location, true],
      [Dialect.predict, model, false]
    ] as const
  ) {
    it(`of ${dialect.name} matches ${name}: ${isName}`, () => {
      assert.strictEqual(dialect.operationName.test(name), isName)
    })
  }
})

describe("decode", () => {
  it("compute: each error is an ErrorInfo with its code, followed by its details", () => {
    const error = {
      errors: [
        {
          code: "QUOTA_EXCEEDED",
          message: "Quota 'CPUS' exceeded.",
          location: "machineType",
          errorDetails: [
            {
              quotaInfo: {
                metricName: "compute.googleapis.com/cpus",
                limitName: "CPUS-per-project-region",
                limit: 24,
                futureLimit: 48,
                dimensions: { region: "us-central1" }
              }
            },
            { errorInfo: { reason: "R", domain: "compute.googleapis.com", metadatas: { zone: "z" } } },
            { help: { links: [{ description: "d", url: "https://example.com" }] } },
            { localizedMessage: { locale: "en-US", message: "m" } },
            { novelty: 1 }
          ]
        },
        { code: "RESOURCE_NOT_FOUND" }
      ]
    }
    const operation = Either.getOrThrow(
      decode(
        Dialect.compute,
        { kind: "compute#operation", name: "o", status: "DONE", httpErrorStatusCode: 403, error },
        zone
      )
    )
    assert.strictEqual(operation.error?.code, 8)
    assert.strictEqual(operation.error?.message, "Quota 'CPUS' exceeded.")
    assert.deepStrictEqual(operation.error?.details, [
      {
        _tag: "ErrorInfo",
        reason: "QUOTA_EXCEEDED",
        domain: "compute.googleapis.com",
        metadata: { location: "machineType", message: "Quota 'CPUS' exceeded." }
      },
      {
        _tag: "QuotaFailure",
        violations: [{
          subject: "",
          description: "Quota 'CPUS' exceeded.",
          apiService: "",
          quotaMetric: "compute.googleapis.com/cpus",
          quotaId: "CPUS-per-project-region",
          quotaDimensions: { region: "us-central1" },
          quotaValue: "24",
          futureQuotaValue: "48"
        }]
      },
      { _tag: "ErrorInfo", reason: "R", domain: "compute.googleapis.com", metadata: { zone: "z" } },
      { _tag: "Help", links: [{ description: "d", url: "https://example.com" }] },
      { _tag: "LocalizedMessage", locale: "en-US", message: "m" },
      { value: { novelty: 1 } },
      { _tag: "ErrorInfo", reason: "RESOURCE_NOT_FOUND", domain: "compute.googleapis.com", metadata: {} }
    ])
  })

  it.each(["errorInfo", "quotaInfo", "help", "localizedMessage", "__proto__"])(
    "compute: the detail %s that is not an object stays raw",
    (field) => {
      const errors = [{ message: "m", errorDetails: [JSON.parse(`{"${field}":"x"}`), null, 1] }]
      const operation = Either.getOrThrow(
        decode(Dialect.compute, { name: "o", status: "DONE", error: { errors } }, zone)
      )
      assert.deepStrictEqual(JSON.stringify(operation.error?.details), `[{"value":{"${field}":"x"}}]`)
    }
  )

  it("compute: the type of the metadata and of the response is that of the message", () => {
    const raw = { kind: "compute#operation", name: "o", status: "DONE", progress: 100, warnings: [{ code: "W" }] }
    const operation = Either.getOrThrow(decode(Dialect.compute, raw, zone))
    const typed = { ...raw, "@type": "type.googleapis.com/google.cloud.compute.v1.Operation" }
    assert.deepStrictEqual(operation.metadata, typed)
    assert.deepStrictEqual(operation.response, typed)
    assert.deepStrictEqual(decode(Dialect.compute, { ...raw, "@type": 1 }, zone), Either.right(operation))
  })

  it.each([
    [{ error: {} }, "UNKNOWN", "UNKNOWN"],
    [{ error: { errors: [] }, httpErrorStatusCode: 404 }, "NOT_FOUND", "NOT_FOUND"],
    [{ error: { errors: [{ code: "C" }] }, httpErrorMessage: "BAD" }, "UNKNOWN", "BAD"],
    [{ error: { errors: [{ code: "ABORTED" }] } }, "ABORTED", "ABORTED"],
    [{ error: { errors: [{ code: "OK" }] } }, "UNKNOWN", "OK"],
    [{ error: { errors: "none" } }, "UNKNOWN", "UNKNOWN"]
  ])("compute: done with %j is %s", (fields, code, message) => {
    const { error } = Either.getOrThrow(decode(Dialect.compute, { name: "o", status: "DONE", ...fields }, zone))
    assert.deepStrictEqual([error?.codeName, error?.message], [code, message])
  })

  it.each([[{ httpErrorStatusCode: 200 }], [{ httpErrorStatusCode: "404" }], [{ error: null, httpErrorMessage: "" }]])(
    "compute: done with %j is a success",
    (fields) => {
      const operation = Either.getOrThrow(decode(Dialect.compute, { name: "o", status: "DONE", ...fields }, zone))
      assert.strictEqual(operation._tag, "Succeeded")
    }
  )

  for (
    const [dialect, json, name, problem] of [
      [Dialect.compute, { name: "o", status: "DONE", error: "x" }, zone, /"error" must be an object/],
      [Dialect.compute, { name: 5, status: "DONE" }, zone, /name must be a string/],
      [Dialect.compute, { name: "o", status: 5 }, zone, /state must be a string/],
      [Dialect.compute, [], zone, /must be an object/],
      [Dialect.compute, { error: { code: 403 } }, zone, /an error without an operation/],
      [Dialect.container, { name: "o", status: "DONE", error: "x" }, location, /"error" is not a google.rpc.Status/],
      [Dialect.bigQuery, { kind: "bigquery#job", status: { state: "DONE", errorResult: "x" } }, job, /"errorResult"/],
      [Dialect.bigQuery, { kind: "bigquery#job", status: "DONE" }, job, /Dialect\.compute/],
      [Dialect.longRunning, null, "operations/x", /must be an object/],
      [Dialect.longRunning, { name: "operations/x", done: "yes" }, "operations/x", /"done" must be a boolean/],
      [Dialect.longRunning, { name: 5, done: true }, "operations/x", /"name" must be a string/],
      [Dialect.longRunning, { name: "operations/x", error: "x" }, "operations/x", /"error" is not a google.rpc.Status/],
      [Dialect.longRunning, { name: "operations/x", metadata: [] }, "operations/x", /"metadata" must be/]
    ] as const
  ) {
    it(`of ${dialect.name} refuses ${JSON.stringify(json)}`, () => {
      const decoded = decode(dialect, json, name)
      assert.match(Either.isLeft(decoded) ? decoded.left : "accepted", problem)
    })
  }

  it("quotes short texts without line breaks", () => {
    const decoded = decode(Dialect.longRunning, { name: `accessPolicies/${"1\n".repeat(10_000)}` }, "operations/x")
    assert(Either.isLeft(decoded))
    assert.isBelow(decoded.left.length, 300)
    assert.notInclude(decoded.left, "\n")
  })

  it("ignores the flags of a pattern", () => {
    const operationName = /^operations\//gy
    for (let times = 0; times < 3; times++) {
      const decoded = Dialect.longRunning.decode({ name: "operations/x" }, { name: undefined, operationName })
      assert.isTrue(Either.isRight(decoded))
    }
  })
})

describe("list", () => {
  const names = (dialect: Dialect.Dialect, collection: string, json: unknown) =>
    Either.map(
      dialect.list!.decode(json, { collection, operationName: dialect.operationName }),
      ({ nextPageToken, operations, unreachable }) => ({
        operations: operations.map(({ _tag, name }) => `${_tag} ${name}`),
        nextPageToken,
        unreachable
      })
    )
  const page = { filter: "f", pageSize: 5, pageToken: "t", returnPartialSuccess: true }

  for (
    const [dialect, name, collection] of [
      [Dialect.longRunning, "operations/accessPolicies/1/create/2", "operations"],
      [Dialect.longRunning, location, "projects/p/locations/l/operations"],
      [Dialect.longRunning, "operations", undefined],
      [Dialect.compute, zone, "projects/p/zones/z/operations"],
      [Dialect.compute, organization, "organizations/1/locations/global/operations"],
      [Dialect.bigQuery, job, "projects/p/locations/europe-west3/jobs"],
      [Dialect.container, location, "projects/p/locations/l/operations"],
      [Dialect.compute, "o", undefined]
    ] as const
  ) {
    it(`of ${dialect.name} has ${name} in ${collection}`, () => {
      assert.strictEqual(dialect.list?.collection(name), collection)
    })
  }

  it("requests a page with the parameters of the API", () => {
    const request = (dialect: Dialect.Dialect, collection: string) => dialect.list?.request(collection, page)
    assert.deepStrictEqual(request(Dialect.longRunning, "operations"), {
      method: "GET",
      resource: "operations",
      query: { filter: "f", pageSize: 5, pageToken: "t", returnPartialSuccess: true }
    })
    assert.deepStrictEqual(request(Dialect.compute, "organizations/1/locations/global/operations"), {
      method: "GET",
      resource: "locations/global/operations",
      query: { parentId: "organizations/1", filter: "f", maxResults: 5, pageToken: "t", returnPartialSuccess: true }
    })
    assert.deepStrictEqual(request(Dialect.sqlAdmin, "projects/p/operations"), {
      method: "GET",
      resource: "projects/p/operations",
      query: { filter: "f", maxResults: 5, pageToken: "t", returnPartialSuccess: undefined }
    })
    assert.deepStrictEqual(request(Dialect.container, "projects/p/locations/-/operations"), {
      method: "GET",
      resource: "projects/p/locations/-/operations",
      query: { filter: "f" }
    })
    assert.deepStrictEqual(request(Dialect.bigQuery, "projects/p/locations/EU/jobs"), {
      method: "GET",
      resource: "projects/p/jobs",
      query: { filter: "f", maxResults: 5, pageToken: "t", returnPartialSuccess: undefined }
    })
  })

  it("longRunning: accepts every item with a name that is an operation", () => {
    const operations = [{ name: "operations/a" }, { name: "odd" }, { name: "operations/b", done: true }]
    assert.deepStrictEqual(
      names(Dialect.longRunning, "operations", { operations, nextPageToken: "t", unreachable: ["locations/x"] }),
      Either.right({
        operations: ["Pending operations/a", "Pending odd", "Succeeded operations/b"],
        nextPageToken: "t",
        unreachable: ["locations/x"]
      })
    )
    assert.deepStrictEqual(
      names(Dialect.longRunning, "operations", {}),
      Either.right({ operations: [], nextPageToken: "", unreachable: [] })
    )
  })

  const zonal = (name: string, fields?: object) => ({
    kind: "compute#operation",
    name,
    status: "RUNNING",
    selfLink: `https://www.googleapis.com/compute/v1/projects/123/zones/z/operations/${name}`,
    ...fields
  })

  it("compute: names are in the requested collection", () => {
    const json = {
      kind: "compute#operationList",
      items: [zonal("a"), zonal("b", { status: "DONE" })],
      nextPageToken: "t"
    }
    assert.deepStrictEqual(
      names(Dialect.compute, "projects/p/zones/z/operations", json),
      Either.right({
        operations: ["Pending projects/p/zones/z/operations/a", "Succeeded projects/p/zones/z/operations/b"],
        nextPageToken: "t",
        unreachable: []
      })
    )
  })

  it("compute: decodes an aggregated list, with the names in the links", () => {
    const items = {
      "zones/z": { operations: [zonal("a")] },
      global: { warning: { code: "NO_RESULTS_ON_PAGE" } },
      "zones/y": { operations: [zonal("b")] }
    }
    assert.deepStrictEqual(
      names(Dialect.compute, "projects/123/aggregated/operations", { items, unreachables: ["zones/x"] }),
      Either.right({
        operations: ["Pending projects/123/zones/z/operations/a", "Pending projects/123/zones/z/operations/b"],
        nextPageToken: "",
        unreachable: ["zones/x"]
      })
    )
  })

  it("compute: Deployment Manager's list", () => {
    const operations = [zonal("a", { selfLink: undefined })]
    assert.deepStrictEqual(
      names(Dialect.compute, "projects/p/global/operations", { operations }),
      Either.right({ operations: ["Pending projects/p/global/operations/a"], nextPageToken: "", unreachable: [] })
    )
  })

  it("container: decodes the list of all locations, with the names in the links", () => {
    const operation = (id: string, location: string) => ({
      name: id,
      operationType: "CREATE_CLUSTER",
      status: "RUNNING",
      selfLink: `https://container.googleapis.com/v1/projects/123/locations/${location}/operations/${id}`
    })
    assert.deepStrictEqual(
      names(Dialect.container, "projects/p/locations/-/operations", {
        operations: [operation("a", "l"), operation("b", "m")],
        missingZones: ["z"]
      }),
      Either.right({
        operations: ["Pending projects/123/locations/l/operations/a", "Pending projects/123/locations/m/operations/b"],
        nextPageToken: "",
        unreachable: ["z"]
      })
    )
  })

  it("bigQuery: the state and the error of an item are one level higher, and names have a location if the collection has one", () => {
    const jobs = [
      { jobReference: { projectId: "p", jobId: "a", location: "EU" }, state: "RUNNING", status: { state: "RUNNING" } },
      {
        jobReference: { projectId: "p", jobId: "b", location: "US" },
        state: "DONE",
        errorResult: { reason: "stopped", message: "m" }
      }
    ]
    const read = (collection: string) => names(Dialect.bigQuery, collection, { jobs, nextPageToken: null })
    assert.deepStrictEqual(
      read("projects/p/locations/EU/jobs"),
      Either.right({
        operations: ["Pending projects/p/locations/EU/jobs/a", "Failed projects/p/locations/US/jobs/b"],
        nextPageToken: "",
        unreachable: []
      })
    )
    assert.deepStrictEqual(
      Either.map(read("projects/p/jobs"), ({ operations }) => operations),
      Either.right(["Pending projects/p/jobs/a", "Failed projects/p/jobs/b"])
    )
  })

  for (
    const [dialect, json, problem] of [
      [Dialect.longRunning, [], /must be an object/],
      [Dialect.longRunning, { operations: {} }, /"operations" must be a list/],
      [Dialect.longRunning, { nextPageToken: 1 }, /"nextPageToken" must be a string/],
      [Dialect.longRunning, { unreachable: [1] }, /"unreachable" must be a list of strings/],
      [Dialect.longRunning, { operations: [{ name: "operations/a" }, {}] }, /item 1.*none of an operation's fields/],
      [Dialect.compute, { items: [{ kind: "compute#instance" }] }, /item 0.*compute#instance/],
      [Dialect.compute, { items: "x" }, /"items" must be a list/],
      [Dialect.bigQuery, { jobs: [null] }, /item 0.*must be an object/]
    ] as const
  ) {
    it(`of ${dialect.name} refuses ${JSON.stringify(json)}`, () => {
      const decoded = names(dialect, "projects/p/zones/z/operations", json)
      assert.match(Either.isLeft(decoded) ? decoded.left : "accepted", problem)
    })
  }
})
