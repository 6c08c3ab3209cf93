/**
 * When to poll again: schedules to give to `wait`, and to compose with Effect's own.
 *
 * Any `Schedule` will do; these are bounded and jittered as polling wants it. Their output is the delay before the next
 * poll. An option out of its range throws a `RangeError`.
 *
 * @since 0.1.0
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

// A schedule without end whose next delay, in ms, comes from the time waited so far and the number of the step.
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
      // Without jitter the delay is known at once, which costs a wait less than an effect to run.
      return jitter === 0 ? Exit.succeed(after(0.5)) : Effect.map(Random.next, after)
    }
  )

/**
 * Waits `initial` before the next poll, then `factor` times as long each time, up to `max`.
 *
 * Each delay is spread evenly over ±`jitter` of itself (0.2: ±20 %), so that many waits do not poll in step; none is
 * longer than `max`, and once they have grown that far they are spread from `max` downwards. Defaults: `initial` 1 second,
 * `factor` 1.5, `max` 30 seconds, `jitter` 0.2. Never ends.
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
  /** The first delay. */
  readonly initial?: Duration.DurationInput | undefined
  /** What each delay is multiplied by, from 1 to 1000. */
  readonly factor?: number | undefined
  /** The longest delay. */
  readonly max?: Duration.DurationInput | undefined
  /** How far a delay is spread, as a share of itself, from 0 to 1. */
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
 * Waits a share of the time already waited: at least `min`, at most `max`.
 *
 * The delay between an operation's end and its detection is then a share of the operation's own duration, whether it
 * takes seconds or hours, which no fixed or exponential schedule gives. Each delay is spread evenly over ±`jitter` of
 * itself; none is longer than `max`. Defaults: `fraction` 0.2, `min` 500 milliseconds, `max` 30 seconds, `jitter` 0.15.
 * Never ends.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Effect from "effect/Effect"
 *
 * // Found some 5 % late at most, and polled every 2 seconds or so at first:
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", {
 *     schedule: Polling.proportional({ fraction: 0.05, min: "2 seconds", max: "5 minutes" })
 *   })
 * })
 * ```
 */
export const proportional = (options?: {
  /** The share of the time already waited, from 0.001 to 1000. */
  readonly fraction?: number | undefined
  /** The shortest delay, before it is spread. */
  readonly min?: Duration.DurationInput | undefined
  /** The longest delay. */
  readonly max?: Duration.DurationInput | undefined
  /** How far a delay is spread, as a share of itself, from 0 to 1. */
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
 * Waits the same time before every poll, spread evenly over ±`jitter` of itself. `jitter` defaults to 0. Never ends.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // Closely for a minute, then every half minute:
 * const schedule = Polling.spaced("2 seconds").pipe(
 *   Schedule.upTo("1 minute"),
 *   Schedule.andThen(Polling.spaced("30 seconds", { jitter: 0.2 }))
 * )
 * ```
 */
export const spaced = (
  interval: Duration.DurationInput,
  options?: {
    /** How far a delay is spread, as a share of itself, from 0 to 1. */
    readonly jitter?: number | undefined
  }
): Schedule.Schedule<Duration.Duration> => {
  const every = millis("interval", interval)
  return fromDelay(checked("jitter", options?.jitter ?? 0, 0, 1), Infinity, () => every)
}

/**
 * The schedule of every wait that is given no other: {@link proportional} with its defaults. Never ends.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // The same, with an end:
 * const schedule = Polling.defaultSchedule.pipe(Schedule.upTo("1 hour"))
 * ```
 */
export const defaultSchedule: Schedule.Schedule<Duration.Duration> = proportional()

/**
 * When a wait tries again after a transient failure, unless it is told otherwise: after 1 second, then twice as long each
 * time, up to 30 seconds, ±20 %; given up after five minutes of failing in a row.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Polling from "effect-google-operations/Polling"
 * import * as Schedule from "effect/Schedule"
 *
 * // The same, but for a server that is not there at all:
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
