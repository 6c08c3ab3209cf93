/**
 * Records the requests that an emulator has received.
 */
import * as Either from "effect/Either"
import { parseJson } from "./json.js"

/** A recorded request to the API. */
export interface RecordedRequest {
  /** The HTTP method. The `x-http-method-override` header, if present, overrides the method that was sent. */
  readonly method: string
  /** The path as sent, with its percent-encoding. */
  readonly path: string
  /** The query parameters. If a parameter occurs several times, only its final value is kept. */
  readonly query: Readonly<Record<string, string>>
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The body: the parsed value if the body is JSON, the text of any other body, or `undefined` if the request has no
   * body.
   */
  readonly body: unknown
  /** When the request arrived, in milliseconds on the emulator's clock. */
  readonly at: number
}

/** A request for a method that starts an operation. */
export interface StartRequest extends RecordedRequest {
  /** The decoded path variables, such as `{ parent: "projects/p" }` for `/v1/{parent=projects/*}/things`. */
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
 * Keeps the latest items, and limits their number and total weight. An item's weight is its approximate size in
 * characters.
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
    // Removing items from the front of a long array takes time, so many are removed at once.
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
