/**
 * Patterns of resource names, as the catalog writes them: `*` is one segment of a name, `**` is one or more.
 */

/**
 * The regular expression of names that match one of the patterns.
 *
 * @internal
 */
export const toRegExp = (patterns: ReadonlyArray<string>): RegExp => {
  const sources = patterns.map((pattern) =>
    pattern.split("/").map((segment) => segment === "**" ? "[^/]+(?:/[^/]+)*" : segment === "*" ? "[^/]+" : segment)
      .join("/")
  )
  return new RegExp(`^(?:${sources.join("|")})$`)
}

/**
 * The collections that hold resources whose names match the patterns. A pattern without a collection has none.
 *
 * @internal
 */
export const collectionsOf = (patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    ...new Set(patterns.flatMap((pattern) => /^(.*[^/*])(?:\/\*+)+$/.exec(pattern)?.[1] ?? []))
  ].sort()
