/**
 * The fiber that calls a public method. Effects that a user passes in, such as schedules and credentials, run with the
 * fiber's clock, context and fiber references.
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
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as LogLevel from "effect/LogLevel"
import type * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"
import { describeValue } from "./text.js"

// The values that are needed to create spans. They are read once, because a stream consumer's fiber can change them
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
  /** The call span. It is `undefined` if tracing is off. */
  readonly span: Tracer.Span | undefined
  /** The labels from `Effect.tagMetrics`. */
  readonly metricLabels: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #fiber: Fiber.RuntimeFiber<unknown, unknown>
  /** Whether the requests of this call have spans. */
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

  /**
   * The caller's runtime, in which the call span is the parent of new spans. A fiber that fails logs no unhandled error:
   * its failure is passed to the caller, and the log line could show a secret that a client put in an error. The runtime
   * is created on first use.
   */
  get runtime(): Runtime.Runtime<never> {
    if (this.#runtime === undefined) {
      const context = this.#fiber.getFiberRef(FiberRef.currentContext)
      this.#runtime = Runtime.make({
        context: this.span === undefined ? context : Context.add(context, Tracer.ParentSpan, this.span),
        runtimeFlags: Runtime.defaultRuntimeFlags,
        fiberRefs: FiberRefs.updateAs(this.#fiber.getFiberRefs(), {
          fiberId: FiberId.none,
          fiberRef: FiberRef.unhandledErrorLogLevel,
          value: Option.none()
        })
      }) as Runtime.Runtime<never>
    }
    return this.#runtime
  }

  /** Returns whether log lines of this level are logged. */
  logs(level: LogLevel.LogLevel): boolean {
    return LogLevel.lessThanEqual(this.#fiber.getFiberRef(FiberRef.currentMinimumLogLevel), level)
  }

  /** Starts a request span as a child of the call span. Returns `undefined` if requests are not traced. */
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
   * Returns the span for a request's trace headers: the request span if it exists, or else the call span. Returns
   * `undefined` if trace headers are turned off.
   */
  propagated(span = this.span): Tracer.Span | undefined {
    return span !== undefined && this.#tracing?.propagates === true &&
        !Context.get(span.context, Tracer.DisablePropagation)
      ? span
      : undefined
  }

  // Returns the current time, in ns since the epoch.
  #time(): bigint {
    return this.#tracing?.isTimed === true ? this.clock.unsafeCurrentTimeNanos() : 0n
  }

  /** Adds an event to the call span. */
  addEvent(name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.span?.event(name, this.#time(), attributes)
  }

  /** Ends a span, unless it has already ended. */
  endSpan(span: Tracer.Span | undefined, exit: Exit.Exit<unknown, unknown>): void {
    if (span !== undefined && span.status._tag !== "Ended") span.end(this.#time(), exit)
  }

  /**
   * Runs an effect with the caller's runtime, and calls back with its exit. If the effect is already an `Exit`, no
   * fiber is started. Returns a function that interrupts the effect, or `undefined` if the effect has already
   * completed.
   */
  run<A, E>(effect: Effect.Effect<A, E>, onExit: (exit: Exit.Exit<A, E>) => void): Interrupt | undefined {
    return runFork(this, effect, onExit)
  }
}

/**
 * Interrupts an effect immediately, after which its exit is ignored. The returned effect completes when the
 * interruption has completed.
 *
 * @internal
 */
export type Interrupt = () => Effect.Effect<void>

/**
 * Runs an effect. The owner's runtime is read only if the effect needs a fiber.
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
  // Plain JavaScript functions may return any value. With some values, a fiber would never end.
  if (!Effect.isEffect(effect)) {
    onExit(Exit.die(new TypeError(`A function of the caller must return an Effect, not ${describeValue(effect)}`)))
    return undefined
  }
  const fiber = Runtime.runFork(owner.runtime)(effect)
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
 * Implements a public method. Starts the work, and calls `done` once with the result. Returns a function that stops the
 * work, or `undefined` if the work has already completed.
 *
 * @internal
 */
export type Begin<A, E> = (
  caller: Caller,
  done: (result: Effect.Effect<A, E>) => void
) => (() => Effect.Effect<void>) | undefined

/**
 * Runs a public method in a span with the method name. An interruption stops the work.
 *
 * The caller's fiber only waits for the result. Effects run with the caller's runtime, in which the call span is the
 * parent of new spans. The span is not added to the fiber's context, because this would take longer than the rest of
 * the call.
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
 * Returns the options for a call span. `target` is the operation argument of the call, before validation. If a handle
 * was passed, the span links to the span that created the handle.
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
 * Returns a link to the span that created a handle. The result is empty if the handle contains no span.
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
 * Returns the caller of a stream. The consumer's fiber also does other work, so the context for effects is read when
 * the stream begins. The current span is used as the call span.
 *
 * @internal
 */
export const currentCaller = (options?: {
  /** Whether the requests of this call have spans. */
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
 * The current span as a W3C `traceparent`. It is `undefined` if there is no current span, or if trace headers are
 * turned off.
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
