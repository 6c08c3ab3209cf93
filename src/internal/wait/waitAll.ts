/**
 * Many waits at once: one that sleeps is an entry of the alarm and nothing more, and a few fibers make the polls of those
 * that are due.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Outcome, Waitable, WaitOptions } from "../../OperationsService.js"
import type { Snapshot } from "../http/response.js"
import { now } from "../time/clock.js"
import { type JoinOptions, Wait, type WaitFailure, type Waits } from "./waits.js"

interface Entry<W> {
  readonly of: W
  readonly wait: Wait
  /** The end that another wait has seen. */
  seen: Snapshot | undefined
  /** While it sleeps, cancels what would wake it. */
  cancel: (() => void) | undefined
  /** Ends its sleep. */
  readonly wake: (end: Snapshot | undefined) => void
}

// How many cancels the end of the stream sends at a time.
const cancelsAtATime = 16

// How long a wait leaves another wait's poll that the server may hold, in ms, before it looks whether it is still there.
const lookAgainMillis = 1_000

/** @internal */
export const waitAll = <W extends Waitable>(
  waits: Waits,
  operations: Iterable<W>,
  options: WaitOptions | undefined,
  concurrency: number
): Stream.Stream<Outcome<W>> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const joinOptions: JoinOptions = { ...options, mayHold: false }
    const { lifecycle } = waits.client
    const alarm = yield* Effect.clockWith((clock) => Effect.sync(() => lifecycle.alarm(clock)))
    const outcomes = yield* Mailbox.make<Outcome<W>>()
    const ready = yield* Queue.unbounded<Entry<W>>()
    const open = new Set<Entry<W>>()

    yield* Effect.addFinalizer((exit) =>
      Effect.forEach(open, (entry) => {
        entry.cancel?.()
        entry.wait.shared.sleepers.delete(entry.wake)
        return entry.wait.leave(exit)
      }, { concurrency: cancelsAtATime, discard: true })
    )

    const sleep = (entry: Entry<W>, due: number): void => {
      entry.wait.shared.sleepers.add(entry.wake)
      entry.cancel = alarm.set(due, () => entry.wake(undefined))
    }

    // Once begun it is not interrupted, so that nobody leaves twice, and a cancel on the way out is sent to its end.
    const finish = (entry: Entry<W>, result: Outcome<W>["result"]): Effect.Effect<void> =>
      entry.wait.leave(Either.isLeft(result) ? Exit.fail(result.left) : Exit.void).pipe(
        Effect.map(() => {
          open.delete(entry)
          outcomes.unsafeOffer({ of: entry.of, result })
          if (open.size === 0) outcomes.unsafeDone(Exit.void)
        }),
        Effect.uninterruptible
      )

    // Takes one step of a wait and sees what follows.
    const advance = (entry: Entry<W>, step: Effect.Effect<void, WaitFailure>): Effect.Effect<void> =>
      Effect.flatMap(Effect.either(step), (result) => {
        if (Either.isLeft(result)) return finish(entry, Either.left(result.left))
        const { due } = entry.wait
        return typeof due === "number" ? Effect.sync(() => sleep(entry, due)) : finish(entry, Either.right(due))
      })

    const join = (of: W): Effect.Effect<void> =>
      Effect.map(Effect.either(waits.join(of, joinOptions)), (joined) => {
        if (Either.isLeft(joined) || !(joined.right instanceof Wait)) {
          outcomes.unsafeOffer({ of, result: joined as Outcome<W>["result"] })
          return
        }
        const wait = joined.right
        const entry: Entry<W> = {
          of,
          wait,
          seen: undefined,
          cancel: undefined,
          wake: (end) => {
            wait.shared.sleepers.delete(entry.wake)
            entry.cancel?.()
            entry.cancel = undefined
            entry.seen = end
            ready.unsafeOffer(entry)
          }
        }
        open.add(entry)
      })
    for (const of of operations) yield* Effect.uninterruptible(join(of))
    for (const entry of open) yield* advance(entry, entry.wait.begin())
    if (open.size === 0) {
      outcomes.unsafeDone(Exit.void)
      return Mailbox.toStream(outcomes)
    }

    // A service that closes wakes everyone; each then finds it closed.
    const close = () => {
      for (const entry of open) if (entry.cancel !== undefined) entry.wake(undefined)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => lifecycle.onClosing(close)),
      (forget) => Effect.sync(forget)
    )

    const step = (entry: Entry<W>): Effect.Effect<void> => {
      const { wait } = entry
      if (entry.seen !== undefined) return advance(entry, wait.take(Either.right(entry.seen)))
      if (!waits.holds || !wait.shared.isPolled) return advance(entry, wait.poll())
      // The server may hold the poll of another wait for long; its end wakes this one, which keeps no slot meanwhile.
      return Effect.map(now, (at) => sleep(entry, at + lookAgainMillis))
    }
    const work = Effect.flatMap(Queue.take(ready), step)
    yield* Effect.replicateEffect(Effect.forkScoped(Effect.forever(work)), Math.min(concurrency, open.size), {
      discard: true
    })
    return Mailbox.toStream(outcomes)
  }))
