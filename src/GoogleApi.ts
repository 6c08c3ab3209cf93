/**
 * Which Google API a service talks to.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "./Dialect.js"
import { matches, pathBelowVersion, quote } from "./internal/dialect/names.js"

/**
 * An API that has long-running operations: where it is, its version, what the names of its operations look like, and how
 * it asks for them.
 *
 * @since 0.1.0
 * @category models
 */
export interface GoogleApi {
  /** Where the API is served, such as `https://accesscontextmanager.googleapis.com`; a path before the version is kept. */
  readonly baseUrl: string
  /** The version that every path begins with, such as `v1`. */
  readonly version: string
  /** What an operation's name must match, as a relative resource name without the version. */
  readonly operationName: RegExp
  /** Which methods the API has for its operations, besides `get`. */
  readonly methods: Methods
  /**
   * How the API asks for its operations, and how its responses read.
   *
   * @since 0.4.0
   */
  readonly dialect: Dialect.Dialect
}

/**
 * The methods of an API for its operations that it may leave out (AIP-151). How each is asked for is the dialect's matter.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods {
  /** Whether the API lists the operations of a collection. */
  readonly list: boolean
  /** Whether an operation can be cancelled. */
  readonly cancel: boolean
  /** Whether the record of an operation can be deleted. */
  readonly delete: boolean
  /**
   * Whether the server can hold its response until an operation is done, and where that method takes its `timeout`: most
   * APIs in the `"body"`, some (Vertex AI) in the `"query"`, and for Compute Engine the server decides (`"fixed"`). Most
   * APIs do not have it.
   */
  readonly wait: false | Dialect.WaitTimeout
}

/**
 * Describes an API.
 *
 * By default its operations are `google.longrunning.Operation`s in a collection named `operations`, wherever it is
 * (`operations/a`, `projects/p/locations/l/operations/a`), and it has `list`, `cancel` and `delete`, and no `wait`. With
 * another `dialect`, that dialect's names and methods are the default. A method that the dialect has no request for is
 * one that the API does not have, whatever `methods` says.
 *
 * A base URL that is not one, or that has a query, a fragment or a user name in it, makes every call fail as
 * `InvalidRequest` before anything is sent.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * const run = GoogleApi.make({
 *   baseUrl: "https://run.googleapis.com",
 *   version: "v2",
 *   operationName: /^projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+$/,
 *   methods: { wait: "body" }
 * })
 *
 * // The same API on another server:
 * const local = GoogleApi.make({ ...run, baseUrl: "http://127.0.0.1:8787" })
 *
 * // An API that has operations of another form:
 * const deploymentManager = GoogleApi.make({
 *   baseUrl: "https://deploymentmanager.googleapis.com/deploymentmanager",
 *   version: "v2",
 *   dialect: Dialect.compute,
 *   methods: { delete: false, wait: false }
 * })
 * ```
 */
export const make = (options: {
  /** Where the API is served, such as `https://run.googleapis.com`; a path before the version is kept. */
  readonly baseUrl: string
  /** The version that every path begins with, such as `v1`. */
  readonly version: string
  /** What an operation's name must match. Default: the dialect's, which is a collection named `operations`, wherever it is. */
  readonly operationName?: RegExp | undefined
  /** The methods that differ from those of the dialect: `list`, `cancel` and `delete`, no `wait`. */
  readonly methods?: { readonly [K in keyof Methods]?: Methods[K] | undefined } | undefined
  /**
   * How the API asks for its operations, and how its responses read. Default: `Dialect.longRunning`.
   *
   * @since 0.4.0
   */
  readonly dialect?: Dialect.Dialect | undefined
}): GoogleApi => {
  const { baseUrl, dialect = Dialect.longRunning, methods, operationName, version } = options
  return {
    baseUrl,
    version,
    operationName: operationName ?? dialect.operationName,
    methods: {
      list: (methods?.list ?? true) && dialect.list !== undefined,
      cancel: (methods?.cancel ?? true) && dialect.cancel !== undefined,
      delete: (methods?.delete ?? true) && dialect.delete !== undefined,
      wait: dialect.wait === undefined ? false : methods?.wait ?? dialect.waitTimeout ?? false
    },
    dialect
  }
}

/**
 * Access Context Manager, version 1. Its operations live in one top-level collection: `operations/…`, of any depth
 * (`accesscontextmanager_v1.yaml`: `/v1/{name=operations/**}`).
 *
 * The discovery document lists `list`, `cancel` and `delete`; the service configuration routes `get` alone, so these may
 * answer UNIMPLEMENTED.
 *
 * @since 0.1.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * // Where client certificates are asked for:
 * const api = GoogleApi.make({
 *   ...GoogleApi.accessContextManager,
 *   baseUrl: "https://accesscontextmanager.mtls.googleapis.com"
 * })
 * ```
 */
export const accessContextManager: GoogleApi = make({
  baseUrl: "https://accesscontextmanager.googleapis.com",
  version: "v1",
  operationName: /^operations\/.+$/s
})

/**
 * Compute Engine, version 1: zonal, regional and global operations, and those of organisations.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 *
 * // Waits for operations such as projects/p/zones/z/operations/o.
 * const layer = NodeOperations.layer({ api: GoogleApi.compute })
 * ```
 */
export const compute: GoogleApi = make({
  baseUrl: "https://compute.googleapis.com/compute",
  version: "v1",
  dialect: Dialect.compute
})

/**
 * GKE (the Kubernetes Engine API), version 1.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 *
 * // Waits for operations such as projects/p/locations/l/operations/o.
 * const layer = NodeOperations.layer({ api: GoogleApi.container })
 * ```
 */
export const container: GoogleApi = make({
  baseUrl: "https://container.googleapis.com",
  version: "v1",
  dialect: Dialect.container
})

/**
 * Cloud SQL (the Cloud SQL Admin API), version 1.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * // The version that most tools use, with a path before it:
 * const beta = GoogleApi.make({
 *   ...GoogleApi.sqlAdmin,
 *   baseUrl: "https://sqladmin.googleapis.com/sql",
 *   version: "v1beta4"
 * })
 * ```
 */
export const sqlAdmin: GoogleApi = make({
  baseUrl: "https://sqladmin.googleapis.com",
  version: "v1",
  dialect: Dialect.sqlAdmin
})

/**
 * BigQuery, version 2: its jobs, as operations.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 *
 * // Waits for jobs such as projects/p/locations/europe-west3/jobs/j.
 * const layer = NodeOperations.layer({ api: GoogleApi.bigQuery })
 * ```
 */
export const bigQuery: GoogleApi = make({
  baseUrl: "https://bigquery.googleapis.com/bigquery",
  version: "v2",
  dialect: Dialect.bigQuery
})

/**
 * Reduces the URL of an operation, such as a `selfLink`, to the operation's name.
 *
 * The URL must be at the API's own origin and begin with its path; another version in it is accepted, because a resource
 * has the same name in all versions. `www.googleapis.com` counts as the host of an API with a service path (`/compute`), and
 * a host with mutual TLS (`compute.mtls.googleapis.com`) is the same as the one without. The path is percent-decoded. A
 * query is ignored, except for what is a part of the name (`location` of BigQuery, `parentId` of Compute Engine).
 *
 * The left side says why the URL is not an operation's of this API, as a clause that can follow a colon. It does not quote
 * the URL's query or user name.
 *
 * @since 0.4.0
 * @category decoding
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as Either from "effect/Either"
 *
 * const selfLink = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/operations/operation-1"
 * const name = GoogleApi.nameFromUrl(GoogleApi.compute, selfLink)
 *
 * console.log(Either.getOrThrow(name)) // "projects/p/zones/us-central1-a/operations/operation-1"
 * ```
 */
export const nameFromUrl = (api: GoogleApi, url: string): Either.Either<string, string> =>
  Either.flatMap(pathBelowVersion(api, url), ({ path, query }) => {
    const name = api.dialect.nameFromPath?.(path, query) ?? path
    return matches(api.operationName, name)
      ? Either.right(name)
      : Either.left(`its name ${quote(name)} does not match ${api.operationName}`)
  })

/**
 * Asks the server to hold its response until an operation is done, if the API can.
 *
 * @internal
 */
export const waitRequest = (
  { dialect, methods }: GoogleApi,
  name: string,
  timeoutSeconds: number
): Dialect.WaitRequest | undefined =>
  methods.wait === false ? undefined : dialect.wait?.(name, timeoutSeconds, methods.wait)

/**
 * Asks the server to cancel an operation, if the API can.
 *
 * @internal
 */
export const cancelRequest = ({ dialect, methods }: GoogleApi, name: string): Dialect.Request | undefined =>
  methods.cancel ? dialect.cancel?.(name) : undefined

/**
 * Asks the server to delete the record of an operation, if the API can.
 *
 * @internal
 */
export const deleteRequest = ({ dialect, methods }: GoogleApi, name: string): Dialect.Request | undefined =>
  methods.delete ? dialect.delete?.(name) : undefined

/**
 * How the API lists its operations, if it can.
 *
 * @internal
 */
export const listOf = ({ dialect, methods }: GoogleApi): Dialect.List | undefined =>
  methods.list ? dialect.list : undefined
