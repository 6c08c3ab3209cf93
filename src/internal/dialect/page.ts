/**
 * Decodes a page from a list of operations.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import type * as Operation from "../../Operation.js"

/** @internal */
export interface Page {
  readonly operations: ReadonlyArray<Operation.Operation>
  readonly nextPageToken: string
  readonly unreachable: ReadonlyArray<string>
}

const orDefault = <A>(value: unknown, isA: (u: unknown) => u is A, fallback: A): A | undefined =>
  value === undefined || value === null ? fallback : isA(value) ? value : undefined

const isString = (u: unknown): u is string => typeof u === "string"
const isList = (u: unknown): u is ReadonlyArray<unknown> => Array.isArray(u)
const isStrings = (u: unknown): u is ReadonlyArray<string> => isList(u) && u.every(isString)

/**
 * Decodes a list page. `items` and `unreachable` are the names of the fields that contain the operations and the
 * unreachable locations.
 *
 * @internal
 */
export const decodePage = (
  json: unknown,
  fields: { readonly items: string; readonly unreachable: string },
  decode: (item: unknown) => Either.Either<Operation.Operation, string>
): Either.Either<Page, string> => {
  if (!isRecord(json)) return Either.left("it must be an object")
  const items = orDefault(json[fields.items], isList, [])
  const nextPageToken = orDefault(json["nextPageToken"], isString, "")
  const unreachable = orDefault(json[fields.unreachable], isStrings, [])
  if (items === undefined) return Either.left(`"${fields.items}" must be a list`)
  if (nextPageToken === undefined) return Either.left("\"nextPageToken\" must be a string")
  if (unreachable === undefined) return Either.left(`"${fields.unreachable}" must be a list of strings`)
  const operations: Array<Operation.Operation> = []
  for (const [index, item] of items.entries()) {
    const operation = decode(item)
    if (Either.isLeft(operation)) {
      return Either.left(`the item ${index} of "${fields.items}" is not an operation: ${operation.left}`)
    }
    operations.push(operation.right)
  }
  return Either.right({ operations, nextPageToken, unreachable })
}

/**
 * Converts an aggregated list (`projects/p/aggregated/operations`), which contains one list per scope, to a single
 * list.
 *
 * @internal
 */
export const flattened = (json: unknown): unknown => {
  if (!isRecord(json) || !isRecord(json["items"])) return json
  const scopes: ReadonlyArray<unknown> = Object.values<unknown>(json["items"])
  return {
    ...json,
    items: scopes.flatMap((scope: unknown): ReadonlyArray<unknown> =>
      isRecord(scope) && Array.isArray(scope["operations"]) ? scope["operations"] : []
    )
  }
}
