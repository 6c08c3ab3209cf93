// Durable waits on Effect's engine in memory, in virtual time.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe } from "@effect/vitest"
import * as Workflow from "@effect/workflow/Workflow"
import * as WorkflowEngine from "@effect/workflow/WorkflowEngine"
import type * as Credentials from "effect-google-operations/Credentials"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import { isOperationError } from "effect-google-operations/OperationError"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { googleError } from "./support/answers.js"
import { api, hashAtOnce, name, pass, resultWithin, test, User, within } from "./support/durable.js"
import { recordingTracer } from "./support/tracing.js"
import { VirtualClock } from "./support/virtualClock.js"

hashAtOnce()

const runner = (
  http: ReturnType<typeof api>,
  options: DurableOperations.Options = { schedule: Polling.spaced("30 seconds") }
) =>
  DurableOperations.layer(options).pipe(
    Layer.provideMerge(OperationsService.layer()),
    Layer.provideMerge(WorkflowEngine.layerMemory),
    Layer.provide(http.layer)
  )

const handleOf = (timeout?: Duration.DurationInput) =>
  Effect.flatMap(OperationsService.OperationsService, (service) => service.handle(name, { timeout }))

const UserLayer = User.toLayer(({ handle, onInterrupt }) =>
  Effect.map(DurableOperations.wait(handle, { onInterrupt }), ({ response }) => String(response?.["answer"]))
)

const user = (http: ReturnType<typeof api>) => UserLayer.pipe(Layer.provideMerge(runner(http)))

const unavailable = () => googleError(503, "UNAVAILABLE")

const CreateThing = OperationInfo.make({
  response: { typeName: "example.Thing", schema: Schema.Struct({ answer: Schema.Number }) }
})

const thing = (answer: unknown) => ({ response: { "@type": "type.googleapis.com/example.Thing", answer } })

const begin = (handle: OperationHandle.OperationHandle, options?: DurableOperations.WaitOptions) =>
  DurableOperations.WaitForOperation.execute(DurableOperations.payloadOf(handle, options), { discard: true })

const minutes = (count: number): number => count * 60_000

describe("DurableOperations", () => {
  test("waits through many suspensions, and polls little more than a plain wait", () => {
    const http = api({ doneAfter: "1 hour", end: thing(42) })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      yield* begin(handle)
      yield* pass("61 minutes")
      assert.isBelow(http.requests.length, 250)
      const { response } = yield* resultWithin("10 seconds", DurableOperations.attach(handle))
      assert.strictEqual(response?.["answer"], 42)
    }).pipe(Effect.provide(runner(http, {})))
  })

  test("shares one execution between workflows and a caller, and resumes all of them", () => {
    const http = api({ doneAfter: "10 minutes", end: thing(42) })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      const results = yield* resultWithin(
        "13 minutes",
        Effect.all([
          ...["a", "b", "c"].map((id) => User.execute({ id, handle, onInterrupt: "detach" })),
          Effect.map(DurableOperations.attach(handle), ({ response }) => String(response?.["answer"]))
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(results, ["42", "42", "42", "42"])
      assert.isBelow(http.requests.length, 100)
    }).pipe(Effect.provide(user(http)))
  })

  test("stores the failure of an operation", () => {
    const http = api({ doneAfter: "2 minutes", end: { error: { code: 9, message: "it is in use" } } })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const exit = yield* within("3 minutes", DurableOperations.attach(handle))
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "OperationError")
      assert.strictEqual(exit.cause.error.code, "FAILED_PRECONDITION")
      const count = http.requests.length
      yield* within("10 seconds", DurableOperations.attach(handle))
      assert.strictEqual(http.requests.length, count)
    }).pipe(Effect.provide(runner(http)))
  })

  test("ends at the deadline of the handle, and then asks for one cancel", () => {
    const http = api({ doneAfter: "1 day" })
    return Effect.gen(function*() {
      const handle = yield* handleOf("30 minutes")
      const fiber = yield* Effect.fork(
        Effect.zip(DurableOperations.attach(handle, { onTimeout: "cancel" }), Clock.currentTimeMillis)
      )
      yield* pass("29 minutes")
      assert.strictEqual(fiber.unsafePoll(), null)
      yield* pass("61 seconds")
      const exit = yield* Fiber.await(fiber)
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "WaitTimeoutError")
      const { elapsed, operationName, polls } = exit.cause.error
      assert.deepStrictEqual({ operationName, elapsed: Duration.toMinutes(elapsed) }, {
        operationName: name,
        elapsed: 30
      })
      assert.strictEqual(
        polls,
        http.requests.filter(({ method }, index) => method === "GET" && http.times[index]! < minutes(30)).length
      )
      yield* pass("2 minutes")
      assert.strictEqual(http.cancels(), 1)
    }).pipe(Effect.provide(runner(http)))
  })

  test("looks once more when the deadline has passed while nothing ran", () => {
    const http = api({ doneAfter: "0 seconds", end: thing(42) })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 minute")
      yield* pass("1 hour")
      const { response } = yield* resultWithin("10 seconds", DurableOperations.attach(handle))
      assert.strictEqual(response?.["answer"], 42)
      assert.strictEqual(http.requests.length, 1)
    }).pipe(Effect.provide(runner(http)))
  })

  test("does not store that the network was down for a day", () => {
    const http = api({
      doneAfter: "1 hour",
      end: thing(42),
      failing: (now) => now > minutes(10) && now < minutes(24 * 60) ? unavailable() : undefined
    })
    const layer = DurableOperations.layer().pipe(
      Layer.provideMerge(OperationsService.layer({ retrySchedule: Schedule.recurs(1) })),
      Layer.provideMerge(WorkflowEngine.layerMemory),
      Layer.provide(http.layer)
    )
    return Effect.gen(function*() {
      const handle = yield* handleOf("2 days")
      yield* begin(handle)
      yield* pass("24 hours")
      assert.isBelow(http.requests.length, 2_000)
      const { response } = yield* resultWithin("15 minutes", DurableOperations.attach(handle))
      assert.strictEqual(response?.["answer"], 42)
    }).pipe(Effect.provide(layer))
  })

  test("does not store that the credentials were refused, nor a defect of theirs", () => {
    const http = api({
      doneAfter: "1 minute",
      end: thing(42),
      failing: (now) => now < minutes(5) ? googleError(401, "UNAUTHENTICATED") : undefined
    })
    const credentials: Credentials.Credentials = {
      headers: () =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => now < minutes(9) && now > minutes(5) ? Effect.die("a bug") : Effect.succeed({})
        )
    }
    const layer = DurableOperations.layer().pipe(
      Layer.provideMerge(OperationsService.layer({ credentials })),
      Layer.provideMerge(WorkflowEngine.layerMemory),
      Layer.provide(http.layer)
    )
    return Effect.gen(function*() {
      const { response } = yield* resultWithin("15 minutes", DurableOperations.attach(yield* handleOf()))
      assert.strictEqual(response?.["answer"], 42)
    }).pipe(Effect.provide(layer))
  })

  test("ends when the operation has expired", () => {
    const http = api({ doneAfter: "1 day", failing: () => googleError(404, "NOT_FOUND") })
    return Effect.gen(function*() {
      const exit = yield* within("2 minutes", DurableOperations.attach(yield* handleOf()))
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "HttpError")
      assert.strictEqual(exit.cause.error.code, "NOT_FOUND")
    }).pipe(Effect.provide(runner(http)))
  })

  test("refuses the handle of another API by a retry, not by a verdict", () => {
    const http = api({ doneAfter: "1 minute" })
    return Effect.gen(function*() {
      const handle = yield* handleOf("10 minutes")
      const other = OperationHandle.OperationHandle.make({
        ...handle,
        api: { baseUrl: "https://run.googleapis.com", version: "v2" }
      })
      const executionId = yield* begin(other)
      yield* pass("5 minutes")
      assert.strictEqual((yield* DurableOperations.WaitForOperation.poll(executionId))?._tag, "Suspended")
      assert.strictEqual(http.requests.length, 0)
    }).pipe(Effect.provide(runner(http)))
  })

  test("cancels once when two workflows are interrupted, and the others go on", () => {
    const http = api({ doneAfter: "1 day" })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const execute = (id: string, onInterrupt: "cancel" | "detach") => User.execute({ id, handle, onInterrupt })
      const a = yield* Effect.fork(execute("a", "cancel"))
      const b = yield* Effect.fork(execute("b", "cancel"))
      const c = yield* Effect.fork(execute("c", "detach"))
      yield* pass("3 minutes")
      for (const id of ["a", "b"]) {
        yield* User.interrupt(yield* User.executionId({ id, handle, onInterrupt: "cancel" }))
      }
      yield* pass("5 minutes")
      for (const fiber of [a, b]) assert(Exit.isInterrupted(yield* Fiber.await(fiber)))
      const exit = yield* Fiber.await(c)
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail" && isOperationError(exit.cause.error))
      assert.strictEqual(exit.cause.error.code, "CANCELLED")
      assert.strictEqual(http.cancels(), 1)
    }).pipe(Effect.provide(user(http)))
  })

  test("tells all waiters when the shared execution is interrupted", () => {
    const http = api({ doneAfter: "1 day" })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const a = yield* Effect.fork(User.execute({ id: "a", handle, onInterrupt: "detach" }))
      const b = yield* Effect.fork(Effect.as(DurableOperations.attach(handle), ""))
      yield* pass("2 minutes")
      yield* DurableOperations.WaitForOperation.interrupt(
        yield* DurableOperations.WaitForOperation.executionId(DurableOperations.payloadOf(handle))
      )
      yield* pass("3 minutes")
      for (const exit of [yield* Fiber.await(a), yield* Fiber.await(b)]) {
        assert(Exit.isFailure(exit) && exit.cause._tag === "Fail")
        assert(DurableOperations.isWaitInterruptedError(exit.cause.error))
      }
      assert.strictEqual(http.cancels(), 0)
    }).pipe(Effect.provide(user(http)))
  })

  test("records a cancel once, whoever asks, and none for an operation that is done", () => {
    const http = api({ doneAfter: "10 minutes" })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const other = yield* handleOf("1 day")
      yield* pass("1 minute")
      const executionId = yield* DurableOperations.cancel(handle)
      assert.strictEqual(yield* DurableOperations.cancel(other), executionId)
      const outcome = yield* resultWithin("2 minutes", DurableOperations.CancelOperation.execute({ handle }))
      assert.deepStrictEqual(outcome, { isAccepted: true, state: "cancelled" })
      assert.strictEqual(http.cancels(), 1)
    }).pipe(Effect.provide(runner(http)))
  })

  test("says that the server refuses to cancel", () => {
    const http = api({
      doneAfter: "10 minutes",
      failing: (_, url) => url.endsWith(":cancel") ? googleError(501, "UNIMPLEMENTED") : undefined
    })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const outcome = yield* resultWithin("2 minutes", DurableOperations.CancelOperation.execute({ handle }))
      assert.deepStrictEqual({ ...outcome, refusal: outcome.refusal?.code }, {
        isAccepted: false,
        state: "running",
        refusal: "UNIMPLEMENTED"
      })
    }).pipe(Effect.provide(runner(http)))
  })

  test("suspends a workflow that executes another workflow", () => {
    const Parent = Workflow.make({
      name: "Parent",
      payload: { handle: OperationHandle.OperationHandle },
      idempotencyKey: ({ handle }) => handle.name,
      success: Schema.String
    })
    const http = api({ doneAfter: "10 minutes", end: thing(42) })
    let runs = 0
    const layer = Parent.toLayer(({ handle }) =>
      Effect.suspend(() => {
        runs++
        return DurableOperations.execute(User, { id: "child", handle, onInterrupt: "detach" })
      }).pipe(Effect.orDie)
    )
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      assert.strictEqual(yield* resultWithin("30 minutes", Parent.execute({ handle })), "42")
      // The engine runs a workflow again when it resumes it.
      assert.isAbove(runs, 1)
    }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(user(http)))))
  })

  test("starts an operation once, and returns its typed result", () => {
    const http = api({ doneAfter: "10 minutes", end: thing(42) })
    const Create = Workflow.make({
      name: "Create",
      payload: { title: Schema.String },
      idempotencyKey: ({ title }) => title,
      success: Schema.Number
    })
    const request = HttpClientRequest.post("/v1/things")
    const layer = Create.toLayer(() =>
      Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        const handle = yield* DurableOperations.start("create", operations.start(request), { timeout: "1 hour" })
        return (yield* DurableOperations.result(CreateThing, handle)).answer
      }).pipe(Effect.orDie)
    )
    return Effect.gen(function*() {
      assert.strictEqual(yield* resultWithin("12 minutes", Create.execute({ title: "a" })), 42)
      assert.strictEqual(http.starts(), 1)
    }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(runner(http)))))
  })

  test("refuses a handle of another type, and a result of another type", () => {
    const http = api({ doneAfter: "0 seconds", end: thing("no number") })
    const Read = Workflow.make({
      name: "Read",
      payload: { handle: OperationHandle.OperationHandle },
      idempotencyKey: ({ handle }) => handle.responseType ?? "",
      success: Schema.String
    })
    const layer = Read.toLayer(({ handle }) =>
      DurableOperations.result(CreateThing, handle).pipe(
        Effect.as("a result"),
        Effect.catchAll((error) => Effect.succeed(error._tag))
      )
    )
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      assert.strictEqual(yield* resultWithin("10 seconds", Read.execute({ handle })), "ResultError")
      const other = OperationHandle.OperationHandle.make({ ...handle, responseType: "example.Other" })
      assert.strictEqual(yield* resultWithin("10 seconds", Read.execute({ handle: other })), "HttpError")
    }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(runner(http)))))
  })

  test("stores a large result as a name, and reads it again", () => {
    const large = "x".repeat(20_000)
    const http = api({ doneAfter: "2 minutes", end: { response: { large } } })
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const results = yield* resultWithin(
        "4 minutes",
        Effect.all([User.execute({ id: "a", handle, onInterrupt: "detach" }), DurableOperations.attach(handle)], {
          concurrency: "unbounded"
        })
      )
      assert.strictEqual(results[1].response?.["large"], large)
      const executionId = yield* DurableOperations.WaitForOperation.executionId(DurableOperations.payloadOf(handle))
      const stored = yield* DurableOperations.WaitForOperation.poll(executionId)
      assert(stored?._tag === "Complete" && Exit.isSuccess(stored.exit))
      assert.deepStrictEqual(stored.exit.value, { _tag: "Reference", operationName: name })
    }).pipe(Effect.provide(user(http)))
  })

  // Wakes a wait whose operation is done: one request gets the result.
  const assertWoken = (http: ReturnType<typeof api>, handle: OperationHandle.OperationHandle) =>
    Effect.gen(function*() {
      const before = http.requests.length
      yield* DurableOperations.wake(yield* DurableOperations.token(handle))
      const { response } = yield* resultWithin("10 seconds", DurableOperations.attach(handle, { byEvent: true }))
      assert.strictEqual(response?.["answer"], 42)
      assert.strictEqual(http.requests.length, before + 1)
    })

  test("waits by event: it looks when it is woken, and the verdict is read from the API", () => {
    const http = api({ doneAfter: "90 minutes", end: thing(42) })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      yield* begin(handle, { byEvent: true })
      yield* pass("90 minutes")
      // The looks of the safety net, in twenty seconds each.
      const looks = new Set(http.times.map((time) => Math.floor(time / 20_000))).size
      assert.isBelow(looks, 45)
      yield* assertWoken(http, handle)
    }).pipe(Effect.provide(runner(http)))
  })

  test("goes on in further executions after many segments, where an event still wakes it", () => {
    const http = api({ doneAfter: "20 hours", end: thing(42) })
    return Effect.gen(function*() {
      const handle = yield* handleOf("5 days")
      yield* begin(handle, { byEvent: true })
      yield* pass("20 hours")
      yield* assertWoken(http, handle)
    }).pipe(Effect.provide(runner(http)))
  })

  test("needs a handle where there are services for several APIs", () => {
    class Policies extends OperationsService.Tag("Policies")<Policies>(GoogleApi.accessContextManager) {}
    class Run extends OperationsService.Tag("Run")<Run>(GoogleApi.make({
      baseUrl: "https://run.googleapis.com",
      version: "v2",
      operationName: GoogleApi.accessContextManager.operationName
    })) {}
    const http = api({ doneAfter: "2 minutes", end: thing(42) })
    const layer = DurableOperations.layerFor(Effect.all([Policies, Run])).pipe(
      Layer.provideMerge(Layer.merge(OperationsService.layerFor(Policies), OperationsService.layerFor(Run))),
      Layer.provideMerge(WorkflowEngine.layerMemory),
      Layer.provide(http.layer)
    )
    return Effect.gen(function*() {
      const handle = yield* Effect.flatMap(Run, (run) => run.handle(name))
      yield* resultWithin("3 minutes", DurableOperations.attach(handle))
      assert.isTrue(http.requests.every(({ url }) => url.startsWith("https://run.googleapis.com/v2/")))
      const operations = yield* DurableOperations.DurableOperations
      const error = yield* Effect.flip(operations.handle(Operation.pending({ name })))
      assert.include(error.message, "does not say which API it is of")
    }).pipe(Effect.provide(layer))
  })

  test("executes again when the engine reports a defect that the workflow did not end with", () => {
    let failures = 0
    const engine = Layer.map(WorkflowEngine.layerMemory, (context) => {
      const memory = Context.get(context, WorkflowEngine.WorkflowEngine)
      return Context.make(WorkflowEngine.WorkflowEngine, {
        ...memory,
        execute: (workflow, options) =>
          workflow.name === "Broken" || failures++ >= 3
            ? memory.execute(workflow, options)
            : Effect.die(new Error("SocketError during Write"))
      })
    })
    const Broken = Workflow.make({ name: "Broken", payload: { id: Schema.String }, idempotencyKey: ({ id }) => id })
    const Sound = Workflow.make({
      name: "Sound",
      payload: { id: Schema.String },
      idempotencyKey: ({ id }) => id,
      success: Schema.Number
    })
    const layer = Layer.merge(Broken.toLayer(() => Effect.die("its own")), Sound.toLayer(() => Effect.succeed(1))).pipe(
      Layer.provideMerge(engine)
    )
    return Effect.gen(function*() {
      assert.strictEqual(yield* resultWithin("10 seconds", DurableOperations.execute(Sound, { id: "a" })), 1)
      assert.strictEqual(failures, 4)
      const exit = yield* within("10 seconds", DurableOperations.execute(Broken, { id: "a" }))
      assert(Exit.isFailure(exit) && exit.cause._tag === "Die")
    }).pipe(Effect.provide(layer))
  })

  test("links each segment to the span of the handle, in the trace of whoever waits", () => {
    const http = api({ doneAfter: "3 minutes", end: thing(42) })
    const { record, spans } = recordingTracer()
    return Effect.gen(function*() {
      const handle = yield* Effect.withSpan(handleOf("1 day"), "the start")
      yield* resultWithin("5 minutes", Effect.withSpan(DurableOperations.attach(handle), "the caller"))
      const segments = spans.filter((span) => span.name === "OperationsService.wait")
      assert.isAbove(segments.length, 1)
      const traceOf = (name: string) => spans.find((span) => span.name === name)?.traceId
      for (const { links, traceId } of segments) {
        assert.strictEqual(traceId, traceOf("the caller"))
        assert.deepStrictEqual(links.map(({ span }) => span.traceId), [traceOf("the start")])
      }
    }).pipe(Effect.provide(runner(http)), record)
  })

  /** What a wait costs that takes so long: what it asks of the engine, and what that stores. */
  const cost = (doneAfter: Duration.DurationInput) => {
    const http = api({ doneAfter })
    const stored = new Set<string>()
    let lookUps = 0
    const counting = Layer.map(WorkflowEngine.layerMemory, (context) => {
      const engine = Context.get(context, WorkflowEngine.WorkflowEngine)
      const { activityExecute, deferredResult, execute, scheduleClock } = engine
      // The engine hands itself to the workflows, so it is changed in place.
      Object.assign<typeof engine, Partial<typeof engine>>(engine, {
        activityExecute: (activity, attempt) => {
          lookUps++
          return Effect.flatMap(WorkflowEngine.WorkflowInstance, ({ executionId }) => {
            stored.add(`${executionId}/${activity.name}`)
            return activityExecute(activity, attempt)
          })
        },
        deferredResult: (deferred) => {
          lookUps++
          return deferredResult(deferred)
        },
        scheduleClock: (workflow, options) => {
          const { clock, executionId } = options
          stored.add(`${executionId}/${clock.name}`).add(`${executionId}/${clock.deferred.name}`)
          return scheduleClock(workflow, options)
        },
        execute: (workflow, options) => {
          stored.add(options.executionId)
          return execute(workflow, options)
        }
      })
      return context
    })
    const layer = DurableOperations.layer().pipe(
      Layer.provideMerge(OperationsService.layer()),
      Layer.provideMerge(counting),
      Layer.provide(http.layer)
    )
    return Effect.gen(function*() {
      const handle = yield* handleOf()
      const cpu = process.cpuUsage()
      yield* begin(handle)
      yield* pass(Duration.sum(doneAfter, "1 minute"))
      const { user } = process.cpuUsage(cpu)
      yield* resultWithin("10 seconds", DurableOperations.attach(handle))
      // Each has a message and a reply.
      return { rows: 2 * stored.size, lookUps, requests: http.requests.length, cpuMillis: Math.round(user / 1000) }
    }).pipe(Effect.provide(layer), Effect.withClock(new VirtualClock()))
  }

  test("costs little more for hours than for a minute", () =>
    Effect.gen(function*() {
      yield* cost("50 seconds")
      const minute = yield* cost("50 seconds")
      const hour = yield* cost("1 hour")
      const sixHours = yield* cost("6 hours")
      if (process.env["SHOW_COST"] !== undefined) console.log({ minute, hour, sixHours })
      assert.deepStrictEqual({ rows: minute.rows, lookUps: minute.lookUps }, { rows: 4, lookUps: 1 })
      assert.isAtMost(hour.rows, 130)
      assert.isAtMost(hour.lookUps, 500)
      assert.isAtMost(hour.requests, 250)
      assert.isAtMost(sixHours.rows, 220)
      assert.isAtMost(sixHours.lookUps, 1_200)
      assert.isAtMost(sixHours.requests, 1_000)
    }))
})
