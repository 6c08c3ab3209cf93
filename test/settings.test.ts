import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Chunk from "effect/Chunk"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { name, succeeded } from "./support/answers.js"
import { inOrder } from "./support/http.js"
import { allOf, assertRefused, each, notSchedules, type OutOfRange, show, type Values } from "./support/options.js"
import { httpError, service } from "./support/service.js"

const other = "operations/y"

const api = (options: Partial<GoogleApi.GoogleApi>): OperationsService.Options => ({
  api: { ...GoogleApi.accessContextManager, ...options }
})
const anyApi = (options: Readonly<Record<string, unknown>>) => ({
  api: { ...GoogleApi.accessContextManager, ...options }
})

const serviceOptions: ReadonlyArray<OutOfRange<OperationsService.Options>> = [
  {
    option: "api",
    must: "must be",
    typed: [],
    untyped: each("api", null, 5, "https://accesscontextmanager.googleapis.com", {}, [])
  },
  {
    option: "api.baseUrl",
    must: "must",
    typed: [
      "",
      "accesscontextmanager.googleapis.com",
      "ftp://example.com",
      "https://",
      "https://user:password@example.com",
      "https://user@example.com",
      "https://example.com/#fragment",
      "https://example.com#",
      "https://example.com/?query",
      "https://example.com/a/../b",
      "https://example.com/%2e%2e/b",
      "https://example.com//b"
    ].map((baseUrl) => api({ baseUrl })),
    untyped: [undefined, null, 5, {}].map((baseUrl) => anyApi({ baseUrl }))
  },
  {
    option: "api.version",
    must: "must be a path segment such as \"v1\"",
    typed: ["", "/v2", "v2/", "v1/../x", "..", ".", "v1?x", "v1#x", "v 1", "v1%2f", "vé"].map((version) =>
      api({ version })
    ),
    untyped: [undefined, null, 1, {}].map((version) => anyApi({ version }))
  },
  {
    option: "api.operationName",
    must: "must be a RegExp",
    typed: [],
    untyped: [undefined, null, "operations/.*"].map((operationName) => anyApi({ operationName }))
  },
  {
    option: "api.methods",
    must: "must be an object",
    typed: [],
    untyped: [undefined, null, true].map((methods) => anyApi({ methods }))
  },
  ...(["list", "cancel", "delete"] as const).map((method) => ({
    option: `api.methods.${method}`,
    must: "must be true or false",
    typed: [],
    untyped: [undefined, null, 1, "yes"].map((value) =>
      anyApi({ methods: { ...GoogleApi.accessContextManager.methods, [method]: value } })
    )
  })),
  {
    option: "api.methods.wait",
    must: "must be false, \"body\", \"query\" or \"fixed\"",
    typed: [],
    untyped: [undefined, null, true, "path"].map((wait) =>
      anyApi({ methods: { ...GoogleApi.accessContextManager.methods, wait } })
    )
  },
  {
    option: "api.dialect",
    must: "must be a Dialect",
    typed: [],
    untyped: [undefined, null, "compute", {}, { poll: () => ({}) }].map((dialect) => anyApi({ dialect }))
  },
  {
    option: "credentials",
    must: "must be Credentials",
    typed: [],
    untyped: each("credentials", null, "token", {}, { headers: { authorization: "token" } })
  },
  { option: "xgafv", must: "must be \"1\" or \"2\"", typed: [], untyped: each("xgafv", null, "3", "", 2, true) },
  {
    option: "quotaProject",
    must: "must be a project that is valid in a header",
    typed: [{ quotaProject: "" }, { quotaProject: "a\nb" }, { quotaProject: " a" }, { quotaProject: "é" }],
    untyped: each("quotaProject", null, 5, {})
  },
  {
    option: "requestTimeout",
    must: "must be a duration above zero",
    typed: [
      { requestTimeout: 0 },
      { requestTimeout: -1 },
      { requestTimeout: NaN },
      { requestTimeout: "0 seconds" },
      { requestTimeout: "-1 seconds" },
      { requestTimeout: -1n },
      { requestTimeout: [-1, 0] },
      { requestTimeout: Duration.zero }
    ],
    untyped: each("requestTimeout", null, "soon", "", true, {}, [], "1")
  },
  {
    option: "maxBodySize",
    must: "must be a whole number above zero",
    typed: [0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 53].map((maxBodySize) => ({ maxBodySize })),
    untyped: each("maxBodySize", null, "4096", 4096n, {})
  },
  { option: "schedule", must: "must be a Schedule", typed: [], untyped: each("schedule", ...notSchedules) },
  { option: "retrySchedule", must: "must be a Schedule", typed: [], untyped: each("retrySchedule", ...notSchedules) },
  { option: "isTransient", must: "must be a function", typed: [], untyped: each("isTransient", null, true, "503", {}) },
  {
    option: "maxServerDelay",
    must: "must be a duration of zero or more",
    typed: [{ maxServerDelay: -1 }, { maxServerDelay: NaN }, { maxServerDelay: "-5 minutes" }],
    untyped: each("maxServerDelay", null, "soon", true, {})
  },
  { option: "requestBudget", must: "must be an object", typed: [], untyped: each("requestBudget", null, 5, "5", true) },
  {
    option: "requestBudget.perSecond",
    must: "must be a number above zero",
    typed: [0, -1, NaN, -Infinity].map((perSecond) => ({ requestBudget: { perSecond } })),
    untyped: [null, "5", {}].map((perSecond) => ({ requestBudget: { perSecond } }))
  },
  {
    option: "requestBudget.concurrent",
    must: "must be a whole number above zero",
    typed: [0, -1, 1.5, NaN, Infinity].map((concurrent) => ({ requestBudget: { concurrent } })),
    untyped: [null, "5", {}].map((concurrent) => ({ requestBudget: { concurrent } }))
  }
]

/** Every method, as an effect that fails as the method does. */
const methods: Record<
  string,
  (operations: OperationsService.Service) => Effect.Effect<unknown, unknown>
> = {
  get: (operations) => operations.get(name),
  wait: (operations) => operations.wait(name),
  "wait for a pending operation": (operations) => operations.wait(Operation.pending({ name })),
  updates: (operations) => Stream.runDrain(operations.updates(name)),
  waitAll: (operations) =>
    Effect.flatMap(Stream.runCollect(operations.waitAll([name, other])), (outcomes) => {
      assert.deepStrictEqual(Chunk.toReadonlyArray(outcomes).map(({ operation }) => operation), [name, other])
      return Chunk.unsafeHead(outcomes).result
    }),
  list: (operations) => Stream.runDrain(operations.list()),
  listPages: (operations) => Stream.runDrain(operations.listPages()),
  cancel: (operations) => operations.cancel(name),
  delete: (operations) => operations.delete(name),
  start: (operations) => operations.start(HttpClientRequest.post("/v1/accessPolicies")),
  handle: (operations) => operations.handle(name)
}

const kinds: Record<string, typeof OperationsService.layerConfig> = {
  OperationsService: OperationsService.layerConfig,
  NodeOperations: (config) => NodeOperations.layerConfig(config)
}

describe("an option of a service out of range", () => {
  for (const row of serviceOptions) {
    it.scoped(`${row.option}: every method fails with InvalidRequest, and nothing is sent`, () =>
      Effect.gen(function*() {
        for (const options of allOf(row)) {
          const http = inOrder(succeeded)
          const operations = yield* service(http, options)
          for (const [method, call] of Object.entries(methods)) {
            assertRefused(yield* httpError(call(operations)), row, `${method}, ${show(options)}`)
          }
          yield* operations.close
          assert.strictEqual(http.requests.length, 0)
        }
      }))

    it.scopedLive(`${row.option}: the same for NodeOperations`, () =>
      Effect.gen(function*() {
        for (const options of allOf(row)) {
          const operations = yield* NodeOperations.make(options)
          for (const call of [operations.get(name), operations.wait(name)]) {
            assertRefused(yield* httpError(call), row, show(options))
          }
          yield* operations.close
        }
      }))

    for (const [kind, layerConfig] of Object.entries(kinds)) {
      it.effect(`${row.option}: ${kind}.layerConfig fails with ConfigError`, () =>
        Effect.gen(function*() {
          for (const options of allOf(row)) {
            const error = yield* layerConfig(Config.succeed(options)).pipe(
              Layer.provide(inOrder(succeeded).layer),
              Layer.build,
              Effect.scoped,
              Effect.flip
            )
            assert.isTrue(ConfigError.isConfigError(error), show(options))
            assert.include(String(error), row.option, show(options))
            assert.include(String(error), row.must, show(options))
          }
        }))
    }
  }

  it.scoped("all of them that are no object", () =>
    Effect.gen(function*() {
      for (const options of [null, 5, "options"]) {
        const operations = yield* service(inOrder(succeeded), options as never)
        for (const [method, call] of Object.entries(methods)) {
          assertRefused(yield* httpError(call(operations)), { option: "options", must: "must be an object" }, method)
        }
      }
    }))

  it.scoped("beside another: the error names one of them", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(succeeded), { maxBodySize: 0, requestTimeout: 0 })
      assert.match((yield* httpError(operations.get(name))).message, /maxBodySize|requestTimeout/)
    }))

  it.effect("from a configuration is told by the error of the configuration", () =>
    Effect.gen(function*() {
      const config = { requestBudget: { perSecond: Config.number("PER_SECOND") } }
      const build = (perSecond: string) =>
        OperationsService.layerConfig(config).pipe(
          Layer.provide(inOrder(succeeded).layer),
          Layer.build,
          Effect.scoped,
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["PER_SECOND", perSecond]])))
        )
      yield* build("2.5")
      const error = yield* Effect.flip(build("0"))
      assert.isTrue(ConfigError.isInvalidData(error))
      assert.include(String(error), "requestBudget.perSecond must be a number above zero, not 0")
    }))
})

describe("an option of a service within its range", () => {
  const valid: ReadonlyArray<OperationsService.Options> = [
    {},
    {
      api: undefined,
      credentials: undefined,
      xgafv: undefined,
      quotaProject: undefined,
      requestTimeout: undefined,
      maxBodySize: undefined,
      schedule: undefined,
      retrySchedule: undefined,
      isTransient: undefined,
      maxServerDelay: undefined,
      requestBudget: undefined
    },
    { requestBudget: {} },
    { requestBudget: { perSecond: undefined, concurrent: undefined } },
    { requestBudget: { perSecond: Infinity } },
    { requestBudget: { perSecond: 0.001, concurrent: 1 } },
    { requestTimeout: Infinity },
    { requestTimeout: Duration.infinity },
    { requestTimeout: [1, 0] },
    { requestTimeout: 1n },
    { requestTimeout: "1 millis" },
    { maxServerDelay: 0 },
    { maxServerDelay: Infinity },
    { maxBodySize: 1_000 },
    { xgafv: "1" },
    api({ baseUrl: "https://example.com/" }),
    api({ baseUrl: "https://example.com/a/b/" }),
    api({ version: "v1/beta" }),
    api({ version: "v1.2-beta_3~x" })
  ]
  it.scoped("is taken", () =>
    Effect.gen(function*() {
      for (const options of valid) {
        const http = inOrder(succeeded)
        for (const method of ["get", "wait"] as const) {
          const operations = yield* service(http, options)
          assert.strictEqual((yield* operations[method](name))._tag, "Succeeded", show(options))
        }
        assert.strictEqual(http.requests.length, 2)
        yield* Effect.scoped(
          Layer.build(OperationsService.layerConfig(Config.succeed(options)).pipe(Layer.provide(http.layer)))
        )
      }
    }))
})

describe("an option of NodeOperations out of range", () => {
  const rows: Readonly<Record<string, Values>> = {
    connections: ["a whole number of at least 1", null, 0, 1.5, NaN, "5"],
    gracefulShutdownTimeout: ["a duration of at least 0", null, NaN, -1, "soon", true, {}],
    pool: ["an object", null, 5, "pool"],
    proxy: ["", null, 5, {}, "ftp://proxy.example"],
    dispatcher: ["a dispatcher of undici 7", null, {}, "agent"],
    headers: ["an object of names and values", null, 5, [], "x-a: 1"]
  }
  for (const [option, [must, ...values]] of Object.entries(rows)) {
    it.scopedLive(`${option}: every method fails with InvalidRequest`, () =>
      Effect.gen(function*() {
        for (const value of values) {
          const operations = yield* NodeOperations.make({ [option]: value })
          for (const [method, call] of Object.entries(methods)) {
            const error = yield* httpError(call(operations))
            assertRefused(
              error,
              { option, must: must === "" ? "`proxy` " : `must be ${must}` },
              `${method}, ${show(value)}`
            )
          }
          yield* operations.close
        }
      }))

    it.effect(`${option}: layerConfig fails with ConfigError`, () =>
      Effect.gen(function*() {
        for (const value of values) {
          const layer = NodeOperations.layerConfig(Config.succeed({ [option]: value }))
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
          assert.isTrue(ConfigError.isConfigError(error), show(value))
          assert.include(String(error), option, show(value))
        }
      }))
  }

  it.scopedLive("all of them that are no object", () =>
    Effect.gen(function*() {
      for (const options of [null, 5, "options"]) {
        const operations = yield* NodeOperations.make(options as never)
        assertRefused(
          yield* httpError(operations.get(name)),
          { option: "options", must: "must be an object" },
          show(options)
        )
      }
    }))

  it.scopedLive("one that undici refuses", () =>
    Effect.gen(function*() {
      const operations = yield* NodeOperations.make({ pool: { keepAliveTimeout: -1 } })
      assertRefused(yield* httpError(operations.get(name)), { option: "keepAliveTimeout", must: "" }, "")
    }))
})
