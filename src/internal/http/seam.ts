/**
 * The seam between the service and the network: one request leads to one call with a raw response or a failure.
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"

/**
 * A response, whole or up to the limit of its body.
 *
 * @internal
 */
export interface RawResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** Without content encoding and byte order mark; at most `maxBodySize` bytes. */
  readonly body: string
  /** Whether the body was longer than `maxBodySize`. */
  readonly truncated: boolean
}

/**
 * Why there is no response.
 *
 * - `Unsendable`: the client refuses the request.
 * - `Connection`: no response arrived.
 * - `Body`: the response broke off within its body, or its content encoding cannot be decoded.
 *
 * @internal
 */
export interface TransportFailure {
  readonly kind: "Unsendable" | "Connection" | "Body"
  readonly cause: unknown
  /** Whether a reused connection was dropped before any byte of a response. */
  readonly isStale: boolean
}

/**
 * A request, and how to read its response.
 *
 * @internal
 */
export interface TransportRequest {
  readonly method: string
  /** Absolute. */
  readonly url: string
  /** By lower-case name; credentials included. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** The most bytes of a body that are kept. */
  readonly maxBodySize: number
  /** The names of headers whose values are secret. */
  readonly secretHeaders: ReadonlyArray<string>
  /** What the caller's effects run with. Its context holds the parent span. */
  readonly runtime: Runtime.Runtime<never>
}

/**
 * Aborts a request at once; its callback is not called afterwards. The effect waits until the client has let go of the
 * request.
 *
 * @internal
 */
export type Abort = () => Effect.Effect<void>

/**
 * A way to the network. It knows no time limits, budgets or operations.
 *
 * @internal
 */
export interface Transport {
  /** Sends a request. Calls `done` once, unless the request is aborted, and never before `send` has returned. */
  readonly send: (
    request: TransportRequest,
    done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void
  ) => Abort
  /** How long requests in flight may take while the service closes. */
  readonly gracefulShutdownTimeout: Duration.Duration
  /** Closes every connection that the transport has opened. */
  readonly release: Effect.Effect<void>
}
