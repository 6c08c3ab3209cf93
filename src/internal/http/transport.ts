/**
 * The interface to the network: a transport sends a request, and calls back once, with a response or a failure.
 *
 * A transport does not handle operations, credentials, time limits, budgets and closing. `exchange.ts` handles these
 * for all transports.
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
  /** By lower-case name, credentials included. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** The largest body that is read, in bytes after its `content-encoding` is decoded. */
  readonly maxBodySize: number
  /**
   * The caller. Its runtime is for the caller's effects, such as the stream of a body, and has the span of the call in its
   * context.
   */
  readonly caller: { readonly runtime: Runtime.Runtime<never> }
  /** The span for the trace headers. Undefined if trace headers are turned off. */
  readonly span: Tracer.Span | undefined
}

/**
 * A complete response with any status.
 *
 * @internal
 */
export interface RawResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** The text of the body, without a byte order mark. */
  readonly body: string
  /** Whether the end of the body is missing, because the body is longer than `maxBodySize`. */
  readonly truncated: boolean
}

/** @internal */
export interface TransportFailure {
  /**
   * `"Unsendable"`: the client refuses to send the request. `"Connection"`: there is no response. `"Body"`: the body is
   * incomplete, or its `content-encoding` cannot be decoded. `"Aborted"`: the caller's `AbortSignal` aborted the
   * request.
   */
  readonly kind: "Unsendable" | "Connection" | "Body" | "Aborted"
  readonly cause: unknown
  /** Whether a reused connection was closed before the first byte of the response. */
  readonly isStale: boolean
}

/**
 * Aborts a request immediately. `done` is then not called. The returned effect waits until the client has released the
 * request.
 *
 * @internal
 */
export type Abort = () => Effect.Effect<void>

/** @internal */
export interface Transport {
  /** Sends a request. `done` is called once, possibly before `send` returns. */
  readonly send: (
    request: TransportRequest,
    done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void
  ) => Abort
  /** How long `close` waits for requests in flight. */
  readonly gracefulShutdownTimeout: Duration.Duration
  /** Releases the connections. It runs when no requests are in flight. */
  readonly release: Effect.Effect<void>
}
