/**
 * Monotonic time, which a change of the system time does not affect.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * The longest delay that Effect's clock and Node's timers support, in ms (24.8 days). A longer delay never ends, or
 * ends immediately.
 *
 * @internal
 */
export const maxSleep = 2 ** 31 - 1

/**
 * The clock of the machine.
 *
 * @internal
 */
export const liveClock: Clock.Clock = Clock.make()

/**
 * The monotonic time of a clock, in ms.
 *
 * @internal
 */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/**
 * Runs an effect with the clock of the machine, even if the caller has another clock.
 *
 * @internal
 */
export const onLiveClock: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.withClock(
  liveClock
)
