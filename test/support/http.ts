import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
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
  /** When each of them came, in ms. */
  readonly times: Array<number>
  /** How many exchanges were interrupted before they had an answer. */
  readonly aborts: () => number
}

/** An `HttpClient` that answers from a function and keeps what it was asked. */
export const mockHttp = (respond: Respond): MockHttp => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const times: Array<number> = []
  let aborts = 0
  const client = HttpClient.make((request) =>
    Clock.currentTimeMillis.pipe(
      Effect.flatMap((now) => {
        times.push(now)
        return respond(request, requests.push(request) - 1)
      }),
      Effect.onInterrupt(() => Effect.sync(() => aborts++)),
      Effect.map((answer) =>
        HttpClientResponse.fromWeb(request, typeof answer === "string" ? new Response(answer) : answer)
      )
    )
  )
  return { layer: Layer.succeed(HttpClient.HttpClient, client), requests, times, aborts: () => aborts }
}

/** Answers one request after the other with these; the last one again and again. */
export const inOrder = (...answers: ReadonlyArray<() => Response | string>): MockHttp =>
  mockHttp((_, index) => Effect.sync(() => answers[Math.min(index, answers.length - 1)]!()))

/** Takes the first answers at once; the one after them never comes. */
export const silentAfter = (...answers: ReadonlyArray<() => Response>): MockHttp =>
  mockHttp((_, index) => index < answers.length ? Effect.sync(() => answers[index]!()) : Effect.never)

/** Counts how many exchanges for one URL there are at a time, at most. */
export const overlapping = (respond: Respond) => {
  const inFlight = new Map<string, number>()
  let most = 0
  const http = mockHttp((request, index) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const count = (inFlight.get(request.url) ?? 0) + 1
        inFlight.set(request.url, count)
        most = Math.max(most, count)
      }),
      () => respond(request, index),
      () => Effect.sync(() => inFlight.set(request.url, inFlight.get(request.url)! - 1))
    )
  )
  return { ...http, most: () => most }
}

/** Answers in order, each after that long; the last one again and again. */
export const slowly = (millis: number, ...answers: ReadonlyArray<() => Response>) =>
  overlapping((_, index) => Effect.delay(Effect.sync(answers[Math.min(index, answers.length - 1)]!), millis))

/** Platform's own fetch client, over a `fetch` of the test. */
export const fetchHttp = (fetch: typeof globalThis.fetch) => ({
  layer: Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetch))
})

export const transportError = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  new HttpClientError.RequestError({ request, reason: "Transport", cause })

/** When the requests came, in seconds. */
export const seconds = ({ times }: MockHttp): ReadonlyArray<number> => times.map((time) => time / 1000)

/** The origin of the default API. */
export const origin = "https://accesscontextmanager.googleapis.com"

/** What was sent, as `GET /v1/operations/x`. */
export const sent = ({ requests }: MockHttp): ReadonlyArray<string> =>
  requests.map(({ method, url }) => `${method} ${url.startsWith(origin) ? url.slice(origin.length) : url}`)

/** The paths of what was posted. */
export const posts = ({ requests }: MockHttp): ReadonlyArray<string> =>
  requests.filter(({ method }) => method === "POST").map(({ url }) => new URL(url).pathname)

/** The JSON of a request's body; of any other body, what kind it is. */
export const bodyOf = (request: HttpClientRequest.HttpClientRequest | undefined): unknown =>
  request?.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : request?.body._tag
