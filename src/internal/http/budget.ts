/**
 * How many requests may be in flight, and how many may begin in a second: first come, first served.
 */
import type { Entry, Timer } from "../time/timer.js"

/**
 * Leaves a queue. Nothing is left when it was granted at once.
 *
 * @internal
 */
export type Leave = () => void

/**
 * Permits for a number of holders at a time.
 *
 * @internal
 */
export class Permits {
  #free: number
  #isGranting = false
  readonly #queue = new Set<{ readonly granted: () => void }>()

  constructor(count: number) {
    this.#free = count
  }

  /** Calls `granted` when a permit is free, perhaps at once. */
  acquire(granted: () => void): Leave | undefined {
    if (this.#free > 0 && this.#queue.size === 0) {
      this.#free--
      granted()
      return undefined
    }
    const place = { granted }
    this.#queue.add(place)
    return () => this.#queue.delete(place)
  }

  /** The next in the queue is granted a little later: of many that are interrupted together, none begins a request. */
  release(): void {
    this.#free++
    if (this.#isGranting || this.#queue.size === 0) return
    this.#isGranting = true
    queueMicrotask(() => {
      this.#isGranting = false
      for (const place of this.#queue) {
        if (this.#free <= 0) return
        this.#free--
        this.#queue.delete(place)
        place.granted()
      }
    })
  }
}

interface Place {
  readonly timer: Timer
  readonly granted: () => void
}

// Only the first in the queue is scheduled; it is granted `interval` after the one before it.
class Pace {
  readonly #interval: number
  readonly #queue = new Set<Place>()
  #next = -Infinity
  #scheduled: { readonly place: Place; readonly entry: Entry } | undefined

  constructor(perSecond: number) {
    this.#interval = 1000 / perSecond
  }

  acquire(timer: Timer, granted: () => void): Leave | undefined {
    const place: Place = { timer, granted }
    if (this.#queue.size === 0 && this.#next <= timer.now()) {
      this.#grant(place)
      return undefined
    }
    this.#queue.add(place)
    this.#scheduleFirst()
    return () => {
      this.#queue.delete(place)
      this.#scheduleFirst()
    }
  }

  #scheduleFirst(): void {
    const first = this.#queue.values().next().value
    if (this.#scheduled?.place === first) return
    this.#scheduled?.place.timer.cancel(this.#scheduled.entry)
    this.#scheduled = first && { place: first, entry: first.timer.schedule(this.#next, this) }
  }

  onTime(): void {
    const place = this.#scheduled!.place
    this.#scheduled = undefined
    this.#queue.delete(place)
    this.#grant(place)
    this.#scheduleFirst()
  }

  #grant({ granted, timer }: Place): void {
    this.#next = Math.max(this.#next, timer.now()) + this.#interval
    granted()
  }
}

/** @internal */
export class Budget {
  readonly #permits: Permits
  readonly #pace: Pace | undefined

  constructor(concurrent: number, perSecond: number) {
    this.#permits = new Permits(concurrent)
    this.#pace = perSecond === Infinity ? undefined : new Pace(perSecond)
  }

  /** Calls `granted` when a request may begin, perhaps at once. Who is granted must `release` at the end. */
  acquire(timer: Timer, granted: () => void): Leave | undefined {
    const pace = this.#pace
    if (pace === undefined) return this.#permits.acquire(granted)
    let leavePace: Leave | undefined
    let hasPermit = false
    const leavePermits = this.#permits.acquire(() => {
      hasPermit = true
      leavePace = pace.acquire(timer, granted)
    })
    if (hasPermit && leavePace === undefined) return undefined
    return () => {
      if (!hasPermit) return leavePermits?.()
      leavePace?.()
      this.#permits.release()
    }
  }

  release(): void {
    this.#permits.release()
  }
}
