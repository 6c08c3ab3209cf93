/**
 * A wait that is driven: its state machine, and the polls that it shares with others.
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import { OperationError } from "../OperationError.js"
import { isOperationHandle } from "../OperationHandle.js"
import type { Options, Waitable, WaitOptions } from "../OperationsService.js"
import * as Polling from "../Polling.js"
import { isWaitTimeoutError, type WaitTimeoutError } from "../WaitTimeoutError.js"
import type { Call, Channel } from "./channel.js"
import { refused } from "./request.js"
import * as Response from "./response.js"
import { type Shared, Sharing } from "./sharing.js"
import { now, Waiting } from "./waiting.js"

/** @internal */
export type WaitFailure = OperationError | HttpError.HttpError | WaitTimeoutError

// How long a cancel that is sent on the way out may take, in ms of the machine's clock.
const cancelMillis = 5_000

// How long NOT_FOUND may mean that an operation is not visible yet, in ms.
const notYetMillis = 30_000

// Holds of the server's end well before the exchange itself does; shorter ones are not worth a method of their own.
const holdShare = 0.8
const shortestHold = 1_000

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
export class Session {
  /** When the next poll is due, by the monotonic clock; the operation when it has succeeded. */
  due: number | Operation.Succeeded = 0
  readonly name: string
  readonly waiting: Waiting
  readonly call: Call
  readonly shared: Shared
  readonly options: JoinOptions
  readonly #sessions: Sessions

  constructor(sessions: Sessions, name: string, call: Call, waiting: Waiting, options: JoinOptions) {
    this.#sessions = sessions
    this.name = name
    this.call = call
    this.waiting = waiting
    this.options = options
    this.shared = sessions.sharing.join(call.path)
  }

  /** Finds out when the first poll is due. */
  begin(): Effect.Effect<void, WaitTimeoutError> {
    return Effect.map(this.waiting.begin(), (due) => {
      this.due = due
    })
  }

  /** Polls, alone or with others, and takes in the answer. */
  poll(): Effect.Effect<void, WaitFailure> {
    return Effect.flatMap(
      Effect.either(this.#sessions.read(this)),
      (answer) =>
        Either.isLeft(answer) && isWaitTimeoutError(answer.left)
          ? Effect.fail(answer.left)
          : this.take(answer as Either.Either<Response.Snapshot, HttpError.HttpError>)
    )
  }

  /** The server may hold the poll of another wait for longer than there is time here. */
  patience<A>(follow: Effect.Effect<A, HttpError.HttpError>): Effect.Effect<A, HttpError.HttpError | WaitTimeoutError> {
    const { deadline } = this.waiting
    if (deadline === Infinity || !this.#sessions.holds) return follow
    return Effect.flatMap(now, (at) =>
      Effect.flatMap(
        Effect.timeoutOption(follow, Duration.millis(Math.max(0, deadline - at))),
        (result) => result._tag === "Some" ? Effect.succeed(result.value) : this.waiting.expire()
      ))
  }

  /** Waits until the next poll is due and makes it, unless another wait sees the end before. */
  advance(): Effect.Effect<void, WaitFailure> {
    return Effect.flatMap(now, (at) => {
      if (typeof this.due !== "number" || this.due <= at) return this.poll()
      return Effect.flatMap(
        this.#sessions.channel.lifecycle.sleep<Response.Snapshot>(this.due, this.call, this.shared.wakes),
        (verdict) => verdict === undefined ? this.poll() : this.take(Either.right(verdict))
      )
    })
  }

  /** Takes in an answer. */
  take(answer: Parameters<Waiting["next"]>[0]): Effect.Effect<void, WaitFailure> {
    return Effect.map(this.waiting.next(answer), (due) => {
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
        ) shared.isUnwanted = true
      }
      const isLast = this.#sessions.sharing.leave(this.call.path, shared)
      return isLast && shared.isUnwanted && shared.verdict === undefined
        ? this.#sessions.cancelOnTheWayOut(this.name)
        : Effect.void
    })
  }
}

/** @internal */
export class Sessions {
  readonly channel: Channel
  readonly sharing = new Sharing()
  readonly #options: Options
  readonly #maxHint: number
  // Whether the server can hold its answer; until it has said that it cannot, the API's description is believed.
  holds: boolean

  constructor(channel: Channel, options: Options) {
    this.channel = channel
    this.#options = options
    this.#maxHint = Duration.toMillis(options.maxHint ?? "5 minutes")
    this.holds = channel.api.methods.wait !== false
  }

  /** Joins the waits for an operation, or gives it back when it is done already. */
  join(operation: Waitable, options: JoinOptions = {}): Effect.Effect<Session | Operation.Succeeded, WaitFailure> {
    return Effect.gen(this, function*() {
      const { api } = this.channel
      const handle = isOperationHandle(operation) ? operation : undefined
      const known = typeof operation === "string" || isOperationHandle(operation) ? undefined : operation
      if (known?._tag === "Succeeded") return known
      if (known?._tag === "Failed") return yield* new OperationError({ operation: known })
      if (known?.name === "") {
        return yield* refused("the pending operation has no name, so there is nothing to poll")
      }
      if (handle !== undefined) {
        const own = yield* this.channel.address
        if (handle.api.baseUrl !== own.baseUrl || handle.api.version !== own.version) {
          return yield* refused(
            `the handle is of ${handle.api.baseUrl}/${handle.api.version}, this service is for ${own.baseUrl}/${own.version}`
          )
        }
      }
      if (!api.methods.cancel && (options.onInterrupt === "cancel" || options.onTimeout === "cancel")) {
        return yield* refused("this API has no method to cancel an operation, so no wait can be asked to")
      }
      const name = typeof operation === "string" ? operation : operation.name
      const call = yield* this.channel.call({ method: "GET", resource: { operation: name } })
      yield* this.channel.lifecycle.begin(call)
      const waiting = new Waiting({
        name,
        known,
        notYetMillis: handle !== undefined
          ? notYetMillis - ((yield* Clock.currentTimeMillis) - handle.startedAt.epochMillis)
          : known !== undefined
          ? notYetMillis
          : 0,
        isResumed: handle !== undefined,
        schedule: options.schedule ?? this.#options.schedule ?? Polling.defaultSchedule,
        transient: options.transient ?? this.#options.transient ?? Polling.transient,
        timeout: options.timeout !== undefined
          ? Duration.toMillis(options.timeout)
          : handle?.deadline === undefined
          ? Infinity
          : Math.max(0, handle.deadline.epochMillis - (yield* Clock.currentTimeMillis)),
        maxHint: this.#maxHint
      }, yield* now)
      return new Session(this, name, call, waiting, options)
    })
  }

  /** Runs the polls of one operation until it has ended. */
  wait(operation: Waitable, options?: WaitOptions): Effect.Effect<Operation.Succeeded, WaitFailure> {
    return Effect.acquireUseRelease(
      this.join(operation, options),
      (session) => session instanceof Session ? this.#drive(session) : Effect.succeed(session),
      (session, exit) => session instanceof Session ? session.leave(exit) : Effect.void
    )
  }

  #drive(session: Session): Effect.Effect<Operation.Succeeded, WaitFailure> {
    return Effect.gen(function*() {
      yield* session.begin()
      while (typeof session.due === "number") yield* session.advance()
      return session.due
    })
  }

  /** Whether the server is asked to hold its answer: not where that would keep a slot from others. */
  #canHold(session: Session): boolean {
    return this.holds && session.options.mayHold !== false && this.#options.requestBudget?.concurrent === undefined
  }

  /** One poll, shared with the other waits for the operation. */
  read(session: Session): Effect.Effect<Response.Snapshot, HttpError.HttpError | WaitTimeoutError> {
    const poll = session.shared.poll(
      this.#canHold(session) ? this.#hold(session) : this.channel.send(session.call, Response.toSnapshot),
      (follow) => session.patience(follow)
    )
    if (this.#options.requestBudget === undefined || session.waiting.deadline === Infinity) return poll
    // Waiting for a place in the budget must not outlast the deadline.
    return Effect.flatMap(now, (at) =>
      Effect.timeoutFail(poll, {
        duration: Duration.sum(
          Duration.millis(Math.max(0, session.waiting.deadline - at)),
          this.channel.requestTimeout
        ),
        onTimeout: () => Response.timeoutError(this.channel.exchangeOf(session.call))
      }))
  }

  #hold(session: Session): Effect.Effect<Response.Snapshot, HttpError.HttpError> {
    return Effect.gen(this, function*() {
      const read = this.channel.send(session.call, Response.toSnapshot)
      const heldSince = yield* now
      const longest = Duration.toMillis(this.channel.requestTimeout) * holdShare
      const millis = Math.min(longest, session.waiting.deadline - heldSince)
      if (millis < shortestHold) return yield* read
      const timeout = `${Math.floor(millis / 1000)}s`
      const inBody = this.channel.api.methods.wait === "body"
      const call = yield* this.channel.call({
        method: "POST",
        resource: { operation: session.name },
        verb: ":wait",
        query: inBody ? undefined : { timeout },
        body: inBody ? HttpBody.unsafeJson({ timeout }) : noBody
      })
      return yield* this.channel.send(call, Response.toSnapshot).pipe(
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
  cancel(name: string, urgent?: number): Effect.Effect<void, HttpError.HttpError> {
    return Effect.flatMap(
      this.channel.call({ method: "POST", resource: { operation: name }, verb: ":cancel", body: noBody, urgent }),
      (call) => this.channel.send(call, Response.toVoid)
    )
  }

  /** The cancel of a wait that ends early: once, bounded in time on the live clock, and never a failure of its own. */
  cancelOnTheWayOut(name: string): Effect.Effect<void> {
    return this.cancel(name, cancelMillis).pipe(
      Effect.withClock(Clock.make()),
      Effect.catchAllCause((cause) => Effect.logDebug(`Operation ${name} could not be cancelled`, Cause.squash(cause)))
    )
  }
}
