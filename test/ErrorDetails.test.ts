import { assert, describe, it } from "@effect/vitest"
import * as ErrorDetails from "effect-google-operations/ErrorDetails"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Duration from "effect/Duration"

describe("ErrorDetails", () => {
  // Each message with every field that it has, as it stands on the wire.
  const wire: Record<ErrorDetails.ErrorDetail["_tag"], Record<string, unknown>> = {
    ErrorInfo: { reason: "SERVICE_DISABLED", domain: "googleapis.com", metadata: { service: "x.googleapis.com" } },
    RetryInfo: { retryDelay: "1.5s" },
    DebugInfo: { stackEntries: ["a", "b"], detail: "d" },
    QuotaFailure: {
      violations: [{
        subject: "project:p",
        description: "d",
        apiService: "s",
        quotaMetric: "m",
        quotaId: "i",
        quotaDimensions: { region: "r" },
        quotaValue: "9007199254740993",
        futureQuotaValue: "9007199254740995"
      }]
    },
    PreconditionFailure: { violations: [{ type: "TOS", subject: "s", description: "d" }] },
    BadRequest: {
      fieldViolations: [{
        field: "policy.title",
        description: "d",
        reason: "REQUIRED",
        localizedMessage: { locale: "de-CH", message: "fehlt" }
      }]
    },
    RequestInfo: { requestId: "r", servingData: "s" },
    ResourceInfo: { resourceType: "t", resourceName: "n", owner: "o", description: "d" },
    Help: { links: [{ description: "d", url: "https://example.com" }] },
    LocalizedMessage: { locale: "de-CH", message: "geht nicht" }
  }
  const malformed: Record<ErrorDetails.ErrorDetail["_tag"], Record<string, unknown>> = {
    ErrorInfo: { reason: 1 },
    RetryInfo: { retryDelay: "soon" },
    DebugInfo: { stackEntries: "a" },
    QuotaFailure: { violations: [1] },
    PreconditionFailure: { violations: { type: "TOS" } },
    BadRequest: { fieldViolations: [{ field: 1 }] },
    RequestInfo: { requestId: {} },
    ResourceInfo: { owner: [] },
    Help: { links: [{ url: 1 }] },
    LocalizedMessage: { locale: false }
  }
  // What a message without any field reads as.
  const defaults: Record<ErrorDetails.ErrorDetail["_tag"], Record<string, unknown>> = {
    ErrorInfo: { reason: "", domain: "", metadata: {} },
    RetryInfo: {},
    DebugInfo: { stackEntries: [], detail: "" },
    QuotaFailure: { violations: [] },
    PreconditionFailure: { violations: [] },
    BadRequest: { fieldViolations: [] },
    RequestInfo: { requestId: "", servingData: "" },
    ResourceInfo: { resourceType: "", resourceName: "", owner: "", description: "" },
    Help: { links: [] },
    LocalizedMessage: { locale: "", message: "" }
  }

  it("decodes all ten messages", () => assert.strictEqual(Object.keys(wire).length, 10))

  for (const [tag, fields] of Object.entries(wire)) {
    it(tag, () => {
      const type = { "@type": `type.googleapis.com/google.rpc.${tag}` }
      const detail = ErrorDetails.fromAny({ ...type, ...fields })
      assert.deepStrictEqual<unknown>(
        detail,
        tag === "RetryInfo" ? { _tag: tag, retryDelay: Duration.millis(1500) } : { _tag: tag, ...fields }
      )
      assert.deepStrictEqual<unknown>(ErrorDetails.toAny(detail), { ...type, ...fields })

      const tagged = tag as ErrorDetails.ErrorDetail["_tag"]
      assert.deepStrictEqual<unknown>(ErrorDetails.fromAny(type), { _tag: tag, ...defaults[tagged] })
      const nulls = Object.fromEntries(Object.keys(fields).map((field) => [field, null]))
      assert.deepStrictEqual<unknown>(ErrorDetails.fromAny({ ...type, ...nulls }), { _tag: tag, ...defaults[tagged] })

      const raw = { ...type, ...malformed[tagged] }
      assert.strictEqual(ErrorDetails.fromAny(raw), raw)
      assert.strictEqual(ErrorDetails.toAny(raw), raw)
    })
  }

  it("a detail of an unknown type stays raw", () => {
    for (const raw of [{ "@type": "type.googleapis.com/google.rpc.Novelty", a: 1 }, {}, { reason: "R" }]) {
      assert.strictEqual(ErrorDetails.fromAny(raw), raw)
    }
  })

  const retryDelays: ReadonlyArray<readonly [string, number | undefined]> = [
    ["0s", 0],
    ["10s", 10_000],
    ["0.000000001s", 0.000001],
    ["315576000000s", 315_576_000_000_000],
    ["-1s", undefined],
    ["1.0000000001s", undefined],
    ["1", undefined],
    ["PT1S", undefined],
    ["s", undefined]
  ]
  for (const [text, millis] of retryDelays) {
    it(`a retryDelay of ${text} ${millis === undefined ? "is malformed" : `is ${millis} ms`}`, () => {
      const detail = ErrorDetails.fromAny(ProtobufAny.pack("google.rpc.RetryInfo", { retryDelay: text }))
      assert.strictEqual(detail._tag, millis === undefined ? undefined : "RetryInfo")
      if (detail._tag === "RetryInfo") {
        assert.closeTo(Duration.toMillis(detail.retryDelay!), millis!, 1e-9)
        assert.deepStrictEqual(ErrorDetails.fromAny(ErrorDetails.toAny(detail)), detail)
      }
    })
  }

  it("a detail with more than 2,000 values stays raw", () => {
    const violations = (count: number) =>
      ProtobufAny.pack("google.rpc.PreconditionFailure", { violations: Array.from({ length: count }, () => ({})) })
    assert.strictEqual(ErrorDetails.fromAny(violations(1_997))._tag, "PreconditionFailure")
    assert.strictEqual(ErrorDetails.fromAny(violations(1_998))._tag, undefined)
  })
})
