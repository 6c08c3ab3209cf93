/**
 * Wakes objects at given times. All objects of a service that use the same clock share one queue, and one fiber sleeps
 * until the earliest time. A waiting object therefore needs neither a fiber nor a runtime timer of its own.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import { maxSleep, monotonicMillis } from "./clock.js"

// The sleeping fiber uses only the timer's clock, so the default runtime is sufficient.
const fork = Runtime.runFork(Runtime.defaultRuntime)

/**
 * An object that a timer can wake. It is also the timer's queue entry, so no other object is allocated.
 *
 * @internal
 */
export abstract class Wakeable {
  /** When to wake the object, in monotonic ms. */
  wakeAt = 0
  /** The order in which objects that are due at the same time were scheduled. */
  wakeOrder = 0
  /** The index in the timer's queue. It is -1 while the object is not scheduled. */
  wakeIndex = -1

  abstract onTime(): void
}

const isBefore = (a: Wakeable, b: Wakeable): boolean =>
  a.wakeAt < b.wakeAt || (a.wakeAt === b.wakeAt && a.wakeOrder < b.wakeOrder)

/** @internal */
export class Timer {
  readonly #clock: Clock.Clock
  // A binary heap whose first element is due earliest.
  readonly #queue: Array<Wakeable> = []
  #order = 0
  #sleeper: { readonly until: number; readonly fiber: Fiber.RuntimeFiber<void> } | undefined

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** Returns the current time, in monotonic ms. */
  now(): number {
    return monotonicMillis(this.#clock)
  }

  /**
   * Wakes the target at a time in monotonic ms, but never before `schedule` returns. A new time replaces the target's
   * earlier one.
   */
  schedule(at: number, target: Wakeable): void {
    if (target.wakeIndex !== -1) this.#remove(target)
    target.wakeAt = at
    target.wakeOrder = this.#order++
    target.wakeIndex = this.#queue.push(target) - 1
    this.#moveUp(target)
    if (target.wakeIndex === 0) this.#sleep()
  }

  /** Has no effect if the target is not scheduled. */
  cancel(target: Wakeable): void {
    if (target.wakeIndex === -1) return
    this.#remove(target)
    // The queue is empty, so stop the sleeping fiber, which would otherwise keep the process alive. A fiber that wakes
    // too early sleeps again.
    if (this.#queue.length === 0) this.#wake()
  }

  #sleep(): void {
    const first = this.#queue[0]
    if (first === undefined || first.wakeAt === Infinity) return this.#wake()
    if (this.#sleeper !== undefined && this.#sleeper.until <= first.wakeAt) return
    this.#wake()
    const now = this.now()
    const millis = Math.min(maxSleep, Math.max(0, Math.ceil(first.wakeAt - now)))
    // The TestClock ends a 0 ms sleep immediately, which would wake the target before `schedule` returns.
    const sleep = millis === 0 ? Effect.yieldNow() : this.#clock.sleep(Duration.millis(millis))
    const sleeper = { until: now + millis, fiber: fork(sleep) }
    this.#sleeper = sleeper
    sleeper.fiber.addObserver((exit) => {
      if (Exit.isFailure(exit) || this.#sleeper !== sleeper) return
      this.#sleeper = undefined
      this.#runDue()
    })
  }

  #wake(): void {
    const sleeper = this.#sleeper
    this.#sleeper = undefined
    sleeper?.fiber.unsafeInterruptAsFork(FiberId.none)
  }

  #runDue(): void {
    const now = this.now()
    // Targets that are scheduled during the loop wake in the next run. Otherwise, targets that reschedule themselves
    // could block the process.
    const last = this.#order
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        if (first.wakeAt > now || first.wakeOrder >= last) break
        this.#remove(first)
        first.onTime()
      }
    } finally {
      this.#sleep()
    }
  }

  #remove(target: Wakeable): void {
    const last = this.#queue.pop()!
    if (last !== target) {
      last.wakeIndex = target.wakeIndex
      this.#queue[last.wakeIndex] = last
      this.#moveUp(last)
      this.#moveDown(last)
    }
    target.wakeIndex = -1
  }

  #moveUp(target: Wakeable): void {
    const queue = this.#queue
    while (target.wakeIndex > 0) {
      const parent = queue[(target.wakeIndex - 1) >> 1]!
      if (isBefore(parent, target)) break
      this.#swap(parent, target)
    }
  }

  #moveDown(target: Wakeable): void {
    const queue = this.#queue
    for (let child = 2 * target.wakeIndex + 1; child < queue.length; child = 2 * target.wakeIndex + 1) {
      const right = queue[child + 1]
      const earliest = right !== undefined && isBefore(right, queue[child]!) ? right : queue[child]!
      if (isBefore(target, earliest)) break
      this.#swap(target, earliest)
    }
  }

  #swap(a: Wakeable, b: Wakeable): void {
    const { wakeIndex } = a
    a.wakeIndex = b.wakeIndex
    b.wakeIndex = wakeIndex
    this.#queue[a.wakeIndex] = a
    this.#queue[b.wakeIndex] = b
  }
}

/**
 * The timers of a service, one for each clock. Services do not share timers, because in Cloudflare Workers the sleeping
 * fiber ends with the request that started it, so a timer that is shared across requests would stop.
 *
 * @internal
 */
export class Timers {
  readonly #timers = new WeakMap<Clock.Clock, Timer>()

  of(clock: Clock.Clock): Timer {
    let timer = this.#timers.get(clock)
    if (timer === undefined) this.#timers.set(clock, timer = new Timer(clock))
    return timer
  }
}
