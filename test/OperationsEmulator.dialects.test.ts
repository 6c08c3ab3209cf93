import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Code from "effect-google-operations/Code"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Status from "effect-google-operations/Status"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { httpError, service } from "./support/service.js"
import { after } from "./support/time.js"

interface Row {
  readonly api: GoogleApi.GoogleApi
  /** The name of an operation with this id. */
  readonly name: (id: string) => string
  /** A method that starts an operation: its path below the version, and the name of the operation. */
  readonly start: { readonly path: string; readonly body?: unknown; readonly name: string }
  /** The collection of the operations, if the API has a list of them. */
  readonly collection?: string
  readonly cancels: boolean
  readonly deletes: boolean
  /** The path of a request that the server holds. */
  readonly waits?: string
}

const below = (collection: string) => (id: string): string => `${collection}/${id}`

const computeRow = (scope: string, start: string): Row => ({
  api: GoogleApi.compute,
  name: below(`projects/p/${scope}/operations`),
  start: { path: `projects/p/${start}`, name: `projects/p/${scope}/operations/operation-1` },
  collection: `projects/p/${scope}/operations`,
  cancels: false,
  deletes: true,
  waits: `/compute/v1/projects/p/${scope}/operations/o/wait`
})

const veo = "projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001"

const vertexAi = GoogleApi.make({
  baseUrl: "https://us-central1-aiplatform.googleapis.com",
  version: "v1",
  dialect: Dialect.predict
})

const rows: Readonly<Record<string, Row>> = {
  "longRunning": {
    api: GoogleApi.make({ baseUrl: "https://run.googleapis.com", version: "v2", methods: { wait: "body" } }),
    name: below("projects/p/locations/l/operations"),
    start: { path: "projects/p/locations/l/services", name: "projects/p/locations/l/operations/1" },
    collection: "projects/p/locations/l/operations",
    cancels: true,
    deletes: true,
    waits: "/v2/projects/p/locations/l/operations/o:wait"
  },
  "compute, zones": computeRow("zones/us-central1-a", "zones/us-central1-a/instances"),
  "compute, regions": computeRow("regions/us-central1", "regions/us-central1/addresses"),
  "compute, global": computeRow("global", "global/networks"),
  "compute, a method of the project": computeRow("global", "setCommonInstanceMetadata"),
  "compute, organizations": {
    api: GoogleApi.compute,
    name: below("organizations/1/locations/global/operations"),
    start: { path: "locations/global/firewallPolicies", name: "locations/global/operations/operation-1" },
    collection: "organizations/1/locations/global/operations",
    cancels: false,
    deletes: true
  },
  "sqlAdmin": {
    api: GoogleApi.sqlAdmin,
    name: below("projects/p/operations"),
    start: { path: "projects/p/instances", name: "projects/p/operations/operation-1" },
    collection: "projects/p/operations",
    cancels: true,
    deletes: false
  },
  "container": {
    api: GoogleApi.container,
    name: below("projects/p/locations/us-west2/operations"),
    start: {
      path: "projects/p/locations/us-west2/clusters",
      name: "projects/p/locations/us-west2/operations/operation-1"
    },
    collection: "projects/p/locations/us-west2/operations",
    cancels: true,
    deletes: false
  },
  "bigQuery": {
    api: GoogleApi.bigQuery,
    name: below("projects/p/jobs"),
    start: { path: "projects/p/jobs", name: "projects/p/jobs/job_1" },
    collection: "projects/p/jobs",
    cancels: true,
    deletes: true
  },
  "bigQuery, in a location": {
    api: GoogleApi.bigQuery,
    name: below("projects/p/locations/europe-west3/jobs"),
    start: {
      path: "projects/p/jobs",
      body: { jobReference: { jobId: "mine", location: "europe-west3" } },
      name: "projects/p/locations/europe-west3/jobs/mine"
    },
    collection: "projects/p/locations/europe-west3/jobs",
    cancels: true,
    deletes: true
  },
  "predict, publisher models": {
    api: vertexAi,
    name: below(`${veo}/operations`),
    start: { path: `${veo}:predictLongRunning`, name: `${veo}/operations/1` },
    cancels: false,
    deletes: false
  },
  "predict, other operations": {
    api: vertexAi,
    name: below("projects/p/locations/us-central1/operations"),
    start: {
      path: "projects/p/locations/us-central1/endpoints",
      name: "projects/p/locations/us-central1/operations/1"
    },
    collection: "projects/p/locations/us-central1/operations",
    cancels: true,
    deletes: true,
    waits: "/v1/projects/p/locations/us-central1/operations/o:wait"
  }
}

/** How a program uses an emulator: in memory, where `run` moves the clock of the test, or over a socket. */
interface Way {
  readonly emulator: OperationsEmulator.Service
  readonly operations: OperationsService.Service
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

const progress = (percent: number) =>
  OperationsEmulator.pending({ metadata: { "@type": "type.googleapis.com/example.Progress", progress: percent } })

const label = (operation: Operation.Operation): string => `${operation._tag} ${operation.metadata?.["progress"] ?? ""}`
const often = Schedule.spaced("10 millis")

type Check = (way: Way, row: Row) => Effect.Effect<void, unknown>

const methods: Readonly<Record<string, Check>> = {
  get: ({ emulator, operations }, row) =>
    Effect.gen(function*() {
      const name = row.name("o")
      yield* emulator.script(name, [progress(40), OperationsEmulator.gone(), OperationsEmulator.succeeded()])
      const pending = yield* operations.get(name)
      assert.deepStrictEqual([pending._tag, pending.name, pending.metadata?.["progress"]], ["Pending", name, 40])
      const gone = yield* httpError(operations.get(name))
      assert.deepStrictEqual([gone.httpStatus, gone.code], [404, "NOT_FOUND"])
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      assert.deepStrictEqual((yield* emulator.callsOf(name)).map(({ method }) => method), ["get", "get", "get"])
      const missing = yield* httpError(operations.get(row.name("missing")))
      assert.deepStrictEqual([missing.httpStatus, missing.code], [404, "NOT_FOUND"])
    }),

  wait: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const name = row.name("o")
      yield* emulator.script(name, [
        OperationsEmulator.pending({ duration: "200 millis" }),
        OperationsEmulator.httpFault({ status: 503 }),
        OperationsEmulator.succeeded({ response: ProtobufAny.pack("example.Result", { targetLink: "x" }) })
      ])
      const { name: own, response } = yield* run(operations.wait(name, { schedule: often, retrySchedule: often }))
      assert.deepStrictEqual([own, response?.["targetLink"]], [name, "x"])
      const methods = new Set((yield* emulator.callsOf(name)).map(({ method }) => method))
      assert.strictEqual(methods.has("wait"), row.waits !== undefined)
      const paths = (yield* emulator.requests).map(({ path }) => path)
      if (row.waits !== undefined) assert.include(paths, row.waits)
    }),

  "wait for one that fails": ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const codes = Object.values(Code.Code.literals).filter((code) => code !== "OK")
      assert.strictEqual(codes.length, 16)
      for (const code of codes) {
        const name = row.name(code)
        yield* emulator.script(name, [OperationsEmulator.failed({ code, message: `It is ${code}.` })])
        const error = yield* Effect.flip(run(operations.wait(name)))
        assert(error._tag === "OperationError")
        assert.deepStrictEqual([error.operation.name, error.code, error.status.message], [name, code, `It is ${code}.`])
      }
    }),

  updates: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      yield* emulator.script(row.name("o"), [progress(10), progress(10), progress(90), OperationsEmulator.succeeded()])
      const states = yield* run(Stream.runCollect(operations.updates(row.name("o"), { schedule: often })))
      assert.deepStrictEqual(Chunk.toReadonlyArray(states).map(label), ["Pending 10", "Pending 90", "Succeeded "])
    }),

  waitAll: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const names = ["a", "b", "c"].map(row.name)
      for (const name of names) yield* emulator.script(name, [progress(10), OperationsEmulator.succeeded()])
      const outcomes = yield* run(Stream.runCollect(operations.waitAll(names, { schedule: often })))
      assert.deepStrictEqual([...outcomes].map(({ operation }) => operation).sort(), names)
      assert.isTrue([...outcomes].every(({ result }) => Either.isRight(result)))
    }),

  "waitAll by list": ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const names = Array.from({ length: 30 }, (_, index) => row.name(`o${index}`))
      yield* Effect.forEach(
        names,
        (name) =>
          emulator.script(name, [
            OperationsEmulator.pending({ duration: "200 millis" }),
            OperationsEmulator.succeeded()
          ]),
        { discard: true }
      )
      const outcomes = yield* run(Stream.runCollect(operations.waitAll(names, { by: "list", schedule: often })))
      assert.strictEqual([...outcomes].filter(({ result }) => Either.isRight(result)).length, 30)
      const calls = yield* emulator.calls
      const lists = calls.filter(({ method }) => method === "list").length
      assert.isAbove(lists, 0)
      // A list that does not show the operations is no reason to miss them.
      if (row.collection === undefined) assert.isAbove(calls.length - lists, 30)
      else assert.isBelow(calls.length, 60)
    }),

  list: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const { collection } = row
      const names = Array.from({ length: 5 }, (_, index) => row.name(`o${index}`))
      for (const [index, name] of names.entries()) {
        yield* emulator.script(name, [index === 0 ? OperationsEmulator.succeeded() : progress(index)])
      }
      const pages = yield* run(Stream.runCollect(operations.listPages({ collection: collection ?? "x", pageSize: 2 })))
        .pipe(Effect.either)
      if (collection === undefined) return assert(Either.isLeft(pages))
      assert(Either.isRight(pages), String(pages))
      const listed = [...pages.right].map((page) => page.operations.map(({ name }) => name))
      assert.deepStrictEqual(listed.flat(), names)
      assert.deepStrictEqual(
        listed.map(({ length }) => length),
        row.api.dialect.name === "container" ? [5] : [2, 2, 1]
      )
      assert.strictEqual(label([...pages.right].at(-1)!.operations.at(-1)!), "Pending 4")
    }),

  cancel: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const name = row.name("o")
      yield* emulator.script(name, [OperationsEmulator.pending()])
      if (!row.cancels) {
        const refused = yield* httpError(operations.cancel(name))
        assert.strictEqual(refused.reason, "InvalidRequest")
        return
      }
      yield* operations.cancel(name)
      const error = yield* Effect.flip(run(operations.wait(name)))
      assert.strictEqual(error._tag === "OperationError" && error.code, "CANCELLED")
      assert.strictEqual((yield* httpError(operations.cancel(row.name("missing")))).code, "NOT_FOUND")
    }),

  delete: ({ emulator, operations }, row) =>
    Effect.gen(function*() {
      const name = row.name("o")
      yield* emulator.script(name, [OperationsEmulator.succeeded()])
      if (!row.deletes) {
        const refused = yield* httpError(operations.delete(name))
        assert.strictEqual(refused.reason, "InvalidRequest")
        return
      }
      yield* operations.delete(name)
      assert.strictEqual((yield* httpError(operations.get(name))).code, "NOT_FOUND")
    }),

  start: ({ emulator, operations, run }, row) =>
    Effect.gen(function*() {
      const version = new URL(`${row.api.baseUrl}/${row.api.version}`).pathname
      const path = `${version}/${row.start.path}`
      const body = row.start.body ?? { title: "x" }
      yield* emulator.onStart({ path }, (request) => {
        assert.deepStrictEqual(request.body, body)
        // Without a duration, a server that holds its responses would hold the next one to the end of its time.
        return [progress(10), OperationsEmulator.pending({ duration: "100 millis" }), OperationsEmulator.succeeded()]
      })
      const started = yield* operations.start(HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(path), body))
      assert.deepStrictEqual([started._tag, started.name, started.metadata?.["progress"]], [
        "Pending",
        row.start.name,
        10
      ])
      assert.strictEqual((yield* run(operations.wait(started, { schedule: often }))).name, row.start.name)
      const [first] = yield* emulator.calls
      assert.deepStrictEqual([first?.method, first?.name], ["start", row.start.name])
    }),

  "a URL of the operation": ({ emulator, operations }, row) =>
    Effect.gen(function*() {
      const name = row.name("o")
      yield* emulator.script(name, [OperationsEmulator.pending()])
      const { metadata } = yield* operations.get(name)
      const selfLink = metadata?.["selfLink"]
      if (typeof selfLink === "string") assert.strictEqual((yield* operations.get(selfLink)).name, name)
      else assert.include(["longRunning", "predict"], row.api.dialect.name)
    })
}

describe.each(Object.entries(rows))("%s", (_, row) => {
  for (const [method, check] of Object.entries(methods)) {
    it.scoped(`${method}, in memory`, () =>
      Effect.gen(function*() {
        const emulator = OperationsEmulator.make({ api: row.api })
        assert.strictEqual(emulator.api, row.api)
        const operations = yield* service({
          layer: Layer.provide(
            OperationsEmulator.layerHttpClient,
            Layer.succeed(OperationsEmulator.OperationsEmulator, emulator)
          )
        }, { api: emulator.api })
        yield* check({ emulator, operations, run: (effect) => after("1 minute", effect) }, row)
      }))

    it.scopedLive(`${method}, over a socket`, () =>
      Effect.gen(function*() {
        const emulator = yield* NodeOperationsEmulator.make({ api: row.api })
        const operations = yield* NodeOperations.make({ api: emulator.api })
        yield* check({ emulator, operations, run: (effect) => effect }, row)
      }))
  }
})

describe("the forms on the wire", () => {
  const send = (
    emulator: OperationsEmulator.Service,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: unknown
  ) => {
    const request = HttpClientRequest.make(method)(`https://example.com${path}`)
    return emulator.httpClient.execute(body === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, body))
      .pipe(
        Effect.flatMap((response) =>
          Effect.map(response.text, (text) => ({
            status: response.status,
            body: (text.startsWith("{") ? JSON.parse(text) : text) as unknown
          }))
        )
      )
  }

  const errorInfo = (domain: string, reason: string) => ProtobufAny.pack("google.rpc.ErrorInfo", { domain, reason })

  it.effect("compute: errors with their standard details, scopes, aggregated lists, page sizes", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make({ api: GoogleApi.compute })
      yield* emulator.script("projects/p/zones/z/operations/a", [
        OperationsEmulator.failed({
          code: "RESOURCE_EXHAUSTED",
          message: "Quota 'CPUS' exceeded.",
          metadata: { operationType: "insert", status: "ignored" },
          details: [
            errorInfo("compute.googleapis.com", "QUOTA_EXCEEDED"),
            ProtobufAny.pack("google.rpc.QuotaFailure", { violations: [{ quotaMetric: "cpus", quotaValue: "24" }] }),
            ProtobufAny.pack("google.rpc.LocalizedMessage", { locale: "en-US", message: "No." })
          ]
        })
      ])
      yield* emulator.script("projects/p/global/operations/b", [
        OperationsEmulator.pending({ metadata: { status: "PENDING" } })
      ])
      const link = "https://example.com/compute/v1/projects/p"
      const a = {
        operationType: "insert",
        zone: `${link}/zones/z`,
        kind: "compute#operation",
        name: "a",
        selfLink: `${link}/zones/z/operations/a`,
        status: "DONE",
        error: {
          errors: [{
            code: "QUOTA_EXCEEDED",
            message: "Quota 'CPUS' exceeded.",
            errorDetails: [
              { quotaInfo: { metricName: "cpus", limit: 24 } },
              { localizedMessage: { locale: "en-US", message: "No." } }
            ]
          }]
        },
        httpErrorStatusCode: 429,
        httpErrorMessage: "RESOURCE EXHAUSTED"
      }
      const b = { status: "PENDING", kind: "compute#operation", name: "b", selfLink: `${link}/global/operations/b` }
      assert.deepStrictEqual(yield* send(emulator, "GET", "/compute/v1/projects/p/zones/z/operations/a"), {
        status: 200,
        body: a
      })
      assert.deepStrictEqual(yield* send(emulator, "GET", "/compute/v1/projects/p/aggregated/operations"), {
        status: 200,
        body: {
          kind: "compute#operationAggregatedList",
          items: { "zones/z": { operations: [a] }, global: { operations: [b] } }
        }
      })
      const filter = encodeURIComponent("status != DONE")
      assert.deepStrictEqual(
        (yield* send(emulator, "GET", `/compute/v1/projects/p/aggregated/operations?filter=${filter}`)).body,
        { kind: "compute#operationAggregatedList", items: { global: { operations: [b] } } }
      )
      const { body, status } = yield* send(emulator, "GET", "/compute/v1/projects/p/global/operations?maxResults=501")
      assert.strictEqual(status, 400)
      assert.deepInclude(body, {
        error: {
          code: 400,
          message: "The page size is not valid.",
          errors: [{ message: "The page size is not valid.", domain: "global", reason: "badRequest" }],
          status: "INVALID_ARGUMENT"
        }
      })
      assert.deepStrictEqual(yield* send(emulator, "DELETE", "/compute/v1/projects/p/global/operations/b"), {
        status: 204,
        body: ""
      })
      // The API has no method to cancel, so there is no such path.
      const cancelled = yield* send(emulator, "POST", "/compute/v1/projects/p/zones/z/operations/a:cancel", {})
      assert.strictEqual(cancelled.status, 404)
    }))

  it.effect("compute: the server holds /wait for two minutes, whatever the request says", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make({ api: GoogleApi.compute })
      yield* emulator.script("projects/p/global/operations/a", [OperationsEmulator.pending()])
      const path = "/compute/v1/projects/p/global/operations/a/wait?timeout=1s"
      const fiber = yield* Effect.fork(send(emulator, "POST", path))
      yield* TestClock.adjust(119_999)
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }))

  it.effect("sqlAdmin, container and bigQuery: an error, and the response to a cancel", () =>
    Effect.gen(function*() {
      const failed = OperationsEmulator.failed({ code: "INTERNAL", message: "Disk." })
      const sql = OperationsEmulator.make({ api: GoogleApi.sqlAdmin })
      yield* sql.script("projects/p/operations/a", [failed])
      assert.deepStrictEqual((yield* send(sql, "GET", "/v1/projects/p/operations/a")).body, {
        kind: "sql#operation",
        name: "a",
        selfLink: "https://example.com/v1/projects/p/operations/a",
        status: "DONE",
        error: {
          kind: "sql#operationErrors",
          errors: [{ kind: "sql#operationError", code: "INTERNAL", message: "Disk." }]
        }
      })
      const gke = OperationsEmulator.make({ api: GoogleApi.container, unreachable: ["us-west2-a"] })
      yield* gke.script("projects/p/locations/l/operations/a", [failed])
      assert.deepStrictEqual((yield* send(gke, "GET", "/v1/projects/p/locations/-/operations")).body, {
        operations: [{
          operationType: "TYPE_UNSPECIFIED",
          name: "a",
          selfLink: "https://example.com/v1/projects/p/locations/l/operations/a",
          status: "DONE",
          error: { code: 13, message: "Disk." },
          statusMessage: "Disk."
        }],
        missingZones: ["us-west2-a"]
      })
      const bigQuery = OperationsEmulator.make({ api: GoogleApi.bigQuery })
      yield* bigQuery.script("projects/p/locations/l/jobs/a", [OperationsEmulator.pending()])
      const path = "/bigquery/v2/projects/p/jobs/a"
      assert.deepStrictEqual((yield* send(bigQuery, "POST", `${path}/cancel?location=l`)).body, {
        kind: "bigquery#jobCancelResponse",
        job: {
          kind: "bigquery#job",
          id: "p:l.a",
          selfLink: `https://example.com${path}?location=l`,
          jobReference: { projectId: "p", jobId: "a", location: "l" },
          status: {
            state: "DONE",
            errorResult: { reason: "stopped", message: "Operation was cancelled." },
            errors: [{ reason: "stopped", message: "Operation was cancelled." }]
          }
        }
      })
      // Without its location, the request is for another job.
      assert.strictEqual((yield* send(bigQuery, "GET", path)).status, 404)
    }))

  it.effect("the methods that the API of the emulator does not have lead nowhere", () =>
    Effect.gen(function*() {
      const api = GoogleApi.make({
        baseUrl: "https://x.googleapis.com",
        version: "v1",
        methods: { cancel: false, list: false, delete: false }
      })
      const emulator = OperationsEmulator.make({ api })
      yield* emulator.script("operations/a", [OperationsEmulator.pending()])
      for (
        const [method, path] of [
          ["POST", "operations/a:cancel"],
          ["POST", "operations/a:wait"],
          ["DELETE", "operations/a"],
          ["GET", "operations"]
        ] as const
      ) {
        const { body, status } = yield* send(emulator, method, `/v1/${path}`)
        assert.strictEqual(status, 404, path)
        assert.include(body, "<!DOCTYPE html>")
      }
    }))
})

describe("an API of one's own", () => {
  const state = { Pending: "RUNNING", Succeeded: "DONE", Failed: "FAILED" }
  const jobs: Dialect.Dialect = {
    name: "jobs",
    operationName: /^projects\/[^/]+\/jobs\/[^/]+$/,
    // The names are not in the paths.
    poll: (name) => ({ method: "GET", resource: `poll/${name.split("/").toReversed().join("/")}` }),
    cancel: (name) => ({ method: "PUT", resource: name, body: { requested: { state: "CANCELLED" } } }),
    decode: (json) => {
      const { error, name, state } = json as { readonly error?: number; readonly name: string; readonly state: string }
      return Either.right(
        state === "RUNNING"
          ? Operation.pending({ name })
          : error === undefined
          ? Operation.succeeded({ name })
          : Operation.failed({ name, error: new Status.Status({ code: error, message: "failed" }) })
      )
    }
  }
  const api = GoogleApi.make({ baseUrl: "https://jobs.example.com", version: "v1", dialect: jobs })
  const encode = ({ _tag, error, name }: Operation.Operation) => ({ name, state: state[_tag], error: error?.code })

  it.effect("is written by `encode`", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const emulator = yield* OperationsEmulator.OperationsEmulator
      assert.strictEqual((yield* after("1 minute", operations.wait("projects/p/jobs/a")))._tag, "Succeeded")
      yield* operations.cancel("projects/p/jobs/b")
      const error = yield* Effect.flip(operations.get("projects/p/jobs/b"))
      assert.strictEqual(error.code, "CANCELLED")
      yield* emulator.onStart({ path: "/v1/projects/{project}/jobs" }, {
        name: "projects/p/jobs/started",
        steps: [OperationsEmulator.pending()]
      })
      const started = yield* operations.start(HttpClientRequest.post("/v1/projects/p/jobs"))
      assert.strictEqual(started.name, "projects/p/jobs/started")
    }).pipe(Effect.provide(OperationsEmulator.layerTest({
      "projects/p/jobs/a": [OperationsEmulator.pending(), OperationsEmulator.succeeded()],
      "projects/p/jobs/b": [OperationsEmulator.pending()]
    }, { api, emulator: { encode } }))))

  it("is refused without `encode`, and a list of one's own without `encodeList`", () => {
    const message = (options: OperationsEmulator.Options): string => {
      try {
        OperationsEmulator.make(options)
        return "accepted"
      } catch (error) {
        return error instanceof RangeError ? error.message : String(error)
      }
    }
    assert.match(
      message({ api }),
      /^encode: Expected a function, because the dialect "jobs" of the api reads operations/
    )
    assert.strictEqual(message({ api, encode }), "accepted")
    const list: Dialect.List = { ...Dialect.longRunning.list!, decode: () => Either.left("no") }
    const listing = GoogleApi.make({ ...api, dialect: { ...Dialect.longRunning, list }, methods: { list: true } })
    assert.match(message({ api: listing }), /^encodeList: Expected a function/)
    assert.strictEqual(message({ api: listing, encodeList: () => ({}) }), "accepted")
    assert.strictEqual(message({ api: GoogleApi.make({ ...listing, methods: { list: false } }) }), "accepted")
    // Only paths that differ: the form is known.
    const storage = {
      ...Dialect.longRunning,
      poll: (name: string) => ({ method: "GET" as const, resource: `b/${name}` })
    }
    assert.strictEqual(message({ api: GoogleApi.make({ ...api, dialect: storage }) }), "accepted")
  })

  it.effect("takes names of its own operations only", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make({ api: GoogleApi.compute })
      const error = yield* Effect.flip(emulator.script("operations/a", [OperationsEmulator.pending()]))
      assert.match(error.message, /^name: Expected the name of an operation, which matches .*, actual "operations\/a"$/)
    }))
})
