import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { documents, withQuotations } from "../scripts/quote.js"

const root = fileURLToPath(new URL("..", import.meta.url))

const texts = new Map(
  [
    ...documents,
    "AGENTS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    "llms.txt",
    "test/conformance/README.md"
  ].map((document) => [document, readFileSync(join(root, document), "utf8")])
)

describe("the documents", () => {
  it.each(documents)("%s quotes examples that the tests run; npm run quote", (document) => {
    assert.strictEqual(texts.get(document), withQuotations(document))
  })

  it.each([...texts])("%s links to what is there", (document, text) => {
    const anchors = (path: string) =>
      [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
      )
    for (const [link, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue
      const [path, anchor] = target!.split("#")
      const file = path === "" ? join(root, document) : join(root, dirname(document), path!)
      assert.isTrue(existsSync(file), `${document}: ${link}`)
      if (anchor !== undefined) assert.include(anchors(file), anchor, `${document}: ${link}`)
    }
  })
})
