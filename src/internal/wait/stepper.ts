/**
 * Takes one step of a schedule. `Schedule.driver` cannot be used, because it sleeps itself and reads the system time.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type { Caller, Interrupt } from "../caller.js"

/**
 * A schedule in progress. Its initial `state` is `schedule.initial`.
 *
 * @internal
 */
export interface Progress<In> {
  readonly schedule: Schedule.Schedule<unknown, In>
  state: unknown
}

type Step = readonly [state: unknown, output: unknown, decision: ScheduleDecision.ScheduleDecision]

/** @internal */
export const begin = <In>(schedule: Schedule.Schedule<unknown, In>): Progress<In> => ({
  schedule,
  state: schedule.initial
})

const delayOf = <In>(progress: Progress<In>, exit: Exit.Exit<Step>, now: number): Exit.Exit<number | undefined> => {
  try {
    return Exit.map(exit, ([state, _, decision]) => {
      progress.state = state
      return ScheduleDecision.isDone(decision)
        ? undefined
        : Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
    })
  } catch (defect) {
    // A custom schedule returned an invalid step.
    return Exit.die(defect)
  }
}

/**
 * Takes one step of a schedule. Passes on the delay in ms, or `undefined` if the schedule has ended. `now` is in ms
 * since the epoch.
 *
 * The schedule's effects run with the caller's runtime. Returns a function that interrupts them, or `undefined` if they
 * have already completed.
 *
 * @internal
 */
export const next = <In>(
  progress: Progress<In>,
  options: { readonly now: number; readonly input: In; readonly caller: Caller },
  onDelay: (exit: Exit.Exit<number | undefined>) => void
): Interrupt | undefined => {
  const { caller, input, now } = options
  const { schedule, state } = progress
  let step: Effect.Effect<Step>
  try {
    step = schedule.step(now, input, state)
  } catch (defect) {
    step = Exit.die(defect)
  }
  return caller.run(step, (exit) => onDelay(delayOf(progress, exit, now)))
}
