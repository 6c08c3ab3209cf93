import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type { ErrorContext } from "effect-google-operations/internal/http/errors"
import { Redactor } from "effect-google-operations/internal/http/redaction"
import * as Response from "effect-google-operations/internal/http/response"
import * as Status from "effect-google-operations/Status"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"

const toSnapshot = Response.toSnapshot(GoogleApi.accessContextManager, "operations/x")

const token = "ya29.a0AfH6SMBx-token_0123456789abcdefghijklmnopqrstuvwxyz/+=="
const context: ErrorContext = {
  method: "GET",
  origin: "https://example.com",
  path: "/v1/operations/x",
  requestTimeout: Duration.seconds(30),
  secrets: { authorization: `Bearer ${token}` }
}

const decode = (status: number, body: string) =>
  toSnapshot(context, { status, headers: {}, body, truncated: false }, () => 0)

const time = (run: () => unknown, times = 1): number => {
  const start = process.cpuUsage()
  for (let index = 0; index < times; index++) run()
  const { system, user } = process.cpuUsage(start)
  return (user + system) / 1000
}

// One input of sixteen times the size takes as long as sixteen inputs if the work is linear, and sixteen times as long if it is
// quadratic. Both are measured one after the other. Another process or the garbage collector can disturb a measurement, but not
// five of them.
const isLinear = (make: (size: number) => () => unknown): boolean => {
  const [small, large] = [make(12_500), make(200_000)]
  small()
  return [1, 2, 3, 4, 5].some(() => time(large) < 6 * time(small, 16) + 5)
}

const filledWith = (part: string, size: number): string => part.repeat(Math.ceil(size / part.length))
const list = (item: string, size: number): string => `[${filledWith(`${item},`, size)}null]`
const detail = (type: string, fields: string): string => `{"@type":"type.googleapis.com/google.rpc.${type}",${fields}}`

describe("the work for a response is linear in its size", () => {
  const details: Record<string, (size: number) => string> = {
    "one detail with many violations": (size) =>
      `[${detail("PreconditionFailure", `"violations":${list("{}", size)}`)}]`,
    "many details": (size) => list(detail("ErrorInfo", "\"reason\":\"R\""), size),
    "many details of an unknown type": (size) => list(detail("Novelty", "\"a\":1"), size),
    "many details with many violations": (size) =>
      list(detail("QuotaFailure", `"violations":${list("{}", 500)}`), size),
    "a detail of many fields": (size) =>
      `[${detail("ErrorInfo", `"metadata":{${Array.from({ length: size / 12 }, (_, i) => `"${i}":"x"`).join(",")}}`)}]`,
    "deep details": (size) => `[${"[".repeat(size / 2)}${"]".repeat(size / 2)}]`
  }
  for (const [what, of] of Object.entries(details)) {
    it(`an error with ${what}`, () =>
      assert.isTrue(isLinear((size) => {
        const body = `{"error":{"code":503,"status":"UNAVAILABLE","details":${of(size)}}}`
        return () => decode(503, body)
      })))

    it(`an operation that failed with ${what}`, () =>
      assert.isTrue(isLinear((size) => {
        const body = `{"done":true,"error":{"code":14,"details":${of(size)}}}`
        return () => decode(200, body)
      })))
  }

  const texts: Record<string, string> = {
    "percent signs": "%",
    "percent-encoded characters": "%41",
    "backslashes": "\\\\",
    "escaped characters": "\\u0041",
    "references": "&#0",
    "long references": `&#${"0".repeat(1_000)}`,
    "beginnings of the token": token.slice(0, -1),
    "the first character of the token": "y",
    "the token": token,
    "the token in percent-encoding": encodeURIComponent(token),
    "the token in base64": btoa(token)
  }
  for (const [what, part] of Object.entries(texts)) {
    it(`a body of ${what}`, () => {
      assert.isTrue(isLinear((size) => {
        const body = `{"name":"operations/x","metadata":{"a":"${filledWith(part, size)}"}}`
        return () => decode(200, body)
      }))
      assert.isTrue(isLinear((size) => {
        const body = filledWith(part, size)
        return () => decode(502, body)
      }))
    })
  }

  it("with a long secret, too", () => {
    const redactor = new Redactor([filledWith("abcdefgh", 10_000)])
    assert.isTrue(isLinear((size) => {
      const text = filledWith("abcdefgh", size)
      return () => redactor.cleanCut(text)
    }))
  })
})

it("quadratic work would be found", () => {
  let count = 0
  assert.isFalse(isLinear((size) => () => {
    for (let i = 0; i < size / 20; i++) for (let j = 0; j < i; j++) count += j & 1
  }))
  assert.isAbove(count, 0)
})

describe("the work for a response is bounded", () => {
  it("an error of 4 MiB is not decoded", () => {
    const body = `{"error":{"code":503,"details":[${
      detail("PreconditionFailure", `"violations":${list("{}", 4_194_000)}`)
    }]}}`
    const error = Either.getOrThrow(Either.flip(decode(503, body)))
    assert.strictEqual(error.code, "UNAVAILABLE")
    assert.isTrue(error.isTransient)
    assert.strictEqual(error.body, body.slice(0, 16_384))
    assert.strictEqual(error.status, undefined)
  })

  it("an error of 1 MiB is decoded, with the details that are too large as they came", () => {
    const help = detail("Help", "\"links\":[{\"url\":\"https://example.com\"}]")
    const failure = detail("PreconditionFailure", `"violations":${list("{}", 1_048_000 - 300)}`)
    const error = Either.getOrThrow(Either.flip(decode(503, `{"error":{"code":503,"details":[${failure},${help}]}}`)))
    assert.deepStrictEqual(error.status?.details.map((detail) => detail._tag), [undefined, "Help"])
  })

  it("all details of a status together have at most 2,000 values that are decoded", () => {
    // Each has four values: itself, its type, its fields.
    const details = Array.from(
      { length: 1_000 },
      () => JSON.parse(detail("ErrorInfo", "\"reason\":\"R\",\"domain\":\"d\""))
    )
    const status = Either.getOrThrow(Status.fromJson({ code: 5, details }))
    assert.strictEqual(status.details.filter((detail) => detail._tag === "ErrorInfo").length, 500)
    assert.deepStrictEqual(
      Status.toJson(status)["details"],
      details.map((any, index) => index < 500 ? { ...any, metadata: {} } : any)
    )
  })
})
