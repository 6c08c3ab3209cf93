import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"

const at = { baseUrl: "https://run.googleapis.com", version: "v2" }

describe("GoogleApi", () => {
  it("has list, cancel and delete, and no wait, unless told otherwise", () => {
    const methods: GoogleApi.Methods = { list: true, cancel: true, delete: true, wait: false }
    assert.deepStrictEqual(GoogleApi.make(at).methods, methods)
    assert.deepStrictEqual(GoogleApi.make({ ...at, methods: { list: undefined, wait: "body" } }).methods, {
      list: true,
      cancel: true,
      delete: true,
      wait: "body"
    })
    assert.deepStrictEqual(GoogleApi.make({ ...at, methods: { cancel: false, wait: undefined } }).methods, {
      list: true,
      cancel: false,
      delete: true,
      wait: false
    })
  })

  it.each([
    ["operations/a", true],
    ["operations/a/b", true],
    ["projects/p/locations/l/operations/a", true],
    ["operations/", false],
    ["operations", false],
    ["projects/p", false]
  ])("takes %s for an operation's name, unless told otherwise: %s", (name, isName) => {
    assert.strictEqual(GoogleApi.make(at).operationName.test(name), isName)
  })
})
