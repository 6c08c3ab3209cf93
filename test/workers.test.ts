// Cloudflare Workers run many requests in one isolate. The timers and sockets of a request end with it.
import { afterEach, assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { name, pending, succeeded } from "./support/answers.js"
import { inOrder, mockHttp } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

// The request in which the code runs; none outside of requests.
let currentRequest: number | undefined

// As in workerd 1.20261117.
class WebSocketPair {
  readonly 0: { readonly readyState: number }

  constructor() {
    if (currentRequest === undefined) throw new Error("Disallowed operation called within global scope.")
    const madeIn = currentRequest
    this[0] = {
      get readyState() {
        if (currentRequest !== madeIn) throw new Error("Cannot perform I/O on behalf of a different request.")
        return 1
      }
    }
  }
}

afterEach(() => {
  currentRequest = undefined
  Reflect.deleteProperty(globalThis, "WebSocketPair")
})

const message =
  /^(?:GET|POST) \/v1\/operations\/\S+ was not sent: the OperationsService was created for a different request handled by this Worker\. Create one service per request\.?$/

it.scoped("a service can be used by one request only", () =>
  Effect.gen(function*() {
    Object.assign(globalThis, { WebSocketPair })
    const http = mockHttp(() => Effect.succeed(pending()))
    const operations = yield* service(http)
    currentRequest = 1
    yield* operations.get(name)
    yield* operations.get(name)
    currentRequest = 2
    const schedule = every("1 second")
    for (
      const call of [
        operations.get(name),
        operations.wait(name, { schedule }),
        Stream.runDrain(operations.updates(name, { schedule })),
        operations.cancel(name)
      ]
    ) {
      const error = yield* httpError(call)
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.match(error.message, message)
    }
    assert.strictEqual(http.requests.length, 2)
  }))

it.scoped("a call outside of requests does not make it the owner", () =>
  Effect.gen(function*() {
    Object.assign(globalThis, { WebSocketPair })
    const operations = yield* service(mockHttp(() => Effect.succeed(pending())))
    yield* operations.get(name)
    currentRequest = 1
    yield* operations.get(name)
  }))

it.scoped("the waits of one service continue when the timers of another have ended", () =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    // The timer of the first sleep belongs to a request that ends.
    let sleeps = 0
    const request: Clock.Clock = {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      sleep: (duration) => ++sleeps === 1 ? Effect.never : clock.sleep(duration),
      currentTimeMillis: clock.currentTimeMillis,
      currentTimeNanos: clock.currentTimeNanos,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos()
    }
    const options = { requestTimeout: "1 minute", schedule: every("10 seconds") } as const
    const first = yield* service(mockHttp(() => Effect.never), options)
    const second = yield* service(inOrder(() => pending(), () => succeeded()), options)
    const ended = yield* Effect.fork(Effect.withClock(first.get(name), request))
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual(sleeps, 1)
    const done = yield* after("10 seconds", Effect.withClock(second.wait(name), request))
    assert.strictEqual(done._tag, "Succeeded")
    yield* Fiber.interrupt(ended)
  }))
