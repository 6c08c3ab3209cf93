/**
 * Executions that several workflows and callers share.
 */
import * as DurableClock from "@effect/workflow/DurableClock"
import { WorkflowEngine, WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Runs an effect outside the current workflow. The workflows that the effect executes are not children of the current
 * workflow, so an interruption of the current workflow does not reach them.
 *
 * @internal
 */
export const detached = <A, E>(effect: Effect.Effect<A, E, WorkflowEngine>): Effect.Effect<A, E, WorkflowEngine> =>
  Effect.mapInputContext(
    effect,
    (context: Context.Context<WorkflowEngine>) => Context.make(WorkflowEngine, Context.get(context, WorkflowEngine))
  )

/**
 * The retry schedule for a runner or a storage that cannot be reached.
 *
 * @internal
 */
export const whileUnreachable = Schedule.exponential("100 millis", 2).pipe(Schedule.union(Schedule.spaced("5 seconds")))

const isDefect = (cause: Cause.Cause<unknown>): boolean => Cause.isDie(cause) && !Cause.isInterrupted(cause)

// If the storage does not respond, the engine dies with a defect. That defect must not become the result of a workflow.
const retryDefects = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  schedule: Schedule.Schedule<unknown>
): Effect.Effect<A, E, R> =>
  Effect.sandbox(effect).pipe(
    Effect.tapError((cause) =>
      isDefect(cause) ? Effect.logInfo("The workflow engine failed. The call is repeated.", cause) : Effect.void
    ),
    Effect.retry({ schedule, while: isDefect }),
    Effect.unsandbox
  )

/**
 * A duration in ms that starts with `first` and grows by 20 % with each `index`, up to 30 minutes.
 *
 * @internal
 */
export const grown = (first: number, index: number): number => Math.min(30 * 60_000, first * 1.2 ** index)

// The delay before a suspended workflow checks a shared execution for the first time, in ms.
const firstLook = 30_000

// Schedules the next check for a workflow that is about to be suspended.
const scheduleLook = (
  execution: string,
  instance: WorkflowInstance["Type"]
): Effect.Effect<void, never, WorkflowEngine> =>
  Effect.gen(function*() {
    const engine = yield* WorkflowEngine
    for (let index = 0;; index++) {
      const clock = DurableClock.make({
        name: `DurableOperations/${execution}/${index}`,
        duration: Duration.millis(grown(firstLook, index))
      })
      const isOver =
        (yield* Effect.provideService(engine.deferredResult(clock.deferred), WorkflowInstance, instance)) !==
          undefined
      if (isOver) continue
      return yield* engine.scheduleClock(instance.workflow, { executionId: instance.executionId, clock })
    }
  })

/**
 * Waits for the result of a shared execution in the current workflow. The workflow is suspended during the wait.
 *
 * The engine resumes only the workflow that started the execution. Therefore each workflow also checks the execution
 * with its own clock. The clock also replaces a lost wake-up. An interruption of the current workflow does not reach
 * the execution, because other workflows may wait for it.
 *
 * @internal
 */
export const awaitShared = <A, E>(
  execution: string,
  execute: Effect.Effect<A, E, WorkflowEngine>
): Effect.Effect<A, E, WorkflowEngine | WorkflowInstance> =>
  Effect.flatMap(WorkflowInstance, (own) => {
    const instance: WorkflowInstance["Type"] = { ...own, interrupted: false }
    const run = retryDefects(Effect.provideService(execute, WorkflowInstance, instance), whileUnreachable)
    return Effect.onExit(run, () =>
      Effect.suspend(() => {
        if (!instance.suspended) return Effect.void
        own.suspended = true
        // A runner that stops waits for this.
        return retryDefects(scheduleLook(execution, own), Schedule.intersect(whileUnreachable, Schedule.recurs(30)))
      }))
  })
