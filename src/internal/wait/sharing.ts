/**
 * Waits for the same operation share its polls: never two requests for one name at the same time, and an operation that
 * has ended wakes everyone who waits for it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpError from "../../HttpError.js"
import type { Snapshot } from "../http/response.js"

type Poll = Effect.Effect<Snapshot, HttpError.HttpError>

/**
 * Bounds how long a wait goes after the poll of another one.
 *
 * @internal
 */
export type UntilDeadline<E> = <A>(
  follow: Effect.Effect<A, HttpError.HttpError>
) => Effect.Effect<A, HttpError.HttpError | E>

/**
 * One operation that is waited for.
 *
 * @internal
 */
export class SharedOperation {
  waiters = 0
  /** Whether one that left wanted the operation to be cancelled. */
  cancelAtLast = false
  /** The end of the operation, once one of the waits has seen it. */
  end: Snapshot | undefined
  /** Those that sleep until their next poll. */
  readonly sleepers = new Set<(end: Snapshot | undefined) => void>()
  // Those that wait for the poll in flight, when there is one: it runs in the fiber of the wait that began it.
  #followers: Set<(exit: Exit.Exit<Snapshot | undefined, HttpError.HttpError>) => void> | undefined

  /** Whether there is a poll in flight. */
  get isPolled(): boolean {
    return this.#followers !== undefined
  }

  /** Polls by `request`, or waits for the poll that another wait has in flight, as long as `untilDeadline` lets it. */
  poll<E>(request: Poll, untilDeadline: UntilDeadline<E>): Effect.Effect<Snapshot, HttpError.HttpError | E> {
    return Effect.suspend(() => {
      if (this.end !== undefined) return Effect.succeed(this.end)
      if (!this.isPolled) return this.#lead(request)
      // A wait that was interrupted leaves the operation to the others: the first of them polls now.
      return Effect.flatMap(
        untilDeadline(this.#follow()),
        (snapshot) => snapshot === undefined ? this.poll(request, untilDeadline) : Effect.succeed(snapshot)
      )
    })
  }

  #lead(request: Poll): Poll {
    this.#followers = new Set()
    return Effect.onExit(request, (exit) =>
      Effect.sync(() => {
        const followers = this.#followers!
        this.#followers = undefined
        if (Exit.isSuccess(exit) && exit.value.operation.done) this.end = exit.value
        const isLeft = Exit.isFailure(exit) && Cause.isInterrupted(exit.cause)
        for (const resume of followers) resume(isLeft ? Exit.succeed(undefined) : exit)
        if (this.end !== undefined) {
          for (const wake of this.sleepers) wake(this.end)
        }
      }))
  }

  // Gives nothing when the poll was given up.
  #follow(): Effect.Effect<Snapshot | undefined, HttpError.HttpError> {
    return Effect.async((resume) => {
      const followers = this.#followers!
      followers.add(resume)
      return Effect.sync(() => followers.delete(resume))
    })
  }
}

/** @internal */
export class SharedOperations {
  readonly #operations = new Map<string, SharedOperation>()

  join(path: string): SharedOperation {
    let shared = this.#operations.get(path)
    if (shared === undefined) this.#operations.set(path, shared = new SharedOperation())
    shared.waiters++
    return shared
  }

  /** Tells whether nobody waits for the operation any more. */
  leave(path: string, shared: SharedOperation): boolean {
    if (--shared.waiters > 0) return false
    this.#operations.delete(path)
    return true
  }
}
