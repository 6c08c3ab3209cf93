/**
 * Runs exchanges and sleeps so that each can be ended: an exchange by its time limit or by `close`, a sleep by whoever wakes it
 * or by `close`.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as HttpError from "../../HttpError.js"
import { Alarm } from "../time/alarm.js"
import { onLiveClock, unsafeNow } from "../time/clock.js"
import { closedError, type ErrorContext } from "./errors.js"

// What fails in an exchange, or in a fiber of the client below, is told to the caller and to no log.
const quiet: Runtime.RunForkOptions = {
  updateRefs: (refs, fiberId) =>
    FiberRefs.updateAs(refs, { fiberId, fiberRef: FiberRef.unhandledErrorLogLevel, value: Option.none() })
}

/** @internal */
export interface Limit {
  readonly millis: number
  readonly onExceeded: () => HttpError.HttpError
}

/**
 * The sleepers that something can wake, with what it gives them.
 *
 * @internal
 */
export interface Wakes<A> {
  add(wake: (value: A) => void): void
  delete(wake: (value: A) => void): void
}

/**
 * What goes on, each with what ends it early.
 *
 * @internal
 */
export class Ongoing {
  readonly #ends = new Set<() => void>()
  #onIdle: (() => void) | undefined

  add(end: () => void): void {
    this.#ends.add(end)
  }
  /** Tells whether it was still going on. */
  remove(end: () => void): boolean {
    const wasThere = this.#ends.delete(end)
    if (wasThere && this.#ends.size === 0) this.#onIdle?.()
    return wasThere
  }
  endAll(): void {
    for (const end of this.#ends) end()
  }
  readonly idle: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#ends.size === 0) return resume(Effect.void)
    this.#onIdle = () => resume(Effect.void)
  })
}

/** @internal */
export interface LifecycleOptions {
  /** The exchanges of a transport that keeps them itself. */
  readonly inFlight?: Ongoing | undefined
  /** How long exchanges in flight may go on while the service closes. */
  readonly drainTimeout: Duration.Duration
  /** Gives back what the transport holds, when no exchange is in flight any more. */
  readonly release: Effect.Effect<void>
}

/**
 * A service is open, then closing (exchanges in flight may still finish), then closed.
 *
 * @internal
 */
export class Lifecycle {
  #isClosing = false
  #isClosed = false
  readonly #sleeps = new Ongoing()
  readonly #alarms = new WeakMap<Clock.Clock, Alarm>()
  readonly #exchanges: Ongoing
  readonly #done = Deferred.unsafeMake<void>(FiberId.none)
  readonly #options: LifecycleOptions

  constructor(options: LifecycleOptions) {
    this.#options = options
    this.#exchanges = options.inFlight ?? new Ongoing()
  }

  /** Fails at once when no call may begin any more. */
  failIfClosing(context: Partial<ErrorContext>): Effect.Effect<void, HttpError.HttpError> {
    return this.#isClosing ? Effect.fail(closedError(context)) : Effect.void
  }

  /** Runs an exchange, in a fiber of its own, until it ends, its limit passes, or the service is closed. */
  exchange<A, E>(
    effect: Effect.Effect<A, E>,
    context: Partial<ErrorContext>,
    limit: Limit
  ): Effect.Effect<A, E | HttpError.HttpError> {
    return Effect.flatMap(
      Effect.runtime<never>(),
      (runtime) =>
        this.#isClosed ?
          Effect.fail(closedError(context)) :
          Effect.clockWith((clock) =>
            Effect.async<A, E | HttpError.HttpError>((resume) => {
              const fiber = Runtime.runFork(runtime)(Effect.interruptible(effect), quiet)
              const isOver = fiber.unsafePoll() !== null
              const cancel = isOver ? undefined : this.alarm(clock).set(
                unsafeNow(clock) + limit.millis,
                () => end(Effect.fail(limit.onExceeded()))
              )
              // A limit or `close` frees the caller at once; the fiber ends in its own time.
              const end = (result: Effect.Effect<A, E | HttpError.HttpError>): void => {
                if (!this.#exchanges.remove(close)) return
                cancel?.()
                if (fiber.unsafePoll() === null) fiber.unsafeInterruptAsFork(FiberId.none)
                resume(result)
              }
              const close = () => end(Effect.fail(closedError(context)))
              this.#exchanges.add(close)
              fiber.addObserver(end)
              return Effect.suspend(() => {
                end(Effect.interrupt)
                return Fiber.await(fiber)
              })
            })
          )
    )
  }

  /**
   * Sleeps until `due`, by the monotonic clock, or until something wakes it, and gives what that has to say. Fails when the
   * service begins to close.
   */
  sleep<A = void>(
    due: number,
    context: Partial<ErrorContext>,
    wakes?: Wakes<A | undefined>
  ): Effect.Effect<A | undefined, HttpError.HttpError> {
    return Effect.clockWith((clock) =>
      this.#isClosing ? Effect.fail(closedError(context)) : Effect.async((resume) => {
        const end = (result: Effect.Effect<A | undefined, HttpError.HttpError>): void => {
          if (!this.#sleeps.remove(close)) return
          wakes?.delete(wake)
          cancel()
          resume(result)
        }
        const close = () => end(Effect.fail(closedError(context)))
        const wake = (value: A | undefined) => end(Effect.succeed(value))
        this.#sleeps.add(close)
        wakes?.add(wake)
        const cancel = this.alarm(clock).set(due, () => wake(undefined))
        return Effect.sync(() => end(Effect.interrupt))
      })
    )
  }

  /** Calls `close` when the service begins to close, at once if that has begun. Gives what undoes that. */
  onClosing(close: () => void): () => void {
    if (this.#isClosing) close()
    this.#sleeps.add(close)
    return () => this.#sleeps.remove(close)
  }

  /** The alarm of a clock; each clock that waits run on has one. */
  alarm(clock: Clock.Clock): Alarm {
    let alarm = this.#alarms.get(clock)
    if (alarm === undefined) this.#alarms.set(clock, alarm = new Alarm(clock))
    return alarm
  }

  /**
   * Closes once; every caller waits for that one close to end. It runs on the live clock in a fiber of its own, so no
   * interruption and no test clock can keep it from ending.
   */
  readonly close: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (!this.#isClosing) {
      this.#isClosing = true
      Effect.runFork(this.#run())
    }
    return Deferred.await(this.#done)
  }))

  #run(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      this.#sleeps.endAll()
      yield* Effect.timeoutOption(this.#exchanges.idle, this.#options.drainTimeout)
      this.#isClosed = true
      this.#exchanges.endAll()
      yield* this.#options.release
    }).pipe(
      Effect.onExit((exit) => Deferred.done(this.#done, Exit.asVoid(exit))),
      onLiveClock
    )
  }
}
