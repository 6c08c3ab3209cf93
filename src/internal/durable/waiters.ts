/**
 * The workflows that wait for one shared execution.
 *
 * The engine resumes only the workflow that has started an execution. The others register here, in a list that the engine keeps:
 * each place of the list is a workflow of its own whose result is the token of the first that has asked for the place. The
 * execution closes the list when it ends, so no waiter registers unnoticed.
 */
import * as DurableDeferred from "@effect/workflow/DurableDeferred"
import * as Workflow from "@effect/workflow/Workflow"
import { WorkflowEngine, WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

/** @internal */
export const Waiter = Workflow.make({
  name: "DurableOperations.Waiter",
  payload: { execution: Schema.String, place: Schema.Number, token: Schema.String },
  idempotencyKey: ({ execution, place }) => `${execution}/${place}`,
  success: Schema.String
})

/** @internal */
export const WaiterLayer = Waiter.toLayer(({ token }) => Effect.succeed(token))

/**
 * Runs an effect that executes workflows as if from outside a workflow: they are no children, which an interruption would reach.
 *
 * @internal
 */
export const detached = <A, E>(effect: Effect.Effect<A, E, WorkflowEngine>): Effect.Effect<A, E, WorkflowEngine> =>
  Effect.mapInputContext(
    effect,
    (context: Context.Context<WorkflowEngine>) => Context.make(WorkflowEngine, Context.get(context, WorkflowEngine))
  )

const closed = "closed"

const wakeUp = (execution: string) => DurableDeferred.make(`DurableOperations/${execution}`)

/**
 * Registers the current workflow, unless the execution has ended.
 *
 * @internal
 */
export const register = (execution: string): Effect.Effect<void, never, WorkflowEngine | WorkflowInstance> =>
  Effect.flatMap(DurableDeferred.token(wakeUp(execution)), (token) =>
    detached(Effect.gen(function*() {
      for (let place = 0;; place++) {
        const found = yield* Waiter.execute({ execution, place, token })
        if (found === token || found === closed) return
      }
    })))

/**
 * Closes the list of an execution that ends, and resumes all workflows on it.
 *
 * @internal
 */
export const resumeAll = (execution: string): Effect.Effect<void, never, WorkflowEngine> =>
  detached(Effect.gen(function*() {
    for (let place = 0;; place++) {
      const found = yield* Waiter.execute({ execution, place, token: closed })
      if (found === closed) return
      yield* DurableDeferred.done(wakeUp(execution), { token: DurableDeferred.Token.make(found), exit: Exit.void })
    }
  }))

/**
 * Waits for the result of a shared execution in the current workflow, which suspends meanwhile. An interruption of the current
 * workflow does not reach the execution, because others may wait for it.
 *
 * @internal
 */
export const awaitShared = <A, E, R>(
  execute: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, WorkflowInstance> | WorkflowInstance> =>
  Effect.flatMap(WorkflowInstance, (own) => {
    const instance: WorkflowInstance["Type"] = { ...own, interrupted: false }
    return Effect.onExit(Effect.provideService(execute, WorkflowInstance, instance), () =>
      Effect.sync(() => {
        if (instance.suspended) own.suspended = true
      }))
  })
