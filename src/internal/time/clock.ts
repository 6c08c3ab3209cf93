/**
 * Time as waits count it: by the clock that no change of the system's time moves.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * The longest sleep that Effect's clock and Node's timers wake from, in ms: 24.8 days.
 *
 * @internal
 */
export const maxSleep = 2 ** 31 - 1

/**
 * The monotonic time of a clock, in ms.
 *
 * @internal
 */
export const unsafeNow = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/**
 * The monotonic time, in ms.
 *
 * @internal
 */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.sync(() => unsafeNow(clock)))

/**
 * Runs an effect on the machine's clock, whatever the clock of its caller.
 *
 * @internal
 */
export const onLiveClock: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.withClock(
  Clock.make()
)
