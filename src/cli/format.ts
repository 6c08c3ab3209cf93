/**
 * Formats results for standard output as `json`, `yaml`, `table` or `value(FIELD)`.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import type * as GoogleApiCatalog from "../GoogleApiCatalog.js"
import * as Operation from "../Operation.js"
import { percentageOf, stateOf } from "./metadata.js"
import type { Output, OutputError } from "./output.js"
import { type Cell, type Column, type Layout, layout } from "./table.js"
import { printable, type Style } from "./text.js"

export type Format =
  | { readonly type: "json" | "yaml" | "table" }
  | { readonly type: "value"; readonly fields: ReadonlyArray<ReadonlyArray<string>> }

/** Parses the value of `--format`. */
export const parse = (text: string): Either.Either<Format, string> => {
  if (text === "json" || text === "yaml" || text === "table") return Either.right({ type: text })
  const fields = /^value\(([^()]+)\)$/.exec(text)?.[1]
  return fields === undefined
    ? Either.left("must be json, yaml, table or value(FIELD), such as value(response.name)")
    : Either.right({ type: "value", fields: fields.split(",").map((field) => field.trim().split(".")) })
}

/** Describes how results of one kind are converted to JSON and to table rows. */
export interface Kind<A> {
  readonly toJson: (value: A) => unknown
  readonly columns: ReadonlyArray<Column>
  readonly cells: (value: A, style: Style) => ReadonlyArray<Cell>
}

// ---------------------------------------------------------------------------------------------------------------------
// Kinds
// ---------------------------------------------------------------------------------------------------------------------

const status = (operation: Operation.Operation): string => {
  switch (operation._tag) {
    case "Pending":
      return "pending"
    case "Succeeded":
      return "succeeded"
    case "Failed":
      return "failed"
  }
}

const details = (operation: Operation.Operation): string => {
  if (operation._tag === "Failed") {
    return `${operation.error.codeName}${operation.error.message === "" ? "" : `: ${operation.error.message}`}`
  }
  if (operation._tag === "Succeeded") return ""
  const percentage = percentageOf(operation)
  return [stateOf(operation), percentage === undefined ? undefined : `${percentage} %`]
    .filter((part) => part !== undefined)
    .join(" ")
}

/** Operations of any API, in the JSON format of `google.longrunning.Operation`. */
export const operation: Kind<Operation.Operation> = {
  toJson: Operation.toJson,
  columns: [{ title: "STATUS" }, { title: "NAME", isFlexible: true }, { title: "DETAILS", isFlexible: true }],
  cells: (operation, style) => [
    {
      text: status(operation),
      markup: operation._tag === "Failed" ? style.red : operation.done ? style.green : style.bold
    },
    operation.name,
    details(operation)
  ]
}

const methodsOf = ({ methods }: GoogleApiCatalog.Entry): string =>
  Object.entries(methods).flatMap(([name, has]) => has === false ? [] : [name]).join(",")

/** APIs in the catalog. */
export const api: Kind<GoogleApiCatalog.Entry> = {
  toJson: (entry) => entry,
  columns: [
    { title: "API" },
    { title: "BASE URL", isFlexible: true },
    { title: "DIALECT", isOptional: true },
    { title: "METHODS", isOptional: true }
  ],
  cells: (entry) => [`${entry.name}/${entry.version}`, entry.baseUrl, entry.dialect, methodsOf(entry)]
}

// ---------------------------------------------------------------------------------------------------------------------
// Formats
// ---------------------------------------------------------------------------------------------------------------------

// JSON allows unescaped control characters above U+007F, but a terminal may interpret them, so they are escaped.
const json = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const indented = (text: string): string => text.replace(/^/gm, "  ")

const fieldOf = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce(
    (value, key) =>
      Array.isArray(value) && /^\d+$/.test(key) ? value[Number(key)] : isRecord(value) ? value[key] : undefined,
    value
  )

const scalar = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)

/**
 * Returns a value's fields, separated by tabs. Strings are unchanged, other values are written as JSON, and an absent
 * field is empty.
 */
const fields = (value: unknown, paths: ReadonlyArray<ReadonlyArray<string>>): string =>
  paths.map((path) => scalar(fieldOf(value, path))).join("\t")

// Scripts get unchanged text. Terminals would interpret control characters, so these are replaced for a terminal.
const write = (output: Output, text: string): Effect.Effect<void, OutputError> =>
  output.print(output.size === undefined ? text : printable(text))

const yaml: Effect.Effect<(value: unknown) => string> = Effect.map(
  Effect.promise(() => import("yaml")),
  ({ stringify }) => (value) => stringify(value, { lineWidth: 0 })
)

/** Prints one value. */
const printOne = <A>(
  output: Output,
  format: Format,
  kind: Kind<A>,
  value: A,
  style: Style
): Effect.Effect<void, OutputError> => {
  switch (format.type) {
    case "json":
      return output.print(`${json(kind.toJson(value))}\n`)
    case "yaml":
      return Effect.flatMap(yaml, (stringify) => write(output, stringify(kind.toJson(value))))
    case "value":
      return write(output, `${fields(kind.toJson(value), format.fields)}\n`)
    case "table":
      return Effect.flatMap(
        printer(output, format, kind, style),
        ({ end, page }) => Effect.zipRight(page([value]), end)
      )
  }
}

/** Prints any number of values, page by page. */
export interface Printer<A> {
  readonly page: (values: ReadonlyArray<A>) => Effect.Effect<void, OutputError>
  /** Completes the output, even if a failure has occurred before the final page. */
  readonly end: Effect.Effect<void, OutputError>
}

/** Prints values as a list. In a table, the first page determines the column widths. */
export const printer = <A>(
  output: Output,
  format: Format,
  kind: Kind<A>,
  style: Style
): Effect.Effect<Printer<A>> =>
  Effect.gen(function*() {
    let printed = 0
    const each = (textOf: (value: A) => string, empty: string, end: string): Printer<A> => ({
      page: (values) => Effect.suspend(() => write(output, values.map((value) => (printed++, textOf(value))).join(""))),
      end: Effect.suspend(() => output.print(printed === 0 ? empty : end))
    })
    switch (format.type) {
      case "json":
        return each(
          (value) => `${printed === 1 ? "[" : ","}\n${indented(json(kind.toJson(value)))}`,
          "[]\n",
          "\n]\n"
        )
      case "yaml": {
        const stringify = yield* yaml
        return each((value) => stringify([kind.toJson(value)]), "[]\n", "")
      }
      case "value":
        return each((value) => `${fields(kind.toJson(value), format.fields)}\n`, "", "")
      case "table": {
        let table: Layout | undefined
        return {
          page: (values) =>
            Effect.suspend(() => {
              const rows = values.map((value) => kind.cells(value, style))
              if (rows.length === 0) return Effect.void
              const titles = table === undefined
              table ??= layout(kind.columns, rows, { columns: output.size?.columns, style })
              const { row } = table
              return output.print([...(titles ? [table.titles] : []), ...rows.map(row)].join("\n") + "\n")
            }),
          end: Effect.void
        }
      }
    }
  })

/**
 * Prints operations. If several operations were requested, they are printed as a list, even if fewer than two of them
 * have a state.
 */
export const printOperations = (
  { stdout, stdoutStyle }: { readonly stdout: Output; readonly stdoutStyle: Style },
  options: {
    readonly format: Format
    readonly isList: boolean
    readonly operations: ReadonlyArray<Operation.Operation>
  }
): Effect.Effect<void, OutputError> =>
  Effect.gen(function*() {
    const { format, isList, operations } = options
    if (isList) {
      const { end, page } = yield* printer(stdout, format, operation, stdoutStyle)
      return yield* Effect.zipRight(page(operations), end)
    }
    const [first] = operations
    if (first !== undefined) yield* printOne(stdout, format, operation, first, stdoutStyle)
  })
