/**
 * A service is open, then closing (requests in flight may still finish), then closed.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import { onLiveClock } from "../time/clock.js"

/**
 * What ends with a service.
 *
 * @internal
 */
export interface Closeable {
  /** The service begins to close. What is not in flight ends now. */
  readonly onClosing: () => void
  /** The time to finish has passed. */
  readonly onClosed?: () => void
}

/** @internal */
export class Lifecycle {
  #isClosing = false
  // Those in flight have an `onClosed`; `close` waits for them.
  readonly #inFlight = new Set<Closeable>()
  readonly #listeners = new Set<Closeable>()
  #onIdle: (() => void) | undefined
  readonly #done = Deferred.unsafeMake<void>(FiberId.none)
  readonly #shutdown: Effect.Effect<void>

  constructor(options: {
    /** How long requests in flight may take to finish. */
    readonly gracefulShutdownTimeout: Duration.Duration
    /** Runs when no request is in flight any more. */
    readonly release: Effect.Effect<void>
  }) {
    this.#shutdown = Effect.gen(this, function*() {
      for (const listener of this.#listeners) listener.onClosing()
      for (const request of this.#inFlight) request.onClosing()
      yield* Effect.timeoutOption(this.#idle, options.gracefulShutdownTimeout)
      for (const request of this.#inFlight) request.onClosed?.()
      yield* options.release
    }).pipe(
      Effect.onExit((exit) => Deferred.done(this.#done, Exit.asVoid(exit))),
      onLiveClock
    )
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  addRequest(request: Closeable): void {
    this.#inFlight.add(request)
  }

  removeRequest(request: Closeable): void {
    if (this.#inFlight.delete(request) && this.#inFlight.size === 0) this.#onIdle?.()
  }

  /** Tells a listener when the service begins to close. */
  listen(listener: Closeable): void {
    this.#listeners.add(listener)
  }

  readonly #idle: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#inFlight.size === 0) return resume(Effect.void)
    this.#onIdle = () => resume(Effect.void)
  })

  /**
   * Closes once; every caller waits for that one close to end. It runs on the clock of the machine in a fiber of its own, so
   * that no interruption and no test clock can stop it.
   */
  readonly close: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (!this.#isClosing) {
      this.#isClosing = true
      Effect.runFork(this.#shutdown)
    }
    return Deferred.await(this.#done)
  }))
}
