/**
 * Credentials that authorize API requests.
 *
 * @since 0.1.0
 * @module
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Redacted from "effect/Redacted"
import type * as GoogleApi from "./GoogleApi.js"
import type * as HttpError from "./HttpError.js"
import { authorizedClient } from "./internal/http/authorizedClient.js"
import { endpoint } from "./internal/http/endpoint.js"

/**
 * The headers that authorize a request, keyed by header name.
 *
 * @since 0.4.0
 * @category models
 */
export interface Headers {
  readonly [name: string]: Redacted.Redacted
}

/**
 * A source of authorization headers.
 *
 * The headers are sent only to the API's origin, and only over HTTPS or to a loopback address. They do not appear in
 * errors, logs or spans.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  /**
   * Returns the headers for one request. After a 401 response, `headers` is called again with `refresh: true`. If the
   * second result differs from the rejected headers, the request is sent once more.
   */
  readonly headers: (
    request: {
      /** The URL of the request. */
      readonly url: string
      /** Whether the server rejected the previous headers with a 401 response. */
      readonly refresh: boolean
      /** The headers that the server rejected. Undefined if `refresh` is false. */
      readonly refused?: Headers | undefined
    }
  ) => Effect.Effect<Headers, HttpError.HttpError>
  /**
   * Whether a refresh can return different headers. The error message for a 401 response depends on this flag. Default:
   * true.
   */
  readonly isRenewable?: boolean | undefined
}

const isSame = (a: Headers, b: Headers): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && Redacted.value(a[name]!) === Redacted.value(b[name]))
}

interface Refresh {
  readonly refused: Headers
  readonly fiber: Fiber.Fiber<Headers, HttpError.HttpError>
  waiting: number
}

/**
 * Makes credentials from a function, for example from a token source that caches its tokens.
 *
 * **Details**
 *
 * If the server rejects several requests that use the same headers, these requests share one refresh. The refresh is
 * interrupted only when all of these requests have been interrupted. If newer headers are already available, the
 * service uses them and does not refresh.
 *
 * If no credentials are available, `headers` should fail with
 * `new HttpError({ reason: "Authentication", description })`. If a wait should poll again after the error, set
 * `isTransient: true` on the error.
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
export const make = (options: Credentials): Credentials => {
  // Keyed by origin, because the function may return different headers for each API.
  const latest = new Map<string, Headers>()
  const refreshes = new Map<string, Refresh>()

  const remember = (origin: string) => (headers: Headers): Effect.Effect<void> =>
    Effect.sync(() => latest.set(origin, headers))

  const begin = (origin: string, url: string, refused: Headers): Effect.Effect<Refresh> =>
    Effect.map(
      Effect.forkDaemon(
        Effect.interruptible(
          Effect.tap(Effect.suspend(() => options.headers({ url, refresh: true, refused })), remember(origin))
        )
      ),
      (fiber) => {
        const refresh: Refresh = { refused, fiber, waiting: 0 }
        refreshes.set(origin, refresh)
        return refresh
      }
    )

  const join = (origin: string, url: string, refused: Headers): Effect.Effect<Headers, HttpError.HttpError> =>
    Effect.acquireUseRelease(
      Effect.suspend(() => {
        const current = refreshes.get(origin)
        return current !== undefined && isSame(current.refused, refused)
          ? Effect.succeed(current)
          : begin(origin, url, refused)
      }).pipe(Effect.tap((refresh) => Effect.sync(() => refresh.waiting++))),
      ({ fiber }) => Fiber.join(fiber),
      (refresh) =>
        Effect.suspend(() => {
          if (--refresh.waiting > 0) return Effect.void
          if (refreshes.get(origin) === refresh) refreshes.delete(origin)
          return Fiber.interrupt(refresh.fiber)
        })
    )

  return {
    ...options,
    headers: ({ refresh, refused, url }) =>
      Effect.suspend(() => {
        const { origin } = new URL(url)
        if (!refresh || refused === undefined) {
          return Effect.tap(options.headers({ url, refresh }), remember(origin))
        }
        const known = latest.get(origin)
        return known === undefined || isSame(known, refused) ? join(origin, url, refused) : Effect.succeed(known)
      })
  }
}

const constant = (headers: Headers): Credentials => {
  const result = Effect.succeed(headers)
  return { headers: () => result, isRenewable: false }
}

/**
 * Credentials that add no headers, for use with emulators.
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
 * An OAuth 2.0 access token, sent as `authorization: Bearer …` (RFC 6750).
 *
 * The token is not refreshed. After the token expires, calls fail with 401 (`UNAUTHENTICATED`). If a wait can outlive
 * the token, use `GoogleAuth` or {@link make}.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Config from "effect/Config"
 *
 * const layer = OperationsService.layerConfig({
 *   credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken)
 * })
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
 * const layer = OperationsService.layerConfig({
 *   credentials: Config.map(Config.redacted("GOOGLE_API_KEY"), Credentials.apiKey)
 * })
 * ```
 */
export const apiKey = (key: Redacted.Redacted): Credentials => constant({ "x-goog-api-key": key })

/**
 * Options for {@link authorize}: an API or its base URL, and the credentials.
 *
 * @since 0.4.0
 * @category models
 */
export type AuthorizeOptions =
  | {
    /** The API, such as `GoogleApi.accessContextManager`. */
    readonly api: GoogleApi.GoogleApi
    /** The credentials for the requests. */
    readonly credentials: Credentials
  }
  | {
    /** The base URL of the API, such as `https://accesscontextmanager.googleapis.com`. */
    readonly baseUrl: string
    /** The credentials for the requests. */
    readonly credentials: Credentials
  }

/**
 * Makes an `HttpClient` that sends credentials with each request. For example, use the client to read the resource that
 * an operation created. The client follows the same credential rules as `OperationsService`.
 *
 * **Details**
 *
 * - The request URL is absolute, or a path such as `/v1/accessPolicies/1`. A request to another origin fails with
 *   `HttpError` (`reason: "InvalidRequest"`) and is not sent. A request over plain `http:` fails in the same way,
 *   unless its host is a loopback address.
 * - If the server rejects a request with 401 and a refresh returns different headers, the request is sent once more.
 *   This also works with a client that turns a 401 response into an error, such as a client with
 *   `HttpClient.filterStatusOk`.
 * - Credentials do not appear in spans, in errors, or in a printed response.
 * - Credentials in the request query (`key`, `access_token`) are sent as headers instead.
 * - If no credentials are available, the request fails with `HttpError` (`reason: "Authentication"`).
 *
 * **Gotchas**
 *
 * - Over `fetch`, the authorized client does not follow redirects. To follow redirects within the API's origin, apply
 *   `HttpClient.followRedirects` to the authorized client. Do not apply `followRedirects` to the client that is passed
 *   to `authorize`, because the credentials would then be sent to any origin that a redirect names.
 * - The client does not send the quota project of an `OperationsService`. To send a quota project, add the header to
 *   the client that is passed to `authorize`:
 *   `HttpClient.mapRequest(client, HttpClientRequest.setHeader("x-goog-user-project", "my-project"))`.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as HttpClient from "@effect/platform/HttpClient"
 * import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const AccessPolicy = Schema.Struct({ name: Schema.String, title: Schema.String, etag: Schema.String })
 *
 * // Reads a policy by its name:
 * const getAccessPolicy = (name: string, credentials: Credentials.Credentials) =>
 *   Effect.gen(function*() {
 *     const client = (yield* HttpClient.HttpClient).pipe(
 *       Credentials.authorize({ api: GoogleApi.accessContextManager, credentials }),
 *       HttpClient.filterStatusOk
 *     )
 *     const response = yield* client.get(`/v1/${name}`)
 *     return yield* HttpClientResponse.schemaBodyJson(AccessPolicy)(response)
 *   })
 * ```
 */
export const authorize: {
  /** Makes an `HttpClient` that sends credentials with each request. */
  (
    options: AuthorizeOptions
  ): <E, R>(
    client: HttpClient.HttpClient.With<E, R>
  ) => HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | HttpError.HttpError, R>
  /** Makes an `HttpClient` that sends credentials with each request. */
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    options: AuthorizeOptions
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | HttpError.HttpError, R>
} = dual(
  2,
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    options: AuthorizeOptions
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | HttpError.HttpError, R> => {
    const baseUrl = "api" in options ? options.api.baseUrl : options.baseUrl
    // The API version is not used, because each request URL contains its own version.
    return authorizedClient(client, endpoint({ baseUrl, version: "v1" }), options.credentials)
  }
)
