import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { VirtualClock } from "./support/virtualClock.js"

// ---------------------------------------------------------------------------------------------------------------------
// Scripts and calls
// ---------------------------------------------------------------------------------------------------------------------

/** What the server has in mind for a poll. All times are in ms. */
interface Answer {
  readonly kind: "pending" | "succeeded" | "failed" | "transient" | "elsewhere" | "permanent" | "gone"
  readonly delay: number
  /** Which of the faults, how far the operation is, or the code that it failed with. */
  readonly variant: number
  /** In seconds; of what is pending, and of faults that can say it. */
  readonly retryAfter: number | undefined
}

type HttpStep = Extract<OperationsEmulator.Step, { readonly type: "http" }>

const googleFault = (status: number, code: string, reason?: string): HttpStep => ({
  type: "http",
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    error: {
      code: status,
      message: "no",
      status: code,
      details: reason === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }]
    }
  })
})

const transientFaults: ReadonlyArray<OperationsEmulator.Step> = [
  googleFault(503, "UNAVAILABLE"),
  { type: "http", status: 503, body: "<html>" },
  googleFault(429, "RESOURCE_EXHAUSTED"),
  { type: "http", status: 408 },
  googleFault(500, "INTERNAL"),
  { type: "http", status: 502 },
  googleFault(504, "DEADLINE_EXCEEDED"),
  googleFault(403, "PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED"),
  googleFault(499, "CANCELLED"),
  googleFault(409, "ABORTED"),
  { type: "cut", at: "beforeHeaders" },
  { type: "cut", at: "withinHeaders" },
  { type: "cut", at: "withinBody" }
]

/** Transient once the operation has been read. */
const faultsFromElsewhere: ReadonlyArray<HttpStep> = [
  { type: "http", status: 302, headers: { location: "/v1/operations/other" } },
  { type: "http", status: 200, body: "<html>" },
  { type: "http", status: 200, body: `{"name": "operations/0"` },
  { type: "http", status: 204 }
]

const permanentFaults: ReadonlyArray<HttpStep> = [
  googleFault(403, "PERMISSION_DENIED"),
  googleFault(400, "INVALID_ARGUMENT"),
  googleFault(429, "RESOURCE_EXHAUSTED", "RESOURCE_QUOTA_EXCEEDED"),
  { type: "http", status: 404, body: "<html>" },
  { type: "http", status: 200, body: "{}" }
]

const faultOf = ({ kind, variant }: Answer): OperationsEmulator.Step => {
  const faults = kind === "transient" ? transientFaults : kind === "elsewhere" ? faultsFromElsewhere : permanentFaults
  return faults[variant % faults.length]!
}

const metadata = (percent: number) => ({ "@type": "type.googleapis.com/example.Progress", percent })

const toStep = (answer: Answer): OperationsEmulator.Step => {
  const { delay, kind, retryAfter, variant } = answer
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }
  switch (kind) {
    case "pending":
      return { type: "pending", metadata: metadata(variant % 3), headers, delay }
    case "succeeded":
      return { type: "succeeded", metadata: metadata(100), delay }
    case "failed":
      return { type: "failed", error: { code: variant, message: "no" }, delay }
    case "gone":
      return { type: "gone", delay }
    case "transient":
    case "elsewhere":
    case "permanent": {
      const fault = faultOf(answer)
      return fault.type === "http" && kind !== "permanent"
        ? { ...fault, headers: { ...fault.headers, ...headers }, delay }
        : { ...fault, delay }
    }
  }
}

interface Pace {
  readonly kind: "fixed" | "exponential" | "proportional"
  readonly first: number
  readonly factor: number
  readonly max: number
  /** How many delays there are, if they end. */
  readonly recurs: number | undefined
}

const toSchedule = ({ factor, first, kind, max, recurs }: Pace): Schedule.Schedule<unknown> => {
  const endless = kind === "fixed"
    ? Polling.spaced(first)
    : kind === "exponential"
    ? Polling.exponential({ initial: first, factor, max, jitter: 0 })
    : Polling.proportional({ min: first, fraction: factor / 10, max, jitter: 0 })
  return recurs === undefined ? endless : Schedule.intersect(endless, Schedule.recurs(recurs))
}

interface Options {
  readonly schedule: Pace
  readonly retrySchedule: Pace
  readonly timeout: number | undefined
  readonly isKnown: boolean
}

const requestTimeout = 5_000
const maxServerDelay = 20_000

const answer = (kinds: ReadonlyArray<Answer["kind"]>): FastCheck.Arbitrary<Answer> =>
  FastCheck.record({
    kind: FastCheck.constantFrom(...kinds),
    delay: FastCheck.constantFrom(0, 0, 0, 250, 1_500, 8_000),
    variant: FastCheck.integer({ min: 0, max: 16 }),
    retryAfter: FastCheck.option(FastCheck.constantFrom(0, 1, 4, 15, 3_000_000), { nil: undefined, freq: 4 })
  })

const script = FastCheck.tuple(
  FastCheck.array(answer(["pending", "pending", "pending", "transient", "transient", "elsewhere"]), { maxLength: 10 }),
  answer(["succeeded", "succeeded", "failed", "pending", "transient", "elsewhere", "permanent", "gone"])
).map(([before, last]): Script => [...before, last])

type Script = ReadonlyArray<Answer>

const pace: FastCheck.Arbitrary<Pace> = FastCheck.record({
  kind: FastCheck.constantFrom("fixed", "exponential", "proportional"),
  first: FastCheck.integer({ min: 300, max: 6_000 }),
  factor: FastCheck.constantFrom(1, 1.5, 2, 3),
  max: FastCheck.integer({ min: 6_000, max: 30_000 }),
  recurs: FastCheck.option(FastCheck.integer({ min: 0, max: 12 }), { nil: undefined })
})

// Every wait ends: one whose script has no end gets a timeout.
const options: FastCheck.Arbitrary<Options> = FastCheck.record({
  schedule: pace,
  retrySchedule: pace,
  timeout: FastCheck.option(FastCheck.integer({ min: 0, max: 60_000 }), { nil: undefined, freq: 2 }),
  isKnown: FastCheck.boolean()
})

const withEnd = (script: Script, options: Options): Options => {
  const { delay, kind } = script.at(-1)!
  const goesOn = kind === "pending" || kind === "transient" || kind === "elsewhere" || delay > requestTimeout
  return goesOn && options.timeout === undefined
    ? { ...options, timeout: 45_000 }
    : options
}

// ---------------------------------------------------------------------------------------------------------------------
// What must come of it, told once more in another way: no fibers, no schedules, one loop over numbers
// ---------------------------------------------------------------------------------------------------------------------

interface Prediction {
  readonly end: "succeeded" | "failed" | "timeout" | "scheduleEnded" | "httpError"
  readonly detail: unknown
  readonly at: number
  readonly requests: ReadonlyArray<number>
  readonly states: Array<number>
}

// The delays of a pace, one after the other; none when they have ended.
const delays = ({ factor, first, kind, max, recurs }: Pace) => {
  let count = 0
  let begun: number | undefined
  return {
    again: () => {
      count = 0
      begun = undefined
    },
    next: (at: number): number | undefined => {
      begun ??= at
      const index = count++
      if (recurs !== undefined && index >= recurs) return undefined
      switch (kind) {
        case "fixed":
          return first
        case "exponential":
          return Math.round(Math.min(max, first * factor ** index))
        case "proportional":
          return Math.round(Math.min(max, Math.max(first, (factor / 10) * (at - begun))))
      }
    }
  }
}

const httpStatusOf = (answer: Answer): number | string => {
  if (answer.delay > requestTimeout) return "Timeout"
  if (answer.kind === "gone") return 404
  const fault = faultOf(answer)
  return fault.type === "http" ? fault.status : "Transport"
}

// What cannot be read is no response of the API, so its headers say nothing.
const canHint = (answer: Answer): boolean => {
  if (answer.kind === "pending") return true
  if (answer.kind !== "transient" && answer.kind !== "elsewhere") return false
  const fault = faultOf(answer)
  return fault.type === "http" && fault.status >= 300
}

const predict = (script: Script, options: Options): Prediction => {
  const deadline = options.timeout ?? Infinity
  const lastPoll = deadline - Math.min(1_000, deadline / 10)
  const schedule = delays(options.schedule)
  const retries = delays(options.retrySchedule)
  const requests: Array<number> = []
  const states: Array<number> = []
  let hasRead = false
  let at = 0
  const predicted = (end: Prediction["end"], detail?: unknown): Prediction => ({ end, detail, at, requests, states })

  // Time is in whole milliseconds, so the time of the last poll is rounded up.
  const pause = (millis: number): void => {
    const due = at + millis
    at = due > lastPoll && at < lastPoll ? Math.ceil(lastPoll) : Math.min(due, deadline)
  }

  if (deadline === 0) return predicted("timeout")
  if (options.isKnown) {
    states.push(-1)
    const delay = schedule.next(at)
    if (delay === undefined) return predicted("scheduleEnded")
    pause(delay)
  }
  while (at < deadline) {
    const answer = script[Math.min(requests.length, script.length - 1)]!
    requests.push(at)
    const isLate = answer.delay > requestTimeout
    at += Math.min(answer.delay, requestTimeout)
    // The poll in flight is aborted.
    if (at >= deadline) break
    const hint = canHint(answer) && !isLate ? Math.min(maxServerDelay, (answer.retryAfter ?? 0) * 1_000) : 0
    if (!isLate) {
      if (answer.kind === "succeeded") {
        states.push(100)
        return predicted("succeeded")
      }
      if (answer.kind === "failed") return predicted("failed", answer.variant)
    }
    if (!isLate && answer.kind === "pending") {
      hasRead = true
      retries.again()
      const percent = answer.variant % 3
      if (states.at(-1) !== percent) states.push(percent)
      const delay = schedule.next(at)
      if (delay === undefined) return predicted("scheduleEnded")
      pause(Math.max(delay, hint))
    } else {
      const mayAppear = answer.kind === "gone" && options.isKnown && !hasRead && at < 30_000
      const isTransient = isLate || answer.kind === "transient" || (answer.kind === "elsewhere" && hasRead) || mayAppear
      if (!isTransient) return predicted("httpError", httpStatusOf(answer))
      const delay = retries.next(at)
      if (delay === undefined) return predicted("httpError", httpStatusOf(answer))
      // The time in which it may still appear ends with a poll.
      pause(mayAppear && !isLate ? Math.min(Math.max(delay, hint), 30_000 - at) : Math.max(delay, hint))
    }
  }
  at = deadline
  return predicted("timeout")
}

// ---------------------------------------------------------------------------------------------------------------------
// What comes of it
// ---------------------------------------------------------------------------------------------------------------------

type Failure = OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
type Result = Either.Either<Operation.Succeeded, Failure>

const ending = (result: Result): Pick<Prediction, "end" | "detail"> => {
  if (Either.isRight(result)) return { end: "succeeded", detail: undefined }
  const error = result.left
  switch (error._tag) {
    case "OperationError":
      return { end: "failed", detail: error.status.code }
    case "WaitTimeoutError":
      return { end: error.reason === "Timeout" ? "timeout" : "scheduleEnded", detail: undefined }
    case "HttpError":
      return { end: "httpError", detail: error.httpStatus ?? error.reason }
  }
}

// A script whose last answer is a fault or "gone" gives it for ever, as any last step.
const world = (scripts: ReadonlyArray<Script>) =>
  Effect.gen(function*() {
    const clock = new VirtualClock()
    const emulator = OperationsEmulator.make()
    const times = new Map<string, Array<number>>()
    const inFlight = new Map<string, number>()
    let mostAtATime = 0
    const http = HttpClient.transform(emulator.httpClient, (effect, request) =>
      Effect.suspend(() => {
        const name = new URL(request.url).pathname.slice("/v1/".length)
        times.set(name, [...times.get(name) ?? [], clock.unsafeCurrentTimeMillis()])
        const count = (inFlight.get(name) ?? 0) + 1
        inFlight.set(name, count)
        mostAtATime = Math.max(mostAtATime, count)
        return Effect.ensuring(effect, Effect.sync(() => inFlight.set(name, inFlight.get(name)! - 1)))
      }))
    for (const [index, script] of scripts.entries()) {
      const [first, ...rest] = script.map(toStep)
      yield* Effect.withClock(emulator.script(nameOf(index), [first!, ...rest]), clock)
    }
    const service = yield* Effect.withClock(
      Effect.provideService(
        OperationsService.make({
          api: GoogleApi.make({ baseUrl: "http://localhost:1", version: "v1" }),
          requestTimeout,
          maxServerDelay
        }),
        HttpClient.HttpClient,
        http
      ),
      clock
    )
    return {
      clock,
      service,
      timesOf: (index: number): ReadonlyArray<number> => times.get(nameOf(index)) ?? [],
      mostAtATime: () => mostAtATime,
      /** Runs on that clock until it has ended, and goes on for an hour to see what is left behind. */
      run: <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(Effect.withClock(
            Effect.zip(effect, Effect.suspend(() => clock.currentTimeMillis)),
            clock
          ))
          yield* clock.pass(3_600_000)
          assert.isNotNull(fiber.unsafePoll(), "it has ended")
          assert.strictEqual([...inFlight.values()].reduce((sum, count) => sum + count, 0), 0, "requests in flight")
          return yield* Fiber.join(fiber)
        })
    }
  })

const nameOf = (index: number): string => `operations/${index}`

const from = (index: number, { isKnown }: Options): OperationsService.Waitable =>
  isKnown ? Operation.pending({ name: nameOf(index), metadata: metadata(-1) }) : nameOf(index)

const waitOptions = ({ retrySchedule, schedule, timeout }: Options): OperationsService.WaitOptions => ({
  schedule: toSchedule(schedule),
  retrySchedule: toSchedule(retrySchedule),
  timeout
})

/** The three ways to wait for the first operation; `waitAll` does it twice. */
const follow = (
  service: OperationsService.Service,
  how: "wait" | "updates" | "waitAll",
  options: OperationsService.WaitOptions
): Effect.Effect<Operation.Pending | Operation.Succeeded, Failure> => {
  switch (how) {
    case "wait":
      return service.wait(nameOf(0), options)
    case "updates":
      return Effect.flatMap(Stream.runLast(service.updates(nameOf(0), options)), Effect.orDie)
    case "waitAll":
      return Effect.flatMap(Stream.runCollect(service.waitAll([nameOf(0), nameOf(0)], options)), (outcomes) => {
        assert.strictEqual(Chunk.size(outcomes), 2)
        return Effect.map(Effect.all(Chunk.map(outcomes, ({ result }) => result)), ([first]) => first!)
      })
  }
}

const runs = (numRuns: number) => ({ fastCheck: { numRuns }, timeout: 30_000 })

describe("for any script", () => {
  it.effect.prop("wait ends as the script defines, after the polls that the schedules define", { script, options }, ({
    options: drawn,
    script
  }) =>
    Effect.scoped(Effect.gen(function*() {
      const options = withEnd(script, drawn)
      const predicted = predict(script, options)
      const { mostAtATime, run, service, timesOf } = yield* world([script])
      const [result, at] = yield* run(Effect.either(service.wait(from(0, options), waitOptions(options))))
      assert.deepStrictEqual(ending(result), { end: predicted.end, detail: predicted.detail })
      assert.deepStrictEqual(timesOf(0), predicted.requests)
      assert.strictEqual(at, predicted.at)
      assert.isAtMost(mostAtATime(), 1)
      if (Either.isLeft(result) && result.left._tag === "WaitTimeoutError") {
        assert.strictEqual(result.left.polls, predicted.requests.length)
        assert.strictEqual(Duration.toMillis(result.left.elapsed), predicted.at)
      }
      if (options.timeout !== undefined) {
        assert.isAtMost(at, options.timeout)
        for (const time of timesOf(0)) assert.isBelow(time, options.timeout)
      }
    })), runs(100))

  it.effect.prop(
    "updates agrees with wait, and emits each change once",
    { script, options },
    ({ options: drawn, script }) =>
      Effect.scoped(Effect.gen(function*() {
        const options = withEnd(script, drawn)
        const predicted = predict(script, options)
        const { mostAtATime, run, service, timesOf } = yield* world([script])
        const seen: Array<Operation.Pending | Operation.Succeeded> = []
        const [result, at] = yield* run(
          service.updates(from(0, options), waitOptions(options)).pipe(
            Stream.runForEach((operation) => Effect.sync(() => seen.push(operation))),
            Effect.either
          )
        )
        const last = seen.at(-1)
        const wait: Result = Either.flatMap(result, () => {
          assert(last !== undefined && last._tag === "Succeeded", "the last element is the end")
          return Either.right(last)
        })
        assert.deepStrictEqual(ending(wait), { end: predicted.end, detail: predicted.detail })
        assert.deepStrictEqual(timesOf(0), predicted.requests)
        assert.strictEqual(at, predicted.at)
        assert.isAtMost(mostAtATime(), 1)
        assert.deepStrictEqual(seen.map(({ metadata }) => metadata?.["percent"]), predicted.states)
        for (const operation of seen.slice(0, -1)) assert.strictEqual(operation._tag, "Pending")
      })),
    runs(100)
  )

  it.effect.prop("waitAll agrees with wait for each of them", {
    scripts: FastCheck.array(script, { minLength: 1, maxLength: 5 }),
    options
  }, ({ options: drawn, scripts }) =>
    Effect.scoped(Effect.gen(function*() {
      const options = scripts.reduce((options, script) => withEnd(script, options), drawn)
      const { mostAtATime, run, service, timesOf } = yield* world(scripts)
      const operations = scripts.map((_, index) => from(index, options))
      const ended: Array<readonly [number, number]> = []
      const [outcomes] = yield* run(
        service.waitAll(operations, waitOptions(options)).pipe(
          Stream.tap(({ operation }) =>
            Effect.map(Clock.currentTimeMillis, (at) => ended.push([operations.indexOf(operation), at]))
          ),
          Stream.runCollect
        )
      )
      assert.strictEqual(Chunk.size(outcomes), scripts.length)
      assert.isAtMost(mostAtATime(), 1)
      for (const { operation, result } of outcomes) {
        const index = operations.indexOf(operation)
        const predicted = predict(scripts[index]!, options)
        assert.deepStrictEqual(ending(result), { end: predicted.end, detail: predicted.detail })
        assert.deepStrictEqual(timesOf(index), predicted.requests)
        assert.deepStrictEqual(ended.filter(([of]) => of === index), [[index, predicted.at]])
      }
    })), runs(40))

  it.effect.prop("the same random numbers lead to the same polls, within the limits of the default schedules", {
    script: FastCheck.array(answer(["pending", "pending", "transient"]), { minLength: 3, maxLength: 12 }),
    seed: FastCheck.integer()
  }, ({ script, seed }) =>
    Effect.gen(function*() {
      const end: Answer = { kind: "succeeded", delay: 0, variant: 0, retryAfter: undefined }
      const once = Effect.scoped(Effect.gen(function*() {
        const { run, service, timesOf } = yield* world([[...script, end]])
        yield* run(Effect.withRandom(service.wait(nameOf(0)), Random.make(seed)))
        return timesOf(0)
      }))
      const first = yield* once
      assert.strictEqual(first.length, script.length + 1)
      for (const [index, answer] of script.entries()) {
        const took = Math.min(answer.delay, requestTimeout)
        const gap = first[index + 1]! - first[index]! - took
        assert.isAtLeast(gap, 425)
        assert.isAtMost(gap, 30_000)
      }
      assert.deepStrictEqual(yield* once, first)
    }), runs(40))

  it.effect.prop("waits for one operation share its polls, and each has its own timeout and interruption", {
    steps: FastCheck.array(answer(["pending", "pending", "transient"]), { maxLength: 8 }),
    waiters: FastCheck.array(
      FastCheck.record({
        how: FastCheck.constantFrom("wait" as const, "updates" as const, "waitAll" as const),
        start: FastCheck.integer({ min: 0, max: 10_000 }),
        interval: FastCheck.integer({ min: 300, max: 8_000 }),
        timeout: FastCheck.option(FastCheck.integer({ min: 0, max: 20_000 }), { nil: undefined }),
        interrupt: FastCheck.option(FastCheck.integer({ min: 0, max: 15_000 }), { nil: undefined })
      }),
      { minLength: 2, maxLength: 5 }
    )
  }, ({ steps, waiters }) =>
    Effect.scoped(Effect.gen(function*() {
      const end: Answer = { kind: "succeeded", delay: 100, variant: 0, retryAfter: undefined }
      const script = [...steps.map((step) => ({ ...step, retryAfter: undefined })), end]
      const { mostAtATime, run, service, timesOf } = yield* world([script])
      const [ended] = yield* run(Effect.forEach(waiters, ({ how, interrupt, interval, start, timeout }) =>
        Effect.gen(function*() {
          yield* Effect.sleep(start)
          const fiber = yield* Effect.fork(follow(service, how, {
            schedule: Polling.spaced(interval),
            retrySchedule: Polling.spaced(interval),
            timeout
          }))
          if (interrupt !== undefined) yield* Effect.fork(Effect.delay(Fiber.interruptFork(fiber), interrupt))
          const exit = yield* Fiber.await(fiber)
          const at = yield* Clock.currentTimeMillis
          return { exit, at, start, timeout, interrupt }
        }), { concurrency: "unbounded" }))
      assert.isAtMost(mostAtATime(), 1)
      const last = timesOf(0).at(-1)!
      for (const { at, exit, interrupt, start, timeout } of ended) {
        if (interrupt !== undefined) {
          assert.isAtMost(at, start + interrupt, "an interruption is immediate")
        }
        if (timeout !== undefined) {
          assert.isAtMost(at, start + timeout, "a timeout is kept")
        }
        if (exit._tag === "Success") {
          assert.strictEqual(exit.value._tag, "Succeeded")
        } else if (exit.cause._tag === "Fail") {
          assert.strictEqual(exit.cause.error._tag, "WaitTimeoutError")
          assert.isDefined(timeout)
          assert.isAtLeast(at, start + timeout!, "and the wait does not give up early")
        } else {
          assert.isDefined(interrupt)
          assert.strictEqual(at, start + interrupt!)
        }
      }
      assert.isAtMost(
        last,
        Math.max(...ended.map(({ at }) =>
          at
        )),
        "no request after the last end"
      )
    })), runs(60))
})
