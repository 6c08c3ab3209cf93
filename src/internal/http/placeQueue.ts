/**
 * A queue whose members can leave before their turn.
 *
 * The queue is an array, because a frequently changed `Set` is slower in V8: each time it grows or shrinks, its old
 * table refers to the new one, so the garbage collector keeps removed members alive until a full collection.
 */

/**
 * A place in a queue.
 *
 * @internal
 */
export interface QueuePlace {
  /** The queue sets this to false when the place is removed. */
  isQueued: boolean
}

/** @internal */
export class PlaceQueue<P extends QueuePlace> {
  // Places that are removed from the middle remain in the array until the array is compacted.
  #places: Array<P> = []
  #first = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): P | undefined {
    return this.#places[this.#first]
  }

  add(place: P): void {
    this.#places.push(place)
    this.#size++
  }

  remove(place: P): void {
    if (!place.isQueued) return
    place.isQueued = false
    this.#size--
    while (this.first?.isQueued === false) this.#first++
    if (this.#places.length > 32 && this.#places.length > 2 * this.#size) {
      this.#places = this.#places.filter(({ isQueued }) => isQueued)
      this.#first = 0
    }
  }
}
