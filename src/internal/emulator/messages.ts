/**
 * Decodes the ProtoJSON messages of an API, as far as the emulator's resources require it: message fields, field types
 * and field masks.
 */
import * as Either from "effect/Either"
import { isJsonObject, type Json, type JsonObject } from "./json.js"
import type { Failure } from "./reply.js"

/**
 * The type of a field. `object` and `objects` are messages whose fields are not validated. `ignored` marks output-only
 * fields.
 */
type Field =
  | "string"
  | "bool"
  | "object"
  | "ignored"
  | "strings"
  | "objects"
  | { readonly enum: readonly [zero: string, ...others: ReadonlyArray<string>] }
  | { readonly message: Message }
  | { readonly messages: Message }

/** @internal */
export interface Message {
  readonly [field: string]: Field
}

/** @internal */
export type Result<A> = Either.Either<A, Failure>

/** @internal */
export const invalid = (field: string, description: string): Either.Either<never, Failure> =>
  Either.left({
    code: "INVALID_ARGUMENT",
    message: description,
    details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field, description }] }]
  })

const toCamelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

// Google's error messages use field names as written in the proto files.
const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const wrongType = (at: string, type: string, value: Json): Either.Either<never, Failure> =>
  invalid(at, `Invalid value at '${at}' (${type}), ${JSON.stringify(value).slice(0, 200)}`)

const readList = <A extends Json>(
  at: string,
  value: Json,
  readItem: (at: string, item: Json) => Result<A | undefined>
): Result<ReadonlyArray<A> | undefined> => {
  if (!Array.isArray(value)) return wrongType(at, "repeated", value)
  const items: ReadonlyArray<Json> = value
  return Either.map(
    Either.all(items.map((item, index) => readItem(`${at}[${index}]`, item))),
    (read) => {
      const present = read.filter((item) => item !== undefined)
      return present.length === 0 ? undefined : present
    }
  )
}

const readString = (at: string, value: Json): Result<string> =>
  typeof value === "string" ? Either.right(value) : wrongType(at, "TYPE_STRING", value)

const readObject = (at: string, value: Json): Result<JsonObject> =>
  isJsonObject(value) ? Either.right(value) : wrongType(at, "TYPE_MESSAGE", value)

// Returns `undefined` for a field's default value, because ProtoJSON omits it.
const readField = (field: Field, at: string, value: Json): Result<Json | undefined> => {
  if (value === null || field === "ignored") return Either.right(undefined)
  switch (field) {
    case "string":
      return Either.map(readString(at, value), (text) => text === "" ? undefined : text)
    case "bool":
      return typeof value === "boolean" ? Either.right(value || undefined) : wrongType(at, "TYPE_BOOL", value)
    case "object":
      return readObject(at, value)
    case "strings":
      return readList(at, value, readString)
    case "objects":
      return readList(at, value, readObject)
  }
  if ("message" in field) return readMessage(field.message, at, value)
  if ("messages" in field) return readList(at, value, (at, item) => readMessage(field.messages, at, item))
  return typeof value === "string" && field.enum.includes(value)
    ? Either.right(value === field.enum[0] ? undefined : value)
    : wrongType(at, "TYPE_ENUM", value)
}

/**
 * Decodes a message. Field names may be in camel case or as written in the proto files. Default values are omitted.
 *
 * @internal
 */
export const readMessage = (message: Message, at: string, json: Json): Result<JsonObject> => {
  if (!isJsonObject(json)) return wrongType(at, "TYPE_MESSAGE", json)
  const fields: Array<readonly [string, Json]> = []
  for (const [key, value] of Object.entries(json)) {
    const name = toCamelCase(key)
    const field = Object.hasOwn(message, name) ? message[name] : undefined
    if (field === undefined) {
      const quoted = JSON.stringify(key.slice(0, 200))
      return invalid(at, `Invalid JSON payload received. Unknown name ${quoted} at '${at}': Cannot find field.`)
    }
    const read = readField(field, `${at}.${toSnakeCase(name)}`, value)
    if (Either.isLeft(read)) return Either.left(read.left)
    if (read.right !== undefined) fields.push([name, read.right])
  }
  return Either.right(Object.fromEntries(fields))
}

/**
 * The paths in a field mask.
 *
 * @internal
 */
export type Mask = ReadonlyArray<ReadonlyArray<string>>

const hasPath = (message: Message, [name, ...rest]: ReadonlyArray<string>): boolean => {
  const field = name !== undefined && Object.hasOwn(message, name) ? message[name] : undefined
  if (field === undefined || rest.length === 0) return field !== undefined
  return typeof field === "object" && "message" in field && hasPath(field.message, rest)
}

/**
 * Decodes a field mask for a message. `"*"` stands for all fields that can be changed.
 *
 * @internal
 */
export const readMask = (message: Message, mutable: ReadonlyArray<string>, text: string | null): Result<Mask> => {
  if (text === null || text.trim() === "") return invalid("update_mask", "update_mask must not be empty.")
  if (text === "*") return Either.right(mutable.map((field) => [field]))
  const mask = text.split(",").map((path) => toCamelCase(path.trim()).split("."))
  const unknown = mask.find((path) => !hasPath(message, path))
  if (unknown !== undefined) {
    return invalid("update_mask", `update_mask: Cannot find field ${JSON.stringify(unknown.join(".").slice(0, 200))}.`)
  }
  const fixed = mask.find(([field = ""]) => !mutable.includes(field))
  return fixed === undefined
    ? Either.right(mask)
    : invalid("update_mask", `update_mask: The field ${JSON.stringify(fixed[0])} cannot be changed.`)
}

/** @internal */
export const omit = (object: JsonObject, ...names: ReadonlyArray<string>): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

/**
 * Copies the fields that a mask selects from a patch. If the patch omits a selected field, the field is cleared.
 *
 * @internal
 */
export const applyMask = (resource: JsonObject, patch: JsonObject, mask: Mask): JsonObject => {
  const assign = (target: JsonObject, source: JsonObject, [name, ...rest]: ReadonlyArray<string>): JsonObject => {
    if (name === undefined) return source
    const [old, value] = [target[name], source[name]]
    if (rest.length > 0) {
      return { ...target, [name]: assign(isJsonObject(old) ? old : {}, isJsonObject(value) ? value : {}, rest) }
    }
    return value === undefined ? omit(target, name) : { ...target, [name]: value }
  }
  return mask.reduce((target, path) => assign(target, patch, path), resource)
}
