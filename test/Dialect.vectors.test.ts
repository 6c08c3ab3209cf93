import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as Operation from "effect-google-operations/Operation"
import * as Either from "effect/Either"
import { googleError, isTransient } from "../src/internal/http/googleError.js"
import { dialects } from "./support/dialects.js"
import { dialects as vectors, gets, responses } from "./support/vectors.js"

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

describe("responses.json, what is not google.longrunning", () => {
  const compute = [Dialect.compute, "projects/p/global/operations/operation-1"] as const
  const container = [Dialect.container, "projects/p/locations/us-central1-a/operations/operation-1"] as const
  const outcomes = {
    "gce-running": [...compute, "Pending"],
    "gce-done": [...compute, "Succeeded"],
    "gce-error": [...compute, "FAILED_PRECONDITION"],
    "gce-error-quota": [...compute, "RESOURCE_EXHAUSTED"],
    "gce-warnings": [...compute, "Succeeded"],
    "gce-status-missing": [...compute, "Pending"],
    "sql-done-error": [Dialect.sqlAdmin, "projects/p/operations/uuid", "INTERNAL"],
    "gke-running": [...container, "Pending"],
    "gke-aborting": [...container, "Pending"],
    "gke-done-error": [...container, "FAILED_PRECONDITION"],
    "dns-done": [Dialect.longRunning, "projects/p/managedZones/z/operations/x", "refused"]
  } as const

  for (const { body, expect, id, want } of responses) {
    if (want !== undefined) continue
    it(`${id}: ${expect}`, () => {
      assert.property(outcomes, id)
      const [dialect, name, outcome] = outcomes[id as keyof typeof outcomes]
      const decoded = dialect.decode(JSON.parse(body), { name, operationName: dialect.operationName })
      assert.strictEqual(
        Either.match(decoded, {
          onLeft: () => "refused",
          onRight: (operation) => operation._tag === "Failed" ? operation.error.codeName : operation._tag
        }),
        outcome
      )
    })
  }
})

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

describe("responses.json, every operation in it", () => {
  const { operationName } = GoogleApi.accessContextManager
  for (const { body, expect, httpStatus, id, want } of gets) {
    if (httpStatus !== 200 || parsed(body) === undefined) continue
    it(`${id}: ${expect}`, () => {
      const name = typeof want?.["name"] === "string" ? want["name"] : "operations/x"
      const decoded = Dialect.longRunning.decode(parsed(body), { name, operationName })
      assert.strictEqual(
        Either.match(decoded, {
          onLeft: () => "httpError",
          onRight: ({ _tag }) => _tag === "Failed" ? "operationError" : _tag.toLowerCase()
        }),
        want?.outcome
      )
    })
  }
})
