// What the tests of `waitAll` by list share.
import type * as Operation from "effect-google-operations/Operation"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"

export const byList = { by: "list" } as const

/** Each time as often as told. */
export const repeated = (times: ReadonlyArray<number>, each: number): ReadonlyArray<number> =>
  times.flatMap((time) => Array<number>(each).fill(time))

/** Polls operations with an even number at the first interval, the others at the second. In seconds. */
export const evenAndOdd = (even: number, odd: number) =>
  Schedule.addDelay(
    Schedule.identity<Operation.Pending>(),
    ({ name }) => Duration.seconds(Number(name.split("/")[1]) % 2 === 0 ? even : odd)
  )

/** Runs a stream for that many seconds, and then interrupts it. */
export const during = <A, E, R>(seconds: number, waiting: Stream.Stream<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Stream.runDrain(waiting))
    yield* TestClock.adjust(seconds * 1000)
    yield* Fiber.interrupt(fiber)
  })
