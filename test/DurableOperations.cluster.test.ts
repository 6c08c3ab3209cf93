// Durable waits on the engine of a cluster, with its storage in memory: interruptions, and what a wait costs.
import { PersistenceError } from "@effect/cluster/ClusterError"
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
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { engine } from "../src/internal/durable/cluster.js"
import { googleError } from "./support/answers.js"
import { api, hashAtOnce, name, pass, test, User } from "./support/durable.js"
import { VirtualClock } from "./support/virtualClock.js"

hashAtOnce()

const UserLayer = User.toLayer(({ handle, onInterrupt }) =>
  Effect.map(DurableOperations.wait(handle, { onInterrupt }), () => "done")
)

// `TestRunner.layer` with fewer timers, which virtual time has to go through.
const clusterOf = (storage: typeof MessageStorage.layerMemory) =>
  Sharding.layer.pipe(
    Layer.provideMerge(Runners.layerNoop),
    Layer.provideMerge(storage),
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(ShardingConfig.layer({
      refreshAssignmentsInterval: "1 minute",
      shardLockRefreshInterval: "1 minute",
      shardLockExpiration: "10 minutes",
      entityReplyPollInterval: "5 seconds"
    }))
  )

const runner = (http: ReturnType<typeof api>, storage = MessageStorage.layerMemory) =>
  UserLayer.pipe(
    Layer.provideMerge(DurableOperations.layer()),
    Layer.provideMerge(OperationsService.layer()),
    Layer.provideMerge(engine),
    Layer.provideMerge(clusterOf(storage)),
    Layer.provide(http.layer)
  )

/** A storage that is down for three seconds, from its n-th request on. Reads for new messages do not count. */
const failingAt = (request: number) => {
  let requests = 0
  let until: number | undefined
  const down = Effect.fail(new PersistenceError({ cause: "the storage is down" }))
  const check = (counts: boolean) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (counts && ++requests === request) until = now + 3_000
      return until !== undefined && now < until ? down : Effect.void
    })
  const layer = Layer.map(MessageStorage.layerMemory, (context) => {
    const storage = Context.get(context, MessageStorage.MessageStorage)
    return Context.add(context, MessageStorage.MessageStorage, {
      ...storage,
      saveRequest: (request) => Effect.zipRight(check(true), storage.saveRequest(request)),
      saveEnvelope: (envelope) => Effect.zipRight(check(true), storage.saveEnvelope(envelope)),
      saveReply: (reply) => Effect.zipRight(check(true), storage.saveReply(reply)),
      clearReplies: (id) => Effect.zipRight(check(true), storage.clearReplies(id)),
      repliesFor: (requests) => Effect.zipRight(check(true), storage.repliesFor(requests)),
      repliesForUnfiltered: (ids) => Effect.zipRight(check(true), storage.repliesForUnfiltered(ids)),
      requestIdForPrimaryKey: (options) => Effect.zipRight(check(true), storage.requestIdForPrimaryKey(options)),
      unprocessedMessages: (shards) => Effect.zipRight(check(false), storage.unprocessedMessages(shards)),
      unprocessedMessagesById: (ids) => Effect.zipRight(check(false), storage.unprocessedMessagesById(ids))
    })
  })
  return { layer, isDown: () => until !== undefined }
}

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

  test("does not store that the storage was down, at whichever request that begins", () =>
    Effect.gen(function*() {
      let isReached = true
      for (let request = 1; isReached; request++) {
        const http = api({ doneAfter: "70 seconds" })
        const { isDown, layer } = failingAt(request)
        yield* Effect.gen(function*() {
          const handle = yield* handleOf
          const fiber = yield* Effect.fork(DurableOperations.execute(User, { id: "a", handle, onInterrupt: "detach" }))
          yield* pass("4 minutes")
          assert.deepStrictEqual(fiber.unsafePoll(), Exit.succeed("done"), `down at request ${request}`)
        }).pipe(Effect.provide(runner(http, layer)), Effect.withClock(new VirtualClock()))
        isReached = isDown()
        assert.isBelow(request, 200)
      }
    }))

  test("stores one result when the network is down for longer than every retry schedule", () => {
    const down = (now: number) => now > 3 * 60_000 && now < 63 * 60_000
    const http = api({
      doneAfter: "10 minutes",
      failing: (now) => down(now) ? googleError(503, "UNAVAILABLE") : undefined
    })
    return Effect.gen(function*() {
      const driver = yield* MessageStorage.MemoryDriver
      const handle = yield* handleOf
      const fiber = yield* Effect.fork(DurableOperations.execute(User, { id: "a", handle, onInterrupt: "detach" }))
      yield* pass("62 minutes")
      assert.strictEqual(fiber.unsafePoll(), null)
      yield* pass("50 minutes")
      assert.deepStrictEqual(fiber.unsafePoll(), Exit.succeed("done"))
      const executions = Array.from(driver.requests.values()).filter(({ envelope }) =>
        envelope.tag === "run" && envelope.address.entityType === "Workflow/DurableOperations.WaitForOperation"
      )
      assert.deepStrictEqual(executions.map(({ replies }) => replies.length), [1])
      assert.strictEqual(http.cancels(), 0)
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
