/**
 * Functions that process values from a server. Except for `cut`, they are not recursive, because such values may be
 * nested thousands of levels deep.
 */

const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

const own = (value: object, key: PropertyKey): unknown =>
  Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined

const keysOf = (value: object): ReadonlyArray<PropertyKey> => {
  const symbols = Object.getOwnPropertySymbols(value)
  return symbols.length === 0 ? Object.keys(value) : [...Object.keys(value), ...symbols]
}

// A 4 MiB response contains at most two million values. Only cyclic values reach this limit, and a server cannot send
// them.
const maxVisits = 5_000_000

/**
 * Returns whether two values have the same content. The order of fields does not matter. A field whose value is
 * `undefined` is treated as absent.
 *
 * @internal
 */
export const sameValue = (a: unknown, b: unknown): boolean => {
  const pairs: Array<unknown> = [a, b]
  for (let count = 0; pairs.length > 0; count++) {
    const right = pairs.pop()
    const left = pairs.pop()
    if (Object.is(left, right)) continue
    if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return false
    if (count > maxVisits) return false
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) return false
      for (let index = 0; index < left.length; index++) pairs.push(left[index], right[index])
      continue
    }
    for (const key of keysOf(left)) pairs.push(own(left, key), own(right, key))
    for (const key of keysOf(right)) if (!Object.hasOwn(left, key) && own(right, key) !== undefined) return false
  }
  return true
}

// Errors are excluded, because they limit their own data.
const isData = (u: unknown): u is object => isObject(u) && !(u instanceof Error)

// Counts a value, all values that it contains, and the nesting levels. Stops at the first level that exceeds a limit.
const measure = (value: unknown, maxCount: number, maxLevels: number): { count: number; levels: number } => {
  let level = [value]
  let count = 0
  let levels = 0
  while (level.length > 0 && count <= maxCount && levels <= maxLevels) {
    count += level.length
    levels++
    const next: Array<unknown> = []
    for (const parent of level) if (isData(parent)) { for (const child of Object.values(parent)) next.push(child) }
    level = next
  }
  return { count, levels }
}

/**
 * Counts a value and all values that it contains. Stops when the count exceeds `limit`.
 *
 * @internal
 */
export const countValues = (value: unknown, limit: number): number => measure(value, limit, Infinity).count

// The maximum nesting depth for data in an error. Protobuf's own JSON parsers use the same limit. JSON.stringify,
// loggers and `util.inspect` can recurse several times as deep.
const maxLevels = 100

/**
 * Returns whether a value is nested too deeply to be stored in an error.
 *
 * @internal
 */
export const isDeep = (value: unknown): boolean => measure(value, maxVisits, maxLevels).levels > maxLevels

// Recurses at most `levels` deep.
const cut = (value: unknown, levels: number): unknown => {
  if (!isData(value)) return value
  if (levels === 0) return "…"
  if (Array.isArray(value)) return value.map((child) => cut(child, levels - 1))
  const fields = Object.fromEntries(keysOf(value).map((key) => [key, cut(own(value, key), levels - 1)]))
  return Object.create(Object.getPrototypeOf(value), Object.getOwnPropertyDescriptors(fields))
}

// Returns the value, or a copy in which "…" replaces the data below the deepest allowed level.
const shallow = (value: unknown): unknown => isDeep(value) ? cut(value, maxLevels - 1) : value

/**
 * Returns the known error fields that have a value. Data that is nested too deeply is truncated.
 *
 * @internal
 */
export const errorFields = <A extends object>(known: object, fields: A): A => {
  const given: Record<string, unknown> = {}
  for (const key of Object.keys(known)) {
    const value = own(fields, key)
    if (value !== undefined) given[key] = shallow(value)
  }
  return given as A
}
