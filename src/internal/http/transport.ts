/**
 * The interface to the network: a transport sends a request, and calls back once, with a response or a failure.
 *
 * Transports do not handle operations, credentials, time limits, budgets or shutdown. `exchange.ts` handles these for
 * all transports.
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"
import type * as Tracer from "effect/Tracer"

/** @internal */
export interface TransportRequest {
  readonly method: string
  /** The absolute URL. */
  readonly url: string
  /** The headers, including credentials, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** The maximum body size in bytes, after decoding the `content-encoding`. */
  readonly maxBodySize: number
  /**
   * The caller. Its runtime runs the caller's effects, such as a body stream. The runtime's context contains the call
   * span.
   */
  readonly caller: { readonly runtime: Runtime.Runtime<never> }
  /** The span for the trace headers. It is `undefined` if trace headers are turned off. */
  readonly span: Tracer.Span | undefined
}

/**
 * A complete response with any HTTP status.
 *
 * @internal
 */
export interface RawResponse {
  readonly status: number
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** The body text, without a byte order mark. */
  readonly body: string
  /** Whether the body was truncated because it is longer than `maxBodySize`. */
  readonly truncated: boolean
}

/** @internal */
export interface TransportFailure {
  /**
   * `"Unsendable"`: the client rejects the request without sending it. `"Connection"`: no response was received.
   * `"Body"`: the body is incomplete, or its `content-encoding` cannot be decoded. `"Aborted"`: the caller's
   * `AbortSignal` aborted the request.
   */
  readonly kind: "Unsendable" | "Connection" | "Body" | "Aborted"
  readonly cause: unknown
  /** Whether a reused connection was closed before the first response byte arrived. */
  readonly isStale: boolean
}

/**
 * Aborts a request immediately, without calling `done`. The returned effect completes when the client has released the
 * request.
 *
 * @internal
 */
export type Abort = () => Effect.Effect<void>

/** @internal */
export interface Transport {
  /** Sends a request. Calls `done` once, possibly before `send` returns. */
  readonly send: (
    request: TransportRequest,
    done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void
  ) => Abort
  /** How long `close` waits for requests in flight. */
  readonly gracefulShutdownTimeout: Duration.Duration
  /** Releases the connections. It runs when no requests are in flight. */
  readonly release: Effect.Effect<void>
}
