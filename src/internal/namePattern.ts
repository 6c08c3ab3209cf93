/**
 * Resource name patterns. `*` matches one name segment, and `**` matches one or more segments.
 */

/**
 * Returns a regular expression that matches a name if at least one of the patterns matches it.
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
 * Returns the collections of the resources that the patterns describe. Patterns without a literal segment have no
 * collection.
 *
 * @internal
 */
export const collectionsOf = (patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    ...new Set(patterns.flatMap((pattern) => /^(.*[^/*])(?:\/\*+)+$/.exec(pattern)?.[1] ?? []))
  ].sort()
