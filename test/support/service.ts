import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { assert } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { json, type MockHttp, mockHttp, type Respond } from "./http.js"

export const name = "operations/x"
export const pending = (headers: Record<string, string> = {}): Response => json({ name }, { headers })
export const succeeded = (): Response => json({ name, done: true })
export const googleError = (
  code: number,
  status: string,
  init: { readonly message?: string; readonly headers?: Record<string, string>; readonly details?: Array<unknown> } = {}
): Response =>
  json(
    { error: { code, message: init.message ?? "it did not work", status, details: init.details ?? [] } },
    { status: code, headers: init.headers ?? {} }
  )
export const unavailable = (headers: Record<string, string> = {}): Response =>
  googleError(503, "UNAVAILABLE", { headers })

/** A service over that mock, open until the test's scope ends. */
export const service = (
  http: { readonly layer: Layer.Layer<HttpClient.HttpClient> },
  options?: OperationsService.Options
) => Effect.provide(OperationsService.make(options), http.layer)

/** The `HttpError` that an effect fails with; anything else fails the test. */
export const httpError = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<HttpError.HttpError, never, R> =>
  Effect.map(Effect.either(effect), (result) => {
    assert(result._tag === "Left" && HttpError.isHttpError(result.left), `an HttpError, not ${String(result)}`)
    return result.left
  })

/** How an effect ends once that much time has passed on the test's clock. */
export const after = <A, E, R>(duration: Duration.DurationInput, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

export interface TimedHttp extends MockHttp {
  /** When each request came, in ms. */
  readonly times: Array<number>
  /** How many exchanges were interrupted before they had an answer. */
  readonly aborts: () => number
}

export const timedHttp = (respond: Respond): TimedHttp => {
  const times: Array<number> = []
  let aborts = 0
  const http = mockHttp((request, index) =>
    Clock.currentTimeMillis.pipe(
      Effect.map((now) => times.push(now)),
      Effect.zipRight(respond(request, index)),
      Effect.onInterrupt(() => Effect.sync(() => aborts++))
    )
  )
  return { ...http, times, aborts: () => aborts }
}

/** As `inOrder`, with the times of the requests. */
export const timedInOrder = (...answers: ReadonlyArray<() => Response | string>): TimedHttp =>
  timedHttp((_, index) => Effect.sync(() => answers[Math.min(index, answers.length - 1)]!()))

/** Platform's own fetch client, over a `fetch` of the test. */
export const fetchHttp = (fetch: typeof globalThis.fetch) => ({
  layer: Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetch))
})
