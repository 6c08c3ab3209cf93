import { assert, describe, it } from "@effect/vitest"
import * as ErrorDetails from "effect-google-operations/ErrorDetails"
import * as Status from "effect-google-operations/Status"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

const errorInfo = (reason: string) => ({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason })

describe("Status", () => {
  it("decodes code, message and details, and returns the first ErrorInfo and RetryInfo", () => {
    const json = {
      code: 7,
      message: "no",
      details: [
        { "@type": "example.com/x.Y" },
        { ...errorInfo("FIRST"), domain: "d", metadata: {} },
        { ...errorInfo("SECOND"), domain: "d", metadata: {} },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }
      ]
    }
    const status = Either.getOrThrow(Status.fromJson(json))
    assert.strictEqual(status.code, 7)
    assert.strictEqual(status.codeName, "PERMISSION_DENIED")
    assert.strictEqual(status.message, "no")
    assert.deepStrictEqual(
      status.details.map((detail) => detail._tag),
      [undefined, "ErrorInfo", "ErrorInfo", "RetryInfo"]
    )
    assert.strictEqual(status.errorInfo?.reason, "FIRST")
    assert.deepStrictEqual(status.retryInfo?.retryDelay, Duration.seconds(2))
    assert.deepStrictEqual(Status.toJson(status), json)
  })

  it("uses default values for absent fields, and keeps unknown details", () => {
    const read = (json: unknown) => Status.toJson(Either.getOrThrow(Status.fromJson(json)))
    assert.deepStrictEqual(read({}), { code: 0, message: "" })
    assert.deepStrictEqual(read({ code: null, message: null, details: null }), { code: 0, message: "" })
    assert.deepStrictEqual(read({ code: "9", message: "m" }), { code: 9, message: "m" })
    assert.deepStrictEqual(read({ code: 4242, details: ["x", { "@type": 1 }] }), {
      code: 4242,
      message: "",
      details: [{ value: "x" }, { "@type": 1 }]
    })
    assert.strictEqual(new Status.Status({ code: 4242, message: "" }).codeName, "UNKNOWN")
  })

  it("a raw detail has no _tag, and is encoded as the server sent it", () => {
    const details: ReadonlyArray<unknown> = [
      { _tag: "RetryInfo", retryDelay: "abc" },
      { _tag: "ErrorInfo", reason: "R", domain: "d", metadata: {} },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", _tag: "ErrorInfo", retryDelay: 1 },
      { "@type": 1, _tag: "Nope" }
    ]
    const json = { code: 14, message: "m", details }
    const status = Either.getOrThrow(Status.fromJson(json))
    assert.deepStrictEqual(status.details.map((detail) => detail._tag), [undefined, undefined, undefined, undefined])
    assert.strictEqual(status.errorInfo, undefined)
    assert.strictEqual(status.retryInfo, undefined)
    assert.deepStrictEqual(Status.toJson(status), json)
    assert.deepStrictEqual(Status.fromJson(Status.toJson(status)), Either.right(status))
    assert.isTrue(status.details.every((detail) => !Schema.is(ErrorDetails.ErrorDetail)(detail)))
  })

  it("a detail is decoded even if the server sent a _tag with it", () => {
    const status = Either.getOrThrow(Status.fromJson({ details: [{ ...errorInfo("R"), _tag: "RetryInfo" }] }))
    assert.deepStrictEqual(status.details, [{ _tag: "ErrorInfo", reason: "R", domain: "", metadata: {} }])
  })

  it("a detail can be made from its fields", () => {
    const made = new Status.Status({
      code: 3,
      message: "",
      details: [{ _tag: "ErrorInfo", reason: "R", domain: "d", metadata: {} }]
    })
    assert.strictEqual(made.errorInfo?.reason, "R")
    assert.deepStrictEqual(Either.getOrThrow(Status.fromJson(Status.toJson(made))), made)
  })

  it("an invalid detail from JavaScript is encoded as a value", () => {
    const details = JSON.parse("[{\"_tag\":\"Nope\"},{\"_tag\":\"RetryInfo\",\"retryDelay\":\"abc\"}]")
    assert.deepStrictEqual(Status.toJson(new Status.Status({ code: 2, message: "", details })), {
      code: 2,
      message: "",
      details: [{ value: { _tag: "Nope" } }, { value: { _tag: "RetryInfo", retryDelay: "abc" } }]
    })
  })

  it("isStatus", () => {
    assert.isTrue(Status.isStatus(new Status.Status({ code: 5, message: "" })))
    for (const no of [null, undefined, "x", {}, { code: 5, message: "", details: [] }]) {
      assert.isFalse(Status.isStatus(no))
    }
  })

  it("the error describes the problem", () => {
    for (
      const [json, problem] of [
        [null, /object/],
        [[], /object/],
        ["x", /object/],
        [{ code: 1.5 }, /int32/],
        [{ code: "x" }, /int32/],
        [{ code: 2 ** 31 }, /int32/],
        [{ message: 1 }, /string/]
      ] as const
    ) {
      assert.match(Either.getOrThrow(Either.flip(Status.fromJson(json))).message, problem)
      assert.throws(() => Schema.decodeUnknownSync(Status.StatusFromJson)(json), problem)
    }
  })

  it.prop("round trip", [Status.StatusFromJson], ([status]) => {
    assert.deepStrictEqual(Either.getOrThrow(Status.fromJson(Status.toJson(status))), status)
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(Status.StatusFromJson)(Schema.encodeSync(Status.StatusFromJson)(status)),
      status
    )
  })
})
