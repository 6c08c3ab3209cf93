import type * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import type * as OperationsService from "effect-google-operations/OperationsService"
import type * as ResultError from "effect-google-operations/ResultError"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "tstyche"

declare const service: OperationsService.Service
declare const operation: Operation.Operation

class Policy extends Schema.Class<Policy>("Policy")({ name: Schema.String, title: Schema.String }) {}
interface Progress {
  readonly percent: number
}
// What it decodes from is another type than what it decodes to.
const Progress = Schema.Struct({ percent: Schema.NumberFromString })

class Keys extends Context.Tag("Keys")<Keys, ReadonlyArray<string>>() {}
declare const NeedsKeys: Schema.Schema<Policy, string, Keys>

const info = OperationInfo.make({
  response: { typeName: "example.Policy", schema: Policy },
  metadata: { typeName: "example.Progress", schema: Progress }
})

type Needed = OperationsService.OperationsService
type ReadError = OperationError.OperationError | HttpError.HttpError | ResultError.ResultError
type WaitError = ReadError | WaitTimeoutError.WaitTimeoutError
type State = OperationInfo.TypedPending<Progress> | OperationInfo.TypedSucceeded<Policy, Progress>

describe("make infers", () => {
  test("the response and the metadata", () => {
    expect(info).type.toBe<OperationInfo.OperationInfo<Policy, Progress>>()
  })

  test("never for metadata that there is none of", () => {
    const response = { typeName: "example.Policy", schema: Policy }
    expect(OperationInfo.make({ response })).type.toBe<OperationInfo.OperationInfo<Policy>>()
    expect(OperationInfo.make({ response, metadata: undefined })).type.toBe<OperationInfo.OperationInfo<Policy>>()
    expect<OperationInfo.OperationInfo<Policy>>().type.toBe<OperationInfo.OperationInfo<Policy, never>>()
  })

  test("void for nothing", () => {
    expect(OperationInfo.empty).type.toBe<OperationInfo.MessageType<void, object>>()
    expect(OperationInfo.make({ response: OperationInfo.empty })).type.toBe<OperationInfo.OperationInfo<void>>()
  })

  test("what a schema decodes to, not what it decodes from", () => {
    expect(OperationInfo.make({ response: { typeName: "a.B", schema: Progress } })).type.toBe<
      OperationInfo.OperationInfo<Progress>
    >()
    expect(OperationInfo.make({ response: { typeName: "a.B", schema: Schema.Date } })).type.toBe<
      OperationInfo.OperationInfo<Date>
    >()
    expect(
      OperationInfo.make({
        response: {
          typeName: "a.B",
          schema: Schema.transform(Schema.String, Schema.Number, { decode: Number, encode: String })
        }
      })
    ).type.toBe<OperationInfo.OperationInfo<number>>()
  })

  test("optional fields and defaults", () => {
    const schema = Schema.Struct({
      title: Schema.optionalWith(Schema.String, { default: () => "" }),
      etag: Schema.optional(Schema.String)
    })
    expect(OperationInfo.make({ response: { typeName: "a.B", schema } })).type.toBe<
      OperationInfo.OperationInfo<{ readonly title: string; readonly etag?: string | undefined }>
    >()
  })

  test("a union, undivided", () => {
    const schema = Schema.Union(Schema.String, Schema.Number)
    expect(OperationInfo.make({ response: { typeName: "a.B", schema } })).type.toBe<
      OperationInfo.OperationInfo<string | number>
    >()
  })

  test("from message types that were made before", () => {
    const response: OperationInfo.MessageType<Policy, Schema.Schema.Encoded<typeof Policy>> = {
      typeName: "a.B",
      schema: Policy
    }
    expect(OperationInfo.make({ response, metadata: OperationInfo.empty })).type.toBe<
      OperationInfo.OperationInfo<Policy, void>
    >()
  })

  test("through a function of the user's own", () => {
    const infoOf = <A, I>(schema: Schema.Schema<A, I>) => OperationInfo.make({ response: { typeName: "a.B", schema } })
    expect(infoOf(Progress)).type.toBe<OperationInfo.OperationInfo<Progress>>()
  })
})

describe("make refuses", () => {
  const response = { typeName: "example.Policy", schema: Policy }

  test("a schema with requirements", () => {
    expect(OperationInfo.make).type.not.toBeCallableWith({ response: { typeName: "a.B", schema: NeedsKeys } })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response, metadata: { typeName: "a.B", schema: NeedsKeys } })
  })

  test("what is no message type", () => {
    expect(OperationInfo.make).type.toBeCallableWith({ response })
    expect(OperationInfo.make).type.not.toBeCallableWith()
    expect(OperationInfo.make).type.not.toBeCallableWith({})
    expect(OperationInfo.make).type.not.toBeCallableWith({ metadata: response })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response: Policy })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response: { schema: Policy } })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response: { typeName: "a.B" } })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response: { typeName: "a.B", schema: "Policy" } })
    expect(OperationInfo.make).type.not.toBeCallableWith({ response, meta: response })
  })
})

describe("an info", () => {
  test("has these methods", () => {
    expect<keyof OperationInfo.Methods<Policy, Progress, never>>().type.toBe<"get" | "wait" | "result" | "updates">()
    expect<keyof OperationInfo.OperationInfo<Policy>>().type.toBe<
      "get" | "wait" | "result" | "updates" | "responseType" | "metadataType" | "from"
    >()
  })

  test("get gives a typed state", () => {
    expect(info.get("operations/a", { xgafv: "2" })).type.toBe<Effect.Effect<State, ReadError, Needed>>()
  })

  test("wait gives a typed success", () => {
    expect(info.wait(operation, { timeout: "1 minute" })).type.toBe<
      Effect.Effect<OperationInfo.TypedSucceeded<Policy, Progress>, WaitError, Needed>
    >()
  })

  test("result gives the response alone", () => {
    expect(info.result("operations/a")).type.toBe<Effect.Effect<Policy, WaitError, Needed>>()
    expect(OperationInfo.make({ response: OperationInfo.empty }).result("operations/a")).type.toBe<
      Effect.Effect<void, WaitError, Needed>
    >()
  })

  test("updates gives typed states", () => {
    expect(info.updates("operations/a", { everyPoll: true })).type.toBe<Stream.Stream<State, WaitError, Needed>>()
  })

  test("each method takes what the service's method of the same name takes", () => {
    expect<Parameters<typeof info.get>>().type.toBe<Parameters<OperationsService.Service["get"]>>()
    expect<Parameters<typeof info.wait>>().type.toBe<Parameters<OperationsService.Service["wait"]>>()
    expect<Parameters<typeof info.result>>().type.toBe<Parameters<OperationsService.Service["wait"]>>()
    expect<Parameters<typeof info.updates>>().type.toBe<Parameters<OperationsService.Service["updates"]>>()
    expect(info.get).type.toBeCallableWith(operation)
    expect(info.wait).type.not.toBeCallableWith("operations/a", { everyPoll: true })
    expect(info.result).type.not.toBeCallableWith("operations/a", { timeOut: "1 minute" })
  })

  test("of a service at hand needs nothing", () => {
    const methods = info.from(service)
    expect(methods).type.toBe<OperationInfo.Methods<Policy, Progress, never>>()
    expect(methods.get("operations/a")).type.toBe<Effect.Effect<State, ReadError>>()
    expect(methods.wait("operations/a")).type.toBe<
      Effect.Effect<OperationInfo.TypedSucceeded<Policy, Progress>, WaitError>
    >()
    expect(methods.result("operations/a")).type.toBe<Effect.Effect<Policy, WaitError>>()
    expect(methods.updates("operations/a")).type.toBe<Stream.Stream<State, WaitError>>()
    expect(info.from).type.not.toBeCallableWith(Effect.succeed(service))
  })

  test("names its types", () => {
    expect(info.responseType).type.toBe<string>()
    expect(info.metadataType).type.toBe<string | undefined>()
  })
})

describe("a typed state", () => {
  test("is told apart by its tag", () => {
    expect(
      Effect.map(info.get("operations/a"), (state) => {
        if (state._tag === "Pending") {
          expect(state).type.toBe<OperationInfo.TypedPending<Progress>>()
          expect(state.operation).type.toBe<Operation.Pending>()
          expect(state).type.not.toHaveProperty("result")
          return state.metadata
        }
        expect(state).type.toBe<OperationInfo.TypedSucceeded<Policy, Progress>>()
        expect(state.operation).type.toBe<Operation.Succeeded>()
        return state.result
      })
    ).type.toBe<Effect.Effect<Option.Option<Progress> | Policy, ReadError, Needed>>()
  })

  test("has metadata, if any, as an option", () => {
    expect<State["metadata"]>().type.toBe<Option.Option<Progress>>()
    expect<OperationInfo.TypedPending<never>["metadata"]>().type.toBe<Option.Option<never>>()
  })
})

describe("errors", () => {
  test("are handled by their tags, to the last", () => {
    expect(
      info.result("operations/a").pipe(Effect.catchTags({
        OperationError: () => Effect.succeed(1),
        HttpError: () => Effect.succeed(2),
        WaitTimeoutError: () => Effect.succeed(3),
        ResultError: () => Effect.succeed(4)
      }))
    ).type.toBe<Effect.Effect<Policy | number, never, Needed>>()
    expect(
      info.get("operations/a").pipe(
        Effect.catchTag("OperationError", "HttpError", () => Effect.void),
        Effect.catchTag("ResultError", (error) => Effect.succeed(error.response))
      )
    ).type.toBe<Effect.Effect<State | Operation.Succeeded["response"] | void, never, Needed>>()
  })

  test("of a stream, too", () => {
    expect(info.updates("operations/a").pipe(Stream.catchTag("ResultError", () => Stream.empty))).type.toBe<
      Stream.Stream<State, Exclude<WaitError, ResultError.ResultError>, Needed>
    >()
  })

  test("get has no WaitTimeoutError to handle", () => {
    expect(Effect.catchTags(info.get("operations/a"), { HttpError: () => Effect.void })).type.toBe<
      Effect.Effect<State | void, OperationError.OperationError | ResultError.ResultError, Needed>
    >()
    // @ts-expect-error is not assignable to type 'never'
    Effect.asVoid(Effect.catchTags(info.get("operations/a"), { WaitTimeoutError: () => Effect.void }))
  })
})

describe("variance", () => {
  interface Base {
    readonly name: string
  }

  test("an info of a subtype is one of the type", () => {
    expect<OperationInfo.OperationInfo<Policy, Progress>>().type.toBeAssignableTo<
      OperationInfo.OperationInfo<Base, unknown>
    >()
    expect<OperationInfo.OperationInfo<Policy>>().type.toBeAssignableTo<
      OperationInfo.OperationInfo<Policy, Progress>
    >()
    expect<OperationInfo.Methods<Policy, Progress, never>>().type.toBeAssignableTo<
      OperationInfo.Methods<Base, unknown, Needed>
    >()
    expect<OperationInfo.OperationInfo<Policy, Progress>>().type.toBeAssignableTo<
      OperationInfo.Methods<Policy, Progress, Needed>
    >()
  })

  test("and not the other way round", () => {
    expect<OperationInfo.OperationInfo<Base>>().type.not.toBeAssignableTo<OperationInfo.OperationInfo<Policy>>()
    expect<OperationInfo.OperationInfo<Policy, Progress>>().type.not.toBeAssignableTo<
      OperationInfo.OperationInfo<Policy>
    >()
    expect<OperationInfo.OperationInfo<Policy>>().type.not.toBeAssignableTo<
      OperationInfo.Methods<Policy, never, never>
    >()
  })
})
