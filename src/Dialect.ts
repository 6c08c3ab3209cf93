/**
 * Dialects: the formats that Google's APIs use for operation requests and responses.
 *
 * Most APIs use `google.longrunning.Operation`. Their dialect is {@link longRunning}, the default of `GoogleApi.make`.
 * Compute Engine, Cloud SQL, GKE and BigQuery represent operations in other formats. Their dialects decode these
 * formats to the same `Operation` type, so every function in this package also works with these APIs.
 *
 * A dialect consists of data and pure functions. It describes the requests and decodes the JSON responses. The service
 * sends the requests. To support an API with another format, write a {@link Dialect}.
 *
 * @since 0.4.0
 * @module
 */
import type * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import * as Codes from "./internal/dialect/codes.js"
import { decodeLongRunning } from "./internal/dialect/longRunning.js"
import { lastSegment, parent } from "./internal/dialect/names.js"
import { decodePage, flattened } from "./internal/dialect/page.js"
import { decodeState, errorsFailure, jobFailure, linkedName, statusFailure } from "./internal/dialect/state.js"
import type * as Operation from "./Operation.js"

/**
 * A request that reads or changes an operation, excluding the base URL.
 *
 * The URL path consists of the API version, `resource` and `suffix`. The service rejects a `resource` that contains an
 * empty, `.` or `..` segment. It percent-encodes all bytes of `resource` outside `[-_.~/0-9a-zA-Z]`. It does not encode
 * `suffix`. As a result, a colon in an operation name becomes `%3A`, but the colon in the suffix `:cancel` is kept.
 *
 * @since 0.4.0
 * @category models
 */
export interface Request {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** The part of the path after the version: a relative resource name, before encoding. */
  readonly resource: string
  /** The part of the path after the resource, such as `:cancel` or `/wait`. It must already be valid in a URL path. */
  readonly suffix?: string | undefined
  /** The query parameters, before encoding. A parameter that is `undefined` is omitted. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  /** The body, sent as JSON. If omitted, the request has no body. */
  readonly body?: unknown
}

/**
 * A request for which the server delays its response until the operation is done or a time limit has passed.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitRequest extends Request {
  /**
   * The maximum number of seconds for which the server delays the response. The server may respond earlier with a
   * pending operation.
   */
  readonly holdSeconds: number
}

/**
 * Where a server-side wait method expects its timeout: in the request `"body"`, in the `"query"`, or nowhere
 * (`"fixed"`). With `"fixed"`, the server chooses the time limit.
 *
 * @since 0.4.0
 * @category models
 */
export type WaitTimeout = "body" | "query" | "fixed"

/**
 * The second argument of {@link Dialect.decode}. It describes the request whose response is decoded.
 *
 * @since 0.4.0
 * @category models
 */
export interface Asked {
  /** The operation name in the request. Undefined if the request starts an operation. */
  readonly name: string | undefined
  /** The pattern that the API's operation names match. */
  readonly operationName: RegExp
}

/**
 * One page of an operation list.
 *
 * @since 0.4.0
 * @category models
 */
export interface Page {
  /** The operations. Any page may be empty (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** The token for requesting the next page. Empty on the final page. */
  readonly nextPageToken: string
  /** The locations that could not be reached. */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * Which page of a list to request.
 *
 * @since 0.4.0
 * @category models
 */
export interface PageOptions {
  /** A filter in the API's own syntax. */
  readonly filter?: string | undefined
  /** The maximum number of operations on the page. Default: chosen by the server. */
  readonly pageSize?: number | undefined
  /** The `nextPageToken` of the previous page. Default: the first page. */
  readonly pageToken?: string | undefined
  /** Whether the server returns the operations in the reachable locations if other locations are unreachable. */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * The requests and responses with which an API lists operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface List {
  /** Returns the collection whose list contains the operation, or `undefined` if no list contains it. */
  readonly collection: (name: string) => string | undefined
  /**
   * Makes the request that lists one page of a collection. If the API does not support `pageSize` or
   * `returnPartialSuccess`, the unsupported parameter is omitted. A `filter` is always sent, so an API that does not
   * support filters rejects the request.
   */
  readonly request: (collection: string, page: PageOptions) => Request
  /** Decodes a page. A `Left` describes why the page is not valid. The function must not throw. */
  readonly decode: (
    json: unknown,
    asked: {
      /** The collection in the request. */
      readonly collection: string
      /** The pattern that the API's operation names match. */
      readonly operationName: RegExp
    }
  ) => Either.Either<Page, string>
}

/**
 * The format of an API's operation requests and responses.
 *
 * All functions are pure. Their arguments are relative resource names without a version, which match the API's
 * `operationName`. If a function is absent, the API does not support that method. If a function returns `undefined`,
 * the operation with that name does not support the method.
 *
 * @since 0.4.0
 * @category models
 */
export interface Dialect {
  /** The dialect name that messages contain, such as `"compute"`. */
  readonly name: string
  /** The default `operationName` for `GoogleApi.make`. */
  readonly operationName: RegExp
  /** Makes the request that reads the latest state of an operation. */
  readonly poll: (name: string) => Request
  /**
   * Decodes the response to a poll, to a server-side wait request, or to a request that starts an operation.
   *
   * A `Left` says why the response is not an operation in this dialect, as a clause that can follow a colon. The clause
   * may quote short parts of the response. The function must not throw. Its running time must grow at most linearly
   * with the response size.
   */
  readonly decode: (json: unknown, asked: Asked) => Either.Either<Operation.Operation, string>
  /** Makes the request for which the server delays its response until the operation is done. */
  readonly wait?:
    | ((name: string, timeoutSeconds: number, timeoutIn: WaitTimeout) => WaitRequest | undefined)
    | undefined
  /**
   * Where APIs that use this dialect expect the `wait` timeout. This value is the default for `methods.wait` in
   * `GoogleApi.make`.
   */
  readonly waitTimeout?: WaitTimeout | undefined
  /** Makes the request that asks the server to cancel an operation. */
  readonly cancel?: ((name: string) => Request | undefined) | undefined
  /** Makes the request that asks the server to delete an operation record. */
  readonly delete?: ((name: string) => Request | undefined) | undefined
  /** The requests and responses for listing operations. */
  readonly list?: List | undefined
  /**
   * Returns the operation name for the path and query of a URL. This function is the inverse of `poll`. Default: the
   * path is the name.
   */
  readonly nameFromPath?: ((path: string, query: URLSearchParams) => string) | undefined
}

const get = (name: string): Request => ({ method: "GET", resource: name })

const customCancel = (name: string): Request => ({ method: "POST", resource: name, suffix: ":cancel", body: {} })

const deleteRecord = (name: string): Request => ({ method: "DELETE", resource: name })

const customWait = (name: string, timeoutSeconds: number, timeoutIn: WaitTimeout): WaitRequest => {
  const timeout = { timeout: `${timeoutSeconds}s` }
  return {
    method: "POST",
    resource: name,
    suffix: ":wait",
    body: timeoutIn === "body" ? timeout : {},
    ...(timeoutIn === "query" ? { query: timeout } : undefined),
    holdSeconds: timeoutSeconds
  }
}

const anyOperation = /^(?:.+\/)?operations\/.+$/s

const operationsList: List = {
  // Operation ids may contain slashes: operations/accessPolicies/1/create/2 belongs to the collection `operations`.
  collection: (name) => {
    const segments = name.split("/")
    const index = segments.indexOf("operations")
    return index === -1 || index === segments.length - 1 ? undefined : segments.slice(0, index + 1).join("/")
  },
  request: (collection, { filter, pageSize, pageToken, returnPartialSuccess }) => ({
    ...get(collection),
    query: { filter, pageSize, pageToken, returnPartialSuccess }
  }),
  // Every item in the list is an operation, so any name is accepted.
  decode: (json) =>
    decodePage(
      json,
      { items: "operations", unreachable: "unreachable" },
      (item) => decodeLongRunning(item, { name: undefined, operationName: /./s })
    )
}

/**
 * The dialect for APIs that use `google.longrunning.Operation` (AIP-151). It is the default dialect.
 *
 * Responses are decoded by these rules:
 *
 * - With `"done": true` and an `error`, the operation is `Failed`. With `"done": true` and no `error`, the operation is
 *   `Succeeded`, even without a `response`.
 * - With `"done": false`, the operation is `Pending`, even if its name is missing, because some APIs omit the name.
 * - Without `done`, the operation is `Pending` if its `name` is the requested name or matches the API's pattern, and if
 *   no `status` or `kind` field shows that the response is another type of message. This rule is necessary because
 *   ProtoJSON omits a `done` that is false.
 * - Every other response is rejected, and the operation is not polled again. Examples are a resource, an error, an
 *   empty object, or an operation in another dialect.
 *
 * If the `"@type"` of a message is not a string, the message is treated as untyped. The operation is still decoded.
 *
 * Source: `google/longrunning/operations.proto`.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * // In Cloud Storage, operation paths differ from operation names.
 * const resource = (name: string) => name.replace(/^projects\/_\/buckets\//, "b/")
 *
 * const storage = GoogleApi.make({
 *   baseUrl: "https://storage.googleapis.com/storage",
 *   version: "v1",
 *   dialect: {
 *     ...Dialect.longRunning,
 *     poll: (name) => ({ method: "GET", resource: resource(name) }),
 *     cancel: (name) => ({ method: "POST", resource: resource(name), suffix: "/cancel" }),
 *     delete: undefined
 *   }
 * })
 * ```
 */
export const longRunning: Dialect = {
  name: "longRunning",
  operationName: anyOperation,
  poll: get,
  decode: decodeLongRunning,
  wait: customWait,
  cancel: customCancel,
  delete: deleteRecord,
  list: operationsList
}

// Whether a name identifies a single collection. `locations/-` is a wildcard for many collections, and the operation
// names contain the actual locations.
const namesOne = (collection: string): boolean =>
  !collection.split("/").some((segment) => segment === "-" || segment === "aggregated")

// A list whose items contain an id instead of a name.
const stateList = (
  options: {
    readonly decode: Dialect["decode"]
    readonly request: List["request"]
    readonly items: (json: unknown) => string
    readonly unreachable: string
    readonly prepare?: ((json: unknown) => unknown) | undefined
  }
): List => ({
  collection: parent,
  request: options.request,
  decode: (json, { collection, operationName }) =>
    decodePage(
      options.prepare === undefined ? json : options.prepare(json),
      { items: options.items(json), unreachable: options.unreachable },
      (item) => {
        const id = isRecord(item) && typeof item["name"] === "string" && item["name"] !== "" ? item["name"] : undefined
        const name = id !== undefined && namesOne(collection) ? `${collection}/${id}` : undefined
        return options.decode(item, { name, operationName })
      }
    )
})

const maxResults = (resource: string, { filter, pageSize, pageToken, returnPartialSuccess }: PageOptions): Request => ({
  ...get(resource),
  query: { filter, maxResults: pageSize, pageToken, returnPartialSuccess }
})

// For an operation in an organization or a folder, the request query contains the parent. In the operation name, the
// parent precedes `locations`.
const organization = /^((?:organizations|folders)\/[^/]+)\/(locations\/global\/operations(?:\/[^/]+)?)$/

const withParent = (name: string): Request => {
  const [, parentId, resource] = organization.exec(name) ?? []
  return resource === undefined ? get(name) : { ...get(resource), query: { parentId } }
}

const decodeCompute = decodeState({
  dialect: "compute",
  type: "google.cloud.compute.v1.Operation",
  pending: ["PENDING", "RUNNING"],
  state: (raw) => raw["status"],
  id: (raw) => raw["name"],
  ownName: linkedName,
  failure: errorsFailure("compute.googleapis.com", Codes.compute)
})

/**
 * The dialect for Compute Engine and Deployment Manager.
 *
 * - **Names**: `projects/p/zones/z/operations/o`, `projects/p/regions/r/operations/o` and
 *   `projects/p/global/operations/o`. The name of an operation in an organization or a folder is
 *   `locations/global/operations/o`, or `organizations/1/locations/global/operations/o` if the request must contain the
 *   parent. The name of a new operation comes from its `selfLink`.
 * - **State**: an operation is done if its `status` is `DONE`. A done operation is `Failed` if it contains an `error`,
 *   an `httpErrorStatusCode` or an `httpErrorMessage`.
 * - **Errors**: the status code comes from the `code` of the first item in `error.errors`, or else from the HTTP
 *   status. Each item becomes an `ErrorInfo` whose `reason` is the item's `code`. The `errorDetails` of the item follow
 *   as `ErrorInfo`, `QuotaFailure`, `Help` and `LocalizedMessage`.
 * - **Metadata and response**: `metadata` contains the entire operation message, including `progress` and `warnings`.
 *   The API does not return a separate response, so the `response` of a succeeded operation also contains the entire
 *   operation message. The type of `metadata` and `response` is `google.cloud.compute.v1.Operation`.
 * - **Methods**: the server delays the response to `/wait` for up to two minutes, and may respond earlier. Operations
 *   in organizations and folders do not support `/wait`. Operations cannot be cancelled. Deployment Manager supports
 *   neither `/wait` nor deletion of operations, so pass `methods: { wait: false, delete: false }`.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 * import * as Either from "effect/Either"
 *
 * const decoded = Dialect.compute.decode({
 *   kind: "compute#operation",
 *   name: "operation-1",
 *   status: "RUNNING",
 *   progress: 40,
 *   selfLink: "https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/operation-1"
 * }, { name: undefined, operationName: Dialect.compute.operationName })
 *
 * const operation = Either.getOrThrow(decoded)
 *
 * console.log(operation.name) // "projects/p/zones/z/operations/operation-1"
 * console.log(operation.metadata?.["progress"]) // 40
 * ```
 */
export const compute: Dialect = {
  name: "compute",
  operationName:
    /^(?:projects\/[^/]+\/(?:zones\/[^/]+|regions\/[^/]+|global)|(?:(?:organizations|folders)\/[^/]+\/)?locations\/global)\/operations\/[^/]+$/,
  poll: withParent,
  decode: decodeCompute,
  wait: (name) =>
    name.startsWith("projects/") ? { method: "POST", resource: name, suffix: "/wait", holdSeconds: 120 } : undefined,
  waitTimeout: "fixed",
  delete: (name) => ({ ...withParent(name), method: "DELETE" }),
  list: stateList({
    decode: decodeCompute,
    request: (collection, page) => {
      const { query, resource } = withParent(collection)
      const request = maxResults(resource, page)
      return { ...request, query: { ...query, ...request.query } }
    },
    // Deployment Manager names this field `operations`.
    items: (json) => isRecord(json) && "operations" in json ? "operations" : "items",
    unreachable: "unreachables",
    prepare: flattened
  }),
  nameFromPath: (path, query) => {
    const parentId = query.get("parentId") ?? ""
    return parentId !== "" && path.startsWith("locations/") ? `${parentId}/${path}` : path
  }
}

const decodeSqlAdmin = decodeState({
  dialect: "sqlAdmin",
  type: "google.cloud.sql.v1.Operation",
  pending: ["SQL_OPERATION_STATUS_UNSPECIFIED", "PENDING", "RUNNING"],
  state: (raw) => raw["status"],
  id: (raw) => raw["name"],
  ownName: linkedName,
  failure: errorsFailure("sqladmin.googleapis.com", Codes.sqlAdmin)
})

/**
 * The dialect for Cloud SQL (the Cloud SQL Admin API).
 *
 * - **Names**: `projects/p/operations/o`.
 * - **State**: an operation is done if its `status` is `DONE`. A done operation is `Failed` if it contains an `error`.
 * - **Errors**: the status code comes from the `code` of the first item in `error.errors`. Each item becomes an
 *   `ErrorInfo`.
 * - **Metadata and response**: `metadata` contains the entire operation message, including `apiWarning`. The `response`
 *   of a succeeded operation contains the same message. The type of `metadata` and `response` is
 *   `google.cloud.sql.v1.Operation`.
 * - **Methods**: `/cancel` cancels an operation. Operations cannot be deleted.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 *
 * const request = Dialect.sqlAdmin.cancel?.("projects/p/operations/8f2a")
 *
 * console.log(request) // { method: "POST", resource: "projects/p/operations/8f2a", suffix: "/cancel" }
 * ```
 */
export const sqlAdmin: Dialect = {
  name: "sqlAdmin",
  operationName: /^projects\/[^/]+\/operations\/[^/]+$/,
  poll: get,
  decode: decodeSqlAdmin,
  cancel: (name) => ({ method: "POST", resource: name, suffix: "/cancel" }),
  list: stateList({
    decode: decodeSqlAdmin,
    request: (collection, { filter, pageSize, pageToken }) => maxResults(collection, { filter, pageSize, pageToken }),
    items: () => "items",
    unreachable: "unreachable"
  })
}

const decodeContainer = decodeState({
  dialect: "container",
  type: "google.container.v1.Operation",
  pending: ["STATUS_UNSPECIFIED", "PENDING", "RUNNING", "ABORTING"],
  state: (raw) => raw["status"],
  id: (raw) => raw["name"],
  ownName: linkedName,
  failure: statusFailure
})

/**
 * The dialect for GKE (the Kubernetes Engine API).
 *
 * - **Names**: `projects/p/locations/l/operations/o`. Older links contain `zones/z` instead of `locations/l`.
 * - **State**: an operation is done if its `status` is `DONE`. A done operation is `Failed` if it contains an `error`
 *   (a `google.rpc.Status`), or a `statusMessage` without an `error`.
 * - **Metadata and response**: `metadata` contains the entire operation message, including `progress`. The `response`
 *   of a succeeded operation contains the same message. The type of `metadata` and `response` is
 *   `google.container.v1.Operation`.
 * - **Methods**: `:cancel` cancels an operation. Operations cannot be deleted. Lists are not paginated.
 *
 * A cluster also has a `status`, such as `RUNNING`, but it is not an operation. The dialect rejects clusters.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 * import * as Either from "effect/Either"
 *
 * const name = "projects/p/locations/us-west2/operations/operation-1"
 * const decoded = Dialect.container.decode(
 *   { name: "operation-1", operationType: "CREATE_CLUSTER", status: "DONE", error: { code: 8, message: "no capacity" } },
 *   { name, operationName: Dialect.container.operationName }
 * )
 *
 * console.log(Either.getOrThrow(decoded).error?.codeName) // "RESOURCE_EXHAUSTED"
 * ```
 */
export const container: Dialect = {
  name: "container",
  operationName: /^projects\/[^/]+\/(?:locations|zones)\/[^/]+\/operations\/[^/]+$/,
  poll: get,
  decode: decodeContainer,
  cancel: customCancel,
  list: stateList({
    decode: decodeContainer,
    request: (collection, { filter }) => ({ ...get(collection), query: { filter } }),
    items: () => "operations",
    unreachable: "missingZones"
  })
}

const located = /^(projects\/[^/]+)\/locations\/([^/]+)\/(jobs(?:\/[^/]+)?)$/

// A job name contains the job's location. A request passes the location as a query parameter.
const job = (name: string, method: Request["method"] = "GET", suffix?: string): Request => {
  const [, project, location, rest] = located.exec(name) ?? []
  return {
    method,
    resource: rest === undefined ? name : `${project}/${rest}`,
    ...(suffix === undefined ? undefined : { suffix }),
    ...(location === undefined ? undefined : { query: { location } })
  }
}

const referenceOf = (raw: unknown): Readonly<Record<string, unknown>> =>
  isRecord(raw) && isRecord(raw["jobReference"]) ? raw["jobReference"] : {}

const jobName = (raw: unknown): string | undefined => {
  const { jobId, location, projectId } = referenceOf(raw)
  if (typeof projectId !== "string" || typeof jobId !== "string") return undefined
  return typeof location === "string" && location !== ""
    ? `projects/${projectId}/locations/${location}/jobs/${jobId}`
    : `projects/${projectId}/jobs/${jobId}`
}

const decodeBigQuery = decodeState({
  dialect: "bigQuery",
  type: "google.cloud.bigquery.v2.Job",
  pending: ["PENDING", "RUNNING"],
  // In list items, the state and the error are one level higher.
  state: (raw) => isRecord(raw["status"]) ? raw["status"]["state"] : raw["state"],
  id: (raw) => referenceOf(raw)["jobId"],
  ownName: jobName,
  failure: jobFailure("bigquery.googleapis.com", Codes.bigQuery)
})

/**
 * The dialect for BigQuery. It represents BigQuery jobs as operations.
 *
 * - **Names**: `projects/p/locations/l/jobs/j`, or `projects/p/jobs/j` for a job in the multi-region US or EU. In a
 *   request, the location is a query parameter.
 * - **State**: a job is done if its `status.state` is `DONE`. A done job is `Failed` if its `status` contains an
 *   `errorResult`. Other `status.errors` are warnings.
 * - **Errors**: the `reason` of the `errorResult` determines the status code. For a cancelled job, the reason is
 *   `stopped`, which maps to `CANCELLED`. The `errorResult` and the other `status.errors` become `ErrorInfo`s.
 * - **Metadata and response**: `metadata` contains the entire job. The `response` of a succeeded job contains the same
 *   job. The type of `metadata` and `response` is `google.cloud.bigquery.v2.Job`. To read query result rows, call
 *   `jobs.getQueryResults`.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 *
 * const { query, resource } = Dialect.bigQuery.poll("projects/p/locations/europe-west3/jobs/job_1")
 *
 * console.log(resource) // "projects/p/jobs/job_1"
 * console.log(query) // { location: "europe-west3" }
 * ```
 */
export const bigQuery: Dialect = {
  name: "bigQuery",
  operationName: /^projects\/[^/]+\/(?:locations\/[^/]+\/)?jobs\/[^/]+$/,
  poll: job,
  decode: decodeBigQuery,
  cancel: (name) => job(name, "POST", "/cancel"),
  delete: (name) => job(name, "DELETE", "/delete"),
  list: {
    collection: parent,
    // The list contains jobs from all locations.
    request: (collection, { filter, pageSize, pageToken }) =>
      maxResults(job(collection).resource, { filter, pageSize, pageToken }),
    decode: (json, { collection, operationName }) => {
      const location = located.exec(collection)?.[2]
      return decodePage(json, { items: "jobs", unreachable: "unreachable" }, (item) => {
        const name = jobName(item)
        const isHere = name !== undefined && (location === undefined || location === referenceOf(item)["location"])
        return decodeBigQuery(item, {
          name: isHere ? `${collection}/${lastSegment(name)}` : undefined,
          operationName
        })
      })
    }
  },
  nameFromPath: (path, query) => {
    const [, project, rest] = /^(projects\/[^/]+)\/(jobs\/[^/]+)$/.exec(path) ?? []
    const location = query.get("location") ?? ""
    return rest === undefined || location === "" ? path : `${project}/locations/${location}/${rest}`
  }
}

const publisherModel = (name: string): string | undefined =>
  /^((?:.+\/)?publishers\/[^/]+\/models\/[^/]+)\/operations\/[^/]+$/s.exec(name)?.[1]

/**
 * The dialect for Vertex AI.
 *
 * Operations on publisher models, such as Veo, cannot be read with GET. Instead, the request is a POST to the model's
 * `:fetchPredictOperation` method, with the operation name in the body. These operations do not support `:wait`, and
 * cannot be cancelled, deleted or listed.
 *
 * All other Vertex AI operations, such as `projects/p/locations/l/operations/o`, use the same requests as
 * {@link longRunning}, except that `:wait` expects its timeout in the query. All responses use the same format as
 * {@link longRunning}.
 *
 * @since 0.4.0
 * @category apis
 * @example
 * ```ts
 * import * as Dialect from "effect-google-operations/Dialect"
 *
 * const model = "projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001"
 * const request = Dialect.predict.poll(`${model}/operations/o`)
 *
 * console.log(request.resource === model, request.suffix) // true ":fetchPredictOperation"
 * console.log(request.body) // { operationName: "projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001/operations/o" }
 * ```
 */
export const predict: Dialect = {
  name: "predict",
  operationName: anyOperation,
  poll: (name) => {
    const model = publisherModel(name)
    return model === undefined
      ? get(name)
      : { method: "POST", resource: model, suffix: ":fetchPredictOperation", body: { operationName: name } }
  },
  decode: decodeLongRunning,
  wait: (name, timeoutSeconds, timeoutIn) =>
    publisherModel(name) === undefined ? customWait(name, timeoutSeconds, timeoutIn) : undefined,
  waitTimeout: "query",
  cancel: (name) => publisherModel(name) === undefined ? customCancel(name) : undefined,
  delete: (name) => publisherModel(name) === undefined ? deleteRecord(name) : undefined,
  list: operationsList
}
