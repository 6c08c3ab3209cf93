import { assert, describe, it } from "@effect/vitest"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

describe("ProtobufAny", () => {
  it("typeName is what follows the last slash", () => {
    const names: ReadonlyArray<readonly [ProtobufAny.ProtobufAny, string]> = [
      [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo" }, "google.rpc.ErrorInfo"],
      [{ "@type": "https://example.com/a/b/x.Y" }, "x.Y"],
      [{ "@type": "x.Y" }, "x.Y"],
      [{ "@type": "" }, ""],
      [{}, ""]
    ]
    for (const [any, name] of names) assert.strictEqual(ProtobufAny.typeName(any), name)
  })

  const packed: ReadonlyArray<readonly [string, unknown, ProtobufAny.ProtobufAny]> = [
    ["x.Y", { title: "t", value: 1 }, { "@type": "type.googleapis.com/x.Y", title: "t", value: 1 }],
    ["google.protobuf.Empty", {}, { "@type": "type.googleapis.com/google.protobuf.Empty" }],
    [
      "google.protobuf.Duration",
      "1.5s",
      { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.5s" }
    ],
    [
      "google.protobuf.Struct",
      { a: [1, null] },
      { "@type": "type.googleapis.com/google.protobuf.Struct", value: { a: [1, null] } }
    ],
    ["google.protobuf.Int64Value", "9007199254740993", {
      "@type": "type.googleapis.com/google.protobuf.Int64Value",
      value: "9007199254740993"
    }]
  ]
  for (const [typeName, message, any] of packed) {
    it(`pack, message and unpack of ${typeName}`, () => {
      assert.deepStrictEqual(ProtobufAny.pack(typeName, message), any)
      assert.deepStrictEqual(ProtobufAny.message(any), message)
      assert.deepStrictEqual(ProtobufAny.unpack(any, { schema: Schema.Unknown, typeName }), Either.right(message))
    })
  }

  const Policy = Schema.Struct({ title: Schema.String })
  const policy: ProtobufAny.ProtobufAny = { "@type": "type.googleapis.com/acm.AccessPolicy", title: "t" }

  it("unpack decodes, data-first and data-last, with any prefix of the type", () => {
    const options = { schema: Policy, typeName: "acm.AccessPolicy" }
    assert.deepStrictEqual(ProtobufAny.unpack(policy, options), Either.right({ title: "t" }))
    assert.deepStrictEqual(ProtobufAny.unpack(options)(policy), Either.right({ title: "t" }))
    assert.deepStrictEqual(
      ProtobufAny.unpack({ ...policy, "@type": "example.com/acm.AccessPolicy" }, options),
      Either.right({ title: "t" })
    )
    assert.deepStrictEqual(ProtobufAny.unpack({ title: "t" }, { schema: Policy }), Either.right({ title: "t" }))
  })

  it("the error of unpack has the expected and the actual type, or what did not decode", () => {
    const options = { schema: Policy, typeName: "acm.AccessLevel" }
    const problem = (any: ProtobufAny.ProtobufAny) =>
      Either.getOrThrow(Either.flip(ProtobufAny.unpack(any, options))).message
    assert.strictEqual(problem(policy), "Expected a acm.AccessLevel, actual a acm.AccessPolicy")
    assert.strictEqual(problem({ title: "t" }), "Expected a acm.AccessLevel, actual a message without @type")
    assert.match(problem({ "@type": "acm.AccessLevel", title: 1 }), /\["title"\][\s\S]*Expected string, actual 1/)
  })

  it("unpack refuses a message that is nested deeper than 100 levels", () => {
    interface Tree {
      readonly child?: Tree | undefined
    }
    const Tree: Schema.Schema<Tree> = Schema.Struct({ child: Schema.optional(Schema.suspend(() => Tree)) })
    const nested = (levels: number): ProtobufAny.ProtobufAny =>
      JSON.parse(`${"{\"child\":".repeat(levels - 1)}{}${"}".repeat(levels - 1)}`)
    assert.isTrue(Either.isRight(ProtobufAny.unpack(nested(100), { schema: Tree })))
    for (const levels of [101, 5_000, 500_000]) {
      const error = Either.getOrThrow(Either.flip(ProtobufAny.unpack(nested(levels), { schema: Tree })))
      assert.strictEqual(error.message, "Expected a message of at most 100 levels")
    }
  })

  it("a type that is not a string is ignored", () => {
    const any: ProtobufAny.ProtobufAny = JSON.parse("{\"@type\":{},\"a\":1}")
    assert.strictEqual(ProtobufAny.typeName(any), "")
    assert.deepStrictEqual(ProtobufAny.message(any), { a: 1 })
  })

  it("isProtobufAny", () => {
    for (const yes of [{}, policy, { a: 1 }]) assert.isTrue(ProtobufAny.isProtobufAny(yes))
    for (const no of [null, undefined, [], "x", 1, { "@type": 1 }]) assert.isFalse(ProtobufAny.isProtobufAny(no))
  })
})
