/**
 * Prepares text for a terminal: measures its width, truncates it, and removes control characters.
 */

/**
 * Marks up text. Each function returns the text either unchanged or with terminal control sequences.
 */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

const same = (text: string): string => text

/** Leaves all text unchanged. */
export const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same }

const sgr = (on: number, off: number) => (text: string): string => `\x1b[${on}m${text}\x1b[${off}m`

/** Marks up text for a terminal that supports colors. */
export const colored: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39)
}

/**
 * Makes text from a server safe for a terminal. Replaces control characters other than tabs and line breaks with
 * U+FFFD.
 */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the expression matches control characters
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")

/** Makes one line of text safe for a terminal. Replaces tabs and line breaks with spaces. */
export const singleLine = (text: string): string => printable(text.replace(/[\t\n\v\f\r]+/g, " "))

// Matches the ranges of East Asian wide characters and emoji (UAX #11).
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

const widthOfCharacter = (character: string): number =>
  /^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character) ? 0 : wide.test(character) ? 2 : 1

// oxlint-disable-next-line no-control-regex -- the expression matches control sequences
const controlSequence = /\x1b\[[0-9;]*m/g

/** Returns the number of columns that a line occupies. Color control sequences have no width. */
export const width = (line: string): number => {
  const text = line.replace(controlSequence, "")
  // oxlint-disable-next-line no-control-regex -- plain ASCII, the usual case
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  return [...text].reduce((sum, character) => sum + widthOfCharacter(character), 0)
}

// Returns the first characters that fit into a number of columns.
const take = (characters: ReadonlyArray<string>, columns: number): ReadonlyArray<string> => {
  let left = columns
  const end = characters.findIndex((character) => (left -= widthOfCharacter(character)) < 0)
  return end === -1 ? characters : characters.slice(0, end)
}

/** Truncates the end of a text to fit a number of columns. The text must not contain control sequences. */
export const cutEnd = (text: string, columns: number): string => {
  if (width(text) <= columns) return text
  return columns < 1 ? "" : `${take([...text], columns - 1).join("")}…`
}

/**
 * Truncates the start of a text to fit a number of columns, because resource names usually differ at the end. The text
 * must not contain control sequences.
 */
export const cutStart = (text: string, columns: number): string => {
  if (width(text) <= columns) return text
  return columns < 1 ? "" : `…${take([...text].toReversed(), columns - 1).toReversed().join("")}`
}

/** Pads a line with spaces. */
export const padEnd = (line: string, columns: number): string => line + " ".repeat(Math.max(0, columns - width(line)))

/** Formats a duration in milliseconds for users: `0.4s`, `12s`, `2m 5s`, `1h 0m`. */
export const duration = (millis: number): string => {
  if (millis < 9_950) return `${(Math.max(0, millis) / 1000).toFixed(1)}s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/** Formats a count with its noun: `1 poll`, `2 polls`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`
