// Durable waits on the engine of a cluster, with its storage in memory: interruptions, and what a wait costs.
import * as ClusterWorkflowEngine from "@effect/cluster/ClusterWorkflowEngine"
import * as MessageStorage from "@effect/cluster/MessageStorage"
import * as RunnerHealth from "@effect/cluster/RunnerHealth"
import * as Runners from "@effect/cluster/Runners"
import * as RunnerStorage from "@effect/cluster/RunnerStorage"
import * as Sharding from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import { assert, describe } from "@effect/vitest"
import * as Workflow from "@effect/workflow/Workflow"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import { HttpError } from "effect-google-operations/HttpError"
import { isOperationError, OperationError } from "effect-google-operations/OperationError"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsService from "effect-google-operations/OperationsService"
import { WaitTimeoutError } from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { api, hashAtOnce, name, pass, test } from "./support/durable.js"

hashAtOnce()

const User = Workflow.make({
  name: "User",
  payload: {
    id: Schema.String,
    handle: OperationHandle.OperationHandle,
    onInterrupt: Schema.Literal("detach", "cancel")
  },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: Schema.Union(OperationError, WaitTimeoutError, HttpError, DurableOperations.WaitInterruptedError)
})
const UserLayer = User.toLayer(({ handle, onInterrupt }) =>
  Effect.map(DurableOperations.wait(handle, { onInterrupt }), () => "done")
)

// `TestRunner.layer` with fewer timers, which virtual time has to go through.
const cluster = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerMemory),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({
    refreshAssignmentsInterval: "1 minute",
    shardLockRefreshInterval: "1 minute",
    shardLockExpiration: "10 minutes",
    entityReplyPollInterval: "5 seconds"
  }))
)

const runner = (http: ReturnType<typeof api>) =>
  UserLayer.pipe(
    Layer.provideMerge(DurableOperations.layer()),
    Layer.provideMerge(OperationsService.layer()),
    Layer.provideMerge(ClusterWorkflowEngine.layer),
    Layer.provideMerge(cluster),
    Layer.provide(http.layer)
  )

const handleOf = Effect.flatMap(OperationsService.OperationsService, (service) => service.handle(name))

describe("on a cluster", () => {
  test("shares one execution between workflows, and resumes all of them", () => {
    const http = api({ doneAfter: "10 minutes" })
    return Effect.gen(function*() {
      const handle = yield* handleOf
      const fibers = yield* Effect.forEach(
        ["a", "b", "c"],
        (id) => Effect.fork(User.execute({ id, handle, onInterrupt: "detach" }))
      )
      yield* pass("13 minutes")
      for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), "done")
      assert.isBelow(http.requests.length, 90)
    }).pipe(Effect.provide(runner(http)))
  })

  test("cancels once when two workflows are interrupted, and the third sees it", () => {
    const http = api({ doneAfter: "1 day" })
    return Effect.gen(function*() {
      const handle = yield* handleOf
      const execute = (id: string, onInterrupt: "cancel" | "detach") =>
        Effect.fork(User.execute({ id, handle, onInterrupt }))
      const a = yield* execute("a", "cancel")
      const b = yield* execute("b", "cancel")
      const c = yield* execute("c", "detach")
      yield* pass("3 minutes")
      for (const id of ["a", "b"]) {
        yield* User.interrupt(yield* User.executionId({ id, handle, onInterrupt: "cancel" }))
      }
      // The workflows are suspended, so they end at once. Their callers look every 30 seconds.
      yield* pass("45 seconds")
      for (const fiber of [a, b]) assert(Exit.isInterrupted(yield* Fiber.await(fiber)))
      yield* pass("3 minutes")
      const exit = yield* Fiber.await(c)
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail" && isOperationError(exit.cause.error))
      assert.strictEqual(exit.cause.error.code, "CANCELLED")
      assert.strictEqual(http.cancels(), 1)
    }).pipe(Effect.provide(runner(http)))
  })

  test("interrupts the shared execution at the end of its segment", () => {
    const http = api({ doneAfter: "1 day" })
    return Effect.gen(function*() {
      const handle = yield* handleOf
      const a = yield* Effect.fork(User.execute({ id: "a", handle, onInterrupt: "detach" }))
      yield* pass("2 minutes")
      yield* DurableOperations.WaitForOperation.interrupt(
        yield* DurableOperations.WaitForOperation.executionId(DurableOperations.payloadOf(handle))
      )
      yield* pass("3 minutes")
      const exit = yield* Fiber.await(a)
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail")
      assert(DurableOperations.isWaitInterruptedError(exit.cause.error))
      const count = http.requests.length
      yield* pass("1 hour")
      assert.strictEqual(http.requests.length, count)
    }).pipe(Effect.provide(runner(http)))
  })

  /** What a wait costs that takes so long. */
  const cost = (duration: Duration.DurationInput) => {
    const http = api({ doneAfter: duration })
    return Effect.gen(function*() {
      const driver = yield* MessageStorage.MemoryDriver
      const storage = yield* MessageStorage.MessageStorage
      assert.isDefined(storage)
      const handle = yield* handleOf
      const cpu = process.cpuUsage()
      const executionId = yield* DurableOperations.WaitForOperation.execute(DurableOperations.payloadOf(handle), {
        discard: true
      })
      yield* pass(Duration.sum(duration, "1 minute"))
      const result = yield* DurableOperations.WaitForOperation.poll(executionId)
      assert(result?._tag === "Complete" && Exit.isSuccess(result.exit))
      let rows = 0
      for (const { replies } of driver.requests.values()) rows += 1 + replies.length
      const { system, user } = process.cpuUsage(cpu)
      return { rows, requests: http.requests.length, cpuMillis: Math.round((user + system) / 1000) }
    }).pipe(Effect.provide(runner(http)))
  }

  test("costs for an hour a small constant more than for a minute, and for six hours little more", () =>
    Effect.gen(function*() {
      const minute = yield* cost("50 seconds")
      const hour = yield* cost("1 hour")
      const sixHours = yield* cost("6 hours")
      if (process.env["SHOW_COST"] !== undefined) console.log({ minute, hour, sixHours })
      assert.isBelow(minute.rows, 12)
      assert.isBelow(hour.rows, 130)
      assert.isBelow(sixHours.rows, 220)
      assert.isBelow(hour.requests, 250)
    }))
})
