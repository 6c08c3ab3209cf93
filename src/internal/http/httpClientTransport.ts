/**
 * The transport over any `HttpClient` of `@effect/platform`. The only file that knows the errors of that package.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
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

// undici's errors, which Node's fetch passes on, tell whether the connection had received anything before it closed.
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
  // These responses have no body, but undici expects one if there is a content-length.
  if (status === 204 || status === 304) {
    return Effect.as(Effect.ignore(response.text), { status, headers, body: "", truncated: false })
  }
  const length = Number(headers["content-length"] ?? NaN)
  if (length <= maxBodySize && encodings.length === 0) {
    // Not every client removes a byte order mark.
    return Effect.map(
      response.text,
      (body) => ({ status, headers, body: body.replace(/^\uFEFF/, ""), truncated: false })
    )
  }
  // Neither fetch nor undici honours platform's MaxBodySize, so the bytes are counted here.
  const collector = new ByteCollector(maxBodySize)
  return Stream.runForEachWhile(response.stream, (chunk) => Effect.sync(() => collector.add(chunk))).pipe(
    Effect.catchIf((failure) => failure.reason === "EmptyBody", () => Effect.void),
    Effect.flatMap(() =>
      // fetch decodes a body and keeps its header.
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

// Older releases of workerd throw for a `cache` in a request's settings. Found out once.
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

// In the spans of a client every header is redacted: a server may repeat a credential in any of them.
const allHeaders = [/^/]

const requestInitOf = (context: Context.Context<never>): RequestInit | undefined =>
  Context.getOrElse(
    context as Context.Context<FetchHttpClient.RequestInit>,
    FetchHttpClient.RequestInit,
    () => undefined
  )

/**
 * Sends by a client of platform's, and makes up for what clients do on their own: fetch follows no redirect and uses no cache,
 * no span shows the header of a credential, and no status is an error.
 *
 * The settings of a `FetchHttpClient.RequestInit` are kept where they can be seen: in the context of the call, or else in the
 * one in which the service was made.
 *
 * @internal
 */
export const httpClientTransport = (client: HttpClient.HttpClient, madeIn: Context.Context<never>): Transport => ({
  gracefulShutdownTimeout: Duration.zero,
  release: Effect.void,
  send: ({ body, headers, maxBodySize, method, runtime, url }, done) => {
    const init = requestInitOf(runtime.context) ?? requestInitOf(madeIn)
    const { signal } = init ?? {}
    const settings: RequestInit = { ...withoutCache(), ...init, redirect: "manual" }
    const request = HttpClientRequest.make(method as "POST")(url, { headers, body })
    const exchange = client.execute(request).pipe(
      Effect.flatMap((response) => read(response, maxBodySize)),
      // A client may turn statuses into errors (HttpClient.filterStatusOk); the response is all there.
      Effect.catchIf(isStatusError, ({ response }) => read(response, maxBodySize)),
      Effect.mapError(failureOf)
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
      Runtime.make({
        runtimeFlags: runtime.runtimeFlags,
        context: Context.add(runtime.context, FetchHttpClient.RequestInit, settings),
        fiberRefs: FiberRefs.updateAs(runtime.fiberRefs, {
          fiberId: FiberId.none,
          fiberRef: Headers.currentRedactedNames,
          value: allHeaders
        })
      }),
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
