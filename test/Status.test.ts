import { assert, describe, it } from "@effect/vitest"
import * as Status from "effect-google-operations/Status"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

const errorInfo = (reason: string) => ({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason })

describe("Status", () => {
  it("reads code, message and details, and gives the first ErrorInfo and RetryInfo", () => {
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

  it("reads what is absent as its default and keeps what it does not know", () => {
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

  it("says what is wrong", () => {
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
      assert.match(Either.getOrThrow(Either.flip(Status.fromJson(json))), problem)
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
