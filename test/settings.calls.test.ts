import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { name, pending, succeeded } from "./support/answers.js"
import { inOrder } from "./support/http.js"
import { allOf, assertRefused, each, notSchedules, type OutOfRange, show, type Values } from "./support/options.js"
import { httpError, service } from "./support/service.js"

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

  it.scoped("a handle that is still encoded is refused with a specific message, by every method", () =>
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
