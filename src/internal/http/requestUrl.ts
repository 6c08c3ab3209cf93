/**
 * An API, a resource name and options become a URL. What is wrong with them is found here, before anything is sent.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as GoogleApi from "../../GoogleApi.js"
import type * as HttpError from "../../HttpError.js"
import { invalidRequest } from "./errors.js"

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)

// A user name, a password or a query in a URL can be a secret.
const quoteUrl = (url: string): string => quote(url.replace(/\/\/[^/]*@/, "//").replace(/[?#].*$/s, ""))

const refuse = (description: string): Either.Either<never, HttpError.HttpError> =>
  Either.left(invalidRequest(description))

/** @internal */
export interface Endpoint {
  /** `https://accesscontextmanager.googleapis.com` */
  readonly origin: string
  /** `/v1` */
  readonly prefix: string
  /** Whether credentials may be sent there: over https, or to this very machine. */
  readonly mayCarryCredentials: boolean
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127(\.\d+){3}$/.test(hostname)

/** @internal */
export const endpoint = (api: GoogleApi.GoogleApi): Either.Either<Endpoint, HttpError.HttpError> => {
  const url = URL.canParse(api.baseUrl) ? new URL(api.baseUrl) : undefined
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return refuse(
      `${quoteUrl(api.baseUrl)} is not a base URL; expected one like "https://accesscontextmanager.googleapis.com"`
    )
  }
  if (url.username !== "" || url.password !== "") {
    return refuse("a base URL must not hold a user name or a password; give credentials instead")
  }
  if (url.search !== "" || url.hash !== "") {
    return refuse(`the base URL ${quoteUrl(api.baseUrl)} must not have a query or a fragment`)
  }
  return Either.right({
    origin: url.origin,
    prefix: `${url.pathname.replace(/\/+$/, "")}/${api.version}`,
    mayCarryCredentials: url.protocol === "https:" || isLoopback(url.hostname)
  })
}

const unreserved = /^[-_.~/0-9a-zA-Z]*$/

// Every byte outside [-_.~/0-9a-zA-Z] is percent-encoded (google/api/http.proto). None for half a surrogate pair, which
// has no bytes.
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

const problem = (name: string, pattern?: RegExp): string | undefined => {
  if (name === "") return "it is empty"
  if (name.startsWith("/")) return "it starts with a slash, but names are relative"
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(name)) return "it is a URL"
  if (/^v\d+[a-z0-9]*\//.test(name)) return "it starts with a version, which belongs to the API"
  if (name.endsWith("/")) return "its last segment is empty"
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(name)) return "it has a segment \".\" or \"..\""
  // `search` takes no notice of a `g` or `y` flag's lastIndex.
  return pattern !== undefined && name.search(pattern) === -1
    ? `it does not match ${pattern}; another API is a GoogleApi.make`
    : undefined
}

const resourcePath = (
  endpoint: Endpoint,
  name: string,
  what: string,
  pattern?: RegExp
): Either.Either<string, HttpError.HttpError> => {
  const path = typeof name === "string" ? encode(name) : undefined
  const wrong = typeof name !== "string"
    ? "it is not a string"
    : path === undefined
    ? "it holds half a surrogate pair"
    : problem(name, pattern)
  return wrong === undefined
    ? Either.right(`${endpoint.prefix}/${path}`)
    : refuse(`${quote(String(name))} is not the name of ${what}: ${wrong}`)
}

/**
 * The path of an operation below the origin, or why its name is none.
 *
 * @internal
 */
export const operationPath = (
  api: GoogleApi.GoogleApi,
  endpoint: Endpoint,
  name: string
): Either.Either<string, HttpError.HttpError> =>
  resourcePath(endpoint, name, "an operation of this API", api.operationName)

/**
 * The path of a collection of operations below the origin, or why its name is none.
 *
 * @internal
 */
export const collectionPath = (endpoint: Endpoint, name: string): Either.Either<string, HttpError.HttpError> =>
  resourcePath(endpoint, name, "a collection of operations")

/**
 * A query, with `$.xgafv` for the error format that the Python client calls `x__xgafv`. Parameters without a value are
 * left out.
 *
 * @internal
 */
export const query = (
  xgafv: "1" | "2" | undefined,
  parameters: Readonly<Record<string, string | number | boolean | undefined>> = {}
): Either.Either<string, HttpError.HttpError> => {
  if (xgafv !== undefined && xgafv !== "1" && xgafv !== "2") {
    return refuse(`xgafv must be "1" or "2", not ${quote(String(xgafv))}`)
  }
  const pairs = Object.entries({ ...parameters, "$.xgafv": xgafv }).filter(([, value]) => value !== undefined)
  const malformed = pairs.find(([, value]) => encode(String(value)) === undefined)
  if (malformed !== undefined) return refuse(`the value of ${malformed[0]} holds half a surrogate pair`)
  return Either.right(
    pairs.length === 0
      ? ""
      : `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join("&")}`
  )
}

/**
 * The URL of a request that the user has made: absolute, or a path below the API's origin.
 *
 * @internal
 */
export const ownUrl = (
  endpoint: Endpoint,
  request: HttpClientRequest.HttpClientRequest,
  xgafv: "1" | "2" | undefined
): Either.Either<URL, HttpError.HttpError> => {
  const absolute = request.url.startsWith("/") ? `${endpoint.origin}${request.url}` : request.url
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(HttpClientRequest.setUrl(request, absolute)))
  if (url === undefined) {
    return refuse(`${quoteUrl(request.url)} is not a URL; give an absolute one, or a path such as "/v1/accessPolicies"`)
  }
  if (xgafv !== undefined && !url.searchParams.has("$.xgafv")) url.searchParams.set("$.xgafv", xgafv)
  return url.origin === endpoint.origin && url.username === "" && url.password === ""
    ? Either.right(url)
    : refuse(`${quoteUrl(request.url)} is not at ${endpoint.origin}, where this service's API is`)
}
