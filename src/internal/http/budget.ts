/**
 * Limits how many requests are in flight and how many start per second. Queued requests start in the order in which
 * they arrived.
 */
import { type Timer, Wakeable } from "../time/timer.js"
import { PlaceQueue, type QueuePlace } from "./placeQueue.js"

/**
 * Removes a request from the queue. `acquire` returns `undefined` instead if the permit was granted immediately.
 *
 * @internal
 */
export type Leave = () => void

/**
 * A semaphore: at most `permits` requests hold a permit at the same time.
 *
 * @internal
 */
export class Permits {
  #free: number
  #isGranting = false
  readonly #queue = new PlaceQueue<QueuePlace & { readonly granted: () => void }>()

  constructor(count: number) {
    this.#free = count
  }

  /** Calls `granted` when a permit is free, possibly before `acquire` returns. */
  acquire(granted: () => void): Leave | undefined {
    if (this.#free > 0 && this.#queue.size === 0) {
      this.#free--
      granted()
      return undefined
    }
    const place = { granted, isQueued: true }
    this.#queue.add(place)
    return () => this.#queue.remove(place)
  }

  /**
   * Returns a permit, and grants it to the next queued request in a microtask. If many requests are interrupted
   * together, all of them have left the queue by then, so none of them starts.
   */
  release(): void {
    this.#free++
    if (this.#isGranting || this.#queue.size === 0) return
    this.#isGranting = true
    queueMicrotask(() => {
      this.#isGranting = false
      for (let place = this.#queue.first; place !== undefined && this.#free > 0; place = this.#queue.first) {
        this.#free--
        this.#queue.remove(place)
        place.granted()
      }
    })
  }
}

class Place extends Wakeable implements QueuePlace {
  isQueued = true
  readonly timer: Timer
  readonly granted: () => void
  readonly onTime: () => void

  constructor(timer: Timer, granted: () => void, onTime: () => void) {
    super()
    this.timer = timer
    this.granted = granted
    this.onTime = onTime
  }
}

// Grants permits at least `interval` apart. Only the first request in the queue is scheduled.
class Pace {
  readonly #interval: number
  readonly #queue = new PlaceQueue<Place>()
  #next = -Infinity
  #scheduled: Place | undefined

  constructor(perSecond: number) {
    this.#interval = 1000 / perSecond
  }

  acquire(timer: Timer, granted: () => void): Leave | undefined {
    if (this.#queue.size === 0 && this.#next <= timer.now()) {
      this.#grant(timer, granted)
      return undefined
    }
    const place = new Place(timer, granted, () => this.#onTime(place))
    this.#queue.add(place)
    this.#scheduleFirst()
    return () => {
      this.#queue.remove(place)
      this.#scheduleFirst()
    }
  }

  #scheduleFirst(): void {
    const { first } = this.#queue
    if (this.#scheduled === first) return
    this.#scheduled?.timer.cancel(this.#scheduled)
    this.#scheduled = first
    first?.timer.schedule(this.#next, first)
  }

  #onTime(place: Place): void {
    this.#scheduled = undefined
    this.#queue.remove(place)
    this.#grant(place.timer, place.granted)
    this.#scheduleFirst()
  }

  #grant(timer: Timer, granted: () => void): void {
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

  /** Calls `granted` when a request may start, possibly immediately. Call `release` when the request is done. */
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
