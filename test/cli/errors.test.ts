import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { failureLines, hint, usageLine } from "../../src/cli/errors.js"
import * as ExitCode from "../../src/cli/exitCode.js"
import type { Outcome } from "../../src/cli/outcome.js"

const status = (code: number, ...details: ReadonlyArray<Record<string, unknown>>) =>
  Either.getOrThrow(Status.fromJson({ code, message: "It does not work.", details }))

const detail = (type: string, fields: Record<string, unknown>) => ({
  "@type": `type.googleapis.com/google.rpc.${type}`,
  ...fields
})

const operationError = (code: number, ...details: ReadonlyArray<Record<string, unknown>>) =>
  new OperationError.OperationError({
    operation: Operation.failed({ name: "operations/a", error: status(code, ...details) })
  })

const httpError = (fields: Partial<HttpError.Fields>) =>
  new HttpError.HttpError({ reason: "StatusCode", description: "it is so", method: "GET", path: "/v1/a", ...fields })

const timeout = (fields: { readonly cancelError?: HttpError.HttpError; readonly lastError?: HttpError.HttpError }) =>
  new WaitTimeoutError.WaitTimeoutError({
    reason: "Timeout",
    operationName: "operations/a",
    elapsed: Duration.seconds(10),
    polls: 4,
    ...fields
  })

describe("a failure", () => {
  it("is printed with every detail of every kind", () => {
    const [first, ...lines] = failureLines(operationError(
      8,
      detail("ErrorInfo", { reason: "LEVEL_IN_USE", domain: "example.com", metadata: { zone: "a", region: "r" } }),
      detail("BadRequest", {
        fieldViolations: [{ field: "title", description: "must not be empty", reason: "EMPTY" }, {
          field: "parent",
          localizedMessage: { locale: "en", message: "is missing" }
        }]
      }),
      detail("PreconditionFailure", {
        violations: [{ type: "TOS", subject: "google.com/cloud", description: "not accepted" }]
      }),
      detail("QuotaFailure", {
        violations: [{
          subject: "project:1",
          description: "Too many CPUs",
          apiService: "compute.googleapis.com",
          quotaMetric: "cpus",
          quotaId: "CPUS-per-region",
          quotaDimensions: { region: "us-central1" },
          quotaValue: "24",
          futureQuotaValue: "48"
        }]
      }),
      detail("ResourceInfo", {
        resourceType: "policy",
        resourceName: "accessPolicies/1",
        owner: "project:1",
        description: "it is locked"
      }),
      detail("RetryInfo", { retryDelay: "30s" }),
      detail("LocalizedMessage", { locale: "de", message: "Es geht nicht." }),
      detail("Help", { links: [{ description: "Quotas", url: "https://cloud.google.com/quotas" }] }),
      detail("RequestInfo", { requestId: "r-1", servingData: "x" }),
      detail("DebugInfo", { detail: "boom", stackEntries: ["a.cc:1", "b.cc:2"] }),
      { "@type": "type.googleapis.com/example.Other", value: 1 }
    ))
    assert.match(first!, /^error: Operation operations\/a failed with RESOURCE_EXHAUSTED: It does not work\./)
    assert.deepStrictEqual(lines, [
      "  reason        LEVEL_IN_USE (example.com)",
      "                zone=a",
      "                region=r",
      "  field         title: must not be empty (EMPTY)",
      "  field         parent: is missing",
      "  precondition  google.com/cloud: not accepted (TOS)",
      "  quota         project:1: Too many CPUs (cpus, CPUS-per-region, limit 24, soon 48, region=us-central1, " +
      "compute.googleapis.com)",
      "  resource      accessPolicies/1: it is locked (policy, owner project:1)",
      "  retry after   30s",
      "  message       Es geht nicht. (de)",
      "  help          Quotas: https://cloud.google.com/quotas",
      "  request       r-1 (x)",
      "  debug         boom",
      "  stack         a.cc:1",
      "                b.cc:2",
      "  detail        {\"@type\":\"type.googleapis.com/example.Other\",\"value\":1}",
      "  try           Request more quota or free resources, and start the operation again."
    ])
  })

  it("has the body of a response that was not Google's", () => {
    const lines = failureLines(httpError({ reason: "Decode", httpStatus: 200, body: `<html>\n${"x".repeat(400)}` }))
    assert.match(lines[1]!, /^ {2}body {10}<html> x{100,}…$/)
    assert.isBelow(lines[1]!.length, 340)
  })

  it("has no control characters of a server in it", () => {
    const lines = failureLines(operationError(9, detail("DebugInfo", { detail: "\x1b[2J\x07" })))
    assert.strictEqual(lines[1], "  debug         \ufffd[2J\ufffd")
  })

  it("says that the cancel failed which a timeout asked for", () => {
    const lines = failureLines(timeout({ cancelError: httpError({ httpStatus: 403 }) }))
    assert.match(lines[1]!, /^ {2}cancel {8}The request to cancel the operation failed\. .*403 PERMISSION_DENIED/)
  })
})

describe("what to try", () => {
  const info = (reason: string, metadata: Record<string, string> = {}) =>
    httpError({
      httpStatus: 403,
      status: status(7, detail("ErrorInfo", { reason, domain: "googleapis.com", metadata }))
    })

  it.each<[string, Parameters<typeof hint>[0], RegExp]>([
    [
      "an API that is not enabled",
      info("SERVICE_DISABLED", { service: "run.googleapis.com", consumer: "projects/123" }),
      /^Enable the API: gcloud services enable run\.googleapis\.com --project=123$/
    ],
    ["a quota project that is refused", info("USER_PROJECT_DENIED"), /--quota-project/],
    ["a scope that is missing", info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), /cloud-platform/],
    [
      "a permission that is missing",
      info("IAM_PERMISSION_DENIED", { permission: "run.operations.get", resource: "projects/p" }),
      /run\.operations\.get on projects\/p/
    ],
    ["another reason", info("SOMETHING"), /may read this operation/],
    ["a token that has expired", httpError({ httpStatus: 401 }), /application-default login/],
    ["an operation that is not there", httpError({ httpStatus: 404 }), /its version and its location/],
    ["no credentials", httpError({ reason: "Authentication" }), /--gcloud.*--anonymous/],
    ["no connection", httpError({ reason: "Transport" }), /HTTPS_PROXY.*--base-url/],
    ["no response in time", httpError({ reason: "Timeout" }), /network/],
    ["another form of operations", httpError({ reason: "Decode" }), /--dialect/],
    ["a cancelled operation", operationError(1), /start the operation again/]
  ])("after %s", (_, error, expected) => assert.match(hint(error) ?? "", expected))

  it("is left open where nothing helps", () => {
    assert.isUndefined(hint(operationError(9)))
    assert.isUndefined(hint(httpError({ httpStatus: 409 })))
    assert.isUndefined(hint(httpError({ reason: "InvalidRequest" })))
    assert.isUndefined(hint(timeout({})))
  })
})

it.each([
  ["unknown option --nope.", "error: unknown option --nope. See google-operations wait --help"],
  ["--timeout must be a duration", "error: --timeout must be a duration. See google-operations wait --help"]
])("a usage error is one line that says where the help is: %s", (message, line) => {
  assert.strictEqual(usageLine({ message, command: "wait" }, "google-operations"), line)
})

describe("exit codes", () => {
  it.each<[string, Outcome, number]>([
    ["an operation that succeeded", Either.right(Operation.succeeded({ name: "a" })), 0],
    ["an operation that is pending", Either.right(Operation.pending({ name: "a" })), 0],
    ["a request without a result", Either.right(undefined), 0],
    ["an operation that failed", Either.left(operationError(9)), 1],
    ["a request that was not sent", Either.left(httpError({ reason: "InvalidRequest" })), 2],
    ["a state that cannot be read", Either.left(httpError({ httpStatus: 403 })), 3],
    ["no credentials", Either.left(httpError({ reason: "Authentication" })), 3],
    ["a timeout", Either.left(timeout({})), 4]
  ])("of %s", (_, outcome, code) => assert.strictEqual(ExitCode.of(outcome), code))

  it("of several: 0 only if all succeeded, and an operation that failed before all else", () => {
    assert.strictEqual(ExitCode.worst([0, 0]), 0)
    assert.strictEqual(ExitCode.worst([]), 0)
    assert.strictEqual(ExitCode.worst([0, 4]), 4)
    assert.strictEqual(ExitCode.worst([4, 3, 0]), 3)
    assert.strictEqual(ExitCode.worst([4, 3, 2, 1]), 1)
  })

  it("of signals are those of a shell", () => {
    assert.deepStrictEqual(ExitCode.signals.map(ExitCode.ofSignal), [129, 130, 143])
  })
})
