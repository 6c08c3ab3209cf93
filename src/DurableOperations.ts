/**
 * Waits that outlive a process: any runner of a workflow engine finishes a wait that another one began.
 *
 * Needs the optional peer `@effect/workflow`. The engine and its storage are the program's choice: `WorkflowEngine.layerMemory`
 * for tests, `DurableSqlite` for one process, `DurablePostgres` for a cluster, or any other.
 *
 * @since 0.4.0
 */
import * as Activity from "@effect/workflow/Activity"
import * as DurableDeferred from "@effect/workflow/DurableDeferred"
import * as Workflow from "@effect/workflow/Workflow"
import type { WorkflowEngine, WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
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
 * The options of a handle.
 *
 * @since 0.4.0
 * @category models
 */
export interface HandleOptions {
  /** How long all waits for the operation may take together, from now on. Default: no limit. */
  readonly timeout?: Duration.DurationInput | undefined
  /** The full name of the response's type. */
  readonly responseType?: string | undefined
  /** The full name of the metadata's type. */
  readonly metadataType?: string | undefined
}

/**
 * What a durable wait needs of the process it runs in: the `OperationsService` of each API.
 *
 * @since 0.4.0
 * @category models
 */
export interface Service {
  /** The service for the API of a handle. Fails with `InvalidRequest` if this process has none. */
  readonly serviceFor: (
    handle: OperationHandle
  ) => Effect.Effect<OperationsService.Service, HttpError.HttpError>
  /**
   * Makes the handle of an operation. In a process with services for several APIs, the services' own `handle` has to be used
   * instead, because an operation does not say which API it is of.
   */
  readonly handle: (
    operation: Operation.Operation,
    options?: HandleOptions
  ) => Effect.Effect<OperationHandle, HttpError.HttpError>
}

/**
 * The services with which durable waits send their requests. A workflow that waits requires it, so a runner without {@link layer}
 * does not compile.
 *
 * @since 0.4.0
 * @category tags
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Reads the state of an operation with the service that a durable wait uses.
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
 * How a runner polls.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options {
  /**
   * When to poll, counted from the start of the operation. A schedule that ends begins anew. Default: `Polling.defaultSchedule`, not
   * that of the service.
   */
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  /**
   * How long the first segment of polls takes. Each further segment is longer by a fifth, up to 30 minutes. Between two segments the
   * workflow is suspended. Default: 1 minute.
   */
  readonly firstSegment?: Duration.DurationInput | undefined
  /**
   * How large a result may be in the storage, in bytes of JSON. A larger one is stored as the name of the operation, and is read
   * from Google again. Default: 16,384.
   */
  readonly maxStoredSize?: number | undefined
}

/**
 * The options of one durable wait.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitOptions {
  /** What happens to the operation at the deadline: it keeps running (`"detach"`, the default), or it is cancelled. */
  readonly onTimeout?: "detach" | "cancel" | undefined
  /**
   * What happens to the operation when the workflow that waits is interrupted: it keeps running (`"detach"`, the default), or it is
   * cancelled.
   */
  readonly onInterrupt?: "detach" | "cancel" | undefined
  /**
   * Whether an event will say that the operation is done ({@link token}, {@link wake}). The wait is then suspended most of the time:
   * it looks when it is woken, and as a safety net after a minute, then after pauses that grow by a fifth, up to 30 minutes.
   * Default: false.
   */
  readonly byEvent?: boolean | undefined
}

/**
 * The property that marks a `WaitInterruptedError`, whichever copy of this package made it.
 *
 * @since 0.4.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/WaitInterruptedError"

/**
 * The name of that property, as a type.
 *
 * @since 0.4.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/WaitInterruptedError"

/**
 * Tells whether a value is a `WaitInterruptedError`.
 *
 * @since 0.4.0
 * @category guards
 */
export const isWaitInterruptedError = (u: unknown): u is WaitInterruptedError => hasProperty(u, TypeId)

/**
 * The execution of {@link WaitForOperation} that this wait shares was interrupted by `WaitForOperation.interrupt`. The operation may
 * still be running. A handle with another deadline begins another wait.
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
      /** The operation that was waited for. */
      operationName: Schema.String,
      /** The execution that was interrupted. */
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

  /** Which wait was interrupted. */
  override get message(): string {
    return `The durable wait for operation ${this.operationName} was interrupted (execution ${this.executionId}). ` +
      "The operation may still be running."
  }
}

/**
 * How a wait ends without a result: the operation failed, the deadline passed, the operation expired (`HttpError` with the code
 * `NOT_FOUND`), or its execution was interrupted.
 *
 * @since 0.4.0
 * @category models
 */
export type WaitFailure = OperationError | WaitTimeoutError | HttpError.HttpError | WaitInterruptedError

/**
 * The wait for one operation, as a workflow: `execute`, `poll`, `interrupt`, `resume`.
 *
 * The execution is identified by the API, the name, the deadline and the options: all who wait with the same ones share it. Its
 * result is a verdict about the operation and is kept. A network that is down, credentials that are refused or a closed service are
 * no verdict: the execution waits and tries again until the deadline.
 *
 * {@link wait} is for workflows, {@link attach} for everything else; they make the payload and read a result that is stored as a
 * reference.
 *
 * @since 0.4.0
 * @category workflows
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Begins to wait, and leaves: the runners go on.
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
 * The cancel of an operation, as a workflow. There is one execution for each operation, whoever asks for it.
 *
 * It reads the operation, asks the server to cancel it if it is in progress, and then waits up to a minute for what becomes of it.
 * The request is recorded once and sent at least once: a runner that dies between the request and the record sends it again. Google
 * cancels at best effort, so wait for the operation to see how it ends.
 *
 * @since 0.4.0
 * @category workflows
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Cancels an operation, and says what became of it.
 * const stop = (handle: OperationHandle) =>
 *   Effect.map(
 *     DurableOperations.execute(DurableOperations.CancelOperation, { handle }),
 *     ({ isAccepted, state }) => isAccepted ? `The operation is ${state}.` : `Not cancelled: the operation is ${state}.`
 *   )
 * ```
 */
export const CancelOperation = Cancel

/**
 * What became of a request to cancel an operation.
 *
 * @since 0.4.0
 * @category models
 */
export interface CancelOutcome {
  /**
   * Whether the server accepted the request to cancel the operation. It is not sent for an operation that is done, such as one that ended
   * after a runner had sent the request and had died before the record.
   */
  readonly isAccepted: boolean
  /** The last state that was read: at most a minute after the cancel. */
  readonly state: "succeeded" | "failed" | "cancelled" | "expired" | "running"
  /** Why the server refused to cancel the operation. */
  readonly refusal?: HttpError.HttpError | undefined
}

/**
 * The payload of {@link WaitForOperation}.
 *
 * @since 0.4.0
 * @category models
 */
export interface Payload {
  /** The operation, with the deadline of the wait. */
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
 * Records that an operation is to be cancelled, and returns the execution of {@link CancelOperation}. Works inside and outside of
 * workflows. To see how the operation ends, wait for it.
 *
 * @since 0.4.0
 * @category waiting
 * @example
 * ```ts
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as Effect from "effect/Effect"
 *
 * // Asks to cancel an operation, and waits for its end.
 * const stop = (handle: OperationHandle) =>
 *   Effect.zipRight(DurableOperations.cancel(handle), DurableOperations.attach(handle))
 * ```
 */
export const cancel = (handle: OperationHandle): Effect.Effect<string, never, WorkflowEngine> =>
  // The engine reports a runner that dies meanwhile, or a storage that does not respond, as a defect.
  detached(Cancel.execute({ handle }, { discard: true })).pipe(
    Effect.sandbox,
    Effect.retry(whileUnreachable),
    Effect.orDie
  )

// The result of a verdict. A result that is too large for the storage is read from Google again.
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

// What a wait sees of an execution that was interrupted.
const orInterrupted = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  handle: OperationHandle,
  executionId: string
): Effect.Effect<A, E | WaitInterruptedError, R> =>
  Effect.catchAllCause(effect, (cause): Effect.Effect<never, E | WaitInterruptedError> =>
    Cause.isInterruptedOnly(cause)
      ? Effect.fail(new WaitInterruptedError({ operationName: handle.name, executionId }))
      : Effect.failCause(cause))

// While a result that is not stored cannot be read.
const readAgain = Schedule.spaced("30 seconds")

/**
 * Waits for an operation in a workflow, which is suspended meanwhile. Any runner finishes the wait, with the same deadline.
 *
 * All waits with the same handle and options share one execution of {@link WaitForOperation}. When the execution ends, the engine
 * resumes the workflow that started it. Each other workflow checks the execution after half a minute, and then after pauses that grow
 * by a fifth, up to 30 minutes. If the workflow is interrupted, it ends with the current segment of polls, and `onInterrupt` decides
 * what happens to the operation; the shared execution continues for the other workflows.
 *
 * Fails with `OperationError` when the operation fails, with `WaitTimeoutError` at the deadline of the handle, with `HttpError`
 * (`NOT_FOUND`) when the operation has expired, and with `WaitInterruptedError` when the shared execution was interrupted.
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
    // The result of the workflow must not be the network's.
    return yield* Effect.retry(read(handle, verdict), {
      schedule: readAgain,
      while: (error) => HttpError.isHttpError(error) && !isNotFound(error)
    })
  })

/**
 * Waits for an operation from outside a workflow, as {@link wait} does inside: a request handler or a script that wants the result of
 * a wait that the runners carry out. If this process ends, the wait continues, and the same call finds it again.
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
 * Waits for an operation in a workflow, and returns its typed result.
 *
 * Fails as {@link wait} does, or with `ResultError` if the response is not of the type of the info. A handle that was made for
 * another response type is refused with `InvalidRequest`.
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
 * Starts an operation in a workflow, and returns its handle: an activity that is recorded when it ends, so a workflow that continues
 * on another runner does not start the operation again.
 *
 * `name` is that of the activity, unique in the workflow. The effect returns the started operation, or a handle of it. `timeout`
 * sets the deadline of the handle, from now. A runner for several APIs ({@link layerFor}) needs an effect that returns a handle.
 *
 * **Gotchas**
 *
 * A runner that dies, or loses its shards, after the request and before the record starts the operation again. Where the API takes a request id, send the
 * same one each time: `Activity.idempotencyKey(name)`.
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
 * The token with which {@link wake} wakes a wait by event. Store it where the handler of the event finds it, for instance by the
 * name of the operation.
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
 * Makes a wait look at its operation now. Call it in the handler of an event that says that the operation is done, such as the
 * second entry of the operation in the audit log. The event only says when to look: the verdict is read from the API.
 *
 * It wakes a wait once. An event that comes too early is followed by the looks of the safety net.
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
 * // In the handler of a push message:
 * const onMessage = (token: string) => DurableOperations.wake(token)
 * ```
 */
export const wake = (token: string): Effect.Effect<void, never, WorkflowEngine> =>
  DurableDeferred.done(wakeUp, { token: DurableDeferred.Token.make(token), exit: Exit.void })

/**
 * Executes a workflow from outside of it, and executes it again, with the same key, when the runner that it talks to dies or the
 * storage does not respond. The engine reports both as defects.
 *
 * A defect that the workflow itself ended with is its stored result, and is returned. Set a limit with `Effect.timeout`.
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
  // The result, if there is one; a defect or an interruption that is not stored is no result.
  const stored = Effect.flatMap(workflow.executionId(payload), (executionId) => workflow.poll(executionId)).pipe(
    Effect.catchAllCause(() => Effect.succeed(undefined))
  )
  const attempt = Effect.exit(workflow.execute(payload)).pipe(
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
    // A service refuses a handle of another API, without a request.
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
        // The event of a wait is that of its first execution.
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
    // Comes before the workflows are unregistered: a segment that knows that the runner stops is recorded at once.
    yield* Effect.addFinalizer(() => Deferred.succeed(closing, undefined))
    return service
  })

/**
 * Registers the workflows of durable waits, and provides {@link DurableOperations}. Every runner needs it. The requests are sent by
 * the runner's `OperationsService`, with its credentials, budget and dialect.
 *
 * When the layer closes, the segments of this runner end at once, and another runner continues the waits.
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
 * As {@link layer}, for several APIs, with a service for each. The handle says which of them reads the operation.
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
 * Provides {@link DurableOperations} for a process that only asks for results ({@link attach}), and runs no waits.
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
