/**
 * The polls of one wait: when the next one is due, what a failure means, when to give up.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import { OperationError } from "../OperationError.js"
import { WaitTimeoutError } from "../WaitTimeoutError.js"
import type { Snapshot } from "./response.js"

/** @internal */
export interface PollerOptions {
  readonly name: string
  readonly poll: Effect.Effect<Snapshot, HttpError.HttpError>
  readonly sleep: (millis: number) => Effect.Effect<void, HttpError.HttpError>
  /** The state that the caller already knows; without one the first poll is made at once. */
  readonly known: Operation.Pending | undefined
  readonly schedule: Schedule.Schedule<unknown, Operation.Pending>
  readonly transient: Schedule.Schedule<unknown, HttpError.HttpError>
  readonly timeout: Duration.Duration | undefined
  readonly maxHint: Duration.Duration
}

// A schedule that is stepped by hand: `Schedule.driver` sleeps on its own, and a sleep has to end at the deadline.
class Stepper<In> {
  private state: unknown
  private readonly schedule: Schedule.Schedule<unknown, In>
  constructor(schedule: Schedule.Schedule<unknown, In>) {
    this.schedule = schedule
    this.state = schedule.initial
  }
  reset(): void {
    this.state = this.schedule.initial
  }
  /** The delay that the schedule asks for, in ms; none when it has ended. */
  next(input: In): Effect.Effect<number | undefined> {
    return Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      return Effect.map(this.schedule.step(now, input, this.state), ([state, _, decision]) => {
        this.state = state
        return ScheduleDecision.isDone(decision)
          ? undefined
          : Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
      })
    })
  }
}

// The clock that no change of the system's time moves.
const now = Effect.clockWith((clock) => Effect.sync(() => Number(clock.unsafeCurrentTimeNanos()) / 1e6))

/**
 * Gives the next state of the operation, each time it is run, when it is due.
 *
 * @internal
 */
export const make = (
  options: PollerOptions
): Effect.Effect<
  Effect.Effect<Operation.Pending | Operation.Succeeded, OperationError | HttpError.HttpError | WaitTimeoutError>
> =>
  Effect.map(now, (start) => {
    const schedule = new Stepper(options.schedule)
    const transient = new Stepper(options.transient)
    const maxHint = Duration.toMillis(options.maxHint)
    const deadline = options.timeout === undefined ? Infinity : start + Duration.toMillis(options.timeout)
    let last = options.known
    let lastError: HttpError.HttpError | undefined
    let polls = 0
    // Set once a sleep was cut at the deadline: the poll after it is the last one.
    let isFinal = false
    // What the server asked for with its last answer, in ms.
    let hint: number | undefined
    // The schedule's last delay, when what followed was not its own doing (a hint, a failure). A schedule that is behind
    // its plan would catch up with a poll at once; it has to leave this time first.
    let owed = 0
    let ownDelay = 0

    const giveUp = (reason: "Timeout" | "ScheduleEnded", at: number) =>
      Effect.fail(
        new WaitTimeoutError({
          reason,
          operationName: options.name,
          last,
          elapsed: Duration.millis(Math.round(at - start)),
          polls,
          lastError
        })
      )

    const isOver = (at: number) => polls > 0 && (isFinal || at >= deadline)

    const pause = (delay: number): Effect.Effect<void, HttpError.HttpError> =>
      Effect.flatMap(now, (at) => {
        const wanted = Math.max(delay, Math.min(hint ?? 0, maxHint))
        const left = Math.max(0, deadline - at)
        isFinal = wanted >= left
        return options.sleep(isFinal ? Math.ceil(left) : wanted)
      })

    const afterPending = (operation: Operation.Pending) =>
      Effect.gen(function*() {
        const at = yield* now
        if (isOver(at)) return yield* giveUp("Timeout", at)
        const delay = yield* schedule.next(operation)
        if (delay === undefined) return yield* giveUp("ScheduleEnded", at)
        ownDelay = Math.max(delay, owed)
        owed = hint !== undefined && hint > ownDelay ? ownDelay : 0
        yield* pause(ownDelay)
      })

    const afterFailure = (failure: HttpError.HttpError) =>
      Effect.gen(function*() {
        if (!failure.isTransient) return yield* failure
        lastError = failure
        const at = yield* now
        if (isOver(at)) return yield* giveUp("Timeout", at)
        const delay = yield* transient.next(failure)
        if (delay === undefined) return yield* failure
        hint = failure.retryAfter === undefined ? undefined : Duration.toMillis(failure.retryAfter)
        owed = ownDelay
        yield* pause(delay)
      })

    return Effect.gen(function*() {
      if (last !== undefined) yield* afterPending(last)
      while (true) {
        const result = yield* Effect.either(options.poll)
        polls++
        if (result._tag === "Left") {
          yield* afterFailure(result.left)
          continue
        }
        transient.reset()
        const { operation, retryAfter } = result.right
        hint = retryAfter
        switch (operation._tag) {
          case "Pending":
            return last = operation
          case "Succeeded":
            return operation
          case "Failed":
            return yield* new OperationError({ operation })
        }
      }
    })
  })
