/**
 * A transport that uses any `HttpClient` from `@effect/platform`. Only this file and `authorizedClient.ts` use the
 * error types of that package.
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

// undici errors record whether the connection had received data before it closed. They also occur as causes of the
// errors that Node's fetch reports.
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
  // Responses with these statuses have no body, but undici expects one if there is a content-length.
  if (status === 204 || status === 304) {
    return Effect.as(Effect.ignore(response.text), { status, headers, body: "", truncated: false })
  }
  const length = Number(headers["content-length"] ?? NaN)
  if (length <= maxBodySize && encodings.length === 0) {
    // Some clients do not remove the byte order mark.
    return Effect.map(
      response.text,
      (body) => ({ status, headers, body: body.replace(/^\uFEFF/, ""), truncated: false })
    )
  }
  // fetch and undici ignore platform's `MaxBodySize` setting, so the bytes are counted here.
  const collector = new ByteCollector(maxBodySize)
  return Stream.runForEachWhile(response.stream, (chunk) => Effect.sync(() => collector.add(chunk))).pipe(
    Effect.catchIf((failure) => failure.reason === "EmptyBody", () => Effect.void),
    Effect.flatMap(() =>
      // fetch decodes a body but keeps the `content-encoding` header.
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

// Older releases of workerd throw if a request's settings contain `cache`. Support for `cache` is tested once.
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

// Replaces the span that an `@effect/platform` client creates for a request, because the request already has a span.
// The client writes the replacement to the trace headers and uses it as the parent of its own spans. Attributes that
// the client adds are dropped.
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

// The first client span below the request span represents the request itself. If the client sends additional requests,
// they get their own spans.
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

// Common headers, which any request may contain. All other headers are specific to requests of this package, or secret.
const commonHeaders = new Set([
  "accept",
  "accept-encoding",
  "cache-control",
  "content-type",
  "user-agent",
  "x-goog-api-client"
])

/**
 * Reports that a client was about to follow a redirect, and would have sent a request of this package to another
 * origin.
 */
class ForeignRedirect extends Error {}

// Clients that follow redirects, such as `HttpClient.followRedirects`, send the request headers, including credentials,
// to the redirect target. Each client runs this check before it sends a request. Unrelated requests, such as token
// requests, do not contain these headers.
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

// A tracer that discards its spans.
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

// All headers are redacted in client spans, because a server may echo a credential in any header.
const allHeaders = [/^/]

// Makes the client trace requests in the same way as all other transports, and check the request origin.
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
  // A client runs the check only if tracing is on. If tracing is off, a tracer that discards all spans is used.
  const tracer = !isEnabled
    ? silentTracer
    : span === undefined
    ? undefined
    : tracerWithin(span, Context.get(services, Tracer.Tracer))
  const at = FiberId.none
  // All references are set in one update, because each update copies the fiber's references.
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

// undici encodes only its own `FormData` class, but `@effect/platform` clients pass the runtime's `FormData`.
const withEncodedForm = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientRequest.HttpClientRequest> => {
  if (request.body._tag !== "FormData") return Effect.succeed(request)
  const response = new Response(request.body.formData)
  // The content type contains the boundary. It is read first, because Bun removes it when the body is read.
  const type = response.headers.get("content-type") ?? "multipart/form-data"
  return Effect.map(
    Effect.promise(() => response.arrayBuffer()),
    (bytes) => HttpClientRequest.bodyUint8Array(request, new Uint8Array(bytes), type)
  )
}

/**
 * Sends requests with an `HttpClient`, and adjusts the client's behavior: fetch does not follow redirects or use its
 * cache, spans do not contain credential headers, and an error status is not a failure.
 *
 * Settings in a `FetchHttpClient.RequestInit` are kept. The `RequestInit` is taken from the context of the call, or
 * otherwise from the context in which the service was created.
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
      // Some clients, such as those with `HttpClient.filterStatusOk`, fail on error statuses. The error contains the
      // complete response.
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
