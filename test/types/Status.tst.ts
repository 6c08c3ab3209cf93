import * as Code from "effect-google-operations/Code"
import * as ErrorDetails from "effect-google-operations/ErrorDetails"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Status from "effect-google-operations/Status"
import type * as Duration from "effect/Duration"
import type * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import { describe, expect, test } from "tstyche"

declare const status: Status.Status
declare const detail: Status.Status["details"][number]
declare const u: unknown

type AnyCode =
  | "OK"
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED"

describe("a status", () => {
  test("has a number, a name, words and details", () => {
    expect(status.code).type.toBe<number>()
    expect(status.codeName).type.toBe<Code.Code>()
    expect(status.message).type.toBe<string>()
    expect(status.details).type.toBe<ReadonlyArray<ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny>>()
    expect(status.errorInfo).type.toBe<ErrorDetails.ErrorInfo | undefined>()
    expect(status.retryInfo).type.toBe<ErrorDetails.RetryInfo | undefined>()
  })

  test("is made of a code, a message and details", () => {
    expect(Status.Status).type.toBeConstructableWith({ code: 5, message: "" })
    expect(Status.Status).type.toBeConstructableWith({ code: 5, message: "", details: undefined })
    expect(Status.Status).type.toBeConstructableWith({ code: 5, message: "", details: [{ "@type": "a/b.C" }] })
    expect(Status.Status).type.not.toBeConstructableWith({ code: "NOT_FOUND", message: "" })
    expect(Status.Status).type.not.toBeConstructableWith({ code: 5 })
    expect(Status.Status).type.not.toBeConstructableWith({ code: 5, message: "", details: [{ _tag: "Unknown" }] })
    expect(Status.Status).type.not.toBeConstructableWith({ code: 5, message: "", detail: [] })
  })

  test("reads from JSON, or says what is wrong", () => {
    expect(Status.fromJson(u)).type.toBe<Either.Either<Status.Status, ParseError>>()
    expect(Status.toJson(status)).type.toBe<{ [field: string]: unknown }>()
    expect(Status.StatusFromJson).type.toBe<Schema.Schema<Status.Status, unknown>>()
  })
})

describe("a detail", () => {
  test("is told apart by its tag, a raw one by having none", () => {
    switch (detail._tag) {
      case "ErrorInfo":
        expect(detail).type.toBe<ErrorDetails.ErrorInfo>()
        expect(detail.reason).type.toBe<string>()
        expect(detail.metadata).type.toBe<{ readonly [x: string]: string }>()
        break
      case "RetryInfo":
        expect(detail).type.toBe<ErrorDetails.RetryInfo>()
        expect(detail.retryDelay).type.toBe<Duration.Duration | undefined>()
        break
      case "DebugInfo":
        expect(detail).type.toBe<ErrorDetails.DebugInfo>()
        expect(detail.stackEntries).type.toBe<ReadonlyArray<string>>()
        break
      case "QuotaFailure":
        expect(detail).type.toBe<ErrorDetails.QuotaFailure>()
        expect(detail.violations[0]?.quotaValue).type.toBe<string | undefined>()
        break
      case "PreconditionFailure":
        expect(detail).type.toBe<ErrorDetails.PreconditionFailure>()
        expect(detail.violations[0]?.subject).type.toBe<string | undefined>()
        break
      case "BadRequest":
        expect(detail).type.toBe<ErrorDetails.BadRequest>()
        expect(detail.fieldViolations[0]?.field).type.toBe<string | undefined>()
        break
      case "RequestInfo":
        expect(detail).type.toBe<ErrorDetails.RequestInfo>()
        expect(detail.requestId).type.toBe<string>()
        break
      case "ResourceInfo":
        expect(detail).type.toBe<ErrorDetails.ResourceInfo>()
        expect(detail.resourceName).type.toBe<string>()
        break
      case "Help":
        expect(detail).type.toBe<ErrorDetails.Help>()
        expect(detail.links[0]?.url).type.toBe<string | undefined>()
        break
      case "LocalizedMessage":
        expect(detail).type.toBe<ErrorDetails.LocalizedMessage>()
        expect(detail.locale).type.toBe<string>()
        break
      case undefined:
        expect(detail).type.toBe<ProtobufAny.ProtobufAny>()
        break
      default:
        expect(detail).type.toBe<never>()
    }
  })

  test("does not tell its fields before its tag is known", () => {
    expect(detail).type.not.toHaveProperty("reason")
  })

  test("has a type that its schema decodes to", () => {
    expect<ErrorDetails.ErrorDetail>().type.toBeAssignableTo<typeof ErrorDetails.ErrorDetail.Type>()
    expect<typeof ErrorDetails.ErrorDetail.Type>().type.toBeAssignableTo<ErrorDetails.ErrorDetail>()
    expect(ErrorDetails.fromAny({})).type.toBe<ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny>()
    expect(ErrorDetails.toAny(detail)).type.toBe<ProtobufAny.ProtobufAny>()
  })
})

describe("a code", () => {
  test("is one of 17 names", () => {
    expect<Code.Code>().type.toBe<AnyCode>()
    expect<typeof Code.Code.Type>().type.toBe<AnyCode>()
    if (Code.isCode(u)) expect(u).type.toBe<AnyCode>()
  })

  test("converts to and from numbers and HTTP statuses", () => {
    expect(Code.toNumber("ABORTED")).type.toBe<number>()
    expect(Code.toHttpStatus("ABORTED")).type.toBe<number>()
    expect(Code.fromNumber(10)).type.toBe<Code.Code>()
    expect(Code.fromHttpStatus(409)).type.toBe<Code.Code>()
    expect(Code.toNumber).type.not.toBeCallableWith("ABORT")
    expect(Code.fromNumber).type.not.toBeCallableWith("10")
  })
})
