import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json, name } from "./support/answers.js"
import { inOrder, type MockHttp, mockHttp, sent } from "./support/http.js"
import { httpError, logging, service } from "./support/service.js"
import { after } from "./support/time.js"

const policyType = "example.v1.Policy"
const progressType = "example.v1.Progress"

const CreatePolicy = OperationInfo.make({
  response: { typeName: policyType, schema: Schema.Struct({ title: Schema.String }) },
  metadata: { typeName: progressType, schema: Schema.Struct({ percent: Schema.Number }) }
})
const CreateLevel = OperationInfo.make({
  response: { typeName: "example.v1.Level", schema: Schema.Struct({ title: Schema.String }) }
})

const request = HttpClientRequest.post("/v1/policies").pipe(HttpClientRequest.bodyUnsafeJson({ title: "corp" }))

const progress = (percent: number) => ProtobufAny.pack(progressType, { percent })
const response = ProtobufAny.pack(policyType, { title: "corp" })

const at = (percent: number) => () => json({ name, metadata: progress(percent) })
const done = () => json({ name, done: true, metadata: progress(100), response })
const failed = () => json({ name, done: true, metadata: progress(60), error: { code: 10, message: "try again" } })

const everySecond = { schedule: Schedule.spaced("1 second"), retrySchedule: Schedule.spaced("1 second") }

/** Runs over a service that polls each second, while ten seconds pass. */
const over = <A, E>(
  http: MockHttp,
  effect: Effect.Effect<A, E, OperationsService.OperationsService>,
  options: OperationsService.Options = {}
) =>
  Effect.gen(function*() {
    const operations = yield* service(http, { ...everySecond, ...options })
    return yield* after("10 seconds", Effect.provideService(effect, OperationsService.OperationsService, operations))
  })

describe("execute", () => {
  it.scoped("starts the operation, waits for it, and returns its result", () =>
    Effect.gen(function*() {
      const http = inOrder(at(10), at(60), done)
      assert.deepStrictEqual(yield* over(http, CreatePolicy.execute(request)), { title: "corp" })
      assert.deepStrictEqual(sent(http), ["POST /v1/policies", `GET /v1/${name}`, `GET /v1/${name}`])
    }))

  it.scoped("needs no poll if the operation is done at once", () =>
    Effect.gen(function*() {
      const http = inOrder(done)
      assert.deepStrictEqual(yield* over(http, CreatePolicy.execute(request)), { title: "corp" })
      assert.deepStrictEqual(sent(http), ["POST /v1/policies"])
    }))

  for (const end of [done, failed]) {
    it.scoped(`tells onUpdate every state with its metadata: ${end === done ? "succeeded" : "failed"}`, () =>
      Effect.gen(function*() {
        const updates: Array<readonly [string, number]> = []
        yield* Effect.exit(over(
          inOrder(at(10), at(10), at(60), end),
          CreatePolicy.execute(request, {
            onUpdate: ({ metadata, operation }) =>
              Effect.sync(() => updates.push([operation._tag, Option.getOrThrow(metadata).percent]))
          })
        ))
        assert.deepStrictEqual(updates, [
          ["Pending", 10],
          ["Pending", 60],
          end === done ? ["Succeeded", 100] : ["Failed", 60]
        ])
      }))
  }

  it.scoped("dies with what onUpdate throws", () =>
    Effect.gen(function*() {
      const http = inOrder(at(10))
      const exit = yield* Effect.exit(over(
        http,
        CreatePolicy.execute(request, {
          onUpdate: () => {
            throw new Error("no")
          }
        })
      ))
      assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die")
      assert.deepStrictEqual(sent(http), ["POST /v1/policies"])
    }))

  it.scoped("refuses options out of range before anything is sent", () =>
    Effect.gen(function*() {
      const http = inOrder(done)
      const error = yield* httpError(over(http, CreatePolicy.execute(request, { timeout: "-1 seconds" })))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.include(error.message, "timeout must be")
      assert.strictEqual(error.operationName, undefined)
      assert.deepStrictEqual(sent(http), [])
    }))

  it.scoped("fails as the start does, without the name of an operation", () =>
    Effect.gen(function*() {
      const http = inOrder(() => googleError(409, "ABORTED"))
      const error = yield* httpError(over(http, CreatePolicy.execute(request)))
      assert.deepStrictEqual([error.code, error.operationName], ["ABORTED", undefined])
      assert.deepStrictEqual(sent(http), ["POST /v1/policies"])
    }))
})

describe("an error after the start names the operation", () => {
  it.scoped("if the state cannot be read", () =>
    Effect.gen(function*() {
      const http = inOrder(at(10), () => googleError(403, "PERMISSION_DENIED"))
      const error = yield* httpError(over(http, CreatePolicy.execute(request)))
      assert.deepStrictEqual([error.code, error.operationName, error.path], ["PERMISSION_DENIED", name, `/v1/${name}`])
    }))

  it.scoped("if there are no credentials any more", () =>
    Effect.gen(function*() {
      let calls = 0
      const credentials = Credentials.make({
        headers: () =>
          calls++ === 0
            ? Effect.succeed({ authorization: Redacted.make("Bearer token-for-one") })
            : Effect.fail(new HttpError.HttpError({ reason: "Authentication", description: "the key is gone" }))
      })
      const error = yield* httpError(over(inOrder(at(10)), CreatePolicy.execute(request), { credentials }))
      assert.deepStrictEqual([error.reason, error.operationName], ["Authentication", name])
      assert.include(error.message, `the key is gone (operation ${name}, which this call started)`)
    }))

  it.scoped("if the operation fails, takes too long, or has another result", () =>
    Effect.gen(function*() {
      const verdict = yield* Effect.flip(over(inOrder(at(10), failed), CreatePolicy.execute(request)))
      assert(verdict._tag === "OperationError")
      assert.strictEqual(verdict.operation.name, name)
      const timeout = yield* Effect.flip(
        over(inOrder(at(10)), CreatePolicy.execute(request, { timeout: "3 seconds" }))
      )
      assert(timeout._tag === "WaitTimeoutError")
      assert.strictEqual(timeout.operationName, name)
      const other = yield* Effect.flip(over(inOrder(at(10), done), CreateLevel.execute(request)))
      assert(other._tag === "ResultError")
      assert.strictEqual(other.operation.name, name)
    }))
})

type Info = OperationInfo.Methods<{ readonly title: string }, { readonly percent: number }, never, never>

/** Interrupts a call half a second after it has sent a start, whose response takes one second. */
const interruptedStart = <A, E>(call: (info: Info) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const http = mockHttp((request) =>
      request.url.endsWith("/policies") ? Effect.delay(Effect.sync(() => at(10)()), "1 second") : Effect.succeed("{}")
    )
    const fiber = yield* Effect.fork(call(CreatePolicy.using(yield* service(http))))
    yield* TestClock.adjust("500 millis")
    const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
    yield* TestClock.adjust("1 second")
    return { http, interrupt: Fiber.join(interruption) }
  })

describe("an interruption of execute", () => {
  const interruptedAfter = (http: MockHttp, onInterrupt: "detach" | "cancel") =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(http, everySecond)
      const fiber = yield* Effect.fork(
        logging(lines, CreatePolicy.using(operations).execute(request, { onInterrupt }))
      )
      yield* TestClock.adjust("2500 millis")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      return { lines, posts: sent(http).filter((line) => line.startsWith("POST")) }
    })

  it.scoped("during the wait cancels the operation if asked to", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* interruptedAfter(inOrder(at(10)), "cancel"), {
        lines: [],
        posts: ["POST /v1/policies", `POST /v1/${name}:cancel`]
      })
    }))

  it.scoped("during the wait leaves the operation running otherwise, and logs its name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* interruptedAfter(inOrder(at(10)), "detach"), {
        lines: [`WARN Interrupted while waiting for operation ${name}. The operation is not cancelled.`],
        posts: ["POST /v1/policies"]
      })
    }))

  it.scoped("during the start cancels the operation as soon as its name is known", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const { http, interrupt } = yield* interruptedStart((info) =>
        logging(lines, info.execute(request, { onInterrupt: "cancel" }))
      )
      assert.isTrue(Exit.isInterrupted(yield* interrupt))
      assert.deepStrictEqual(sent(http), ["POST /v1/policies", `POST /v1/${name}:cancel`])
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], name)
    }))

  it.scoped("at any point never loses an operation that it has started", () =>
    Effect.gen(function*() {
      const seen = new Set<string>()
      for (let steps = 0; steps < 40; steps++) {
        const http = mockHttp((request) =>
          Effect.as(Effect.yieldNow(), request.url.endsWith(":cancel") ? "{}" : at(10)())
        )
        const operations = yield* service(http, { schedule: Schedule.recurs(20) })
        const fiber = yield* Effect.fork(
          logging([], CreatePolicy.using(operations).execute(request, { onInterrupt: "cancel" }))
        )
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        const lines = sent(http)
        const [starts, cancels] = ["/policies", ":cancel"].map((end) =>
          lines.filter((line) => line.endsWith(end)).length
        )
        assert.strictEqual(cancels, starts, `interrupted after ${steps} steps: ${lines.join(", ")}`)
        seen.add(
          lines.filter((line) => line.startsWith("GET")).length > 0 ? "waiting" : starts === 1 ? "starting" : "before"
        )
      }
      assert.deepStrictEqual([...seen], ["before", "starting", "waiting"])
    }))
})

describe("start", () => {
  it.scoped("returns a typed state, which every method takes", () =>
    Effect.gen(function*() {
      const http = inOrder(at(10), at(20), at(30), done, done, done, done, done, () => json({}))
      const { handle, outcomes, polled, result, started, states, waited } = yield* over(
        http,
        Effect.gen(function*() {
          const started = yield* CreatePolicy.start(request)
          const polled = yield* CreatePolicy.get(started)
          const waited = yield* CreatePolicy.wait(started)
          const result = yield* CreatePolicy.result(started)
          const states = yield* Stream.runCollect(CreatePolicy.updates(started))
          const outcomes = yield* Stream.runCollect(CreatePolicy.waitAll([started]))
          const handle = yield* CreatePolicy.handle(started)
          yield* CreatePolicy.cancel(started)
          return { started, polled, waited, result, states, outcomes, handle }
        })
      )
      assert.deepStrictEqual(started, {
        _tag: "Pending",
        operation: Operation.pending({ name, metadata: progress(10) }),
        metadata: Option.some({ percent: 10 })
      })
      assert.deepStrictEqual(Option.getOrThrow(polled.metadata), { percent: 20 })
      assert.deepStrictEqual([waited.result, result], [{ title: "corp" }, { title: "corp" }])
      assert.deepStrictEqual(Chunk.toReadonlyArray(Chunk.map(states, ({ _tag }) => _tag)), ["Pending", "Succeeded"])
      const [outcome] = Chunk.toReadonlyArray(outcomes)
      assert.strictEqual(outcome?.operation, started)
      assert(outcome !== undefined && Either.isRight(outcome.result))
      assert.deepStrictEqual(outcome.result.right.result, { title: "corp" })
      assert.strictEqual(handle.name, name)
      assert.strictEqual(sent(http).at(-1), `POST /v1/${name}:cancel`)
    }))

  it.scoped("returns the result of an operation that is done at once", () =>
    Effect.gen(function*() {
      const started = yield* over(inOrder(done), CreatePolicy.start(request))
      assert(started._tag === "Succeeded")
      assert.deepStrictEqual(started.result, { title: "corp" })
    }))

  it.scoped("interrupted, cancels the operation if asked to", () =>
    Effect.gen(function*() {
      const { http, interrupt } = yield* interruptedStart((info) =>
        logging([], info.start(request, { onInterrupt: "cancel" }))
      )
      yield* interrupt
      assert.deepStrictEqual(sent(http), ["POST /v1/policies", `POST /v1/${name}:cancel`])
    }))
})

describe("a handle", () => {
  const roundTrip = (handle: OperationHandle.OperationHandle) =>
    Effect.orDie(OperationHandle.fromJson(JSON.parse(JSON.stringify(OperationHandle.toJson(handle)))))

  it.scoped("knows the types of the info that made it, and its deadline", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(done))
      const handle = yield* CreatePolicy.using(operations).handle(name, { timeout: "1 minute" })
      assert.deepStrictEqual([handle.responseType, handle.metadataType], [policyType, progressType])
      assert.deepStrictEqual(handle.deadline, DateTime.unsafeMake(60_000))
      const untyped = yield* CreateLevel.using(operations).handle(name)
      assert.deepStrictEqual([untyped.metadataType, untyped.deadline], [undefined, undefined])
    }))

  it.scoped("is read by an info for the same response type, and by any info if it has no type", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(done))
      const info = CreatePolicy.using(operations)
      for (const handle of [yield* info.handle(name), yield* operations.handle(name)]) {
        assert.deepStrictEqual(yield* info.result(yield* roundTrip(handle)), { title: "corp" })
      }
    }))

  it.scoped("is refused by an info for another response type, whatever the method", () =>
    Effect.gen(function*() {
      const http = inOrder(done)
      const operations = yield* service(http)
      const handle = yield* roundTrip(yield* CreatePolicy.using(operations).handle(name))
      const info = CreateLevel.using(operations)
      const [outcome] = yield* Stream.runCollect(info.waitAll([handle]))
      assert(outcome !== undefined)
      assert.strictEqual(outcome.operation, handle)
      const errors = [
        yield* httpError(info.get(handle)),
        yield* httpError(info.wait(handle)),
        yield* httpError(info.result(handle)),
        yield* httpError(Stream.runDrain(info.updates(handle))),
        yield* httpError(info.handle(handle)),
        yield* httpError(info.cancel(handle)),
        yield* httpError(outcome.result)
      ]
      for (const error of errors) {
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.include(
          error.message,
          `is for a response of type ${policyType}, and this OperationInfo is for example.v1.Level`
        )
      }
      assert.deepStrictEqual(sent(http), [])
    }))
})

describe("waitAll", () => {
  it.scoped("returns the typed outcome of each operation with what was given for it", () =>
    Effect.gen(function*() {
      const operations = yield* service(
        mockHttp((request) =>
          Effect.succeed(
            request.url.endsWith("/good")
              ? json({ name: "operations/good", done: true, response })
              : request.url.endsWith("/other")
              ? json({ name: "operations/other", done: true, response: ProtobufAny.pack("example.v1.Level", {}) })
              : json({ name: "operations/bad", done: true, error: { code: 9, message: "in use" } })
          )
        )
      )
      const given = ["operations/good", Operation.pending({ name: "operations/bad" }), "operations/other"]
      const updates: Array<string> = []
      const fiber = yield* Effect.fork(Stream.runCollect(
        CreatePolicy.using(operations).waitAll(
          [...given, "operations/good"],
          { onUpdate: ({ operation }) => Effect.sync(() => updates.push(operation.name)) }
        )
      ))
      yield* TestClock.adjust("10 seconds")
      const outcomes = yield* Fiber.join(fiber)
      const seen = Chunk.toReadonlyArray(outcomes).map(({ operation, result }) => [
        given.indexOf(operation),
        Either.match(result, { onLeft: ({ _tag }) => _tag, onRight: ({ result }) => result.title })
      ])
      assert.deepStrictEqual(seen.sort(), [[0, "corp"], [0, "corp"], [1, "OperationError"], [2, "ResultError"]])
      assert.deepStrictEqual([...new Set(updates)].sort(), ["operations/bad", "operations/good", "operations/other"])
    }))

  it.scoped("reads what it is given when the stream runs", () =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const outcomes = CreatePolicy.waitAll(names)
      names.push(name)
      assert.strictEqual((yield* over(inOrder(done), Stream.runCollect(outcomes))).length, 1)
    }))
})

describe("schemas that need services", () => {
  class Titles extends Context.Tag("Titles")<Titles, (title: string) => string>() {}

  const Titled = Schema.transformOrFail(Schema.Struct({ title: Schema.String }), Schema.String, {
    strict: true,
    decode: ({ title }) => Effect.map(Titles, (titleOf) => titleOf(title)),
    encode: (title) => Effect.succeed({ title })
  })
  const type = { typeName: policyType, schema: Titled }
  const info = OperationInfo.make({ response: type, metadata: type })
  const titles = (prefix: string) => (title: string) => `${prefix} ${title}`

  it.scoped("use those of the caller, in results, states, outcomes and updates", () =>
    Effect.gen(function*() {
      const titled = (done: boolean) => () =>
        json({ name, done, metadata: response, response: done ? response : undefined })
      const updates: Array<string> = []
      const onUpdate = ({ metadata }: OperationInfo.TypedUpdate<string>) =>
        Effect.sync(() => updates.push(Option.getOrThrow(metadata)))
      const program = Effect.gen(function*() {
        const result = yield* info.execute(request, { onUpdate })
        const [outcome] = yield* Stream.runCollect(info.waitAll([name], { onUpdate }))
        const state = yield* info.get(name)
        return [result, Either.map(outcome!.result, ({ result }) => result), state.metadata] as const
      })
      const result = yield* over(
        inOrder(titled(false), titled(true)),
        Effect.provideService(program, Titles, titles("the"))
      )
      assert.deepStrictEqual(result, ["the corp", Either.right("the corp"), Option.some("the corp")])
      assert.deepStrictEqual(updates, ["the corp", "the corp", "the corp"])
    }))

  it.effect("use those of the caller in updates, wherever the service runs them", () =>
    Effect.gen(function*() {
      const updates: Array<string> = []
      const succeeded = Operation.succeeded({ name, metadata: response, response })
      const mock = Layer.mock(OperationsService.OperationsService, {
        wait: (_, options) =>
          Effect.as(
            Effect.promise(() => Effect.runPromise(options?.onUpdate?.(succeeded) ?? Effect.void)),
            succeeded
          )
      })
      const onUpdate = ({ metadata }: OperationInfo.TypedUpdate<string>) =>
        Effect.sync(() => updates.push(Option.getOrThrow(metadata)))
      const result = yield* info.result(name, { onUpdate }).pipe(
        Effect.provideService(Titles, titles("the")),
        Effect.provide(mock)
      )
      assert.deepStrictEqual([result, updates], ["the corp", ["the corp"]])
    }))
})

describe("using", () => {
  class FirstOperations extends Context.Tag("FirstOperations")<FirstOperations, OperationsService.Service>() {}

  it.scoped("takes the service of a tag, when the method runs", () =>
    Effect.gen(function*() {
      const info = CreatePolicy.using(FirstOperations)
      for (const title of ["first", "second"]) {
        const operations = yield* service(
          inOrder(() => json({ name, done: true, response: ProtobufAny.pack(policyType, { title }) }))
        )
        const result = yield* Effect.provideService(info.execute(request), FirstOperations, operations)
        assert.deepStrictEqual(result, { title })
      }
    }))
})
