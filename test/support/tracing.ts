import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

export class RecordedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly events: Array<readonly [name: string, attributes: Record<string, unknown>]> = []
  status: Tracer.SpanStatus
  readonly name: string
  readonly spanId: string
  readonly traceId: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly context: Context.Context<never>
  readonly links: Array<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind

  constructor(
    id: number,
    name: string,
    parent: Option.Option<Tracer.AnySpan>,
    context: Context.Context<never>,
    links: ReadonlyArray<Tracer.SpanLink>,
    startTime: bigint,
    kind: Tracer.SpanKind
  ) {
    this.name = name
    this.spanId = id.toString(16).padStart(16, "0")
    this.traceId = Option.match(parent, {
      onNone: () => id.toString(16).padStart(32, "0"),
      onSome: ({ traceId }) => traceId
    })
    this.parent = parent
    this.context = context
    this.links = [...links]
    this.kind = kind
    this.status = { _tag: "Started", startTime }
  }
  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }
  event(name: string, _: bigint, attributes: Record<string, unknown> = {}): void {
    this.events.push([name, attributes])
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.links.push(...links)
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") throw new Error(`${this.name} ended twice`)
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
  }
}

/** A tracer that keeps all spans. */
export const recordingTracer = () => {
  const spans: Array<RecordedSpan> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const span = new RecordedSpan(spans.length + 1, name, parent, context, links, startTime, kind)
      spans.push(span)
      return span
    },
    context: (f) => f()
  })
  const childrenOf = (parent: Tracer.AnySpan | undefined) =>
    spans.filter((span) => Option.getOrUndefined(span.parent)?.spanId === parent?.spanId)
  const lines = (parent: Tracer.AnySpan | undefined, indent: string): ReadonlyArray<string> =>
    childrenOf(parent).flatMap((span) => [
      `${indent}${span.name}${span.status._tag === "Ended" ? "" : " (not ended)"}`,
      ...lines(span, `${indent}  `)
    ])
  return {
    spans,
    record: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.withTracer(effect, tracer),
    /** The names of all spans, each below its parent. */
    tree: () => lines(undefined, ""),
    /** The attributes of the spans of requests. */
    requests: () =>
      spans.filter(({ kind }) => kind === "client").map(({ attributes }) => Object.fromEntries(attributes))
  }
}
