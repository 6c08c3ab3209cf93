/**
 * Walks over values that a server sent. Nothing here recurses, because such a value may be nested thousands of levels deep.
 */

const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

const own = (value: object, key: PropertyKey): unknown =>
  Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined

const keysOf = (value: object): ReadonlyArray<PropertyKey> => {
  const symbols = Object.getOwnPropertySymbols(value)
  return symbols.length === 0 ? Object.keys(value) : [...Object.keys(value), ...symbols]
}

// A response of 4 MiB has two million values at most. Only a cyclic value, which no server can send, comes near this.
const maxVisits = 5_000_000

/**
 * Tells whether two values have the same content. The order of fields does not matter, and a field that is `undefined`
 * counts as absent.
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

/**
 * Counts the values that a value is made of, itself included. Stops when there are more than `limit`.
 *
 * @internal
 */
export const countValues = (value: unknown, limit: number): number => {
  const rest = [value]
  let count = 0
  while (rest.length > 0) {
    if (++count > limit) break
    const next = rest.pop()
    if (!isObject(next)) continue
    const children: ReadonlyArray<unknown> = Array.isArray(next) ? next : Object.values(next)
    if (children.length > limit) return limit + 1
    rest.push(...children)
  }
  return count
}

// How deep the data of an error may be nested. Protobuf's own JSON parsers have the same limit. JSON.stringify, loggers and
// `util.inspect`, which recurse, bear several times as much.
const maxLevels = 100

/**
 * Tells whether a value is nested deeper than the data of an error may be, or is too large to find out.
 *
 * @internal
 */
export const isDeep = (value: unknown): boolean => {
  let level = isObject(value) ? [value] : []
  let visits = 0
  for (let depth = 0; level.length > 0; depth++) {
    visits += level.length
    if (depth === maxLevels || visits > maxVisits) return true
    const next: Array<object> = []
    for (const parent of level) {
      for (const child of Array.isArray(parent) ? parent : Object.values(parent)) if (isObject(child)) next.push(child)
    }
    level = next
  }
  return false
}

/**
 * A value as it is; one that {@link isDeep} as a copy in which `"…"` stands for what is nested too deep.
 *
 * @internal
 */
export const flattened = <A>(value: A): A => {
  if (!isObject(value) || !isDeep(value)) return value
  const copies = new Map<object, object>()
  let level: Array<object> = []
  const copyOf = (source: object): object => {
    let copy = copies.get(source)
    if (copy === undefined) {
      copy = Array.isArray(source) ? [] : Object.create(Object.getPrototypeOf(source)) as object
      copies.set(source, copy)
      level.push(source)
    }
    return copy
  }
  const root = copyOf(value)
  for (let depth = 1; level.length > 0; depth++) {
    const sources = level
    level = []
    for (const source of sources) {
      const copy = copyOf(source)
      for (const key of keysOf(source)) {
        const child = own(source, key)
        Object.defineProperty(copy, key, {
          value: !isObject(child) ? child : depth < maxLevels ? copyOf(child) : "…",
          enumerable: true,
          configurable: true,
          writable: true
        })
      }
    }
  }
  return root as A
}
