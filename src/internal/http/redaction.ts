/**
 * Removes the secrets of a request from what servers and libraries say.
 *
 * A secret is found as it is and in any case, in base64 and base64url (also as a part of a longer text), in hexadecimal, and
 * behind up to three layers of escapes: percent-encoding, backslashes of JSON, numeric references of HTML. It is not found if
 * it is split, reversed, hashed, compressed or encrypted.
 */
import { oneLine } from "../text.js"

/**
 * Tells whether a text can be a secret. Short texts and numbers are not redacted: they would match ordinary text.
 *
 * @internal
 */
export const isSecret = (text: string): boolean => text.length >= 8 && !/^\d*$/.test(text)

const placeholder = "<redacted>"

/** Positions in a text, the second one exclusive. */
type Range = readonly [start: number, end: number]

// At the same positions: U+0130 is the only character that grows.
const lowerCase = (text: string): string => text.replaceAll("\u0130", "i").toLowerCase()

// A secret has three forms in base64, which depend on the number of bytes before it. The characters at its ends depend on the
// bytes beside it and are left out.
const base64Forms = (bytes: string): ReadonlyArray<string> =>
  [0, 1, 2].map((before) =>
    btoa("\0".repeat(before) + bytes).slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6))
  )

const formsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte))
  const base64 = base64Forms(bytes.join(""))
  return [
    secret,
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    bytes.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")
  ]
}

// %2F, \u002F, \x2F, \/, &#47; and &#x2F;.
const escapes = /%([\da-f]{2})|\\u([\da-f]{4})|\\x([\da-f]{2})|\\([^])|&#x0{0,6}([\da-f]{1,4});|&#0{0,6}(\d{1,5});/gi
const escapeAtEnd = /(?:%[\da-f]?|\\(?:u[\da-f]{0,3}|x[\da-f]?)?|&(?:#x?[\da-f]{0,10})?)$/i
const maxLayers = 3

/** A text without one layer of escapes. */
class Unescaped {
  readonly text: string
  // Where each escape is: the position of its character in `text`, and its range in the escaped text.
  readonly #at: Array<number> = []
  readonly #escaped: Array<Range> = []

  constructor(escaped: string) {
    const parts: Array<string> = []
    let length = 0
    let end = 0
    for (const match of escaped.matchAll(escapes)) {
      const [all, percent, unicode, hex, plain, hexReference, reference] = match
      const code = percent ?? unicode ?? hex ?? hexReference
      const before = escaped.slice(end, match.index)
      parts.push(before, plain ?? String.fromCharCode(code === undefined ? Number(reference) : parseInt(code, 16)))
      this.#at.push(length += before.length)
      length++
      end = match.index + all.length
      this.#escaped.push([match.index, end])
    }
    this.text = parts.length === 0 ? escaped : parts.join("") + escaped.slice(end)
  }

  // Where a character of `text` is in the escaped text.
  #original(position: number): Range {
    let low = 0
    let high = this.#at.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#at[middle]! <= position) low = middle + 1
      else high = middle
    }
    const at = this.#at[low - 1]
    const escaped = this.#escaped[low - 1]
    if (at === undefined || escaped === undefined) return [position, position + 1]
    if (at === position) return escaped
    const start = escaped[1] + position - at - 1
    return [start, start + 1]
  }

  toOriginal([start, end]: Range): Range {
    return [this.#original(start)[0], this.#original(end - 1)[1]]
  }
}

/**
 * Finds the secrets of a request in texts. The work is linear in the length of a text.
 *
 * @internal
 */
export class Redactor {
  readonly #forms: ReadonlyArray<string>

  constructor(secrets: ReadonlyArray<string>) {
    this.#forms = [...new Set(secrets.filter(isSecret).flatMap(formsOf).map(lowerCase))]
  }

  #find(text: string, isCut: boolean, layers = maxLayers): Array<Range> {
    if (this.#forms.length === 0) return []
    const lower = lowerCase(text)
    const found: Array<Range> = []
    for (const form of this.#forms) {
      for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + form.length)) {
        found.push([at, at + form.length])
      }
      // Four characters of a secret tell nothing.
      for (let length = Math.min(form.length - 1, text.length); isCut && length > 4; length--) {
        if (lower.endsWith(form.slice(0, length))) {
          found.push([text.length - length, text.length])
          break
        }
      }
    }
    if (layers > 0 && (text.includes("%") || text.includes("\\") || text.includes("&#"))) {
      const unescaped = new Unescaped(text)
      if (unescaped.text !== text) {
        for (const range of this.#find(unescaped.text, isCut, layers - 1)) found.push(unescaped.toOriginal(range))
      }
    }
    return found
  }

  #clean(text: string, isCut: boolean): string {
    const found = this.#find(text, isCut)
    if (found.length === 0) return text
    const parts: Array<string> = []
    let end = 0
    for (const [from, to] of found.sort(([a], [b]) => a - b)) {
      if (from >= end) parts.push(text.slice(end, from), placeholder)
      end = Math.max(end, to)
    }
    parts.push(text.slice(end))
    return parts.join("")
  }

  /** Tells whether a text holds a secret. */
  isIn(text: string): boolean {
    return this.#find(text, false).length > 0
  }

  /** The text without secrets. JSON stays JSON: what is replaced is within a string. */
  clean(text: string): string {
    return this.#clean(text, false)
  }

  /** The same for a text that was cut off, and so may end within a secret. */
  cleanCut(text: string): string {
    return this.#clean(text.replace(escapeAtEnd, ""), true)
  }
}

// A service has one token at a time, so few redactors serve all of its requests.
const redactors = new Map<string, Redactor>()
const maxRedactors = 8

/**
 * The redactor for the headers that authorise a request. Of "Bearer <token>", the token is the secret.
 *
 * @internal
 */
export const redactorOf = (headers: Readonly<Record<string, string>>): Redactor => {
  const values = Object.values(headers)
  const key = values.length === 1 ? values[0]! : values.join("\n")
  let redactor = redactors.get(key)
  if (redactor === undefined) {
    redactor = new Redactor(values.map((value) => {
      const token = value.slice(value.indexOf(" ") + 1)
      return isSecret(token) ? token : value
    }))
    for (const oldest of redactors.size < maxRedactors ? [] : [...redactors.keys()].slice(0, 1)) {
      redactors.delete(oldest)
    }
    redactors.set(key, redactor)
  }
  return redactor
}

const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

const maxCauses = 100

const beneath = (failure: unknown): ReadonlyArray<unknown> => {
  if (!isObject(failure)) return []
  if ("errors" in failure && Array.isArray(failure.errors)) return failure.errors.slice(0, maxCauses)
  return "cause" in failure && failure.cause !== undefined && failure.cause !== null ? [failure.cause] : []
}

/**
 * A failure and those beneath it: its `errors` or its `cause`, and theirs.
 *
 * @internal
 */
export const causesOf = (failure: unknown): ReadonlyArray<unknown> => {
  const causes = new Set<unknown>()
  const rest = [failure]
  while (rest.length > 0 && causes.size < maxCauses) {
    const cause = rest.pop()
    if (causes.has(cause)) continue
    causes.add(cause)
    rest.push(...beneath(cause).toReversed())
  }
  return [...causes]
}

/**
 * The message, the code and the name of the failure beneath all others, in an error of ours. The original may hold the
 * request with its secrets.
 *
 * @internal
 */
export const plainCause = (failure: unknown, clean: (text: string) => string): Error => {
  const root = causesOf(failure).find((cause) => beneath(cause).length === 0) ?? failure
  const { code, message, name } = isObject(root)
    ? root as { readonly message?: unknown; readonly code?: unknown; readonly name?: unknown }
    : { message: root, code: undefined, name: undefined }
  const words = [message, code].find((text) => typeof text === "string" && text !== "")
  const plain = new Error(oneLine(clean(typeof words === "string" ? words : "no further information")))
  if (typeof name === "string") plain.name = oneLine(clean(name))
  return typeof code === "string" ? Object.assign(plain, { code: oneLine(clean(code)) }) : plain
}
