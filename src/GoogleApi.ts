/**
 * Descriptions of Google APIs. A description contains an API's address, version, methods and dialect.
 *
 * @since 0.1.0
 * @module
 */
import * as Either from "effect/Either"
import * as Dialect from "./Dialect.js"
import { matches, pathBelowVersion, quote } from "./internal/dialect/names.js"

/**
 * A description of an API that supports long-running operations. It contains the address, the version, the pattern for
 * operation names, the supported operation methods, and the dialect.
 *
 * @since 0.1.0
 * @category models
 */
export interface GoogleApi {
  /**
   * The part of the API URL before the version, such as `https://accesscontextmanager.googleapis.com`. This part can
   * contain a path.
   */
  readonly baseUrl: string
  /** The version, such as `v1`. In a URL, the version follows `baseUrl`. */
  readonly version: string
  /** The pattern for operation names, which are relative resource names without the version. */
  readonly operationName: RegExp
  /** The operation methods that the API supports, in addition to `get`. */
  readonly methods: Methods
  /**
   * The format of the API's operation requests and responses.
   *
   * @since 0.4.0
   */
  readonly dialect: Dialect.Dialect
}

/**
 * The optional operation methods (AIP-151) that an API supports. The dialect makes the requests for these methods.
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods {
  /** Whether the API can list the operations in a collection. */
  readonly list: boolean
  /** Whether the API can cancel an operation. */
  readonly cancel: boolean
  /** Whether the API can delete an operation record. */
  readonly delete: boolean
  /**
   * Whether the API supports a method that delays its response until an operation is done, and where this method
   * expects its `timeout`: in the request `"body"`, in the `"query"` (Vertex AI), or nowhere (`"fixed"`, Compute
   * Engine). Most APIs do not support such a method.
   */
  readonly wait: false | Dialect.WaitTimeout
}

/**
 * Describes an API.
 *
 * By default, the operations are `google.longrunning.Operation`s in a collection named `operations` at any level
 * (`operations/a`, `projects/p/locations/l/operations/a`), and the API supports `list`, `cancel` and `delete`, but not
 * `wait`. With another `dialect`, the dialect determines the defaults. If the dialect defines no request for a method,
 * the method is not used, even if `methods` enables it.
 *
 * If `baseUrl` is not a URL, or contains a query, a fragment or a user name, every call fails with `InvalidRequest`
 * before a request is sent.
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
 * // An API that represents operations in another format:
 * const deploymentManager = GoogleApi.make({
 *   baseUrl: "https://deploymentmanager.googleapis.com/deploymentmanager",
 *   version: "v2",
 *   dialect: Dialect.compute,
 *   methods: { delete: false, wait: false }
 * })
 * ```
 */
export const make = (options: {
  /** The part of the API URL before the version, such as `https://run.googleapis.com`. This part can contain a path. */
  readonly baseUrl: string
  /** The version, such as `v1`. In a URL, the version follows `baseUrl`. */
  readonly version: string
  /** The pattern for operation names. Default: the dialect's pattern. */
  readonly operationName?: RegExp | undefined
  /** The supported methods, if they differ from the dialect's defaults. */
  readonly methods?: { readonly [K in keyof Methods]?: Methods[K] | undefined } | undefined
  /**
   * The format of the API's operation requests and responses. Default: `Dialect.longRunning`.
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
 * Access Context Manager, version 1. All of its operations belong to the top-level collection `operations`. Operation
 * ids can contain slashes (`accesscontextmanager_v1.yaml`: `/v1/{name=operations/**}`).
 *
 * The discovery document declares `list`, `cancel` and `delete`. The service configuration, however, defines a route
 * only for `get`, so the other methods may fail with UNIMPLEMENTED.
 *
 * @since 0.1.0
 * @category apis
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * // The host for mutual TLS:
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
 * Compute Engine, version 1: zonal, regional and global operations, and operations in organizations and folders.
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
 * // Version v1beta4, whose base URL contains a path:
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
 * BigQuery, version 2. BigQuery jobs are represented as operations.
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
 * Returns the operation name that a URL, such as a `selfLink`, identifies.
 *
 * The URL must begin with the API's origin and path. The following differences are accepted:
 *
 * - another version, because a resource name is the same in all versions
 * - `www.googleapis.com`, for an API whose base URL contains a path (`/compute`)
 * - the host for mutual TLS (`compute.mtls.googleapis.com`)
 *
 * The path is percent-decoded. The query is ignored, except for parameters that are part of the operation name
 * (BigQuery's `location` and Compute Engine's `parentId`).
 *
 * A `Left` says why the URL does not identify an operation of this API, as a clause that can follow a colon. The clause
 * does not quote the URL's query or user name.
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
 * Makes the request for which the server delays its response until an operation is done. Undefined if the API does not
 * support `wait`.
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
 * Makes the request that asks the server to cancel an operation. Undefined if the API does not support `cancel`.
 *
 * @internal
 */
export const cancelRequest = ({ dialect, methods }: GoogleApi, name: string): Dialect.Request | undefined =>
  methods.cancel ? dialect.cancel?.(name) : undefined

/**
 * Makes the request that asks the server to delete an operation record. Undefined if the API does not support `delete`.
 *
 * @internal
 */
export const deleteRequest = ({ dialect, methods }: GoogleApi, name: string): Dialect.Request | undefined =>
  methods.delete ? dialect.delete?.(name) : undefined

/**
 * Returns how the API lists operations. Undefined if the API does not support `list`.
 *
 * @internal
 */
export const listOf = ({ dialect, methods }: GoogleApi): Dialect.List | undefined =>
  methods.list ? dialect.list : undefined
