/**
 * How requests are authorised.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as HttpError from "./HttpError.js"

/**
 * Gives the headers that authorise a request.
 *
 * They are sent only to the API's own origin, and only over https or to a loopback address; they appear in no error,
 * log or span.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  /**
   * The headers for one request to `url`. `refresh` is set when the server has just refused the last ones with 401: give
   * new ones if there can be any. A request is sent again, once, only if they differ.
   */
  readonly headers: (
    request: {
      /** Where the request goes. */
      readonly url: string
      /** Whether the server has just refused the last headers with 401. */
      readonly refresh: boolean
      /** The headers that the server has refused; none when `refresh` is false. */
      readonly refused?: Readonly<Record<string, Redacted.Redacted>> | undefined
    }
  ) => Effect.Effect<Readonly<Record<string, Redacted.Redacted>>, HttpError.HttpError>
}

/**
 * Makes credentials of your own, for instance from a token source that caches and refreshes.
 *
 * Fail with `new HttpError({ reason: "Authentication", … })` when there are none to be had; set `isTransient` on it if a
 * wait should try again.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * declare const accessToken: (options: { readonly refresh: boolean }) => Effect.Effect<string>
 *
 * const credentials = Credentials.make({
 *   headers: ({ refresh }) =>
 *     Effect.map(accessToken({ refresh }), (token) => ({ authorization: Redacted.make(`Bearer ${token}`) }))
 * })
 * ```
 */
export const make = (options: Credentials): Credentials => options

const constant = (headers: Readonly<Record<string, Redacted.Redacted>>): Credentials => {
  const result = Effect.succeed(headers)
  return { headers: () => result }
}

/**
 * No authorisation at all: for emulators.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 *
 * const layer = OperationsService.layer({
 *   api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "http://127.0.0.1:8787" }),
 *   credentials: Credentials.anonymous
 * })
 * ```
 */
export const anonymous: Credentials = constant({})

/**
 * An OAuth 2.0 access token that you already have, sent as `authorization: Bearer …` (RFC 6750).
 *
 * It is not renewed: when it has expired, calls fail with 401 (`UNAUTHENTICATED`). For waits that outlive a token use
 * `GoogleAuth`, or {@link make}.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Config from "effect/Config"
 *
 * const layer = OperationsService.layerConfig(
 *   Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), (token) => ({ credentials: Credentials.accessToken(token) }))
 * )
 * ```
 */
export const accessToken = (token: Redacted.Redacted): Credentials =>
  constant({ authorization: Redacted.make(`Bearer ${Redacted.value(token)}`) })

/**
 * An API key, sent as `x-goog-api-key`.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Config from "effect/Config"
 *
 * const layer = OperationsService.layerConfig(
 *   Config.map(Config.redacted("GOOGLE_API_KEY"), (key) => ({ credentials: Credentials.apiKey(key) }))
 * )
 * ```
 */
export const apiKey = (key: Redacted.Redacted): Credentials => constant({ "x-goog-api-key": key })
