import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { currentCaller } from "../../src/internal/caller.js"
import type { ConnectionOptions } from "../../src/internal/http/nodeOptions.js"
import type { RawResponse, Transport, TransportFailure, TransportRequest } from "../../src/internal/http/transport.js"
import { makeUndiciTransport } from "../../src/internal/http/undiciTransport.js"

export type Exchange = (
  path: string,
  request?: Partial<TransportRequest>
) => Effect.Effect<Either.Either<RawResponse, TransportFailure>>

/** Sends a request and waits for the outcome. Interruption aborts it and waits until the client has let go of it. */
export const exchange = (transport: Transport, origin: string): Exchange => (path, request) =>
  Effect.flatMap(
    currentCaller(),
    (caller) =>
      Effect.async((resume) =>
        Effect.suspend(transport.send(
          {
            method: "GET",
            url: `${origin}${path}`,
            headers: {},
            body: HttpBody.empty,
            maxBodySize: 4 * 1024 * 1024,
            span: caller.propagated(),
            caller,
            ...request
          },
          (exit) => resume(Effect.either(exit))
        ))
      )
  )

/** Makes a transport that is released with the scope. */
export const transportTo = (
  origin: string,
  options: ConnectionOptions = {}
): Effect.Effect<Transport & { readonly exchange: Exchange }, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(makeUndiciTransport(options, origin), ({ release }) => release),
    (transport) => ({ ...transport, exchange: exchange(transport, origin) })
  )

/** The kind of a failure, whether it is stale, and the message of its cause. */
export const failureOf = (
  result: Either.Either<RawResponse, TransportFailure>
): readonly [TransportFailure["kind"], boolean, string] | undefined =>
  Either.isRight(result)
    ? undefined
    : [result.left.kind, result.left.isStale, String((result.left.cause as { readonly message?: unknown }).message)]
