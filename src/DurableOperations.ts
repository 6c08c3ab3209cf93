/**
 * Durable waits, which run in workflows and outlive a process. If the process that runs a wait stops, another runner
 * continues the wait.
 *
 * Requires the optional peer dependency `@effect/workflow`. The program selects the workflow engine and its storage:
 * `WorkflowEngine.layerMemory` for tests, `DurableSqlite` for one process, `DurablePostgres` for a cluster, or any
 * other engine.
 *
 * @since 0.4.0
 * @module
 */
import * as Activity from "@effect/workflow/Activity"
import * as DurableDeferred from "@effect/workflow/DurableDeferred"
import * as Workflow from "@effect/workflow/Workflow"
import { type WorkflowEngine, WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { hasProperty } from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Scope } from "effect/Scope"
import * as HttpError from "./HttpError.js"
import { Cancel, CancelLayer } from "./internal/durable/cancel.js"
import { isWoken, poll, type Runner, wakeUp } from "./internal/durable/segments.js"
import { awaitShared, detached, whileUnreachable } from "./internal/durable/shared.js"
import type { Verdict } from "./internal/durable/verdict.js"
import { Continuation, segmentsOfExecution, Wait } from "./internal/durable/workflows.js"
import { invalidRequest } from "./internal/http/errors.js"
import { handleOfType } from "./internal/operationName.js"
import { isNotFound } from "./internal/wait/transience.js"
import type * as Operation from "./Operation.js"
import { OperationError } from "./OperationError.js"
import { isOperationHandle, OperationHandle } from "./OperationHandle.js"
import type * as OperationInfo from "./OperationInfo.js"
import * as OperationsService from "./OperationsService.js"
import * as Polling from "./Polling.js"
import { ResultError } from "./ResultError.js"
import type { WaitTimeoutError } from "./WaitTimeoutError.js"

/**
 * Options for a handle.
 *
 * @since 0.4.0
 * @category models
 */
export interface HandleOptions {
  /** The time limit for all waits that use the handle, measured from now. Default: no limit. */
  readonly timeout?: Duration.DurationInput | undefined
  /** The full name of the response type. */
  readonly responseType?: string | undefined
  /** The full name of the metadata type. */
  readonly metadataType?: string | undefined
}

/**
 * The services in a process that runs or requests durable waits, with one `OperationsService` for each API.
 *
 * @since 0.4.0
 * @category models
 */
export interface Service {
  /**
   * Returns the service for the handle's API. Fails with `HttpError` (`reason: "InvalidRequest"`) if this process has
   * no service for that API.
   */
  readonly serviceFor: (
    handle: OperationHandle
  ) => Effect.Effect<OperationsService.Service, HttpError.HttpError>
  /**
   * Makes a handle for an operation. In a process that uses services for several APIs, call a service's `handle` method
   * instead, because an operation does not record which API it belongs to.
   */
  readonly handle: (
    operation: Operation.Operation,
    options?: HandleOptions
  ) => Effect.Effect<OperationHandle, HttpError.HttpError>
}

/**
 * The services that durable waits use to send requests. Workflows that wait require this tag, so a runner that does not
 * provide {@link layer} is a compile-time error.
 *
 * @since 0.4.0
 * @category tags
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Reads the operation state with the service that a durable wait uses.
 * const state = (handle: OperationHandle) =>
 *   Effect.gen(function*() {
 *     const { serviceFor } = yield* DurableOperations.DurableOperations
 *     const service = yield* serviceFor(handle)
 *     return yield* service.get(handle)
 *   })
 * ```
 */
export class DurableOperations extends Context.Tag("effect-google-operations/DurableOperations")<
  DurableOperations,
  Service
>() {}

/**
 * Options for polling on a runner.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options {
  /**
   * The polling schedule. Its elapsed time is measured from the creation of the handle. If the schedule ends, it is
   * restarted. The service's own schedule is not used. Default: `Polling.defaultSchedule`.
   */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /**
   * The duration of the first segment of polls. Each subsequent segment is 20 % longer than the previous one, up to 30
   * minutes. Between segments, the workflow is suspended. Default: 1 minute.
   */
  readonly firstSegment?: Duration.DurationInput | undefined
  /**
   * The maximum size of a stored result, in bytes of JSON. For a larger result, only the operation name is stored, and
   * the result is read from Google again when it is needed. Default: 16,384.
   */
  readonly maxStoredSize?: number | undefined
}

/**
 * Options for one durable wait.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitOptions {
  /**
   * What happens to the operation at the deadline. With `"detach"`, the default, the operation keeps running. With
   * `"cancel"`, the server is asked to cancel it.
   */
  readonly onTimeout?: "detach" | "cancel" | undefined
  /**
   * What happens to the operation when the waiting workflow is interrupted. With `"detach"`, the default, the operation
   * keeps running. With `"cancel"`, the server is asked to cancel it.
   */
  readonly onInterrupt?: "detach" | "cancel" | undefined
  /**
   * Whether an event wakes the wait ({@link token}, {@link wake}). A wait with this option is suspended most of the
   * time, and reads the operation when an event wakes it. In case an event is lost, the wait also reads the operation
   * after one minute, and then after delays that grow by 20 % each time, up to 30 minutes. Default: false.
   */
  readonly byEvent?: boolean | undefined
}

/**
 * The key of the property that marks a `WaitInterruptedError`. The key is the same in all copies and versions of this
 * package.
 *
 * @since 0.4.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/WaitInterruptedError"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.4.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/WaitInterruptedError"

/**
 * Checks whether a value is a `WaitInterruptedError`.
 *
 * @since 0.4.0
 * @category guards
 */
export const isWaitInterruptedError = (u: unknown): u is WaitInterruptedError => hasProperty(u, TypeId)

/**
 * The {@link WaitForOperation} execution that this wait shares with other waits was interrupted by
 * `WaitForOperation.interrupt`. The operation may still be running. A wait with a different deadline uses a different
 * execution.
 *
 * @since 0.4.0
 * @category errors
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * const wait = (handle: OperationHandle) =>
 *   DurableOperations.attach(handle).pipe(
 *     Effect.catchTag("WaitInterruptedError", (error: DurableOperations.WaitInterruptedError) =>
 *       Effect.logWarning(error.message))
 *   )
 * ```
 */
export class WaitInterruptedError
  extends Schema.TaggedError<WaitInterruptedError>("effect-google-operations/WaitInterruptedError")(
    "WaitInterruptedError",
    {
      /** The operation name. */
      operationName: Schema.String,
      /** The id of the execution that was interrupted. */
      executionId: Schema.String
    }
  )
{
  /**
   * @since 0.4.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** Says which wait was interrupted. */
  override get message(): string {
    return `The durable wait for operation ${this.operationName} was interrupted (execution ${this.executionId}). ` +
      "The operation may still be running."
  }
}

/**
 * The errors with which a durable wait can fail: the operation failed, the deadline passed, the operation expired
 * (`HttpError` with the code `NOT_FOUND`), or the execution was interrupted.
 *
 * @since 0.4.0
 * @category models
 */
export type WaitFailure = OperationError | WaitTimeoutError | HttpError.HttpError | WaitInterruptedError

/**
 * A workflow that waits for one operation, with the methods `execute`, `poll`, `interrupt` and `resume`.
 *
 * The API, the name, the deadline and the options identify an execution. All waits with the same values share one
 * execution. The execution's result is the outcome of the operation, and is stored. Network failures, rejected
 * credentials and a closed service do not end the execution, because they are not outcomes of the operation. The
 * execution continues to poll until the deadline.
 *
 * Use {@link wait} in workflows, and {@link attach} outside workflows. These functions make the payload. If only a
 * reference to the result is stored, they also read the result.
 *
 * @since 0.4.0
 * @category workflows
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Starts the wait and returns immediately. The runners continue the wait.
 * const begin = (handle: OperationHandle) =>
 *   DurableOperations.WaitForOperation.execute(DurableOperations.payloadOf(handle), { discard: true })
 *
 * const stop = (executionId: string) =>
 *   Effect.zipRight(
 *     DurableOperations.WaitForOperation.interrupt(executionId),
 *     Effect.log(`The wait ${executionId} ends with its current segment of polls.`)
 *   )
 * ```
 */
export const WaitForOperation = Wait

/**
 * A workflow that cancels an operation. Each operation has at most one execution.
 *
 * The workflow reads the operation, asks the server to cancel it if it is in progress, and then waits up to a minute
 * for the operation to end. The request is recorded once and sent at least once: if a runner dies after it has sent the
 * request but before it has recorded the request, another runner sends the request again. The server cancels on a
 * best-effort basis. To find out whether the operation was cancelled, wait for the operation.
 *
 * @since 0.4.0
 * @category workflows
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Cancels an operation and returns the outcome.
 * const stop = (handle: OperationHandle) =>
 *   Effect.map(
 *     DurableOperations.execute(DurableOperations.CancelOperation, { handle }),
 *     ({ isAccepted, state }) => isAccepted ? `The operation is ${state}.` : `Not cancelled: the operation is ${state}.`
 *   )
 * ```
 */
export const CancelOperation = Cancel

/**
 * The outcome of a request to cancel an operation.
 *
 * @since 0.4.0
 * @category models
 */
export interface CancelOutcome {
  /**
   * Whether the server accepted the request to cancel the operation. The request is not sent for an operation that is
   * done, for example if a runner died after it sent the request, and the operation ended before another runner took over.
   */
  readonly isAccepted: boolean
  /** The most recent operation state, read at most a minute after the request. */
  readonly state: "succeeded" | "failed" | "cancelled" | "expired" | "running"
  /** The error with which the server rejected the request to cancel the operation. */
  readonly refusal?: HttpError.HttpError | undefined
}

/**
 * The payload of {@link WaitForOperation}.
 *
 * @since 0.4.0
 * @category models
 */
export interface Payload {
  /** The handle of the operation. It contains the deadline of the wait. */
  readonly handle: OperationHandle
  /** What happens to the operation at the deadline. */
  readonly onTimeout: "detach" | "cancel"
  /** What happens to the operation when this execution is interrupted. */
  readonly onInterrupt: "detach" | "cancel"
  /** Whether an event wakes the wait. */
  readonly byEvent: boolean
}

/**
 * Makes the payload of {@link WaitForOperation}.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 *
 * const executionId = (handle: OperationHandle) =>
 *   DurableOperations.WaitForOperation.executionId(DurableOperations.payloadOf(handle, { onTimeout: "cancel" }))
 * ```
 */
export const payloadOf = (
  handle: OperationHandle,
  { byEvent = false, onInterrupt = "detach", onTimeout = "detach" }: WaitOptions = {}
): Payload => ({ handle, onTimeout, onInterrupt, byEvent })

const isInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && Cause.isInterrupted(exit.cause)

/**
 * Records a request to cancel an operation, and returns the id of the {@link CancelOperation} execution. This function
 * works inside and outside workflows. To find out how the operation ends, wait for it.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Asks the server to cancel an operation, and waits until the operation ends.
 * const stop = (handle: OperationHandle) =>
 *   Effect.zipRight(DurableOperations.cancel(handle), DurableOperations.attach(handle))
 * ```
 */
export const cancel = (handle: OperationHandle): Effect.Effect<string, never, WorkflowEngine> =>
  // If a runner dies during the call, or the storage does not respond, the engine reports a defect.
  detached(Cancel.execute({ handle }, { discard: true })).pipe(
    Effect.sandbox,
    Effect.retry(whileUnreachable),
    Effect.orDie
  )

// Returns the result that a verdict represents. If the result was too large to store, it is read from Google again.
const read = (
  handle: OperationHandle,
  verdict: Verdict
): Effect.Effect<Operation.Succeeded, OperationError | HttpError.HttpError | WaitTimeoutError, DurableOperations> =>
  verdict._tag === "Stored"
    ? Effect.succeed(verdict.operation)
    : Effect.flatMap(
      DurableOperations,
      ({ serviceFor }) => Effect.flatMap(serviceFor(handle), (service) => service.wait(verdict.operationName))
    )

// Fails with a WaitInterruptedError if the execution was interrupted.
const orInterrupted = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  handle: OperationHandle,
  executionId: string
): Effect.Effect<A, E | WaitInterruptedError, R> =>
  Effect.catchAllCause(effect, (cause): Effect.Effect<never, E | WaitInterruptedError> =>
    Cause.isInterruptedOnly(cause)
      ? Effect.fail(new WaitInterruptedError({ operationName: handle.name, executionId }))
      : Effect.failCause(cause))

// The delays between attempts to read a result that is not stored.
const readAgain = Schedule.spaced("30 seconds")

/**
 * Waits for an operation in a workflow. The workflow is suspended during the wait. Any runner can continue the wait
 * with the same deadline.
 *
 * All waits with the same handle and options share one execution of {@link WaitForOperation}. When the execution ends,
 * the engine resumes the workflow that started the execution. Every other workflow checks the execution after 30
 * seconds, and then after delays that grow by 20 % each time, up to 30 minutes. If the workflow is interrupted, it ends
 * after the current polling segment, and `onInterrupt` determines what happens to the operation. The shared execution
 * continues for the other workflows.
 *
 * Fails with `OperationError` when the operation fails, with `WaitTimeoutError` at the handle's deadline, with
 * `HttpError` (`NOT_FOUND`) when the operation has expired, and with `WaitInterruptedError` when the shared execution
 * was interrupted.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
 * import * as Workflow from "@effect/workflow/Workflow"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const CreatePolicy = Workflow.make({
 *   name: "CreatePolicy",
 *   payload: { title: Schema.String },
 *   idempotencyKey: ({ title }) => title,
 *   success: Schema.String
 * })
 *
 * const CreatePolicyLayer = CreatePolicy.toLayer(({ title }) =>
 *   Effect.gen(function*() {
 *     const operations = yield* OperationsService.OperationsService
 *     const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
 *       HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title })
 *     )
 *     const handle = yield* DurableOperations.start("create", operations.start(request), { timeout: "1 day" })
 *     const operation = yield* DurableOperations.wait(handle, { onInterrupt: "cancel" })
 *     return operation.name
 *   }).pipe(Effect.orDie)
 * )
 * ```
 */
export const wait = (
  handle: OperationHandle,
  options?: WaitOptions
): Effect.Effect<Operation.Succeeded, WaitFailure, DurableOperations | WorkflowEngine | WorkflowInstance> =>
  Effect.gen(function*() {
    const payload = payloadOf(handle, options)
    const executionId = yield* WaitForOperation.executionId(payload)
    let isWaiting = true
    if (options?.onInterrupt === "cancel") {
      yield* Workflow.addFinalizer((exit) => isWaiting && isInterrupted(exit) ? cancel(handle) : Effect.void)
    }
    const verdict = yield* awaitShared(executionId, WaitForOperation.execute(payload)).pipe(
      (execute) => orInterrupted(execute, handle, executionId),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          isWaiting = isInterrupted(exit)
        })
      )
    )
    // A network failure must not become the workflow's result.
    return yield* Effect.retry(read(handle, verdict), {
      schedule: readAgain,
      while: (error) => HttpError.isHttpError(error) && !isNotFound(error)
    })
  })

/**
 * Waits for an operation from outside a workflow, for example in a request handler or a script. The runners execute the
 * wait. If this process ends, the wait continues, and the same call in another process finds the same execution.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as OperationHandle from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * const result = (json: unknown) =>
 *   Effect.gen(function*() {
 *     const handle = yield* OperationHandle.fromJson(json)
 *     const operation = yield* DurableOperations.attach(handle, { onTimeout: "cancel" })
 *     return operation.response
 *   })
 * ```
 */
export const attach = (
  handle: OperationHandle,
  options?: WaitOptions
): Effect.Effect<Operation.Succeeded, WaitFailure, DurableOperations | WorkflowEngine> =>
  Effect.gen(function*() {
    const payload = payloadOf(handle, options)
    const executionId = yield* WaitForOperation.executionId(payload)
    const verdict = yield* orInterrupted(execute(WaitForOperation, payload), handle, executionId)
    return yield* read(handle, verdict)
  })

/**
 * Waits for an operation in a workflow and returns its typed result.
 *
 * Fails with the same errors as {@link wait}, or with `ResultError` if the response is not of the `OperationInfo`'s
 * response type. A handle that was made for another response type is rejected with `HttpError`
 * (`reason: "InvalidRequest"`).
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as OperationInfo from "effect-google-operations/OperationInfo"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const CreateAccessPolicy = OperationInfo.make({
 *   response: {
 *     typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
 *     schema: Schema.Struct({ name: Schema.String, title: Schema.String })
 *   }
 * })
 *
 * const title = (handle: OperationHandle) =>
 *   Effect.map(DurableOperations.result(CreateAccessPolicy, handle), (policy) => policy.title)
 * ```
 */
export const result = <A, M, R>(
  info: OperationInfo.OperationInfo<A, M, R>,
  handle: OperationHandle,
  options?: WaitOptions
): Effect.Effect<A, WaitFailure | ResultError, R | DurableOperations | WorkflowEngine | WorkflowInstance> =>
  Effect.gen(function*() {
    const { serviceFor } = yield* DurableOperations
    const operation = yield* wait(yield* handleOfType(handle, info.responseType), options)
    return yield* info.using(yield* serviceFor(handle)).result(operation)
  })

const StartError = Schema.Union(OperationError, HttpError.HttpError, ResultError)

/**
 * Starts an operation in a workflow activity, and returns its handle. The engine records the handle, so a workflow that
 * continues on another runner does not start the operation again.
 *
 * `name` is the name of the activity, and must be unique in the workflow. The effect returns the started operation or
 * its handle. `timeout` is the time from now to the deadline of the handle. On a runner for several APIs
 * ({@link layerFor}), the effect must return a handle.
 *
 * **Gotchas**
 *
 * If a runner dies or loses its shards after the request and before the record, another runner starts the operation again.
 * If the API has a request id, send the same id each time: `Activity.idempotencyKey(name)`.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
 * import * as Activity from "@effect/workflow/Activity"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const startService = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   const requestId = yield* Activity.idempotencyKey("start")
 *   const request = HttpClientRequest.post("/v1/services").pipe(HttpClientRequest.setUrlParam("requestId", requestId))
 *   return yield* DurableOperations.start("start", operations.start(request), { timeout: "6 hours" })
 * })
 * ```
 */
export const start = <E extends typeof StartError.Type, R>(
  name: string,
  effect: Effect.Effect<
    | Operation.Operation
    | OperationHandle
    | OperationInfo.TypedPending<unknown>
    | OperationInfo.TypedSucceeded<unknown, unknown>,
    E,
    R
  >,
  options?: HandleOptions
): Activity.Activity<
  typeof OperationHandle,
  typeof StartError,
  Exclude<R | DurableOperations, WorkflowInstance | WorkflowEngine | Scope>
> =>
  Activity.make({
    name,
    success: OperationHandle,
    error: StartError,
    execute: Effect.flatMap(effect, (started) =>
      isOperationHandle(started)
        ? Effect.succeed(started)
        : Effect.flatMap(
          DurableOperations,
          ({ handle }) => handle("operation" in started ? started.operation : started, options)
        ))
  })

/**
 * Returns the token with which {@link wake} wakes a wait. Store the token where the event handler can find it, for
 * example under the operation name.
 *
 * @since 0.4.0
 * @category events
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * const labelled = (handle: OperationHandle) =>
 *   Effect.map(DurableOperations.token(handle), (token) => ({ operation: handle.name, token }))
 * ```
 */
export const token = (handle: OperationHandle, options?: WaitOptions): Effect.Effect<DurableDeferred.Token> =>
  DurableDeferred.tokenFromPayload(wakeUp, {
    workflow: WaitForOperation,
    payload: payloadOf(handle, { ...options, byEvent: true })
  })

/**
 * Makes a wait read its operation immediately. Call this function in the handler for an event that reports the end of
 * the operation, such as the operation's second audit log entry. The event only triggers a read. The outcome comes from
 * the API.
 *
 * A wait can be woken only once. If the event arrives before the operation is done, the wait reads the operation again
 * after its usual delays.
 *
 * @since 0.4.0
 * @category events
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // In the workflow: store the token, then wait.
 * const waitByEvent = (handle: OperationHandle, store: (name: string, token: string) => Effect.Effect<void>) =>
 *   Effect.gen(function*() {
 *     yield* store(handle.name, yield* DurableOperations.token(handle))
 *     return yield* DurableOperations.wait(handle, { byEvent: true })
 *   })
 *
 * // In the push message handler:
 * const onMessage = (token: string) => DurableOperations.wake(token)
 * ```
 */
export const wake = (token: string): Effect.Effect<void, never, WorkflowEngine> =>
  DurableDeferred.done(wakeUp, { token: DurableDeferred.Token.make(token), exit: Exit.void })

/**
 * Executes a workflow from outside a workflow. If the connected runner dies or the storage does not respond, the engine
 * reports a defect, and this function executes the workflow again with the same key.
 *
 * If the workflow itself ended with a defect, that defect is its stored result, and the function fails with it. To
 * limit the time that the call takes, use `Effect.timeout`.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as Workflow from "@effect/workflow/Workflow"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as Schema from "effect/Schema"
 *
 * const Migrate = Workflow.make({
 *   name: "Migrate",
 *   payload: { database: Schema.String },
 *   idempotencyKey: ({ database }) => database
 * })
 *
 * const program = DurableOperations.execute(Migrate, { database: "projects/p/instances/i" })
 * ```
 */
export const execute = <
  Name extends string,
  P extends Workflow.AnyStructSchema,
  Success extends Schema.Schema.Any,
  Error extends Schema.Schema.All
>(
  workflow: Workflow.Workflow<Name, P, Success, Error>,
  payload:
    & Parameters<Workflow.Workflow<Name, P, Success, Error>["execute"]>[0]
    & Parameters<Workflow.Workflow<Name, P, Success, Error>["executionId"]>[0]
): Effect.Effect<
  Success["Type"],
  Error["Type"],
  WorkflowEngine | P["Context"] | Success["Context"] | Error["Context"]
> => {
  // The workflow's result, if it is stored. A defect or an interruption that is not stored is not a result.
  const stored = Effect.flatMap(workflow.executionId(payload), (executionId) => workflow.poll(executionId)).pipe(
    Effect.catchAllCause(() => Effect.succeed(undefined))
  )
  // If a runner dies, its reply to this process can be lost. The result is then only in the storage.
  const fromStorage = stored.pipe(
    Effect.flatMap((result) => result?._tag === "Complete" ? Effect.succeed(result.exit) : Effect.fail("pending")),
    Effect.retry(Schedule.spaced("5 seconds")),
    Effect.orDie,
    Effect.flatten
  )
  // In a workflow, the engine suspends the fiber that executes another workflow. So it must be the workflow's own fiber.
  const result = Effect.flatMap(Effect.serviceOption(WorkflowInstance), (instance) =>
    Option.isSome(instance)
      ? workflow.execute(payload)
      : Effect.raceFirst(Effect.disconnect(workflow.execute(payload)), Effect.disconnect(fromStorage)))
  const attempt = Effect.exit(result).pipe(
    Effect.flatMap((exit) =>
      Exit.isSuccess(exit) || Cause.isFailure(exit.cause)
        ? Effect.succeed(exit)
        : Effect.flatMap(stored, (result) =>
          result?._tag === "Complete"
            ? Effect.succeed(result.exit)
            : Effect.fail(exit.cause))
    ),
    Effect.tapError((cause) => Effect.logInfo(`Executing ${workflow.name} again.`, cause))
  )
  return Effect.flatten(Effect.retryOrElse(attempt, whileUnreachable, Effect.failCause))
}

const makeClient = (services: ReadonlyArray<OperationsService.Service>): Service => {
  const [only, ...others] = services
  return {
    // A service rejects a handle for another API without sending a request.
    serviceFor: (handle) =>
      only === undefined
        ? Effect.fail(invalidRequest("durable waits need a service, and there is none"))
        : Effect.firstSuccessOf(services.map((service) => Effect.as(service.handle(handle), service))),
    handle: (operation, options) =>
      only !== undefined && others.length === 0
        ? only.handle(operation, options)
        : Effect.fail(invalidRequest(
          `there are services for ${services.length} APIs, and operation ${operation.name} does not say which API it is of; ` +
            "start it with an effect that returns a handle (service.handle)"
        ))
  }
}

const run = (runner: Runner) => {
  const continued = (payload: Payload, polls: number) =>
    Effect.gen(function*() {
      let last = polls
      for (let epoch = 1;; epoch++) {
        const continuation = { ...payload, epoch, polls: last }
        // The event that wakes a wait belongs to the wait's first execution.
        if (payload.byEvent && (yield* isWoken)) {
          const executionId = yield* Continuation.executionId(continuation)
          yield* wake(DurableDeferred.tokenFromExecutionId(wakeUp, { workflow: Continuation, executionId }))
        }
        const result = yield* Continuation.execute(continuation)
        if (result._tag !== "Pending") return result
        last = result.polls
      }
    })

  return Layer.mergeAll(
    WaitForOperation.toLayer((payload) =>
      Effect.gen(function*() {
        yield* Workflow.addFinalizer((exit) =>
          payload.onInterrupt === "cancel" && isInterrupted(exit) ? cancel(payload.handle) : Effect.void
        )
        const result = yield* poll(runner, payload, { from: 0, to: segmentsOfExecution, polls: 0 })
        return result._tag === "Pending" ? yield* continued(payload, result.polls) : result
      }).pipe(
        Effect.tapError((error) =>
          payload.onTimeout === "cancel" && error._tag === "WaitTimeoutError" ? cancel(payload.handle) : Effect.void
        )
      )
    ),
    Continuation.toLayer((payload) =>
      poll(runner, payload, {
        from: payload.epoch * segmentsOfExecution,
        to: (payload.epoch + 1) * segmentsOfExecution,
        polls: payload.polls
      })
    ),
    CancelLayer(runner)
  )
}

const make = (
  services: ReadonlyArray<OperationsService.Service>,
  options: Options | undefined
): Effect.Effect<Service, never, WorkflowEngine | Scope> =>
  Effect.gen(function*() {
    const service = makeClient(services)
    const closing = yield* Deferred.make<void>()
    yield* Layer.build(run({
      serviceFor: service.serviceFor,
      closing: Deferred.await(closing),
      schedule: options?.schedule ?? Polling.defaultSchedule,
      segment: Duration.toMillis(options?.firstSegment ?? "1 minute"),
      maxStoredSize: options?.maxStoredSize ?? 16_384
    }))
    // Runs before the workflows are unregistered. A segment that detects that its runner is stopping is recorded
    // immediately.
    yield* Effect.addFinalizer(() => Deferred.succeed(closing, undefined))
    return service
  })

/**
 * Registers the workflows for durable waits, and provides {@link DurableOperations}. Every runner needs this layer. The
 * runner's `OperationsService` sends the requests, with its own credentials, request budget and dialect.
 *
 * When the layer closes, this runner's polling segments end immediately, and another runner continues the waits.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as WorkflowEngine from "@effect/workflow/WorkflowEngine"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * const runner = DurableOperations.layer().pipe(
 *   Layer.provideMerge(OperationsService.layer()),
 *   Layer.provideMerge(WorkflowEngine.layerMemory),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layer = (
  options?: Options
): Layer.Layer<DurableOperations, never, WorkflowEngine | OperationsService.OperationsService> =>
  Layer.scoped(
    DurableOperations,
    Effect.flatMap(OperationsService.OperationsService, (service) => make([service], options))
  )

/**
 * Provides {@link DurableOperations} for several APIs, with one service for each API. The operation's handle determines
 * which service is used.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * class Policies extends OperationsService.Tag("Policies")<Policies>(GoogleApi.accessContextManager) {}
 * class Compute extends OperationsService.Tag("Compute")<Compute>(GoogleApi.compute) {}
 *
 * const runner = DurableOperations.layerFor(Effect.all([Policies, Compute]))
 * ```
 */
export const layerFor = <R>(
  services: Effect.Effect<ReadonlyArray<OperationsService.Service>, never, R>,
  options?: Options
): Layer.Layer<DurableOperations, never, WorkflowEngine | Exclude<R, Scope>> =>
  Layer.scoped(DurableOperations, Effect.flatMap(services, (services) => make(services, options)))

/**
 * Provides {@link DurableOperations} for a process that requests results ({@link attach}) but runs no workflows.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * const client = DurableOperations.layerClient.pipe(
 *   Layer.provide(OperationsService.layer()),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layerClient: Layer.Layer<DurableOperations, never, OperationsService.OperationsService> = Layer.effect(
  DurableOperations,
  Effect.map(OperationsService.OperationsService, (service) => makeClient([service]))
)
