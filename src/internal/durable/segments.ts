/**
 * The polls of a durable wait. They run in segments. A segment is one activity, which runs a wait with the length of
 * the segment as its timeout.
 */
import * as Activity from "@effect/workflow/Activity"
import * as DurableClock from "@effect/workflow/DurableClock"
import * as DurableDeferred from "@effect/workflow/DurableDeferred"
import { WorkflowEngine, type WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as Schema from "effect/Schema"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { OperationError } from "../../OperationError.js"
import type { OperationHandle } from "../../OperationHandle.js"
import type * as OperationsService from "../../OperationsService.js"
import { WaitTimeoutError } from "../../WaitTimeoutError.js"
import { isNotFound } from "../wait/transience.js"
import { grown } from "./shared.js"
import {
  fromStored,
  isSmall,
  type Pending,
  type Progress,
  smallTimeout,
  stored,
  toStored,
  type Verdict,
  type VerdictError
} from "./verdict.js"

/**
 * The environment of the polls on a runner.
 *
 * @internal
 */
export interface Runner {
  /** The service for the API of a handle. */
  readonly serviceFor: (handle: OperationHandle) => Effect.Effect<OperationsService.Service, HttpError.HttpError>
  /** Succeeds when the runner begins to stop. */
  readonly closing: Effect.Effect<void>
  /** The schedule of the polls, without an event. */
  readonly schedule: Schedule.Schedule<unknown, Operation.Pending>
  /** The length of the first segment, in ms. */
  readonly segment: number
  /** The largest stored result, in bytes. */
  readonly maxStoredSize: number
}

/** @internal */
export interface Wait {
  readonly handle: OperationHandle
  /** Whether an event wakes the wait. The wait is then suspended most of the time. */
  readonly byEvent: boolean
}

/**
 * The shortest suspension, in ms. It is long enough for the engine to store that the workflow is suspended before anything wakes it:
 * versions before the fix of Effect-TS/effect#6318 lose a wake-up that comes earlier.
 */
const shortestGap = 5_000

/**
 * The suspension when a runner stops, in ms. Another runner reads the wake-up only after it has taken over the workflow, and the
 * workflow moves after its suspension is stored. So the wake-up cannot come too early.
 */
const closingGap = 1_000

// While requests fail, in ms.
const shortestPause = 61_000
const longestPause = 10 * 60_000

// How long a wait by event polls each time, in ms.
const look = 10_000

// If a segment would end this shortly before the deadline, it continues until the deadline. In ms.
const tail = 15_000

/**
 * How long the workflow is suspended after a segment, in ms. Only stored values decide, because the body is replayed.
 *
 * @internal
 */
export const gapAfter = (runner: Runner, { byEvent }: Wait, index: number, pending: Pending): number => {
  if (pending.problem === "closing") return closingGap
  const wanted = pending.problem === "failing"
    ? Math.min(longestPause, Math.max(shortestPause, grown(runner.segment, index)))
    : byEvent
    ? grown(runner.segment, index)
    : shortestGap
  return Math.max(shortestGap, Math.min(wanted, pending.remaining ?? Infinity))
}

// A limit that is above the number of steps of any schedule until its longest delay.
const maxSteps = 10_000

// The schedule after a given time, because a segment continues the schedule of the previous segment. A schedule that
// has ended starts again.
const continued = <In>(
  schedule: Schedule.Schedule<unknown, In>,
  elapsed: number
): Schedule.Schedule<unknown, In> =>
  Schedule.makeWithState<unknown, In, unknown>(
    undefined,
    (now, input, state) =>
      state !== undefined ? schedule.step(now, input, state) : Effect.gen(function*() {
        let time = now - elapsed
        let state: unknown = schedule.initial
        for (let step = 0; step < maxSteps; step++) {
          const [next, out, decision] = yield* schedule.step(time, input, state)
          if (ScheduleDecision.isDone(decision)) return yield* schedule.step(now, input, schedule.initial)
          const due = ScheduleIntervals.start(decision.intervals)
          if (due >= now) {
            return [next, out, ScheduleDecision.continueWith(ScheduleInterval.after(now + due - time))] as const
          }
          state = next
          time = due
        }
        return yield* schedule.step(now, input, schedule.initial)
      })
  )

const timeUp = (handle: OperationHandle, now: number, polls: number, error?: Partial<WaitTimeoutError>) =>
  new WaitTimeoutError({
    reason: "Timeout",
    operationName: handle.name,
    elapsed: Duration.millis(Math.max(0, now - DateTime.toEpochMillis(handle.startedAt))),
    polls,
    last: error?.last,
    lastError: error?.lastError
  })

const warn = (handle: OperationHandle, problem: string): Effect.Effect<void> =>
  Effect.logWarning(`Could not read operation ${handle.name}. The durable wait tries again later. ${problem}`)

const pendingNow = (
  deadline: number,
  { isWoken, polls, problem }: Pick<Pending, "isWoken" | "polls"> & { readonly problem: Pending["problem"] }
): Effect.Effect<Pending> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    _tag: "Pending",
    polls,
    ...(deadline === Infinity ? undefined : { remaining: Math.max(0, deadline - now) }),
    ...(problem === undefined ? undefined : { problem }),
    isWoken
  }))

// Runs one segment. It fails only with a verdict.
const segment = (
  runner: Runner,
  { byEvent, handle }: Wait,
  { index, isWoken, polls }: { readonly index: number; readonly isWoken: boolean; readonly polls: number }
): Effect.Effect<Progress, VerdictError> => {
  const deadline = handle.deadline === undefined ? Infinity : DateTime.toEpochMillis(handle.deadline)
  return Effect.gen(function*() {
    const { maxStoredSize } = runner
    const start = yield* Clock.currentTimeMillis
    const pending = (polls: number, problem?: Pending["problem"]) => pendingNow(deadline, { polls, isWoken, problem })
    const onOperationError = (error: OperationError): Effect.Effect<Verdict, OperationError> =>
      isSmall(error, maxStoredSize)
        ? Effect.fail(error)
        : Effect.succeed({ _tag: "Reference", operationName: error.operation.name })
    const fail = (now: number, polls: number, error?: Partial<WaitTimeoutError>) =>
      Effect.fail(smallTimeout(timeUp(handle, now, polls, error), maxStoredSize))

    const service = yield* Effect.either(runner.serviceFor(handle))
    if (service._tag === "Left") {
      if (start >= deadline) return yield* fail(start, polls, { lastError: service.left })
      return yield* Effect.zipRight(warn(handle, service.left.message), pending(polls, "failing"))
    }

    // The deadline passed while no runner was running. The operation may have ended before.
    if (start >= deadline) {
      return yield* Effect.matchEffect(service.right.get(handle), {
        onSuccess: (operation): Effect.Effect<Verdict, WaitTimeoutError> =>
          operation._tag === "Succeeded"
            ? Effect.succeed(stored(operation, maxStoredSize))
            : fail(start, polls + 1, { last: operation }),
        onFailure: (error): Effect.Effect<Verdict, VerdictError> =>
          error._tag === "OperationError"
            ? onOperationError(error)
            : isNotFound(error)
            ? Effect.fail(error)
            : fail(start, polls + 1, { lastError: error })
      })
    }

    const length = byEvent ? look : grown(runner.segment, index)
    const isLast = deadline - start <= length + tail
    const timeout = isLast ? deadline - start : length
    const elapsed = Math.max(0, start - DateTime.toEpochMillis(handle.startedAt))
    const wait = service.right.wait(handle, {
      timeout,
      schedule: byEvent ? Schedule.spaced("2 seconds") : continued(runner.schedule, elapsed)
    }).pipe(
      Effect.matchEffect({
        onSuccess: (operation): Effect.Effect<Progress> => Effect.succeed(stored(operation, maxStoredSize)),
        onFailure: (error): Effect.Effect<Progress, VerdictError> => {
          switch (error._tag) {
            case "OperationError":
              return onOperationError(error)
            case "WaitTimeoutError":
              return isLast && error.reason === "Timeout"
                ? fail(start + timeout, polls + error.polls, error)
                : pending(polls + error.polls)
            case "HttpError":
              return isNotFound(error)
                ? Effect.fail(error)
                : error.reason === "Closed"
                ? pending(polls, "closing")
                : Effect.zipRight(warn(handle, error.message), pending(polls, "failing"))
          }
        }
      })
    )
    return yield* Effect.raceFirst(wait, Effect.zipRight(runner.closing, pending(polls, "closing")))
  }).pipe(
    // A defect, for example in the credentials, also contains no information about the operation.
    Effect.catchAllDefect((defect) =>
      Effect.zipRight(
        warn(handle, Cause.pretty(Cause.die(defect))),
        pendingNow(deadline, { polls, isWoken, problem: "failing" })
      )
    )
  )
}

/**
 * Completes when an event wakes the wait.
 *
 * @internal
 */
export const wakeUp = DurableDeferred.make("DurableOperations/wake")

/**
 * Tells whether the event has come.
 *
 * @internal
 */
export const isWoken: Effect.Effect<boolean, never, WorkflowEngine | WorkflowInstance> = Effect.flatMap(
  WorkflowEngine,
  (engine) => Effect.map(engine.deferredResult(wakeUp), (exit) => exit !== undefined)
)

/**
 * Suspends the workflow for a time in ms.
 *
 * @internal
 */
export const suspend = (name: string, millis: number): Effect.Effect<void, never, WorkflowEngine | WorkflowInstance> =>
  Effect.gen(function*() {
    const engine = yield* WorkflowEngine
    const duration = Duration.millis(millis)
    // `sleep` sends the message of its clock again at each replay, even if the time has passed.
    const isOver = (yield* engine.deferredResult(DurableClock.make({ name, duration }).deferred)) !== undefined
    // A number of zero would select the default of one minute.
    if (!isOver) yield* DurableClock.sleep({ name, duration, inMemoryThreshold: "0 millis" })
  })

/**
 * Polls in segments, with a suspension after each segment.
 *
 * @internal
 */
export const poll = (
  runner: Runner,
  wait: Wait,
  { from, polls, to }: { readonly from: number; readonly polls: number; readonly to: number }
): Effect.Effect<Progress, VerdictError, WorkflowEngine | WorkflowInstance> =>
  Effect.gen(function*() {
    let last: Pending = { _tag: "Pending", polls, isWoken: false }
    for (let index = from; index < to; index++) {
      // A wait is woken once. The stored result of a segment contains this, because a replay sees the event earlier
      // than it came.
      const wasWoken: boolean = last.isWoken || (wait.byEvent && (yield* isWoken))
      const json = yield* Activity.make({
        name: `segment/${index}`,
        success: Schema.Unknown,
        execute: toStored(segment(runner, wait, { index, isWoken: wasWoken, polls: last.polls }))
      })
      const result: Progress = yield* fromStored(json)
      if (result._tag !== "Pending") return result
      last = result
      if (wait.byEvent && !result.isWoken && (yield* isWoken)) continue
      yield* suspend(`gap/${index}`, gapAfter(runner, wait, index, result))
    }
    return last
  })
