/**
 * One sleeper for all who wait: those who want to be woken stand in a heap, and a single fiber sleeps until the first of
 * them is due. Another fiber and another timer for each would cost kilobytes.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import { maxSleep, unsafeNow } from "./clock.js"

// A fiber that only sleeps needs nothing of anybody's but the clock. It gives way instead of sleeping for no time, since a
// test's clock ends such a sleep at once, and nobody may be rung before `set` has returned.
const fork = Runtime.runFork(Runtime.defaultRuntime)

interface Place {
  readonly due: number
  /** Among those that are due at the same time, the first to come is the first to go. */
  readonly turn: number
  /** Gone once it has rung, or was cancelled. */
  ring: (() => void) | undefined
}

const isBefore = (a: Place, b: Place): boolean => a.due < b.due || (a.due === b.due && a.turn < b.turn)

/** @internal */
export class Alarm {
  // A binary heap, the earliest on top.
  #places: Array<Place> = []
  #waiting = 0
  #turns = 0
  #sleeper: { readonly until: number; readonly fiber: Fiber.RuntimeFiber<void> } | undefined
  readonly #clock: Clock.Clock

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** Calls `ring` when it is `due`, by the monotonic clock. Gives what cancels that. */
  set(due: number, ring: () => void): () => void {
    const place: Place = { due, turn: this.#turns++, ring }
    this.#push(place)
    this.#waiting++
    this.#rearm()
    return () => {
      if (place.ring === undefined) return
      place.ring = undefined
      this.#waiting--
      // What was cancelled stays in the heap until it is due, unless that is most of what is there.
      if (this.#waiting === 0 || this.#places.length > 64 + 2 * this.#waiting) this.#compact()
    }
  }

  #compact(): void {
    const places = this.#places.filter((place) => place.ring !== undefined)
    this.#places = []
    for (const place of places) this.#push(place)
    this.#rearm()
  }

  #rearm(): void {
    const top = this.#places[0]
    if (top === undefined || top.due === Infinity) return this.#disarm()
    if (this.#sleeper !== undefined && this.#sleeper.until <= top.due) return
    this.#disarm()
    const now = unsafeNow(this.#clock)
    const millis = Math.min(maxSleep, Math.max(0, Math.ceil(top.due - now)))
    const sleep = millis === 0 ? Effect.yieldNow() : this.#clock.sleep(Duration.millis(millis))
    const sleeper = { until: now + millis, fiber: fork(sleep) }
    this.#sleeper = sleeper
    sleeper.fiber.addObserver((exit) => {
      if (Exit.isFailure(exit) || this.#sleeper !== sleeper) return
      this.#sleeper = undefined
      this.#ringAll()
    })
  }

  #disarm(): void {
    const sleeper = this.#sleeper
    this.#sleeper = undefined
    sleeper?.fiber.unsafeInterruptAsFork(FiberId.none)
  }

  #ringAll(): void {
    const now = unsafeNow(this.#clock)
    while (this.#places.length > 0 && this.#places[0]!.due <= now) {
      const place = this.#pop()
      const { ring } = place
      if (ring === undefined) continue
      place.ring = undefined
      this.#waiting--
      ring()
    }
    this.#rearm()
  }

  #push(place: Place): void {
    const places = this.#places
    let index = places.push(place) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(places[parent]!, place)) break
      places[index] = places[parent]!
      index = parent
    }
    places[index] = place
  }

  #pop(): Place {
    const places = this.#places
    const top = places[0]!
    const last = places.pop()!
    if (places.length === 0) return top
    let index = 0
    while (true) {
      let child = 2 * index + 1
      if (child >= places.length) break
      if (child + 1 < places.length && isBefore(places[child + 1]!, places[child]!)) child++
      if (isBefore(last, places[child]!)) break
      places[index] = places[child]!
      index = child
    }
    places[index] = last
    return top
  }
}
