/**
 * Formats command lines for a POSIX shell.
 */

// Quotes a word if necessary.
const quoted = (word: string): string => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** Formats a command line. */
export const commandLine = (words: ReadonlyArray<string>): string => words.map(quoted).join(" ")
