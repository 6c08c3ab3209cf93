/**
 * The transport over any `HttpClient` of `@effect/platform`. Together with `authorizedClient.ts`, it is the only file
 * that uses the errors of that package.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { type Interrupt, runFork } from "../caller.js"
import { ByteCollector, type Bytes, contentEncodings, decodeBody, decodeUtf8, isUtf8 } from "./body.js"
import type { RawResponse, Transport, TransportFailure } from "./transport.js"

const failureOf = (error: HttpClientError.HttpClientError | TransportFailure): TransportFailure => {
  if ("kind" in error) return error
  const cause = error.cause ?? error.description
  if (error._tag === "ResponseError") return { kind: "Body", cause, isStale: false }
  return error.reason === "Transport"
    ? { kind: "Connection", cause, isStale: isStale(cause) }
    : { kind: "Unsendable", cause, isStale: false }
}

// undici's errors, which can also be causes of the errors of Node's fetch, contain whether the connection had received
// data before it closed.
const isStale = (cause: unknown): boolean => {
  for (let error = cause, depth = 0; typeof error === "object" && error !== null && depth < 8; depth++) {
    if ("code" in error && error.code === "UND_ERR_SOCKET" && "socket" in error) {
      const { socket } = error
      return typeof socket === "object" && socket !== null && "bytesRead" in socket && Number(socket.bytesRead) > 0
    }
    error = "cause" in error ? error.cause : undefined
  }
  return false
}

const read = (
  response: HttpClientResponse.HttpClientResponse,
  maxBodySize: number
): Effect.Effect<RawResponse, HttpClientError.ResponseError | TransportFailure> => {
  const { headers, status } = response
  const encodings = contentEncodings(headers["content-encoding"])
  // These responses have no body, but undici expects a body if there is a content-length.
  if (status === 204 || status === 304) {
    return Effect.as(Effect.ignore(response.text), { status, headers, body: "", truncated: false })
  }
  const length = Number(headers["content-length"] ?? NaN)
  if (length <= maxBodySize && encodings.length === 0) {
    // Some clients do not remove a byte order mark.
    return Effect.map(
      response.text,
      (body) => ({ status, headers, body: body.replace(/^\uFEFF/, ""), truncated: false })
    )
  }
  // fetch and undici ignore the MaxBodySize of platform, so the bytes are counted here.
  const collector = new ByteCollector(maxBodySize)
  return Stream.runForEachWhile(response.stream, (chunk) => Effect.sync(() => collector.add(chunk))).pipe(
    Effect.catchIf((failure) => failure.reason === "EmptyBody", () => Effect.void),
    Effect.flatMap(() =>
      // fetch decodes a body, but keeps the header `content-encoding`.
      encodings.length === 0 || isUtf8(collector.bytes)
        ? Effect.succeed<Bytes>(collector)
        : Effect.tryPromise({
          try: () => decodeBody(encodings, collector, maxBodySize),
          catch: (cause): TransportFailure => ({ kind: "Body", cause, isStale: false })
        })
    ),
    Effect.map(({ bytes, isTruncated }) => ({ status, headers, body: decodeUtf8(bytes), truncated: isTruncated }))
  )
}

type Failure = HttpClientError.HttpClientError | TransportFailure

const isStatusError = (failure: Failure): failure is HttpClientError.ResponseError =>
  "_tag" in failure && failure._tag === "ResponseError" && failure.reason === "StatusCode"

// Older releases of workerd throw if the settings of a request contain `cache`. This is tested once.
let takesCache: boolean | undefined
const withoutCache = (): { readonly cache?: "no-store" } => {
  if (takesCache === undefined) {
    try {
      void new Request("https://example.com", { cache: "no-store" })
      takesCache = true
    } catch {
      takesCache = false
    }
  }
  return takesCache ? { cache: "no-store" } : {}
}

// Replaces the span that a client of `@effect/platform` makes for a request, because the request already has a span.
// The client writes this span to the trace headers and uses it as the parent of its own spans. The attributes that the
// client adds are not kept.
class StandIn implements Tracer.Span {
  readonly _tag = "Span"
  readonly name: string
  readonly spanId: string
  readonly traceId: string
  readonly parent: Tracer.Span["parent"]
  readonly context: Tracer.Span["context"]
  readonly kind: Tracer.SpanKind
  readonly sampled: boolean
  readonly status: Tracer.SpanStatus
  readonly attributes: ReadonlyMap<string, unknown> = new Map()
  readonly links: ReadonlyArray<Tracer.SpanLink> = []

  constructor(
    { context, kind, name, parent, sampled, spanId, status, traceId }: Pick<
      Tracer.Span,
      "context" | "kind" | "name" | "parent" | "sampled" | "spanId" | "status" | "traceId"
    >
  ) {
    this.name = name
    this.spanId = spanId
    this.traceId = traceId
    this.parent = parent
    this.context = context
    this.kind = kind
    this.sampled = sampled
    this.status = status
  }

  attribute(): void {}
  event(): void {}
  addLinks(): void {}
  end(): void {}
}

// The first client span below the span of the request is the span of the request itself. If a client sends further
// requests, these have their own spans.
const tracerWithin = (span: Tracer.Span, tracer: Tracer.Tracer): Tracer.Tracer => {
  let isFirst = true
  return Tracer.make({
    span: (name, parent, context, links, startTime, kind, options) => {
      if (!isFirst || kind !== "client" || Option.getOrUndefined(parent) !== span) {
        return tracer.span(name, parent, context, links, startTime, kind, options)
      }
      isFirst = false
      return new StandIn(span)
    },
    context: (execution, fiber) => tracer.context(execution, fiber)
  })
}

// Headers that are not specific to the requests of this package. The other headers are specific to a request, or
// secret.
const commonHeaders = new Set([
  "accept",
  "accept-encoding",
  "cache-control",
  "content-type",
  "user-agent",
  "x-goog-api-client"
])

/** A client that follows redirects was about to send a request of this package to another origin. */
class ForeignRedirect extends Error {}

// A client such as `HttpClient.followRedirects` sends the headers of a request, including credentials, to the target of
// a redirect. Each client runs this check before it sends a request. Other requests, such as a request for a token, do
// not have these headers.
const staysAtOrigin = (
  url: string,
  headers: Readonly<Record<string, string>>
) =>
(request: HttpClientRequest.HttpClientRequest): void => {
  if (request.url === url) return
  const { origin } = new URL(url)
  const target = URL.canParse(request.url) ? new URL(request.url).origin : "an invalid URL"
  const isOurs = Object.entries(headers).some(([name, value]) =>
    !commonHeaders.has(name) && request.headers[name] === value
  )
  if (target === origin || !isOurs) return
  throw new ForeignRedirect(
    `the HttpClient follows redirects, and was redirected to ${target}; the request was not sent there. ` +
      `Use a client without HttpClient.followRedirects`
  )
}

// A tracer that drops its spans.
const silentTracer = Tracer.make({
  span: (name, parent, context, _links, startTime, kind) =>
    new StandIn({
      name,
      parent,
      context,
      kind,
      spanId: "0".repeat(16),
      traceId: "0".repeat(32),
      sampled: false,
      status: { _tag: "Started", startTime }
    }),
  context: (execution) => execution()
})

// All headers are redacted in the spans of a client, because a server may repeat a credential in any header.
const allHeaders = [/^/]

// Makes the client trace requests like all other transports, and check their origin.
const clientRefs = (
  refs: FiberRefs.FiberRefs,
  span: Tracer.Span | undefined,
  check: (request: HttpClientRequest.HttpClientRequest) => void
): FiberRefs.FiberRefs => {
  const services = FiberRefs.getOrDefault(refs, DefaultServices.currentServices)
  const isEnabled = FiberRefs.getOrDefault(refs, FiberRef.currentTracerEnabled)
  const isUntraced = FiberRefs.getOrDefault(refs, HttpClient.currentTracerDisabledWhen)
  const isUntracedOrThrows = (request: HttpClientRequest.HttpClientRequest): boolean => {
    check(request)
    return span === undefined || isUntraced(request)
  }
  // A client runs the check only if the tracer is on. If the tracer is off, a tracer that drops all spans is used.
  const tracer = !isEnabled
    ? silentTracer
    : span === undefined
    ? undefined
    : tracerWithin(span, Context.get(services, Tracer.Tracer))
  const at = FiberId.none
  // All references are set in one update, because each update copies the references of the fiber.
  return FiberRefs.updateManyAs(refs, {
    entries: [
      [Headers.currentRedactedNames, [[at, allHeaders]]],
      [HttpClient.currentTracerDisabledWhen, [[at, isUntracedOrThrows]]],
      [FiberRef.currentTracerEnabled, [[at, true]]],
      [
        DefaultServices.currentServices,
        [[at, tracer === undefined ? services : Context.add(services, Tracer.Tracer, tracer)]]
      ]
    ]
  })
}

const requestInitOf = (context: Context.Context<never>): RequestInit | undefined =>
  Context.getOrElse(
    context as Context.Context<FetchHttpClient.RequestInit>,
    FetchHttpClient.RequestInit,
    () => undefined
  )

// undici encodes only its own FormData, and the client of `@effect/platform` passes the FormData of the runtime.
const withEncodedForm = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientRequest.HttpClientRequest> => {
  if (request.body._tag !== "FormData") return Effect.succeed(request)
  const response = new Response(request.body.formData)
  // The type contains the boundary. It is read first, because Bun removes it when the body is read.
  const type = response.headers.get("content-type") ?? "multipart/form-data"
  return Effect.map(
    Effect.promise(() => response.arrayBuffer()),
    (bytes) => HttpClientRequest.bodyUint8Array(request, new Uint8Array(bytes), type)
  )
}

/**
 * Sends requests with an `HttpClient`, and changes the behavior of the clients: fetch does not follow redirects or use
 * its cache, spans do not contain headers of credentials, and an HTTP status is not an error.
 *
 * The settings of a `FetchHttpClient.RequestInit` are kept. The `RequestInit` comes from the context of the call, or
 * else from the context in which the service was made.
 *
 * @internal
 */
export const httpClientTransport = (client: HttpClient.HttpClient, madeIn: Context.Context<never>): Transport => ({
  gracefulShutdownTimeout: Duration.zero,
  release: Effect.void,
  send: ({ body, caller: { runtime }, headers, maxBodySize, method, span, url }, done) => {
    const init = requestInitOf(runtime.context) ?? requestInitOf(madeIn)
    const { signal } = init ?? {}
    const settings: RequestInit = { ...withoutCache(), ...init, redirect: "manual" }
    const request = HttpClientRequest.make(method as "POST")(url, { headers, body })
    const exchange = Effect.flatMap(withEncodedForm(request), client.execute).pipe(
      Effect.flatMap((response) => read(response, maxBodySize)),
      // Some clients fail for a status (HttpClient.filterStatusOk). The error contains the complete response.
      Effect.catchIf(isStatusError, ({ response }) => read(response, maxBodySize)),
      Effect.mapError(failureOf),
      Effect.catchSomeDefect((defect) =>
        defect instanceof ForeignRedirect
          ? Option.some(Effect.fail<TransportFailure>({ kind: "Unsendable", cause: defect, isStale: false }))
          : Option.none()
      )
    )
    let interrupt: Interrupt | undefined
    const abortedBySignal = (): void => {
      interrupt?.()
      done(Exit.fail({ kind: "Aborted", cause: signal?.reason, isStale: false }))
    }
    if (signal?.aborted === true) {
      abortedBySignal()
      return () => Effect.void
    }
    interrupt = runFork(
      {
        runtime: Runtime.make({
          runtimeFlags: runtime.runtimeFlags,
          context: Context.add(
            span === undefined ? runtime.context : Context.add(runtime.context, Tracer.ParentSpan, span),
            FetchHttpClient.RequestInit,
            settings
          ),
          fiberRefs: clientRefs(runtime.fiberRefs, span, staysAtOrigin(url, headers))
        })
      },
      exchange,
      (exit) => {
        signal?.removeEventListener("abort", abortedBySignal)
        done(exit)
      }
    )
    if (interrupt !== undefined) signal?.addEventListener("abort", abortedBySignal)
    return () => {
      signal?.removeEventListener("abort", abortedBySignal)
      return interrupt === undefined ? Effect.void : interrupt()
    }
  }
})
