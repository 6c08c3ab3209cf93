/**
 * Derives the entries of the catalog from the methods and schemas of an API: the collections of its operations, the
 * patterns of their names, the methods for them, and their dialect.
 */
import * as Array from "effect/Array"
import { collectionsOf } from "../../src/internal/namePattern.js"
import type { Api, Method, Schema } from "./package.js"

/** The names of the dialects in `src/Dialect.ts`. */
type Dialect = "longRunning" | "compute" | "sqlAdmin" | "container" | "bigQuery" | "predict"

/** The operations of one version of an API. */
export interface Entry {
  readonly name: string
  readonly version: string
  readonly dialect: Dialect
  /** `run.googleapis.com` */
  readonly host: string
  /** The path before the version, such as `/compute`. It can be empty. */
  readonly basePath: string
  /** The part of the path between `basePath` and the name: `v2`, `v1/admin`. */
  readonly versionPath: string
  /** The patterns of the names, in the form of `wildcards`. */
  readonly operationNames: ReadonlyArray<string>
  /** The patterns of the collections that can be listed. */
  readonly collections: ReadonlyArray<string>
  readonly cancel: boolean
  readonly delete: boolean
  /** The place of the timeout in the request to wait, if the API has one. */
  readonly wait: false | "body" | "query" | "fixed"
  /** URLs of operations with their names, for the tests. */
  readonly examples: ReadonlyArray<Example>
  /** Paths of other resources of the API, for the tests. */
  readonly others: ReadonlyArray<string>
  /** The methods that only some of the operations have. */
  readonly remarks: ReadonlyArray<string>
}

interface Example {
  readonly url: string
  readonly name: string
}

/** An API whose operations are not in the catalog, with the reason. */
interface LeftOut {
  readonly name: string
  readonly version: string
  readonly reason: string
}

// ---------------------------------------------------------------------------------------------------------------------
// Dialects
// ---------------------------------------------------------------------------------------------------------------------

// The properties of a schema that only one kind of operation has.
const shapes: ReadonlyArray<readonly [Exclude<Dialect, "predict">, ReadonlyArray<string>]> = [
  ["longRunning", ["done", "error", "metadata", "name", "response"]],
  ["compute", ["httpErrorMessage", "httpErrorStatusCode", "operationType", "selfLink", "status", "warnings"]],
  ["sqlAdmin", ["error", "operationType", "selfLink", "status", "targetProject"]],
  ["container", ["error", "nodepoolConditions", "operationType", "selfLink", "status"]],
  ["bigQuery", ["configuration", "jobReference", "statistics", "status"]]
]

const dialectOf = (schema: Schema | undefined): Exclude<Dialect, "predict"> | undefined =>
  schema === undefined
    ? undefined
    : shapes.find(([, properties]) => properties.every((property) => Object.hasOwn(schema, property)))?.[0]

/** The text after the path of an operation in the requests of a dialect. */
const suffixes: Readonly<
  Record<Dialect, { readonly cancel?: string; readonly delete?: string; readonly wait?: string }>
> = {
  longRunning: { cancel: ":cancel", delete: "", wait: ":wait" },
  predict: { cancel: ":cancel", delete: "", wait: ":wait" },
  compute: { delete: "", wait: "/wait" },
  sqlAdmin: { cancel: "/cancel" },
  container: { cancel: ":cancel" },
  bigQuery: { cancel: "/cancel", delete: "/delete" }
}

const predictSuffix = ":fetchPredictOperation"

// The requests for some operations have a query parameter. In their dialects, it is a part of the name.
const withQuery = (name: string, parameters: ReadonlyArray<string>): ReadonlyArray<string> => [
  name,
  ...parameters.includes("parentId") ? [`folders/*/${name}`, `organizations/*/${name}`] : [],
  ...parameters.includes("location") ? [name.replace("/jobs/", "/locations/*/jobs/")] : []
]

// The APIs that are left out for a reason that is not in a schema.
const unusable = (name: string): string | undefined =>
  name === "storage"
    ? "the names in the operations (projects/_/buckets/*/operations/*) are not the paths that read them"
    : undefined

// ---------------------------------------------------------------------------------------------------------------------
// Paths
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Writes a sample value as a pattern: `*` is a segment, `**` one or more.
 *
 * In the package's samples, `projects/my-project` stands for each `projects/[^/]+` of the pattern in the discovery
 * document. The rest of the pattern is unchanged.
 */
const wildcards = (sample: string): string =>
  sample
    .replaceAll(/(\w+)s\/my-\1(?=\/|$)/g, "$1s/*")
    .replaceAll(/\[\^\/\]\+|\[0-9\]\{0,20\}/g, "*")
    .replaceAll(".*", "**")

/** Writes a sample value as a name that matches it. */
const instance = (sample: string): string =>
  sample
    .replaceAll(/\[\^\/\]\+|\[0-9\]\{0,20\}/g, "123")
    .replaceAll(".*", "some/123")

// A path with its parameters filled in, as a pattern (/v2/projects/*/operations/*) and as an example of it.
interface Path {
  readonly pattern: string
  readonly example: string
}

// A few versions of APIs have no samples. Then the pattern comes from the resource of the method: it has a segment for
// each collection. The names of operations without a parent can have any number of segments.
const sampleOf = ({ resource, sample }: Method, parameter: string, rest: string): string | undefined => {
  if (sample[parameter] !== undefined || resource.at(-1) !== "operations") return sample[parameter]
  if (resource.length === 1) return rest === "" || rest.startsWith(":") ? "operations/.*" : undefined
  return /^(?:projects|folders|organizations)$/.test(resource[0] ?? "")
    ? resource.map((collection) => `${collection}/[^/]+`).join("/").replace(
      /\/operations\/\[\^\/\]\+$/,
      (end) => rest === "/operations" ? "" : end
    )
    : undefined
}

// `{+name}` is any number of segments, with the pattern of its sample. `{project}` is one segment.
const pathOf = (method: Method): Path | undefined => {
  const parts = method.path.split(/\{(\+?)([^}]+)\}/)
  let pattern = parts[0] ?? ""
  let example = pattern
  for (let index = 1; index < parts.length; index += 3) {
    const [reserved, parameter = "", rest = ""] = parts.slice(index)
    const sample = reserved === "+" ? sampleOf(method, parameter, rest) : undefined
    if (reserved === "+" && sample === undefined) return undefined
    pattern += `${sample === undefined ? "*" : wildcards(sample)}${rest}`
    example += `${sample === undefined ? `my-${parameter}` : instance(sample)}${rest}`
  }
  return { pattern, example }
}

/** The part of the paths of an API that is before a name. */
interface Prefix {
  readonly basePath: string
  readonly versionPath: string
}

// A name is the part of the path after the version. But if the path of a `google.longrunning` operation has only one
// parameter, it is the `name` of the operation, and the whole path before it is the prefix: `/v1/admin/{+name}`.
const prefixOf = (path: string, version: string, dialect: Dialect): Prefix => {
  const segments = path.split("/")
  const start = segments.findIndex((segment) => segment === version || /^v\d/.test(segment))
  if (start === -1) throw new Error(`${path} has no version`)
  const parameters = segments.filter((segment) => segment.startsWith("{"))
  const end = dialect === "longRunning" && parameters.length === 1
    ? segments.findIndex((segment) => segment.startsWith("{"))
    : start + 1
  return { basePath: segments.slice(0, start).join("/"), versionPath: segments.slice(start, end).join("/") }
}

const textOf = ({ basePath, versionPath }: Prefix): string => `${basePath}/${versionPath}/`

// ---------------------------------------------------------------------------------------------------------------------
// Operations
// ---------------------------------------------------------------------------------------------------------------------

const isOperation = (api: Api, schema: string): boolean => dialectOf(api.schemas.get(schema)) !== undefined

/** A method that reads an operation. */
interface Reader extends Path {
  readonly dialect: Dialect
  readonly rootUrl: string
  readonly prefix: Prefix
  readonly parameters: ReadonlyArray<string>
}

// Only `:fetchPredictOperation` reads the operations of publisher models.
const isPredict = ({ path, resource }: Method): boolean =>
  path.endsWith(predictSuffix) && resource.includes("publishers")

const isReader = (method: Method): boolean =>
  (method.httpMethod === "GET" && method.path.endsWith("}")) || isPredict(method)

const readerOf = (api: Api, method: Method): Reader | "no operation" | "no name" => {
  const { parameters, path, response = "", rootUrl } = method
  const dialect = dialectOf(api.schemas.get(response))
  if (dialect === undefined || !isReader(method)) return "no operation"
  const filled = pathOf(method)
  if (filled === undefined) return "no name"
  const reader = { rootUrl, parameters, prefix: prefixOf(path, api.version, dialect) }
  return isPredict(method)
    ? {
      ...reader,
      dialect: "predict",
      pattern: filled.pattern.replace(predictSuffix, "/operations/*"),
      example: filled.example.replace(predictSuffix, "/operations/my-operation")
    }
    : { ...reader, ...filled, dialect }
}

const unique = <A extends string>(texts: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(texts)].sort()

/** The value that all of them have. */
const single = <A extends string>(api: Api, values: ReadonlyArray<A>): A | undefined => {
  const [value, ...others] = unique(values)
  if (others.length > 0) throw new Error(`${api.name} ${api.version} has both ${value} and ${others.join()}`)
  return value
}

/** A request to a path below the prefix, with the rest of the path as a pattern and as an example. */
interface Request {
  readonly method: Method
  readonly name: string
  readonly example: string
}

const requestsBelow = (api: Api, prefix: string): ReadonlyArray<Request> =>
  api.methods.flatMap((method) => {
    const { example, pattern } = pathOf(method) ?? { example: "", pattern: "" }
    return pattern.startsWith(prefix)
      ? [{ method, name: pattern.slice(prefix.length), example: example.slice(prefix.length) }]
      : []
  })

const timeoutOf = (api: Api, { parameters, request = "" }: Method): "query" | "body" | "fixed" =>
  parameters.includes("timeout")
    ? "query"
    : Object.hasOwn(api.schemas.get(request) ?? {}, "timeout")
    ? "body"
    : "fixed"

const listsOperations = (api: Api, { response = "" }: Method): boolean =>
  Object.values(api.schemas.get(response) ?? {}).some((type) => {
    const item = /^Schema\$(\w+)\[\]/.exec(type)?.[1]
    return item !== undefined && isOperation(api, item)
  })

const entryOf = (api: Api, readers: Array.NonEmptyReadonlyArray<Reader>): Entry => {
  const isPredictApi = readers.some(({ dialect }) => dialect === "predict")
  const dialect = isPredictApi ? "predict" : single(api, readers.map((reader) => reader.dialect)) ?? "longRunning"

  // If two paths read the same operation (`/v1/{+name}`, `/v1/operations/{+name}`), the shorter one is used.
  const prefix = readers.map((reader) => reader.prefix).reduce((a, b) => textOf(b).length < textOf(a).length ? b : a)
  const start = textOf(prefix)
  const own = readers.filter((reader) => textOf(reader.prefix) === start)
  const names = unique(own.map(({ pattern }) => pattern.slice(start.length)))
  for (const reader of readers) {
    const name = reader.pattern.slice(textOf(reader.prefix).length)
    if (!names.includes(name) || !/^[\w*/]+$/.test(name)) {
      throw new Error(`${api.name} ${api.version}: cannot describe the operations at ${reader.pattern}`)
    }
  }

  const requests = requestsBelow(api, start)
  const onOperations = (httpMethod: string, suffix: string | undefined): ReadonlyArray<Request> =>
    requests.filter(({ method, name }) =>
      method.httpMethod === httpMethod && /(?:operations|^jobs)$/i.test(method.resource.at(-1) ?? "") &&
      names.some((operation) => name === `${operation}${suffix}`)
    )
  const cancels = onOperations("POST", suffixes[dialect].cancel)
  const deletes = onOperations("DELETE", suffixes[dialect].delete)
  const waits = onOperations("POST", suffixes[dialect].wait)
  const parents = collectionsOf(names)
  const lists = unique(
    requests.flatMap(({ method, name }) =>
      method.httpMethod === "GET" && /\w$/.test(name) && !name.includes(":") &&
        (parents.includes(name) || listsOperations(api, method))
        ? [name]
        : []
    )
  )

  const remark = (method: string, count: number, all: ReadonlyArray<string>): ReadonlyArray<string> =>
    count === 0 || count >= all.length ? [] : [`${method} ${count} of ${all.length}`]
  return {
    name: api.name,
    version: api.version,
    dialect,
    host: new URL(readers[0].rootUrl).hostname,
    ...prefix,
    operationNames: unique(
      own.flatMap(({ parameters, pattern }) => withQuery(pattern.slice(start.length), parameters))
    ),
    collections: lists,
    cancel: cancels.length > 0,
    delete: deletes.length > 0,
    wait: single(api, waits.map(({ method }) => timeoutOf(api, method))) ?? false,
    examples: own.map(({ example, rootUrl }) => ({ url: `${rootUrl}${example}`, name: example.slice(start.length) })),
    others: unique(
      requests.flatMap(({ example, method, name }) => isReader(method) && !names.includes(name) ? [example] : [])
    ).slice(0, 3),
    remarks: [
      ...remark("cancel", cancels.length, names),
      ...remark("delete", deletes.length, names),
      ...remark("wait", waits.length, names),
      ...remark("list", parents.filter((collection) => lists.includes(collection)).length, parents)
    ]
  }
}

// The reason why an API that returns operations has no entry. Undefined if it returns none.
const reasonOf = (api: Api, isNameless: boolean): string | undefined => {
  if (isNameless) return "the samples do not say what a name looks like"
  const responses = unique(api.methods.flatMap(({ response }) => response ?? []))
  if (responses.some((response) => isOperation(api, response))) return "no method reads an operation"
  const other = responses.find((response) => /^(?:.*_)?Operation$/.test(response))
  return other === undefined
    ? undefined
    : `no dialect has an operation of ${Object.keys(api.schemas.get(other) ?? {}).join(", ")}`
}

/** The operations of all APIs, and the APIs without an entry. */
export interface Catalog {
  readonly entries: ReadonlyArray<Entry>
  readonly leftOut: ReadonlyArray<LeftOut>
}

const operationsOf = (api: Api): Catalog => {
  const { name, version } = api
  const found = api.methods.map((method) => readerOf(api, method))
  const readers = found.filter((reader) => typeof reader !== "string")
  const isNameless = found.includes("no name")
  if (readers.length > 0 && isNameless) {
    throw new Error(`${name} ${version}: only some samples have the pattern of a name`)
  }
  const reason = unusable(name) ?? (Array.isNonEmptyReadonlyArray(readers) ? undefined : reasonOf(api, isNameless))
  return {
    entries: reason === undefined && Array.isNonEmptyReadonlyArray(readers) ? [entryOf(api, readers)] : [],
    leftOut: reason === undefined ? [] : [{ name, version, reason }]
  }
}

// If the package has an API twice, the catalog has the one with the name of its host.
const withoutAliases = ({ entries, leftOut }: Catalog): Catalog => {
  const same = (one: Entry, other: Entry): boolean =>
    one.name !== other.name && one.version === other.version && one.host === other.host &&
    one.basePath === other.basePath && one.versionPath === other.versionPath
  const named = (entry: Entry): boolean => entry.host.startsWith(`${entry.name}.`)
  const [aliases, kept] = Array.partition(
    entries,
    (entry) => named(entry) || !entries.some((other) => same(entry, other) && named(other))
  )
  return {
    entries: kept,
    leftOut: [
      ...leftOut,
      ...aliases.map(({ host, name, version }) => ({ name, version, reason: `another name of the API at ${host}` }))
    ]
  }
}

/** Finds the operations of all APIs. */
export const catalogOf = (apis: Iterable<Api>): Catalog => {
  const catalogs = Array.map(Array.fromIterable(apis), operationsOf)
  return withoutAliases({
    entries: catalogs.flatMap(({ entries }) => entries),
    leftOut: catalogs.flatMap(({ leftOut }) => leftOut)
  })
}
