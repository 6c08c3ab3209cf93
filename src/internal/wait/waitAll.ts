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
import type { Caller, Interrupt } from "../caller.js"
import { Permits } from "../http/budget.js"
import type { Waitable } from "../operationName.js"
import { Checks, type WaitOptions } from "../settings.js"
import type { Engine } from "./engine.js"
import { Waiter, type WaitFailure } from "./state.js"

interface WaitAllOptions extends WaitOptions {
  readonly by?: "get" | "list" | undefined
}

interface Outcome<W> {
  readonly operation: W
  readonly result: Either.Either<Operation.Succeeded, WaitFailure>
}

/** @internal */
export const waitAll = <W extends Waitable>(
  engine: Engine,
  caller: Caller,
  { operations, options, pollsAtATime, problem }: {
    readonly operations: Iterable<W>
    readonly options: WaitAllOptions | undefined
    readonly pollsAtATime: number
    /** Why no wait can begin. */
    readonly problem: HttpError.HttpError | undefined
  }
): Stream.Stream<Outcome<W>> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const outcomes = yield* Mailbox.make<Outcome<W>>()
    const waiters = new Map<Waiter, W>()
    // Waits that have ended, and whose operations are being cancelled or whose `onUpdate` runs: each with what interrupts that.
    const ending = new Set<Interrupt>()
    let hasBegun = false

    const finishIfDone = (): void => {
      if (hasBegun && waiters.size === 0 && ending.size === 0) outcomes.unsafeDone(Exit.void)
    }
    const offer = (operation: W, exit: Exit.Exit<Operation.Succeeded, WaitFailure>): void => {
      if (Exit.isSuccess(exit)) {
        outcomes.unsafeOffer({ operation, result: Either.right(exit.value) })
        return
      }
      const failed = Cause.failureOrCause(exit.cause)
      // A defect is no outcome: the stream dies with it, and its scope ends the other waits.
      if (Either.isRight(failed)) outcomes.unsafeDone(Exit.failCause(failed.right))
      else outcomes.unsafeOffer({ operation, result: Either.left(failed.left) })
    }
    const conclude = (operation: W, result: Effect.Effect<Operation.Succeeded, WaitFailure>): void => {
      let interrupt: Interrupt | undefined
      interrupt = caller.run(result, (exit) => {
        if (interrupt !== undefined) ending.delete(interrupt)
        offer(operation, exit)
        finishIfDone()
      })
      if (interrupt !== undefined) ending.add(interrupt)
    }
    const onEnd = (waiter: Waiter, result: Effect.Effect<Operation.Succeeded, WaitFailure>): void => {
      const operation = waiters.get(waiter)!
      waiters.delete(waiter)
      conclude(operation, result)
    }
    const checks = new Checks()
    const by = checks.oneOf("by", options?.by, ["get", "list"])
    const context = Either.flatMap(
      problem === undefined ? checks.result(by) : Either.left(problem),
      () =>
        engine.context(caller, options, {
          observer: { onEnd },
          permits: new Permits(pollsAtATime),
          usesServerSideWait: false
        })
    )
    const lists = by === "list" && Either.isRight(context) ? engine.lists(context.right) : undefined

    yield* Effect.addFinalizer((exit) =>
      Effect.zipRight(
        Exit.isInterrupted(exit) ? engine.interrupt(waiters.keys()) : engine.leave(waiters.keys()),
        Effect.suspend(() => Effect.forEach(ending, (wait) => wait(), { discard: true }))
      )
    )

    for (const operation of operations) {
      const made = Either.flatMap(context, (context) => engine.make(operation, context))
      if (Either.isLeft(made)) offer(operation, Exit.fail(made.left))
      else if (!(made.right instanceof Waiter)) conclude(operation, made.right)
      else {
        waiters.set(made.right, operation)
        lists?.add(made.right)
      }
    }
    for (const waiter of waiters.keys()) engine.begin(waiter)
    hasBegun = true
    finishIfDone()
    return Mailbox.toStream(outcomes)
  }))
