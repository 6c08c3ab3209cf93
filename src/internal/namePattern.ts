/**
 * Patterns of resource names: `*` stands for one segment of a name, `**` for one or more.
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
 * The collections of the resources that the patterns describe. A pattern that starts with `*` has none if no word follows.
 *
 * @internal
 */
export const collectionsOf = (patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    ...new Set(patterns.flatMap((pattern) => /^(.*[^/*])(?:\/\*+)+$/.exec(pattern)?.[1] ?? []))
  ].sort()
