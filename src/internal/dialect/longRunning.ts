/**
 * Decodes `google.longrunning.Operation`, and rejects all other messages.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import * as Operation from "../../Operation.js"
import { type Asked, inAnotherDialect, notAnObject, type Raw } from "./evidence.js"
import { matches, quote } from "./names.js"

const fields = ["name", "metadata", "done", "error", "response"]

// Removes an "@type" that is not a string, so that the message has no type.
const withStringType = (any: unknown): unknown => {
  if (!isRecord(any) || !("@type" in any) || typeof any["@type"] === "string") return any
  const { "@type": _, ...message } = any
  return message
}

const read = (raw: Raw): Either.Either<Operation.Operation, string> => {
  const metadata = withStringType(raw["metadata"])
  const response = withStringType(raw["response"])
  return Operation.read(
    metadata === raw["metadata"] && response === raw["response"] ? raw : { ...raw, metadata, response }
  )
}

// Explains why an object without `done` is not a pending operation. Returns `undefined` if it is one.
const notPending = (raw: Raw, asked: Asked): string | undefined => {
  const { error, name } = raw
  const other = inAnotherDialect("longRunning", raw)
  if (other !== undefined) return other
  if (typeof name === "string" && name !== "") {
    return name === asked.name || matches(asked.operationName, name)
      ? undefined
      : `its name ${
        quote(name)
      } is not the name of an operation of this API, and it has no "done": it may be a resource`
  }
  if (isRecord(error)) return "it is an error without an operation: it has neither \"done\" nor a name"
  return fields.some((field) => field in raw)
    ? "it has neither \"done\" nor a name"
    : `it has none of an operation's fields (${fields.join(", ")})`
}

/** @internal */
export const decodeLongRunning = (json: unknown, asked: Asked): Either.Either<Operation.Operation, string> => {
  if (!isRecord(json)) return Either.left(notAnObject)
  const { done, name } = json
  const says =
    (done === undefined || done === null) && (name === undefined || name === null || typeof name === "string")
      ? notPending(json, asked)
      : undefined
  return says === undefined ? read(json) : Either.left(says)
}
