/**
 * A resource name and options become a request. Whatever is wrong with them is found here, before anything is sent.
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as HttpError from "../../HttpError.js"
import type { Settings } from "../settings.js"
import { invalidRequest } from "./errors.js"

/**
 * A request that is ready to be sent, but for its credentials.
 *
 * @internal
 */
export interface ApiRequest {
  readonly method: string
  /** Absolute. */
  readonly url: string
  /** The path of the URL. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
  /** Whether the request may be sent again when a connection closes before any byte of a response has arrived. */
  readonly isRepeatable: boolean
  /** Credentials in a request of the user's, by header name. */
  readonly secrets: Readonly<Record<string, string>>
}

type Invalid = Either.Either<never, HttpError.HttpError>

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)

// A user name, a password or a query in a URL can be a secret.
const quoteUrl = (url: string): string => {
  const withoutQuery = url.split(/[?#]/, 1)[0]!
  const start = withoutQuery.indexOf("//") + 2
  const end = withoutQuery.lastIndexOf("@")
  return quote(end >= start ? withoutQuery.slice(0, start) + withoutQuery.slice(end + 1) : withoutQuery)
}

const invalid = (description: string): Invalid => Either.left(invalidRequest(description))

/** @internal */
export interface Endpoint {
  /** `https://accesscontextmanager.googleapis.com` */
  readonly origin: string
  /** The base URL in one spelling: without a slash at its end. */
  readonly baseUrl: string
  /** `/v1` */
  readonly prefix: string
  /** Whether credentials may be sent there: over https, or to this machine. */
  readonly mayCarryCredentials: boolean
}

// Names below `localhost` are not here: a resolver may send them anywhere.
const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/**
 * Reads the base URL and the version of an API; the left side says what is wrong with them.
 *
 * @internal
 */
export const endpoint = (
  api: { readonly baseUrl: unknown; readonly version: unknown }
): Either.Either<Endpoint, string> => {
  const { baseUrl, version } = api
  const url = typeof baseUrl === "string" && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (typeof baseUrl !== "string" || url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return Either.left(
      `api.baseUrl must be a URL such as "https://accesscontextmanager.googleapis.com"; ` +
        `${typeof baseUrl === "string" ? quoteUrl(baseUrl) : typeof baseUrl} is not one`
    )
  }
  if (url.username !== "" || url.password !== "") {
    return Either.left("api.baseUrl must not hold a user name or a password; use `credentials` instead")
  }
  if (/[?#]/.test(baseUrl)) return Either.left(`api.baseUrl ${quoteUrl(baseUrl)} must not have a query or a fragment`)
  // `URL` resolves "." and "..", also percent-encoded, so the text is looked at, too.
  if (!isCleanPath(url.pathname.replace(/\/+$/, "")) || /\/\.|%/.test(baseUrl)) {
    return Either.left(`the path of api.baseUrl ${quoteUrl(baseUrl)} must consist of plain segments`)
  }
  if (typeof version !== "string" || !isCleanPath(`/${version}`) || version.endsWith("/") || version === "") {
    return Either.left(
      `api.version must be a path segment such as "v1"; ${
        typeof version === "string" ? quote(version) : typeof version
      } is not one`
    )
  }
  const path = url.pathname.replace(/\/+$/, "")
  return Either.right({
    origin: url.origin,
    baseUrl: `${url.origin}${path}`,
    prefix: `${path}/${version}`,
    mayCarryCredentials: url.protocol === "https:" || isLoopback(url.hostname)
  })
}

// Segments that no server and no proxy reads in another way; one slash at the end is allowed.
const isCleanPath = (path: string): boolean => /^(\/[-_.~0-9a-zA-Z]+)*\/?$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path)

const unreserved = /^[-_.~/0-9a-zA-Z]*$/

// Every byte outside [-_.~/0-9a-zA-Z] is percent-encoded (google/api/http.proto). A lone surrogate has no bytes.
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
  // `search` ignores the `lastIndex` of a `g` or `y` flag.
  return pattern !== undefined && name.search(pattern) === -1
    ? `it does not match ${pattern}; for another API use GoogleApi.make`
    : undefined
}

const resourcePath = (
  endpoint: Endpoint,
  name: unknown,
  what: string,
  pattern?: RegExp
): Either.Either<string, HttpError.HttpError> => {
  if (typeof name !== "string") return invalid(`the name of ${what} must be a string, not ${typeof name}`)
  const path = encode(name)
  const wrong = path === undefined ? "it holds a lone surrogate" : problem(name, pattern)
  return wrong === undefined
    ? Either.right(`${endpoint.prefix}/${path}`)
    : invalid(`${quote(name)} is not the name of ${what}: ${wrong}`)
}

const query = (
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
  xgafv: "1" | "2" | undefined
): Either.Either<string, HttpError.HttpError> => {
  if (xgafv !== undefined && xgafv !== "1" && xgafv !== "2") {
    return invalid(`xgafv must be "1" or "2", not ${quote(String(xgafv))}`)
  }
  const pairs: Array<string> = []
  for (const [name, value] of Object.entries({ ...parameters, "$.xgafv": xgafv })) {
    if (value === undefined) continue
    if (encode(String(value)) === undefined) return invalid(`the value of ${name} holds a lone surrogate`)
    pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
  }
  return Either.right(pairs.length === 0 ? "" : `?${pairs.join("&")}`)
}

const noSecrets: Readonly<Record<string, string>> = {}

/**
 * A request for a resource of the API: an operation, or a collection of operations.
 *
 * @internal
 */
export const resourceRequest = (settings: Settings, options: {
  readonly method: "GET" | "POST" | "DELETE"
  readonly resource: { readonly operation: string } | { readonly collection: string }
  /** A custom verb, such as `:cancel`. */
  readonly verb?: string | undefined
  readonly xgafv?: "1" | "2" | undefined
  /** `$.xgafv` is the error format that Google's Python client calls `x__xgafv`. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly body?: HttpBody.HttpBody | undefined
  readonly isRepeatable?: boolean | undefined
}): Either.Either<ApiRequest, HttpError.HttpError> => {
  const { endpoint, headers } = settings
  const path = "operation" in options.resource
    ? resourcePath(endpoint, options.resource.operation, "an operation of this API", settings.api.operationName)
    : resourcePath(endpoint, options.resource.collection, "a collection of operations")
  if (Either.isLeft(path)) return Either.left(path.left)
  const search = query(options.query ?? {}, options.xgafv === undefined ? settings.xgafv : options.xgafv)
  if (Either.isLeft(search)) return Either.left(search.left)
  const fullPath = `${path.right}${options.verb ?? ""}`
  const body = options.body ?? HttpBody.empty
  return Either.right({
    method: options.method,
    url: `${endpoint.origin}${fullPath}${search.right}`,
    path: fullPath,
    headers: body._tag === "Empty" ? headers : { ...headers, "content-type": "application/json" },
    body,
    isRepeatable: options.isRepeatable ?? options.method === "GET",
    secrets: noSecrets
  })
}

/**
 * Whether a value is one that a header can carry.
 *
 * @internal
 */
export const isHeaderValue = (value: string): boolean => /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)

const isHeaderName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/.test(name)

const credentialHeaders = new Set(["authorization", "cookie", "proxy-authorization", "x-goog-api-key"])

// Credentials in a query would be written to logs and spans; Google takes each of them in a header as well.
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
 * A request that the user has made: its URL is absolute, or a path below the origin of the API.
 *
 * @internal
 */
export const customRequest = (
  settings: Settings,
  request: HttpClientRequest.HttpClientRequest
): Either.Either<ApiRequest, HttpError.HttpError> => {
  const { endpoint, xgafv } = settings
  if (typeof request?.url !== "string" || typeof request.headers !== "object") {
    return invalid("a start needs an HttpClientRequest, such as HttpClientRequest.post(\"/v1/accessPolicies\")")
  }
  const absolute = request.url.startsWith("/") ? `${endpoint.origin}${request.url}` : request.url
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(HttpClientRequest.setUrl(request, absolute)))
  if (url === undefined) {
    return invalid(`${quoteUrl(request.url)} is not a URL; use an absolute one, or a path such as "/v1/accessPolicies"`)
  }
  if (url.origin !== endpoint.origin || url.username !== "" || url.password !== "") {
    return invalid(`${quoteUrl(request.url)} is not at ${endpoint.origin}, where the API of this service is`)
  }
  url.hash = ""
  if (xgafv !== undefined && !url.searchParams.has("$.xgafv")) url.searchParams.set("$.xgafv", xgafv)
  const headers: Record<string, string> = { ...settings.headers, ...request.headers }
  moveCredentials(url, headers)
  const secrets: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeaderName(name)) return invalid(`${quote(name)} is not the name of a header`)
    if (!isHeaderValue(value)) {
      return invalid(`the value of the header ${quote(name)} is empty, or has a character that no header can carry`)
    }
    if (!credentialHeaders.has(name)) continue
    secrets[name] = value
    if (!endpoint.mayCarryCredentials) return invalid(plainHttp(endpoint))
  }
  return Either.right({
    method: request.method,
    url: url.href,
    path: url.pathname,
    headers,
    body: request.body,
    isRepeatable: false,
    secrets
  })
}

/**
 * Why credentials are not sent.
 *
 * @internal
 */
export const plainHttp = ({ origin }: Endpoint): string =>
  `credentials are sent only over https or to a loopback address, and ${origin} is neither`
