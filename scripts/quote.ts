// npm run quote: writes the examples that README.md and docs/*.md quote into them, so that nobody copies code by hand.
//
// A quotation is a TypeScript block after a line `<!-- examples/FILE#REGION -->`. It holds what stands in FILE between
// `// #region REGION` and `// #endregion`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = new URL("..", import.meta.url)

const read = (path: string): string => readFileSync(new URL(path, root), "utf8")

const dedent = (lines: ReadonlyArray<string>): string => {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  return lines.map((line) => line.slice(indent)).join("\n")
}

const region = (path: string, name: string): string => {
  const lines = read(path).split("\n")
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`)
  const length = lines.slice(start).findIndex((line) => line.trim() === "// #endregion")
  if (start === -1 || length === -1) throw new Error(`${path} has no region ${name}`)
  return `${dedent(lines.slice(start + 1, start + length))}\n`
}

const block = /(?:<!-- (\S+)#(\S+) -->\n\n?)?```ts\n([\s\S]*?)```/g

/** The text of a document with its quotations as they should be. */
export const withQuotations = (document: string): string => {
  const text = read(document)
  return text.replace(block, (found, path: string | undefined, name: string, code: string, offset: number) => {
    if (path === undefined) {
      const line = text.slice(0, offset).split("\n").length
      throw new Error(
        `${document}:${line} has code that is no quotation: it needs a line <!-- examples/FILE#REGION -->`
      )
    }
    return `${found.slice(0, -code.length - 3)}${region(path, name)}\`\`\``
  })
}

/** The documents that quote. */
export const documents: ReadonlyArray<string> = [
  "README.md",
  ...readdirSync(new URL("docs", root)).filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`)
]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const document of documents) writeFileSync(new URL(document, root), withQuotations(document))
}
