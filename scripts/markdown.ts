// Parts of Markdown documents that scripts write.

/** The length of the longest text. */
export const widest = (texts: ReadonlyArray<string>): number => Math.max(...texts.map(({ length }) => length))

/** A table in Markdown, formatted as dprint does. The first line is the head. */
export const markdownTable = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = lines[0]!.map((_, column) => Math.max(3, widest(lines.map((line) => line[column]!))))
  const [head, ...body] = lines.map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`)
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n")
}

/** Puts content between two markers of a document. Undefined if the document does not have them. */
export const replacePart = (document: string, begin: string, end: string, content: string): string | undefined => {
  const start = document.indexOf(begin)
  const stop = start === -1 ? -1 : document.indexOf(end, start + begin.length)
  return stop === -1 ? undefined : `${document.slice(0, start)}${begin}\n\n${content}\n\n${document.slice(stop)}`
}
