/**
 * One wait as a state machine: when its next poll is due, what an answer means, when to give up. It neither sleeps nor
 * polls; whoever drives it does.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import { OperationError } from "../../OperationError.js"
import { WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { Snapshot } from "../http/response.js"
import { now } from "../time/clock.js"

interface WaitStateOptions {
  readonly name: string
  /** The state that the caller already knows; without one the first poll is due at once. */
  readonly known: Operation.Pending | undefined
  /** For how long NOT_FOUND means that the operation is not visible yet, in ms from the beginning. */
  readonly notFoundGraceMillis: number
  /** Whether the operation is from a handle, and so may have expired when it is NOT_FOUND. */
  readonly isFromHandle: boolean
  readonly schedule: Schedule.Schedule<unknown, Operation.Pending>
  readonly transient: Schedule.Schedule<unknown, HttpError.HttpError>
  /** In ms; Infinity for none. */
  readonly timeout: number
  /** In ms. */
  readonly maxHint: number
}

// A schedule that is stepped by hand: `Schedule.driver` sleeps on its own, and a sleep has to end at the deadline.
class Stepper<In> {
  #state: unknown
  readonly #schedule: Schedule.Schedule<unknown, In>
  constructor(schedule: Schedule.Schedule<unknown, In>) {
    this.#schedule = schedule
    this.#state = schedule.initial
  }
  reset(): void {
    this.#state = this.#schedule.initial
  }
  /** The delay that the schedule asks for, in ms; none when it has ended. */
  next(input: In): Effect.Effect<number | undefined> {
    return Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      return Effect.map(this.#schedule.step(now, input, this.#state), ([state, _, decision]) => {
        this.#state = state
        return ScheduleDecision.isDone(decision)
          ? undefined
          : Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
      })
    })
  }
}

/** @internal */
export class WaitState {
  /** When there is no time left, by the clock of {@link now}. */
  readonly deadline: number
  /** The latest state. */
  last: Operation.Pending | undefined
  readonly #options: WaitStateOptions
  readonly #start: number
  readonly #schedule: Stepper<Operation.Pending>
  readonly #transient: Stepper<HttpError.HttpError>
  #polls = 0
  #lastError: HttpError.HttpError | undefined
  // In a row.
  #failures = 0
  // Whether the last delay ended at the deadline: the poll after it is the last one.
  #isFinal = false
  #wasAnswered = false
  // The schedule's own last delay, and what of it must still pass after a hint or a failure has delayed the poll. Without
  // it a schedule that is behind (`Schedule.fixed`) would poll at once to catch up.
  #ownDelay = 0
  #owed = 0

  constructor(options: WaitStateOptions, start: number) {
    this.#options = options
    this.#start = start
    this.deadline = start + options.timeout
    this.last = options.known
    this.#schedule = new Stepper(options.schedule)
    this.#transient = new Stepper(options.transient)
  }

  /** When the first poll is due. */
  firstDue(): Effect.Effect<number, WaitTimeoutError> {
    return this.last === undefined
      ? Effect.succeed(this.#start)
      : this.#afterPending(this.last)
  }

  /**
   * Takes an answer. Gives the operation when it has succeeded, else when the next poll is due.
   *
   * The next delay counts from now, or from when the server began to hold its answer (`:wait`): so one that holds it is
   * asked again without delay, and one that answers at once is not.
   */
  afterAnswer(
    answer: Either.Either<Snapshot, HttpError.HttpError>
  ): Effect.Effect<Operation.Succeeded | number, OperationError | HttpError.HttpError | WaitTimeoutError> {
    this.#polls++
    if (answer._tag === "Left") return this.#afterFailure(answer.left)
    const { heldSince, operation, retryAfter } = answer.right
    this.#transient.reset()
    this.#failures = 0
    this.#wasAnswered = true
    switch (operation._tag) {
      case "Pending":
        this.last = operation
        return this.#afterPending(operation, retryAfter, heldSince)
      case "Succeeded":
        return Effect.succeed(operation)
      case "Failed":
        return Effect.fail(new OperationError({ operation }))
    }
  }

  /** Gives up at the deadline, although another wait's poll is still in flight. */
  expire(): Effect.Effect<never, WaitTimeoutError> {
    return Effect.flatMap(now, (at) => this.#giveUp("Timeout", at))
  }

  #giveUp(reason: "Timeout" | "ScheduleEnded", at: number): Effect.Effect<never, WaitTimeoutError> {
    return Effect.fail(
      new WaitTimeoutError({
        reason,
        operationName: this.#options.name,
        last: this.last,
        elapsed: Duration.millis(Math.round(at - this.#start)),
        polls: this.#polls,
        lastError: this.#lastError
      })
    )
  }

  #isOver(at: number): boolean {
    return this.#polls > 0 && (this.#isFinal || at >= this.deadline)
  }

  #due(at: number, delay: number, from = at): number {
    const due = Math.max(at, from + delay)
    this.#isFinal = due >= this.deadline
    return this.#isFinal ? Math.max(at, this.deadline) : due
  }

  #afterPending(
    operation: Operation.Pending,
    hint?: number,
    heldSince?: number
  ): Effect.Effect<number, WaitTimeoutError> {
    return Effect.gen(this, function*() {
      const at = yield* now
      if (this.#isOver(at)) return yield* this.#giveUp("Timeout", at)
      const delay = yield* this.#schedule.next(operation)
      if (delay === undefined) return yield* this.#giveUp("ScheduleEnded", at)
      this.#ownDelay = Math.max(delay, this.#owed)
      const wanted = Math.min(hint ?? 0, this.#options.maxHint)
      this.#owed = wanted > this.#ownDelay ? this.#ownDelay : 0
      return this.#due(at, Math.max(this.#ownDelay, wanted), wanted > this.#ownDelay ? at : heldSince)
    })
  }

  #afterFailure(failure: HttpError.HttpError): Effect.Effect<number, HttpError.HttpError | WaitTimeoutError> {
    return Effect.gen(this, function*() {
      const at = yield* now
      const mayAppear = this.#mayAppear(failure, at)
      if (!failure.isTransient && !mayAppear) return yield* this.#explained(failure)
      this.#lastError = failure
      this.#failures++
      if (this.#isOver(at)) return yield* this.#giveUp("Timeout", at)
      const delay = yield* this.#transient.next(failure)
      if (delay === undefined) {
        return yield* this.#failures === 1
          ? failure
          : saying(failure, `; the wait gave up after ${this.#failures} failures in a row`)
      }
      const wanted = failure.retryAfter === undefined ? 0 : Duration.toMillis(failure.retryAfter)
      this.#owed = this.#ownDelay
      const next = Math.max(delay, Math.min(wanted, this.#options.maxHint))
      return this.#due(at, mayAppear ? Math.min(next, this.#start + this.#options.notFoundGraceMillis - at) : next)
    })
  }

  #mayAppear(failure: HttpError.HttpError, at: number): boolean {
    return !this.#wasAnswered && isNotFound(failure) && at < this.#start + this.#options.notFoundGraceMillis
  }

  #explained(failure: HttpError.HttpError): HttpError.HttpError {
    return this.#options.isFromHandle && isNotFound(failure)
      ? saying(failure, " The operation may have expired: Google keeps one for about 30 days after its end")
      : failure
  }
}

const saying = (failure: HttpError.HttpError, more: string): HttpError.HttpError =>
  new HttpError.HttpError({ ...failure, description: failure.description + more })

// Google's own NOT_FOUND; a 404 without it says that there is no such route.
const isNotFound = (failure: HttpError.HttpError): boolean =>
  failure.status !== undefined && failure.code === "NOT_FOUND"
