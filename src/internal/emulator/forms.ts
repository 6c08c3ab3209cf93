/**
 * Encodes operations and list pages in the format of each dialect, as the inverse of the dialect decoders.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import * as Code from "../../Code.js"
import * as Dialect from "../../Dialect.js"
import type * as GoogleApi from "../../GoogleApi.js"
import { listOf } from "../../GoogleApi.js"
import * as Operation from "../../Operation.js"
import type * as ProtobufAny from "../../ProtobufAny.js"
import { builtIn } from "../dialect/builtIn.js"
import * as Codes from "../dialect/codes.js"
import { lastSegment } from "../dialect/names.js"
import { json, type Reply } from "./reply.js"
import type { Step } from "./script.js"

/** @internal */
export type State = Extract<Step, { readonly type: "pending" | "succeeded" | "failed" }>

/**
 * An operation to encode.
 *
 * @internal
 */
export interface Written {
  readonly name: string
  readonly state: State
  /** Returns the URL of the operation resource. */
  readonly selfLink: () => string
}

/**
 * A list page to encode.
 *
 * @internal
 */
interface WrittenPage {
  /** The collection that the request lists. */
  readonly collection: string
  readonly operations: ReadonlyArray<Written>
  readonly nextPageToken: string | undefined
  readonly unreachable: ReadonlyArray<string> | undefined
}

/**
 * Encodes operations for a dialect.
 *
 * @internal
 */
export interface Form {
  readonly operation: (operation: Written) => unknown
  /** Encodes the response to a cancel request. Default: an empty message. */
  readonly cancelled?: ((operation: Written) => unknown) | undefined
  /** The response to a delete request. */
  readonly deleted: Reply
  /** The error format for requests that do not select one. */
  readonly errorFormat: "1" | null
  /** Generates the final segment of an operation name, for a start request that does not specify a name. */
  readonly id: (serial: number) => string
  /**
   * Returns the operation name that the request body specifies, if any, for a start request that does not specify a
   * name.
   */
  readonly named?: ((project: string | undefined, body: unknown, id: string) => string | undefined) | undefined
  /** The name of the collection of operations under a resource. */
  readonly collection: "operations" | "jobs"
  /** Whether operations can contain separate metadata and a separate response, as in `google.longrunning.Operation`. */
  readonly isLongRunning: boolean
}

/**
 * Encodes lists for a dialect.
 *
 * @internal
 */
export interface ListForm {
  /** The query parameter for the page size. It is `undefined` if lists are not paginated. */
  readonly pageSize: string | undefined
  /**
   * The maximum page size. Larger page sizes are rejected. Default: larger page sizes are reduced to the emulator's
   * maximum.
   */
  readonly refusedAbove?: number | undefined
  /** Whether unreachable locations are omitted even if the request does not set `returnPartialSuccess`. */
  readonly isPartial: boolean
  readonly page: (page: WrittenPage, form: Form) => unknown
}

type Fields = { readonly [field: string]: unknown }
type Any = ProtobufAny.ProtobufAny
type Failed = Extract<State, { readonly type: "failed" }>

const empty = json(200, {})
const noContent: Reply = { status: 204, headers: {}, body: "" }

// ---------------------------------------------------------------------------------------------------------------------
// google.longrunning.Operation
// ---------------------------------------------------------------------------------------------------------------------

const longRunningOperation = ({ name, state }: Written): unknown => {
  const { metadata } = state
  switch (state.type) {
    case "pending":
      return { name, metadata }
    case "succeeded":
      return { name, metadata, done: true, response: state.response }
    case "failed":
      return { name, metadata, done: true, error: state.error }
  }
}

// ProtoJSON omits empty values.
const orNone = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> | undefined => items.length === 0 ? undefined : items

const longRunning: Form = {
  operation: longRunningOperation,
  deleted: empty,
  errorFormat: null,
  id: String,
  collection: "operations",
  isLongRunning: true
}

// ---------------------------------------------------------------------------------------------------------------------
// Operations with a state field
// ---------------------------------------------------------------------------------------------------------------------

const typeOf = ({ "@type": type }: Any): string => typeof type === "string" ? lastSegment(type) : ""

const fieldsOf = ({ "@type": _, ...fields }: Any): Fields => fields

// These APIs have no separate metadata or response. The operation itself contains the fields of both.
const ownFields = (state: State): Fields => ({
  ...fieldsOf(state.metadata ?? {}),
  ...(state.type === "succeeded" ? fieldsOf(state.response ?? {}) : undefined)
})

// A pending operation may have a state other than RUNNING, such as PENDING. Only the script decides when the operation
// is done.
const stateText = (state: State, own: unknown): string =>
  state.type !== "pending" ? "DONE" : typeof own === "string" && own !== "DONE" ? own : "RUNNING"

// Returns the reasons of all ErrorInfo details with this domain.
const reasonsOf = ({ error }: Failed, domain: string): ReadonlyArray<string> =>
  (error.details ?? []).flatMap(({ domain: own, reason, ...detail }) =>
    typeOf(detail) === "google.rpc.ErrorInfo" && own === domain && typeof reason === "string" ? [reason] : []
  )

// Encodes a standard message as an entry of Compute Engine's `errorDetails`, in the field for that message.
const errorDetail = (detail: Any): Fields => {
  const { metadata, ...fields } = fieldsOf(detail)
  const type = typeOf(detail)
  if (type === "google.rpc.ErrorInfo") return { errorInfo: { ...fields, metadatas: metadata } }
  if (type === "google.rpc.QuotaFailure") {
    const { violations } = fields
    const violation: unknown = Array.isArray(violations) ? violations[0] : undefined
    const { futureQuotaValue, quotaDimensions, quotaId, quotaMetric, quotaValue } = isRecord(violation) ? violation : {}
    return {
      quotaInfo: {
        metricName: quotaMetric,
        limitName: quotaId,
        dimensions: quotaDimensions,
        limit: quotaValue === undefined ? undefined : Number(quotaValue),
        futureLimit: futureQuotaValue === undefined ? undefined : Number(futureQuotaValue)
      }
    }
  }
  const [first = "", ...rest] = type.slice(type.lastIndexOf(".") + 1)
  return { [`${first.toLowerCase()}${rest.join("")}`]: fieldsOf(detail) }
}

// `error.errors` contains one item for each reason in the API's own domain. If there is no such reason, it contains one
// item with the google.rpc.Code name. The first item also contains the message and the other details.
const errorsOf = (failed: Failed, domain: string): ReadonlyArray<Fields> => {
  const { code, details = [], message } = failed.error
  const [first = Code.fromNumber(code), ...others] = reasonsOf(failed, domain)
  const more = details.filter((detail) => !(typeOf(detail) === "google.rpc.ErrorInfo" && detail["domain"] === domain))
  return [
    { code: first, message, errorDetails: orNone(more.map(errorDetail)) },
    ...others.map((code) => ({ code }))
  ]
}

const scopeOf = (selfLink: string): Fields => {
  const [, link, scope] = /^(.*\/(zones|regions)\/[^/]+)\/operations\//.exec(selfLink) ?? []
  return scope === undefined ? {} : { [scope.slice(0, -1)]: link }
}

const compute: Form = {
  operation: ({ name, selfLink, state }) => {
    const own = ownFields(state)
    const httpStatus = state.type === "failed" ? Code.toHttpStatus(Code.fromNumber(state.error.code)) : undefined
    return {
      ...own,
      ...scopeOf(selfLink()),
      kind: "compute#operation",
      name: lastSegment(name),
      selfLink: selfLink(),
      status: stateText(state, own["status"]),
      ...(state.type === "failed"
        ? {
          error: { errors: errorsOf(state, "compute.googleapis.com") },
          httpErrorStatusCode: httpStatus,
          httpErrorMessage: Code.fromNumber(state.error.code).replaceAll("_", " ")
        }
        : undefined)
    }
  },
  deleted: noContent,
  errorFormat: "1",
  id: (serial) => `operation-${serial}`,
  collection: "operations",
  isLongRunning: false
}

const sqlAdmin: Form = {
  operation: ({ name, selfLink, state }) => {
    const own = ownFields(state)
    return {
      ...own,
      kind: "sql#operation",
      name: lastSegment(name),
      selfLink: selfLink(),
      status: stateText(state, own["status"]),
      ...(state.type === "failed"
        ? {
          error: {
            kind: "sql#operationErrors",
            errors: errorsOf(state, "sqladmin.googleapis.com").map((error) => ({
              kind: "sql#operationError",
              ...error
            }))
          }
        }
        : undefined)
    }
  },
  deleted: empty,
  errorFormat: "1",
  id: (serial) => `operation-${serial}`,
  collection: "operations",
  isLongRunning: false
}

const container: Form = {
  operation: ({ name, selfLink, state }) => {
    const { kind: _, ...own } = ownFields(state)
    return {
      operationType: "TYPE_UNSPECIFIED",
      ...own,
      name: lastSegment(name),
      selfLink: selfLink(),
      status: stateText(state, own["status"]),
      ...(state.type === "failed" ? { error: state.error, statusMessage: state.error.message } : undefined)
    }
  },
  deleted: empty,
  errorFormat: null,
  id: (serial) => `operation-${serial}`,
  collection: "operations",
  isLongRunning: false
}

// ---------------------------------------------------------------------------------------------------------------------
// BigQuery jobs
// ---------------------------------------------------------------------------------------------------------------------

const bigQueryReasons: ReadonlyMap<Code.Code, string> = new Map(
  [...Codes.bigQuery].toReversed().map(([reason, code]) => [code, reason])
)

const jobErrors = (failed: Failed): ReadonlyArray<Fields> => {
  const code = Code.fromNumber(failed.error.code)
  const [first = bigQueryReasons.get(code) ?? code, ...others] = reasonsOf(failed, "bigquery.googleapis.com")
  return [{ reason: first, message: failed.error.message }, ...others.map((reason) => ({ reason }))]
}

const jobState = (state: State): Fields => {
  const own = ownFields(state)["status"]
  const status = isRecord(own) ? own : {}
  const errors = state.type === "failed" ? jobErrors(state) : undefined
  return {
    ...status,
    state: stateText(state, status["state"]),
    ...(errors === undefined ? undefined : { errorResult: errors[0], errors })
  }
}

const job = ({ name, selfLink, state }: Written): Fields => {
  const [, projectId = "", location, jobId = ""] = /^projects\/([^/]+)\/(?:locations\/([^/]+)\/)?jobs\/([^/]+)$/
    .exec(name) ?? []
  return {
    ...ownFields(state),
    kind: "bigquery#job",
    id: location === undefined ? `${projectId}:${jobId}` : `${projectId}:${location}.${jobId}`,
    selfLink: selfLink(),
    jobReference: { projectId, jobId, location },
    status: jobState(state)
  }
}

const bigQuery: Form = {
  operation: job,
  cancelled: (operation) => ({ kind: "bigquery#jobCancelResponse", job: job(operation) }),
  deleted: noContent,
  errorFormat: "1",
  id: (serial) => `job_${serial}`,
  named: (project, body, id) => {
    const reference = isRecord(body) && isRecord(body["jobReference"]) ? body["jobReference"] : {}
    const { jobId = id, location } = reference
    return project === undefined || typeof jobId !== "string"
      ? undefined
      : `${project}/${typeof location === "string" ? `locations/${location}/` : ""}jobs/${jobId}`
  },
  collection: "jobs",
  isLongRunning: false
}

// ---------------------------------------------------------------------------------------------------------------------
// Lists
// ---------------------------------------------------------------------------------------------------------------------

// Groups a project's operations in all scopes by the zone or region of each operation.
const byScope = (operations: ReadonlyArray<Written>): Fields => {
  const scopes = new Map<string, Array<unknown>>()
  for (const operation of operations) {
    const scope = /^projects\/[^/]+\/(.+)\/operations\//.exec(operation.name)?.[1] ?? ""
    scopes.set(scope, [...scopes.get(scope) ?? [], compute.operation(operation)])
  }
  return Object.fromEntries([...scopes].map(([scope, operations]) => [scope, { operations }]))
}

const computeList: ListForm = {
  pageSize: "maxResults",
  refusedAbove: 500,
  isPartial: false,
  page: ({ collection, nextPageToken, operations, unreachable }) =>
    isAggregated(collection)
      ? {
        kind: "compute#operationAggregatedList",
        items: byScope(operations),
        nextPageToken,
        unreachables: unreachable
      }
      : {
        kind: "compute#operationList",
        items: orNone(operations.map(compute.operation)),
        nextPageToken,
        unreachables: unreachable
      }
}

const listForms: ReadonlyMap<Dialect.List["decode"] | undefined, ListForm> = new Map([
  [Dialect.longRunning.list?.decode, {
    pageSize: "pageSize",
    isPartial: false,
    page: ({ nextPageToken, operations, unreachable }, form) => ({
      operations: orNone(operations.map(form.operation)),
      nextPageToken,
      unreachable
    })
  }],
  [Dialect.compute.list?.decode, computeList],
  [Dialect.sqlAdmin.list?.decode, {
    pageSize: "maxResults",
    isPartial: true,
    page: ({ nextPageToken, operations, unreachable }) => ({
      kind: "sql#operationsList",
      items: orNone(operations.map(sqlAdmin.operation)),
      nextPageToken,
      unreachable
    })
  }],
  [Dialect.container.list?.decode, {
    pageSize: undefined,
    isPartial: true,
    page: ({ operations, unreachable }) => ({
      operations: orNone(operations.map(container.operation)),
      missingZones: unreachable
    })
  }],
  [Dialect.bigQuery.list?.decode, {
    pageSize: "maxResults",
    isPartial: true,
    page: ({ nextPageToken, operations, unreachable }) => ({
      kind: "bigquery#jobList",
      // In list items, the state and the error are one level higher.
      jobs: orNone(operations.map((operation) => {
        const { errorResult, state } = jobState(operation.state)
        return { ...job(operation), state, errorResult }
      })),
      nextPageToken,
      unreachable
    })
  }]
])

/**
 * Returns whether a collection contains a project's operations in all scopes.
 *
 * @internal
 */
export const isAggregated = (collection: string): boolean =>
  /^projects\/[^/]+\/aggregated\/operations$/.test(collection)

// ---------------------------------------------------------------------------------------------------------------------
// API formats
// ---------------------------------------------------------------------------------------------------------------------

// The formats by decoder, so that a custom dialect that changes only paths keeps its format.
const forms: ReadonlyMap<Dialect.Dialect["decode"], Form> = new Map([
  [Dialect.longRunning.decode, longRunning],
  [Dialect.compute.decode, compute],
  [Dialect.sqlAdmin.decode, sqlAdmin],
  [Dialect.container.decode, container],
  [Dialect.bigQuery.decode, bigQuery]
])

const polls: ReadonlySet<Dialect.Dialect["poll"]> = new Set(Object.values(builtIn).map(({ poll }) => poll))

/**
 * Returns whether operation names can be read from a dialect's requests.
 *
 * @internal
 */
export const hasNamesInRequests = ({ poll }: Dialect.Dialect): boolean => polls.has(poll)

/** @internal */
export type Encode = (operation: Operation.Operation) => unknown

/** @internal */
export type EncodeList = (page: {
  readonly operations: ReadonlyArray<Operation.Operation>
  readonly nextPageToken: string
  readonly unreachable: ReadonlyArray<string>
}) => unknown

const toOperation = (operation: Written): Operation.Operation =>
  Either.getOrThrowWith(
    Operation.read(longRunningOperation(operation)),
    (problem) => new Error(`Operation ${operation.name} of the script cannot be read: ${problem}`)
  )

const notWritten = ({ name }: Dialect.Dialect, what: string, option: string): RangeError =>
  new RangeError(
    `${option}: Expected a function, because the dialect ${
      JSON.stringify(name)
    } of the api reads ${what} by a function of ` +
      `its own, and the emulator does not know how to write them. Pass ${option}, or a dialect of Dialect`
  )

/**
 * Returns the format in which an emulator encodes an API's operations. Throws a `RangeError` if the format is unknown.
 *
 * @internal
 */
export const formOf = ({ dialect }: GoogleApi.GoogleApi, encode: Encode | undefined): Form => {
  const known = forms.get(dialect.decode)
  if (encode !== undefined) {
    return { ...longRunning, ...known, isLongRunning: false, operation: (written) => encode(toOperation(written)) }
  }
  if (known === undefined) throw notWritten(dialect, "operations", "encode")
  return known
}

/**
 * Returns the format in which an emulator encodes an API's lists. Returns `undefined` if the API has no list method.
 * Throws a `RangeError` if the format is unknown.
 *
 * @internal
 */
export const listFormOf = (api: GoogleApi.GoogleApi, encodeList: EncodeList | undefined): ListForm | undefined => {
  const list = listOf(api)
  if (list === undefined) return undefined
  const known = listForms.get(list.decode)
  if (encodeList !== undefined) {
    return {
      pageSize: "pageSize",
      isPartial: false,
      ...known,
      page: ({ nextPageToken = "", operations, unreachable = [] }) =>
        encodeList({ operations: operations.map(toOperation), nextPageToken, unreachable })
    }
  }
  if (known === undefined) throw notWritten(api.dialect, "lists", "encodeList")
  return known
}
