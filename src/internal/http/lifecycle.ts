/**
 * Manages the states of a service: open, then closing while requests in flight may finish, then closed.
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
 * Work that ends when the service is closed, such as a request or a `wait` call.
 *
 * @internal
 */
export interface Closeable {
  /** Called when the service starts to close. Work that is not in flight must end now. */
  readonly onClosing: () => void
  /** Called when the graceful shutdown timeout has passed. */
  readonly onClosed?: () => void
}

/**
 * A request that `close` waits for.
 *
 * @internal
 */
export interface RequestInFlight extends Closeable {
  /** The index in the lifecycle's list. It is -1 while the request is not in flight. */
  inFlightIndex: number
}

/** @internal */
export class Lifecycle {
  #isClosing = false
  readonly #workerRequest = new WorkerRequest()
  // The requests in flight, for which `close` waits. They are stored in an array, because V8 is slow to free the
  // entries that are deleted from a frequently changed `Set`. When a `Set` grows, its old table refers to the new
  // table, so only a full garbage collection frees the deleted requests.
  readonly #inFlight: Array<RequestInFlight> = []
  readonly #listeners = new Set<Closeable>()
  #onIdle: (() => void) | undefined
  readonly #done = Deferred.unsafeMake<void>(FiberId.none)
  readonly #shutdown: Effect.Effect<void>

  constructor(options: {
    /** How long `close` waits for requests in flight. */
    readonly gracefulShutdownTimeout: Duration.Duration
    /** Releases the connections. It runs when no requests are in flight. */
    readonly release: Effect.Effect<void>
  }) {
    this.#shutdown = Effect.gen(this, function*() {
      for (const listener of this.#listeners) listener.onClosing()
      // Iterate over a copy, because a request that ends removes itself from the list.
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

  /**
   * Returns a function that creates the error for a call, if the service is closing or closed, or belongs to a
   * different request of a Worker.
   */
  get refusal(): ((context: Partial<ErrorContext>) => HttpError.HttpError) | undefined {
    return this.#isClosing ? closedError : this.#workerRequest.isAnother() ? otherRequestError : undefined
  }

  addRequest(request: RequestInFlight): void {
    request.inFlightIndex = this.#inFlight.push(request) - 1
  }

  /** Has no effect if the request is not in flight. */
  removeRequest(request: RequestInFlight): void {
    const { inFlightIndex } = request
    if (inFlightIndex === -1) return
    // Move the final list entry to the freed index.
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
   * Closes the service once. All callers wait until it is closed. Closing runs in a separate fiber with the live clock,
   * so that neither an interruption nor a test clock can stop it.
   */
  readonly close: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (!this.#isClosing) {
      this.#isClosing = true
      Effect.runFork(this.#shutdown)
    }
    return Deferred.await(this.#done)
  }))
}
