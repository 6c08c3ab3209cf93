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

/** What a dialect makes of a response, and of the request's error where the response is one. */
export interface DialectVector {
  readonly id: string
  readonly dialect: "longRunning" | "compute" | "sqlAdmin" | "container" | "bigQuery" | "predict"
  /** The name that was asked for; none for the response to a start. */
  readonly asked?: string
  readonly httpStatus: number
  readonly headers: Record<string, string>
  readonly body: string
  /** Where the response comes from. */
  readonly source: string
  readonly expect: string
  readonly want:
    | {
      readonly outcome: "pending" | "succeeded"
      readonly name: string
      /** Fields that the metadata has. */
      readonly metadata?: ReadonlyArray<string>
      /** Fields that the response has. */
      readonly response?: ReadonlyArray<string>
    }
    | {
      readonly outcome: "failed"
      readonly name: string
      readonly code: string
      readonly message: string
      readonly errorInfo?: string
      /** The tags of the details. */
      readonly details?: ReadonlyArray<string>
    }
    | {
      readonly outcome: "refused"
      /** A pattern that the reason matches. */
      readonly problem: string
    }
    | {
      readonly outcome: "httpError"
      readonly code: string
      readonly reasons: ReadonlyArray<string>
      readonly isTransient: boolean
    }
}

export const dialects = read("dialects.json") as ReadonlyArray<DialectVector>
export const paths = read("paths.json") as ReadonlyArray<PathVector>
export const responses = read("responses.json") as ReadonlyArray<ResponseVector>
export const gets = responses.filter((vector) => vector.want?.call === "get")

// The only name that JSON cannot hold.
export const nameOf = (vector: PathVector): string => vector.name ?? "operations/\ud800"
