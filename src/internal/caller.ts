/**
 * The fiber that calls a public method: the clock, context and fiber references that the effects of its user run with.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"

// The failure of such a fiber reaches the caller, so it is not logged as an unhandled error.
const quietly: Runtime.RunForkOptions = {
  updateRefs: (refs, fiberId) =>
    FiberRefs.updateAs(refs, { fiberId, fiberRef: FiberRef.unhandledErrorLogLevel, value: Option.none() })
}

/** @internal */
export class Caller {
  readonly clock: Clock.Clock
  readonly span: Tracer.Span | undefined
  readonly #fiber: Fiber.RuntimeFiber<unknown, unknown>
  #runtime: Runtime.Runtime<never> | undefined

  constructor(fiber: Fiber.RuntimeFiber<unknown, unknown>, span: Tracer.Span | undefined) {
    this.#fiber = fiber
    this.span = span
    this.clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
  }

  /** The runtime of the caller; the parent of its spans is the span of the call. Made when it is first needed. */
  get runtime(): Runtime.Runtime<never> {
    if (this.#runtime === undefined) {
      const context = this.#fiber.getFiberRef(FiberRef.currentContext)
      this.#runtime = Runtime.make({
        context: this.span === undefined ? context : Context.add(context, Tracer.ParentSpan, this.span),
        runtimeFlags: Runtime.defaultRuntimeFlags,
        fiberRefs: this.#fiber.getFiberRefs()
      }) as Runtime.Runtime<never>
    }
    return this.#runtime
  }

  /** The span that a request is a part of; none if requests are not to carry it. */
  get propagatedSpan(): Tracer.Span | undefined {
    if (!this.#fiber.getFiberRef(FiberRef.currentTracerEnabled)) return undefined
    const context = this.#fiber.getFiberRef(FiberRef.currentContext)
    const span = this.span ?? Option.getOrUndefined(Context.getOption(context, Tracer.ParentSpan))
    return span?._tag === "Span" && !Context.get(span.context, Tracer.DisablePropagation) &&
        this.#fiber.getFiberRef(HttpClient.currentTracerPropagation)
      ? span
      : undefined
  }

  /** Ends the span of the call, once. */
  endSpan(exit: Exit.Exit<unknown, unknown>): void {
    if (this.span !== undefined && this.span.status._tag !== "Ended") {
      this.span.end(this.clock.unsafeCurrentTimeNanos(), exit)
    }
  }

  /**
   * Runs an effect with the runtime of the caller and passes on its exit. An effect that is an `Exit` already needs no fiber.
   * Returns how to interrupt it; nothing when it has ended.
   */
  run<A, E>(effect: Effect.Effect<A, E>, onExit: (exit: Exit.Exit<A, E>) => void): Interrupt | undefined {
    return runFork(this.runtime, effect, onExit)
  }
}

/**
 * Interrupts an effect at once, after which its exit is not passed on. The returned effect waits until it has ended.
 *
 * @internal
 */
export type Interrupt = () => Effect.Effect<void>

/** @internal */
export const runFork = <A, E>(
  runtime: Runtime.Runtime<never>,
  effect: Effect.Effect<A, E>,
  onExit: (exit: Exit.Exit<A, E>) => void
): Interrupt | undefined => {
  if (Exit.isExit(effect)) {
    onExit(effect as Exit.Exit<A, E>)
    return undefined
  }
  const fiber = Runtime.runFork(runtime)(effect, quietly)
  const exit = fiber.unsafePoll()
  if (exit !== null) {
    onExit(exit)
    return undefined
  }
  let isInterrupted = false
  fiber.addObserver((exit) => {
    if (!isInterrupted) onExit(exit)
  })
  return () => {
    isInterrupted = true
    fiber.unsafeInterruptAsFork(FiberId.none)
    return Effect.asVoid(Fiber.await(fiber))
  }
}

/**
 * A public method: begins its work, and calls `done` once with the result. Returns how to stop the work; nothing if it is done.
 *
 * @internal
 */
export type Begin<A, E> = (
  caller: Caller,
  done: (result: Effect.Effect<A, E>) => void
) => (() => Effect.Effect<void>) | undefined

/**
 * Runs a public method in a span of its name; an interruption stops its work.
 *
 * The fiber of the caller only waits meanwhile. So the span is the parent of spans further down by the runtime of the caller
 * alone: in the context of the fiber it would cost more than all the rest.
 *
 * @internal
 */
export const call = <A, E>(method: string, name: string | undefined, begin: Begin<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) => {
    if (!fiber.getFiberRef(FiberRef.currentTracerEnabled)) return waitFor(new Caller(fiber, undefined), begin)
    return Effect.flatMap(
      Effect.makeSpan(`OperationsService.${method}`, {
        captureStackTrace: false,
        ...(name === undefined ? undefined : { attributes: { "gcp.resource.destination.id": name } })
      }),
      (span) => waitFor(new Caller(fiber, span), begin)
    )
  })

const waitFor = <A, E>(caller: Caller, begin: Begin<A, E>): Effect.Effect<A, E> =>
  Effect.async((resume) => {
    const stop = begin(caller, (result) => {
      if (!Exit.isExit(result)) return resume(Effect.onExit(result, (exit) => Effect.sync(() => caller.endSpan(exit))))
      caller.endSpan(result)
      resume(result)
    })
    return stop &&
      Effect.suspend(() => Effect.ensuring(stop(), Effect.sync(() => caller.endSpan(Exit.interrupt(FiberId.none)))))
  })

/**
 * The caller of a stream, whose fiber does not only wait for it: what its effects run with is read at the beginning.
 *
 * @internal
 */
export const currentCaller: Effect.Effect<Caller> = Effect.withFiberRuntime((fiber) => {
  const caller = new Caller(fiber, undefined)
  void caller.runtime
  return Effect.succeed(caller)
})
