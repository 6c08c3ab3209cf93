import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Status from "effect-google-operations/Status"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"

describe("Operation", () => {
  const name = "operations/x"
  const any: ProtobufAny.ProtobufAny = { "@type": "type.googleapis.com/x.Y", a: 1 }
  const status = new Status.Status({ code: 5, message: "gone" })
  const error = { code: 5, message: "gone" }

  const read: ReadonlyArray<readonly [string, unknown, Operation.Operation]> = [
    ["a name alone", { name }, Operation.pending({ name })],
    ["done false", { done: false }, Operation.pending({ name: "" })],
    ["nulls", { name, done: null, error: null, response: null, metadata: null }, Operation.pending({ name })],
    ["metadata", { name, metadata: any }, Operation.pending({ name, metadata: any })],
    ["a response before done", { name, response: any }, Operation.pending({ name, response: any })],
    ["an error before done", { name, error }, Operation.pending({ name, error: status })],
    ["done", { name, done: true }, Operation.succeeded({ name })],
    ["done with a response", { name, done: true, response: any }, Operation.succeeded({ name, response: any })],
    ["done with an error", { name, done: true, error }, Operation.failed({ name, error: status })],
    [
      "done with both",
      { name, done: true, error, response: any },
      Operation.failed({ name, error: status, response: any })
    ],
    [
      "done with an empty error",
      { done: true, error: {} },
      Operation.failed({
        name: "",
        error: new Status.Status({ code: 0, message: "" })
      })
    ],
    ["unknown fields", { name, done: true, novelty: 1 }, Operation.succeeded({ name })],
    ["a metadata type that is not a string", { name, metadata: { "@type": 1 } }, {
      _tag: "Pending",
      name,
      done: false,
      metadata: JSON.parse("{\"@type\":1}")
    }]
  ]
  for (const [what, json, operation] of read) {
    it(`reads ${what}`, () => {
      assert.deepStrictEqual(Operation.fromJson(json), Either.right(operation))
      assert.deepStrictEqual(Schema.decodeUnknownSync(Operation.OperationFromJson)(json), operation)
      assert.deepStrictEqual(Operation.fromJson(Operation.toJson(operation)), Either.right(operation))
    })
  }

  const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
    [null, /must be an object/],
    ["x", /must be an object/],
    [[], /must be an object/],
    [{}, /none of an operation's fields/],
    [{ kind: "policy" }, /none of an operation's fields/],
    [{ name: 1 }, /"name"/],
    [{ done: "true" }, /"done"/],
    [{ name, metadata: [] }, /"metadata"/],
    [{ name, done: true, response: "x" }, /"response"/],
    [{ name, done: true, error: "x" }, /"error"/],
    [{ name, done: true, error: { code: "x" } }, /"error".*int32/]
  ]
  for (const [json, problem] of wrong) {
    it(`does not read ${JSON.stringify(json)}`, () => {
      assert.match(Either.getOrThrow(Either.flip(Operation.fromJson(json))).message, problem)
      assert.throws(() => Schema.decodeUnknownSync(Operation.OperationFromJson)(json), problem)
    })
  }

  it("is encoded as an API sends it", () => {
    assert.deepStrictEqual(Operation.toJson(Operation.failed({ name, metadata: any, error: status })), {
      name,
      done: true,
      metadata: any,
      error
    })
    assert.deepStrictEqual(Operation.toJson(Operation.pending({ name })), { name, done: false })
  })

  const text = FastCheck.string()
  const fields = {
    name: text,
    metadata: FastCheck.option(FastCheck.record({ "@type": text, a: FastCheck.jsonValue() }), { nil: undefined }),
    response: FastCheck.option(FastCheck.record({ "@type": text, b: FastCheck.jsonValue() }), { nil: undefined })
  }
  const wireOperation = FastCheck.record({
    ...fields,
    done: FastCheck.boolean(),
    error: FastCheck.option(
      FastCheck.record({
        code: FastCheck.integer({ min: -5, max: 20 }),
        message: text,
        details: FastCheck.array(FastCheck.record({ "@type": text, c: FastCheck.jsonValue() }), { minLength: 1 })
      }),
      { nil: undefined }
    )
  })

  it.prop("round trip of JSON", [wireOperation], ([operation]) => {
    const json: unknown = JSON.parse(JSON.stringify(operation))
    assert.deepStrictEqual<unknown>(Operation.toJson(Either.getOrThrow(Operation.fromJson(json))), json)
  })

  it.prop("round trip through the schema", [Operation.OperationFromJson], ([operation]) => {
    const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Operation.OperationFromJson)(operation)))
    assert.deepStrictEqual(Schema.decodeUnknownSync(Operation.OperationFromJson)(json), operation)
  })

  it("match and the guards distinguish the states", () => {
    const all = [Operation.pending({ name }), Operation.succeeded({ name }), Operation.failed({ name, error: status })]
    const cases = {
      onPending: (operation: Operation.Pending) => `pending ${operation.done}`,
      onSucceeded: (operation: Operation.Succeeded) => `succeeded ${operation.done}`,
      onFailed: (operation: Operation.Failed) => `failed ${operation.error.message}`
    }
    const expected = ["pending false", "succeeded true", "failed gone"]
    assert.deepStrictEqual(all.map(Operation.match(cases)), expected)
    assert.deepStrictEqual(all.map((operation) => Operation.match(operation, cases)), expected)
    assert.deepStrictEqual(all.map(Operation.isPending), [true, false, false])
    assert.deepStrictEqual(all.map(Operation.isSucceeded), [false, true, false])
    assert.deepStrictEqual(all.map(Operation.isFailed), [false, false, true])
    assert.isTrue(all.every(Operation.isOperation))
    const notOperations = [
      null,
      "x",
      { name },
      { _tag: "Pending" },
      { _tag: "Other", name },
      { _tag: "Pending", name },
      { _tag: "Pending", name, done: true },
      { _tag: "Succeeded", name, done: true, error: status },
      { _tag: "Failed", name, done: true },
      { _tag: "Failed", name, done: true, error },
      { _tag: "Pending", name, done: false, metadata: "x" },
      { _tag: "Succeeded", name, done: true, response: [] }
    ]
    for (const no of notOperations) assert.isFalse(Operation.isOperation(no), JSON.stringify(no))
  })
})
