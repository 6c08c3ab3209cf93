/**
 * Validates JSON from outside: the text of a request, or a value that a program passed without type checking.
 */
import * as Either from "effect/Either"

/** @internal */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject

/** @internal */
export interface JsonObject {
  readonly [key: string]: Json
}

/** @internal */
export const isJsonObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/**
 * The maximum nesting depth of arrays and objects. Protobuf's own parsers use the same limit. It bounds the recursion
 * depth for a value.
 */
const maxDepth = 100

/**
 * The maximum number of values that a value may contain. It bounds the processing time for a value that refers to the
 * same object many times.
 */
const maxValues = 200_000

/**
 * Copies a value as JSON. As in `JSON.stringify`, a `toJSON` method is called if the value has one, and `undefined`
 * properties are omitted. If a part of the value is not JSON, returns a `Left` with the location and type of that part.
 *
 * @internal
 */
export const toJson = (at: string, input: unknown): Either.Either<Json, string> => {
  let values = 0
  const copy = (path: string, value: unknown, depth: number): Either.Either<Json, string> => {
    if (++values > maxValues) return Either.left(`${at}: Expected at most ${maxValues} values`)
    switch (typeof value) {
      case "string":
      case "boolean":
        return Either.right(value)
      case "number":
        return Number.isFinite(value)
          ? Either.right(value)
          : Either.left(`${path}: Expected a finite number, actual ${value}`)
      case "object":
        break
      default:
        return Either.left(`${path}: Expected JSON, actual a value of type ${typeof value}`)
    }
    if (value === null) return Either.right(null)
    if (depth === maxDepth) return Either.left(`${at}: Expected at most ${maxDepth} levels of nesting`)
    if ("toJSON" in value && typeof value.toJSON === "function") return copy(path, value.toJSON(), depth + 1)
    if (Array.isArray(value)) {
      const items: Array<Json> = []
      for (let index = 0; index < value.length; index++) {
        const item = copy(`${path}[${index}]`, value[index], depth + 1)
        if (Either.isLeft(item)) return item
        items.push(item.right)
      }
      return Either.right(items)
    }
    const entries: Array<readonly [string, Json]> = []
    for (const [key, property] of Object.entries(value)) {
      if (property === undefined) continue
      const copied = copy(`${path}.${key}`, property, depth + 1)
      if (Either.isLeft(copied)) return copied
      entries.push([key, copied.right])
    }
    return Either.right(Object.fromEntries(entries))
  }
  // A getter or proxy in the program's value can throw.
  return Either.flatMap(
    Either.try({
      try: () => copy(at, input, 0),
      catch: () => `${at}: Expected JSON, actual a value that cannot be read`
    }),
    (copied) => copied
  )
}

/**
 * Parses the text of a request body.
 *
 * @internal
 */
export const parseJson = (text: string): Either.Either<Json, string> =>
  Either.flatMap(
    Either.try({ try: () => JSON.parse(text) as unknown, catch: () => "the body: Expected JSON" }),
    (value) => toJson("the body", value)
  )
