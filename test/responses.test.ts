import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import {
  closedError,
  type ErrorContext,
  isUnknownHost,
  timeoutError,
  transportError,
  unsendable
} from "effect-google-operations/internal/http/errors"
import * as Response from "effect-google-operations/internal/http/response"
import type { RawResponse as Answer } from "effect-google-operations/internal/http/transport"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { filled, untrusted } from "./support/untrusted.js"

const context: ErrorContext = {
  method: "GET",
  origin: "https://example.com",
  path: "/v1/operations/x",
  requestTimeout: Duration.seconds(30),
  secrets: { authorization: "Bearer token-0123456789abcdef" }
}
const { saysNothing, toVoid } = Response
const toSnapshot = Response.toSnapshot(GoogleApi.accessContextManager, "operations/x")
const toPage = Response.toPage(GoogleApi.accessContextManager, Dialect.longRunning.list!, "operations")

const epoch = () => Date.UTC(2026, 10, 23)

const answer = (status: number, body: unknown, fields: Partial<Answer> = {}): Answer => ({
  status,
  headers: {},
  body: typeof body === "string" ? body : JSON.stringify(body),
  truncated: false,
  ...fields
})

const failure = (answer: Answer, fields: Partial<ErrorContext> = {}): HttpError.HttpError =>
  Either.getOrThrow(Either.flip(toSnapshot({ ...context, ...fields }, answer, epoch)))

describe("all forms of errors", () => {
  const message = "No such operation."
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "GONE" }]
  const shapes: ReadonlyArray<readonly [string, unknown, Partial<Record<keyof HttpError.HttpError, unknown>>]> = [
    ["format 2", { error: { code: 404, status: "NOT_FOUND", message, details } }, { code: "NOT_FOUND" }],
    [
      "format 1",
      { error: { code: 404, message, errors: [{ reason: "notFound" }, { reason: 1 }, null, { reason: "global" }] } },
      { code: "NOT_FOUND", reasons: ["notFound", "global"] }
    ],
    ["an array", [{ other: 1 }, { error: { code: 404, message } }], { code: "NOT_FOUND" }],
    ["a Status alone", { code: 5, message, details }, { code: "NOT_FOUND" }],
    ["a code alone", { code: 12 }, { code: "UNIMPLEMENTED", description: "UNIMPLEMENTED" }],
    ["grpc-gateway v1", { error: message, message, code: 5 }, { code: "NOT_FOUND" }],
    ["grpc-gateway v1 without message", { error: message, code: 5 }, { code: "NOT_FOUND" }],
    ["a code as text", { error: { code: "404", message } }, { code: "NOT_FOUND" }],
    ["a code that is no integer", { error: { code: 1.5, message } }, { code: "NOT_FOUND" }],
    ["a status that is OK", { error: { code: 0, status: "OK", message } }, { code: "NOT_FOUND" }]
  ]
  for (const [what, body, expected] of shapes) {
    it(what, () => {
      const error = failure(answer(404, body))
      assert.strictEqual(error.reason, "StatusCode")
      assert.strictEqual(error.httpStatus, 404)
      assert.isDefined(error.status)
      const all = { description: message, reasons: [], ...expected }
      for (const [key, value] of Object.entries(all)) {
        assert.deepStrictEqual<unknown>(error[key as keyof HttpError.HttpError], value, key)
      }
    })
  }

  const none: ReadonlyArray<unknown> = [
    { error: "invalid_grant", error_description: "expired" },
    { error: "invalid_grant", code: 400 },
    { code: 404 },
    { code: 0, message: 1 },
    { message },
    {},
    [],
    null,
    "\"x\""
  ]
  for (const body of none) {
    it(`${JSON.stringify(body)} is no Google error`, () => {
      const error = failure(answer(400, body))
      assert.strictEqual(error.status, undefined)
      assert.strictEqual(error.code, "INVALID_ARGUMENT")
    })
  }

  const successful: ReadonlyArray<readonly [string, unknown, string, boolean]> = [
    ["by its status", { error: { code: 503, status: "UNAVAILABLE", message } }, "UNAVAILABLE", true],
    ["by its code", { error: { code: 403, message } }, "PERMISSION_DENIED", false],
    ["by its code, transient", { error: { code: 503, message } }, "UNAVAILABLE", true],
    [
      "by its reason",
      { error: { code: 403, message, errors: [{ reason: "rateLimitExceeded" }] } },
      "PERMISSION_DENIED",
      true
    ],
    ["by a code of google.rpc", { error: { code: 8, message } }, "RESOURCE_EXHAUSTED", true],
    ["in an array", [{ error: { code: 404, message } }], "NOT_FOUND", false],
    ["with an empty name", { name: "", error: { code: 404, message } }, "NOT_FOUND", false],
    ["without a code", { error: { message } }, "UNKNOWN", false]
  ]
  for (const [what, body, code, isTransient] of successful) {
    it(`a Google error with HTTP 200, ${what}`, () => {
      for (const decode of [toSnapshot, toPage, toVoid]) {
        const error = Either.getOrThrow(
          Either.flip<unknown, HttpError.HttpError>(decode(context, answer(200, body), epoch))
        )
        assert.strictEqual(error.reason, "StatusCode")
        assert.strictEqual(error.httpStatus, 200)
        assert.strictEqual(error.code, code)
        assert.strictEqual(error.isTransient, isTransient)
        assert.strictEqual(error.message, `GET /v1/operations/x failed with HTTP 200 ${code}: ${message}`)
      }
    })
  }

  it("an operation with an error is an operation", () => {
    const error = { code: 5, message }
    for (
      const fields of [{ name: "operations/x" }, { done: false }, { done: true }, { name: "operations/x", done: true }]
    ) {
      const operation = Either.getOrThrow(toSnapshot(context, answer(200, { ...fields, error }), epoch)).operation
      assert.strictEqual(operation._tag, fields.done === true ? "Failed" : "Pending")
    }
  })
})

describe("the advice in messages", () => {
  const words: ReadonlyArray<readonly [string, Answer, Partial<ErrorContext>, string]> = [
    [
      "304",
      answer(304, ""),
      {},
      "GET /v1/operations/x failed with HTTP 304 UNKNOWN: the response comes from a cache (Not Modified). " +
      "Exclude the API from caching"
    ],
    [
      "a redirect",
      answer(302, ""),
      {},
      "GET /v1/operations/x failed with HTTP 302 UNKNOWN: the server redirects to another URL, and credentials are not " +
      "sent there. Check the base URL and the version"
    ],
    [
      "a redirect that a browser hides",
      answer(0, ""),
      { isKnown: true },
      "GET /v1/operations/x failed with UNKNOWN: the server redirects to another URL, and credentials are not sent there"
    ],
    [
      "a path without a route",
      answer(404, "<html>"),
      {},
      "GET /v1/operations/x failed with HTTP 404 NOT_FOUND: the response does not come from a Google API, so " +
      "there is no route for the path. Check the base URL and the version"
    ],
    [
      "an empty body",
      answer(200, " "),
      {},
      "GET /v1/operations/x got an unexpected response (HTTP 200): the body is empty. Check the base URL and the version"
    ],
    [
      "an empty body of an API that has responded before",
      answer(200, ""),
      { isKnown: true },
      "GET /v1/operations/x got an unexpected response (HTTP 200): the body is empty"
    ],
    [
      "a body that is too large",
      answer(200, "{", { truncated: true }),
      { maxBodySize: 4_194_304 },
      "GET /v1/operations/x got an unexpected response (HTTP 200): the body is larger than 4194304 bytes (maxBodySize). " +
      "Increase maxBodySize, or request less"
    ],
    [
      "an operation with a field of another type",
      answer(200, { done: "yes" }),
      {},
      "GET /v1/operations/x got an unexpected response (HTTP 200): the body is not an operation: " +
      "\"done\" must be a boolean. Check the base URL and the version"
    ],
    [
      "401 without credentials",
      answer(401, { error: { code: 401, status: "UNAUTHENTICATED", message: "Request is missing credentials." } }),
      { credentials: "none" },
      "GET /v1/operations/x failed with HTTP 401 UNAUTHENTICATED: Request is missing credentials. No credentials were " +
      "given: set the option `credentials`"
    ],
    [
      "401 for a fixed token",
      answer(401, ""),
      { credentials: "fixed" },
      "GET /v1/operations/x failed with HTTP 401 UNAUTHENTICATED: the server refused the credentials. The token cannot be " +
      "refreshed. Use a new token, or credentials that refresh their tokens"
    ],
    [
      "401 for credentials that can be renewed",
      answer(401, ""),
      { credentials: "renewable" },
      "GET /v1/operations/x failed with HTTP 401 UNAUTHENTICATED: the server refused the credentials. The credentials were " +
      "refreshed, but were refused again or did not change"
    ],
    [
      "401 for credentials of an unknown kind",
      answer(401, ""),
      {},
      "GET /v1/operations/x failed with HTTP 401 UNAUTHENTICATED: the server refused the credentials"
    ]
  ]
  for (const [what, answer, fields, message] of words) {
    it(what, () => assert.strictEqual(failure(answer, fields).message, message))
  }

  it("a response that is empty, cut off, not JSON or a redirect says nothing", () => {
    for (
      const nothing of [
        answer(200, ""),
        answer(200, "<html>"),
        answer(200, "{\"name\""),
        answer(302, ""),
        answer(0, "")
      ]
    ) {
      assert.isTrue(saysNothing(failure(nothing)))
    }
    for (
      const something of [answer(200, {}), answer(404, ""), answer(503, ""), answer(200, "{", { truncated: true })]
    ) {
      assert.isFalse(saysNothing(failure(something)))
    }
    assert.isFalse(saysNothing(timeoutError(context)))
  })
})

describe("a method that returns nothing", () => {
  it("succeeds with an empty body or an object", () => {
    for (const body of ["", "\n", "{}", "{\"x\":1}"]) {
      for (const status of [200, 204]) assert.deepStrictEqual(toVoid(context, answer(status, body), epoch), Either.void)
    }
  })

  it("fails with anything else", () => {
    for (const body of ["[]", "1", "<html>", "null"]) {
      const result = toVoid(context, answer(200, body), epoch)
      assert.strictEqual(Either.getOrThrow(Either.flip(result)).reason, "Decode")
    }
    for (const status of [0, 302, 400, 503]) assert.isTrue(Either.isLeft(toVoid(context, answer(status, ""), epoch)))
  })
})

describe("Retry-After: the first valid value", () => {
  const date = "Mon, 23 Nov 2026 00:00:07 GMT"
  const values: ReadonlyArray<readonly [string | ReadonlyArray<string>, number | undefined]> = [
    ["5", 5],
    ["5, 7", 5],
    [["5", "7"], 5],
    ["soon, 7", 7],
    [["soon", "7"], 7],
    [["", " 7 "], 7],
    [date, 7],
    [`${date}, 9`, 7],
    [`9, ${date}`, 9],
    [`soon, ${date}`, 7],
    [["x", date, "9"], 7],
    ["Monday, 23-Nov-26 00:00:07 GMT, 9", 7],
    ["Mon Nov 23 00:00:07 2026", 7],
    ["Mon, 23 Nov 2026", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["", undefined],
    [[], undefined]
  ]
  for (const [value, seconds] of values) {
    it(`${JSON.stringify(value).slice(0, 60)} is ${seconds}`, () => {
      const headers = { "retry-after": value }
      const expected = seconds === undefined ? undefined : Duration.millis(seconds * 1000)
      assert.deepStrictEqual(failure(answer(503, "", { headers })).retryAfter, expected)
      const pending = Either.getOrThrow(toSnapshot(context, answer(200, { name: "operations/x" }, { headers }), epoch))
      assert.strictEqual(pending.retryAfter, seconds === undefined ? undefined : seconds * 1000)
    })
  }
})

it("Retry-After of any length is a finite number", () => {
  const error = failure(answer(503, "", { headers: { "retry-after": "9".repeat(400) } }))
  assert.deepStrictEqual(error.retryAfter, Duration.millis(Number.MAX_SAFE_INTEGER))
})

describe("failed connections", () => {
  const coded = (code: string, fields: object = {}) => Object.assign(new Error(`it is ${code}`), { code, ...fields })
  const around: Record<string, (cause: unknown) => unknown> = {
    "alone": (cause) => cause,
    "as a cause": (cause) => new TypeError("fetch failed", { cause }),
    "as a cause of a cause": (cause) => new Error("a", { cause: new Error("b", { cause }) }),
    "among several": (cause) => new AggregateError([coded("ECONNREFUSED"), cause, coded("ETIMEDOUT")], ""),
    "among several as a cause": (cause) => new Error("a", { cause: new AggregateError([coded("ECONNREFUSED"), cause]) })
  }
  const permanent = (
    "CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_UNTRUSTED DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN " +
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY HOSTNAME_MISMATCH " +
    "ERR_TLS_CERT_ALTNAME_INVALID ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION EPROTO INVALID_CA"
  ).split(" ")
  const transient =
    "ECONNREFUSED ECONNRESET ETIMEDOUT EPIPE ENOTFOUND EAI_AGAIN UND_ERR_SOCKET ERR_TLS_HANDSHAKE_TIMEOUT".split(" ")

  for (const [where, wrap] of Object.entries(around)) {
    it(`certificates and TLS are permanent, ${where}`, () => {
      for (const code of permanent) {
        const error = transportError(context, wrap(coded(code)))
        assert.isFalse(error.isTransient, code)
        assert.include(error.message, `it is ${code}`)
        assert.include(error.message, "A retry does not help")
      }
    })

    it(`all others are transient, ${where}`, () => {
      for (const code of transient) assert.isTrue(transportError(context, wrap(coded(code))).isTransient, code)
    })
  }

  it("an unknown host is recognized", () => {
    for (const where of ["alone", "as a cause", "as a cause of a cause"] as const) {
      const error = transportError(context, around[where]!(coded("ENOTFOUND")))
      assert.isTrue(isUnknownHost(error))
      assert.include(error.message, "Check the base URL")
      assert.isFalse(isUnknownHost(transportError(context, around[where]!(coded("EAI_AGAIN")))))
    }
    assert.isFalse(isUnknownHost(timeoutError(context)))
  })

  it("the message has one short line, with the server", () => {
    const error = transportError(context, coded("EPROTO", { message: "write EPROTO 80:error:\nssl3\r\n" }))
    assert.strictEqual(
      error.message,
      "GET /v1/operations/x failed: connection error (write EPROTO 80:error: ssl3, https://example.com). A retry does " +
        "not help. Check the base URL, the trusted certificates and the proxy"
    )
    const long = transportError(
      context,
      Object.assign(coded("X".repeat(1e6)), { name: "N".repeat(1e6), message: "m".repeat(1e6) })
    )
    assert.isBelow(long.message.length, 1_200)
    assert.isBelow(JSON.stringify(long).length, 5_000)
    assert.isBelow((long.cause as Error).name.length, 1_100)
  })

  it("the cause can be any value", () => {
    const cyclic = new Error("a")
    cyclic.cause = cyclic
    const two: ReadonlyArray<Error> = [new Error("a"), new Error("b")]
    two[0]!.cause = two[1]
    two[1]!.cause = two[0]
    const errors = new AggregateError([])
    errors.errors.push(errors, errors)
    let deep = new Error("root")
    for (let level = 0; level < 100_000; level++) deep = new Error("x", { cause: deep })
    const causes = [cyclic, two[0], errors, deep, undefined, null, 1, "text", {}, [], { errors: 1 }, {
      message: 1,
      code: 2
    }]
    for (const cause of causes) {
      assert.isTrue(transportError(context, cause).isTransient)
      assert.strictEqual(unsendable(context, cause).reason, "InvalidRequest")
    }
  })

  it.prop("the cause can be any JSON value", [untrusted], ([placeholders]) => {
    const cause = filled(placeholders)
    for (
      const error of [transportError(context, cause), transportError(context, { cause }), unsendable(context, cause)]
    ) {
      assert.isAtMost(error.message.length, 4_001)
      assert.notMatch(error.message, /[\p{Cc}\p{Zl}\p{Zp}]/u)
    }
  })
})

describe("a service that is closed, and a time limit", () => {
  it("have messages with advice", () => {
    assert.strictEqual(
      closedError({}).message,
      "The call did not complete: the OperationsService is closed. Make calls while its scope is open"
    )
    assert.strictEqual(
      timeoutError(context).message,
      "GET /v1/operations/x timed out: no response from https://example.com within 30s (requestTimeout)"
    )
  })
})

describe("any response", () => {
  const status = FastCheck.constantFrom(0, 200, 204, 304, 400, 401, 403, 404, 429, 499, 503)
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`

  const check = (answer: Answer) => {
    for (const decode of [toSnapshot, toPage, toVoid]) {
      const result: Either.Either<unknown, HttpError.HttpError> = decode(context, answer, epoch)
      if (Either.isRight(result)) continue
      assert.include(["StatusCode", "Decode"], result.left.reason)
      assert.isAtMost(result.left.message.length, 4_001)
      assert.notMatch(result.left.message, /[\p{Cc}\p{Zl}\p{Zp}]/u)
      assert.isString(JSON.stringify(result.left))
    }
  }

  it.prop("is a value or an error, for every method", [untrusted, status], ([placeholders, status]) => {
    for (const json of [placeholders, { error: placeholders }]) {
      check(answer(status, JSON.stringify(json).replaceAll("\"<deep>\"", deep(5_000))))
    }
  })

  it.prop("is an error if the body is not JSON", [FastCheck.string({ unit: "binary" }), status], ([body, status]) => {
    for (const truncated of [true, false]) assert.doesNotThrow(() => check(answer(status, body, { truncated })))
  })

  it("is a value or an error even if it is nested deeply", () => {
    const bodies = [
      deep(100_000),
      `{"name":"operations/x","metadata":{"a":${deep(100_000)}}}`,
      `{"name":"operations/x","done":true,"error":{"code":5,"details":[{"a":${deep(100_000)}}]}}`,
      `{"error":{"code":5,"details":[{"a":${deep(100_000)}}]}}`
    ]
    for (const body of bodies) {
      for (const status of [200, 503]) assert.doesNotThrow(() => check(answer(status, body)))
    }
  })
})
