/**
 * Removes the secrets of a request from texts of servers and libraries.
 *
 * A secret is found in any case, in base64 and base64url (also as a part of a longer text), in hexadecimal, and within
 * up to three layers of escapes: percent-encoding, backslashes of JSON, numeric references of HTML. It is not found if
 * it is split, reversed, hashed, compressed or encrypted.
 */
import { oneLine } from "../text.js"

/**
 * Tells whether a text can be a secret. Short texts and numbers are not redacted, because they would match ordinary
 * text.
 *
 * @internal
 */
export const isSecret = (text: string): boolean => text.length >= 8 && !/^\d*$/.test(text)

const placeholder = "<redacted>"

/** Positions in a text. The second position is exclusive. */
type Range = readonly [start: number, end: number]

// Lower case with the same positions: U+0130 is the only character that becomes longer.
const lowerCase = (text: string): string => text.replaceAll("\u0130", "i").toLowerCase()

// A secret has three forms in base64, which depend on the number of bytes before it. The characters at both ends depend
// on the neighboring bytes and are omitted.
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

const escapeAtEnd = /(?:%[\da-f]?|\\(?:u[\da-f]{0,3})?|&(?:#x?[\da-f]{0,10})?)$/i
const reference = /&#(?:x0{0,6}([\da-f]{1,4})|0{0,6}(\d{1,5}));/iy
const maxLayers = 3

// The value of hexadecimal digits, or NaN.
const hex = (text: string, from: number, count: number): number => {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const code = text.charCodeAt(at)
    const letter = code | 32
    value = value * 16 + (code >= 48 && code <= 57 ? code - 48 : letter >= 97 && letter <= 102 ? letter - 87 : NaN)
  }
  return value
}

/** A text without one layer of escapes. */
interface Unescaped {
  readonly text: string
  /** For each character of the text, its end in the escaped text. */
  readonly endOf: (position: number) => number
}

// Every platform supports a function call with this number of arguments.
const maxUnits = 4_096

// Decodes %2F, \u002F, \/, &#47; and &#x2F;. A loop takes a tenth of the time of a regular expression, for any input.
const unescape = (escaped: string): Unescaped => {
  // For each escape: the position of its character, and its end in the escaped text.
  const places: Array<number> = []
  const ends: Array<number> = []
  let text = ""
  let length = 0
  let end = 0
  let units: Array<number> = []
  for (let at = 0; at < escaped.length; at++) {
    const first = escaped.charCodeAt(at)
    let unit = NaN
    let size = 3
    if (first === 37 /* % */) {
      unit = hex(escaped, at + 1, 2)
    } else if (first === 92 /* \ */) {
      const second = escaped.charCodeAt(at + 1)
      const isCode = second === 117 /* u */
      unit = isCode ? hex(escaped, at + 2, 4) : second
      size = isCode ? 6 : 2
    } else if (first === 38 /* & */ && escaped.charCodeAt(at + 1) === 35 /* # */) {
      reference.lastIndex = at
      const match = reference.exec(escaped)
      if (match !== null) {
        unit = match[1] === undefined ? Number(match[2]) : parseInt(match[1], 16)
        size = match[0].length
      }
    }
    if (Number.isNaN(unit)) continue
    if (at > end || units.length === maxUnits) {
      text += String.fromCharCode(...units) + escaped.slice(end, at)
      length += at - end
      units = []
    }
    units.push(unit)
    places.push(length++)
    ends.push(end = at + size)
    at = end - 1
  }
  const endOf = (position: number): number => {
    let low = 0
    let high = places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (places[middle]! <= position) low = middle + 1
      else high = middle
    }
    return low === 0 ? position + 1 : ends[low - 1]! + position - places[low - 1]!
  }
  return { text: text + String.fromCharCode(...units) + escaped.slice(end), endOf }
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
    const whole = isCut ? lower.replace(escapeAtEnd, "") : ""
    const found: Array<Range> = []
    for (const form of this.#forms) {
      for (let at = lower.indexOf(form); at >= 0; at = lower.indexOf(form, at + form.length)) {
        found.push([at, at + form.length])
      }
      // Four characters of a secret do not identify it.
      for (let length = Math.min(form.length - 1, whole.length); length > 4; length--) {
        if (whole.endsWith(form.slice(0, length))) {
          found.push([whole.length - length, text.length])
          break
        }
      }
    }
    if (layers > 0 && (text.includes("%") || text.includes("\\") || text.includes("&#"))) {
      const inner = unescape(text)
      for (const [start, end] of inner.text === text ? [] : this.#find(inner.text, isCut, layers - 1)) {
        found.push([start === 0 ? 0 : inner.endOf(start - 1), inner.endOf(end - 1)])
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

  /** Tells whether a text contains a secret. */
  isIn(text: string): boolean {
    return this.#find(text, false).length > 0
  }

  /** Removes the secrets from a text. JSON stays valid, because secrets are replaced within strings. */
  clean(text: string): string {
    return this.#clean(text, false)
  }

  /** Removes the secrets from a truncated text, whose end can be a part of a secret. */
  cleanCut(text: string): string {
    return this.#clean(text, true)
  }
}

// A service uses one token at a time, so a few redactors serve all of its requests.
const redactors = new Map<string, Redactor>()
const maxRedactors = 8

/**
 * The redactor for the authorization headers of a request. In "Bearer <token>", the token is the secret.
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
 * A failure and its nested failures, by `errors` and `cause`.
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
 * A new error with the message, the code and the name of the innermost failure. The original error may contain the
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
