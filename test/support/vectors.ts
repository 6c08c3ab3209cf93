import { readFileSync } from "node:fs"

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8"))

export interface PathVector {
  readonly name?: string
  /** The name as a JavaScript string literal, where JSON cannot hold it. */
  readonly name_js?: string
  readonly path?: string
  readonly reject?: boolean
  readonly note: string
}

export interface Want {
  readonly call: "get" | "list" | "cancel"
  readonly outcome: "pending" | "succeeded" | "operationError" | "httpError" | "page"
  readonly [key: string]: unknown
}

export interface ResponseVector {
  readonly id: string
  readonly httpStatus: number
  readonly headers: Record<string, string>
  readonly body: string
  readonly expect: string
  readonly want?: Want
}

/** What the discovery document of an API says of its operations: see scripts/catalog. */
export interface CatalogVector {
  readonly name: string
  readonly version: string
  readonly dialect: string
  /** URLs of operations with their names. */
  readonly examples: ReadonlyArray<{ readonly url: string; readonly name: string }>
  /** Names of resources that are no operations. */
  readonly others: ReadonlyArray<string>
}

export const paths = read("paths.json") as ReadonlyArray<PathVector>
export const responses = read("responses.json") as ReadonlyArray<ResponseVector>
export const catalog = read("catalog.json") as ReadonlyArray<CatalogVector>
export const gets = responses.filter((vector) => vector.want?.call === "get")

// The only name that JSON cannot hold.
export const nameOf = (vector: PathVector): string => vector.name ?? "operations/\ud800"
