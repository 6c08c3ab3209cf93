/**
 * Prepares text from servers and callers for messages: short, and on one line.
 */

// The longest text that a message quotes, in characters.
const maxQuoted = 1_000

// The longest quotation of an option's value in a message, in characters.
const maxValue = 100

/**
 * The longest message, in characters. It has space for a few quoted texts.
 *
 * @internal
 */
export const maxMessage = 4_000

/**
 * Returns the beginning of a text without line breaks.
 *
 * @internal
 */
export const oneLine = (text: string, length = maxQuoted): string => {
  // Do not cut a surrogate pair.
  const end = text.length > length && /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length
  const line = text.slice(0, end).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()
  return text.length > length ? `${line}…` : line
}

/**
 * Returns a text with a full stop at its end, so that another sentence can follow.
 *
 * @internal
 */
export const sentence = (text: string): string => /[.!?…]["')]?$/.test(text) ? text : `${text}.`

/**
 * The largest number of names in a log line.
 *
 * @internal
 */
export const namesInLog = 10

/**
 * The first names, and the number of further names. `count` is the number of all names.
 *
 * @internal
 */
export const listNames = (names: ReadonlyArray<string>, count = names.length): string =>
  `${names.slice(0, namesInLog).join(", ")}${count > namesInLog ? `, and ${count - namesInLog} more` : ""}`

/**
 * Describes a value of a caller: short values are quoted, other values are described by their type.
 *
 * @internal
 */
export const describeValue = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(oneLine(value, maxValue))
  if (typeof value === "bigint") return oneLine(`${value}n`, maxValue)
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) {
    return String(value)
  }
  return Array.isArray(value) ? "an array" : typeof value
}
