import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { withEmulator } from "./support/sockets.js"

const failureReason = <A, E>(exit: Exit.Exit<A, E>): unknown => {
  const failure = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : undefined
  return failure?._tag === "Some" ? (failure.value as { readonly reason?: unknown }).reason : undefined
}

describe("NodeOperations closes its sockets", () => {
  it.scopedLive("after 32 concurrent gets and close, the server counts no connection", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const operations = yield* NodeOperations.make({ api: emulator.api })
      yield* Effect.all(Array.from({ length: 32 }, () => operations.get("operations/a")), { concurrency: "unbounded" })
      const { openConnections } = yield* emulator.stats
      assert.isTrue(openConnections > 0 && openConnections <= 32)
      yield* operations.close
      yield* emulator.noConnections
      const error = yield* Effect.flip(operations.get("operations/a"))
      assert.strictEqual(error._tag === "HttpError" && error.reason, "Closed")
      assert.strictEqual((yield* emulator.stats).requests, 32)
    }))

  it.scopedLive("the pool keeps its connections alive and opens no more than `connections`", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const operations = yield* NodeOperations.make({ api: emulator.api, connections: 3 })
      const gets = Effect.all(Array.from({ length: 20 }, () => operations.get("operations/a")), {
        concurrency: "unbounded"
      })
      yield* gets
      yield* gets
      assert.strictEqual((yield* emulator.stats).openConnections, 3)
    }))

  it.scopedLive("a call in flight that completes within gracefulShutdownTimeout succeeds, and the layer's scope waits for it", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const scope = yield* Scope.make()
      const operations = yield* Scope.extend(NodeOperations.make({ api: emulator.api }), scope)
      const fiber = yield* Effect.fork(operations.get("operations/slower"))
      yield* emulator.requests(1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Pending")
      yield* emulator.noConnections
    }))

  it.scopedLive("new calls and sleeping waits fail at once, while requests in flight complete", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const operations = yield* NodeOperations.make({ api: emulator.api, gracefulShutdownTimeout: "10 seconds" })
      const sleeping = yield* Effect.fork(Effect.exit(operations.wait("operations/a")))
      const draining = yield* Effect.fork(Effect.exit(operations.wait("operations/slower")))
      yield* emulator.requests(2)
      yield* Effect.sleep("20 millis")
      const closing = yield* Effect.fork(operations.close)
      assert.strictEqual(failureReason(yield* Fiber.join(sleeping)), "Closed")
      assert.strictEqual(failureReason(yield* Effect.exit(operations.get("operations/a"))), "Closed")
      assert.isNull(closing.unsafePoll())
      // The poll of this one was answered with "pending"; there is no further one.
      assert.strictEqual(failureReason(yield* Fiber.join(draining)), "Closed")
      yield* Fiber.join(closing)
      yield* emulator.noConnections
      assert.strictEqual((yield* emulator.stats).requests, 2)
    }))

  it.scopedLive("calls that outlast gracefulShutdownTimeout fail with Closed; several calls of close are one close, even if interrupted", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const operations = yield* NodeOperations.make({ api: emulator.api, gracefulShutdownTimeout: "100 millis" })
      const fibers = yield* Effect.all(
        Array.from({ length: 8 }, (_, index) =>
          Effect.fork(
            Effect.exit(index % 2 === 0 ? operations.get("operations/slow") : operations.wait("operations/slow"))
          ))
      )
      // Four gets; the four waits share one request.
      yield* emulator.requests(5)
      const interrupted = yield* Effect.fork(operations.close)
      yield* Effect.yieldNow()
      yield* Effect.all([operations.close, operations.close, Fiber.interrupt(interrupted)], {
        concurrency: "unbounded"
      }).pipe(Effect.timeout("2 seconds"))
      for (const fiber of fibers) assert.strictEqual(failureReason(yield* Fiber.join(fiber)), "Closed")
      yield* emulator.noConnections
      yield* operations.close
    }))

  it.scopedLive("the end of the scope during a close waits for that close", () =>
    Effect.gen(function*() {
      const emulator = yield* withEmulator
      const exit = yield* Effect.gen(function*() {
        const operations = yield* NodeOperations.make({ api: emulator.api, gracefulShutdownTimeout: "100 millis" })
        const fiber = yield* Effect.forkDaemon(Effect.exit(operations.get("operations/slow")))
        yield* emulator.requests(1)
        yield* Effect.forkDaemon(operations.close)
        return fiber
      }).pipe(Effect.scoped, Effect.timeout("2 seconds"), Effect.flatMap(Fiber.join))
      assert.strictEqual(failureReason(exit), "Closed")
      yield* emulator.noConnections
    }))

  it.scopedLive("a server that stops fails the calls in flight, and close completes", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const emulator = yield* Scope.extend(withEmulator, scope)
      const operations = yield* NodeOperations.make({ api: emulator.api })
      const fiber = yield* Effect.fork(Effect.exit(operations.get("operations/slow")))
      yield* emulator.requests(1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(failureReason(yield* Fiber.join(fiber)), "Transport")
      yield* Effect.timeout(operations.close, "2 seconds")
    }))
})

it.scopedLive("a request that cannot be sent is InvalidRequest, and not transient", () =>
  Effect.gen(function*() {
    const { api } = yield* NodeOperationsEmulator.make()
    const operations = yield* NodeOperations.make({ api })
    const request = HttpClientRequest.post("/v1/accessPolicies").pipe(HttpClientRequest.setHeader("x", "a\nb"))
    const error = yield* Effect.flip(operations.start(request))
    assert.deepStrictEqual(error._tag === "HttpError" && [error.reason, error.isTransient], ["InvalidRequest", false])
  }))
