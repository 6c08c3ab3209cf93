import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import type { OperationHandle } from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as ResultError from "effect-google-operations/ResultError"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "tstyche"

declare const service: OperationsService.Service
declare const operation: Operation.Operation
declare const handle: OperationHandle
declare const names: ReadonlyArray<string>
declare const use: (value: unknown) => void
declare const started: OperationInfo.TypedPending<Progress> | OperationInfo.TypedSucceeded<Policy, Progress>

class Policy extends Schema.Class<Policy>("Policy")({ name: Schema.String, title: Schema.String }) {}
interface Progress {
  readonly percent: number
}
// What it decodes from is another type than what it decodes to.
const Progress = Schema.Struct({ percent: Schema.NumberFromString })

class Keys extends Context.Tag("Keys")<Keys, ReadonlyArray<string>>() {}
declare const NeedsKeys: Schema.Schema<Policy, string, Keys>

class Times extends Context.Tag("Times")<Times, () => Date>() {}
declare const NeedsClock: Schema.Schema<Date, string, Times>

class RunOperations extends Context.Tag("RunOperations")<RunOperations, OperationsService.Service>() {}

const request = HttpClientRequest.post("/v1/accessPolicies")

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

describe("schemas that need services", () => {
  const response = { typeName: "example.Policy", schema: Policy }

  test("are found in the info, and in the methods that decode", () => {
    const needy = OperationInfo.make({ response: { typeName: "a.B", schema: NeedsKeys } })
    expect(needy).type.toBe<OperationInfo.OperationInfo<Policy, never, Keys>>()
    expect(needy.execute(request)).type.toBe<Effect.Effect<Policy, WaitError, Needed | Keys>>()
    expect(needy.updates("operations/a")).type.toBe<
      Stream.Stream<
        OperationInfo.TypedPending<never> | OperationInfo.TypedSucceeded<Policy, never>,
        WaitError,
        Needed | Keys
      >
    >()
    expect(needy.using(service).result("operations/a")).type.toBe<Effect.Effect<Policy, WaitError, Keys>>()
    expect(needy.handle("operations/a")).type.toBe<Effect.Effect<OperationHandle, HttpError.HttpError, Needed>>()
    expect(needy.cancel("operations/a")).type.toBe<Effect.Effect<void, HttpError.HttpError, Needed>>()
  })

  test("of metadata count, too", () => {
    const metadata = { typeName: "a.B", schema: NeedsKeys }
    expect(OperationInfo.make({ response, metadata })).type.toBe<OperationInfo.OperationInfo<Policy, Policy, Keys>>()
    expect(OperationInfo.make({ response: metadata, metadata: { typeName: "a.B", schema: NeedsClock } })).type.toBe<
      OperationInfo.OperationInfo<Policy, Date, Keys | Times>
    >()
  })
})

describe("make refuses", () => {
  const response = { typeName: "example.Policy", schema: Policy }

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
    type Names = "execute" | "start" | "get" | "wait" | "result" | "updates" | "waitAll" | "handle" | "cancel"
    expect<keyof OperationInfo.Methods<Policy, Progress>>().type.toBe<Names>()
    expect<keyof OperationInfo.OperationInfo<Policy>>().type.toBe<Names | "responseType" | "metadataType" | "using">()
  })

  test("execute gives the response alone", () => {
    expect(info.execute(request)).type.toBe<Effect.Effect<Policy, WaitError, Needed>>()
    expect(OperationInfo.make({ response: OperationInfo.empty }).execute(request, { onInterrupt: "cancel" })).type.toBe<
      Effect.Effect<void, WaitError, Needed>
    >()
  })

  test("start gives a typed state, which the others take", () => {
    expect(info.start(request, { onInterrupt: "cancel" })).type.toBe<Effect.Effect<State, ReadError, Needed>>()
    expect(Effect.flatMap(info.start(request), (started) => info.result(started))).type.toBe<
      Effect.Effect<Policy, WaitError, Needed>
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
  })

  test("updates gives typed states", () => {
    expect(info.updates("operations/a", { emitUnchanged: true })).type.toBe<Stream.Stream<State, WaitError, Needed>>()
  })

  test("waitAll gives the typed outcome of what was given", () => {
    expect(info.waitAll(names)).type.toBe<
      Stream.Stream<OperationInfo.TypedOutcome<string, Policy, Progress>, never, Needed>
    >()
    expect(info.waitAll(new Set<OperationHandle>(), { timeout: "1 hour" })).type.toBe<
      Stream.Stream<OperationInfo.TypedOutcome<OperationHandle, Policy, Progress>, never, Needed>
    >()
    expect<OperationInfo.TypedOutcome<string, Policy, Progress>>().type.toBe<{
      readonly operation: string
      readonly result: Either.Either<OperationInfo.TypedSucceeded<Policy, Progress>, WaitError>
    }>()
    expect(info.waitAll([handle, operation, started])).type.toBe<
      Stream.Stream<
        OperationInfo.TypedOutcome<OperationHandle | Operation.Operation | State, Policy, Progress>,
        never,
        Needed
      >
    >()
  })

  test("handle and cancel", () => {
    expect(info.handle("operations/a", { timeout: "1 hour" })).type.toBe<
      Effect.Effect<OperationHandle, HttpError.HttpError, Needed>
    >()
    expect(info.cancel(handle)).type.toBe<Effect.Effect<void, HttpError.HttpError, Needed>>()
    // Its types are those of the info.
    expect(info.handle).type.not.toBeCallableWith("operations/a", { responseType: "a.B" })
  })

  test("onUpdate is told the operation and its typed metadata", () => {
    expect<NonNullable<OperationInfo.WaitOptions<Progress>["onUpdate"]>>().type.toBe<
      (update: OperationInfo.TypedUpdate<Progress>) => Effect.Effect<void>
    >()
    expect<OperationInfo.TypedUpdate<Progress>>().type.toBe<{
      readonly operation: Operation.Operation
      readonly metadata: Option.Option<Progress>
    }>()
    info.execute(request, {
      onUpdate: ({ metadata }) => {
        expect(metadata).type.toBe<Option.Option<Progress>>()
        return Effect.void
      }
    })
    // Its effect needs nothing and cannot fail.
    expect(info.wait).type.not.toBeCallableWith("operations/a", { onUpdate: () => Keys })
    expect(info.wait).type.not.toBeCallableWith("operations/a", { onUpdate: () => Effect.fail("no") })
  })

  test("takes the service's options otherwise", () => {
    type Rest = Omit<OperationsService.WaitOptions, "onUpdate">
    expect<Omit<OperationInfo.WaitOptions<Progress>, "onUpdate">>().type.toBe<Rest>()
    expect<keyof OperationInfo.UpdatesOptions<Progress>>().type.toBe<keyof OperationsService.UpdatesOptions>()
    expect<OperationInfo.UpdatesOptions<Progress>>().type.toBeAssignableTo<OperationInfo.WaitOptions<Progress>>()
    expect<Rest>().type.toBeAssignableTo<OperationInfo.WaitOptions<never>>()
    expect<Parameters<typeof info.get>[1]>().type.toBe<Parameters<OperationsService.Service["get"]>[1]>()
    expect<Parameters<typeof info.start>>().type.toBe<Parameters<OperationsService.Service["start"]>>()
    expect<OperationsService.Waitable>().type.toBeAssignableTo<OperationInfo.Waitable>()
  })

  test("of a service at hand needs nothing", () => {
    const methods = info.using(service)
    expect(methods).type.toBe<OperationInfo.Methods<Policy, Progress, never, never>>()
    expect(methods.execute(request)).type.toBe<Effect.Effect<Policy, WaitError>>()
    expect(methods.get("operations/a")).type.toBe<Effect.Effect<State, ReadError>>()
    expect(methods.updates("operations/a")).type.toBe<Stream.Stream<State, WaitError>>()
    expect(methods.handle("operations/a")).type.toBe<Effect.Effect<OperationHandle, HttpError.HttpError>>()
  })

  test("of a tag needs its service", () => {
    const methods = info.using(RunOperations)
    expect(methods).type.toBe<OperationInfo.Methods<Policy, Progress, never, RunOperations>>()
    expect(methods.execute(request)).type.toBe<Effect.Effect<Policy, WaitError, RunOperations>>()
    expect(methods.cancel("operations/a")).type.toBe<Effect.Effect<void, HttpError.HttpError, RunOperations>>()
    expect(info.using(OperationsService.OperationsService)).type.toBe<OperationInfo.Methods<Policy, Progress>>()
  })

  test("names its types", () => {
    expect(info.responseType).type.toBe<string>()
    expect(info.metadataType).type.toBe<string | undefined>()
  })
})

// The messages are those of the compiler, or parts of them.
describe("the compiler names the mistake", () => {
  const runnable = Effect.provideService(info.execute(request), OperationsService.OperationsService, service)

  test("a forgotten yield*", () => {
    Effect.gen(function*() {
      const policy = info.execute(request)
      // @ts-expect-error Property 'title' does not exist on type 'Effect<Policy, OperationError | HttpError |
      use(policy.title)
      return (yield* policy).title
    })
    // @ts-expect-error is not assignable to parameter of type 'Waitable'
    use(info.result(info.start(request)))
  })

  test("an option that does not exist", () => {
    // @ts-expect-error Did you mean to write 'timeout'?
    use(info.execute(request, { timeOut: "1 minute" }))
    // @ts-expect-error and 'emitUnchanged' does not exist in type 'WaitOptions<
    use(info.wait("operations/a", { emitUnchanged: true }))
    // @ts-expect-error and 'timeout' does not exist in type
    use(info.start(request, { timeout: "1 minute" }))
  })

  test("a value that an option cannot have", () => {
    // @ts-expect-error Type '"10 minuts"' is not assignable to type 'DurationInput | undefined'
    use(info.execute(request, { timeout: "10 minuts" }))
    // @ts-expect-error Type '"abort"' is not assignable to type '"cancel" | "detach" | undefined'
    use(info.execute(request, { onInterrupt: "abort" }))
    // @ts-expect-error Property 'percent' does not exist on type 'Option<
    use(info.execute(request, { onUpdate: ({ metadata }) => Effect.log(metadata.percent) }))
    // @ts-expect-error Type 'void' is not assignable to type 'Effect<void, never, never>'
    use(info.execute(request, { onUpdate: () => {} }))
  })

  test("a name where a request is needed, and a request where a name is", () => {
    // @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'HttpClientRequest'
    use(info.execute("operations/a"))
    // @ts-expect-error Argument of type 'HttpClientRequest' is not assignable to parameter of type 'Waitable'
    use(info.result(request))
    // @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'Iterable<string> & object'
    use(info.waitAll("operations/a"))
  })

  test("a service that is missing", () => {
    expect(Effect.runPromise(runnable)).type.toBe<Promise<Policy>>()
    // @ts-expect-error Type 'OperationsService' is not assignable to type 'never'
    use(Effect.runPromise(info.execute(request)))
    const run = info.using(RunOperations).execute(request)
    const other = Effect.provideService(run, OperationsService.OperationsService, service)
    // @ts-expect-error Type 'RunOperations' is not assignable to type 'never'
    use(Effect.runPromise(other))
    const needy = OperationInfo.make({ response: { typeName: "a.B", schema: NeedsKeys } })
    // @ts-expect-error Type 'Keys' is not assignable to type 'never'
    use(Effect.runPromise(needy.using(service).execute(request)))
  })

  test("an error that is not handled", () => {
    expect(
      runnable.pipe(Effect.catchTags({
        OperationError: () => Effect.void,
        HttpError: () => Effect.void,
        WaitTimeoutError: () => Effect.void,
        ResultError: () => Effect.void
      }))
    ).type.toBe<Effect.Effect<Policy | void>>()
    const rest = Effect.catchTag(runnable, "OperationError", "HttpError", "WaitTimeoutError", () => Effect.void)
    // @ts-expect-error Type 'ResultError' is not assignable to type 'never'
    const handled: Effect.Effect<Policy | void> = rest
    use(handled)
    // @ts-expect-error Argument of type '"HttpErrors"' is not assignable to parameter of type
    use(Effect.catchTag(runnable, "HttpErrors", () => Effect.void))
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
    expect<OperationInfo.Methods<Policy, Progress, never, never>>().type.toBeAssignableTo<
      OperationInfo.Methods<Base, unknown, Keys, Needed>
    >()
    expect<OperationInfo.OperationInfo<Policy, Progress>>().type.toBeAssignableTo<
      OperationInfo.Methods<Policy, Progress>
    >()
  })

  test("and not the other way round", () => {
    expect<OperationInfo.OperationInfo<Base>>().type.not.toBeAssignableTo<OperationInfo.OperationInfo<Policy>>()
    expect<OperationInfo.OperationInfo<Policy, Progress>>().type.not.toBeAssignableTo<
      OperationInfo.OperationInfo<Policy>
    >()
    expect<OperationInfo.OperationInfo<Policy>>().type.not.toBeAssignableTo<
      OperationInfo.Methods<Policy, never, never, never>
    >()
  })
})
