import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, type MockHttp, mockHttp, seconds, silentAfter } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { every } from "./support/time.js"

describe("close", () => {
  const endings: ReadonlyArray<readonly [string, () => MockHttp, "get" | "wait", number]> = [
    ["a wait that sleeps", () => inOrder(pending), "wait", 0],
    ["a wait that sleeps after a failure", () => inOrder(unavailable), "wait", 0],
    ["a wait with an exchange in flight", () => silentAfter(), "wait", 1],
    ["a get in flight", () => silentAfter(), "get", 1]
  ]
  for (const [what, mock, call, aborts] of endings) {
    it.scoped(`fails ${what} at once with Closed`, () =>
      Effect.gen(function*() {
        const http = mock()
        const operations = yield* service(http)
        const fiber = yield* Effect.fork(operations[call](name))
        yield* TestClock.adjust(0)
        yield* operations.close
        const error = yield* httpError(Fiber.join(fiber))
        assert.strictEqual(error.reason, "Closed")
        assert.isFalse(error.isTransient)
        assert.include(error.message, "GET /v1/operations/x")
        assert.strictEqual(http.aborts(), aborts)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(seconds(http), [0])
      }))
  }

  it.scoped("fails a request whose body is in flight", () =>
    Effect.gen(function*() {
      let isCancelled = false
      const body = new ReadableStream({ cancel: () => void (isCancelled = true) })
      const operations = yield* service(inOrder(() => new Response(body)))
      const fiber = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(0)
      yield* operations.close
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      yield* TestClock.adjust(0)
      assert.isTrue(isCancelled)
    }))

  it.scoped("makes all later calls fail, and can be run several times", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      yield* Effect.all([operations.close, operations.close], { concurrency: "unbounded" })
      yield* operations.close
      const calls = [operations.get(name), operations.wait(name), operations.wait(Operation.pending({ name }))]
      for (const call of calls) {
        assert.strictEqual((yield* httpError(call)).reason, "Closed")
      }
      assert.strictEqual(http.times.length, 0)
    }))

  it.effect("runs at the end of the scope of make and of layer", () =>
    Effect.gen(function*() {
      const http = silentAfter(pending)
      const built = Layer.build(OperationsService.layer({ schedule: every("1 second") })).pipe(
        Effect.map(Context.get(OperationsService.OperationsService)),
        Effect.provide(http.layer)
      )
      for (const make of [service(http, { schedule: every("1 second") }), built]) {
        const scope = yield* Scope.make()
        const operations = yield* Scope.extend(make, scope)
        const fiber = yield* Effect.fork(operations.wait(name))
        yield* TestClock.adjust("1 second")
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
        assert.strictEqual((yield* httpError(operations.get(name))).reason, "Closed")
      }
      assert.strictEqual(http.aborts(), 2)
    }))

  it.scoped("cannot be interrupted, and does not wait for a request that cannot be interrupted", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const http = mockHttp(() => Effect.uninterruptible(Effect.as(Deferred.await(gate), succeeded())))
      const operations = yield* service(http)
      const call = yield* Effect.fork(operations.get(name))
      yield* TestClock.adjust(0)
      const closing = yield* Effect.fork(operations.close)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(closing)
      // It has run to its end all the same.
      const ended = yield* Fiber.poll(call)
      assert(ended._tag === "Some" && Exit.isFailure(ended.value))
      assert.strictEqual((yield* httpError(Fiber.join(call))).reason, "Closed")
      yield* operations.close
      yield* Deferred.succeed(gate, undefined)
    }))

  it.scoped("does not affect other services over the same client", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const [one, other] = [yield* service(http), yield* service(http)]
      yield* one.close
      assert.isTrue(HttpError.isHttpError(yield* Effect.flip(one.get(name))))
      assert.strictEqual((yield* other.get(name))._tag, "Succeeded")
    }))
})
