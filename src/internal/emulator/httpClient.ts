/**
 * The emulator behind an `HttpClient`, without a socket.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import type * as Emulator from "./emulator.js"

const bodyText = (request: HttpClientRequest.HttpClientRequest): string => {
  switch (request.body._tag) {
    case "Uint8Array":
      return new TextDecoder().decode(request.body.body)
    case "Raw":
      return String(request.body.body)
    default:
      return ""
  }
}

const transportError = (request: HttpClientRequest.HttpClientRequest, message: string) =>
  new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error(message) })

const brokenBody = (body: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body.slice(0, body.length / 2)))
    },
    pull(controller) {
      controller.error(new Error("the emulator cut the connection within the body"))
    }
  })

/**
 * The statuses whose answers have no body.
 *
 * @internal
 */
export const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Reaches the emulator in memory, on the clock of the caller.
 *
 * @internal
 */
export const httpClient = (emulator: Emulator.Emulator): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.flatMap(
      emulator.handle({
        method: request.method,
        target: url.pathname + url.search,
        body: bodyText(request),
        otherConnections: 0
      }),
      ({ body, cut, headers, status }) =>
        cut === undefined || cut === "withinBody"
          ? Effect.succeed(HttpClientResponse.fromWeb(
            request,
            new Response(statusesWithoutBody.has(status) ? null : cut === undefined ? body : brokenBody(body), {
              status,
              headers
            })
          ))
          : Effect.fail(transportError(request, "the emulator cut the connection before the answer"))
    )
  )
