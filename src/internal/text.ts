/**
 * Prepares text from servers and callers for messages, by shortening it to one line.
 */

// The maximum length of a text that a message quotes, in characters.
const maxQuoted = 1_000

// The maximum length of an option value that a message quotes, in characters.
const maxValue = 100

/**
 * The maximum message length, in characters. It allows for a few quoted texts.
 *
 * @internal
 */
export const maxMessage = 4_000

/**
 * Returns the beginning of a text, with line breaks replaced by spaces.
 *
 * @internal
 */
export const oneLine = (text: string, length = maxQuoted): string => {
  // Do not split a surrogate pair.
  const end = text.length > length && /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length
  const line = text.slice(0, end).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()
  return text.length > length ? `${line}…` : line
}

/**
 * Returns a text that ends with a period, so that another sentence can follow.
 *
 * @internal
 */
export const sentence = (text: string): string => /[.!?…]["')]?$/.test(text) ? text : `${text}.`

/**
 * The maximum number of names in a log line.
 *
 * @internal
 */
export const namesInLog = 10

/**
 * Lists the first names, and states how many names are omitted. `count` is the total number of names.
 *
 * @internal
 */
export const listNames = (names: ReadonlyArray<string>, count = names.length): string =>
  `${names.slice(0, namesInLog).join(", ")}${count > namesInLog ? `, and ${count - namesInLog} more` : ""}`

/**
 * Describes a value that the caller passed: quotes a string, prints any other primitive value, and names the type of an
 * object.
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
