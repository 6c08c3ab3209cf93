/**
 * Keeps secrets out of what errors say.
 */

/**
 * Whether a value can be a secret: a few letters are none, and stand in any text.
 *
 * @internal
 */
export const isSecret = (value: string): boolean => value.length >= 8

/**
 * The secrets among the headers that authorise a request. Of "Bearer <token>", the token alone is as secret.
 *
 * @internal
 */
export const secretsOf = (headers: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.values(headers)
    .flatMap((value) => [value, value.slice(value.indexOf(" ") + 1)])
    .filter(isSecret)

/**
 * Takes secrets out of a text.
 *
 * @internal
 */
export const redact = (secrets: ReadonlyArray<string>, text: string): string =>
  secrets.reduce((result, secret) => result.replaceAll(secret, "<redacted>"), text)

/**
 * Takes secrets out of a text that was cut off: it may end with the beginning of one.
 *
 * @internal
 */
export const redactCut = (secrets: ReadonlyArray<string>, text: string): string =>
  secrets.reduce((result, secret) => {
    let length = secret.length - 1
    while (length > 0 && !result.endsWith(secret.slice(0, length))) length--
    return result.slice(0, result.length - length)
  }, redact(secrets, text))

const rootCause = (cause: unknown): unknown => {
  let root = cause
  for (let depth = 0; depth < 8 && typeof root === "object" && root !== null; depth++) {
    const next = "errors" in root && Array.isArray(root.errors)
      ? root.errors[0]
      : "cause" in root
      ? root.cause
      : undefined
    if (next === undefined || next === null) break
    root = next
  }
  return root
}

/**
 * The cause's own words and code, in an error of ours: the original may hold the request with its secrets.
 *
 * @internal
 */
export const plainCause = (cause: unknown, clean: (text: string) => string): Error => {
  const root = rootCause(cause)
  const { code, message, name } = typeof root === "object" && root !== null
    ? root as { readonly message?: unknown; readonly code?: unknown; readonly name?: unknown }
    : { message: root, code: undefined, name: undefined }
  const text = typeof message === "string" && message !== "" ? message : String(code ?? "the connection failed")
  const plain = new Error(clean(text))
  if (typeof name === "string") plain.name = name
  return typeof code === "string" ? Object.assign(plain, { code }) : plain
}
