/**
 * An `HttpClient` backed by the in-memory emulator.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Emulator from "./emulator.js"
import { type Reply, statusesWithoutBody } from "./reply.js"

const requestError = (
  request: HttpClientRequest.HttpClientRequest,
  reason: "Encode" | "Transport",
  cause: unknown
) => new HttpClientError.RequestError({ request, reason, cause })

const bodyText = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<string, HttpClientError.RequestError> => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return body.stream.pipe(
        Stream.decodeText(),
        Stream.mkString,
        Effect.mapError((cause) => requestError(request, "Encode", cause))
      )
    case "FormData":
      return webText(request, body.formData)
    case "Raw":
      return typeof body.body === "string" ? Effect.succeed(body.body) : webText(request, body.body as BodyInit)
  }
}

const webText = (request: HttpClientRequest.HttpClientRequest, body: BodyInit) =>
  Effect.tryPromise({
    try: () => new Response(body).text(),
    catch: (cause) => requestError(request, "Encode", cause)
  })

const brokenBody = (body: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body.slice(0, body.length / 2)))
    },
    pull(controller) {
      controller.error(new Error("the emulator closed the connection before the end of the body"))
    }
  })

const responseOf = ({ body, cut, headers, status }: Reply): Response =>
  new Response(statusesWithoutBody.has(status) ? null : cut === undefined ? body : brokenBody(body), {
    status,
    headers
  })

/**
 * Creates an `HttpClient` that sends every request to the in-memory emulator, regardless of the host in the URL. It
 * uses the caller's clock.
 *
 * @internal
 */
export const httpClient = (emulator: Emulator.Emulator): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.flatMap(bodyText(request), (body) =>
      Effect.flatMap(
        emulator.handle({
          method: request.method,
          origin: url.origin,
          target: url.pathname + url.search,
          headers: request.headers,
          body,
          otherConnections: 0
        }),
        (reply) =>
          reply.cut === undefined || reply.cut === "withinBody"
            ? Effect.succeed(HttpClientResponse.fromWeb(request, responseOf(reply)))
            : Effect.fail(
              requestError(request, "Transport", new Error("the emulator closed the connection before the response"))
            )
      ))
  )
