import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Chunk from "effect/Chunk"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { name, pending, succeeded } from "./support/answers.js"
import { inOrder } from "./support/http.js"
import { httpError, service } from "./support/service.js"

const other = "operations/y"

/** Values of an option that are out of range: those that TypeScript takes, and those that only JavaScript can give. */
interface OutOfRange<Options> {
  /** The option, as the error names it. */
  readonly option: string
  /** What the error says that the option must be. */
  readonly must: string
  readonly typed: ReadonlyArray<Options>
  readonly untyped?: ReadonlyArray<Readonly<Record<string, unknown>>>
}

const show = (options: unknown): string =>
  JSON.stringify(
    options,
    (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) || value === undefined || typeof value === "bigint"
        ? String(value)
        : value
  )

/** The same option with each of these values. */
const each = (option: string, ...values: ReadonlyArray<unknown>): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  values.map((value) => ({ [option]: value }))

const allOf = <Options>({ typed, untyped = [] }: OutOfRange<Options>): ReadonlyArray<Options> => [
  ...typed,
  ...untyped as ReadonlyArray<never>
]

/** Fails unless the error names the option and its range. */
const assertRefused = (
  error: HttpError.HttpError,
  { must, option }: Pick<OutOfRange<unknown>, "must" | "option">,
  what: string
): void => {
  assert.strictEqual(error.reason, "InvalidRequest", what)
  assert.isFalse(error.isTransient, what)
  assert.include(error.message, option, what)
  assert.include(error.message, must, what)
  assert.notInclude(error.message, "\n", what)
}

const api = (options: Partial<GoogleApi.GoogleApi>): OperationsService.Options => ({
  api: { ...GoogleApi.accessContextManager, ...options }
})
const anyApi = (options: Readonly<Record<string, unknown>>) => ({
  api: { ...GoogleApi.accessContextManager, ...options }
})

const notSchedules = [null, 5, "1 second", {}, () => Schedule.forever] as const

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

const waitOptions: ReadonlyArray<OutOfRange<OperationsService.WaitOptions>> = [
  { option: "schedule", must: "must be a Schedule", typed: [], untyped: each("schedule", ...notSchedules) },
  { option: "retrySchedule", must: "must be a Schedule", typed: [], untyped: each("retrySchedule", ...notSchedules) },
  { option: "isTransient", must: "must be a function", typed: [], untyped: each("isTransient", null, true, "503", {}) },
  {
    option: "timeout",
    must: "must be a duration of zero or more",
    typed: [{ timeout: -1 }, { timeout: NaN }, { timeout: "-1 seconds" }, { timeout: -1n }],
    untyped: each("timeout", null, "soon", "", true, {}, /1 second/)
  },
  { option: "onUpdate", must: "must be a function", typed: [], untyped: each("onUpdate", null, true, "log", {}) },
  {
    option: "onInterrupt",
    must: "must be \"detach\" or \"cancel\"",
    typed: [],
    untyped: each("onInterrupt", null, "stop", "", true)
  },
  {
    option: "onTimeout",
    must: "must be \"detach\" or \"cancel\"",
    typed: [],
    untyped: each("onTimeout", null, "stop", "", true)
  }
]

/** The methods that take the options of a wait. */
const waits: Record<
  string,
  (
    operations: OperationsService.Service,
    operation: OperationsService.Waitable,
    options: OperationsService.WaitOptions
  ) => Effect.Effect<unknown, unknown>
> = {
  wait: (operations, operation, options) => operations.wait(operation, options),
  updates: (operations, operation, options) => Stream.runDrain(operations.updates(operation, options)),
  waitAll: (operations, operation, options) =>
    Effect.flatMap(
      Stream.runCollect(operations.waitAll([operation], options)),
      (outcomes) => Chunk.unsafeHead(outcomes).result
    )
}

describe("an option of a wait out of range", () => {
  const known: ReadonlyArray<OperationsService.Waitable> = [
    name,
    Operation.pending({ name }),
    Operation.succeeded({ name })
  ]

  for (const row of waitOptions) {
    it.scoped(`${row.option}: fails with InvalidRequest, and nothing is sent`, () =>
      Effect.gen(function*() {
        const http = inOrder(pending)
        const operations = yield* service(http)
        for (const options of allOf(row)) {
          for (const [method, wait] of Object.entries(waits)) {
            for (const operation of known) {
              assertRefused(yield* httpError(wait(operations, operation, options)), row, `${method}, ${show(options)}`)
            }
          }
        }
        assert.strictEqual(http.requests.length, 0)
      }))
  }

  it.scoped("all of them that are no object", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http)
      for (const options of [null, 5, "1 minute"]) {
        for (const [method, wait] of Object.entries(waits)) {
          const error = yield* httpError(wait(operations, name, options as never))
          assertRefused(error, { option: "options", must: "must be an object" }, method)
        }
      }
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("is told from one within its range", () =>
    Effect.gen(function*() {
      const valid: ReadonlyArray<OperationsService.WaitOptions> = [
        {},
        { schedule: undefined, retrySchedule: undefined, isTransient: undefined, timeout: undefined },
        { onInterrupt: undefined, onTimeout: undefined },
        { timeout: Infinity },
        { timeout: "100 days" },
        { timeout: 1n },
        { onInterrupt: "detach", onTimeout: "cancel" }
      ]
      for (const options of valid) {
        for (const wait of Object.values(waits)) {
          const operations = yield* service(inOrder(succeeded))
          yield* wait(operations, name, options)
        }
      }
    }))
})

// The values of an option that are out of range, after what the option must be.
type Values = readonly [must: string, ...values: ReadonlyArray<unknown>]

/** A method with its options from plain JavaScript. */
interface Method {
  readonly call: (operations: OperationsService.Service, options: never) => Effect.Effect<unknown, unknown>
  /** What the error calls the options that are no object. */
  readonly what: string
  readonly options: Readonly<Record<string, Values>>
}

const text: Values = ["a string", null, 5, {}, ["a"]]
const bool: Values = ["true or false", null, "true", 1, {}]
const format: Values = ["\"1\" or \"2\"", null, 1, 2, "3", "", true]
const action: Values = ["\"detach\" or \"cancel\"", null, "stop", "", true]
const duration: Values = ["a duration of zero or more", null, NaN, -1, "-1 seconds", -1n, "soon", "", true, {}]
const wait = {
  schedule: ["a Schedule", ...notSchedules],
  retrySchedule: ["a Schedule", ...notSchedules],
  isTransient: ["a function", null, true, "503", {}],
  onUpdate: ["a function", null, true, "log", {}],
  timeout: duration,
  onInterrupt: action,
  onTimeout: action
} satisfies Record<string, Values>
const list = {
  collection: text,
  filter: text,
  pageToken: text,
  pageSize: ["a whole number of zero or more", null, -1, 0.5, NaN, Infinity, "5", 5n],
  returnPartialSuccess: bool
} satisfies Record<string, Values>

const request = HttpClientRequest.post("/v1/accessPolicies")
const info = OperationInfo.make({ response: OperationInfo.empty })

const onlyResult = <A, E>(
  outcomes: Stream.Stream<{ readonly result: Either.Either<A, E> }>
): Effect.Effect<A, unknown> =>
  Effect.flatMap(Stream.runCollect(outcomes), (all) => {
    assert.strictEqual(all.length, 1)
    return Chunk.unsafeHead(all).result
  })

const methodsWithOptions: Record<string, Method> = {
  get: { call: (operations, options) => operations.get(name, options), what: "a get", options: { xgafv: format } },
  start: {
    call: (operations, options) => operations.start(request, options),
    what: "a start",
    options: { onInterrupt: action }
  },
  handle: {
    call: (operations, options) => operations.handle(name, options),
    what: "a handle",
    options: { timeout: duration, responseType: text, metadataType: text }
  },
  wait: { call: (operations, options) => operations.wait(name, options), what: "a wait", options: wait },
  updates: {
    call: (operations, options) => Stream.runDrain(operations.updates(name, options)),
    what: "a wait",
    options: { ...wait, emitUnchanged: bool }
  },
  waitAll: {
    call: (operations, options) => onlyResult(operations.waitAll([name], options)),
    what: "a wait",
    options: { ...wait, by: ["\"get\" or \"list\"", null, "poll", true] }
  },
  list: {
    call: (operations, options) => Stream.runDrain(operations.list(options)),
    what: "a list",
    options: list
  },
  listPages: {
    call: (operations, options) => Stream.runDrain(operations.listPages(options)),
    what: "a list",
    options: list
  },
  "OperationInfo.execute": {
    call: (operations, options) => info.using(operations).execute(request, options),
    what: "a wait",
    options: wait
  },
  "OperationInfo.start": {
    call: (operations, options) => info.using(operations).start(request, options),
    what: "a start",
    options: { onInterrupt: action }
  },
  "OperationInfo.get": {
    call: (operations, options) => info.using(operations).get(name, options),
    what: "a get",
    options: { xgafv: format }
  },
  "OperationInfo.wait": {
    call: (operations, options) => info.using(operations).wait(name, options),
    what: "a wait",
    options: wait
  },
  "OperationInfo.result": {
    call: (operations, options) => info.using(operations).result(name, options),
    what: "a wait",
    options: wait
  },
  "OperationInfo.updates": {
    call: (operations, options) => Stream.runDrain(info.using(operations).updates(name, options)),
    what: "a wait",
    options: { ...wait, emitUnchanged: bool }
  },
  "OperationInfo.waitAll": {
    call: (operations, options) => onlyResult(info.using(operations).waitAll([name], options)),
    what: "a wait",
    options: wait
  },
  "OperationInfo.handle": {
    call: (operations, options) => info.using(operations).handle(name, options),
    what: "a handle",
    options: { timeout: duration }
  }
}

describe("an option of one call out of range", () => {
  for (const [method, { call, options, what }] of Object.entries(methodsWithOptions)) {
    it.scoped(`${method}: fails with InvalidRequest, and nothing is sent`, () =>
      Effect.gen(function*() {
        const http = inOrder(succeeded)
        const operations = yield* service(http)
        const refused = (given: unknown) => httpError(call(operations, given as never))
        for (const given of [null, 5, "1 minute", true]) {
          const expected = { option: "options", must: `the options of ${what} must be an object, not ${show(given)}` }
          assertRefused(yield* refused(given), expected, show(given))
        }
        for (const [option, [must, ...values]] of Object.entries(options)) {
          for (const value of values) {
            assertRefused(
              yield* refused({ [option]: value }),
              { option, must: `${option} must be ${must}, not` },
              show(value)
            )
          }
        }
        assert.strictEqual(http.requests.length, 0)
      }))
  }

  it.scoped("the error quotes a bounded part of the value", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(succeeded))
      for (const timeout of ["x\n".repeat(1e6), -(10n ** 100_000n)]) {
        const { message } = yield* httpError(operations.handle(name, { timeout: timeout as never }))
        assert.isBelow(message.length, 300)
        assert.notInclude(message, "\n")
      }
    }))

  it.scoped("is told from one within its range", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      yield* operations.get(name, { xgafv: undefined })
      yield* operations.get(name, { xgafv: "2" })
      yield* operations.start(request, { onInterrupt: undefined })
      yield* operations.start(request, { onInterrupt: "cancel" })
      yield* Stream.runDrain(operations.updates(name, { emitUnchanged: true }))
      yield* Stream.runDrain(operations.updates(name, { emitUnchanged: undefined }))
      assert.strictEqual(http.requests.length, 6)
      for (const timeout of [undefined, 0, Infinity, "1000000 days"] as const) {
        const handle = yield* operations.handle(name, { timeout })
        assert.strictEqual(handle.deadline !== undefined, timeout === 0 || timeout === "1000000 days", show(timeout))
      }
    }))
})

describe("operations from plain JavaScript", () => {
  it.scoped("waitAll of what is not an iterable has one outcome: the error", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      const values = [undefined, null, 5, "operations/x", {}, () => [], { length: 1 }, { [Symbol.iterator]: 5 }]
      for (const value of values) {
        const given = value as never
        for (const stream of [operations.waitAll(given), info.using(operations).waitAll(given)]) {
          const outcomes = yield* Stream.runCollect(stream as Stream.Stream<OperationsService.Outcome>)
          assert.deepStrictEqual<unknown>(Chunk.toReadonlyArray(outcomes).map(({ operation }) => operation), [value])
          const { message } = yield* httpError(Chunk.unsafeHead(outcomes).result)
          assert.include(message, "the operations of waitAll must be an iterable, such as an array, not ", show(value))
        }
      }
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("a handle that is still encoded is refused with a message of its own, by every method", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      const encoded: unknown = JSON.parse(JSON.stringify(OperationHandle.toJson(yield* operations.handle(name))))
      for (const json of [encoded, { ...encoded as object, name: "x".repeat(1e6) }]) {
        const given = json as never
        for (
          const call of [
            operations.get(given),
            operations.wait(given),
            onlyResult(operations.waitAll([given])),
            Stream.runDrain(operations.updates(given)),
            operations.cancel(given),
            operations.delete(given),
            operations.handle(given),
            info.using(operations).result(given)
          ]
        ) {
          const error = yield* httpError<unknown, unknown, never>(call)
          assert.strictEqual(error.reason, "InvalidRequest")
          assert.match(
            error.message,
            /the handle of "\w.{1,110}" is still encoded as JSON: decode it with OperationHandle\.fromJson first/
          )
        }
      }
      assert.strictEqual(http.requests.length, 0)
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
