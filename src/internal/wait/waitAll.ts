/**
 * Waits for many operations in one call, and emits their outcomes as a stream.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import { type Caller, type Interrupt, linksOf } from "../caller.js"
import { Permits } from "../http/budget.js"
import { invalidRequest } from "../http/errors.js"
import type { Waitable } from "../operationName.js"
import { Checks, type WaitOptions } from "../settings.js"
import { describeValue } from "../text.js"
import type { Engine } from "./engine.js"
import { Waiter, type WaitFailure } from "./state.js"

interface WaitAllOptions extends WaitOptions {
  readonly by?: "get" | "list" | undefined
  readonly tracePolls?: boolean | undefined
}

interface Outcome<W> {
  readonly operation: W
  readonly result: Either.Either<Operation.Succeeded, WaitFailure>
}

/**
 * Validates the operations that are passed to `waitAll`. If the value is not a list of operations, for example because
 * it is a single name, returns a `Left` with the error.
 *
 * @internal
 */
export const operationList = <W>(operations: Iterable<W>): Either.Either<Iterable<W>, HttpError.HttpError> =>
  typeof operations === "object" && typeof operations?.[Symbol.iterator] === "function"
    ? Either.right(operations)
    : Either.left(
      invalidRequest(
        `the operations of waitAll must be an iterable, such as an array, not ${describeValue(operations)}`
      )
    )

/**
 * Returns the `operation` for the only outcome that `waitAll` emits if its argument is not a list. The stream itself
 * does not fail.
 *
 * @internal
 */
export const notListed = <W>(operations: Iterable<W>): W => operations as Iterable<W> & W

// By default, OpenTelemetry keeps at most 128 links per span.
const maxLinks = 100

// Links to the spans that created the handles, without duplicates.
class Links {
  readonly all: Array<Tracer.SpanLink> = []
  readonly #seen = new Set<string>()

  add(operation: Waitable): void {
    if (this.all.length >= maxLinks) return
    for (const link of linksOf(operation)) {
      if (this.#seen.has(link.span.spanId)) continue
      this.#seen.add(link.span.spanId)
      this.all.push(link)
    }
  }
}

/** @internal */
export const waitAll = <W extends Waitable>(
  engine: Engine,
  caller: Caller,
  { operations, options, pollsAtATime, problem }: {
    readonly operations: Iterable<W>
    readonly options: WaitAllOptions | undefined
    readonly pollsAtATime: number
    /** The reason if no waiter can begin. */
    readonly problem: HttpError.HttpError | undefined
  }
): Stream.Stream<Outcome<W>> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const outcomes = yield* Mailbox.make<Outcome<W>>()
    const waiters = new Map<Waiter, W>()
    // Effects of ended waiters that are still running, because they cancel operations or run `onUpdate`. Each entry is
    // a function that interrupts one effect.
    const ending = new Set<Interrupt>()
    let hasBegun = false
    let count = 0
    let errors = 0

    const finishIfDone = (): void => {
      if (hasBegun && waiters.size === 0 && ending.size === 0) outcomes.unsafeDone(Exit.void)
    }
    const offer = (operation: W, exit: Exit.Exit<Operation.Succeeded, WaitFailure>): void => {
      if (Exit.isSuccess(exit)) {
        outcomes.unsafeOffer({ operation, result: Either.right(exit.value) })
        return
      }
      const failed = Cause.failureOrCause(exit.cause)
      errors++
      // A defect is not an outcome. It ends the stream, whose scope then interrupts the other waiters.
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
    checks.oneOf("tracePolls", options?.tracePolls, [true, false])
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

    const { span } = caller
    const links = new Links()
    const listed = operationList(operations)
    if (Either.isLeft(listed)) offer(notListed(operations), Exit.fail(listed.left))
    for (const operation of Either.getOrElse(listed, () => [])) {
      count++
      if (span !== undefined) links.add(operation)
      const made = Either.flatMap(context, (context) => engine.make(operation, context))
      if (Either.isLeft(made)) offer(operation, Exit.fail(made.left))
      else if (!(made.right instanceof Waiter)) conclude(operation, made.right)
      else {
        waiters.set(made.right, operation)
        lists?.add(made.right)
      }
    }
    if (span !== undefined) {
      span.attribute("gcp.longrunning.operation_count", count)
      span.addLinks(links.all)
      yield* Effect.addFinalizer(() => Effect.sync(() => span.attribute("gcp.longrunning.error_count", errors)))
    }
    for (const waiter of waiters.keys()) engine.begin(waiter)
    hasBegun = true
    finishIfDone()
    return Mailbox.toStream(outcomes)
  }))
