/**
 * Matches paths with templates, as defined in `google/api/http.proto`.
 */
import * as Either from "effect/Either"

/**
 * The variables in a path, by name.
 *
 * @internal
 */
export type Params = Readonly<Record<string, string>>

/** @internal */
export interface Template {
  /**
   * Returns the variables of a path that matches the template. Returns `undefined` if the path does not match. If a
   * variable cannot be decoded, returns a `Left` with the reason.
   */
  readonly match: (path: string) => Either.Either<Params, string> | undefined
}

const decode = (text: string): Either.Either<string, string> =>
  Either.try({ try: () => decodeURIComponent(text), catch: () => "The percent-encoding of the path is malformed." })

/**
 * Decodes a variable that spans several segments. Encoded slashes are not decoded, because they are not separators.
 *
 * @internal
 */
export const decodeSegments = (text: string): Either.Either<string, string> =>
  Either.map(
    Either.all(text.split(/(%2F)/i).map((part, index) => index % 2 === 1 ? Either.right(part) : decode(part))),
    (parts) => parts.join("")
  )

const wildcards: Readonly<Record<string, string>> = { "*": "[^/]+", "**": "[^/]+(?:/[^/]+)*" }

const segmentsPattern = (segments: string): string =>
  segments.replace(
    /\*\*?|[^*]+/g,
    (part) => wildcards[part] ?? part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&")
  )

// Variables and wildcards consist of whole segments, and only the final segment can be "**" or have a verb. Matching a
// path therefore takes linear time.
const isTemplate = (text: string, flat: string): boolean => {
  const segments = flat.slice(1).split("/")
  const last = segments.pop() ?? ""
  return flat.startsWith("/") && !/[^/]\{|\}[^/:]/.test(text) &&
    segments.every((segment) => /^(?:\*|[^*:]+)$/.test(segment)) &&
    /^(?:\*\*?|[^*:]+)(?::[^*:]+)?$/.test(last)
}

const hasOneSegment = (segments: string): boolean => segments !== "**" && !segments.includes("/")

/**
 * Parses a template such as `/v1/{parent=projects/*}/things` or `/v1/{name=operations/**}:cancel`. `*` matches one
 * segment, and `**` matches one or more segments.
 *
 * @internal
 */
export const parseTemplate = (text: string): Either.Either<Template, string> => {
  const tokens = [...text.matchAll(/\{([a-zA-Z_][\w.]*)(?:=([^{}]+))?\}|[^{}]+/g)]
  const isWhole = tokens.reduce((sum, [token]) => sum + token.length, 0) === text.length
  const flat = tokens.map(([token, name, segments = "*"]) => name === undefined ? token : segments).join("")
  if (!isWhole || !isTemplate(text, flat)) {
    return Either.left(`path: Expected a path such as /v1/{parent=projects/*}/things, actual ${JSON.stringify(text)}`)
  }
  const variables = tokens.flatMap(([, name, segments = "*"]) => name === undefined ? [] : [{ name, segments }])
  const pattern = tokens.map(([token, name, segments = "*"]) =>
    name === undefined ? segmentsPattern(token) : `(${segmentsPattern(segments)})`
  )
  const regExp = new RegExp(`^${pattern.join("")}$`)
  return Either.right({
    match: (path) => {
      const found = regExp.exec(path)
      if (found === null) return undefined
      const decoded = variables.map(({ name, segments }, index) =>
        Either.map(
          (hasOneSegment(segments) ? decode : decodeSegments)(found[index + 1] ?? ""),
          (value) => [name, value] as const
        )
      )
      return Either.map(Either.all(decoded), (entries) => Object.fromEntries(entries))
    }
  })
}
