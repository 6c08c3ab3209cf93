import * as Operation from "effect-google-operations/Operation"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import type * as Status from "effect-google-operations/Status"
import type * as Either from "effect/Either"
import { pipe } from "effect/Function"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "tstyche"

declare const operation: Operation.Operation
declare const pending: Operation.Pending
declare const state: Operation.Pending | Operation.Succeeded
declare const status: Status.Status
declare const u: unknown

describe("an operation", () => {
  test("is one of three states", () => {
    expect<Operation.Operation>().type.toBe<Operation.Pending | Operation.Succeeded | Operation.Failed>()
    expect(operation._tag).type.toBe<"Pending" | "Succeeded" | "Failed">()
  })

  test("has the fields of its state", () => {
    interface Fields {
      readonly name: string
      readonly metadata?: ProtobufAny.ProtobufAny | undefined
      readonly response?: ProtobufAny.ProtobufAny | undefined
    }
    interface Pending extends Fields {
      readonly _tag: "Pending"
      readonly done: false
      readonly error?: Status.Status | undefined
    }
    interface Succeeded extends Fields {
      readonly _tag: "Succeeded"
      readonly done: true
      readonly error?: undefined
    }
    interface Failed extends Fields {
      readonly _tag: "Failed"
      readonly done: true
      readonly error: Status.Status
    }
    expect<Operation.Pending>().type.toBe<Pending>()
    expect<Operation.Succeeded>().type.toBe<Succeeded>()
    expect<Operation.Failed>().type.toBe<Failed>()
  })

  test("is told apart by its tag", () => {
    switch (operation._tag) {
      case "Pending":
        expect(operation).type.toBe<Operation.Pending>()
        break
      case "Succeeded":
        expect(operation).type.toBe<Operation.Succeeded>()
        break
      case "Failed":
        expect(operation).type.toBe<Operation.Failed>()
        expect(operation.error).type.toBe<Status.Status>()
        break
      default:
        expect(operation).type.toBe<never>()
    }
  })

  test("is told apart by done, as far as that goes", () => {
    if (operation.done) expect(operation).type.toBe<Operation.Succeeded | Operation.Failed>()
    else expect(operation).type.toBe<Operation.Pending>()
  })
})

describe("guards narrow", () => {
  test("an operation", () => {
    if (Operation.isPending(operation)) expect(operation).type.toBe<Operation.Pending>()
    else if (Operation.isSucceeded(operation)) expect(operation).type.toBe<Operation.Succeeded>()
    else expect(operation).type.toBe<Operation.Failed>()
    if (Operation.isFailed(operation)) expect(operation).type.toBe<Operation.Failed>()
  })

  test("what get gives", () => {
    if (Operation.isPending(state)) expect(state).type.toBe<Operation.Pending>()
    else expect(state).type.toBe<Operation.Succeeded>()
  })

  test("anything", () => {
    if (Operation.isOperation(u)) expect(u).type.toBe<Operation.Operation>()
    expect(Operation.isPending).type.not.toBeCallableWith(u)
  })

  test("in a filter", () => {
    expect([operation].filter(Operation.isFailed)).type.toBe<Array<Operation.Failed>>()
  })
})

describe("match", () => {
  test("gives the union of its answers, data first", () => {
    expect(
      Operation.match(operation, { onPending: () => 1, onSucceeded: () => "a", onFailed: ({ error }) => error })
    ).type.toBe<number | string | Status.Status>()
  })

  test("gives the union of its answers, data last", () => {
    const cases = Operation.match({ onPending: () => 1, onSucceeded: () => "a", onFailed: ({ error }) => error })
    expect(cases).type.toBe<(self: Operation.Operation) => number | string | Status.Status>()
    expect(
      pipe(operation, Operation.match({ onPending: () => 1, onSucceeded: () => "a", onFailed: () => undefined }))
    ).type.toBe<number | string | undefined>()
  })

  test("hands each state to its own case", () => {
    Operation.match(operation, {
      onPending: (pending) => expect(pending).type.toBe<Operation.Pending>(),
      onSucceeded: (succeeded) => expect(succeeded).type.toBe<Operation.Succeeded>(),
      onFailed: (failed) => expect(failed).type.toBe<Operation.Failed>()
    })
    Operation.match({
      onPending: (pending) => expect(pending).type.toBe<Operation.Pending>(),
      onSucceeded: (succeeded) => expect(succeeded).type.toBe<Operation.Succeeded>(),
      onFailed: (failed) => expect(failed).type.toBe<Operation.Failed>()
    })
  })

  test("takes what get gives", () => {
    expect(
      Operation.match(state, { onPending: () => 1, onSucceeded: () => 2, onFailed: () => 3 })
    ).type.toBe<number>()
  })

  test("has a case for each state and no other", () => {
    const cases = { onPending: () => 1, onSucceeded: () => 2, onFailed: () => 3 }
    expect(Operation.match).type.toBeCallableWith(operation, cases)
    expect(Operation.match).type.not.toBeCallableWith(operation, { onPending: () => 1, onSucceeded: () => 2 })
    expect(Operation.match).type.not.toBeCallableWith({ onPending: () => 1, onSucceeded: () => 2 })
    expect(Operation.match).type.not.toBeCallableWith(operation, {
      onPending: () => 1,
      onSucceeded: () => 2,
      onFailed: () => 3,
      onCancelled: () => 4
    })
    expect(Operation.match).type.not.toBeCallableWith(operation, {
      ...cases,
      onPending: (_: Operation.Failed) => 1
    })
  })
})

describe("constructors", () => {
  test("give their state", () => {
    expect(Operation.pending({ name: "operations/a" })).type.toBe<Operation.Pending>()
    expect(Operation.succeeded({ name: "operations/a" })).type.toBe<Operation.Succeeded>()
    expect(Operation.failed({ name: "operations/a", error: status })).type.toBe<Operation.Failed>()
  })

  test("take every field, undefined or not", () => {
    const optional = { metadata: undefined, response: undefined }
    expect(Operation.pending).type.toBeCallableWith({ name: "operations/a", ...optional, error: undefined })
    expect(Operation.succeeded).type.toBeCallableWith({ name: "operations/a", ...optional, error: undefined })
    expect(Operation.failed).type.toBeCallableWith({ name: "operations/a", ...optional, error: status })
    expect(Operation.pending).type.toBeCallableWith({ name: "operations/a", metadata: { progress: 40 }, error: status })
  })

  test("refuse what is no such state", () => {
    expect(Operation.pending).type.not.toBeCallableWith({})
    expect(Operation.pending).type.not.toBeCallableWith({ name: "operations/a", done: true })
    expect(Operation.succeeded).type.not.toBeCallableWith({ name: "operations/a", error: status })
    expect(Operation.succeeded).type.not.toBeCallableWith({ name: "operations/a", result: {} })
    expect(Operation.failed).type.not.toBeCallableWith({ name: "operations/a" })
    expect(Operation.failed).type.not.toBeCallableWith({ name: "operations/a", error: undefined })
    expect(Operation.failed).type.not.toBeCallableWith({ name: "operations/a", error: { code: 5, message: "" } })
  })
})

describe("JSON", () => {
  test("reads to an operation, or says what is wrong", () => {
    expect(Operation.fromJson(u)).type.toBe<Either.Either<Operation.Operation, ParseError>>()
    expect(Operation.toJson(pending)).type.toBe<{ [field: string]: unknown }>()
  })

  test("has a schema", () => {
    expect(Operation.OperationFromJson).type.toBe<Schema.Schema<Operation.Operation, unknown>>()
    expect(Schema.decodeUnknownEither(Operation.OperationFromJson)(u)).type.toBe<
      Either.Either<Operation.Operation, ParseError>
    >()
  })
})
