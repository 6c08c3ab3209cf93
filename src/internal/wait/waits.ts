/**
 * The waits of a service: what one is made from, the loop that polls until it ends, `:wait`, and the cancel when the last one
 * leaves.
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import { OperationError } from "../../OperationError.js"
import { isOperationHandle } from "../../OperationHandle.js"
import type { Options, Waitable, WaitOptions } from "../../OperationsService.js"
import * as Polling from "../../Polling.js"
import { isWaitTimeoutError, type WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { ApiClient, Call } from "../http/apiClient.js"
import { invalidRequest, timeoutError } from "../http/errors.js"
import * as Decode from "../http/response.js"
import { now, onLiveClock } from "../time/clock.js"
import { type SharedOperation, SharedOperations } from "./sharing.js"
import { WaitState } from "./waitState.js"

/** @internal */
export type WaitFailure = OperationError | HttpError.HttpError | WaitTimeoutError

// How long a cancel that is sent on the way out may take, in ms of the machine's clock.
const cancelMillis = 5_000

// How long NOT_FOUND may mean that an operation is not visible yet, in ms.
const notFoundGraceMillis = 30_000

// A hold must end well before `requestTimeout` does. One shorter than a second is not asked for: a plain GET does.
const holdShare = 0.8
const shortestHoldMillis = 1_000

const noBody = HttpBody.unsafeJson({})

/** @internal */
export interface JoinOptions extends WaitOptions {
  /**
   * Whether the server may be asked to hold its answer: not for one of many that share a few slots, nor for one whose every
   * state counts. Default: true.
   */
  readonly mayHold?: boolean | undefined
}

/**
 * One wait of one caller.
 *
 * @internal
 */
export class Wait {
  /** When the next poll is due, by the monotonic clock; the operation when it has succeeded. */
  due: number | Operation.Succeeded = 0
  readonly name: string
  readonly state: WaitState
  readonly call: Call
  readonly shared: SharedOperation
  readonly options: JoinOptions
  readonly #waits: Waits

  constructor(waits: Waits, name: string, call: Call, state: WaitState, options: JoinOptions) {
    this.#waits = waits
    this.name = name
    this.call = call
    this.state = state
    this.options = options
    this.shared = waits.sharing.join(call.path)
  }

  /** Finds out when the first poll is due. */
  begin(): Effect.Effect<void, WaitTimeoutError> {
    return Effect.map(this.state.firstDue(), (due) => {
      this.due = due
    })
  }

  /** Polls, alone or with others, and takes in the answer. */
  poll(): Effect.Effect<void, WaitFailure> {
    return Effect.flatMap(
      Effect.either(this.#waits.poll(this)),
      (answer) =>
        Either.isLeft(answer) && isWaitTimeoutError(answer.left)
          ? Effect.fail(answer.left)
          : this.take(answer as Either.Either<Decode.Snapshot, HttpError.HttpError>)
    )
  }

  /** Follows another wait's poll until this wait's own deadline: the server may hold that poll for longer. */
  untilDeadline<A>(
    follow: Effect.Effect<A, HttpError.HttpError>
  ): Effect.Effect<A, HttpError.HttpError | WaitTimeoutError> {
    const { deadline } = this.state
    if (deadline === Infinity || !this.#waits.holds) return follow
    return Effect.flatMap(now, (at) =>
      Effect.flatMap(
        Effect.timeoutOption(follow, Duration.millis(Math.max(0, deadline - at))),
        (result) => result._tag === "Some" ? Effect.succeed(result.value) : this.state.expire()
      ))
  }

  /** Waits until the next poll is due and makes it, unless another wait sees the end before. */
  advance(): Effect.Effect<void, WaitFailure> {
    return Effect.flatMap(now, (at) => {
      if (typeof this.due !== "number" || this.due <= at) return this.poll()
      return Effect.flatMap(
        this.#waits.client.lifecycle.sleep<Decode.Snapshot>(this.due, this.call, this.shared.sleepers),
        (end) => end === undefined ? this.poll() : this.take(Either.right(end))
      )
    })
  }

  /** Takes in an answer. */
  take(answer: Parameters<WaitState["afterAnswer"]>[0]): Effect.Effect<void, WaitFailure> {
    return Effect.map(this.state.afterAnswer(answer), (due) => {
      this.due = due
    })
  }

  /** Leaves the operation to the others; the last one to leave cancels it, if one of them wanted that. */
  leave(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { options, shared } = this
      if (exit._tag === "Failure") {
        const failure = Cause.failureOption(exit.cause)
        if (
          Cause.isInterrupted(exit.cause)
            ? options.onInterrupt === "cancel"
            : failure._tag === "Some" && isWaitTimeoutError(failure.value) && options.onTimeout === "cancel"
        ) shared.cancelAtLast = true
      }
      const isLast = this.#waits.sharing.leave(this.call.path, shared)
      return isLast && shared.cancelAtLast && shared.end === undefined
        ? this.#waits.cancelOnTheWayOut(this.name)
        : Effect.void
    })
  }
}

/** @internal */
export class Waits {
  readonly client: ApiClient
  readonly sharing = new SharedOperations()
  readonly #options: Options
  readonly #maxHint: number
  // Whether the server can hold its answer; until it has said that it cannot, the API's description is believed.
  holds: boolean

  constructor(client: ApiClient, options: Options) {
    this.client = client
    this.#options = options
    this.#maxHint = Duration.toMillis(options.maxHint ?? "5 minutes")
    this.holds = client.api.methods.wait !== false
  }

  /** Joins the waits for an operation, or gives it back when it is done already. */
  join(operation: Waitable, options: JoinOptions = {}): Effect.Effect<Wait | Operation.Succeeded, WaitFailure> {
    return Effect.gen(this, function*() {
      const { api } = this.client
      const handle = isOperationHandle(operation) ? operation : undefined
      const known = typeof operation === "string" || isOperationHandle(operation) ? undefined : operation
      if (known?._tag === "Succeeded") return known
      if (known?._tag === "Failed") return yield* new OperationError({ operation: known })
      if (known?.name === "") {
        return yield* invalidRequest("the pending operation has no name, so there is nothing to poll")
      }
      if (handle !== undefined) {
        const own = yield* this.client.address
        if (handle.api.baseUrl !== own.baseUrl || handle.api.version !== own.version) {
          return yield* invalidRequest(
            `the handle is of ${handle.api.baseUrl}/${handle.api.version}, this service is for ${own.baseUrl}/${own.version}`
          )
        }
      }
      if (!api.methods.cancel && (options.onInterrupt === "cancel" || options.onTimeout === "cancel")) {
        return yield* invalidRequest("this API has no method to cancel an operation, so no wait can be asked to")
      }
      const name = typeof operation === "string" ? operation : operation.name
      const call = yield* this.client.call({ method: "GET", resource: { operation: name } })
      yield* this.client.lifecycle.failIfClosing(call)
      const state = new WaitState({
        name,
        known,
        notFoundGraceMillis: handle !== undefined
          ? notFoundGraceMillis - ((yield* Clock.currentTimeMillis) - DateTime.toEpochMillis(handle.startedAt))
          : known !== undefined
          ? notFoundGraceMillis
          : 0,
        isFromHandle: handle !== undefined,
        schedule: options.schedule ?? this.#options.schedule ?? Polling.defaultSchedule,
        transient: options.transient ?? this.#options.transient ?? Polling.transient,
        timeout: options.timeout !== undefined
          ? Duration.toMillis(options.timeout)
          : handle?.deadline === undefined
          ? Infinity
          : Math.max(0, DateTime.toEpochMillis(handle.deadline) - (yield* Clock.currentTimeMillis)),
        maxHint: this.#maxHint
      }, yield* now)
      return new Wait(this, name, call, state, options)
    })
  }

  /** Runs the polls of one operation until it has ended. */
  wait(operation: Waitable, options?: WaitOptions): Effect.Effect<Operation.Succeeded, WaitFailure> {
    return Effect.acquireUseRelease(
      this.join(operation, options),
      (wait) => wait instanceof Wait ? this.#drive(wait) : Effect.succeed(wait),
      (wait, exit) => wait instanceof Wait ? wait.leave(exit) : Effect.void
    )
  }

  #drive(wait: Wait): Effect.Effect<Operation.Succeeded, WaitFailure> {
    return Effect.gen(function*() {
      yield* wait.begin()
      while (typeof wait.due === "number") yield* wait.advance()
      return wait.due
    })
  }

  /** Whether the server is asked to hold its answer: not where that would keep a slot from others. */
  #canHold(wait: Wait): boolean {
    return this.holds && wait.options.mayHold !== false && this.#options.requestBudget?.concurrent === undefined
  }

  /** One poll, shared with the other waits for the operation. */
  poll(wait: Wait): Effect.Effect<Decode.Snapshot, HttpError.HttpError | WaitTimeoutError> {
    const poll = wait.shared.poll(
      this.#canHold(wait) ? this.#hold(wait) : this.client.send(wait.call, Decode.toSnapshot),
      (follow) => wait.untilDeadline(follow)
    )
    if (this.#options.requestBudget === undefined || wait.state.deadline === Infinity) return poll
    // Waiting for a place in the budget must not outlast the deadline.
    return Effect.flatMap(now, (at) =>
      Effect.timeoutFail(poll, {
        duration: Duration.sum(
          Duration.millis(Math.max(0, wait.state.deadline - at)),
          this.client.requestTimeout
        ),
        onTimeout: () => timeoutError(this.client.errorContext(wait.call))
      }))
  }

  #hold(wait: Wait): Effect.Effect<Decode.Snapshot, HttpError.HttpError> {
    return Effect.gen(this, function*() {
      const read = this.client.send(wait.call, Decode.toSnapshot)
      const heldSince = yield* now
      const longest = Duration.toMillis(this.client.requestTimeout) * holdShare
      const millis = Math.min(longest, wait.state.deadline - heldSince)
      if (millis < shortestHoldMillis) return yield* read
      const timeout = `${Math.floor(millis / 1000)}s`
      const inBody = this.client.api.methods.wait === "body"
      const call = yield* this.client.call({
        method: "POST",
        resource: { operation: wait.name },
        verb: ":wait",
        query: inBody ? undefined : { timeout },
        body: inBody ? HttpBody.unsafeJson({ timeout }) : noBody
      })
      return yield* this.client.send(call, Decode.toSnapshot).pipe(
        Effect.map((snapshot) => ({ ...snapshot, heldSince })),
        Effect.catchAll((failure) => {
          const isMissing = failure.code === "UNIMPLEMENTED" ||
            (failure.httpStatus === 404 && failure.status === undefined)
          if (!isMissing) return Effect.fail(failure)
          this.holds = false
          return read
        })
      )
    })
  }

  /** Asks the server to cancel an operation. */
  cancel(name: string, urgentMillis?: number): Effect.Effect<void, HttpError.HttpError> {
    return Effect.flatMap(
      this.client.call({ method: "POST", resource: { operation: name }, verb: ":cancel", body: noBody, urgentMillis }),
      (call) => this.client.send(call, Decode.toVoid)
    )
  }

  /** The cancel of a wait that ends early: once, bounded in time on the live clock, and never a failure of its own. */
  cancelOnTheWayOut(name: string): Effect.Effect<void> {
    return this.cancel(name, cancelMillis).pipe(
      onLiveClock,
      Effect.catchAllCause((cause) => Effect.logDebug(`Operation ${name} could not be cancelled`, Cause.squash(cause)))
    )
  }
}
