// Durable waits in virtual time.
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import * as Workflow from "@effect/workflow/Workflow"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import { HttpError } from "effect-google-operations/HttpError"
import { OperationError } from "effect-google-operations/OperationError"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import { WaitTimeoutError } from "effect-google-operations/WaitTimeoutError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { createHash } from "node:crypto"
import { mockHttp } from "./http.js"
import { VirtualClock } from "./virtualClock.js"

export const name = "operations/a"

/** A workflow of a user, which waits for one operation. */
export const User = Workflow.make({
  name: "User",
  payload: {
    id: Schema.String,
    handle: OperationHandle.OperationHandle,
    onInterrupt: Schema.Literal("detach", "cancel")
  },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: Schema.Union(OperationError, WaitTimeoutError, HttpError, DurableOperations.WaitInterruptedError),
  annotations: Context.make(Workflow.CaptureDefects, false)
})

// The engine hashes its keys with the Web Crypto API, on another thread: virtual time would not wait for it.
export const hashAtOnce = (): void => {
  const { digest } = crypto.subtle
  beforeAll(() => {
    crypto.subtle.digest = (_, data) =>
      Promise.resolve(Uint8Array.from(createHash("sha256").update(Buffer.from(data as Uint8Array)).digest()).buffer)
  })
  afterAll(() => {
    crypto.subtle.digest = digest
  })
}

/** An API with one operation that is done after that time. It counts its requests. */
export const api = (options: {
  readonly doneAfter: Duration.DurationInput
  readonly end?: object
  readonly failing?: (now: number, url: string) => Response | undefined
}) => {
  const end = Duration.toMillis(options.doneAfter)
  let cancelledAt = Infinity
  let cancels = 0
  let starts = 0
  const http = mockHttp((request) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const failure = options.failing?.(now, request.url)
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

/** A test whose time passes as fast as it can. */
export const test = <E>(title: string, effect: () => Effect.Effect<void, E, Scope.Scope>) =>
  it.scopedLive(
    title,
    () => effect().pipe(Effect.withClock(new VirtualClock()), Effect.provide(Logger.minimumLogLevel(LogLevel.None))),
    // Hours of virtual time, on a busy machine.
    120_000
  )

export const pass = (duration: Duration.DurationInput) =>
  Effect.clockWith((clock) => {
    assert(clock instanceof VirtualClock)
    return clock.pass(Duration.toMillis(duration))
  })

/** How an effect ends within that time. */
export const within = <A, E, R>(duration: Duration.DurationInput, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* pass(duration)
    const exit = yield* Fiber.poll(fiber)
    assert(exit._tag === "Some", `it is not over after ${Duration.format(Duration.decode(duration))}`)
    return exit.value
  })

export const resultWithin = <A, E, R>(duration: Duration.DurationInput, effect: Effect.Effect<A, E, R>) =>
  Effect.flatten(within(duration, effect))
