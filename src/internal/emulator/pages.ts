/**
 * Lists in pages (AIP-158).
 */
import * as Either from "effect/Either"
import { parseJson } from "./json.js"
import type { Failure } from "./reply.js"

const defaultPageSize = 100
const maxPageSize = 1_000

type Key = string | number

const encodeToken = (collection: string, key: Key): string =>
  btoa(encodeURIComponent(JSON.stringify([collection, key])))

// The key after which the page begins. Undefined for a token that was not made here, or was made for another list.
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
 * One page of a list whose members are in the order of their keys. `item` returns the item of a member, or undefined if
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
    /** The parameter for the size of a page. Default: `pageSize`. If it is `undefined`, all items are on one page. */
    readonly pageSize?: string | undefined
    /** The largest page size. A larger size is refused. Default: the page is cut. */
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
 * Tells whether a resource is in a collection. A segment `-` of the collection matches any segment (AIP-159).
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
