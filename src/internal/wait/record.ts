/**
 * The operations that a service waits for. All waits for one operation share its record, so that it has at most one poll in
 * flight, and a wait that sees its end wakes the others.
 */
import type { Permits } from "../http/budget.js"
import type { Snapshot } from "../http/response.js"
import type { Poll } from "./poll.js"
import type { Waiter } from "./waiter.js"

/**
 * A poll in flight.
 *
 * @internal
 */
export interface InFlight {
  /** The wait that began the poll; it may have ended since. */
  readonly leader: Waiter
  /** Where the permit of the poll goes back to. */
  readonly permits: Permits | undefined
  /** Nothing while it begins. */
  poll: Poll | undefined
}

/** @internal */
export class OperationRecord {
  readonly name: string
  /** The key in {@link Records}. */
  readonly path: string
  waiters: ReadonlyArray<Waiter> = []
  /** It belongs to the record: it stays in flight when the wait that began it ends and others wait for it. */
  inFlight: InFlight | undefined
  /** The last state of the operation, once it is done. */
  verdict: Snapshot | undefined
  /** Whether the server is asked to cancel the operation when nothing waits for it any more. */
  cancelWhenAbandoned = false

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
  }
}

/** @internal */
export class Records {
  readonly #byPath = new Map<string, OperationRecord>()

  /** The record of an operation that something waits for. */
  get(name: string, path: string): OperationRecord {
    let record = this.#byPath.get(path)
    if (record === undefined) this.#byPath.set(path, record = new OperationRecord(name, path))
    return record
  }

  /** Tells whether nothing waits for the operation any more; its record is gone then. */
  remove(waiter: Waiter): boolean {
    const { record } = waiter
    const left = record.waiters.filter((other) => other !== waiter)
    if (left.length === record.waiters.length) return false
    record.waiters = left
    return left.length === 0 && this.#byPath.delete(record.path)
  }

  /** All waits. */
  *waiters(): Iterable<Waiter> {
    for (const record of this.#byPath.values()) yield* record.waiters
  }
}
