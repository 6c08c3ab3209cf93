/**
 * Operation names: as parts of a path, and as what URLs and the links in responses reduce to.
 */
import * as Either from "effect/Either"

/**
 * Whether a name is that of an operation. `search` ignores the `lastIndex` of a pattern with the flag `g` or `y`.
 *
 * @internal
 */
export const matches = (pattern: RegExp, name: string): boolean => name.search(pattern) !== -1

/** @internal */
export const lastSegment = (name: string): string => name.slice(name.lastIndexOf("/") + 1)

/**
 * The name without its last segment: the collection of an operation whose id is one segment.
 *
 * @internal
 */
export const parent = (name: string): string | undefined => {
  const end = name.lastIndexOf("/")
  return end > 0 ? name.slice(0, end) : undefined
}

/**
 * Text from outside in a message: bounded, without line breaks.
 *
 * @internal
 */
export const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)

interface Link {
  readonly origin: string
  readonly hostname: string
  /** The path, percent-decoded segment by segment. */
  readonly segments: ReadonlyArray<string>
  readonly query: URLSearchParams
}

// No name has such a segment, and a decoded slash would look like two segments.
const segment = (encoded: string): string | undefined => {
  try {
    const text = decodeURIComponent(encoded)
    return text === "" || text === "." || text === ".." || text.includes("/") ? undefined : text
  } catch {
    return undefined
  }
}

// The path is taken from the text, because the `URL` class resolves `..` and even `%2e%2e`. The left side says what is
// wrong, without the parts of the URL that can hold a secret.
const parseLink = (text: string): Either.Either<Link, string> => {
  const [, base, path, query] = /^(https?:\/\/[^/?#\\]*)([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? []
  const url = base !== undefined && URL.canParse(base) ? new URL(base) : undefined
  if (url === undefined || path === undefined) {
    return Either.left("it is not a URL that starts with https:// or http://")
  }
  if (url.username !== "" || url.password !== "") return Either.left("the URL has a user name or a password in it")
  const segments = path.slice(1).split("/").map(segment)
  return segments.every((segment) => segment !== undefined)
    ? Either.right({ origin: url.origin, hostname: url.hostname, segments, query: new URLSearchParams(query) })
    : Either.left(
      "the URL's path has a segment that no name can have: an empty one, \".\", \"..\", an encoded slash, or a bad encoding"
    )
}

const roots: ReadonlySet<string> = new Set(["projects", "locations", "organizations", "folders"])

/**
 * The relative name in a `selfLink`, whatever the host, service path and version before it.
 *
 * @internal
 */
export const nameInLink = (selfLink: unknown): string | undefined => {
  if (typeof selfLink !== "string") return undefined
  return Either.match(parseLink(selfLink), {
    onLeft: () => undefined,
    onRight: ({ segments }) => {
      const start = segments.findIndex((segment) => roots.has(segment))
      return start === -1 ? undefined : segments.slice(start).join("/")
    }
  })
}

const isVersion = (segment: string): boolean => /^(?:v\d+[a-z0-9]*|alpha|beta)$/.test(segment)

const google = ".googleapis.com"

// Google's hosts that serve the same API: with and without mutual TLS, and www.googleapis.com for one with a service
// path, such as /compute, which says which API it is.
const isSameHost = (one: string, other: string, hasServicePath: boolean): boolean => {
  const [a, b] = [one, other].map((host) => host.replace(/\.mtls\.googleapis\.com$/, google))
  if (a === b) return true
  return hasServicePath && a !== undefined && b !== undefined && a.endsWith(google) && b.endsWith(google) &&
    (a === `www${google}` || b === `www${google}`)
}

/**
 * What follows the API's version in a URL of the API. The left side says why the URL is not one.
 *
 * @internal
 */
export const pathBelowVersion = (
  api: { readonly baseUrl: string; readonly version: string },
  text: string
): Either.Either<{ readonly path: string; readonly query: URLSearchParams }, string> =>
  Either.flatMap(parseLink(text), (link) => {
    const base = URL.canParse(api.baseUrl) ? new URL(api.baseUrl) : undefined
    if (base === undefined) return Either.left("the API's base URL is not a URL")
    const prefix = [...base.pathname.split("/"), ...api.version.split("/")].filter((segment) => segment !== "")
    const service = prefix.slice(0, -1)
    const isOwn = link.origin === base.origin ||
      (base.origin === `https://${base.hostname}` && link.origin === `https://${link.hostname}` &&
        isSameHost(base.hostname, link.hostname, service.length > 0))
    if (!isOwn) return Either.left(`it is at ${link.origin}, and this API is at ${base.origin}`)
    // A resource has the same name in every version of its API (AIP-122): a selfLink may have another version.
    const [version, ...rest] = link.segments.slice(service.length)
    const own = prefix.at(-1)
    return service.every((segment, index) => segment === link.segments[index]) && version !== undefined &&
        (version === own || (own !== undefined && isVersion(own) && isVersion(version)))
      ? Either.right({ path: rest.join("/"), query: link.query })
      : Either.left(`its path does not start with /${prefix.join("/")}/`)
  })
