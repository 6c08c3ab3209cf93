import type * as Code from "effect-google-operations/Code"
import * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as ResultError from "effect-google-operations/ResultError"
import type * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "tstyche"

declare const operations: OperationsService.Service
declare const httpError: HttpError.HttpError
declare const operationError: OperationError.OperationError
declare const resultError: ResultError.ResultError
declare const waitTimeoutError: WaitTimeoutError.WaitTimeoutError
declare const waitError: Effect.Effect.Error<ReturnType<OperationsService.Service["wait"]>>
declare const failed: Operation.Failed
declare const succeeded: Operation.Succeeded
declare const operation: Operation.Operation
declare const parseError: ParseError
declare const u: unknown

describe("every tag can be handled", () => {
  test("catchTag takes one error away, down to none", () => {
    expect(
      operations.wait("operations/a").pipe(
        Effect.catchTag("OperationError", (error) => {
          expect(error).type.toBe<OperationError.OperationError>()
          return Effect.succeed("failed" as const)
        })
      )
    ).type.toBe<
      Effect.Effect<Operation.Succeeded | "failed", HttpError.HttpError | WaitTimeoutError.WaitTimeoutError>
    >()
    expect(
      operations.wait("operations/a").pipe(
        Effect.catchTag("OperationError", () => Effect.succeed("failed" as const)),
        Effect.catchTag("HttpError", (error) => {
          expect(error).type.toBe<HttpError.HttpError>()
          return Effect.succeed("unknown" as const)
        }),
        Effect.catchTag("WaitTimeoutError", (error) => {
          expect(error).type.toBe<WaitTimeoutError.WaitTimeoutError>()
          return Effect.succeed("waiting" as const)
        })
      )
    ).type.toBe<Effect.Effect<Operation.Succeeded | "failed" | "unknown" | "waiting">>()
  })

  test("catchTags takes them all", () => {
    expect(
      operations.wait("operations/a").pipe(Effect.catchTags({
        OperationError: (error) => Effect.succeed(error.code),
        HttpError: (error) => Effect.succeed(error.reason),
        WaitTimeoutError: (error) => Effect.succeed(error.polls)
      }))
    ).type.toBe<Effect.Effect<Operation.Succeeded | Code.Code | HttpError.Reason | number>>()
    expect(
      operations.get("operations/a").pipe(Effect.catchTags({
        OperationError: () => Effect.void,
        HttpError: () => Effect.void
      }))
    ).type.toBe<Effect.Effect<Operation.Pending | Operation.Succeeded | void>>()
  })

  test("in a stream, too", () => {
    expect(
      operations.updates("operations/a").pipe(
        Stream.catchTags({
          OperationError: () => Stream.empty,
          HttpError: () => Stream.empty,
          WaitTimeoutError: () => Stream.empty
        })
      )
    ).type.toBe<Stream.Stream<Operation.Pending | Operation.Succeeded>>()
  })

  test("a tag that an effect does not fail with is refused", () => {
    // @ts-expect-error is not assignable to type 'never'
    Effect.asVoid(Effect.catchTags(operations.get("operations/a"), { WaitTimeoutError: () => Effect.void }))
    // @ts-expect-error is not assignable to type 'never'
    Effect.asVoid(Effect.catchTags(operations.cancel("operations/a"), { OperationError: () => Effect.void }))
    // @ts-expect-error is not assignable to type 'never'
    Effect.asVoid(Effect.catchTags(operations.wait("operations/a"), { ResultError: () => Effect.void }))
  })

  test("an error can be yielded as it is", () => {
    expect(Effect.gen(function*() {
      if (httpError.isTransient) return yield* httpError
      return yield* operationError
    })).type.toBe<Effect.Effect<never, HttpError.HttpError | OperationError.OperationError>>()
  })

  test("a retry can look at it", () => {
    expect(
      operations.get("operations/a").pipe(
        Effect.retry({ times: 3, while: (error) => error._tag === "HttpError" && error.isTransient })
      )
    ).type.toBe<
      Effect.Effect<
        Operation.Pending | Operation.Succeeded,
        OperationError.OperationError | HttpError.HttpError
      >
    >()
  })
})

describe("HttpError", () => {
  test("has a reason of these", () => {
    expect(httpError.reason).type.toBe<
      "InvalidRequest" | "Authentication" | "Transport" | "Timeout" | "StatusCode" | "Decode" | "Closed"
    >()
    expect<HttpError.Reason>().type.toBe<HttpError.HttpError["reason"]>()
  })

  test("always knows whether it is transient", () => {
    expect(httpError.isTransient).type.toBe<boolean>()
  })

  test("has these fields", () => {
    expect(httpError._tag).type.toBe<"HttpError">()
    expect(httpError.description).type.toBe<string>()
    expect(httpError.method).type.toBe<string | undefined>()
    expect(httpError.path).type.toBe<string | undefined>()
    expect(httpError.httpStatus).type.toBe<number | undefined>()
    expect(httpError.status).type.toBe<Status.Status | undefined>()
    expect(httpError.code).type.toBe<Code.Code | undefined>()
    expect(httpError.reasons).type.toBe<ReadonlyArray<string>>()
    expect(httpError.body).type.toBe<string | undefined>()
    expect(httpError.retryAfter).type.toBe<Duration.Duration | undefined>()
    expect(httpError.cause).type.toBe<unknown>()
    expect(httpError.message).type.toBe<string>()
  })

  test("is made of a reason and a description", () => {
    expect(HttpError.HttpError).type.toBeConstructableWith({ reason: "Authentication", description: "gone" })
    expect(HttpError.HttpError).type.toBeConstructableWith({
      reason: "Transport",
      description: "gone",
      isTransient: true,
      retryAfter: Duration.seconds(1),
      cause: u
    })
    expect(HttpError.HttpError).type.toBeConstructableWith({ ...httpError, description: "gone for good" })
    expect(HttpError.HttpError).type.toBeConstructableWith({
      reason: "StatusCode",
      description: "gone",
      reasons: ["notFound"],
      status: undefined
    })
    expect(HttpError.HttpError).type.not.toBeConstructableWith()
    expect(HttpError.HttpError).type.not.toBeConstructableWith({ reason: "Authentication" })
    expect(HttpError.HttpError).type.not.toBeConstructableWith({ description: "gone" })
    expect(HttpError.HttpError).type.not.toBeConstructableWith({ reason: "Unauthorized", description: "gone" })
    expect(HttpError.HttpError).type.not.toBeConstructableWith({
      reason: "Transport",
      description: "gone",
      retryAfter: "1 second"
    })
    expect(HttpError.HttpError).type.not.toBeConstructableWith({
      reason: "Transport",
      description: "gone",
      transient: true
    })
  })
})

describe("OperationError", () => {
  test("has these fields", () => {
    expect(operationError._tag).type.toBe<"OperationError">()
    expect(operationError.operation).type.toBe<Operation.Failed>()
    expect(operationError.status).type.toBe<Status.Status>()
    expect(operationError.code).type.toBe<Code.Code>()
    expect(operationError.message).type.toBe<string>()
  })

  test("is made of an operation that has failed", () => {
    expect(OperationError.OperationError).type.toBeConstructableWith({ operation: failed })
    expect(OperationError.OperationError).type.not.toBeConstructableWith({ operation })
    expect(OperationError.OperationError).type.not.toBeConstructableWith({ operation: succeeded })
    expect(OperationError.OperationError).type.not.toBeConstructableWith()
  })
})

describe("ResultError", () => {
  test("has these fields", () => {
    expect(resultError._tag).type.toBe<"ResultError">()
    expect(resultError.operation).type.toBe<Operation.Succeeded>()
    expect(resultError.response).type.toBe<ProtobufAny.ProtobufAny | undefined>()
    expect(resultError.expected).type.toBe<string>()
    expect(resultError.cause).type.toBe<ParseError>()
    expect(resultError.message).type.toBe<string>()
  })

  test("is made of an operation that has succeeded", () => {
    expect(ResultError.ResultError).type.toBeConstructableWith({
      operation: succeeded,
      expected: "a.B",
      cause: parseError
    })
    expect(ResultError.ResultError).type.not.toBeConstructableWith({
      operation: failed,
      expected: "a.B",
      cause: parseError
    })
    expect(ResultError.ResultError).type.not.toBeConstructableWith({ operation: succeeded, expected: "a.B" })
  })
})

describe("WaitTimeoutError", () => {
  test("has a reason of these", () => {
    expect(waitTimeoutError.reason).type.toBe<"Timeout" | "ScheduleEnded">()
  })

  test("has these fields", () => {
    expect(waitTimeoutError._tag).type.toBe<"WaitTimeoutError">()
    expect(waitTimeoutError.operationName).type.toBe<string>()
    expect(waitTimeoutError.last).type.toBe<Operation.Pending | undefined>()
    expect(waitTimeoutError.elapsed).type.toBe<Duration.Duration>()
    expect(waitTimeoutError.polls).type.toBe<number>()
    expect(waitTimeoutError.lastError).type.toBe<HttpError.HttpError | undefined>()
    expect(waitTimeoutError.cancelError).type.toBe<HttpError.HttpError | undefined>()
    expect(waitTimeoutError.message).type.toBe<string>()
  })

  test("is made of what is known of the wait", () => {
    const known = { operationName: "operations/a", elapsed: Duration.zero, polls: 1 }
    expect(WaitTimeoutError.WaitTimeoutError).type.toBeConstructableWith({ ...known, reason: "Timeout" })
    expect(WaitTimeoutError.WaitTimeoutError).type.not.toBeConstructableWith({ ...known, reason: "Interrupted" })
    expect(WaitTimeoutError.WaitTimeoutError).type.not.toBeConstructableWith(known)
    expect(WaitTimeoutError.WaitTimeoutError).type.not.toBeConstructableWith({
      ...known,
      reason: "Timeout",
      last: operation
    })
  })
})

describe("schemas", () => {
  test("each error is its own schema, which needs nothing", () => {
    expect(Schema.asSchema(HttpError.HttpError).Type).type.toBe<HttpError.HttpError>()
    expect(Schema.asSchema(OperationError.OperationError).Type).type.toBe<OperationError.OperationError>()
    expect(Schema.asSchema(ResultError.ResultError).Type).type.toBe<ResultError.ResultError>()
    expect(Schema.asSchema(WaitTimeoutError.WaitTimeoutError).Type).type.toBe<WaitTimeoutError.WaitTimeoutError>()
    expect<Schema.Schema.Context<typeof WaitTimeoutError.WaitTimeoutError>>().type.toBe<never>()
  })

  test("they make one for the error channel of a request", () => {
    const Errors = Schema.Union(HttpError.HttpError, OperationError.OperationError, WaitTimeoutError.WaitTimeoutError)
    expect<Schema.Schema.Type<typeof Errors>>().type.toBe<
      HttpError.HttpError | OperationError.OperationError | WaitTimeoutError.WaitTimeoutError
    >()
  })
})

describe("guards", () => {
  test("narrow anything", () => {
    if (HttpError.isHttpError(u)) expect(u).type.toBe<HttpError.HttpError>()
    if (OperationError.isOperationError(u)) expect(u).type.toBe<OperationError.OperationError>()
    if (ResultError.isResultError(u)) expect(u).type.toBe<ResultError.ResultError>()
    if (WaitTimeoutError.isWaitTimeoutError(u)) expect(u).type.toBe<WaitTimeoutError.WaitTimeoutError>()
  })

  test("tell the errors of a wait apart", () => {
    if (HttpError.isHttpError(waitError)) expect(waitError).type.toBe<HttpError.HttpError>()
    else if (OperationError.isOperationError(waitError)) expect(waitError).type.toBe<OperationError.OperationError>()
    else expect(waitError).type.toBe<WaitTimeoutError.WaitTimeoutError>()
  })

  test("no error is another one", () => {
    expect(operationError).type.not.toBeAssignableTo<HttpError.HttpError>()
    expect(resultError).type.not.toBeAssignableTo<OperationError.OperationError>()
    expect(waitTimeoutError).type.not.toBeAssignableTo<HttpError.HttpError>()
    expect(httpError).type.not.toBeAssignableTo<WaitTimeoutError.WaitTimeoutError>()
  })
})
