/**
 * `Credentials` that use Google's authentication library, with Application Default Credentials or any of the library's
 * clients.
 *
 * Requires the optional peer dependency `google-auth-library` 10.
 *
 * @since 0.3.0
 * @module
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { hasProperty, isRecord } from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { type AuthClient, DEFAULT_UNIVERSE, GoogleAuth, OAuth2Client } from "google-auth-library"
import * as Credentials from "./Credentials.js"
import * as HttpError from "./HttpError.js"
import { invalidRequest } from "./internal/http/errors.js"
import { isSecret, plainCause, Redactor } from "./internal/http/redaction.js"
import { oneLine } from "./internal/text.js"

/**
 * Options for {@link applicationDefault}.
 *
 * @since 0.3.0
 * @category models
 */
export interface Options {
  /**
   * The OAuth 2.0 scopes to request for tokens. Default: `https://www.googleapis.com/auth/cloud-platform`. User
   * credentials always keep the scopes with which they were created.
   */
  readonly scopes?: ReadonlyArray<string> | undefined
}

type Headers = Readonly<Record<string, Redacted.Redacted>>

// ---------------------------------------------------------------------------------------------------------------------
// Failures
// ---------------------------------------------------------------------------------------------------------------------

const secretNames = /(?:token|secret|assertion|key)$/i

const secretsIn = (value: unknown): ReadonlyArray<string> =>
  Object.entries(value instanceof URLSearchParams ? Object.fromEntries(value) : isRecord(value) ? value : {})
    .flatMap(([name, secret]) =>
      typeof secret === "string" && isSecret(secret) && secretNames.test(name) ? [secret] : []
    )

// A long word that contains a digit and is not a file name looks like a token or a key.
const withoutTokens = (text: string): string =>
  text.replace(
    /[\w~+=-]{16,}/g,
    (word, at: number) =>
      /\d/.test(word) && !/^\.json\b/.test(text.slice(at + word.length, at + word.length + 6)) ? "<redacted>" : word
  )

const withoutQuery = (word: string): string => {
  const url = word.search(/https?:/)
  const query = url < 0 ? -1 : word.slice(url).search(/[?#]/)
  return query < 0 ? word : word.slice(0, url + query)
}

// Error messages from the library can quote server responses, text that is not JSON, and program output. This function
// removes known secrets, JSON, program output, URL user names and queries, and words that look like tokens. The regular
// expressions do not backtrack.
const cleaner = (secrets: ReadonlyArray<string>) => {
  const redactor = new Redactor(secrets)
  return (text: string): string => {
    let words = redactor.clean(text)
    const quote = words.indexOf("\"")
    const notJson = words.lastIndexOf("is not valid JSON")
    if (quote >= 0 && quote < notJson) words = `${words.slice(0, quote)}this ${words.slice(notJson)}`
    const ends = /\{|(?<=invalid response: )/.exec(words)
    if (ends !== null) words = `${words.slice(0, ends.index)}…`
    return oneLine(withoutTokens(words.replace(/\/\/[^/\s]*@/g, "//").replace(/[^\s,]+/g, withoutQuery)))
  }
}

const joined = (...parts: ReadonlyArray<unknown>): string =>
  parts.filter((part) => typeof part === "string" && part !== "").join(": ")

// The message in an error response from an OAuth 2.0 server (RFC 6749, section 5.2) or a Google API. Any other body is
// ignored, because it may be a proxy's error page.
const messageOf = (body: unknown): string => {
  if (!isRecord(body)) return ""
  const { error, error_description: description } = body
  return isRecord(error) ? joined(error["status"], error["message"]) : joined(error, description)
}

const failure = (error: unknown, client: AuthClient | undefined): HttpError.HttpError => {
  const request = hasProperty(error, "config") ? error.config : undefined
  const answered = hasProperty(error, "response") ? error.response : undefined
  const clean = cleaner(
    [client, client?.credentials, hasProperty(request, "data") ? request.data : undefined].flatMap(secretsIn)
  )
  const fail = (description: string, cause: Error, isTransient: boolean) =>
    new HttpError.HttpError({ reason: "Authentication", description, cause, isTransient })

  if (hasProperty(answered, "status") && typeof answered.status === "number") {
    const { status } = answered
    const response = joined(
      `HTTP ${status}`,
      clean(messageOf(hasProperty(answered, "data") ? answered.data : undefined))
    )
    return fail(
      `the token endpoint responded with ${response}`,
      new Error(response),
      status === 408 || status === 429 || status >= 500
    )
  }
  const cause = plainCause(error, clean)
  if (request !== undefined) return fail(`the request for a token failed (${cause.message})`, cause, true)
  return cause.message.startsWith("Could not load the default credentials")
    ? fail(
      "there are no Application Default Credentials. Run `gcloud auth application-default login`, or set " +
        "GOOGLE_APPLICATION_CREDENTIALS to the path of a credentials file",
      cause,
      false
    )
    : fail(cause.message, cause, false)
}

// ---------------------------------------------------------------------------------------------------------------------
// Tokens
// ---------------------------------------------------------------------------------------------------------------------

// Whether the client holds only an access token, which cannot be refreshed.
const isFixed = (client: AuthClient): boolean =>
  client instanceof OAuth2Client && typeof client.credentials.access_token === "string" &&
  !client.credentials.refresh_token && client.refreshHandler === undefined

// A client returns its current token until shortly before the token expires. To make the client request a new token,
// the rejected token is marked as expired. A workforce pool client keeps its token in a private field, so its expiry
// threshold is raised as well. That client reads the threshold before it returns its promise.
const refreshedHeaders = (client: AuthClient, audience: string): ReturnType<AuthClient["getRequestHeaders"]> => {
  if (isFixed(client)) return client.getRequestHeaders(audience)
  client.setCredentials({ ...client.credentials, expiry_date: 1 })
  const threshold = client.eagerRefreshThresholdMillis
  client.eagerRefreshThresholdMillis = Infinity
  try {
    return client.getRequestHeaders(audience)
  } finally {
    client.eagerRefreshThresholdMillis = threshold
  }
}

const fetchHeaders = async (
  auth: GoogleAuth | AuthClient,
  audience: URL,
  refresh: boolean
): Promise<Either.Either<Headers, HttpError.HttpError>> => {
  let client: AuthClient | undefined
  try {
    client = "getClient" in auth ? await auth.getClient() : auth
    const { universeDomain } = client
    if (universeDomain !== DEFAULT_UNIVERSE && audience.hostname.endsWith(`.${DEFAULT_UNIVERSE}`)) {
      return Either.left(
        invalidRequest(
          `the credentials are for the universe ${universeDomain}, and ${audience.hostname} is in ${DEFAULT_UNIVERSE}`
        )
      )
    }
    const headers = refresh
      ? await refreshedHeaders(client, audience.href)
      : await client.getRequestHeaders(audience.href)
    // The library does not check whether the response contains a token.
    if (/ (?:undefined|null)$/.test(headers.get("authorization") ?? "")) {
      throw new Error("the token endpoint responded without a token")
    }
    return Either.right(Object.fromEntries(Array.from(headers, ([name, value]) => [name, Redacted.make(value)])))
  } catch (error) {
    return Either.left(failure(error, client))
  }
}

interface Fetch {
  readonly isRefresh: boolean
  readonly headers: Promise<Either.Either<Headers, HttpError.HttpError>>
}

/**
 * Makes credentials from a `google-auth-library` client, for example for a service account key, impersonation, or
 * workload identity federation. Set the client's scopes to `https://www.googleapis.com/auth/cloud-platform`, unless the
 * API documents another scope.
 *
 * **Details**
 *
 * - The client reads its files and requests a token when the first API request needs one. It caches the token until
 *   shortly before the token expires. Concurrent API requests share one token request.
 * - If the API rejects a token with 401, the client requests a new token. The API request fails with 401 if the client
 *   cannot get a new token. This is the case if the client holds only an access token or an API key, if it uses a
 *   signed JWT as the token, or if the metadata server returns the same token again.
 * - If the credentials specify a quota project, it is sent as `x-goog-user-project`.
 * - If the client cannot get a token, the API request fails with `HttpError` (`reason: "Authentication"`). The failure
 *   is transient if the token request received no response, or a response with the status 408, 429 or 5xx.
 * - Credentials that belong to another universe are not sent to a `googleapis.com` host. The API request fails with
 *   `HttpError` (`reason: "InvalidRequest"`).
 *
 * **Gotchas**
 *
 * - The library cannot abort a token request. An interrupted API request stops waiting for the token immediately, but
 *   most clients reuse the pending token request when another token is needed. Limit the duration of token requests
 *   with `transporterOptions: { timeout: 10_000 }`.
 * - If `GOOGLE_SDK_NODE_LOGGING` is set, the library prints its requests and responses, including tokens.
 *
 * @since 0.3.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleAuth from "effect-google-operations/GoogleAuth"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import { JWT } from "google-auth-library"
 *
 * declare const key: { readonly client_email: string; readonly private_key: string }
 *
 * const layer = NodeOperations.layer({
 *   credentials: GoogleAuth.make(
 *     new JWT({
 *       email: key.client_email,
 *       key: key.private_key,
 *       scopes: ["https://www.googleapis.com/auth/cloud-platform"],
 *       transporterOptions: { timeout: 10_000 }
 *     })
 *   )
 * })
 * ```
 */
export const make = (auth: GoogleAuth | AuthClient): Credentials.Credentials => {
  // The token requests in flight, keyed by API origin. If a JWT is used as the token, the API origin is the JWT's
  // audience (AIP-4111).
  const fetches = new Map<string, Fetch>()
  return Credentials.make({
    headers: ({ refresh, url }) =>
      Effect.suspend(() => {
        const audience = new URL("/", url)
        const inFlight = fetches.get(audience.href)
        // A refresh shares only token requests that are also refreshes, because other token requests may return the
        // rejected token.
        const shared = inFlight !== undefined && (inFlight.isRefresh || !refresh)
          ? inFlight
          : { isRefresh: refresh, headers: fetchHeaders(auth, audience, refresh) }
        const forget = () => {
          if (fetches.get(audience.href) === shared) fetches.delete(audience.href)
        }
        if (shared !== inFlight) {
          fetches.set(audience.href, shared)
          void shared.headers.then(forget)
        }
        // After an interruption, the next API request starts a new token request, because the interrupted token request
        // may hang.
        return Effect.onInterrupt(Effect.flatten(Effect.promise(() => shared.headers)), () => Effect.sync(forget))
      })
  })
}

/**
 * Application Default Credentials. They come from the first source that exists: the file that
 * `GOOGLE_APPLICATION_CREDENTIALS` names, the credentials that `gcloud auth application-default login` created, or the
 * machine's metadata server.
 *
 * The credentials are read when the first API request needs them. If no credentials exist, the request fails with
 * `HttpError` (`reason: "Authentication"`), which is not transient. The error message says what to do. A token request
 * times out after 10 seconds, and this timeout is a transient failure. `google-auth-library` has its own time
 * limits for impersonation and for the metadata server. For the rules about caching and refresh, see {@link make}.
 *
 * @since 0.3.0
 * @category constructors
 * @see https://cloud.google.com/docs/authentication/application-default-credentials
 * @example
 * ```ts
 * import * as GoogleAuth from "effect-google-operations/GoogleAuth"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", { timeout: "10 minutes" })
 * }).pipe(Effect.provide(NodeOperations.layer({ credentials: GoogleAuth.applicationDefault() })))
 * ```
 */
export const applicationDefault = (options: Options = {}): Credentials.Credentials =>
  make(
    new GoogleAuth({
      scopes: [...(options.scopes ?? ["https://www.googleapis.com/auth/cloud-platform"])],
      // Without this setting, the library runs gcloud and asks the metadata server for the project id, which is not
      // needed.
      projectId: "unused",
      clientOptions: { transporterOptions: { timeout: 10_000 } }
    })
  )
