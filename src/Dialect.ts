/**
 * How an API asks for its operations, and how its responses read.
 *
 * Most of Google's APIs have `google.longrunning.Operation`s: {@link longRunning}, the default of `GoogleApi.make`. Compute
 * Engine, Cloud SQL, GKE and BigQuery have operations of their own; with their dialects they read as the same
 * `Operation`, so that waiting, sharing, handles and errors work with all of them.
 *
 * A dialect is plain data and pure functions. It knows names and JSON; the service sends the requests. For an API that
 * has no dialect here, write a {@link Dialect} of your own.
 *
 * @since 0.4.0
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
 * A request about an operation, before it has a URL.
 *
 * Its path is the API's version, then `resource`, then `suffix`. Whoever sends it checks `resource` (no empty, `.` or
 * `..` segment) and percent-encodes every byte of it outside `[-_.~/0-9a-zA-Z]`; `suffix` goes as it is. So a colon in a
 * name becomes `%3A`, and that of `:cancel` stays.
 *
 * @since 0.4.0
 * @category models
 */
export interface Request {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** The relative resource name that the path has after the version, not encoded. */
  readonly resource: string
  /** What the path has after the resource, such as `:cancel` or `/wait`: a constant that is valid in a path. */
  readonly suffix?: string | undefined
  /** The query's parameters, not encoded; one that is `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  /** The body, sent as JSON. Without it the request has no body. */
  readonly body?: unknown
}

/**
 * A request whose response the server holds until the operation is done, or for some time.
 *
 * @since 0.4.0
 * @category models
 */
export interface WaitRequest extends Request {
  /** How many seconds the server may hold the response. It may also respond sooner, even at once, with a pending operation. */
  readonly holdSeconds: number
}

/**
 * Where a method that waits on the server takes its timeout: in the `"body"`, in the `"query"`, or nowhere (`"fixed"`),
 * because the server decides how long it holds the response.
 *
 * @since 0.4.0
 * @category models
 */
export type WaitTimeout = "body" | "query" | "fixed"

/**
 * What a response is read against.
 *
 * @since 0.4.0
 * @category models
 */
export interface Asked {
  /** The name that was asked for. None for the response to a request that starts an operation. */
  readonly name: string | undefined
  /** What the names of the API's operations match. */
  readonly operationName: RegExp
}

/**
 * A page of a list of operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface Page {
  /** The operations. Any page may have none (AIP-158). */
  readonly operations: ReadonlyArray<Operation.Operation>
  /** Where the next page starts; empty on the last page. */
  readonly nextPageToken: string
  /** The places that could not be reached. */
  readonly unreachable: ReadonlyArray<string>
}

/**
 * Which page to ask for.
 *
 * @since 0.4.0
 * @category models
 */
export interface PageOptions {
  /** A filter in the API's own syntax. */
  readonly filter?: string | undefined
  /** The largest number of operations on the page. Default: the server's. */
  readonly pageSize?: number | undefined
  /** The `nextPageToken` of the page before. Default: the first page. */
  readonly pageToken?: string | undefined
  /** Whether to list what can be reached when some places cannot. */
  readonly returnPartialSuccess?: boolean | undefined
}

/**
 * How an API lists its operations.
 *
 * @since 0.4.0
 * @category models
 */
export interface List {
  /** The collection whose list has the operation with this name, if one has. */
  readonly collection: (name: string) => string | undefined
  /**
   * Asks for a page of a collection. A `pageSize` or `returnPartialSuccess` that the API does not have is left out; a
   * `filter` is always sent, so that the API refuses one that it does not have.
   */
  readonly request: (collection: string, page: PageOptions) => Request
  /** Reads a page; the left side says what is wrong with it. It never throws. */
  readonly decode: (
    json: unknown,
    asked: {
      /** The collection that was asked for. */
      readonly collection: string
      /** What the names of the API's operations match. */
      readonly operationName: RegExp
    }
  ) => Either.Either<Page, string>
}

/**
 * How an API asks for its operations, and how its responses read.
 *
 * All functions are pure and take names of operations as the API's `operationName` matches them: relative resource names,
 * without a version. A method that is absent, or that returns `undefined` for a name, is one that the API does not have.
 *
 * @since 0.4.0
 * @category models
 */
export interface Dialect {
  /** A name for messages, such as `"compute"`. */
  readonly name: string
  /** What operation names match, unless `GoogleApi.make` is told otherwise. */
  readonly operationName: RegExp
  /** Asks for the latest state of an operation. */
  readonly poll: (name: string) => Request
  /**
   * Reads the response to a poll, to a wait on the server, or to a request that starts an operation.
   *
   * The left side says why the response is not an operation of this dialect, as a clause that can follow a colon. It may
   * quote short pieces of the response. It never throws, and takes time in proportion to the response's size.
   */
  readonly decode: (json: unknown, asked: Asked) => Either.Either<Operation.Operation, string>
  /** Asks the server to hold its response until the operation is done. */
  readonly wait?:
    | ((name: string, timeoutSeconds: number, timeoutIn: WaitTimeout) => WaitRequest | undefined)
    | undefined
  /** Where APIs of this dialect take the timeout of `wait`. Without it they have no `wait`, unless `GoogleApi.make` is told so. */
  readonly waitTimeout?: WaitTimeout | undefined
  /** Asks the server to cancel an operation. */
  readonly cancel?: ((name: string) => Request | undefined) | undefined
  /** Asks the server to delete the record of an operation. */
  readonly delete?: ((name: string) => Request | undefined) | undefined
  /** Lists operations. */
  readonly list?: List | undefined
  /** The name in the path and the query of a URL, where it is not the path itself: the reverse of `poll`. */
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
  // The ids of operations may have slashes: operations/accessPolicies/1/create/2 is in the collection operations.
  collection: (name) => {
    const segments = name.split("/")
    const index = segments.indexOf("operations")
    return index === -1 || index === segments.length - 1 ? undefined : segments.slice(0, index + 1).join("/")
  },
  request: (collection, { filter, pageSize, pageToken, returnPartialSuccess }) => ({
    ...get(collection),
    query: { filter, pageSize, pageToken, returnPartialSuccess }
  }),
  // What a list has is an operation: any name will do.
  decode: (json) =>
    decodePage(
      json,
      { items: "operations", unreachable: "unreachable" },
      (item) => decodeLongRunning(item, { name: undefined, operationName: /./s })
    )
}

/**
 * `google.longrunning.Operation`: what AIP-151 describes, and the default.
 *
 * What counts as an operation: only `done` ends one. Done with an `error` it is `Failed`, else `Succeeded`, also without
 * a `response`. With an explicit `"done": false` it is `Pending`, also without a name, because some APIs leave the name
 * out. Without `done`, as proto3 JSON leaves out `false`, it is `Pending` only if its `name` is the one asked for or
 * matches the API's pattern, and neither a `status` nor a `kind` shows that it is something else. Everything else is
 * refused, so that it is never polled again: a resource, an error, an empty object, an operation of another dialect.
 *
 * An `"@type"` that is not a string leaves a message without a type; the operation counts.
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
 * // Cloud Storage has these operations at other paths.
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

// A name such as `locations/-` stands for many collections: the names of its operations are not below it.
const namesOne = (collection: string): boolean =>
  !collection.split("/").some((segment) => segment === "-" || segment === "aggregated")

// A list whose items have an id and perhaps a link.
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

// An operation of an organisation or a folder has its parent in the query, and in its name before `locations`.
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
 * Compute Engine's operations, and Deployment Manager's, which have the same form.
 *
 * Names: `projects/p/zones/z/operations/o`, `projects/p/regions/r/operations/o`, `projects/p/global/operations/o`; of an
 * organisation or folder `locations/global/operations/o`, or `organizations/1/locations/global/operations/o` where the
 * request has to name the parent. The name of a new operation comes from its `selfLink`.
 *
 * `status` `DONE` ends an operation. An `error`, or the HTTP status or message of one, makes it `Failed`: the code is that
 * of the first of `error.errors`, or else that of the HTTP status; each of `error.errors` is an `ErrorInfo` with its `code`
 * as `reason`, followed by its `errorDetails` as `ErrorInfo`, `QuotaFailure`, `Help` and `LocalizedMessage`. The whole
 * operation, `progress` and `warnings` included, is the `metadata`; of a success it is the `response`, too, because there
 * is no other. Both have the type `google.cloud.compute.v1.Operation`.
 *
 * The server holds the response to `/wait` for up to two minutes, whatever it is asked for, and may respond at once.
 * Operations of organisations have no `/wait`. No operation can be cancelled. Deployment Manager has neither `/wait` nor a
 * method to delete operations: `methods: { wait: false, delete: false }`.
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
    // Deployment Manager's lists have `operations`.
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
 * Cloud SQL's operations (the Cloud SQL Admin API).
 *
 * Names: `projects/p/operations/o`. `status` `DONE` ends an operation; an `error` makes it `Failed`, with the code of the
 * first of `error.errors`, and an `ErrorInfo` for each of them. The whole operation, `apiWarning` included, is the
 * `metadata`, and the `response` of a success, with the type `google.cloud.sql.v1.Operation`. An operation is cancelled by
 * `/cancel`; none can be deleted.
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
 * The operations of GKE (the Kubernetes Engine API).
 *
 * Names: `projects/p/locations/l/operations/o`, or `zones/z` in the place of `locations/l`, as in older links. `status`
 * `DONE` ends an operation; an `error` (a `google.rpc.Status`) makes it `Failed`, or a `statusMessage` without one. The whole
 * operation, its `progress` included, is the `metadata`, and the `response` of a success, with the type
 * `google.container.v1.Operation`. An operation is cancelled by `:cancel`; none can be deleted. Lists have no pages.
 *
 * A cluster has a `status` as well, such as `RUNNING`; it is refused.
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

// A job's location is in the query of its requests, and in its name.
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
  // An item of a list has its state and its error one level higher.
  state: (raw) => isRecord(raw["status"]) ? raw["status"]["state"] : raw["state"],
  id: (raw) => referenceOf(raw)["jobId"],
  ownName: jobName,
  failure: jobFailure("bigquery.googleapis.com", Codes.bigQuery)
})

/**
 * BigQuery's jobs, as operations.
 *
 * Names: `projects/p/locations/l/jobs/j`, or `projects/p/jobs/j` for a job in the multi-region US or EU; the location goes
 * into the query of a request. `status.state` `DONE` ends a job; an `errorResult` makes it `Failed`, with the code that its
 * `reason` stands for (`stopped`, of a cancelled job, is `CANCELLED`), an `ErrorInfo` for it, and one for each other of
 * `status.errors`. Errors without an `errorResult` are no failure: they are warnings, in the `metadata`. The whole job is the
 * `metadata`, and the `response` of a success, with the type `google.cloud.bigquery.v2.Job`; a query's rows are read by
 * `jobs.getQueryResults`.
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
    // The list has the jobs of all locations.
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
 * Vertex AI, whose publisher models (such as Veo) have operations that no GET finds: they are asked for by a POST to
 * `:fetchPredictOperation` of the model, with the operation's name in the body.
 *
 * All other operations of Vertex AI (`projects/p/locations/l/operations/o`, those below endpoints, models, datasets, …) are
 * as in {@link longRunning}, so one API serves both; `:wait` takes its timeout in the query. The operations of publisher
 * models can neither be waited for on the server, nor cancelled, deleted or listed. Responses read as in
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
