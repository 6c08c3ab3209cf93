// The system clock is set, or stands still, while waits are in progress. Times are monotonic.
import { assert, describe, it, vi } from "@effect/vitest"
import type * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { googleError, name, pending, succeeded, unavailable } from "./support/answers.js"
import { mockHttp } from "./support/http.js"
import { idOf, names, pending as pendingOf, succeeded as succeededOf } from "./support/many.js"
import { httpError, service } from "./support/service.js"
import { VirtualClock } from "./support/virtualClock.js"

// Thousands of polls take a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const tenMinutes = 10 * minute

type WaitEffect = Effect.Effect<
  Operation.Pending | Operation.Succeeded,
  OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
>

/** The ways to wait for one operation. */
const ways: Record<
  string,
  (
    service: OperationsService.Service,
    operation: OperationsService.Waitable,
    options?: OperationsService.WaitOptions
  ) => WaitEffect
> = {
  wait: (service, operation, options) => service.wait(operation, options),
  updates: (service, operation, options) =>
    Effect.flatMap(Stream.runLast(service.updates(operation, options)), Effect.orDie),
  waitAll: (service, operation, options) =>
    Effect.flatMap(
      Stream.runCollect(service.waitAll([operation], options)),
      (outcomes) => Chunk.unsafeHead(outcomes).result
    )
}

/** What happens to the clock, and when. */
interface Event {
  readonly at: number
  readonly happens: (clock: VirtualClock) => void
}

const setBy = (at: number, millis: number): Event => ({ at, happens: (clock) => clock.setSystemClock(millis) })
const stopFor = (at: number, millis: number): Event => ({ at, happens: (clock) => clock.stop(millis) })

/**
 * Runs a program against a server that answers by the monotonic time, 200 ms later, until `end`. Gives the end of the program
 * and the time of every request.
 */
const play = <A, E>(
  use: (operations: OperationsService.Service, clock: VirtualClock) => Effect.Effect<A, E>,
  setting: {
    readonly respond: (time: number, name: string) => Response
    readonly events?: ReadonlyArray<Event>
    readonly options?: OperationsService.Options
    readonly delay?: number
    readonly end?: number
  }
) =>
  Effect.scoped(Effect.gen(function*() {
    const clock = new VirtualClock()
    // A real date, and one at which no schedule has a boundary.
    clock.setSystemClock(Date.UTC(2026, 10, 23, 10, 7, 3, 500))
    const times: Array<number> = []
    const http = mockHttp((request) => {
      times.push(clock.time)
      const answer = Effect.suspend(() => Effect.succeed(setting.respond(clock.time, idOf(request.url))))
      return Effect.delay(answer, setting.delay ?? 200)
    })
    const operations = yield* service(http, setting.options)
    const program = Effect.map(Effect.exit(use(operations, clock)), (exit) => ({ exit, at: clock.time }))
    const fiber = yield* program.pipe(Effect.withClock(clock), Effect.withRandom(Random.make("clock")), Effect.fork)
    for (const { at, happens } of setting.events ?? []) {
      yield* clock.pass(at - clock.time)
      happens(clock)
    }
    yield* clock.pass((setting.end ?? 2 * hour) - clock.time)
    const ended = fiber.unsafePoll()
    assert(ended?._tag === "Success", "it has ended")
    assert.strictEqual(clock.sleeping, 0, "nothing sleeps after the end")
    return { ...ended.value, times }
  }))

const doneAt = (end: number) => (time: number): Response => time < end ? pending() : succeeded()

const schedules: Record<string, Schedule.Schedule<unknown>> = {
  "the default": Polling.defaultSchedule,
  "Polling.exponential": Polling.exponential(),
  "Polling.proportional": Polling.proportional({ fraction: 0.1 }),
  "Polling.spaced": Polling.spaced("20 seconds", { jitter: 0.2 }),
  "Schedule.spaced": Schedule.spaced("20 seconds"),
  "Schedule.upTo(1 hour)": Schedule.spaced("20 seconds").pipe(Schedule.upTo("1 hour")),
  "Schedule.fixed": Schedule.fixed("20 seconds"),
  "Schedule.windowed": Schedule.windowed("20 seconds"),
  "Schedule.cron": Schedule.cron("* * * * *", "UTC"),
  "Schedule.secondOfMinute": Schedule.secondOfMinute(30),
  "Schedule.during and andThen": Schedule.spaced("5 seconds").pipe(
    Schedule.upTo("5 minutes"),
    Schedule.andThen(Schedule.spaced("30 seconds"))
  ),
  "Schedule.resetAfter": Schedule.exponential("2 seconds").pipe(Schedule.resetAfter("3 minutes"))
}

const changes: Record<string, ReadonlyArray<Event>> = {
  "back by an hour while it sleeps": [setBy(125_430, -hour)],
  "forward by an hour while it sleeps": [setBy(125_430, hour)],
  "back by an hour, then forward by two, each during a request": [setBy(100, -hour), setBy(260_100, 2 * hour)],
  "back and forth again and again": Array.from(
    { length: 20 },
    (_, index) => setBy(29_100 * (index + 1), index % 2 === 0 ? -hour : hour)
  ),
  "forward by a year, then back by two": [setBy(minute, 8_766 * hour), setBy(2 * minute, -2 * 8_766 * hour)]
}

describe("a change of the system clock", () => {
  for (const [which, schedule] of Object.entries(schedules)) {
    it.effect(`changes no poll of ${which}`, () =>
      Effect.gen(function*() {
        const use = (operations: OperationsService.Service) => operations.wait(name, { schedule })
        const undisturbed = yield* play(use, { respond: doneAt(tenMinutes) })
        assert.strictEqual(undisturbed.exit._tag, "Success")
        assert.isAbove(undisturbed.times.length, 5)
        for (const [what, events] of Object.entries(changes)) {
          const { at, exit, times } = yield* play(use, { respond: doneAt(tenMinutes), events })
          assert.strictEqual(exit._tag, "Success", what)
          assert.deepStrictEqual(times, undisturbed.times, what)
          assert.strictEqual(at, undisturbed.at, what)
        }
      }))
  }

  for (const [way, wait] of Object.entries(ways)) {
    it.effect(`changes no poll of ${way}, and keeps its timeout`, () =>
      Effect.gen(function*() {
        const use = (operations: OperationsService.Service) => wait(operations, name, { timeout: tenMinutes })
        const undisturbed = yield* play(use, { respond: () => pending() })
        for (const [what, events] of Object.entries(changes)) {
          const { at, exit, times } = yield* play(use, { respond: () => pending(), events })
          assert.deepStrictEqual(times, undisturbed.times, what)
          assert.strictEqual(at, tenMinutes, what)
          assert(exit._tag === "Failure" && exit.cause._tag === "Fail")
          const { error } = exit.cause
          assert(WaitTimeoutError.isWaitTimeoutError(error))
          assert.strictEqual(Duration.toMillis(error.elapsed), tenMinutes)
        }
      }))
  }

  const outages: Record<string, ReadonlyArray<Event>> = {
    ...changes,
    "forward by six minutes between two failures": [setBy(70_500, 6 * minute)]
  }
  for (const [length, end] of [[4 * minute, "Success"], [6 * minute, "Failure"]] as const) {
    it.effect(`does not change whether an outage ends a wait: one of ${length / minute} minutes`, () =>
      Effect.gen(function*() {
        const respond = (time: number) =>
          time < minute ? pending() : time < minute + length ? unavailable() : succeeded()
        const use = (operations: OperationsService.Service) =>
          operations.wait(name, { schedule: Polling.spaced("10 seconds") })
        const undisturbed = yield* play(use, { respond })
        for (const [what, events] of Object.entries(outages)) {
          const { at, exit, times } = yield* play(use, { respond, events })
          assert.strictEqual(exit._tag, end, what)
          assert.deepStrictEqual(times, undisturbed.times, what)
          assert.strictEqual(at, undisturbed.at, what)
        }
      }))
  }

  it.effect("does not change how long a new operation may be invisible", () =>
    Effect.gen(function*() {
      const notFound = () => googleError(404, "NOT_FOUND")
      for (const events of [[], [setBy(12_300, -hour)], [setBy(12_300, hour)]]) {
        const { at, times } = yield* play(
          (operations) =>
            httpError(operations.wait(Operation.pending({ name }), {
              schedule: Polling.spaced("10 seconds"),
              retrySchedule: Polling.spaced("10 seconds")
            })),
          { respond: notFound, events, delay: 0 }
        )
        assert.deepStrictEqual(times, [10 * second, 20 * second, 30 * second])
        assert.strictEqual(at, 30 * second)
      }
    }))

  it.effect("does not change when a request times out, nor when it is retried", () =>
    Effect.gen(function*() {
      const setting = { respond: () => pending(), delay: 24 * hour }
      for (const events of [[], [setBy(10 * second, -hour)], [setBy(10 * second, hour)]]) {
        const get = yield* play((operations) => httpError(operations.get(name)), { ...setting, events })
        assert.strictEqual(get.at, 30 * second)
        const wait = yield* play(
          (operations) =>
            Effect.flip(operations.wait(name, { retrySchedule: Polling.spaced("10 seconds"), timeout: "100 seconds" })),
          { ...setting, events }
        )
        assert.deepStrictEqual(wait.times, [0, 40 * second, 80 * second])
        assert.strictEqual(wait.at, 100 * second)
      }
    }))

  it.effect("does not change the pace of a budget", () =>
    Effect.gen(function*() {
      for (const events of [[], [setBy(5_500, -hour)], [setBy(5_500, hour)]]) {
        const { times } = yield* play(
          (operations) => Stream.runDrain(operations.waitAll(names(20))),
          {
            respond: (_, name) => succeededOf(name),
            events,
            options: { requestBudget: { perSecond: 1 } }
          }
        )
        assert.deepStrictEqual(times, Array.from({ length: 20 }, (_, index) => index * second))
      }
    }))

  it.effect("does not change a server delay in seconds, nor its limit", () =>
    Effect.gen(function*() {
      for (const events of [[], [setBy(5_500, -hour)], [setBy(5_500, hour)]]) {
        for (const [hint, delay] of [["40", 40 * second], ["90000", 5 * minute]] as const) {
          const { times } = yield* play(
            (operations) => operations.wait(name, { schedule: Polling.spaced("10 seconds") }),
            { respond: (time) => time < second ? pending({ "retry-after": hint }) : succeeded(), events, delay: 0 }
          )
          assert.deepStrictEqual(times, [0, delay])
        }
      }
    }))
})

describe("the deadline of a handle", () => {
  const waiting = (events: ReadonlyArray<Event>) =>
    play(
      (operations) =>
        Effect.gen(function*() {
          const handle = yield* operations.handle(name, { timeout: tenMinutes })
          yield* Effect.sleep(minute)
          return yield* Effect.flip(operations.wait(handle))
        }),
      { respond: () => pending(), events }
    )

  it.effect("is a time of the system clock, read when the wait begins", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* waiting([])).at, tenMinutes)
      assert.strictEqual((yield* waiting([setBy(30 * second, 4 * minute)])).at, 6 * minute)
      assert.strictEqual((yield* waiting([setBy(30 * second, -4 * minute)])).at, 14 * minute)
    }))

  it.effect("that has passed ends the wait at once, without a request", () =>
    Effect.gen(function*() {
      const { at, times } = yield* waiting([setBy(30 * second, hour)])
      assert.strictEqual(at, minute)
      assert.deepStrictEqual(times, [])
    }))

  it.effect("is not moved by a change of the system clock while the wait is in progress", () =>
    Effect.gen(function*() {
      for (const millis of [-hour, -4 * minute, 4 * minute, hour]) {
        assert.strictEqual((yield* waiting([setBy(3 * minute, millis)])).at, tenMinutes)
      }
    }))
})

describe("a process that was stopped", () => {
  for (const [which, schedule] of Object.entries(schedules)) {
    it.effect(`makes no burst of polls when it continues: ${which}`, () =>
      Effect.gen(function*() {
        const use = (operations: OperationsService.Service) => operations.wait(name, { schedule })
        const respond = doneAt(15 * minute)
        const undisturbed = yield* play(use, { respond })
        const { exit, times } = yield* play(use, { respond, events: [stopFor(125_430, 6 * minute)] })
        assert.strictEqual(exit._tag, "Success")
        assert.isAtMost(times.length, undisturbed.times.length)
        const goesOn = 125_430 + 6 * minute
        const soon = times.filter((time) => time >= goesOn && time < goesOn + 2 * second)
        assert.isAtMost(soon.length, 2, `polls at ${soon.join(", ")}`)
      }))
  }

  it.effect("ends a wait whose timeout has passed, without another poll", () =>
    Effect.gen(function*() {
      const { at, times } = yield* play(
        (operations) =>
          Effect.flip(operations.wait(name, { schedule: Polling.spaced("1 minute"), timeout: "5 minutes" })),
        { respond: () => pending(), events: [stopFor(90 * second, 6 * minute)], delay: 0 }
      )
      assert.deepStrictEqual(times, [0, minute])
      assert.strictEqual(at, 90 * second + 6 * minute)
    }))

  it.effect("polls many operations once each", () =>
    Effect.gen(function*() {
      const { times } = yield* play(
        (operations) => Stream.runDrain(operations.waitAll(names(50), { schedule: Schedule.spaced("10 seconds") })),
        {
          respond: (time, name) => time < 8 * minute ? pendingOf(name) : succeededOf(name),
          events: [stopFor(65 * second, 6 * minute)],
          delay: 0
        }
      )
      const goesOn = 65 * second + 6 * minute
      assert.strictEqual(times.filter((time) => time >= goesOn && time < goesOn + 4 * second).length, 50)
    }))
})
