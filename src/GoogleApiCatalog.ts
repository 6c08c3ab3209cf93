/**
 * A catalog of the Google APIs that support operations, keyed by API name and version. Each entry contains the base
 * URL, the patterns for operation names, the supported operation methods, and the dialect.
 *
 * The catalog is generated from the npm package `googleapis`. Google generates that package from its discovery
 * documents. Like `googleapis`, the catalog contains withdrawn versions of APIs.
 *
 * The package index does not export this module, so only programs that import its subpath load the catalog.
 *
 * @since 0.4.0
 * @module
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as GoogleApi from "./GoogleApi.js"
import { type Apis, type Facts, rows } from "./internal/catalog.js"
import { builtIn } from "./internal/dialect/builtIn.js"
import { collectionsOf, toRegExp } from "./internal/namePattern.js"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The name of an API in the catalog, such as `"run"`. It is the name in the API's discovery document.
 *
 * @since 0.4.0
 * @category models
 */
export type Name = keyof Apis

/**
 * A version of an API in the catalog, such as `"v2"`.
 *
 * @since 0.4.0
 * @category models
 */
export type Version<N extends Name> = Apis[N]

/**
 * The name of a dialect, which is the format of an API's operations. Most APIs use `longRunning`
 * (`google.longrunning.Operation`). `compute` is for Compute Engine and Deployment Manager, `sqlAdmin` for Cloud SQL,
 * `container` for GKE, `bigQuery` for BigQuery, and `predict` for Vertex AI, including operations on publisher models.
 *
 * @since 0.4.0
 * @category models
 */
export type DialectName = "longRunning" | "compute" | "sqlAdmin" | "container" | "bigQuery" | "predict"

/**
 * One version of an API in the catalog.
 *
 * @since 0.4.0
 * @category models
 */
export interface Entry {
  /** The API name, such as `compute`. */
  readonly name: Name
  /** The API version, such as `v1`. */
  readonly version: string
  /** The part of the API URL before the version, such as `https://compute.googleapis.com/compute`. */
  readonly baseUrl: string
  /**
   * The part of a URL between the base URL and the operation name. For most APIs, this part is the version. For some
   * APIs, another segment follows the version (`v1/operations`). Other APIs serve their operations only under a
   * different version, and this part contains that version.
   */
  readonly versionPath: string
  /**
   * The patterns for operation names. `*` matches one segment, and `**` matches one or more segments, as in
   * `operations/**`.
   */
  readonly operationNames: ReadonlyArray<string>
  /** The patterns for the collections that the API can list. */
  readonly collections: ReadonlyArray<string>
  /** The operation methods. A method is enabled if at least some of the API's operations support it. */
  readonly methods: GoogleApi.Methods
  /** The API's dialect. */
  readonly dialect: DialectName
}

/**
 * Options that select an API endpoint. Default: the global endpoint, such as `run.googleapis.com`.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options {
  /**
   * The location of the endpoint: a region such as `us-central1`, or a multi-region such as `eu`. Default: `global`.
   */
  readonly location?: string | undefined
  /**
   * The kind of endpoint at that location: `"locational"` (`us-central1-run.googleapis.com`) or `"regional"`
   * (`run.us-central1.rep.googleapis.com`). The catalog does not record which kinds an API offers. See the API's
   * documentation. Default: `"locational"`.
   */
  readonly endpoint?: "locational" | "regional" | undefined
  /** The domain of the universe that serves the API. Default: `googleapis.com`. */
  readonly universeDomain?: string | undefined
}

/**
 * The result of {@link fromUrl}.
 *
 * @since 0.4.0
 * @category models
 */
export interface Found {
  /** The API's entry in the catalog. */
  readonly entry: Entry
  /** The API, with the URL's host as its endpoint. */
  readonly api: GoogleApi.GoogleApi
  /** The operation name. */
  readonly name: string
}

// ---------------------------------------------------------------------------------------------------------------------
// Entries
// ---------------------------------------------------------------------------------------------------------------------

const googleDomain = "googleapis.com"

const entryOf = (name: Name, version: string, facts: Facts): Entry => ({
  name,
  version,
  baseUrl: `https://${facts.host ?? `${name}.${googleDomain}`}${facts.basePath ?? ""}`,
  versionPath: facts.versionPath ?? version,
  operationNames: facts.names,
  collections: facts.list === true ? collectionsOf(facts.names) : facts.list ?? [],
  methods: {
    list: facts.list !== undefined,
    cancel: facts.cancel ?? false,
    delete: facts.delete ?? false,
    wait: facts.wait ?? false
  },
  dialect: facts.dialect ?? "longRunning"
})

/**
 * Returns all entries of the catalog, sorted by name.
 *
 * @since 0.4.0
 * @category accessors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 *
 * const sql = GoogleApiCatalog.entries().filter(({ dialect }) => dialect === "sqlAdmin")
 *
 * console.log(sql.map(({ baseUrl, version }) => `${baseUrl} ${version}`).join(", "))
 * // "https://sqladmin.googleapis.com v1, https://sqladmin.googleapis.com/sql v1beta4"
 * ```
 */
export const entries = (): ReadonlyArray<Entry> =>
  rows.flatMap(([name, versionsOfRow, facts]) => versionsOfRow.map((version) => entryOf(name, version, facts)))

/**
 * Returns the names of the APIs in the catalog.
 *
 * @since 0.4.0
 * @category accessors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 *
 * console.log(GoogleApiCatalog.names().filter((name) => name.startsWith("s")).slice(0, 3).join(", "))
 * // "securesourcemanager, securitycenter, securityposture"
 * ```
 */
export const names = (): ReadonlyArray<Name> => [...new Set(rows.map(([name]) => name))]

/**
 * Returns the versions of an API in the catalog. For an unknown name, the result is an empty array.
 *
 * @since 0.4.0
 * @category accessors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 *
 * console.log(GoogleApiCatalog.versions("run").join(", ")) // "v1, v2"
 * ```
 */
export const versions = (name: string): ReadonlyArray<string> =>
  rows.flatMap(([rowName, versionsOfRow]) => rowName === name ? versionsOfRow : []).sort()

/**
 * Finds the entry of an API by name and version. Use this function for names that are known only at runtime, such as
 * command-line arguments. If the name and version are constants, use {@link get}.
 *
 * @since 0.4.0
 * @category accessors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 * import * as Option from "effect/Option"
 *
 * const location = "europe-west3"
 * const api = Option.map(
 *   GoogleApiCatalog.find("run", "v2"),
 *   (entry) => GoogleApiCatalog.make(entry, { location })
 * )
 *
 * console.log(Option.getOrThrow(api).baseUrl) // "https://europe-west3-run.googleapis.com"
 * ```
 */
export const find = (name: string, version: string): Option.Option<Entry> =>
  Option.fromNullable(entries().find((entry) => entry.name === name && entry.version === version))

// ---------------------------------------------------------------------------------------------------------------------
// APIs
// ---------------------------------------------------------------------------------------------------------------------

const isLabel = (text: string): boolean => /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

const isDomain = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label))

/** The host without its domain (`run`), and the path before the version. */
const placeOf = ({ baseUrl }: Entry): { readonly service: string; readonly basePath: string } => {
  const [, service = "", basePath = ""] = /^https:\/\/([^/]+)\.googleapis\.com(.*)$/.exec(baseUrl) ?? []
  return { service, basePath }
}

const hostOf = (
  entry: Entry,
  { endpoint = "locational", location = "global", universeDomain = googleDomain }: Options
): Either.Either<string, string> => {
  const { service } = placeOf(entry)
  if (!isDomain(universeDomain)) return Either.left(`universe domain ${universeDomain} is not a domain`)
  if (location === "global") return Either.right(`${service}.${universeDomain}`)
  if (!isLabel(location)) return Either.left(`location ${location} is not a location such as us-central1`)
  if (service === "www") return Either.left(`API ${entry.name} has no endpoint at the location ${location}`)
  return Either.right(
    endpoint === "regional"
      ? `${service}.${location}.rep.${universeDomain}`
      : `${location}-${service}.${universeDomain}`
  )
}

// The base URL of the returned API is a description of the problem. This description is never a valid URL, because it
// contains a space after its first word. Every call therefore fails with `InvalidRequest`, and the error message quotes
// the description.
const impossible = (problem: string): GoogleApi.GoogleApi =>
  GoogleApi.make({ baseUrl: `the ${problem}`, version: "v1" })

const at = (entry: Entry, origin: string): GoogleApi.GoogleApi =>
  GoogleApi.make({
    baseUrl: `${origin}${placeOf(entry).basePath}`,
    version: entry.versionPath,
    operationName: toRegExp(entry.operationNames),
    methods: entry.methods,
    dialect: builtIn[entry.dialect]
  })

/**
 * Makes the API that a catalog entry describes.
 *
 * If the location or the universe domain is not valid in a host name, every call to the API fails with `InvalidRequest`
 * before a request is sent.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 *
 * const apis = GoogleApiCatalog.entries()
 *   .filter(({ name }) => name === "workflows")
 *   .map((entry) => GoogleApiCatalog.make(entry, { universeDomain: "example-universe.goog" }))
 *
 * console.log(apis.map(({ baseUrl, version }) => `${baseUrl}/${version}`).join(", "))
 * // "https://workflows.example-universe.goog/v1, https://workflows.example-universe.goog/v1beta"
 * ```
 */
export const make = (entry: Entry, options: Options = {}): GoogleApi.GoogleApi =>
  Either.match(hostOf(entry, options), { onLeft: impossible, onRight: (host) => at(entry, `https://${host}`) })

/**
 * Returns an API by name and version. The compiler rejects a name or a version that is not in the catalog.
 *
 * If the location or the universe domain is not valid in a host name, every call to the API fails with `InvalidRequest`
 * before a request is sent.
 *
 * @since 0.4.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 *
 * const run = GoogleApiCatalog.get("run", "v2")
 * console.log(run.baseUrl) // "https://run.googleapis.com"
 * console.log(run.methods.cancel) // false
 *
 * const vertexAi = GoogleApiCatalog.get("aiplatform", "v1", { location: "us-central1" })
 * console.log(vertexAi.baseUrl) // "https://us-central1-aiplatform.googleapis.com"
 *
 * const bigQuery = GoogleApiCatalog.get("bigquery", "v2", { location: "me-central2", endpoint: "regional" })
 * console.log(bigQuery.baseUrl) // "https://bigquery.me-central2.rep.googleapis.com/bigquery"
 * ```
 */
export const get = <N extends Name>(name: N, version: Version<N>, options?: Options): GoogleApi.GoogleApi =>
  Option.match(find(name, version), {
    onNone: () => impossible(`catalog has no version ${version} of an API ${name}`),
    onSome: (entry) => make(entry, options)
  })

// ---------------------------------------------------------------------------------------------------------------------
// URLs
// ---------------------------------------------------------------------------------------------------------------------

// Whether a host serves an API. The host is passed without the universe domain. Accepted hosts are `run`,
// `us-central1-run`, either of these with `.mtls`, `run.us-central1.rep`, and, if the API URL contains a path before
// the version, `www`.
const serves = (host: string, service: string, basePath: string): boolean => {
  const label = host.replace(/\.mtls$/, "")
  const [, first, region = ""] = /^([^.]+)\.([^.]+)\.rep$/.exec(host) ?? []
  return label === service ||
    (label.endsWith(`-${service}`) && isLabel(label.slice(0, -service.length - 1))) ||
    (first === service && isLabel(region)) ||
    (label === "www" && basePath !== "")
}

// The decoded path segments. Undefined if a segment is empty, `.` or `..`, or contains an encoded slash.
const segmentsOf = (path: string): ReadonlyArray<string> | undefined => {
  try {
    const segments = path.split("/").map(decodeURIComponent)
    return segments.some((segment) => /^\.{0,2}$|\//.test(segment)) ? undefined : segments
  } catch {
    return undefined
  }
}

/**
 * Finds the API and the operation name that a URL, such as a `selfLink`, identifies.
 *
 * The host can be the API's global host, a locational or regional host, the host for mutual TLS
 * (`run.mtls.googleapis.com`), or, if the API URL contains a path before the version (`/compute/v1`),
 * `www.googleapis.com`. The returned API uses the URL's host. For any other host, the result is `None`, so credentials
 * are sent only to hosts of Google APIs. If the URL belongs to another universe, pass that universe's domain as
 * `universeDomain`.
 *
 * The query is ignored, except for parameters that are part of the operation name (BigQuery's `location` and Compute
 * Engine's `parentId`). If several versions of an API serve the same operations, the first version is returned.
 *
 * @since 0.4.0
 * @category conversions
 * @example
 * ```ts
 * import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
 * import * as Option from "effect/Option"
 *
 * const selfLink = "https://www.googleapis.com/compute/v1/projects/p/zones/us-east1-b/operations/operation-1"
 * const { entry, name } = Option.getOrThrow(GoogleApiCatalog.fromUrl(selfLink))
 *
 * console.log(`${entry.name} ${entry.version}`) // "compute v1"
 * console.log(name) // "projects/p/zones/us-east1-b/operations/operation-1"
 * ```
 */
export const fromUrl = (
  url: string,
  { universeDomain = googleDomain }: Pick<Options, "universeDomain"> = {}
): Option.Option<Found> => {
  const [, authority = "", path = "", search = ""] = /^https:\/\/([a-z0-9.-]+)\/([^?#\\]*)(\?[^#]*)?/i.exec(url) ?? []
  const query = new URLSearchParams(search)
  const hostname = authority.toLowerCase()
  const segments = segmentsOf(path)
  if (segments === undefined || !isDomain(universeDomain) || !hostname.endsWith(`.${universeDomain}`)) {
    return Option.none()
  }
  const host = hostname.slice(0, -universeDomain.length - 1)
  const rest = `/${segments.join("/")}`
  for (const entry of entries()) {
    const { basePath, service } = placeOf(entry)
    const prefix = `${basePath}/${entry.versionPath}/`
    if (!serves(host, service, basePath) || !rest.startsWith(prefix)) continue
    const api = at(entry, `https://${hostname}`)
    const path = rest.slice(prefix.length)
    const name = api.dialect.nameFromPath?.(path, query) ?? path
    if (api.operationName.test(name)) return Option.some({ entry, api, name })
  }
  return Option.none()
}
