/**
 * Reads the progress of an operation from its metadata.
 *
 * With `google.longrunning`, each API defines its own metadata format. The fields below are taken from the discovery
 * documents of Google's APIs. If an API uses other fields, neither a state nor a percentage is shown.
 */
import { isRecord } from "effect/Predicate"
import type * as Operation from "../Operation.js"

type Path = ReadonlyArray<string>

const path = (dotted: string): Path => dotted.split(".")

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((value, key) => isRecord(value) ? value[key] : undefined, value)

// Fields that contain the state as a word, such as `RUNNING`, `EXPORTING` or `CONDITION_RECONCILING`.
const states: ReadonlyArray<Path> = [
  "state",
  "status",
  "status.state", // BigQuery, Dataproc
  "currentState", // Dataflow
  "operationState", // Firestore
  "common.state", // Datastore
  "commonMetadata.state", // Document AI
  "genericMetadata.state", // Vertex AI
  "progress.state", // Apigee
  "build.status", // Cloud Build
  "terminalCondition.state", // Cloud Run
  "stage",
  "phase",
  "statusMessage",
  "statusDetail"
].map(path)

// Fields that contain a number from 0 to 100.
const percentages: ReadonlyArray<Path> = [
  "progress", // Compute Engine, Deployment Manager, Logging
  "progressPercent",
  "progressPercentage",
  "percentComplete",
  "percentDone",
  "completionPercentage",
  "genericMetadata.progressPercentage",
  "progress.progressPercent", // Spanner, Bigtable
  "progress.percentDone" // Apigee
].map(path)

// Fields that contain a number from 0 to 1.
const ratios: ReadonlyArray<Path> = ["statistics.completionRatio"].map(path) // BigQuery

// Pairs of fields that contain the completed work and the total work.
const works: ReadonlyArray<readonly [done: Path, all: Path]> = [
  [path("progressEntities.workCompleted"), path("progressEntities.workEstimated")], // Datastore
  [path("progressDocuments.completedWork"), path("progressDocuments.estimatedWork")], // Firestore
  [path("progressBytes.completedWork"), path("progressBytes.estimatedWork")]
]

// Lists whose items each contain a percentage. Spanner reports statements in this way, and Video Intelligence reports
// annotations.
const parts: ReadonlyArray<Path> = ["progress", "annotationProgress"].map(path)

// ProtoJSON represents 64-bit numbers as strings.
const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number) ? number : undefined
}

const first = <A, B>(candidates: ReadonlyArray<A>, f: (candidate: A) => B | undefined): B | undefined => {
  for (const candidate of candidates) {
    const found = f(candidate)
    if (found !== undefined) return found
  }
  return undefined
}

const inRange = (number: number | undefined): number | undefined =>
  number !== undefined && number >= 0 && number <= 100 ? Math.floor(number) : undefined

const ratio = (done: number | undefined, all: number | undefined): number | undefined =>
  done === undefined || all === undefined || all <= 0 ? undefined : inRange(100 * done / all)

const average = (value: unknown): number | undefined => {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const numbers = value.map((part) => inRange(numberOf(valueAt(part, ["progressPercent"]))) ?? 0)
  return Math.floor(numbers.reduce((sum, number) => sum + number, 0) / numbers.length)
}

const longestState = 60

/** Returns the state in the metadata as a word, such as `RUNNING`. */
export const stateOf = ({ metadata }: Operation.Operation): string | undefined =>
  first(states, (path) => {
    const value = valueAt(metadata, path)
    return typeof value === "string" && value !== "" && value.length <= longestState ? value : undefined
  })

/** Returns the progress in the metadata as a percentage. */
export const percentageOf = ({ metadata }: Operation.Operation): number | undefined =>
  first(percentages, (path) => inRange(numberOf(valueAt(metadata, path)))) ??
    first(ratios, (path) => ratio(numberOf(valueAt(metadata, path)), 1)) ??
    first(works, ([done, all]) => ratio(numberOf(valueAt(metadata, done)), numberOf(valueAt(metadata, all)))) ??
    first(parts, (path) => average(valueAt(metadata, path)))
