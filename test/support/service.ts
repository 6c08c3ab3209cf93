import type * as HttpClient from "@effect/platform/HttpClient"
import { assert } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

/** A service over that mock, open until the test's scope ends. */
export const service = (
  http: { readonly layer: Layer.Layer<HttpClient.HttpClient> },
  options?: OperationsService.Options
) => Effect.provide(OperationsService.make(options), http.layer)

/** The default API, but for these methods. */
export const apiWith = (methods: Partial<GoogleApi.Methods>): GoogleApi.GoogleApi =>
  GoogleApi.make({ ...GoogleApi.accessContextManager, methods })

/** The `HttpError` that an effect fails with; anything else fails the test. */
export const httpError = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<HttpError.HttpError, never, R> =>
  Effect.map(Effect.either(effect), (result) => {
    assert(result._tag === "Left" && HttpError.isHttpError(result.left), `an HttpError, not ${String(result)}`)
    return result.left
  })

/** Notes the lines that an effect logs, as `WARN …`. */
export const logging = <A, E, R>(lines: Array<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provide(
    effect,
    Logger.add(Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel.label} ${Array.isArray(message) ? message.join(" ") : String(message)}`)
    }))
  )
