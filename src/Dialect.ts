/**
 * Dialects: the formats of requests and responses for operations in Google's APIs.
 *
 * Most APIs use `google.longrunning.Operation`. Their dialect is {@link longRunning}, the default of `GoogleApi.make`.
 * Compute Engine, Cloud SQL, GKE and BigQuery have other formats. Their dialects decode these formats to the same
 * `Operation`, so every function of this package also works with these APIs.
 *
 * A dialect consists of data and pure functions. It describes the requests, and decodes the JSON of the responses. The
 * service sends the requests. For an API with another format, write a {@link Dialect}.
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
 * A request about an operation, without its base URL.
 *
 * The path of the URL consists of the API's version, `resource` and `suffix`. The service refuses a `resource` with an
 * empty, `.` or `..` segment, and percent-encodes all bytes of `resource` outside `[-_.~/0-9a-zA-Z]`. It does not
 * encode `suffix`. A colon in a name therefore becomes `%3A`, but the colon of `:cancel` is kept.
 *
 * @since 0.4.0
 * @category models
 */
export interface Request {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** The part of the path after the version: a relative resource name, not encoded. */
  readonly resource: string
  /** The part of the path after the resource, such as `:cancel` or `/wait`. It must be valid in a path. */
  readonly suffix?: string | undefined
  /** The parameters of the query, not encoded. A parameter that is `undefined` is omitted. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  /** The body, sent as JSON. Without it the request has no body. */
  readonly body?: unknown
}

/**
 * A request whose response the server delays until the operation is done or a time limit has passed.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitRequest extends Request {
  /**
   * The longest time that the server delays the response, in seconds. The server may respond earlier with a pending
   * operation.
   */
  readonly holdSeconds: number
}

/**
 * The place where a method that waits on the server expects its timeout: in the `"body"`, in the `"query"`, or nowhere
 * (`"fixed"`). With `"fixed"`, the server sets the time limit.
 *
 * @since 0.4.0
 * @category models
 */
export type WaitTimeout = "body" | "query" | "fixed"

/**
 * The second argument of {@link Dialect.decode}: the context of the request.
 *
 * @since 0.4.0
 * @category models
 */
export interface Asked {
  /** The name of the operation in the request. Undefined for the response to a request that starts an operation. */
  readonly name: string | undefined
  /** The pattern of the names of the API's operations. */
  readonly operationName: RegExp
}

/**
 * A page of a list of operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface Page {
  /** The operations. Any page may be empty (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** The token of the next page. Empty on the last page. */
  readonly nextPageToken: string
  /** The locations that could not be reached. */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * The page of a list to request.
 *
 * @since 0.4.0
 * @category models
 */
export interface PageOptions {
  /** A filter in the API's own syntax. */
  readonly filter?: string | undefined
  /** The largest number of operations on the page. Default: the server's choice. */
  readonly pageSize?: number | undefined
  /** The `nextPageToken` of the previous page. Default: the first page. */
  readonly pageToken?: string | undefined
  /** Whether the server returns the operations of the reachable locations if other locations are unreachable. */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * The requests and responses of an API's list of operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface List {
  /** Returns the collection whose list contains the operation, or `undefined` if there is none. */
  readonly collection: (name: string) => string | undefined
  /**
   * Makes the request for a page of a collection. If the API does not have `pageSize` or `returnPartialSuccess`, these
   * parameters are omitted. A `filter` is always sent, so an API without filters refuses the request.
   */
  readonly request: (collection: string, page: PageOptions) => Request
  /** Decodes a page. The left side describes the problem. It never throws. */
  readonly decode: (
    json: unknown,
    asked: {
      /** The collection in the request. */
      readonly collection: string
      /** The pattern of the names of the API's operations. */
      readonly operationName: RegExp
    }
  ) => Either.Either<Page, string>
}

/**
 * The format of an API's requests and responses for operations.
 *
 * All functions are pure. Their arguments are relative resource names without a version, which match the API's
 * `operationName`. If a function is absent, or returns `undefined` for a name, the API does not have that method.
 *
 * @since 0.4.0
 * @category models
 */
export interface Dialect {
  /** The name of the dialect in messages, such as `"compute"`. */
  readonly name: string
  /** The default of `operationName` in `GoogleApi.make`. */
  readonly operationName: RegExp
  /** Makes the request that reads the latest state of an operation. */
  readonly poll: (name: string) => Request
  /**
   * Decodes the response to a poll, to a wait on the server, or to a request that starts an operation.
   *
   * The left side says why the response is not an operation of this dialect, as a clause that can follow a colon. The
   * clause may quote short parts of the response. The function must not throw. Its running time must be proportional to
   * the size of the response.
   */
  readonly decode: (json: unknown, asked: Asked) => Either.Either<Operation.Operation, string>
  /** Makes the request whose response the server delays until the operation is done. */
  readonly wait?:
    | ((name: string, timeoutSeconds: number, timeoutIn: WaitTimeout) => WaitRequest | undefined)
    | undefined
  /**
   * Where the APIs of this dialect expect the timeout of `wait`. It is the default of `methods.wait` in
   * `GoogleApi.make`.
   */
  readonly waitTimeout?: WaitTimeout | undefined
  /** Makes the request that asks the server to cancel an operation. */
  readonly cancel?: ((name: string) => Request | undefined) | undefined
  /** Makes the request that asks the server to delete the record of an operation. */
  readonly delete?: ((name: string) => Request | undefined) | undefined
  /** The list of operations. */
  readonly list?: List | undefined
  /**
   * Returns the name of the operation for the path and the query of a URL. It is the inverse of `poll`. Default: the
   * name is the path.
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
  // The id of an operation may contain slashes: the collection of operations/accessPolicies/1/create/2 is `operations`.
  collection: (name) => {
    const segments = name.split("/")
    const index = segments.indexOf("operations")
    return index === -1 || index === segments.length - 1 ? undefined : segments.slice(0, index + 1).join("/")
  },
  request: (collection, { filter, pageSize, pageToken, returnPartialSuccess }) => ({
    ...get(collection),
    query: { filter, pageSize, pageToken, returnPartialSuccess }
  }),
  // All items of the list are operations, so any name is accepted.
  decode: (json) =>
    decodePage(
      json,
      { items: "operations", unreachable: "unreachable" },
      (item) => decodeLongRunning(item, { name: undefined, operationName: /./s })
    )
}

/**
 * The dialect of `google.longrunning.Operation` (AIP-151). It is the default.
 *
 * A response is decoded by these rules:
 *
 * - With `"done": true` and an `error`, the operation is `Failed`. With `"done": true` and no `error` it is
 *   `Succeeded`, even without a `response`.
 * - With `"done": false` the operation is `Pending`, even without a name, because some APIs omit the name.
 * - Without `done`, the operation is `Pending` if its `name` is the requested one or matches the API's pattern, and if
 *   no `status` or `kind` shows that it is another message. Proto3 JSON omits a `done` that is false.
 * - Every other response is refused, and is not polled again: a resource, an error, an empty object, or an operation of
 *   another dialect.
 *
 * If an `"@type"` is not a string, the message has no type. The operation is still decoded.
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
 * // In Cloud Storage, the paths of the operations differ from their names.
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

// Whether a name is in one collection. `locations/-` stands for many collections, whose operations have other names.
const namesOne = (collection: string): boolean =>
  !collection.split("/").some((segment) => segment === "-" || segment === "aggregated")

// A list whose items have an id instead of a name.
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

// For an operation of an organization or a folder, the parent is in the query of the request. In the name it is before
// `locations`.
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
 * The dialect of Compute Engine and Deployment Manager.
 *
 * - **Names**: `projects/p/zones/z/operations/o`, `projects/p/regions/r/operations/o` and
 *   `projects/p/global/operations/o`. The operation of an organization or folder is `locations/global/operations/o`, or
 *   `organizations/1/locations/global/operations/o` if the request must contain the parent. The name of a new
 *   operation comes from its `selfLink`.
 * - **State**: an operation is done if its `status` is `DONE`. It is `Failed` if it has an `error`, an
 *   `httpErrorStatusCode` or an `httpErrorMessage`.
 * - **Errors**: the code is the code of the first item of `error.errors`, or the code for the HTTP status. Each item
 *   becomes an `ErrorInfo` whose `reason` is the `code` of the item. The `errorDetails` of the item follow as
 *   `ErrorInfo`, `QuotaFailure`, `Help` and `LocalizedMessage`.
 * - **Metadata and response**: `metadata` is the whole operation, with its `progress` and `warnings`. The API has no
 *   separate response, so the `response` of a succeeded operation is also the whole operation. The type of both is
 *   `google.cloud.compute.v1.Operation`.
 * - **Methods**: the server delays the response to `/wait` for up to two minutes, and may respond earlier. The
 *   operations of organizations and folders do not have `/wait`. Operations cannot be cancelled. Deployment Manager has
 *   neither `/wait` nor a method to delete operations, so pass `methods: { wait: false, delete: false }`.
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
    // In Deployment Manager, the field is `operations`.
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
 * The dialect of Cloud SQL (the Cloud SQL Admin API).
 *
 * - **Names**: `projects/p/operations/o`.
 * - **State**: an operation is done if its `status` is `DONE`. It is `Failed` if it has an `error`.
 * - **Errors**: the code is the code of the first item of `error.errors`. Each item becomes an `ErrorInfo`.
 * - **Metadata and response**: `metadata` is the whole operation, with its `apiWarning`. The `response` of a succeeded
 *   operation is the same. The type of both is `google.cloud.sql.v1.Operation`.
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
 * The dialect of GKE (the Kubernetes Engine API).
 *
 * - **Names**: `projects/p/locations/l/operations/o`. Older links have `zones/z` instead of `locations/l`.
 * - **State**: an operation is done if its `status` is `DONE`. It is `Failed` if it has an `error` (a
 *   `google.rpc.Status`), or a `statusMessage` without an `error`.
 * - **Metadata and response**: `metadata` is the whole operation, with its `progress`. The `response` of a succeeded
 *   operation is the same. The type of both is `google.container.v1.Operation`.
 * - **Methods**: `:cancel` cancels an operation. Operations cannot be deleted. Lists have no pages.
 *
 * A cluster also has a `status`, such as `RUNNING`. A cluster is not an operation, and is refused.
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

// The location of a job is in its name, and in the query of a request.
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
  // In the items of a list, the state and the error are one level higher.
  state: (raw) => isRecord(raw["status"]) ? raw["status"]["state"] : raw["state"],
  id: (raw) => referenceOf(raw)["jobId"],
  ownName: jobName,
  failure: jobFailure("bigquery.googleapis.com", Codes.bigQuery)
})

/**
 * The dialect of BigQuery. Its jobs are read as operations.
 *
 * - **Names**: `projects/p/locations/l/jobs/j`, or `projects/p/jobs/j` for a job in the multi-region US or EU. In a
 *   request, the location is a parameter of the query.
 * - **State**: a job is done if its `status.state` is `DONE`. It is `Failed` if it has an `errorResult`. Other
 *   `status.errors` are warnings.
 * - **Errors**: the code corresponds to the `reason` of the `errorResult`. For a cancelled job, the reason is
 *   `stopped`, and the code is `CANCELLED`. The `errorResult` and the other `status.errors` become `ErrorInfo`s.
 * - **Metadata and response**: `metadata` is the whole job. The `response` of a succeeded job is the same. The type of
 *   both is `google.cloud.bigquery.v2.Job`. To read the rows of a query, call `jobs.getQueryResults`.
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
    // The list contains the jobs of all locations.
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
 * The dialect of Vertex AI.
 *
 * The operations of publisher models, such as Veo, cannot be read with GET. The request is a POST to
 * `:fetchPredictOperation` of the model, with the operation's name in the body. These operations have no `:wait`, and
 * cannot be cancelled, deleted or listed.
 *
 * All other operations of Vertex AI, such as `projects/p/locations/l/operations/o`, have the requests of
 * {@link longRunning}. Their `:wait` expects its timeout in the query. The responses have the format of {@link longRunning}.
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
