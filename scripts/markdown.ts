// The parts of Markdown documents that scripts write.

/** Replaces the text between two markers of a document. Returns undefined if the document does not have the markers. */
export const replacePart = (document: string, begin: string, end: string, content: string): string | undefined => {
  const start = document.indexOf(begin)
  const stop = start === -1 ? -1 : document.indexOf(end, start + begin.length)
  return stop === -1 ? undefined : `${document.slice(0, start)}${begin}\n\n${content}\n\n${document.slice(stop)}`
}
