// An API that lists its operations, on virtual time.
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { googleError, json } from "./answers.js"
import { mockHttp } from "./http.js"
import { idOf } from "./many.js"

/** A page that is asked for. */
interface PageRequest {
  readonly collection: string
  /** How many list requests came before, of all collections. */
  readonly index: number
  readonly size: number
  /** Where the page starts; 0 without a token. */
  readonly start: number
  readonly token: string | null
  /** In seconds. */
  readonly now: number
}

export interface ListingOptions {
  /** The names of the operations in the list of a collection, in order. */
  readonly listed: ReadonlyArray<string>
  /** What the API has of an operation at that time, in seconds. Default: pending for ever. */
  readonly state?: ((name: string, now: number) => unknown) | undefined
  /** Responds to a list request instead. */
  readonly list?: ((page: PageRequest) => Response | undefined) | undefined
  /** The largest page. Default: 1,000. */
  readonly largest?: number | undefined
  /** How long a request takes. Default: no time. */
  readonly delay?: Duration.DurationInput | undefined
}

/** These operations, pending, as a list has them. */
export const pendingOf = (names: ReadonlyArray<string>) => names.map((name) => ({ name }))

/** Done with a response from that time on, in seconds. */
export const doneAt = (seconds: number) => (name: string, now: number): unknown =>
  now < seconds ? { name } : { name, done: true, response: { id: name } }

/** The API, which counts what it is asked for. */
export const listing = ({ delay, largest = 1_000, list, listed, state = (name) => ({ name }) }: ListingOptions) => {
  /** When each list request came, and each get, in seconds. */
  const lists: Array<number> = []
  const gets: Array<number> = []
  const getsOf: Record<string, number> = {}
  const cancels: Array<string> = []
  const collectionOf = (name: string): string => name.slice(0, name.lastIndexOf("/"))
  const respond = (request: HttpClientRequest.HttpClientRequest, now: number): Response => {
    const path = idOf(request.url)
    if (request.method === "POST") {
      cancels.push(path)
      return json({})
    }
    if (!path.endsWith("/operations") && path !== "operations") {
      gets.push(now)
      getsOf[path] = (getsOf[path] ?? 0) + 1
      const body = state(path, now)
      return body === undefined ? googleError(404, "NOT_FOUND") : json(body)
    }
    const query = new URL(request.url).searchParams
    const token = query.get("pageToken")
    const size = Number(query.get("pageSize") ?? 100)
    const start = Number(token ?? 0)
    const page: PageRequest = { collection: path, index: lists.push(now) - 1, size, start, token, now }
    const response = list?.(page)
    if (response !== undefined) return response
    const all = listed.filter((name) => collectionOf(name) === path)
    const end = start + Math.min(size, largest)
    return json({
      operations: all.slice(start, end).map((name) => state(name, now) ?? { name, done: true }),
      ...(end < all.length ? { nextPageToken: String(end) } : undefined)
    })
  }
  const http = mockHttp((request) => {
    const response = Effect.map(Clock.currentTimeMillis, (now) => respond(request, now / 1000))
    return delay === undefined ? response : Effect.delay(response, delay)
  })
  return { ...http, lists, gets, getsOf, cancels }
}
