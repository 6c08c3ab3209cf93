import { assert, describe, it } from "@effect/vitest"
import * as Code from "effect-google-operations/Code"
import * as ErrorDetails from "effect-google-operations/ErrorDetails"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"

describe("Code", () => {
  const table: ReadonlyArray<readonly [number, Code.Code, number]> = [
    [0, "OK", 200],
    [1, "CANCELLED", 499],
    [2, "UNKNOWN", 500],
    [3, "INVALID_ARGUMENT", 400],
    [4, "DEADLINE_EXCEEDED", 504],
    [5, "NOT_FOUND", 404],
    [6, "ALREADY_EXISTS", 409],
    [7, "PERMISSION_DENIED", 403],
    [8, "RESOURCE_EXHAUSTED", 429],
    [9, "FAILED_PRECONDITION", 400],
    [10, "ABORTED", 409],
    [11, "OUT_OF_RANGE", 400],
    [12, "UNIMPLEMENTED", 501],
    [13, "INTERNAL", 500],
    [14, "UNAVAILABLE", 503],
    [15, "DATA_LOSS", 500],
    [16, "UNAUTHENTICATED", 401]
  ]
  for (const [number, name, httpStatus] of table) {
    it(`${name} is ${number} and HTTP ${httpStatus}`, () => {
      assert.strictEqual(Code.toNumber(name), number)
      assert.strictEqual(Code.fromNumber(number), name)
      assert.strictEqual(Code.toHttpStatus(name), httpStatus)
      assert.isTrue(Code.isCode(name))
    })
  }

  it("there are 17 of them", () => {
    assert.deepStrictEqual([...Code.Code.literals], table.map(([, name]) => name))
    for (const no of ["ok", "", "CANCELED", 5, undefined, null, "toString"]) assert.isFalse(Code.isCode(no), String(no))
    for (const no of [17, -1, 1.5, NaN]) assert.strictEqual(Code.fromNumber(no), "UNKNOWN")
  })

  it("from an HTTP status", () => {
    const fromHttp: ReadonlyArray<readonly [ReadonlyArray<number>, Code.Code]> = [
      [[200, 201, 204, 299], "OK"],
      [[400], "INVALID_ARGUMENT"],
      [[401], "UNAUTHENTICATED"],
      [[403], "PERMISSION_DENIED"],
      [[404], "NOT_FOUND"],
      [[409], "ABORTED"],
      [[416], "OUT_OF_RANGE"],
      [[429], "RESOURCE_EXHAUSTED"],
      [[499], "CANCELLED"],
      [[501], "UNIMPLEMENTED"],
      [[503], "UNAVAILABLE"],
      [[504], "DEADLINE_EXCEEDED"],
      [[402, 405, 408, 410, 412, 418, 498], "FAILED_PRECONDITION"],
      [[500, 502, 505, 599], "INTERNAL"],
      [[100, 199, 300, 302, 304, 600, 0], "UNKNOWN"]
    ]
    for (const [statuses, code] of fromHttp) {
      for (const status of statuses) assert.strictEqual(Code.fromHttpStatus(status), code, String(status))
    }
  })
})

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

  it("unpack decodes, data-first and data-last, whatever the prefix", () => {
    const options = { schema: Policy, typeName: "acm.AccessPolicy" }
    assert.deepStrictEqual(ProtobufAny.unpack(policy, options), Either.right({ title: "t" }))
    assert.deepStrictEqual(ProtobufAny.unpack(options)(policy), Either.right({ title: "t" }))
    assert.deepStrictEqual(
      ProtobufAny.unpack({ ...policy, "@type": "example.com/acm.AccessPolicy" }, options),
      Either.right({ title: "t" })
    )
    assert.deepStrictEqual(ProtobufAny.unpack({ title: "t" }, { schema: Policy }), Either.right({ title: "t" }))
  })

  it("unpack says which type was expected and which came, or what did not decode", () => {
    const options = { schema: Policy, typeName: "acm.AccessLevel" }
    const problem = (any: ProtobufAny.ProtobufAny) =>
      Either.getOrThrow(Either.flip(ProtobufAny.unpack(any, options))).message
    assert.strictEqual(problem(policy), "Expected a acm.AccessLevel, actual a acm.AccessPolicy")
    assert.strictEqual(problem({ title: "t" }), "Expected a acm.AccessLevel, actual a message without @type")
    assert.match(problem({ "@type": "acm.AccessLevel", title: 1 }), /\["title"\][\s\S]*Expected string, actual 1/)
  })

  it("isProtobufAny", () => {
    for (const yes of [{}, policy, { a: 1 }]) assert.isTrue(ProtobufAny.isProtobufAny(yes))
    for (const no of [null, undefined, [], "x", 1, { "@type": 1 }]) assert.isFalse(ProtobufAny.isProtobufAny(no))
  })
})

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

  it("there are ten", () => assert.strictEqual(Object.keys(wire).length, 10))

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

  it("a type that nobody knows stays raw", () => {
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
})

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
    ["fields that nobody knows", { name, done: true, novelty: 1 }, Operation.succeeded({ name })]
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
      assert.match(Either.getOrThrow(Either.flip(Operation.fromJson(json))), problem)
      assert.throws(() => Schema.decodeUnknownSync(Operation.OperationFromJson)(json), problem)
    })
  }

  it("is written as an API would send it", () => {
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

  it("match and the guards tell the states apart", () => {
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
    for (const no of [null, "x", { name }, { _tag: "Pending" }, { _tag: "Other", name }]) {
      assert.isFalse(Operation.isOperation(no))
    }
  })
})

describe("errors", () => {
  const failed = (code: number, message = "it broke", name = "operations/x") =>
    new OperationError.OperationError({
      operation: Operation.failed({ name, error: new Status.Status({ code, message }) })
    })
  const httpError = new HttpError.HttpError({ reason: "Closed", description: "the end" })
  const timeout = (fields: Partial<ConstructorParameters<typeof WaitTimeoutError.WaitTimeoutError>[0]> = {}) =>
    new WaitTimeoutError.WaitTimeoutError({
      reason: "Timeout",
      operationName: "operations/x",
      elapsed: Duration.seconds(90),
      polls: 1,
      ...fields
    })

  it("their guards tell them apart; each is an Error with a tag", () => {
    const guards = [HttpError.isHttpError, OperationError.isOperationError, WaitTimeoutError.isWaitTimeoutError]
    const errors = [httpError, failed(5), timeout()]
    const tags = ["HttpError", "OperationError", "WaitTimeoutError"]
    for (const [index, error] of errors.entries()) {
      assert.deepStrictEqual(guards.map((guard) => guard(error)), guards.map((_, other) => other === index))
      assert.instanceOf(error, Error)
      assert.strictEqual(error._tag, tags[index])
      assert.strictEqual(error.name, tags[index])
      assert.include(String(error), error.message)
      assert.include(Cause.pretty(Cause.fail(error)), error.message)
    }
    for (const no of [undefined, null, {}, new Error("x"), { _tag: "HttpError" }]) {
      assert.isFalse(guards.some((guard) => guard(no)))
    }
  })

  it("OperationError: which operation, which code, the server's words", () => {
    assert.strictEqual(failed(5).message, "Operation operations/x failed with NOT_FOUND: it broke")
    assert.strictEqual(failed(1, "").message, "Operation operations/x failed with CANCELLED")
    assert.strictEqual(failed(5, "it broke", "").message, "The operation failed with NOT_FOUND: it broke")
    for (const number of [0, 2, 4242]) {
      assert.strictEqual(failed(number).code, "UNKNOWN")
      assert.strictEqual(failed(number).status.code, number)
      assert.strictEqual(failed(number).message, `Operation operations/x failed with UNKNOWN (${number}): it broke`)
    }
  })

  const messages: ReadonlyArray<readonly [Partial<HttpError.Fields>, string]> = [
    [{ reason: "InvalidRequest" }, "The request was not sent: why"],
    [{ reason: "Authentication" }, "No credentials to be had: why"],
    [{ reason: "Authentication", method: "GET", path: "/v1/x" }, "No credentials to be had for GET /v1/x: why"],
    [{ reason: "Transport", method: "GET", path: "/v1/x" }, "GET /v1/x got no answer: why"],
    [{ reason: "Timeout", method: "GET", path: "/v1/x" }, "GET /v1/x got no answer in time: why"],
    [
      { reason: "StatusCode", method: "GET", path: "/v1/x", httpStatus: 404 },
      "GET /v1/x was answered with HTTP 404 NOT_FOUND: why"
    ],
    [
      { reason: "Decode", method: "GET", path: "/v1/x", httpStatus: 200 },
      "GET /v1/x was answered with HTTP 200, but not with what was asked for: why"
    ],
    [{ reason: "Closed" }, "The call has no answer: why"],
    [{ reason: "Closed", method: "GET", path: "/v1/x" }, "GET /v1/x has no answer: why"]
  ]
  for (const [fields, message] of messages) {
    it(`HttpError: ${message}`, () => {
      const error = new HttpError.HttpError({ reason: "Closed", description: "why", ...fields })
      assert.strictEqual(error.message, message)
      assert.isFalse(error.isTransient)
    })
  }

  it("HttpError without a method has no word of undefined in its message", () => {
    for (
      const reason of [
        "InvalidRequest",
        "Authentication",
        "Transport",
        "Timeout",
        "StatusCode",
        "Decode",
        "Closed"
      ] as const
    ) {
      assert.notInclude(
        new HttpError.HttpError({ reason, description: "why", httpStatus: 503 }).message,
        "undefined",
        reason
      )
    }
  })

  it("HttpError: the code is the server's, else the HTTP status's", () => {
    const code = (fields: Partial<HttpError.Fields>) =>
      new HttpError.HttpError({ reason: "StatusCode", description: "why", ...fields }).code
    assert.strictEqual(code({ httpStatus: 409 }), "ABORTED")
    assert.strictEqual(
      code({ httpStatus: 409, status: new Status.Status({ code: 6, message: "" }) }),
      "ALREADY_EXISTS"
    )
    assert.strictEqual(code({ httpStatus: 200 }), undefined)
    assert.strictEqual(code({}), undefined)
  })

  it("WaitTimeoutError: how long, how many polls, why, and that the operation may go on", () => {
    assert.strictEqual(
      timeout().message,
      "Gave up waiting for operation operations/x after 1m 30s and 1 poll, because the timeout passed. " +
        "The operation may still be running"
    )
    assert.strictEqual(
      timeout({ reason: "ScheduleEnded", polls: 2, lastError: httpError }).message,
      "Gave up waiting for operation operations/x after 1m 30s and 2 polls, because the schedule ended. " +
        "The operation may still be running. The last failure: The call has no answer: the end"
    )
  })
})
