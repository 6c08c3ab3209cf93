/**
 * Checks and parses the base URL and version of an API.
 */
import * as Either from "effect/Either"
import { isLoopback } from "./loopback.js"

/** @internal */
export const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)

/**
 * Returns whether a text starts with a URL scheme. Operation names do not.
 *
 * @internal
 */
export const isUrl = (text: string): boolean => /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text)

/**
 * Quotes a URL without the parts that can contain secrets: the user name, password and query.
 *
 * @internal
 */
export const quoteUrl = (url: string): string => {
  const withoutQuery = url.split(/[?#]/, 1)[0]!
  const start = withoutQuery.includes("//") ? withoutQuery.indexOf("//") + 2 : 0
  const end = withoutQuery.lastIndexOf("@")
  const hasUser = end >= start && !/\s/.test(withoutQuery.slice(start, end))
  return quote(hasUser ? withoutQuery.slice(0, start) + withoutQuery.slice(end + 1) : withoutQuery)
}

/** @internal */
export interface Endpoint {
  /** `https://accesscontextmanager.googleapis.com` */
  readonly origin: string
  /** `accesscontextmanager.googleapis.com`, without the brackets of an IPv6 address. */
  readonly address: string
  readonly port: number
  /** The normalized base URL, without a trailing slash. */
  readonly baseUrl: string
  /** `/v1` */
  readonly prefix: string
  /** Whether credentials may be sent to the origin, because it uses https or a loopback address. */
  readonly mayCarryCredentials: boolean
}

/**
 * Checks the base URL and version of an API. If they are invalid, returns a `Left` that describes the problem.
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
    return Either.left("api.baseUrl must not contain a user name or a password; use `credentials` instead")
  }
  if (/[?#]/.test(baseUrl)) return Either.left(`api.baseUrl ${quoteUrl(baseUrl)} must not have a query or a fragment`)
  // `URL` resolves "." and "..", even percent-encoded, so the original text is also checked.
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
    address: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (url.protocol === "https:" ? 443 : 80),
    baseUrl: `${url.origin}${path}`,
    prefix: `${path}/${version}`,
    mayCarryCredentials: url.protocol === "https:" || isLoopback(url.hostname)
  })
}

// Returns whether all servers and proxies interpret a path in the same way. The path may end with one slash.
const isCleanPath = (path: string): boolean => /^(\/[-_.~0-9a-zA-Z]+)*\/?$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path)

/**
 * Returns whether a text is a valid header value.
 *
 * @internal
 */
export const isHeaderValue = (value: string): boolean => /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)

/** @internal */
export const isHeaderName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/.test(name)

/**
 * Explains why credentials are not sent.
 *
 * @internal
 */
export const plainHttp = ({ origin }: Endpoint): string =>
  `credentials are sent only over https or to a loopback address, and ${origin} is neither`
