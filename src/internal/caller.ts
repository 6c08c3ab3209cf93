/**
 * The fiber that calls a public method. The effects that a user passes in, such as schedules and credentials, run with
 * its clock, context and fiber references.
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as HashMap from "effect/HashMap"
import * as LogLevel from "effect/LogLevel"
import type * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"
import { describeValue } from "./text.js"

// The values that are needed to make spans. They are read once, because the fiber of a stream's consumer changes them
// later.
interface Tracing {
  readonly tracer: Tracer.Tracer
  readonly isTimed: boolean
  readonly propagates: boolean
  readonly annotations: HashMap.HashMap<string, unknown>
  readonly links: Chunk.Chunk<Tracer.SpanLink>
}

/** @internal */
export class Caller {
  readonly clock: Clock.Clock
  /** The span of the call. Undefined if the tracer is off. */
  readonly span: Tracer.Span | undefined
  /** The labels of `Effect.tagMetrics`. */
  readonly metricLabels: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #fiber: Fiber.RuntimeFiber<unknown, unknown>
  /** Whether the requests of the call have spans. */
  readonly tracesRequests: boolean
  readonly #tracing: Tracing | undefined
  #runtime: Runtime.Runtime<never> | undefined

  constructor(fiber: Fiber.RuntimeFiber<unknown, unknown>, span: Tracer.Span | undefined, tracesRequests = true) {
    const services = fiber.getFiberRef(DefaultServices.currentServices)
    this.#fiber = fiber
    this.span = span
    this.clock = Context.get(services, Clock.Clock)
    this.metricLabels = fiber.getFiberRef(FiberRef.currentMetricLabels)
    this.tracesRequests = span !== undefined && tracesRequests
    this.#tracing = span && {
      tracer: Context.get(services, Tracer.Tracer),
      isTimed: fiber.getFiberRef(FiberRef.currentTracerTimingEnabled),
      propagates: fiber.getFiberRef(HttpClient.currentTracerPropagation),
      annotations: fiber.getFiberRef(FiberRef.currentTracerSpanAnnotations),
      links: fiber.getFiberRef(FiberRef.currentTracerSpanLinks)
    }
  }

  /** The runtime of the caller. The parent of its spans is the span of the call. The runtime is made on first use. */
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

  /** Whether log lines of a level are logged. */
  logs(level: LogLevel.LogLevel): boolean {
    return LogLevel.lessThanEqual(this.#fiber.getFiberRef(FiberRef.currentMinimumLogLevel), level)
  }

  /** Starts the span of a request, as a child of the span of the call. Undefined if requests are not traced. */
  requestSpan(name: string): Tracer.Span | undefined {
    const { span: parent } = this
    const tracing = this.#tracing
    if (!this.tracesRequests || parent === undefined || tracing === undefined) return undefined
    const { annotations, links, tracer } = tracing
    const span = tracer.span(
      name,
      Option.some(parent),
      Context.empty(),
      Chunk.toReadonlyArray(links),
      this.#time(),
      "client"
    )
    HashMap.forEach(annotations, (value, key) => span.attribute(key, value))
    return span
  }

  /**
   * The span for the trace headers of a request: the span of the request, or else the span of the call. Undefined if
   * trace headers are turned off.
   */
  propagated(span = this.span): Tracer.Span | undefined {
    return span !== undefined && this.#tracing?.propagates === true &&
        !Context.get(span.context, Tracer.DisablePropagation)
      ? span
      : undefined
  }

  // In ns since the epoch.
  #time(): bigint {
    return this.#tracing?.isTimed === true ? this.clock.unsafeCurrentTimeNanos() : 0n
  }

  /** Adds an event to the span of the call. */
  addEvent(name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.span?.event(name, this.#time(), attributes)
  }

  /** Ends a span once. */
  endSpan(span: Tracer.Span | undefined, exit: Exit.Exit<unknown, unknown>): void {
    if (span !== undefined && span.status._tag !== "Ended") span.end(this.#time(), exit)
  }

  /**
   * Runs an effect with the runtime of the caller, and calls back with its exit. If the effect is already an `Exit`, no
   * fiber is started. Returns a function that interrupts the effect, or undefined if it is already done.
   */
  run<A, E>(effect: Effect.Effect<A, E>, onExit: (exit: Exit.Exit<A, E>) => void): Interrupt | undefined {
    return runFork(this, effect, onExit)
  }
}

/**
 * Interrupts an effect immediately. Its exit is then ignored. The returned effect waits until the interruption is done.
 *
 * @internal
 */
export type Interrupt = () => Effect.Effect<void>

/**
 * Runs an effect. The runtime of the owner is read only if the effect needs a fiber.
 *
 * @internal
 */
export const runFork = <A, E>(
  owner: { readonly runtime: Runtime.Runtime<never> },
  effect: Effect.Effect<A, E>,
  onExit: (exit: Exit.Exit<A, E>) => void
): Interrupt | undefined => {
  if (Exit.isExit(effect)) {
    onExit(effect as Exit.Exit<A, E>)
    return undefined
  }
  // In plain JavaScript, a function may return any value. With some values, a fiber would never end.
  if (!Effect.isEffect(effect)) {
    onExit(Exit.die(new TypeError(`A function of the caller must return an Effect, not ${describeValue(effect)}`)))
    return undefined
  }
  // A fiber that fails would log an unhandled error, but its failure is passed to the caller.
  const fiber = Runtime.runFork(owner.runtime)(Effect.exit(effect))
  const exit = fiber.unsafePoll()
  if (exit !== null) {
    onExit(Exit.flatten(exit))
    return undefined
  }
  let isInterrupted = false
  fiber.addObserver((exit) => {
    if (!isInterrupted) onExit(Exit.flatten(exit))
  })
  return () => {
    isInterrupted = true
    fiber.unsafeInterruptAsFork(FiberId.none)
    return Effect.asVoid(Fiber.await(fiber))
  }
}

/**
 * A public method. It starts its work, and calls `done` once with the result. It returns a function that stops the
 * work, or undefined if the work is already done.
 *
 * @internal
 */
export type Begin<A, E> = (
  caller: Caller,
  done: (result: Effect.Effect<A, E>) => void
) => (() => Effect.Effect<void>) | undefined

/**
 * Runs a public method in a span with its name. An interruption stops its work.
 *
 * The fiber of the caller only waits for the result. Effects run with the runtime of the caller, whose spans have the
 * span of the call as parent. The span is not added to the context of the fiber, because this would take more time than
 * the rest of the call.
 *
 * @internal
 */
export const call = <A, E>(method: string, target: unknown, begin: Begin<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) => {
    if (!fiber.getFiberRef(FiberRef.currentTracerEnabled)) return waitFor(new Caller(fiber, undefined), begin)
    return Effect.flatMap(
      Effect.makeSpan(`OperationsService.${method}`, callSpanOptions(target)),
      (span) => waitFor(new Caller(fiber, span), begin)
    )
  })

/**
 * The options of the span of a call. `target` is the operation of the call, before the arguments are checked. The span
 * links to the span in which a handle was made.
 *
 * @internal
 */
export const callSpanOptions = (target: unknown): Tracer.SpanOptions => {
  const name = isRecord(target) ? target["name"] : target
  return {
    captureStackTrace: false,
    links: linksOf(target),
    ...(typeof name === "string" ? { attributes: { "gcp.resource.destination.id": name } } : undefined)
  }
}

/**
 * The links to the span in which a handle was made. Empty if the handle contains no span.
 *
 * @internal
 */
export const linksOf = (target: unknown): ReadonlyArray<Tracer.SpanLink> =>
  isRecord(target) && typeof target["traceparent"] === "string"
    ? Option.match(HttpTraceContext.w3c(Headers.unsafeFromRecord({ traceparent: target["traceparent"] })), {
      onNone: () => [],
      onSome: (span) => [{ _tag: "SpanLink", span, attributes: {} }]
    })
    : []

const waitFor = <A, E>(caller: Caller, begin: Begin<A, E>): Effect.Effect<A, E> =>
  Effect.async((resume) => {
    const stop = begin(caller, (result) => {
      if (Exit.isExit(result)) caller.endSpan(caller.span, result)
      resume(
        Exit.isExit(result)
          ? result
          : Effect.onExit(result, (exit) => Effect.sync(() => caller.endSpan(caller.span, exit)))
      )
    })
    return stop && Effect.suspend(() =>
      Effect.ensuring(stop(), Effect.sync(() => caller.endSpan(caller.span, Exit.interrupt(FiberId.none))))
    )
  })

/**
 * The caller of a stream. Its fiber also does other work, so the context for the effects is read at the beginning. The
 * span of the call is the current span.
 *
 * @internal
 */
export const currentCaller = (options?: {
  /** Whether the requests of the call have spans. */
  readonly tracesRequests: boolean
}): Effect.Effect<Caller> =>
  Effect.withFiberRuntime((fiber) => {
    const span = fiber.getFiberRef(FiberRef.currentTracerEnabled)
      ? Context.getOption(fiber.getFiberRef(FiberRef.currentContext), Tracer.ParentSpan)
      : Option.none()
    const caller = new Caller(
      fiber,
      span._tag === "Some" && span.value._tag === "Span" ? span.value : undefined,
      options?.tracesRequests
    )
    void caller.runtime
    return Effect.succeed(caller)
  })

const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/

/**
 * The current span as a W3C `traceparent`. Undefined if there is no span, or if trace headers are turned off.
 *
 * @internal
 */
export const currentTraceparent: Effect.Effect<string | undefined> = Effect.withFiberRuntime((fiber) => {
  const span = Option.getOrUndefined(
    Context.getOption(fiber.getFiberRef(FiberRef.currentContext), Tracer.ParentSpan)
  )
  if (
    span === undefined || Context.get(span.context, Tracer.DisablePropagation) ||
    !fiber.getFiberRef(FiberRef.currentTracerEnabled) || !fiber.getFiberRef(HttpClient.currentTracerPropagation)
  ) return Effect.succeed(undefined)
  const traceparent = `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`
  return Effect.succeed(traceparentPattern.test(traceparent) ? traceparent : undefined)
})
