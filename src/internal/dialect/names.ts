/**
 * Reads operation names from URLs and from links in responses.
 */
import * as Either from "effect/Either"

/**
 * Returns whether a name matches an operation name pattern. `search` ignores `lastIndex`, which a `g` or `y` flag would
 * otherwise use.
 *
 * @internal
 */
export const matches = (pattern: RegExp, name: string): boolean => name.search(pattern) !== -1

/** @internal */
export const lastSegment = (name: string): string => name.slice(name.lastIndexOf("/") + 1)

/**
 * Returns the name without its final segment. This is the collection of an operation whose ID is one segment.
 *
 * @internal
 */
export const parent = (name: string): string | undefined => {
  const end = name.lastIndexOf("/")
  return end > 0 ? name.slice(0, end) : undefined
}

/**
 * Quotes text from a server or caller for a message. The result is short and contains no line breaks.
 *
 * @internal
 */
export const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)

interface Link {
  readonly origin: string
  readonly hostname: string
  /** The path segments, each percent-decoded. */
  readonly segments: ReadonlyArray<string>
  readonly query: URLSearchParams
}

// Rejects segments that cannot occur in names. A decoded slash would look like a separator between two segments.
const segment = (encoded: string): string | undefined => {
  try {
    const text = decodeURIComponent(encoded)
    return text === "" || text === "." || text === ".." || text.includes("/") ? undefined : text
  } catch {
    return undefined
  }
}

// Parses the path from the text, because the `URL` class resolves `..` and even `%2e%2e`. If the link is invalid,
// returns a `Left` that describes the problem without quoting URL parts that can contain a secret.
const parseLink = (text: string): Either.Either<Link, string> => {
  const [, base, path, query] = /^(https?:\/\/[^/?#\\]*)([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? []
  const url = base !== undefined && URL.canParse(base) ? new URL(base) : undefined
  if (url === undefined || path === undefined) {
    return Either.left("it is not a URL that starts with https:// or http://")
  }
  if (url.username !== "" || url.password !== "") return Either.left("the URL contains a user name or a password")
  const segments = path.slice(1).split("/").map(segment)
  return segments.every((segment) => segment !== undefined)
    ? Either.right({ origin: url.origin, hostname: url.hostname, segments, query: new URLSearchParams(query) })
    : Either.left(
      "the path has a segment that is not valid in a name: an empty one, \".\", \"..\", an encoded slash, or a bad encoding"
    )
}

const roots: ReadonlySet<string> = new Set(["projects", "locations", "organizations", "folders"])

/**
 * Returns the relative name in a `selfLink`. The host, service path and version are ignored.
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

// Returns whether two hosts serve the same API. A mutual TLS host is equivalent to the host without `.mtls`.
// www.googleapis.com is equivalent to the API's own host if a service path, such as /compute, identifies the API.
const isSameHost = (one: string, other: string, hasServicePath: boolean): boolean => {
  const [a, b] = [one, other].map((host) => host.replace(/\.mtls\.googleapis\.com$/, google))
  if (a === b) return true
  return hasServicePath && a !== undefined && b !== undefined && a.endsWith(google) && b.endsWith(google) &&
    (a === `www${google}` || b === `www${google}`)
}

/**
 * Returns the part of a URL after the API version. If the URL does not belong to the API, returns a `Left` with the
 * reason.
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
    // A selfLink may contain another version, because a resource has the same name in all versions (AIP-122).
    const [version, ...rest] = link.segments.slice(service.length)
    const own = prefix.at(-1)
    return service.every((segment, index) => segment === link.segments[index]) && version !== undefined &&
        (version === own || (own !== undefined && isVersion(own) && isVersion(version)))
      ? Either.right({ path: rest.join("/"), query: link.query })
      : Either.left(`its path does not start with /${prefix.join("/")}/`)
  })
