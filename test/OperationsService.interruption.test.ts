import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, mockHttp, posts } from "./support/http.js"
import { collecting, doneAfter, names, scripted } from "./support/many.js"
import { Choices } from "./support/random.js"
import { apiWith, logging, service } from "./support/service.js"
import { after, every } from "./support/time.js"
import { VirtualClock } from "./support/virtualClock.js"

describe("a server-side wait whose first wait is interrupted while others join", () => {
  // Everything happens within one turn, in a random order.
  const play = (choices: Choices) =>
    Effect.scoped(Effect.gen(function*() {
      const clock = new VirtualClock()
      const responses: Array<Deferred.Deferred<Response>> = []
      let inFlight = 0
      let isDone = false
      const http = mockHttp(() =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            inFlight++
            const response = Deferred.unsafeMake<Response>(FiberId.none)
            if (isDone) Deferred.unsafeDone(response, Effect.succeed(succeeded()))
            responses.push(response)
            return response
          }),
          Deferred.await,
          () => Effect.sync(() => inFlight--)
        )
      )
      const operations = yield* service(http, { api: apiWith({ wait: choices.of(["body", "query"]) }) })
      const runtime = yield* Effect.withClock(Effect.runtime<never>(), clock)
      const options: OperationsService.WaitOptions = {
        schedule: every("1 second"),
        timeout: choices.of([undefined, "1 hour"])
      }
      const start = choices.of([
        () => Runtime.runFork(runtime)(operations.wait(name, options)),
        () => Runtime.runFork(runtime)(Stream.runLast(operations.updates(name, options))),
        () => Runtime.runFork(runtime)(Stream.runDrain(operations.waitAll([name, name], options)))
      ])
      const first = Runtime.runFork(runtime)(operations.wait(name, options))
      const joined: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
      const interrupted = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
      const interrupt = (fiber: Fiber.RuntimeFiber<unknown, unknown>): void => {
        if (fiber.unsafePoll() !== null) return
        interrupted.add(fiber)
        fiber.unsafeInterruptAsFork(FiberId.none)
      }
      const join = (): void => void joined.push(start())
      const actions = [
        () => interrupt(first),
        join,
        ...Array.from({ length: choices.below(4) }, () => join),
        ...Array.from({ length: choices.below(3) }, () => () => {
          if (joined.length > 0) interrupt(choices.of(joined))
        }),
        ...Array.from({ length: choices.below(2) }, () => () => {
          for (const response of responses) Deferred.unsafeDone(response, Effect.succeed(pending()))
        })
      ]
      for (const action of choices.shuffled(actions)) {
        action()
        if (choices.happens(0.2)) yield* Effect.yieldNow()
      }
      yield* clock.pass(0)
      assert.isAtMost(inFlight, 1, "polls in flight")
      if ([first, ...joined].every((fiber) => fiber.unsafePoll() !== null)) assert.strictEqual(inFlight, 0)
      isDone = true
      for (const response of responses) Deferred.unsafeDone(response, Effect.succeed(succeeded()))
      yield* clock.pass(2_000, "together")
      for (const fiber of [first, ...joined]) {
        const exit = fiber.unsafePoll()
        assert(exit !== null, "every wait has ended")
        if (interrupted.has(fiber) && Exit.isFailure(exit)) assert.isTrue(Cause.isInterruptedOnly(exit.cause))
        else assert.isTrue(Exit.isSuccess(exit), String(exit))
      }
      assert.strictEqual(inFlight, 0)
      assert.strictEqual(clock.sleeping, 0)
    }))

  for (let first = 0; first < 1_000; first += 250) {
    it.live(
      `ends every wait without a defect: orders ${first + 1} to ${first + 250}`,
      () =>
        Effect.gen(function*() {
          for (let seed = first + 1; seed <= first + 250; seed++) {
            const exit = yield* Effect.exit(play(new Choices(seed)))
            if (Exit.isFailure(exit)) assert.fail(`order ${seed}: ${Cause.pretty(exit.cause)}`)
          }
        }),
      30_000
    )
  }
})

describe("the cancel requests of an interrupted waitAll", () => {
  afterEach(() => void vi.restoreAllMocks())

  /** The clock of the machine, put forward by hand: timers of 1 to 10 seconds wait for that. */
  const liveClock = () => {
    const { setTimeout } = globalThis
    const start = process.hrtime.bigint()
    const timers: Array<() => void> = []
    let later = 0n
    vi.spyOn(process.hrtime, "bigint").mockImplementation(() => start + later)
    vi.spyOn(globalThis, "setTimeout").mockImplementation((callback, millis = 0, ...rest) => {
      if (millis < 1_000 || millis > 10_000) return setTimeout(callback, millis, ...rest)
      timers.push(callback)
      return setTimeout(() => {})
    })
    return {
      settle: Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20))),
      pass: (millis: number) =>
        Effect.sync(() => {
          later += BigInt(millis) * 1_000_000n
          for (const fire of timers.splice(0)) fire()
        })
    }
  }

  for (const count of [48, 1_000]) {
    it.scoped(`of ${count} operations, without a response, end together after 5 seconds`, () =>
      Effect.gen(function*() {
        const http = mockHttp((request) => request.method === "POST" ? Effect.never : Effect.sync(pending))
        const operations = yield* service(http, { schedule: every("1 hour") })
        const known = names(count).map((name) => Operation.pending({ name }))
        const lines: Array<string> = []
        const fiber = yield* Effect.fork(
          logging(lines, Stream.runDrain(operations.waitAll(known, { onInterrupt: "cancel" })))
        )
        yield* TestClock.adjust("5 seconds")
        const clock = liveClock()
        const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* clock.settle
        const sent = posts(http).length
        assert.strictEqual(sent, Math.min(count, 64))
        yield* clock.pass(2_000)
        yield* clock.settle
        assert.isNull(interruption.unsafePoll(), "within the 5 seconds they wait")
        yield* clock.pass(3_000)
        yield* clock.settle
        const exit = yield* Fiber.join(interruption)
        assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
        assert.strictEqual(posts(http).length, sent, "no cancel is sent after the 5 seconds")
        assert.strictEqual(http.aborts(), sent)
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], `WARN Could not cancel ${count} of ${count} operations.`)
      }))
  }

  it.scoped("at the timeout of 1,000 operations, which a silent server never answers, end together after 5 seconds", () =>
    Effect.gen(function*() {
      const http = mockHttp((request) => request.method === "POST" ? Effect.never : Effect.sync(pending))
      const operations = yield* service(http, { schedule: every("1 hour") })
      const known = names(1_000).map((name) => Operation.pending({ name }))
      const clock = liveClock()
      const options = { timeout: "10 seconds", onTimeout: "cancel" } as const
      const fiber = yield* Effect.fork(logging([], Stream.runCollect(operations.waitAll(known, options))))
      yield* TestClock.adjust("10 seconds")
      yield* clock.settle
      yield* clock.pass(4_000)
      yield* clock.settle
      assert.isNull(fiber.unsafePoll(), "within the 5 seconds they wait")
      yield* clock.pass(1_000)
      const outcomes = [...yield* Fiber.join(fiber)]
      assert.strictEqual(outcomes.length, 1_000)
      for (const { result } of outcomes) {
        assert(Either.isLeft(result) && result.left._tag === "WaitTimeoutError")
        assert.strictEqual(result.left.cancelError?.reason, "Timeout")
      }
      assert.strictEqual(http.aborts(), posts(http).length)
    }))

  it.scoped("are sent for each operation once, at most 64 at a time", () =>
    Effect.gen(function*() {
      let inFlight = 0
      let most = 0
      const http = mockHttp((request) =>
        request.method === "GET" ? Effect.sync(pending) : Effect.acquireUseRelease(
          Effect.sync(() => {
            most = Math.max(most, ++inFlight)
          }),
          () => Effect.as(Effect.yieldNow(), json({})),
          () => Effect.sync(() => inFlight--)
        )
      )
      const operations = yield* service(http, { schedule: every("1 hour") })
      const known = names(300).map((name) => Operation.pending({ name }))
      const lines: Array<string> = []
      const fiber = yield* Effect.fork(
        logging(lines, Stream.runDrain(operations.waitAll(known, { onInterrupt: "cancel" })))
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(posts(http).length, 300)
      assert.strictEqual(new Set(posts(http)).size, 300)
      assert.strictEqual(most, 64)
      assert.deepStrictEqual(lines, [])
    }))
})

describe("the error of a cancel request", () => {
  const refusing = () =>
    mockHttp((request) => Effect.sync(() => request.method === "POST" ? googleError(501, "UNIMPLEMENTED") : pending()))

  it.scoped("is `cancelError` of the WaitTimeoutError, and a warning", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(refusing(), { schedule: every("1 second") })
      const error = yield* Effect.flip(
        after("1 minute", logging(lines, operations.wait(name, { timeout: "5 seconds", onTimeout: "cancel" })))
      )
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.cancelError?.code, "UNIMPLEMENTED")
      assert.strictEqual(error.lastError, undefined)
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], `WARN Could not cancel operation ${name}. The operation may still be running.`)
    }))

  it.scoped("is absent if the request succeeds, or is not sent", () =>
    Effect.gen(function*() {
      for (const onTimeout of ["cancel", "detach"] as const) {
        const lines: Array<string> = []
        const http = mockHttp((request) => Effect.sync(() => request.method === "POST" ? json({}) : pending()))
        const operations = yield* service(http, { schedule: every("1 second") })
        const error = yield* Effect.flip(
          after("1 minute", logging(lines, operations.wait(name, { timeout: "5 seconds", onTimeout })))
        )
        assert(WaitTimeoutError.isWaitTimeoutError(error))
        assert.strictEqual(error.cancelError, undefined)
        assert.deepStrictEqual(lines, [])
      }
    }))

  it.scoped("is a warning when the wait was interrupted", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(refusing(), { schedule: every("1 second") })
      const fiber = yield* Effect.fork(logging(lines, operations.wait(name, { onInterrupt: "cancel" })))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "WARN Could not cancel")
      assert.include(lines[0], "UNIMPLEMENTED")
    }))

  it.scoped("of several operations is one warning that names them", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(refusing(), { schedule: every("1 second") })
      const fiber = yield* Effect.fork(
        logging(lines, Stream.runDrain(operations.waitAll(names(20), { onInterrupt: "cancel" })))
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "20 of 20 operations")
      assert.include(lines[0], "operations/0, operations/1,")
      assert.include(lines[0], "and 10 more")
    }))
})

describe("the first transient failure", () => {
  it.scoped("of a wait and the recovery from it are logged once, at info", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const http = inOrder(pending, unavailable, unavailable, pending, unavailable, succeeded)
      const operations = yield* service(http, { schedule: every("1 second"), retrySchedule: every("1 second") })
      yield* after("1 minute", logging(lines, operations.wait(name)))
      assert.strictEqual(lines.length, 2)
      assert.include(lines[0], `INFO Could not read operation ${name}`)
      assert.include(lines[0], "503")
      assert.strictEqual(lines[1], `INFO Operation ${name} was read again, after 2 failures within 2s.`)
    }))

  it.scoped("of updates is logged once, and a wait without a failure logs nothing", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const options: OperationsService.Options = { schedule: every("1 second"), retrySchedule: every("1 second") }
      const flaky = yield* service(inOrder(pending, unavailable, pending, unavailable, succeeded), options)
      yield* after("1 minute", logging(lines, Stream.runDrain(flaky.updates(name))))
      assert.strictEqual(lines.length, 2)
      const sound = yield* service(inOrder(pending, succeeded), options)
      yield* after("1 minute", logging(lines, sound.wait(name)))
      assert.strictEqual(lines.length, 2)
    }))

  it.scoped("of a waitAll is logged once for all its operations", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const http = scripted((name, polls) => polls < 2 ? unavailable() : doneAfter(3)(name, polls))
      const operations = yield* service(http, { schedule: every("1 second"), retrySchedule: every("1 second") })
      const seen: Array<string> = []
      yield* after("1 minute", logging(lines, collecting(seen, operations.waitAll(names(100)))))
      assert.strictEqual(seen.length, 100)
      assert.strictEqual(lines.length, 2)
    }))

  it.scoped("is not logged when it ends the wait", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(inOrder(() => googleError(403, "PERMISSION_DENIED")))
      yield* Effect.flip(logging(lines, operations.wait(name)))
      assert.deepStrictEqual(lines, [])
    }))
})
