import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as ResultError from "effect-google-operations/ResultError"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { inspect, isDeepStrictEqual } from "node:util"
import { anyText, filled, nested, untrusted } from "./support/untrusted.js"

type AnyError =
  | HttpError.HttpError
  | OperationError.OperationError
  | ResultError.ResultError
  | WaitTimeoutError.WaitTimeoutError

const guards = [
  HttpError.isHttpError,
  OperationError.isOperationError,
  ResultError.isResultError,
  WaitTimeoutError.isWaitTimeoutError
]

const failed = (code: number, message = "it broke", name = "operations/x") =>
  new OperationError.OperationError({
    operation: Operation.failed({ name, error: new Status.Status({ code, message }) })
  })
const httpError = new HttpError.HttpError({ reason: "Closed", description: "the end" })
const wrongResult = new ResultError.ResultError({
  operation: Operation.succeeded({ name: "operations/x" }),
  expected: "x.Y",
  cause: ParseResult.parseError(new ParseResult.Type(Schema.String.ast, 1))
})
const timeout = (fields: Partial<ConstructorParameters<typeof WaitTimeoutError.WaitTimeoutError>[0]> = {}) =>
  new WaitTimeoutError.WaitTimeoutError({
    reason: "Timeout",
    operationName: "operations/x",
    elapsed: Duration.seconds(90),
    polls: 1,
    ...fields
  })

describe("errors", () => {
  it("are distinguished by their guards, and are Errors with a tag", () => {
    const errors = [httpError, failed(5), wrongResult, timeout()]
    const tags = ["HttpError", "OperationError", "ResultError", "WaitTimeoutError"]
    for (const [index, error] of errors.entries()) {
      assert.deepStrictEqual(guards.map((guard) => guard(error)), guards.map((_, other) => other === index))
      assert.instanceOf(error, Error)
      assert.strictEqual(error._tag, tags[index])
      assert.strictEqual(error.name, tags[index])
      assert.include(String(error), error.message)
      assert.include(error.stack, tags[index])
      assert.include(Cause.pretty(Cause.fail(error)), error.message)
    }
    for (const no of [undefined, null, {}, new Error("x"), { _tag: "HttpError" }, "x", 1, Symbol.iterator]) {
      assert.isFalse(guards.some((guard) => guard(no)))
    }
  })

  it("can be made from the fields of another error", () => {
    const error = new HttpError.HttpError({ reason: "Transport", description: "a", path: "/x", cause: new Error("b") })
    const other = new HttpError.HttpError({ ...error, cause: error.cause, description: "c", isTransient: true })
    assert.strictEqual(other.description, "c")
    assert.strictEqual(other.path, "/x")
    assert.strictEqual(other.cause, error.cause)
    assert.isTrue(other.isTransient)
  })

  it("have no fields without a value, and no unknown fields", () => {
    const fields = { reason: "Closed", description: "a", path: undefined, message: "b", name: "c", stack: "d" } as const
    const error = new HttpError.HttpError(fields)
    assert.deepStrictEqual({ ...error }, {
      _tag: "HttpError",
      reason: "Closed",
      description: "a",
      isTransient: false,
      reasons: []
    })
    assert.strictEqual(error.name, "HttpError")
  })
})

describe("messages", () => {
  it("OperationError: which operation, which code, and the server's message", () => {
    assert.strictEqual(failed(5).message, "Operation operations/x failed with NOT_FOUND: it broke")
    assert.strictEqual(failed(1, "").message, "Operation operations/x failed with CANCELLED")
    assert.strictEqual(failed(5, "it broke", "").message, "The operation failed with NOT_FOUND: it broke")
    for (const number of [0, 2, 4242]) {
      assert.strictEqual(failed(number).code, "UNKNOWN")
      assert.strictEqual(failed(number).status.code, number)
      assert.strictEqual(failed(number).message, `Operation operations/x failed with UNKNOWN (${number}): it broke`)
    }
  })

  const request = { method: "GET", path: "/v1/x" }
  const messages: ReadonlyArray<readonly [Partial<HttpError.Fields>, string]> = [
    [{ reason: "InvalidRequest" }, "The request was not sent: why"],
    [{ reason: "InvalidRequest", ...request }, "GET /v1/x was not sent: why"],
    [{ reason: "Authentication" }, "Could not get credentials: why"],
    [{ reason: "Authentication", ...request }, "Could not get credentials for GET /v1/x: why"],
    [{ reason: "Transport", ...request }, "GET /v1/x failed: why"],
    [{ reason: "Timeout", ...request }, "GET /v1/x timed out: why"],
    [{ reason: "StatusCode", ...request, httpStatus: 404 }, "GET /v1/x failed with HTTP 404 NOT_FOUND: why"],
    [
      { reason: "StatusCode", ...request, httpStatus: 200, status: new Status.Status({ code: 7, message: "" }) },
      "GET /v1/x failed with HTTP 200 PERMISSION_DENIED: why"
    ],
    [{ reason: "StatusCode", ...request }, "GET /v1/x failed: why"],
    [{ reason: "Decode", ...request, httpStatus: 200 }, "GET /v1/x got an unexpected response (HTTP 200): why"],
    [{ reason: "Closed" }, "The call did not complete: why"],
    [{ reason: "Closed", ...request }, "GET /v1/x did not complete: why"],
    [{ reason: "Transport", path: "/v1/x" }, "/v1/x failed: why"]
  ]
  for (const [fields, message] of messages) {
    it(`HttpError: ${message}`, () => {
      const error = new HttpError.HttpError({ reason: "Closed", description: "why", ...fields })
      assert.strictEqual(error.message, message)
      assert.isFalse(error.isTransient)
    })
  }

  it("HttpError: the code is the server's, otherwise the HTTP status's", () => {
    const code = (fields: Partial<HttpError.Fields>) =>
      new HttpError.HttpError({ reason: "StatusCode", description: "why", ...fields }).code
    assert.strictEqual(code({ httpStatus: 409 }), "ABORTED")
    assert.strictEqual(code({ httpStatus: 409, status: new Status.Status({ code: 6, message: "" }) }), "ALREADY_EXISTS")
    assert.strictEqual(code({ httpStatus: 200 }), undefined)
    assert.strictEqual(code({}), undefined)
  })

  it("WaitTimeoutError: which operation, how long, how many polls, why, and what failed", () => {
    assert.strictEqual(
      timeout().message,
      "Gave up waiting for operation operations/x after 1m 30s and 1 poll: the timeout passed. " +
        "The operation may still be running; wait for it again to continue."
    )
    assert.strictEqual(
      timeout({ reason: "ScheduleEnded", polls: 2, lastError: httpError, cancelError: httpError }).message,
      "Gave up waiting for operation operations/x after 1m 30s and 2 polls: the schedule ended. " +
        "The operation may still be running; wait for it again to continue. " +
        "The request to cancel it failed: The call did not complete: the end. " +
        "The last failure: The call did not complete: the end."
    )
  })

  it("ResultError: which operation, what was expected, and what does not fit", () => {
    const Policy = Schema.Struct({ title: Schema.String, tags: Schema.Array(Schema.String) })
    const message = (response: Record<string, unknown> | undefined) =>
      new ResultError.ResultError({
        operation: Operation.succeeded({ name: "operations/x", response }),
        expected: "x.Policy",
        cause: Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(Policy)(response)))
      }).message
    const words = (why: string) =>
      "Operation operations/x succeeded, but its response is not the x.Policy that was expected: " +
      `${why}. Do not start the operation again`
    assert.strictEqual(message(undefined), words("it is absent"))
    assert.strictEqual(message({}), words("it is a message without @type"))
    assert.strictEqual(message({ "@type": "a/x.Other" }), words("it is of type x.Other"))
    assert.strictEqual(message({ "@type": "a/x.Policy" }), words("title is missing"))
    assert.strictEqual(
      message({ "@type": "a/x.Policy", title: "t", tags: [1] }),
      words("tags.0: Expected string, actual 1")
    )
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// What a server sends
// ---------------------------------------------------------------------------------------------------------------------

const foreign = FastCheck.oneof(
  anyText(),
  FastCheck.constantFrom(
    "x".repeat(100_000),
    "\ud83d\ude00".repeat(4_000),
    "a\r\nb\u2028c\u0085d\u001b[31me",
    "\udc00"
  )
)

const statusOf = (json: unknown): Status.Status =>
  Either.getOrElse(Status.fromJson(json), () => new Status.Status({ code: 2, message: "x", details: [{ a: json }] }))

const errorsOf = (json: unknown, text: string): ReadonlyArray<AnyError> => {
  const message = { "@type": "a/x.Y", a: json, b: text }
  const status = new Status.Status({ code: 5, message: text, details: [...statusOf(json).details, message] })
  const http = new HttpError.HttpError({
    reason: "StatusCode",
    description: text,
    method: "GET",
    path: text,
    httpStatus: 400,
    status,
    reasons: [text],
    body: text,
    cause: json
  })
  const fields = { name: text, metadata: message, response: message }
  const Deep = Schema.Struct({ a: Schema.Struct({ b: Schema.Number }), b: Schema.Number })
  return [
    http,
    new OperationError.OperationError({ operation: Operation.failed({ ...fields, error: status }) }),
    new WaitTimeoutError.WaitTimeoutError({
      reason: "Timeout",
      operationName: text,
      last: Operation.pending({ ...fields, error: status }),
      elapsed: Duration.zero,
      polls: 1,
      lastError: http,
      cancelError: http
    }),
    ...[Deep, Schema.String, Schema.parseJson(Deep)].map((schema: Schema.Schema.AnyNoContext) =>
      new ResultError.ResultError({
        operation: Operation.succeeded(fields),
        expected: "x.Y",
        cause: Either.getOrElse(
          Either.flip(Schema.decodeUnknownEither(schema)(message)),
          () => ParseResult.parseError(new ParseResult.Type(Schema.String.ast, message))
        )
      })
    )
  ]
}

/** What shows an error. */
const show = (error: AnyError): ReadonlyArray<string> => [
  error.message,
  String(error),
  error.stack ?? "",
  JSON.stringify(error),
  inspect(error),
  inspect(error, { depth: Infinity, showHidden: true, getters: true }),
  Cause.pretty(Cause.fail(error)),
  Cause.pretty(Cause.die(error), { renderErrorCause: true }),
  JSON.stringify(Cause.fail(error)),
  String(error.cause instanceof Error ? error.cause : "")
]

/** What loggers make of an error. */
const log = (error: AnyError): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const logger = Logger.make((options) => {
    for (const { log } of [Logger.stringLogger, Logger.logfmtLogger, Logger.jsonLogger]) lines.push(log(options))
    lines.push(inspect(Logger.structuredLogger.log(options), { depth: Infinity }))
  })
  Effect.runSync(
    Effect.logError("it failed", error, Cause.fail(error)).pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
  )
  return lines
}

describe("errors that contain data of a server", () => {
  it.prop("can be printed, and have a short message on one line", [untrusted, foreign], ([placeholders, text]) => {
    for (const error of errorsOf(filled(placeholders), text)) {
      assert.isAtMost(error.message.length, 4_001)
      assert.notMatch(error.message, /[\p{Cc}\p{Zl}\p{Zp}]/u)
      for (const shown of show(error)) assert.isString(shown)
    }
  }, { fastCheck: { numRuns: 12 }, timeout: 60_000 })

  it("can be printed with deeply nested data, which is cut off after 100 levels", () => {
    for (const kind of ["arrays", "objects"] as const) {
      for (const levels of [95, 105, 5_000, 300_000]) {
        for (const error of errorsOf(nested(levels, kind), "x")) {
          for (const shown of [...show(error), ...log(error)]) assert.isString(shown)
          assert.strictEqual(JSON.stringify(error).includes("…"), levels > 95, `${error._tag} ${kind} ${levels}`)
        }
      }
    }
  })

  it("do not change data that is not nested deeply", () => {
    const metadata = { "@type": "a/x.Y", "a": { b: [1, { c: null }] } }
    const operation = Operation.pending({ name: "operations/x", metadata })
    assert.strictEqual(timeout({ last: operation }).last, operation)
    assert.strictEqual(timeout({ last: operation }).last?.metadata, metadata)
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// JSON
// ---------------------------------------------------------------------------------------------------------------------

const optional = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.option(arbitrary, { nil: undefined })
const text = anyText()
// Without -0, which JSON cannot hold.
const json = untrusted.map((value): unknown => JSON.parse(JSON.stringify(value)))
const status = json.map(statusOf)
const any = FastCheck.record({ "@type": text, a: json })
const name = text
const duration = FastCheck.oneof(
  FastCheck.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(Duration.millis),
  FastCheck.bigInt({ min: 0n, max: 10n ** 20n }).map(Duration.nanos),
  FastCheck.constant(Duration.infinity)
)
const cause = FastCheck.oneof(
  FastCheck.tuple(text, text).map(([name, message]) => Object.assign(new Error(message), { name })),
  text
)
const http = FastCheck.record({
  reason: FastCheck.constantFrom<Array<HttpError.Reason>>("InvalidRequest", "Authentication", "StatusCode", "Decode"),
  description: text,
  method: optional(text),
  path: optional(text),
  httpStatus: optional(FastCheck.integer({ min: 0, max: 999 })),
  status: optional(status),
  reasons: optional(FastCheck.array(text)),
  body: optional(text),
  retryAfter: optional(duration),
  isTransient: optional(FastCheck.boolean()),
  cause: optional(cause)
}).map((fields) => new HttpError.HttpError(fields))
const misfit = FastCheck.tuple(
  FastCheck.array(FastCheck.oneof(text, FastCheck.nat()), { minLength: 1, maxLength: 3 }),
  text,
  FastCheck.boolean()
).map(([[key = "", ...keys], message, isMissing]) =>
  new ParseResult.Pointer(
    [key, ...keys],
    {},
    isMissing
      ? new ParseResult.Missing(Schema.optional(Schema.String).ast as never)
      : new ParseResult.Type(Schema.String.ast, 1, message)
  )
)
const parseError = FastCheck.array(misfit, { minLength: 1, maxLength: 3 }).map(([first, ...others]) =>
  ParseResult.parseError(new ParseResult.Composite(Schema.String.ast, {}, [first!, ...others]))
)

const described = (value: unknown): unknown =>
  ParseResult.isParseError(value)
    ? ParseResult.ArrayFormatter.formatErrorSync(value).map(({ message, path }) => ({ message: message.trim(), path }))
    : guards.some((guard) => guard(value))
    ? fieldsOf(value as AnyError)
    : value instanceof Error
    ? { name: value.name, message: value.message }
    : value

/** The fields of an error, with a cause as it crosses processes. */
const fieldsOf = (error: AnyError): unknown => ({
  message: error.message,
  guards: guards.map((guard) => guard(error)),
  fields: Object.entries(error).map(([key, value]) => [key, described(value)]).toSorted()
})

const roundTrip = <A extends AnyError, I>(schema: Schema.Schema<A, I>, error: A): void => {
  const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(schema)(error)))
  const decoded = Schema.decodeUnknownSync(schema)(json)
  assert.deepStrictEqual(fieldsOf(decoded), fieldsOf(error))
  assert.isTrue(isDeepStrictEqual(JSON.parse(JSON.stringify(Schema.encodeSync(schema)(decoded))), json))
}

describe("errors as JSON", () => {
  it.prop("HttpError", [http], ([error]) => roundTrip(HttpError.HttpError, error))

  it.prop("OperationError", [name, optional(any), status], ([name, metadata, error]) => {
    const operation = Operation.failed({ name, ...(metadata === undefined ? undefined : { metadata }), error })
    roundTrip(OperationError.OperationError, new OperationError.OperationError({ operation }))
  })

  it.prop(
    "WaitTimeoutError",
    [name, optional(any), duration, FastCheck.nat(), optional(http), optional(http), FastCheck.boolean()],
    ([name, metadata, elapsed, polls, lastError, cancelError, wasRead]) =>
      roundTrip(
        WaitTimeoutError.WaitTimeoutError,
        new WaitTimeoutError.WaitTimeoutError({
          reason: polls % 2 === 0 ? "Timeout" : "ScheduleEnded",
          operationName: name,
          last: wasRead
            ? Operation.pending({ name, ...(metadata === undefined ? undefined : { metadata }) })
            : undefined,
          elapsed,
          polls,
          lastError,
          cancelError
        })
      )
  )

  it.prop("ResultError", [name, optional(any), text, parseError], ([name, response, expected, cause]) => {
    const operation = Operation.succeeded({ name, ...(response === undefined ? undefined : { response }) })
    roundTrip(ResultError.ResultError, new ResultError.ResultError({ operation, expected, cause }))
  })

  it("decoding refuses another state of the operation, and values that are no errors", () => {
    const pending = { name: "operations/x", done: false }
    assert.isTrue(
      Either.isLeft(
        Schema.decodeUnknownEither(OperationError.OperationError)({ _tag: "OperationError", operation: pending })
      )
    )
    for (const schema of [HttpError.HttpError, OperationError.OperationError, ResultError.ResultError]) {
      for (const json of [null, {}, { _tag: "Other" }, "x"]) {
        assert.isTrue(
          Either.isLeft(Schema.decodeUnknownEither(Schema.asSchema<Schema.Schema.AnyNoContext>(schema))(json))
        )
      }
    }
  })

  it("an error of another copy of this package is accepted and encoded", async () => {
    const path = new URL("../src/HttpError.ts?copy", import.meta.url).href
    const copy: typeof HttpError = await import(/* @vite-ignore */ path)
    const error = new copy.HttpError({ reason: "Timeout", description: "why" })
    assert.notInstanceOf(error, HttpError.HttpError)
    assert.isTrue(HttpError.isHttpError(error))
    assert.deepStrictEqual(
      Schema.encodeSync(HttpError.HttpError)(error),
      Schema.encodeSync(HttpError.HttpError)(new HttpError.HttpError({ reason: "Timeout", description: "why" }))
    )
  })
})
