/**
 * The workflows that wait for an operation.
 */
import * as Workflow from "@effect/workflow/Workflow"
import * as Context from "effect/Context"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { OperationHandle } from "../../OperationHandle.js"
import { Progress, Verdict, VerdictError } from "./verdict.js"

const payload = {
  /** The operation, with the deadline of the wait. */
  handle: OperationHandle,
  /** What happens to the operation at the deadline. */
  onTimeout: Schema.Literal("detach", "cancel"),
  /** What happens to the operation when this execution is interrupted. */
  onInterrupt: Schema.Literal("detach", "cancel"),
  /** Whether an event wakes the wait. */
  byEvent: Schema.Boolean
}

/** @internal */
export type Payload = Schema.Struct.Type<typeof payload>

const key = ({ byEvent, handle: { api, deadline, name }, onInterrupt, onTimeout }: Payload): string =>
  [api.baseUrl, api.version, name, deadline?.epochMillis ?? "", onTimeout, onInterrupt, byEvent].join("|")

/**
 * A defect is no result of these workflows: it comes from a storage that does not respond, or from a bug, and says nothing about the
 * operation. The engine logs it and runs the workflow again.
 *
 * @internal
 */
export const annotations: Context.Context<never> = Context.make(Workflow.CaptureDefects, false)

// How often a caller outside a workflow looks whether a suspended execution has ended.
const callerSchedule = Schedule.spaced("1 second")

/** @internal */
export const Wait = Workflow.make({
  name: "DurableOperations.WaitForOperation",
  payload,
  idempotencyKey: key,
  success: Verdict,
  error: VerdictError,
  suspendedRetrySchedule: callerSchedule,
  annotations
})

/**
 * The number of segments of an execution. A longer wait continues in another execution, because an execution is
 * replayed from its beginning after each suspension.
 *
 * @internal
 */
export const segmentsOfExecution = 30

/** @internal */
export const Continuation = Workflow.make({
  name: "DurableOperations.Continuation",
  payload: { ...payload, epoch: Schema.Number, polls: Schema.Number },
  idempotencyKey: (payload) => `${key(payload)}|${payload.epoch}`,
  success: Progress,
  error: VerdictError,
  suspendedRetrySchedule: callerSchedule,
  annotations
})
