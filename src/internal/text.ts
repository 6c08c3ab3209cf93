/**
 * Prepares text from servers and callers for messages: short, and on one line.
 */

// The longest text that a message quotes, in characters.
const maxQuoted = 1_000

// How much of an option's value a message quotes, in characters.
const maxValue = 100

/**
 * The longest message, in characters. It has space for a few quoted texts.
 *
 * @internal
 */
export const maxMessage = 4_000

/**
 * The beginning of a text, without line breaks.
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
 * A text with a full stop at its end, so that another sentence can follow.
 *
 * @internal
 */
export const sentence = (text: string): string => /[.!?…]["')]?$/.test(text) ? text : `${text}.`

/**
 * How many names a line of the log has.
 *
 * @internal
 */
export const namesInLog = 10

/**
 * The first names, and how many more there are. `count` is the number of all names.
 *
 * @internal
 */
export const listNames = (names: ReadonlyArray<string>, count = names.length): string =>
  `${names.slice(0, namesInLog).join(", ")}${count > namesInLog ? `, and ${count - namesInLog} more` : ""}`

/**
 * A value of a caller, in a few words: short values as they are, others by their type.
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
