/**
 * Monotonic time, which is not affected by changes to the system time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * The longest delay that Effect's clock and Node's timers support, in ms (24.8 days). A longer delay either never ends
 * or ends immediately.
 *
 * @internal
 */
export const maxSleep = 2 ** 31 - 1

/**
 * The live clock, which tests do not replace.
 *
 * @internal
 */
export const liveClock: Clock.Clock = Clock.make()

/**
 * Returns a clock's monotonic time, in ms.
 *
 * @internal
 */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/**
 * Runs an effect with the live clock, even if the caller uses another clock.
 *
 * @internal
 */
export const onLiveClock: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.withClock(
  liveClock
)
