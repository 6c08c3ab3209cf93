/**
 * The states of a service: open, then closing (requests in flight may finish), then closed.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as HttpError from "../../HttpError.js"
import { onLiveClock } from "../time/clock.js"
import { closedError, type ErrorContext, otherRequestError } from "./errors.js"
import { WorkerRequest } from "./workerRequest.js"

/**
 * Work that ends when the service is closed, such as a request or a wait.
 *
 * @internal
 */
export interface Closeable {
  /** Called when the service starts to close. Work that is not in flight ends now. */
  readonly onClosing: () => void
  /** Called when the time for requests in flight has passed. */
  readonly onClosed?: () => void
}

/**
 * A request that `close` waits for.
 *
 * @internal
 */
export interface RequestInFlight extends Closeable {
  /** The index in the list of the lifecycle. It is -1 while the request is not in flight. */
  inFlightIndex: number
}

/** @internal */
export class Lifecycle {
  #isClosing = false
  readonly #workerRequest = new WorkerRequest()
  // The requests in flight. `close` waits for them. This is an array, because a Set with many additions and deletions is
  // expensive in V8. Each time it grows, its old table refers to the new table, so only a full garbage collection frees
  // the requests that were deleted.
  readonly #inFlight: Array<RequestInFlight> = []
  readonly #listeners = new Set<Closeable>()
  #onIdle: (() => void) | undefined
  readonly #done = Deferred.unsafeMake<void>(FiberId.none)
  readonly #shutdown: Effect.Effect<void>

  constructor(options: {
    /** How long `close` waits for requests in flight. */
    readonly gracefulShutdownTimeout: Duration.Duration
    /** Runs when no requests are in flight. */
    readonly release: Effect.Effect<void>
  }) {
    this.#shutdown = Effect.gen(this, function*() {
      for (const listener of this.#listeners) listener.onClosing()
      // A request that ends leaves the list.
      for (const request of this.#inFlight.slice()) request.onClosing()
      yield* Effect.timeoutOption(this.#idle, options.gracefulShutdownTimeout)
      for (const request of this.#inFlight.slice()) request.onClosed?.()
      yield* options.release
    }).pipe(
      Effect.onExit((exit) => Deferred.done(this.#done, Exit.asVoid(exit))),
      onLiveClock
    )
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Makes the error of a call, if the service is closing or closed. */
  get refusal(): ((context: Partial<ErrorContext>) => HttpError.HttpError) | undefined {
    return this.#isClosing ? closedError : this.#workerRequest.isAnother() ? otherRequestError : undefined
  }

  addRequest(request: RequestInFlight): void {
    request.inFlightIndex = this.#inFlight.push(request) - 1
  }

  /** Has no effect on a request that is not in flight. */
  removeRequest(request: RequestInFlight): void {
    const { inFlightIndex } = request
    if (inFlightIndex === -1) return
    // The last request takes the place.
    const last = this.#inFlight.pop()!
    if (last !== request) {
      last.inFlightIndex = inFlightIndex
      this.#inFlight[inFlightIndex] = last
    }
    request.inFlightIndex = -1
    if (this.#inFlight.length === 0) this.#onIdle?.()
  }

  /** Calls the listener when the service starts to close. */
  listen(listener: Closeable): void {
    this.#listeners.add(listener)
  }

  readonly #idle: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#inFlight.length === 0) return resume(Effect.void)
    this.#onIdle = () => resume(Effect.void)
  })

  /**
   * Closes the service once. All callers wait until this is done. It runs in a separate fiber with the clock of the
   * machine, because neither an interruption nor a test clock must stop it.
   */
  readonly close: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (!this.#isClosing) {
      this.#isClosing = true
      Effect.runFork(this.#shutdown)
    }
    return Deferred.await(this.#done)
  }))
}
