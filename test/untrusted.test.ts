import { assert, describe, it } from "@effect/vitest"
import * as ErrorDetails from "effect-google-operations/ErrorDetails"
import { googleError, isTransient } from "effect-google-operations/internal/http/googleError"
import { sameValue } from "effect-google-operations/internal/values"
import * as Operation from "effect-google-operations/Operation"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Status from "effect-google-operations/Status"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { isDeepStrictEqual } from "node:util"
import { filled, nested, untrusted } from "./support/untrusted.js"

const httpStatus = FastCheck.constantFrom(0, 200, 204, 304, 400, 401, 403, 404, 429, 499, 503)

describe("JSON of any shape", () => {
  it.prop("is an operation or a ParseError; what was read is written and read again", [untrusted], ([placeholders]) => {
    const json = filled(placeholders)
    const result = Operation.fromJson(json)
    assert.isFalse(Operation.isOperation(json))
    assert.isTrue(
      sameValue(Either.isRight(Schema.decodeUnknownEither(Operation.OperationFromJson)(json)), Either.isRight(result))
    )
    if (Either.isLeft(result)) return assert.isAbove(result.left.message.length, 0)
    assert.isTrue(Operation.isOperation(result.right))
    assert.isTrue(sameValue(Operation.fromJson(Operation.toJson(result.right)), result))
  })

  it.prop("is a status or a ParseError; no raw detail has a _tag", [untrusted], ([placeholders]) => {
    const result = Status.fromJson(filled(placeholders))
    if (Either.isLeft(result)) return assert.isAbove(result.left.message.length, 0)
    for (const detail of result.right.details) {
      assert.strictEqual(detail._tag !== undefined, Schema.is(ErrorDetails.ErrorDetail)(detail))
    }
    assert.isTrue(sameValue(Status.fromJson(Status.toJson(result.right)), result))
  })

  it.prop("is a detail, which is written and read again", [untrusted], ([placeholders]) => {
    const json = filled(placeholders)
    for (const type of ["ErrorInfo", "RetryInfo", "QuotaFailure", "BadRequest", "Help"]) {
      const fields = { violations: json, fieldViolations: json, links: json, metadata: json, retryDelay: json }
      const detail = ErrorDetails.fromAny(ProtobufAny.pack(`google.rpc.${type}`, fields))
      assert.isTrue(sameValue(ErrorDetails.fromAny(ErrorDetails.toAny(detail)), detail))
    }
  })

  it.prop("is a Google error or none", [untrusted, httpStatus], ([placeholders, httpStatus]) => {
    const json = filled(placeholders)
    for (const body of [json, { error: json }, [{ error: json }], { error: "words", code: 5, details: json }]) {
      const error = googleError(body, httpStatus)
      assert.isBoolean(isTransient(httpStatus, error))
      if (error === undefined) continue
      assert.isTrue(Number.isInteger(error.status.code) && error.status.code > 0 && error.status.code <= 16)
      assert.isAbove(error.status.message.length, 0)
      assert.isTrue(Either.isRight(Status.fromJson(Status.toJson(error.status))))
    }
  })
})

describe("sameValue", () => {
  it.prop("is equality of JSON", [untrusted, untrusted], ([a, b]) => {
    assert.isTrue(sameValue(filled(a), filled(a)))
    assert.strictEqual(sameValue(a, b), isDeepStrictEqual(a, b))
  })

  it("finds a difference at any depth", () => {
    assert.isTrue(sameValue(nested(100_000), nested(100_000)))
    assert.isFalse(sameValue(nested(100_000), nested(100_001)))
    assert.isFalse(sameValue(nested(5_000), nested(5_000, "arrays")))
  })

  it("ignores the order of fields and fields that are undefined", () => {
    assert.isTrue(sameValue({ a: 1, b: [2] }, { b: [2], c: undefined, a: 1 }))
    assert.isFalse(sameValue({ a: 1 }, { a: 1, b: null }))
    assert.isFalse(sameValue({}, []))
    assert.isFalse(sameValue(JSON.parse("{\"__proto__\":{}}"), {}))
    assert.isFalse(sameValue({}, JSON.parse("{\"__proto__\":{}}")))
  })

  it("ends for cyclic values", () => {
    const cyclic = () => {
      const value: { self?: unknown } = {}
      value.self = value
      return value
    }
    assert.isBoolean(sameValue(cyclic(), cyclic()))
  })
})
