/**
 * Detects whether a response is an operation in another dialect, or not an operation.
 */
import { isRecord } from "effect/Predicate"
import { quote } from "./names.js"

/** @internal */
export type Raw = { readonly [field: string]: unknown }

/**
 * The operation name and name pattern with which a response is compared.
 *
 * @internal
 */
export interface Asked {
  readonly name: string | undefined
  readonly operationName: RegExp
}

/** @internal */
export const notAnObject = "an operation must be an object"

const byKind: ReadonlyMap<string, string> = new Map([
  ["compute#operation", "compute"],
  ["deploymentmanager#operation", "compute"],
  ["sql#operation", "sqlAdmin"],
  ["bigquery#job", "bigQuery"],
  // Cloud Storage returns google.longrunning.Operations that also contain a `kind`.
  ["storage#operation", "longRunning"]
])

const use = (dialect: string): string => `make the API with the dialect Dialect.${dialect}`

/**
 * Explains why an object is not an operation in this dialect, if its `kind` or its fields show this.
 *
 * @internal
 */
export const inAnotherDialect = (dialect: string, raw: Raw): string | undefined => {
  const { done, jobReference, kind, operationType, status } = raw
  if (typeof kind === "string" && byKind.get(kind) !== dialect) {
    const other = byKind.get(kind)
    if (other !== undefined) return `its kind is ${quote(kind)}; ${use(other)}`
    if (kind.endsWith("#operation")) {
      return `its kind is ${
        quote(kind)
      }, which no dialect of this package reads; make the API with a dialect of your own`
    }
    // A google.longrunning.Operation may contain additional fields.
    if (dialect !== "longRunning") return `it is a ${quote(kind)}, not an operation`
  }
  if (isRecord(jobReference) && dialect !== "bigQuery") return `it has a "jobReference"; ${use("bigQuery")}`
  if (typeof status !== "string") {
    return typeof done === "boolean" && dialect !== "longRunning"
      ? `it has "done" and no "status"; ${use("longRunning")}`
      : undefined
  }
  if (dialect !== "longRunning" && dialect !== "bigQuery") return undefined
  return typeof operationType === "string"
    ? `it has a "status" and an "operationType"; ${use("container")}`
    : `it has a "status" that is a string; if it is an operation, make the API with the dialect that reads it, such as ` +
      "Dialect.compute, Dialect.sqlAdmin or Dialect.container"
}
