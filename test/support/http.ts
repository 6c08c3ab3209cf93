import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Answers a request; a string is the body of a 200. */
export type Respond = (
  request: HttpClientRequest.HttpClientRequest,
  index: number
) => Effect.Effect<Response | string, HttpClientError.HttpClientError>

export interface MockHttp {
  readonly layer: Layer.Layer<HttpClient.HttpClient>
  /** Every request so far, in order. */
  readonly requests: Array<HttpClientRequest.HttpClientRequest>
}

/** An `HttpClient` that answers from a function and keeps what it was asked. */
export const mockHttp = (respond: Respond): MockHttp => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) =>
    Effect.suspend(() =>
      Effect.map(
        respond(request, requests.push(request) - 1),
        (answer) => HttpClientResponse.fromWeb(request, typeof answer === "string" ? new Response(answer) : answer)
      )
    )
  )
  return { layer: Layer.succeed(HttpClient.HttpClient, client), requests }
}

/** Answers one request after the other with these; the last one again and again. */
export const inOrder = (...answers: ReadonlyArray<() => Response | string>): MockHttp =>
  mockHttp((_, index) => Effect.sync(() => answers[Math.min(index, answers.length - 1)]!()))

export const json = (body: unknown, init?: ResponseInit): Response =>
  new Response(JSON.stringify(body), { ...init, headers: { "content-type": "application/json", ...init?.headers } })

export const transportError = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  new HttpClientError.RequestError({ request, reason: "Transport", cause })
