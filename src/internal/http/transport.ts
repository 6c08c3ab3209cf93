/**
 * The seam to the network: a request goes out, and a raw response or a failure comes back, once.
 *
 * A transport knows nothing of operations, credentials, time limits, budgets and closing: `exchange.ts` adds these to every
 * transport alike.
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
  /** Absolute. */
  readonly url: string
  /** By lower-case name, credentials included. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** How many bytes of the body are read at most, counted after its `content-encoding` is undone. */
  readonly maxBodySize: number
  /** What effects of the user run with; its context has the span of the call. It costs something, so it is made when asked for. */
  readonly runtime: Runtime.Runtime<never>
  /** The span that trace headers name; none if they are not wanted. */
  readonly span: Tracer.Span | undefined
}

/**
 * A whole response, whatever its status.
 *
 * @internal
 */
export interface RawResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** The text of the body, without a byte order mark. */
  readonly body: string
  /** Whether the body is longer than `maxBodySize`, so that its end is missing. */
  readonly truncated: boolean
}

/** @internal */
export interface TransportFailure {
  /**
   * `"Unsendable"`: the client refuses the request. `"Connection"`: there is no response. `"Body"`: the response broke off, or
   * its `content-encoding` cannot be undone. `"Aborted"`: the user's own signal aborted the request.
   */
  readonly kind: "Unsendable" | "Connection" | "Body" | "Aborted"
  readonly cause: unknown
  /** Whether a connection that had served a request before was closed before any byte of the response arrived. */
  readonly isStale: boolean
}

/**
 * Aborts a request at once, after which `done` is not called. The returned effect waits until the client has released it.
 *
 * @internal
 */
export type Abort = () => Effect.Effect<void>

/** @internal */
export interface Transport {
  /** Sends a request. `done` is called once, perhaps before `send` returns. */
  readonly send: (
    request: TransportRequest,
    done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void
  ) => Abort
  /** How long requests in flight may take to finish while the service closes. */
  readonly gracefulShutdownTimeout: Duration.Duration
  /** Releases the connections; run when no request is in flight any more. */
  readonly release: Effect.Effect<void>
}
