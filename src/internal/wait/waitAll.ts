/**
 * Many waits at once, whose outcomes are a stream.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { Outcome, Waitable, WaitOptions } from "../../OperationsService.js"
import type { Caller, Interrupt } from "../caller.js"
import { Permits } from "../http/budget.js"
import type { Engine } from "./engine.js"
import { Waiter, type WaitFailure } from "./waiter.js"

/** @internal */
export const waitAll = <W extends Waitable>(
  engine: Engine,
  caller: Caller,
  { operations, options, pollsAtATime, problem }: {
    readonly operations: Iterable<W>
    readonly options: WaitOptions | undefined
    readonly pollsAtATime: number
    /** Why no wait can begin. */
    readonly problem: HttpError.HttpError | undefined
  }
): Stream.Stream<Outcome<W>> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const outcomes = yield* Mailbox.make<Outcome<W>>()
    const group = { permits: new Permits(pollsAtATime), usesServerSideWait: false, hasLogged: false }
    const waiters = new Set<Waiter>()
    // Waits that have ended, and whose operations are being cancelled: each with what waits for that.
    const ending = new Set<Interrupt>()
    let hasBegun = false

    const finishIfDone = (): void => {
      if (hasBegun && waiters.size === 0 && ending.size === 0) outcomes.unsafeDone(Exit.void)
    }
    const offer = (operation: W, exit: Exit.Exit<Operation.Succeeded, WaitFailure>): void => {
      if (Exit.isSuccess(exit)) {
        outcomes.unsafeOffer({ of: operation, result: Either.right(exit.value) })
        return
      }
      const failed = Cause.failureOrCause(exit.cause)
      // A defect is no outcome: the stream dies with it, and its scope ends the other waits.
      if (Either.isRight(failed)) outcomes.unsafeDone(Exit.failCause(failed.right))
      else outcomes.unsafeOffer({ of: operation, result: Either.left(failed.left) })
    }

    yield* Effect.addFinalizer((exit) =>
      Effect.zipRight(
        Exit.isInterrupted(exit) ? engine.interrupt(waiters) : engine.leave(waiters),
        Effect.suspend(() => Effect.forEach(ending, (wait) => wait(), { discard: true }))
      )
    )

    const make = (operation: W): Either.Either<Waiter | Operation.Succeeded, WaitFailure> => {
      if (problem !== undefined) return Either.left(problem)
      const made = engine.make(operation, options, {
        caller,
        group,
        observer: {
          onEnd: (result) => {
            if (Either.isRight(made) && made.right instanceof Waiter) waiters.delete(made.right)
            // Nothing if the result is there at once.
            const wait: { interrupt?: Interrupt | undefined } = {}
            wait.interrupt = caller.run(result, (exit) => {
              if (wait.interrupt !== undefined) ending.delete(wait.interrupt)
              offer(operation, exit)
              finishIfDone()
            })
            if (wait.interrupt !== undefined) ending.add(wait.interrupt)
          }
        }
      })
      return made
    }
    for (const operation of operations) {
      const made = make(operation)
      if (Either.isLeft(made)) offer(operation, Exit.fail(made.left))
      else if (made.right instanceof Waiter) waiters.add(made.right)
      else offer(operation, Exit.succeed(made.right))
    }
    for (const waiter of waiters) engine.begin(waiter)
    hasBegun = true
    finishIfDone()
    return Mailbox.toStream(outcomes)
  }))
