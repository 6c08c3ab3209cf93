/**
 * How a service reaches the network, and how it does that by an `HttpClient`. The only file that knows platform's errors.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as HttpError from "../../HttpError.js"
import { type ErrorContext, transportError, unsendable } from "./errors.js"
import type { LifecycleOptions } from "./lifecycle.js"

/**
 * What came over the wire, whole.
 *
 * @internal
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
  /** Whether the body was longer than allowed and ends early. */
  readonly truncated: boolean
}

/**
 * Sends a request and reads its answer, whole or up to `maxBodySize` bytes. No status is an error here.
 *
 * @internal
 */
export type Receive = (
  request: HttpClientRequest.HttpClientRequest,
  context: ErrorContext,
  maxBodySize: number
) => Effect.Effect<Answer, HttpError.HttpError>

/**
 * How a service reaches the network. One that has `inFlight` ends its own exchanges: when `requestTimeout` has passed, and
 * when `close` tells it to.
 *
 * @internal
 */
export interface Transport extends LifecycleOptions {
  readonly receive: Receive
}

const fromPlatform = (context: ErrorContext) => (failure: HttpClientError.HttpClientError): HttpError.HttpError => {
  if (failure._tag === "ResponseError") {
    return transportError(context, failure.cause ?? failure.description, "the connection broke off within the body")
  }
  return failure.reason === "Transport"
    ? transportError(context, failure.cause ?? failure.description)
    : unsendable(context, failure.cause)
}

const decoder = new TextDecoder()

const collect = (
  response: HttpClientResponse.HttpClientResponse,
  maxBodySize: number
): Effect.Effect<Answer, HttpClientError.ResponseError> => {
  const { headers, status } = response
  const length = Number(headers["content-length"] ?? NaN)
  if (length <= maxBodySize && headers["content-encoding"] === undefined) {
    return Effect.map(response.text, (body) => ({ status, headers, body, truncated: false }))
  }
  // Neither fetch nor undici keeps platform's MaxBodySize, so the bytes are counted here.
  const chunks: Array<Uint8Array> = []
  let room = maxBodySize
  let truncated = false
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      truncated = chunk.byteLength > room
      chunks.push(truncated ? chunk.subarray(0, room) : chunk)
      room -= chunk.byteLength
      return !truncated
    })).pipe(
      Effect.catchIf((failure) => failure.reason === "EmptyBody", () => Effect.void),
      Effect.map(() => {
        const bytes = new Uint8Array(maxBodySize - Math.max(0, room))
        let offset = 0
        for (const chunk of chunks) {
          bytes.set(chunk, offset)
          offset += chunk.byteLength
        }
        return { status, headers, body: decoder.decode(bytes), truncated }
      })
    )
}

const isStatusError = (failure: HttpClientError.HttpClientError): failure is HttpClientError.ResponseError =>
  failure._tag === "ResponseError" && failure.reason === "StatusCode"

/**
 * Receives by any client of platform's, and evens out what they do on their own: fetch follows no redirect, no span shows
 * a credential's header, and a status is no error.
 *
 * The settings of a `FetchHttpClient.RequestInit` are kept where they can be seen: in the context of the call, or else in
 * the one in which the service was made.
 *
 * @internal
 */
export const overHttpClient = (
  client: HttpClient.HttpClient,
  madeIn: Context.Context<never>
): Receive => {
  const requestInit = (context: Context.Context<never>) =>
    Context.getOrElse(
      context as Context.Context<FetchHttpClient.RequestInit>,
      FetchHttpClient.RequestInit,
      () => undefined
    )
  return (request, context, maxBodySize) =>
    client.execute(request).pipe(
      Effect.flatMap((response) => collect(response, maxBodySize)),
      // The user's client may turn statuses into errors (HttpClient.filterStatusOk); the answer is all there.
      Effect.catchIf(isStatusError, ({ response }) => collect(response, maxBodySize)),
      Effect.mapInputContext((calledIn: Context.Context<never>) =>
        Context.add(calledIn, FetchHttpClient.RequestInit, {
          ...(requestInit(calledIn) ?? requestInit(madeIn)),
          redirect: "manual"
        })
      ),
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, ...Object.keys(context.secrets)]),
      Effect.mapError(fromPlatform(context))
    )
}
