/**
 * Paginates lists (AIP-158).
 */
import * as Either from "effect/Either"
import { parseJson } from "./json.js"
import type { Failure } from "./reply.js"

const defaultPageSize = 100
const maxPageSize = 1_000

type Key = string | number

const encodeToken = (collection: string, key: Key): string =>
  btoa(encodeURIComponent(JSON.stringify([collection, key])))

// Returns the key after which the page begins. Returns `undefined` if this emulator did not issue the token, or issued
// it for another list.
const decodeToken = (collection: string, token: string): Key | undefined =>
  Either.try(() => decodeURIComponent(atob(token))).pipe(
    Either.flatMap(parseJson),
    Either.map((json) => {
      const [of, key] = Array.isArray(json) ? json as ReadonlyArray<unknown> : []
      return of === collection && (typeof key === "string" || typeof key === "number") ? key : undefined
    }),
    Either.getOrUndefined
  )

const invalid = (message: string): Either.Either<never, Failure> => Either.left({ code: "INVALID_ARGUMENT", message })

/**
 * Returns one page of a list whose members are ordered by key. `item` returns a member's list item, or `undefined` if
 * the member is not in this list.
 *
 * @internal
 */
export const paginate = <A, B>(
  collection: string,
  query: URLSearchParams,
  members: Iterable<A>,
  options: {
    readonly key: (member: A) => Key
    readonly item: (member: A) => B | undefined
    /**
     * The query parameter for the page size. Default: `pageSize`. If it is set to `undefined`, all items are on one
     * page.
     */
    readonly pageSize?: string | undefined
    /**
     * The maximum page size. Larger page sizes are rejected. Default: larger page sizes are reduced to the emulator's
     * maximum.
     */
    readonly refusedAbove?: number | undefined
  }
): Either.Either<
  { readonly items: ReadonlyArray<readonly [A, B]>; readonly nextPageToken: string | undefined },
  Failure
> => {
  const token = query.get("pageToken") ?? ""
  const after = token === "" ? undefined : decodeToken(collection, token)
  if (token !== "" && after === undefined) return invalid("The page token is not valid.")
  const { pageSize = "pageSize", refusedAbove = Infinity } = options
  const size = Number(query.get(pageSize) ?? 0)
  if (!Number.isInteger(size) || size < 0 || size > refusedAbove) return invalid("The page size is not valid.")
  const limit = "pageSize" in options && options.pageSize === undefined
    ? Infinity
    : size === 0
    ? defaultPageSize
    : Math.min(size, maxPageSize)
  const items: Array<readonly [A, B]> = []
  let last: Key | undefined
  for (const member of members) {
    const key = options.key(member)
    if (after !== undefined && key <= after) continue
    const item = options.item(member)
    if (item === undefined) continue
    if (last !== undefined && items.length === limit) {
      return Either.right({ items, nextPageToken: encodeToken(collection, last) })
    }
    items.push([member, item])
    last = key
  }
  return Either.right({ items, nextPageToken: undefined })
}

/**
 * Returns whether a resource is in a collection. A `-` segment in the collection name matches any segment (AIP-159).
 *
 * @internal
 */
export const isIn = (collection: string): (name: string) => boolean => {
  const wanted = collection.split("/")
  return (name) => {
    if (name.startsWith(`${collection}/`)) return true
    const segments = name.split("/")
    return segments.length > wanted.length &&
      wanted.every((segment, index) => segment === "-" || segment === segments[index])
  }
}
