/**
 * The requests that an emulator has seen.
 */
import * as Either from "effect/Either"
import { parseJson } from "./json.js"

/** A request to the API, as the emulator keeps it. */
export interface RecordedRequest {
  /** The HTTP method. Of a request with `x-http-method-override`, the method that this header names. */
  readonly method: string
  /** The path as it was sent, percent-encoding included. */
  readonly path: string
  /** The query. Of a parameter that is there several times, the last value. */
  readonly query: Readonly<Record<string, string>>
  /** The headers, their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body: the value of JSON, the text of anything else, `undefined` if there is none. */
  readonly body: unknown
  /** When it arrived, in milliseconds on the emulator's clock. */
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
 * The latest of something: at most so many, and at most so much in all. The weight of one is about its size in characters.
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
    // Removing from the front of a long array takes time, so many go at once.
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
