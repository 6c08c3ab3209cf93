/**
 * Schedules that determine the delays between polls.
 *
 * A wait accepts any `Schedule`. The schedules in this module support jitter, keep each delay below an upper limit, and
 * can be combined with Effect's schedules. Their output is the delay before the next poll. If an option is out of
 * range, the functions throw a `RangeError`.
 *
 * @since 0.1.0
 * @module
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"

const millis = (name: string, input: Duration.DurationInput): number => {
  const value = Duration.toMillis(input)
  if (!(value > 0 && value < Infinity)) throw new RangeError(`Polling: ${name} must be a finite duration above zero`)
  return value
}

const checked = (name: string, value: number, min: number, max: number): number => {
  if (!(value >= min && value <= max)) throw new RangeError(`Polling: ${name} must be from ${min} to ${max}`)
  return value
}

interface State {
  readonly start: number
  readonly step: number
}

// Makes a schedule that never ends. `delay` computes the next delay, in milliseconds, from the time waited so far and
// the step number.
const fromDelay = (
  jitter: number,
  max: number,
  delay: (elapsed: number, step: number) => number
): Schedule.Schedule<Duration.Duration> =>
  Schedule.makeWithState<State | undefined, unknown, Duration.Duration>(
    undefined,
    (now, _, state) => {
      const { start, step } = state ?? { start: now, step: 0 }
      const middle = Math.min(max / (1 + jitter), delay(now - start, step))
      const after = (random: number): readonly [State, Duration.Duration, ScheduleDecision.ScheduleDecision] => {
        const next = Math.max(1, Math.round(middle * (1 + jitter * (2 * random - 1))))
        return [
          { start, step: step + 1 },
          Duration.millis(next),
          ScheduleDecision.continueWith(ScheduleInterval.after(now + next))
        ]
      }
      // Without jitter, no random number is needed, so the step needs no effect.
      return jitter === 0 ? Exit.succeed(after(0.5)) : Effect.map(Random.next, after)
    }
  )

/**
 * A schedule in which the delays grow exponentially. The first delay is `initial`, and each subsequent delay is
 * `factor` times the previous one, up to `max`. The schedule never ends.
 *
 * Each delay is a random value within ±`jitter` of the computed delay (0.2: ±20 %). The jitter spreads out the polls of
 * concurrent waits. No delay is longer than `max`, even with jitter. To keep jittered delays within `max`, the mean
 * delay levels off at `max` / (1 + `jitter`).
 *
 * Defaults: `initial` 1 second, `factor` 1.5, `max` 30 seconds, `jitter` 0.2.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // At most 20 more polls after the first:
 * const schedule = Polling.exponential({ initial: "500 millis", max: "10 seconds" }).pipe(
 *   Schedule.intersect(Schedule.recurs(20))
 * )
 * ```
 */
export const exponential = (options?: {
  /** The first delay, before jitter. */
  readonly initial?: Duration.DurationInput | undefined
  /** The factor by which each delay grows, from 1 to 1000. */
  readonly factor?: number | undefined
  /** The maximum delay, after jitter. */
  readonly max?: Duration.DurationInput | undefined
  /** The jitter, as a fraction of the delay, from 0 to 1. */
  readonly jitter?: number | undefined
}): Schedule.Schedule<Duration.Duration> => {
  const initial = millis("initial", options?.initial ?? "1 second")
  const factor = checked("factor", options?.factor ?? 1.5, 1, 1000)
  const max = millis("max", options?.max ?? "30 seconds")
  return fromDelay(
    checked("jitter", options?.jitter ?? 0.2, 0, 1),
    max,
    (_, step) => Math.min(max, initial * factor ** step)
  )
}

/**
 * A schedule in which each delay is a fraction of the time waited so far, clamped to the range `min` to `max`. The
 * schedule never ends.
 *
 * Until the delays reach `max`, the end of an operation is detected late by no more than roughly `fraction` × the
 * operation's duration, or `min` if that is longer. Each delay is a random value within ±`jitter` of the computed
 * delay. No delay is longer than `max`.
 *
 * Defaults: `fraction` 0.2, `min` 500 milliseconds, `max` 30 seconds, `jitter` 0.15.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Effect from "effect/Effect"
 *
 * // Polls about every 2 seconds at first. Detects the end late by at most about 5 % of the operation's duration or 2
 * // seconds, whichever is longer.
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", {
 *     schedule: Polling.proportional({ fraction: 0.05, min: "2 seconds", max: "5 minutes" })
 *   })
 * })
 * ```
 */
export const proportional = (options?: {
  /** The delay as a fraction of the time waited so far, from 0.001 to 1000. */
  readonly fraction?: number | undefined
  /** The minimum delay, before jitter. */
  readonly min?: Duration.DurationInput | undefined
  /** The maximum delay, after jitter. */
  readonly max?: Duration.DurationInput | undefined
  /** The jitter, as a fraction of the delay, from 0 to 1. */
  readonly jitter?: number | undefined
}): Schedule.Schedule<Duration.Duration> => {
  const fraction = checked("fraction", options?.fraction ?? 0.2, 0.001, 1000)
  const min = millis("min", options?.min ?? "500 millis")
  const max = millis("max", options?.max ?? "30 seconds")
  return fromDelay(
    checked("jitter", options?.jitter ?? 0.15, 0, 1),
    max,
    (elapsed) => Math.min(max, Math.max(min, fraction * elapsed))
  )
}

/**
 * A schedule with a constant interval. Each delay is a random value within ±`jitter` of `interval`. Default: `jitter`
 * 0. The schedule never ends.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // Polls every 2 seconds for a minute, then every 30 seconds:
 * const schedule = Polling.spaced("2 seconds").pipe(
 *   Schedule.upTo("1 minute"),
 *   Schedule.andThen(Polling.spaced("30 seconds", { jitter: 0.2 }))
 * )
 * ```
 */
export const spaced = (
  interval: Duration.DurationInput,
  options?: {
    /** The jitter, as a fraction of the delay, from 0 to 1. */
    readonly jitter?: number | undefined
  }
): Schedule.Schedule<Duration.Duration> => {
  const every = millis("interval", interval)
  return fromDelay(checked("jitter", options?.jitter ?? 0, 0, 1), Infinity, () => every)
}

/**
 * The default `schedule` for waits: {@link proportional} with its default options. It never ends.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // Polls with the same delays, for at most an hour:
 * const schedule = Polling.defaultSchedule.pipe(Schedule.upTo("1 hour"))
 * ```
 */
export const defaultSchedule: Schedule.Schedule<Duration.Duration> = proportional()

/**
 * The default `retrySchedule` for waits. It determines the delays after transient failures. The first delay is 1
 * second, and each subsequent delay is twice as long as the previous one, up to 30 seconds, with a jitter of ±20 %. The
 * schedule ends when consecutive failures have continued for five minutes.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // Uses the same delays, but the wait fails if the client cannot connect to the server:
 * const retrySchedule = Polling.retrySchedule.pipe(
 *   Schedule.whileInput((error: { readonly reason: string }) => error.reason !== "Transport")
 * )
 *
 * const layer = OperationsService.layer({ retrySchedule })
 * ```
 */
export const retrySchedule: Schedule.Schedule<Duration.Duration> = exponential({ factor: 2 }).pipe(
  Schedule.upTo("5 minutes")
)
