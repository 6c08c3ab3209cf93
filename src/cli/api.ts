/**
 * Finds the API and operation to which an argument refers.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Dialect from "../Dialect.js"
import * as GoogleApi from "../GoogleApi.js"
import * as GoogleApiCatalog from "../GoogleApiCatalog.js"
import { endpoint, isUrl, quote, quoteUrl } from "../internal/http/endpoint.js"
import { nameProblem } from "../internal/http/request.js"

/** The options that select an API. */
export interface ApiOptions {
  /** An API in the catalog, with or without a version: `run` or `run/v2`. */
  readonly api?: string | undefined
  /** The location of the API endpoint, such as `us-central1`. */
  readonly location?: string | undefined
  readonly baseUrl?: string | undefined
  readonly apiVersion?: string | undefined
  readonly dialect?: Dialect.Dialect | undefined
  /** The universe domain to use in the catalog's hosts. */
  readonly universeDomain: string
}

/** An operation or a collection of operations, with its API. */
export interface Target {
  readonly api: GoogleApi.GoogleApi
  readonly name: string
  /** The command-line argument that specified this target. */
  readonly argument: string
}

type Resolved<A> = Either.Either<A, string>

// Orders stable versions first (`v1` before `v1beta1`), and newer versions before older versions.
const byPreference = (a: GoogleApiCatalog.Entry, b: GoogleApiCatalog.Entry): number => {
  const stable = ({ version }: GoogleApiCatalog.Entry): number => /^v\d+$/.test(version) ? 1 : 0
  return stable(b) - stable(a) || b.version.localeCompare(a.version, "en", { numeric: true })
}

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

/** Returns the candidate most similar to a word. Returns `undefined` if no candidate is similar enough. */
export const closest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const limit = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))
  return best !== undefined && best.distance <= limit ? best.candidate : undefined
}

const didYouMean = (word: string, candidates: ReadonlyArray<string>): string => {
  const candidate = closest(word, candidates)
  return candidate === undefined ? "" : ` Did you mean ${candidate}?`
}

const entriesOf = (text: string, apiVersion: string | undefined): Resolved<ReadonlyArray<GoogleApiCatalog.Entry>> => {
  const [name = "", ...rest] = text.split("/")
  const version = rest.length === 0 ? apiVersion : rest.join("/")
  const versions = GoogleApiCatalog.entries().filter((entry) => entry.name === name)
  if (versions.length === 0) {
    return Either.left(`the catalog has no API ${quote(name)}.${didYouMean(name, GoogleApiCatalog.names())}`)
  }
  const entries = version === undefined ? versions : versions.filter((entry) => entry.version === version)
  return entries.length > 0
    ? Either.right([...entries].sort(byPreference))
    : Either.left(
      `the catalog has no version ${quote(version ?? "")} of ${name}; it has ${
        versions.map((entry) => entry.version).join(", ")
      }`
    )
}

const checked = (api: GoogleApi.GoogleApi): Resolved<GoogleApi.GoogleApi> => Either.map(endpoint(api), () => api)

/**
 * Returns the APIs that the options allow, with the preferred API first. The result is empty if no option selects an
 * API.
 */
const candidates = (options: ApiOptions): Resolved<ReadonlyArray<GoogleApi.GoogleApi>> => {
  const { apiVersion, baseUrl, dialect, location, universeDomain } = options
  if (location !== undefined && options.api === undefined) return Either.left("--location needs --api")
  if (options.api !== undefined) {
    if (dialect !== undefined) {
      return Either.left("--dialect cannot be combined with --api: the catalog has the dialect")
    }
    if (baseUrl !== undefined && location !== undefined) {
      return Either.left("--location cannot be combined with --base-url")
    }
    if (options.api.includes("/") && apiVersion !== undefined) {
      return Either.left("--api-version cannot be combined with an --api that has a version")
    }
    return Either.flatMap(entriesOf(options.api, apiVersion), (entries) =>
      Either.all(entries.map((entry) => {
        const api = GoogleApiCatalog.make(entry, { location, universeDomain })
        return checked(baseUrl === undefined ? api : GoogleApi.make({ ...api, baseUrl }))
      })))
  }
  if (baseUrl === undefined) {
    return apiVersion === undefined && dialect === undefined
      ? Either.right([])
      : Either.left(`${dialect === undefined ? "--api-version" : "--dialect"} needs --base-url`)
  }
  return Either.map(checked(GoogleApi.make({ baseUrl, version: apiVersion ?? "v1", dialect })), (api) => [api])
}

const noApi = (name: string, what: string): string =>
  `the API of ${quote(name)} is unknown. Give the URL of the ${what}, or --api (see the command apis), or --base-url`

const fromCatalog = (url: string, { api, universeDomain }: ApiOptions): Resolved<Target> =>
  Option.match(GoogleApiCatalog.fromUrl(url, { universeDomain }), {
    onNone: () =>
      Either.left(
        `${
          quoteUrl(url)
        } is not the URL of an operation of an API in the catalog; for another server give --base-url ` +
          `and a name`
      ),
    onSome: ({ entry, api: found, name }) =>
      api === undefined || api.split("/")[0] === entry.name
        ? Either.right({ api: found, name, argument: url })
        : Either.left(`${quoteUrl(url)} is a URL of ${entry.name}, but --api is ${api}`)
  })

// The regular expressions in the catalog and in the dialects consist of these parts.
const patterns = ({ operationName: { source } }: GoogleApi.GoogleApi): ReadonlyArray<string> => {
  const text = source
    .replaceAll("\\/", "/")
    .replaceAll("[^/]+(?:/[^/]+)*", "**")
    .replaceAll("[^/]+", "*")
    .replaceAll(".+", "**")
    .replace(/^\^(?:\(\?:([^()]*)\)|(.*))\$$/, "$1$2")
  const anywhere = text.replace(/^\(\?:\*\*\/\)\?/, "")
  if (anywhere !== text) return [anywhere, `**/${anywhere}`]
  return text.includes("(") ? [text] : text.split("|")
}

const patternsOf = (apis: ReadonlyArray<GoogleApi.GoogleApi>): string => [...new Set(apis.flatMap(patterns))].join(", ")

const operation = (
  apis: ReadonlyArray<GoogleApi.GoogleApi>,
  options: ApiOptions
) =>
(argument: string): Resolved<Target> => {
  if (isUrl(argument)) {
    if (options.baseUrl === undefined) return fromCatalog(argument, options)
    const problems: Array<string> = []
    for (const api of apis) {
      const name = GoogleApi.nameFromUrl(api, argument)
      if (Either.isRight(name)) return Either.right({ api, name: name.right, argument })
      problems.push(name.left)
    }
    return Either.left(`${quoteUrl(argument)} is not the URL of an operation of this API: ${problems[0] ?? ""}`)
  }
  if (apis.length === 0) return Either.left(noApi(argument, "operation"))
  const problem = nameProblem(argument)
  if (problem !== undefined) return Either.left(`${quote(argument)} is not the name of an operation: ${problem}`)
  const api = apis.find(({ operationName }) => argument.search(operationName) !== -1)
  return api === undefined
    ? Either.left(
      `${quote(argument)} is not the name of an operation of this API: its names match ${patternsOf(apis)}`
    )
    : Either.right({ api, name: argument, argument })
}

/**
 * Finds the operations to which arguments refer, without duplicates. If an argument is invalid, returns a `Left` that
 * describes the problem in a sentence without a final period.
 */
export const operations = (
  args: ReadonlyArray<string>,
  options: ApiOptions
): Resolved<ReadonlyArray<Target>> =>
  Either.flatMap(
    candidates(options),
    (apis) =>
      Either.map(Either.all(args.map(operation(apis, options))), (targets) => {
        const seen = new Set<string>()
        return targets.filter((target) => {
          const key = `${keyOf(target.api)} ${target.name}`
          return !seen.has(key) && seen.add(key)
        })
      })
  )

/** Finds the operation collection to list. The argument is its name or URL. */
export const collection = (argument: string | undefined, options: ApiOptions): Resolved<Target> => {
  const url = argument !== undefined && isUrl(argument) ? argument : undefined
  if (url !== undefined) {
    // APIs define no URL pattern for collections, so the URL of an operation in the collection is used.
    const probe = url.replace(/\/*([?#].*)?$/, "/-$1")
    return Either.mapBoth(operations([probe], options), {
      onLeft: () => `${quoteUrl(url)} is not the URL of a collection of operations of an API in the catalog`,
      onRight: ([target]) => ({ ...target!, name: target!.name.slice(0, target!.name.lastIndexOf("/")) })
    })
  }
  return Either.flatMap(candidates(options), (apis) => {
    const name = argument ?? "operations"
    const matching = apis.find(({ operationName }) => `${name}/-`.search(operationName) !== -1)
    const api = matching ?? apis[0]
    if (api === undefined) return Either.left(noApi(name, "collection"))
    if (matching === undefined && argument === undefined) {
      return Either.left(`the name of a collection is missing. Operations of this API match ${patternsOf(apis)}`)
    }
    const problem = nameProblem(name)
    if (problem !== undefined) return Either.left(`${quote(name)} is not the name of a collection: ${problem}`)
    return Either.right({ api, name, argument: name })
  })
}

/** Returns the same key for equal APIs. */
export const keyOf = (api: GoogleApi.GoogleApi): string =>
  [api.baseUrl, api.version, api.operationName.source, api.dialect.name].join(" ")
