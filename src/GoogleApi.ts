/**
 * Which Google API a service talks to.
 *
 * @since 0.1.0
 */

/**
 * An API that has long-running operations: where it is, its version, and what its operation names look like.
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
}

/**
 * The methods of `google.longrunning.Operations` that an API may leave out (AIP-151).
 *
 * @since 0.2.0
 * @category models
 */
export interface Methods {
  /** Whether the API lists the operations of a collection. */
  readonly list: boolean
  /** Whether an operation can be cancelled (`:cancel`). */
  readonly cancel: boolean
  /** Whether the server can be told that a result is of no more interest. */
  readonly delete: boolean
  /**
   * Whether the server can hold its answer until an operation ends (`:wait`), and where that method takes its `timeout`:
   * most APIs in the body, some (Vertex AI) in the query. There is none in most APIs.
   */
  readonly wait: false | "body" | "query"
}

/**
 * Describes an API. Its operation names default to AIP-151's: a collection named `operations`, wherever it is
 * (`operations/a`, `projects/p/locations/l/operations/a`). It has `list`, `cancel` and `delete`, and no `wait`, unless
 * `methods` says otherwise.
 *
 * A base URL that is none, or one with a query, a fragment or a user name in it, makes every call fail as
 * `InvalidRequest` before anything is sent.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 *
 * const run = GoogleApi.make({
 *   baseUrl: "https://run.googleapis.com",
 *   version: "v2",
 *   operationName: /^projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+$/
 * })
 *
 * // The same API on another server:
 * const local = GoogleApi.make({ ...run, baseUrl: "http://127.0.0.1:8787" })
 * ```
 */
export const make = (options: {
  /** Where the API is served, such as `https://run.googleapis.com`; a path before the version is kept. */
  readonly baseUrl: string
  /** The version that every path begins with, such as `v1`. */
  readonly version: string
  /** What an operation's name must match. Default: a collection named `operations`, wherever it is. */
  readonly operationName?: RegExp | undefined
  /** The methods that differ from the default: `list`, `cancel` and `delete`, no `wait`. */
  readonly methods?: { readonly [K in keyof Methods]?: Methods[K] | undefined } | undefined
}): GoogleApi => ({
  baseUrl: options.baseUrl,
  version: options.version,
  operationName: options.operationName ?? /^(?:.+\/)?operations\/.+$/s,
  methods: {
    list: options.methods?.list ?? true,
    cancel: options.methods?.cancel ?? true,
    delete: options.methods?.delete ?? true,
    wait: options.methods?.wait ?? false
  }
})

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
