/**
 * Creates requests from resource names and options, and checks them before they are sent.
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { hasProperty } from "effect/Predicate"
import type * as Dialect from "../../Dialect.js"
import type * as HttpError from "../../HttpError.js"
import { type Endpoint, isHeaderName, isHeaderValue, isUrl, plainHttp, quote, quoteUrl } from "./endpoint.js"
import { invalidRequest } from "./errors.js"

/**
 * A request that is ready to be sent, except for its credentials.
 *
 * @internal
 */
export interface ApiRequest {
  readonly method: string
  /** The absolute URL. */
  readonly url: string
  /** The URL path. */
  readonly path: string
  /** The path without resource names, for telemetry. It is `undefined` for custom requests. */
  readonly template: string | undefined
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** Whether the request may be sent again if the connection closes before the first byte of the response. */
  readonly isRepeatable: boolean
  /** Credentials from a custom request, by header name. */
  readonly secrets: Readonly<Record<string, string>>
}

/**
 * The settings that all requests to an API share.
 *
 * @internal
 */
export interface RequestSettings {
  readonly endpoint: Endpoint
  /** The headers to add to every request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly xgafv: "1" | "2" | undefined
}

type Invalid = Either.Either<never, HttpError.HttpError>

const invalid = (description: string): Invalid => Either.left(invalidRequest(description))

const unreserved = /^[-_.~/0-9a-zA-Z]*$/

// Percent-encodes every byte outside [-_.~/0-9a-zA-Z] (google/api/http.proto). Returns `undefined` for a lone
// surrogate, which cannot be encoded.
const encode = (name: string): string | undefined => {
  if (unreserved.test(name)) return name
  try {
    return encodeURIComponent(name).replace(
      /%2F|[!'()*]/g,
      (match) => match === "%2F" ? "/" : `%${match.charCodeAt(0).toString(16).toUpperCase()}`
    )
  } catch {
    return undefined
  }
}

/**
 * Explains why a text is not a relative resource name that matches a pattern. Returns `undefined` if it is one.
 *
 * @internal
 */
export const nameProblem = (name: string, pattern?: RegExp): string | undefined => {
  if (!plainName.test(name)) {
    const problem = unusualNameProblem(name)
    if (problem !== undefined) return problem
  }
  // `search` ignores `lastIndex`, which a `g` or `y` flag would otherwise use.
  return pattern !== undefined && name.search(pattern) === -1
    ? `it does not match ${pattern}; for another API use GoogleApi.make`
    : undefined
}

// Most names match this pattern and need no other checks. Names that start with "v" may start with a version, so they
// are excluded.
const plainName = /^[a-uw-zA-Z][-_0-9a-zA-Z]*(?:\/[-_0-9a-zA-Z]+)*$/

const unusualNameProblem = (name: string): string | undefined => {
  if (name === "") return "it is empty"
  if (name.startsWith("/")) return "it starts with a slash, but names are relative"
  if (isUrl(name)) return "it is a URL"
  if (/^v\d+[a-z0-9]*\//.test(name)) return "it starts with a version, but names have no version"
  if (name.endsWith("/")) return "its last segment is empty"
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(name)) return "it has a segment \".\" or \"..\""
  return encode(name) === undefined ? "it contains a lone surrogate" : undefined
}

type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

const noParameters: Parameters = {}
const noQuery: Either.Either<string> = Either.right("")

const query = (
  parameters: Parameters,
  xgafv: "1" | "2" | undefined
): Either.Either<string, HttpError.HttpError> => {
  if (xgafv !== undefined && xgafv !== "1" && xgafv !== "2") {
    return invalid(`xgafv must be "1" or "2", not ${quote(String(xgafv))}`)
  }
  if (parameters === noParameters && xgafv === undefined) return noQuery
  const pairs: Array<string> = []
  for (const [name, value] of Object.entries({ ...parameters, "$.xgafv": xgafv })) {
    if (value === undefined) continue
    if (encode(String(value)) === undefined) return invalid(`the value of ${name} contains a lone surrogate`)
    pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
  }
  return Either.right(pairs.length === 0 ? "" : `?${pairs.join("&")}`)
}

const noSecrets: Readonly<Record<string, string>> = {}

const bodyOf = (body: unknown): HttpBody.HttpBody => body === undefined ? HttpBody.empty : HttpBody.unsafeJson(body)

/**
 * Converts a dialect request to a complete request.
 *
 * @internal
 */
export const apiRequest = (
  { endpoint, headers, xgafv }: RequestSettings,
  request: Dialect.Request,
  options?: {
    /** The error format to request, `$.xgafv` (`x__xgafv` in Google's Python client). */
    readonly xgafv?: "1" | "2" | undefined
    /** Whether the request only reads data. Default: true for a GET. */
    readonly isRepeatable?: boolean | undefined
    /** The kind of resource, for error messages. */
    readonly what?: string | undefined
  }
): Either.Either<ApiRequest, HttpError.HttpError> => {
  const { method, query: parameters = noParameters, resource, suffix = "" } = request
  const problem = nameProblem(resource)
  if (problem !== undefined) {
    return invalid(`${quote(resource)} is not the name of ${options?.what ?? "a resource"}: ${problem}`)
  }
  const search = query(parameters, options?.xgafv === undefined ? xgafv : options.xgafv)
  if (Either.isLeft(search)) return Either.left(search.left)
  const path = `${endpoint.prefix}/${encode(resource)}${suffix}`
  return Either.right({
    method,
    url: `${endpoint.origin}${path}${search.right}`,
    path,
    template: `${endpoint.prefix}/{name}${suffix}`,
    headers: request.body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: bodyOf(request.body),
    isRepeatable: options?.isRepeatable ?? method === "GET",
    secrets: noSecrets
  })
}

const credentialHeaders = new Set(["authorization", "cookie", "proxy-authorization", "x-goog-api-key"])

// Moves credentials from the query to headers, because queries can appear in logs and spans. Google APIs accept
// credentials in both places.
const moveCredentials = (url: URL, headers: Record<string, string>): void => {
  const key = url.searchParams.get("key")
  const token = url.searchParams.get("access_token") ?? url.searchParams.get("oauth_token")
  if (key !== null) headers["x-goog-api-key"] ??= key
  if (token !== null) headers["authorization"] ??= `Bearer ${token}`
  for (const name of ["key", "access_token", "oauth_token"]) {
    if (url.searchParams.has(name)) url.searchParams.delete(name)
  }
}

/**
 * Converts a caller's `HttpClientRequest` to a complete request. The URL may be absolute, or a path at the API's
 * origin.
 *
 * @internal
 */
export const customRequest = (
  settings: RequestSettings,
  request: HttpClientRequest.HttpClientRequest
): Either.Either<ApiRequest, HttpError.HttpError> => {
  const { endpoint, xgafv } = settings
  if (!hasProperty(request, HttpClientRequest.TypeId)) {
    return invalid("a start needs an HttpClientRequest, such as HttpClientRequest.post(\"/v1/accessPolicies\")")
  }
  const absolute = request.url.startsWith("/") ? `${endpoint.origin}${request.url}` : request.url
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(HttpClientRequest.setUrl(request, absolute)))
  if (url === undefined) {
    return invalid(`${quoteUrl(request.url)} is not a URL; use an absolute URL, or a path such as "/v1/accessPolicies"`)
  }
  if (url.origin !== endpoint.origin || url.username !== "" || url.password !== "") {
    return invalid(`${quoteUrl(request.url)} is not at ${endpoint.origin}, the origin of the API of this service`)
  }
  url.hash = ""
  if (xgafv !== undefined && !url.searchParams.has("$.xgafv")) url.searchParams.set("$.xgafv", xgafv)
  const headers: Record<string, string> = { ...settings.headers, ...request.headers }
  moveCredentials(url, headers)
  const secrets: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeaderName(name)) return invalid(`${quote(name)} is not the name of a header`)
    if (!isHeaderValue(value)) {
      return invalid(
        `the value of the header ${quote(name)} is empty, or has a character that is not valid in a header`
      )
    }
    if (!credentialHeaders.has(name)) continue
    secrets[name] = value
    if (!endpoint.mayCarryCredentials) return invalid(plainHttp(endpoint))
  }
  return Either.right({
    method: request.method,
    url: url.href,
    path: url.pathname,
    template: undefined,
    headers,
    body: request.body,
    isRepeatable: false,
    secrets
  })
}
