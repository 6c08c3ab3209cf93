/**
 * Finds the operation method that a request calls: the method for which the API's dialect would send the same request.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import type * as Dialect from "../../Dialect.js"
import * as GoogleApi from "../../GoogleApi.js"
import { matches } from "../dialect/names.js"
import { sameValue } from "../values.js"
import { hasNamesInRequests } from "./forms.js"
import { decodeSegments } from "./path.js"
import { isOperationCollection } from "./script.js"

/** @internal */
export interface OperationRequest {
  readonly method: "get" | "wait" | "cancel" | "delete"
  readonly name: string
  /** How long the response may be delayed if the request contains no timeout, in seconds. */
  readonly holdSeconds?: number | undefined
}

/** @internal */
export interface ListRequest {
  readonly method: "list"
  readonly name: string
}

/** @internal */
export interface Sent {
  /** The HTTP method. */
  readonly method: string
  /** The percent-encoded path after the version, without its leading slash. */
  readonly path: string
  readonly query: URLSearchParams
  /** The parsed JSON body. */
  readonly body: unknown
}

interface Reading {
  readonly resource: string
  readonly suffix: string
}

// Clients may send a colon in a name unencoded, so only the final colon can begin a suffix.
const suffixes = [/$/, /:[^:/]*$/, /\/[^/]*$/]

// Returns the possible ways to split a path into a resource and a suffix.
const readingsOf = (path: string): Either.Either<ReadonlyArray<Reading>, string> =>
  Either.all(suffixes.flatMap((pattern) => {
    const suffix = pattern.exec(path)?.[0]
    return suffix === undefined
      ? []
      : [Either.map(decodeSegments(path.slice(0, path.length - suffix.length)), (resource) => ({ resource, suffix }))]
  }))

const hasQuery = ({ query = {} }: Dialect.Request, sent: URLSearchParams): boolean =>
  Object.entries(query).every(([name, value]) => value === undefined || sent.get(name) === String(value))

const hasBody = ({ body }: Dialect.Request, sent: unknown): boolean =>
  !isRecord(body) || Object.entries(body).every(([name, value]) => isRecord(sent) && sameValue(sent[name], value))

const isPath = (request: Dialect.Request, sent: Sent, { resource, suffix }: Reading): boolean =>
  request.method === sent.method && request.resource === resource && (request.suffix ?? "") === suffix

// Returns the method that the request calls for an operation with this name. The timeout of a `:wait` request is not
// compared.
const methodOf = (
  api: GoogleApi.GoogleApi,
  name: string,
  sent: Sent,
  reading: Reading
): OperationRequest | undefined => {
  const isFor = (request: Dialect.Request | undefined): boolean =>
    request !== undefined && isPath(request, sent, reading) && hasQuery(request, sent.query) &&
    hasBody(request, sent.body)
  if (isFor(api.dialect.poll(name))) return { method: "get", name }
  if (isFor(GoogleApi.cancelRequest(api, name))) return { method: "cancel", name }
  if (isFor(GoogleApi.deleteRequest(api, name))) return { method: "delete", name }
  const wait = GoogleApi.waitRequest(api, name, 1)
  return wait !== undefined && isPath(wait, sent, reading)
    ? { method: "wait", name, holdSeconds: api.methods.wait === "fixed" ? wait.holdSeconds : undefined }
    : undefined
}

const nameIn = ({ dialect }: GoogleApi.GoogleApi, { query }: Sent, { resource }: Reading): string =>
  dialect.nameFromPath?.(resource, query) ?? resource

// Returns the names that a request may contain, in its path and query or in its body.
const namesIn = (api: GoogleApi.GoogleApi, sent: Sent, reading: Reading): ReadonlyArray<string> =>
  [nameIn(api, sent, reading), ...(isRecord(sent.body) ? Object.values(sent.body) : [])]
    .filter((name): name is string => typeof name === "string" && matches(api.operationName, name))

/**
 * Returns the operation method that a request calls. Returns `undefined` if the request calls another method. `names`
 * returns the names of the existing operations. If the path cannot be decoded, returns a `Left` with the reason.
 *
 * @internal
 */
export const operationOf = (
  api: GoogleApi.GoogleApi,
  sent: Sent,
  names: () => Iterable<string>
): Either.Either<OperationRequest | ListRequest | undefined, string> =>
  Either.map(readingsOf(sent.path), (readings) => {
    for (const reading of readings) {
      for (const name of namesIn(api, sent, reading)) {
        const found = methodOf(api, name, sent, reading)
        if (found !== undefined) return found
      }
    }
    // A custom dialect's paths may not contain operation names, so all existing operations are tried.
    for (const name of hasNamesInRequests(api.dialect) ? [] : names()) {
      for (const reading of readings) {
        const found = methodOf(api, name, sent, reading)
        if (found !== undefined) return found
      }
    }
    const [whole] = readings
    const isCollection = whole !== undefined && sent.method === "GET" && GoogleApi.listOf(api) !== undefined &&
      !/^\/|\/$/.test(whole.resource) &&
      (isOperationCollection(whole.resource) || matches(api.operationName, `${nameIn(api, sent, whole)}/-`))
    return isCollection ? { method: "list", name: whole.resource } : undefined
  })

/**
 * Returns an operation's place in lists: its resource, and the query parameters that a list request must contain to
 * include it.
 *
 * @internal
 */
export const placeOf = (
  api: GoogleApi.GoogleApi,
  name: string
): { readonly resource: string; readonly query: Dialect.Request["query"] } => {
  const { resource } = api.dialect.poll(name)
  const list = GoogleApi.listOf(api)
  const collection = list?.collection(name)
  return { resource, query: collection === undefined ? undefined : list?.request(collection, {}).query }
}

/**
 * Returns whether a request contains the query parameters that a place requires.
 *
 * @internal
 */
export const isInQuery = (query: Dialect.Request["query"], sent: URLSearchParams): boolean =>
  query === undefined ||
  Object.entries(query).every(([name, value]) => value === undefined || sent.get(name) === String(value))
