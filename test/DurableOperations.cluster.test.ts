// Durable waits on the engine of a cluster, with its storage in memory: interruptions, and what a wait costs.
import * as ClusterWorkflowEngine from "@effect/cluster/ClusterWorkflowEngine"
import * as MessageStorage from "@effect/cluster/MessageStorage"
import * as RunnerHealth from "@effect/cluster/RunnerHealth"
import * as Runners from "@effect/cluster/Runners"
import * as RunnerStorage from "@effect/cluster/RunnerStorage"
import * as Sharding from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import { assert, describe } from "@effect/vitest"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as DurableSqlite from "effect-google-operations/DurableSqlite"
import { isOperationError } from "effect-google-operations/OperationError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { api, hashAtOnce, name, pass, test, User } from "./support/durable.js"

hashAtOnce()

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
      yield* execute("a", "cancel")
      yield* execute("b", "cancel")
      const c = yield* execute("c", "detach")
      yield* pass("3 minutes")
      const interrupted = yield* Effect.forEach(
        ["a", "b"],
        (id) => User.executionId({ id, handle, onInterrupt: "cancel" })
      )
      for (const id of interrupted) yield* Effect.fork(User.interrupt(id))
      // They end when the segment of the shared execution does, for which they wait.
      yield* pass("3 minutes")
      for (const id of interrupted) {
        const result = yield* User.poll(id)
        assert(result?._tag === "Complete" && Exit.isInterrupted(result.exit))
      }
      yield* pass("3 minutes")
      yield* pass("3 minutes")
      const exit = c.unsafePoll()
      assert(exit !== null && Exit.isFailure(exit) && exit.cause._tag === "Fail" && isOperationError(exit.cause.error))
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

  test("removes what is stored about a wait that has ended, and about no other one", () => {
    const http = api({ doneAfter: "5 minutes" })
    return Effect.gen(function*() {
      const driver = yield* MessageStorage.MemoryDriver
      const handle = yield* handleOf
      const payload = DurableOperations.payloadOf(handle)
      const executionId = yield* DurableOperations.WaitForOperation.executionId(payload)
      // The runner takes its shards while time passes.
      yield* Effect.fork(DurableOperations.WaitForOperation.execute(payload, { discard: true }))
      yield* pass("3 minutes")
      assert.isFalse(yield* DurableSqlite.prune(handle))
      yield* pass("5 minutes")
      assert.isAbove(driver.requests.size, 3)
      assert.isTrue(yield* DurableSqlite.prune(handle))
      assert.strictEqual(driver.requests.size, 0)
      assert.isUndefined(yield* DurableOperations.WaitForOperation.poll(executionId))
      assert.isFalse(yield* DurableSqlite.prune(handle))
    }).pipe(Effect.provide(runner(http)))
  })

  test("stores six rows a segment", () => {
    const http = api({ doneAfter: "20 minutes" })
    return Effect.gen(function*() {
      const driver = yield* MessageStorage.MemoryDriver
      const payload = DurableOperations.payloadOf(yield* handleOf)
      yield* Effect.fork(DurableOperations.WaitForOperation.execute(payload, { discard: true }))
      yield* pass("21 minutes")
      const messages = Array.from(driver.requests.values())
      const segments = messages.filter(({ envelope }) => envelope.tag === "activity").length
      const rows = messages.reduce((rows, { replies }) => rows + 1 + replies.length, 0)
      // The last segment is followed by no suspension: it has a message and a reply, as the execution has.
      assert.strictEqual(rows, 6 * (segments - 1) + 4)
    }).pipe(Effect.provide(runner(http)))
  })
})
