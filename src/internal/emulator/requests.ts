/**
 * The requests that an emulator has received.
 */
import * as Either from "effect/Either"
import { parseJson } from "./json.js"

/** A recorded request to the API. */
export interface RecordedRequest {
  /** The HTTP method. If the request has the header `x-http-method-override`, it is the method in this header. */
  readonly method: string
  /** The path as it was sent, with its percent-encoding. */
  readonly path: string
  /** The query. If a parameter occurs several times, its last value. */
  readonly query: Readonly<Record<string, string>>
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The body: the value of JSON, the text of any other body, or `undefined` if there is no body. */
  readonly body: unknown
  /** The time of arrival, in milliseconds on the emulator's clock. */
  readonly at: number
}

/** A request for a method that starts an operation. */
export interface StartRequest extends RecordedRequest {
  /** The variables of the path, decoded, such as `{ parent: "projects/p" }` for `/v1/{parent=projects/*}/things`. */
  readonly params: Readonly<Record<string, string>>
}

const secretHeaders = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-goog-api-key",
  "x-goog-iam-authorization-token"
])
const secretParameters = new Set(["access_token", "key", "oauth_token"])

const redact = (
  entries: Iterable<readonly [string, string]>,
  secrets: ReadonlySet<string>
): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].map(([name, value]) => [name, secrets.has(name) ? "<redacted>" : value]))

/** @internal */
export const recordOf = (request: {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly at: number
}): RecordedRequest => ({
  method: request.method,
  path: request.path,
  query: redact(request.query, secretParameters),
  headers: redact(Object.entries(request.headers), secretHeaders),
  body: request.body === "" ? undefined : Either.getOrElse(parseJson(request.body), () => request.body),
  at: request.at
})

/**
 * The latest items, with a limit on their number and on their total weight. The weight of an item is its approximate
 * size in characters.
 *
 * @internal
 */
export class Latest<A> {
  readonly #items: Array<{ readonly item: A; readonly weight: number }> = []
  readonly #limits: { readonly count: number; readonly weight: number }
  #weight = 0

  constructor(limits: { readonly count: number; readonly weight: number }) {
    this.#limits = limits
  }

  add(item: A, weight: number): void {
    this.#items.push({ item, weight })
    this.#weight += weight
    // Removing items from the front of a long array takes time, so many are removed together.
    if (this.#items.length > 1.1 * this.#limits.count || this.#weight > 1.1 * this.#limits.weight) this.#trim()
  }

  all(): ReadonlyArray<A> {
    this.#trim()
    return this.#items.map(({ item }) => item)
  }

  #trim(): void {
    let removed = 0
    for (const { weight } of this.#items) {
      if (this.#items.length - removed <= this.#limits.count && this.#weight <= this.#limits.weight) break
      removed++
      this.#weight -= weight
    }
    this.#items.splice(0, removed)
  }
}
