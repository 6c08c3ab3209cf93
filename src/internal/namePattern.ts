/**
 * Patterns of resource names. `*` matches one segment of a name, `**` matches one or more.
 */

/**
 * Returns a regular expression that matches a name if one of the patterns does.
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
 * Returns the collections of the resources that the patterns describe. A pattern without a literal segment has no
 * collection.
 *
 * @internal
 */
export const collectionsOf = (patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    ...new Set(patterns.flatMap((pattern) => /^(.*[^/*])(?:\/\*+)+$/.exec(pattern)?.[1] ?? []))
  ].sort()
