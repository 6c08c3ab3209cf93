/**
 * What `close` ends: the exchanges in flight and the waits that sleep.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as HttpError from "../HttpError.js"
import { closedError, type Exchange } from "./response.js"

// The longest sleep that Effect's clock wakes from.
const maxSleep = 2 ** 31 - 1

const sleep = (millis: number): Effect.Effect<void> =>
  millis <= maxSleep
    ? Effect.sleep(Duration.millis(millis))
    : Effect.flatMap(Effect.sleep(Duration.millis(maxSleep)), () => sleep(millis - maxSleep))

/** @internal */
export interface Limit {
  readonly millis: number
  readonly onExceeded: () => HttpError.HttpError
}

/**
 * The exchanges that go on, each with what ends it early.
 *
 * @internal
 */
export class InFlight {
  private readonly ends = new Set<() => void>()
  private onIdle: (() => void) | undefined

  add(end: () => void): void {
    this.ends.add(end)
  }
  /** Tells whether it was still going on. */
  remove(end: () => void): boolean {
    const wasThere = this.ends.delete(end)
    if (wasThere && this.ends.size === 0) this.onIdle?.()
    return wasThere
  }
  endAll(): void {
    for (const end of this.ends) end()
  }
  readonly idle: Effect.Effect<void> = Effect.async((resume) => {
    if (this.ends.size === 0) return resume(Effect.void)
    this.onIdle = () => resume(Effect.void)
  })
}

/** @internal */
export interface LifecycleOptions {
  /** The exchanges of a transport that keeps them itself. */
  readonly inFlight?: InFlight | undefined
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
  private isClosing = false
  private isClosed = false
  private readonly sleeps = new InFlight()
  private readonly exchanges: InFlight
  private readonly done = Deferred.unsafeMake<void>(FiberId.none)
  private readonly options: LifecycleOptions

  constructor(options: LifecycleOptions) {
    this.options = options
    this.exchanges = options.inFlight ?? new InFlight()
  }

  /** Fails at once when no call may begin any more. */
  begin(exchange: Partial<Exchange>): Effect.Effect<void, HttpError.HttpError> {
    return this.isClosing ? Effect.fail(closedError(exchange)) : Effect.void
  }

  /** Runs an exchange until it ends, its limit passes, or the service is closed. */
  exchange<A, E>(
    effect: Effect.Effect<A, E>,
    exchange: Partial<Exchange>,
    limit?: Limit
  ): Effect.Effect<A, E | HttpError.HttpError> {
    return Effect.suspend(() =>
      this.isClosed ? Effect.fail(closedError(exchange)) : this.until(this.exchanges, effect, exchange, limit)
    )
  }

  /** Sleeps, however long, until the time has passed or the service begins to close. */
  sleep(millis: number, exchange: Partial<Exchange>): Effect.Effect<void, HttpError.HttpError> {
    return Effect.suspend(() =>
      this.isClosing ? Effect.fail(closedError(exchange)) : this.until(this.sleeps, sleep(millis), exchange)
    )
  }

  /**
   * Closes once; every caller waits for that one close to end. It runs on the live clock in a fiber of its own, so no
   * interruption and no test clock can keep it from ending.
   */
  readonly close: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (!this.isClosing) {
      this.isClosing = true
      Effect.runFork(this.run())
    }
    return Deferred.await(this.done)
  }))

  private run(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      this.sleeps.endAll()
      yield* Effect.timeoutOption(this.exchanges.idle, this.options.drainTimeout)
      this.isClosed = true
      this.exchanges.endAll()
      yield* this.options.release
    }).pipe(
      Effect.onExit((exit) => Deferred.done(this.done, Exit.asVoid(exit))),
      Effect.withClock(Clock.make())
    )
  }

  // Runs the effect in a fiber of its own, so that its caller is free at once when there is an end to it from outside;
  // one fiber costs a fraction of the race that Effect.timeout or Effect.raceFirst would run.
  private until<A, E>(
    all: InFlight,
    effect: Effect.Effect<A, E>,
    exchange: Partial<Exchange>,
    limit?: Limit
  ): Effect.Effect<A, E | HttpError.HttpError> {
    return Effect.flatMap(Effect.runtime<never>(), (runtime) =>
      Effect.async<A, E | HttpError.HttpError>((resume) => {
        const run = Runtime.runFork(runtime)
        // What fails in there, or in a fiber of the client below, is told to the caller and to no log.
        const fiber = run(Effect.withUnhandledErrorLogLevel(Effect.interruptible(effect), Option.none()))
        const timer = limit === undefined || fiber.unsafePoll() !== null
          ? undefined
          : run(Effect.interruptible(sleep(limit.millis)))
        const end = (result: Effect.Effect<A, E | HttpError.HttpError>) => {
          if (!all.remove(close)) return
          timer?.unsafeInterruptAsFork(FiberId.none)
          if (fiber.unsafePoll() === null) fiber.unsafeInterruptAsFork(FiberId.none)
          resume(result)
        }
        const close = () => end(Effect.fail(closedError(exchange)))
        all.add(close)
        fiber.addObserver(end)
        timer?.addObserver((exit) => {
          if (Exit.isSuccess(exit)) end(Effect.fail(limit!.onExceeded()))
        })
        return Effect.suspend(() => {
          end(Effect.interrupt)
          return Fiber.await(fiber)
        })
      }))
  }
}
