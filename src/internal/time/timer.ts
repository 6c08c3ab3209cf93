/**
 * Wakes objects at given times. All that wait on one clock are in one queue, and one fiber sleeps until the earliest of them
 * is due: a waiting object costs neither a fiber nor a timer of the machine.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import { maxSleep, monotonicMillis } from "./clock.js"

// The sleeping fiber uses the timer's clock and no other service.
const fork = Runtime.runFork(Runtime.defaultRuntime)

/**
 * What a timer can wake.
 *
 * @internal
 */
export interface Wakeable {
  readonly onTime: () => void
}

/**
 * A place in the queue of a timer.
 *
 * @internal
 */
export interface Entry {
  /** When it is due, in monotonic ms. */
  readonly due: number
  /** Entries that are due at the same time are woken in the order in which they were scheduled. */
  readonly order: number
  readonly target: Wakeable
  /** The index in the queue; -1 when the target was woken or the entry was cancelled. */
  index: number
}

const isBefore = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

/** @internal */
export class Timer {
  readonly #clock: Clock.Clock
  // A binary heap with the earliest entry first.
  readonly #entries: Array<Entry> = []
  #order = 0
  #sleeper: { readonly until: number; readonly fiber: Fiber.RuntimeFiber<void> } | undefined

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** The current time, in monotonic ms. */
  now(): number {
    return monotonicMillis(this.#clock)
  }

  /** Wakes the target when it is due, but never before `schedule` has returned. */
  schedule(due: number, target: Wakeable): Entry {
    const entry: Entry = { due, order: this.#order++, target, index: this.#entries.length }
    this.#entries.push(entry)
    this.#moveUp(entry)
    if (entry.index === 0) this.#sleep()
    return entry
  }

  /** Has no effect on an entry whose target was woken. */
  cancel(entry: Entry | undefined): void {
    if (entry === undefined || entry.index === -1) return
    this.#remove(entry)
    // A sleeper that wakes too early sleeps again; with nothing to wait for it must not keep the process alive.
    if (this.#entries.length === 0) this.#wake()
  }

  #sleep(): void {
    const first = this.#entries[0]
    if (first === undefined || first.due === Infinity) return this.#wake()
    if (this.#sleeper !== undefined && this.#sleeper.until <= first.due) return
    this.#wake()
    const now = this.now()
    const millis = Math.min(maxSleep, Math.max(0, Math.ceil(first.due - now)))
    // A test's clock ends a sleep of 0 ms at once, which would wake the target before `schedule` has returned.
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
    // What is scheduled meanwhile waits for the next turn, so that targets that schedule themselves cannot block the process.
    const last = this.#order
    try {
      for (let first = this.#entries[0]; first !== undefined; first = this.#entries[0]) {
        if (first.due > now || first.order >= last) break
        this.#remove(first)
        first.target.onTime()
      }
    } finally {
      this.#sleep()
    }
  }

  #remove(entry: Entry): void {
    const last = this.#entries.pop()!
    if (last !== entry) {
      last.index = entry.index
      this.#entries[last.index] = last
      this.#moveUp(last)
      this.#moveDown(last)
    }
    entry.index = -1
  }

  #moveUp(entry: Entry): void {
    const entries = this.#entries
    while (entry.index > 0) {
      const parent = entries[(entry.index - 1) >> 1]!
      if (isBefore(parent, entry)) break
      this.#swap(parent, entry)
    }
  }

  #moveDown(entry: Entry): void {
    const entries = this.#entries
    for (let child = 2 * entry.index + 1; child < entries.length; child = 2 * entry.index + 1) {
      const right = entries[child + 1]
      const earliest = right !== undefined && isBefore(right, entries[child]!) ? right : entries[child]!
      if (isBefore(entry, earliest)) break
      this.#swap(entry, earliest)
    }
  }

  #swap(a: Entry, b: Entry): void {
    const { index } = a
    a.index = b.index
    b.index = index
    this.#entries[a.index] = a
    this.#entries[b.index] = b
  }
}

const timers = new WeakMap<Clock.Clock, Timer>()

/**
 * The timer of a clock.
 *
 * @internal
 */
export const timerOf = (clock: Clock.Clock): Timer => {
  let timer = timers.get(clock)
  if (timer === undefined) timers.set(clock, timer = new Timer(clock))
  return timer
}
