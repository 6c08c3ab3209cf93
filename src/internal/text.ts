/**
 * Text of servers and callers as a part of messages: short, and on one line.
 */

// How much of one text a message quotes, in characters.
const maxQuoted = 1_000

/**
 * How long a message is, in characters. It holds a few quoted texts.
 *
 * @internal
 */
export const maxMessage = 4_000

/**
 * The beginning of a text, on one line.
 *
 * @internal
 */
export const oneLine = (text: string, length = maxQuoted): string => {
  // Not within a surrogate pair.
  const end = text.length > length && /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length
  const line = text.slice(0, end).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()
  return text.length > length ? `${line}…` : line
}

/**
 * A text with a full stop at its end, to be followed by another sentence.
 *
 * @internal
 */
export const sentence = (text: string): string => /[.!?…]["')]?$/.test(text) ? text : `${text}.`
