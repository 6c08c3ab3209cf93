// A secret, and where it may show.
import { inspect } from "node:util"

/** The tests search for the beginning of the secret, so that they find a part of it as well. */
export const needle = "planted-secret"

/** The texts of a value that is printed. */
export const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value),
  inspect(value, { depth: Infinity, showHidden: true, getters: true }),
  ...(value instanceof Error ? [value.message, value.stack ?? ""] : [])
]
