// npm run quote: copies the quoted parts of the examples into README.md and docs/*.md.
//
// A quotation is a TypeScript block after a line `<!-- FILE#REGION -->`. It has the lines of FILE between
// `// #region REGION` and `// #endregion`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = new URL("..", import.meta.url)

const read = (path: string): string => readFileSync(new URL(path, root), "utf8")

const region = (path: string, name: string): string => {
  const [, indent, lines] = new RegExp(`^( *)// #region ${name}\n([^]*?)^ *// #endregion$`, "m").exec(read(path)) ?? []
  if (lines === undefined) throw new Error(`${path} has no region ${name}`)
  return lines.replaceAll(new RegExp(`^${indent}`, "gm"), "")
}

/** The text of a document with current quotations. */
export const withQuotations = (document: string): string =>
  read(document).replace(
    /(<!-- (\S+)#(\S+) -->\n\n?)?```ts\n([^]*?)```/g,
    (_, comment: string | undefined, path: string, name: string, code: string) => {
      if (comment === undefined) {
        throw new Error(`${document} has code without a line <!-- FILE#REGION --> before it:\n${code}`)
      }
      return `${comment}\`\`\`ts\n${region(path, name)}\`\`\``
    }
  )

/** The documents that quote. */
export const documents: ReadonlyArray<string> = [
  "README.md",
  ...readdirSync(new URL("docs", root)).filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`)
]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const document of documents) writeFileSync(new URL(document, root), withQuotations(document))
}
