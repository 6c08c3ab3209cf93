// Durable waits on Effect's engine in memory, in virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Activity from "@effect/workflow/Activity"
import * as Workflow from "@effect/workflow/Workflow"
import * as WorkflowEngine from "@effect/workflow/WorkflowEngine"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { mockHttp } from "./support/http.js"

const name = "operations/a"

/** An API with one operation that is done after that time. It counts its requests. */
const api = (options: {
  readonly doneAfter: Duration.DurationInput
  readonly end?: object
  readonly failing?: (now: number) => Response | undefined
}) => {
  const end = Duration.toMillis(options.doneAfter)
  let cancelledAt = Infinity
  let cancels = 0
  let starts = 0
  const http = mockHttp((request) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const failure = options.failing?.(now)
      if (failure !== undefined) return failure
      if (request.url.endsWith(":cancel")) {
        cancels++
        cancelledAt = Math.min(cancelledAt, now)
        return "{}"
      }
      if (request.method === "POST") {
        starts++
        return JSON.stringify({ name })
      }
      if (now >= end && end < cancelledAt) return JSON.stringify({ name, done: true, ...options.end })
      return now >= cancelledAt
        ? JSON.stringify({ name, done: true, error: { code: 1, message: "it was cancelled" } })
        : JSON.stringify({ name, metadata: { now } })
    })
  )
  return { ...http, cancels: () => cancels, starts: () => starts }
}

const runner = (http: ReturnType<typeof api>, options?: DurableOperations.Options) =>
  DurableOperations.layer(options).pipe(
    Layer.provideMerge(OperationsService.layer()),
    Layer.provideMerge(WorkflowEngine.layerMemory),
    Layer.provide(http.layer)
  )

const handleOf = (timeout?: Duration.DurationInput) =>
  Effect.flatMap(OperationsService.OperationsService, (service) => service.handle(name, { timeout }))

/** A workflow of a user. */
const User = Workflow.make({
  name: "User",
  payload: { id: Schema.String, handle: OperationHandle.OperationHandle, onInterrupt: Schema.Literal("detach", "cancel") },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: Schema.Unknown
})
const UserLayer = User.toLayer(({ handle, onInterrupt }) =>
  Effect.map(DurableOperations.wait(handle, { onInterrupt }), (operation) => JSON.stringify(operation.response))
)

// The engine hashes its keys with the Web Crypto API, which takes real time.
const settled = TestServices.provideLive(Effect.sleep("2 millis"))

/** Lets time pass in steps. */
const pass = (duration: Duration.DurationInput) =>
  Effect.gen(function*() {
    const step = 10_000
    for (let left = Duration.toMillis(duration); left > 0; left -= step) {
      yield* settled
      yield* TestClock.adjust(Math.min(left, step))
    }
    yield* settled
  })

/** How an effect ends within that time. */
const within = <A, E, R>(duration: Duration.DurationInput, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* pass(duration)
    const exit = yield* Fiber.poll(fiber)
    assert(exit._tag === "Some", `it is not over after ${Duration.format(Duration.decode(duration))}`)
    return exit.value
  })

const resultWithin = <A, E, R>(duration: Duration.DurationInput, effect: Effect.Effect<A, E, R>) =>
  Effect.flatten(within(duration, effect))

describe("DurableOperations", () => {
  it.effect("waits through many suspensions, and polls little more than a plain wait", () => {
    const http = api({ doneAfter: "1 hour", end: { response: { answer: 42 } } })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      const operation = yield* resultWithin("65 minutes", DurableOperations.attach(handle))
      assert.deepStrictEqual(operation.response, { answer: 42 })
      assert.isBelow(http.requests.length, 250)
    }).pipe(Effect.provide(runner(http)))
  })

  it.effect("shares one execution between two workflows and a caller, and resumes all of them", () => {
    const http = api({ doneAfter: "10 minutes", end: { response: { answer: 42 } } })
    return Effect.gen(function*() {
      const handle = yield* handleOf("1 day")
      const ids = ["a", "b", "c"]
      const results = yield* resultWithin(
        "12 minutes",
        Effect.all([
          ...ids.map((id) => User.execute({ id, handle, onInterrupt: "detach" })),
          Effect.map(DurableOperations.attach(handle), ({ response }) => JSON.stringify(response))
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(results, Array(4).fill("{\"answer\":42}"))
      assert.isBelow(http.requests.length, 100)
    }).pipe(Effect.provide(UserLayer.pipe(Layer.provideMerge(runner(http)))))
  })
})
