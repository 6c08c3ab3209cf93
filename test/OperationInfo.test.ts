import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as ResultError from "effect-google-operations/ResultError"
import * as Status from "effect-google-operations/Status"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { json, name, pending } from "./support/answers.js"
import { inOrder, type MockHttp } from "./support/http.js"
import { service } from "./support/service.js"
import { after } from "./support/time.js"

const policyType = "example.v1.Policy"
const progressType = "example.v1.Progress"

class Policy extends Schema.Class<Policy>("Policy")({
  name: Schema.String,
  revision: Schema.NumberFromString,
  title: Schema.optionalWith(Schema.String, { default: () => "" })
}) {}

const CreatePolicy = OperationInfo.make({
  response: { typeName: policyType, schema: Policy },
  metadata: { typeName: progressType, schema: Schema.Struct({ percent: Schema.NumberFromString }) }
})
const GetPolicy = OperationInfo.make({ response: { typeName: policyType, schema: Policy } })
const DeletePolicy = OperationInfo.make({ response: OperationInfo.empty })

const revision = "7"
const goodResponse = ProtobufAny.pack(policyType, { name: "policies/1", revision })
const policy = new Policy({ name: "policies/1", revision: 7, title: "" })
const goodMetadata = ProtobufAny.pack(progressType, { percent: "100" })

const done = (fields: { readonly response?: unknown; readonly metadata?: unknown }) => () =>
  json({ name, done: true, ...fields })

const options = { schedule: Schedule.spaced("1 second"), retrySchedule: Schedule.spaced("1 second") }

/** Runs over a service that polls each second, while ten seconds pass. */
const over = <A, E>(http: MockHttp, effect: Effect.Effect<A, E, OperationsService.OperationsService>) =>
  Effect.gen(function*() {
    const operations = yield* service(http, options)
    return yield* after("10 seconds", Effect.provideService(effect, OperationsService.OperationsService, operations))
  })

/** The `ResultError` that it fails with. */
const resultError = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert(ResultError.isResultError(error), `a ResultError, not ${String(error)}`)
    return error
  })

describe("the methods of an info return", () => {
  it.scoped("wait: the result, the metadata and the raw operation", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, done({ response: goodResponse, metadata: goodMetadata }))
      const typed = yield* over(http, CreatePolicy.wait(name))
      assert.deepStrictEqual(typed, {
        _tag: "Succeeded",
        operation: Operation.succeeded({ name, response: goodResponse, metadata: goodMetadata }),
        result: policy,
        metadata: Option.some({ percent: 100 })
      })
      assert.instanceOf(typed.result, Policy)
      assert.strictEqual(http.requests.length, 2)
    }))

  it.scoped("result: only the result", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, done({ response: goodResponse }))
      assert.deepStrictEqual(yield* over(http, CreatePolicy.result(name)), policy)
    }))

  it.scoped("get: the latest state, with one request", () =>
    Effect.gen(function*() {
      const going = ProtobufAny.pack(progressType, { percent: "7" })
      const http = inOrder(() => json({ name, metadata: going }), done({ response: goodResponse }))
      assert.deepStrictEqual(yield* over(http, CreatePolicy.get(name)), {
        _tag: "Pending",
        operation: Operation.pending({ name, metadata: going }),
        metadata: Option.some({ percent: 7 })
      })
      const second = yield* over(http, CreatePolicy.get(name, { xgafv: "2" }))
      assert(second._tag === "Succeeded")
      assert.deepStrictEqual(second.result, policy)
      assert.strictEqual(http.requests.length, 2)
      assert.include(JSON.stringify(http.requests[1]), "xgafv")
    }))

  it.scoped("updates: each state, the last one with the result", () =>
    Effect.gen(function*() {
      const going = (percent: string) => () => json({ name, metadata: ProtobufAny.pack(progressType, { percent }) })
      const http = inOrder(going("1"), going("2"), done({ response: goodResponse, metadata: goodMetadata }))
      const states = yield* over(http, Stream.runCollect(CreatePolicy.updates(name)))
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(states).map((state) => [
          Option.getOrThrow(state.metadata).percent,
          state._tag === "Succeeded" ? state.result : state.operation.done
        ]),
        [[1, false], [2, false], [100, policy]]
      )
    }))

  it.scoped("updates whose result does not decode: the states before, then an error", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, done({}))
      const seen: Array<string> = []
      const error = yield* over(
        http,
        Effect.flip(Stream.runForEach(CreatePolicy.updates(name), (state) => Effect.sync(() => seen.push(state._tag))))
      )
      assert(ResultError.isResultError(error))
      assert.deepStrictEqual(seen, ["Pending"])
    }))

  it.scoped("the options are passed to the service", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(over(inOrder(pending), CreatePolicy.wait(name, { timeout: "2 seconds" })))
      assert(error._tag === "WaitTimeoutError")
      assert.strictEqual(error.polls, 3)
    }))

  it.scoped("a started operation is polled after the first delay, and one that is done is not polled", () =>
    Effect.gen(function*() {
      const http = inOrder(done({ response: goodResponse }))
      assert.deepStrictEqual(yield* over(http, CreatePolicy.result(Operation.pending({ name }))), policy)
      assert.strictEqual(http.requests.length, 1)
      const ended = Operation.succeeded({ name, response: goodResponse })
      assert.deepStrictEqual(yield* over(http, CreatePolicy.result(ended)), policy)
      assert.strictEqual(http.requests.length, 1)
    }))

  it.scoped("a failed operation is an OperationError", () =>
    Effect.gen(function*() {
      const error = new Status.Status({ code: 9, message: "in use" })
      const http = inOrder(() => json(Operation.toJson(Operation.failed({ name, error }))))
      for (const effect of [CreatePolicy.get(name), CreatePolicy.wait(name), CreatePolicy.result(name)]) {
        const failure = yield* Effect.flip(over<unknown, { readonly _tag: string }>(http, effect))
        assert.strictEqual(failure._tag, "OperationError")
      }
    }))

  it.scoped("using: a service with another tag", () =>
    Effect.gen(function*() {
      const other = yield* service(inOrder(done({ response: goodResponse })), options)
      const info = CreatePolicy.using(other)
      assert.deepStrictEqual(yield* info.result(name), policy)
      assert.strictEqual((yield* info.get(name))._tag, "Succeeded")
      assert.deepStrictEqual((yield* info.wait(name)).result, policy)
      assert.strictEqual((yield* Stream.runCollect(info.updates(name))).length, 1)
    }))

  it("an info has the names of its types", () => {
    assert.deepStrictEqual([CreatePolicy.responseType, CreatePolicy.metadataType], [policyType, progressType])
    assert.deepStrictEqual([GetPolicy.responseType, GetPolicy.metadataType], [policyType, undefined])
    assert.strictEqual(DeletePolicy.responseType, "google.protobuf.Empty")
  })
})

describe("the decoding of a response", () => {
  it.scoped("fields that the schema does not name are ignored", () =>
    Effect.gen(function*() {
      const response = { ...goodResponse, etag: "abc=", labels: { a: "b" } }
      const { operation, result } = yield* over(inOrder(done({ response })), CreatePolicy.wait(name))
      assert.deepStrictEqual(result, policy)
      assert.deepStrictEqual(operation.response, response)
    }))

  it.scoped("the host of the type's URL does not matter", () =>
    Effect.gen(function*() {
      const response = { ...goodResponse, "@type": `types.example.com/a/${policyType}` }
      assert.deepStrictEqual(yield* over(inOrder(done({ response })), CreatePolicy.result(name)), policy)
    }))

  it.scoped("a well-known type is in `value`", () =>
    Effect.gen(function*() {
      const info = OperationInfo.make({
        response: { typeName: "google.protobuf.StringValue", schema: Schema.NumberFromString }
      })
      const response = ProtobufAny.pack("google.protobuf.StringValue", "42")
      assert.strictEqual(yield* over(inOrder(done({ response })), info.result(name)), 42)
    }))

  it.scoped("a schema may be asynchronous", () =>
    Effect.gen(function*() {
      const slow = Schema.transformOrFail(Schema.Struct({ name: Schema.String }), Schema.String, {
        strict: true,
        decode: ({ name }) => Effect.delay(Effect.succeed(name), "1 second"),
        encode: (name) => Effect.succeed({ name })
      })
      const info = OperationInfo.make({
        response: { typeName: policyType, schema: slow },
        metadata: { typeName: policyType, schema: slow }
      })
      const http = inOrder(done({ response: goodResponse, metadata: goodResponse }))
      const { metadata, result } = yield* over(http, info.wait(name))
      assert.deepStrictEqual([result, metadata], ["policies/1", Option.some("policies/1")])
    }))

  const wrong = {
    "another type": [
      { "@type": "type.googleapis.com/example.v1.Level", name: "policies/1", revision },
      "it is of type example.v1.Level"
    ],
    "a type whose name only ends the same": [
      { ...goodResponse, "@type": `type.googleapis.com/other.${policyType}` },
      `it is of type other.${policyType}`
    ],
    "a message without @type": [{ name: "policies/1", revision }, "it is a message without @type"],
    "an empty Any": [{}, "it is a message without @type"],
    "an Empty": [ProtobufAny.pack("google.protobuf.Empty", {}), "it is of type google.protobuf.Empty"],
    "no response": [undefined, "it is absent"],
    "a missing field": [ProtobufAny.pack(policyType, { name: "policies/1" }), "revision is missing"],
    "a field of another type": [
      ProtobufAny.pack(policyType, { name: 1, revision }),
      "name: Expected string, actual 1"
    ]
  } as const

  for (const [what, [response, words]] of Object.entries(wrong)) {
    it.scoped(`${what} is a ResultError with the raw response, each time that it is read`, () =>
      Effect.gen(function*() {
        const http = inOrder(done({ response, metadata: goodMetadata }))
        const operation = Operation.succeeded({
          name,
          metadata: goodMetadata,
          ...(response === undefined ? {} : { response })
        })
        const errors = [
          yield* resultError(over(http, CreatePolicy.wait(name))),
          yield* resultError(over(http, CreatePolicy.wait(name))),
          yield* resultError(over(http, CreatePolicy.result(operation))),
          yield* resultError(over(http, CreatePolicy.get(name))),
          yield* resultError(over(http, Stream.runDrain(CreatePolicy.updates(name))))
        ]
        for (const error of errors) {
          assert.strictEqual(error._tag, "ResultError")
          assert.deepStrictEqual(error.operation, operation)
          assert.deepStrictEqual(error.response, response)
          assert.strictEqual(error.expected, policyType)
          assert.strictEqual(error.cause._tag, "ParseError")
          assert.strictEqual(
            error.message,
            `Operation ${name} succeeded, but its response is not the ${policyType} that was expected: ${words}. ` +
              "Do not start the operation again"
          )
        }
      }))
  }

  it.scoped("after a ResultError an info with the right type returns the result", () =>
    Effect.gen(function*() {
      const level = OperationInfo.make({ response: { typeName: "example.v1.Level", schema: Policy } })
      const operations = yield* service(inOrder(done({ response: goodResponse })), options)
      const error = yield* resultError(level.using(operations).result(name))
      assert.deepStrictEqual(yield* CreatePolicy.using(operations).result(name), policy)
      assert.deepStrictEqual(yield* CreatePolicy.using(operations).result(error.operation), policy)
    }))

  it.scoped("an absent response is not decoded as a message with default values", () =>
    Effect.gen(function*() {
      const info = OperationInfo.make({ response: { typeName: policyType, schema: Schema.Struct({}) } })
      const error = yield* resultError(over(inOrder(done({})), info.result(name)))
      assert.strictEqual(error.cause.message, `Expected a ${policyType}, actual nothing`)
      yield* resultError(over(inOrder(done({ response: {} })), info.result(name)))
    }))

  it.scoped("the message stays short when the response is large", () =>
    Effect.gen(function*() {
      const response = ProtobufAny.pack(policyType, { name: Array(10_000).fill("x"), revision })
      const error = yield* resultError(over(inOrder(done({ response })), CreatePolicy.wait(name)))
      assert.isBelow(error.message.length, 400)
      assert.deepStrictEqual(error.response, response)
    }))

  it.scoped("the message for an operation without a name is a sentence", () =>
    Effect.gen(function*() {
      const error = yield* resultError(over(inOrder(pending), CreatePolicy.wait(Operation.succeeded({ name: "" }))))
      assert.match(error.message, /^The operation succeeded, but its response is not the example\.v1\.Policy /)
    }))
})

describe("a method that returns Empty", () => {
  for (
    const [what, response] of [
      ["no response", undefined],
      ["an Empty", ProtobufAny.pack("google.protobuf.Empty", {})],
      ["an Empty with fields that nobody knows", ProtobufAny.pack("google.protobuf.Empty", { a: 1 })],
      ["an empty Any", {}]
    ] as const
  ) {
    it.scoped(`${what} is success`, () =>
      Effect.gen(function*() {
        const http = inOrder(done({ response }))
        assert.strictEqual(yield* over(http, DeletePolicy.result(name)), undefined)
        assert.deepStrictEqual((yield* over(http, DeletePolicy.wait(name))).metadata, Option.none())
      }))
  }

  it.scoped("a message of another type is a ResultError", () =>
    Effect.gen(function*() {
      const error = yield* resultError(over(inOrder(done({ response: goodResponse })), DeletePolicy.result(name)))
      assert.deepStrictEqual([error.expected, error.response], ["google.protobuf.Empty", goodResponse])
      yield* resultError(over(inOrder(done({ response: { a: 1 } })), DeletePolicy.result(name)))
    }))

  it.scoped("a custom schema for Empty also accepts an absent response", () =>
    Effect.gen(function*() {
      const info = OperationInfo.make({
        response: { typeName: "google.protobuf.Empty", schema: Schema.Struct({}) }
      })
      assert.deepStrictEqual(yield* over(inOrder(done({})), info.result(name)), {})
    }))
})

describe("metadata", () => {
  for (
    const [what, metadata] of [
      ["missing", undefined],
      ["of another type", ProtobufAny.pack("example.v1.Other", { percent: "1" })],
      ["without a type", { percent: "1" }],
      ["empty", {}],
      ["not decodable", ProtobufAny.pack(progressType, { percent: [] })]
    ] as const
  ) {
    it.scoped(`that is ${what} is no error of the result or a state`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({ name, metadata }), done({ response: goodResponse, metadata }))
        const state = yield* over(http, CreatePolicy.get(name))
        assert.deepStrictEqual([state._tag, state.metadata], ["Pending", Option.none()])
        assert.deepStrictEqual(state.operation.metadata, metadata)
        const typed = yield* over(http, CreatePolicy.wait(name))
        assert.deepStrictEqual([typed.result, typed.metadata], [policy, Option.none()])
        assert.deepStrictEqual(typed.operation.metadata, metadata)
      }))
  }

  it.scoped("is none without a metadata type", () =>
    Effect.gen(function*() {
      const http = inOrder(done({ response: goodResponse, metadata: goodMetadata }))
      const typed = yield* over(http, GetPolicy.wait(name))
      assert.deepStrictEqual(typed.metadata, Option.none())
      assert.deepStrictEqual(typed.operation.metadata, goodMetadata)
    }))

  it.scoped("whose decoder throws is no error of the result", () =>
    Effect.gen(function*() {
      const throwing = Schema.transform(Schema.Struct({ percent: Schema.String }), Schema.BigIntFromSelf, {
        strict: true,
        decode: ({ percent }) => BigInt(`${percent}!`),
        encode: (percent) => ({ percent: String(percent) })
      })
      const info = OperationInfo.make({
        response: { typeName: policyType, schema: Policy },
        metadata: { typeName: progressType, schema: throwing }
      })
      const typed = yield* over(inOrder(done({ response: goodResponse, metadata: goodMetadata })), info.wait(name))
      assert.deepStrictEqual([typed.result, typed.metadata], [policy, Option.none()])
    }))
})
