import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as ResultError from "effect-google-operations/ResultError"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

describe("errors", () => {
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

  it("their guards tell them apart; each is an Error with a tag", () => {
    const guards = [
      HttpError.isHttpError,
      OperationError.isOperationError,
      ResultError.isResultError,
      WaitTimeoutError.isWaitTimeoutError
    ]
    const errors = [httpError, failed(5), wrongResult, timeout()]
    const tags = ["HttpError", "OperationError", "ResultError", "WaitTimeoutError"]
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
