/**
 * The cancel of an operation as a workflow. It is recorded once for each operation.
 */
import * as Activity from "@effect/workflow/Activity"
import * as Workflow from "@effect/workflow/Workflow"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { HttpError } from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { OperationError } from "../../OperationError.js"
import { OperationHandle } from "../../OperationHandle.js"
import type * as OperationsService from "../../OperationsService.js"
import { isNotFound, notFoundGrace } from "../wait/transience.js"
import { gapAfter, type Runner, suspend } from "./segments.js"
import { annotations } from "./workflows.js"

const State = Schema.Literal("succeeded", "failed", "cancelled", "expired", "running")

const CancelOutcome = Schema.Struct({
  /**
   * Whether the server accepted the request to cancel the operation. The request is not sent for an operation that is
   * done.
   */
  isAccepted: Schema.Boolean,
  /** The last state that was read, at most a minute after the request. */
  state: State,
  /** Why the server refused to cancel the operation. */
  refusal: Schema.optional(HttpError)
})

/** @internal */
export const Cancel = Workflow.make({
  name: "DurableOperations.CancelOperation",
  payload: {
    /** The operation. */
    handle: OperationHandle
  },
  idempotencyKey: ({ handle: { api, name } }) => `${api.baseUrl}|${api.version}|${name}`,
  success: CancelOutcome,
  suspendedRetrySchedule: Schedule.spaced("1 second"),
  annotations
})

const Sent = Schema.Union(CancelOutcome, Schema.TaggedStruct("Failing", {}))

// How long the state of the operation is read after the cancel request.
const lookAfter = "1 minute"

// An error about credentials contains no information about the operation.
const isAboutCredentials = ({ code }: HttpError): boolean => code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED"

const isRefusal = (error: HttpError): boolean =>
  error.reason === "InvalidRequest" ||
  (error.reason === "StatusCode" && !error.isTransient && !isAboutCredentials(error))

const finalState = (error: OperationError | HttpError): typeof State.Type | undefined =>
  error._tag === "HttpError"
    ? isNotFound(error) ? "expired" : undefined
    : error.code === "CANCELLED"
    ? "cancelled"
    : "failed"

const stateOf = (operation: Operation.Pending | Operation.Succeeded): typeof State.Type =>
  operation._tag === "Succeeded" ? "succeeded" : "running"

// Asks the server to cancel the operation, unless it is done.
const send = (runner: Runner, handle: OperationHandle): Effect.Effect<typeof Sent.Type> => {
  const failing = (problem: string) =>
    Effect.as(
      Effect.logWarning(`Could not cancel operation ${handle.name}. The durable cancel tries again later. ${problem}`),
      { _tag: "Failing" } as const
    )
  const cancel = (service: OperationsService.Service): Effect.Effect<typeof Sent.Type> =>
    Effect.matchEffect(service.cancel(handle), {
      onSuccess: () => Effect.succeed({ isAccepted: true, state: "running" }),
      onFailure: (error): Effect.Effect<typeof Sent.Type> =>
        isRefusal(error)
          ? Effect.succeed({ isAccepted: false, state: "running", refusal: error })
          : failing(error.message)
    })
  return Effect.flatMap(runner.serviceFor(handle), (service) =>
    Effect.matchEffect(service.get(handle), {
      onSuccess: (operation): Effect.Effect<typeof Sent.Type> =>
        operation._tag === "Succeeded"
          ? Effect.succeed({ isAccepted: false, state: "succeeded" })
          : cancel(service),
      onFailure: (error): Effect.Effect<typeof Sent.Type> =>
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<typeof Sent.Type> => {
          const state = finalState(error)
          const mayAppear = now - DateTime.toEpochMillis(handle.startedAt) < notFoundGrace
          return state === undefined || (state === "expired" && mayAppear)
            ? failing(error.message)
            : Effect.succeed({ isAccepted: false, state })
        })
    })).pipe(Effect.catchAll((error) => failing(error.message)))
}

// Reads the state of the operation after the cancel request.
const look = (runner: Runner, handle: OperationHandle): Effect.Effect<typeof State.Type> =>
  Effect.flatMap(runner.serviceFor(handle), (service) => service.wait(handle, { timeout: lookAfter })).pipe(
    Effect.map(stateOf),
    Effect.catchAll((error) =>
      Effect.succeed(error._tag === "WaitTimeoutError" ? "running" as const : finalState(error) ?? "running" as const)
    ),
    Effect.raceFirst(Effect.as(runner.closing, "running" as const))
  )

/** @internal */
export const CancelLayer = (runner: Runner) =>
  Cancel.toLayer(({ handle }) =>
    Effect.gen(function*() {
      for (let round = 0;; round++) {
        const sent = yield* Activity.make({ name: `cancel/${round}`, success: Sent, execute: send(runner, handle) })
        if ("_tag" in sent) {
          const pending = { _tag: "Pending", polls: 0, problem: "failing", isWoken: false } as const
          yield* suspend(`pause/${round}`, gapAfter(runner, { handle, byEvent: false }, round, pending))
          continue
        }
        if (!sent.isAccepted) return sent
        return { ...sent, state: yield* Activity.make({ name: "look", success: State, execute: look(runner, handle) }) }
      }
    })
  )
