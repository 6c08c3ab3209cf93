import { assert, describe, it } from "@effect/vitest"
import type * as Operation from "effect-google-operations/Operation"
import * as Either from "effect/Either"
import { googleError, isTransient } from "../src/internal/http/googleError.js"
import { dialects } from "./support/dialects.js"
import { dialects as vectors } from "./support/vectors.js"

// Every field that is named is there, in the raw form.
const assertFields = (any: Operation.Operation["metadata"], fields: ReadonlyArray<string> | undefined) => {
  for (const field of fields ?? []) assert.property(any, field)
}

describe("dialects.json", () => {
  for (const { asked, body, dialect: name, expect, httpStatus, id, want } of vectors) {
    it(`${id}: ${expect}`, () => {
      const dialect = dialects.find((dialect) => dialect.name === name)!
      const json: unknown = JSON.parse(body)
      const decoded = dialect.decode(json, { name: asked, operationName: dialect.operationName })
      if (want.outcome === "refused" || want.outcome === "httpError") {
        assert(Either.isLeft(decoded), JSON.stringify(decoded))
        if (want.outcome === "refused") {
          assert.match(decoded.left, new RegExp(want.problem))
          return
        }
        const google = googleError(json, httpStatus)
        assert.strictEqual(google?.status.codeName, want.code)
        assert.deepStrictEqual(google?.reasons, want.reasons)
        assert.strictEqual(isTransient(httpStatus, google), want.isTransient)
        return
      }
      const operation = Either.getOrThrow(decoded)
      assert.strictEqual(operation._tag.toLowerCase(), want.outcome)
      assert.strictEqual(operation.name, want.name)
      if (want.outcome === "failed") {
        const { error } = operation
        assert.strictEqual(error?.codeName, want.code)
        assert.strictEqual(error?.message, want.message)
        assert.strictEqual(error?.errorInfo?.reason, want.errorInfo)
        if (want.details !== undefined) {
          assert.deepStrictEqual(error?.details.map(({ _tag }) => String(_tag)), [...want.details])
        }
        return
      }
      assertFields(operation.metadata, want.metadata)
      assertFields(operation.response, want.response)
    })
  }

  it("has each outcome for each dialect", () => {
    const outcomes = ["pending", "succeeded", "failed", "refused", "httpError"]
    for (const { name } of dialects) {
      const have = new Set(vectors.filter(({ dialect }) => dialect === name).map(({ want }) => want.outcome))
      assert.deepStrictEqual([...have].sort(), [...outcomes].sort(), name)
    }
  })
})
