// npm run check:runtimes: runs one scenario with the built package in Node, Bun, Deno, workerd, the edge runtime and
// Chromium. Names of runtimes limit it to these. With --write, it also writes the results of all runtimes into
// docs/runtimes.md.
//
// npm has the binaries of all runtimes but Chromium, which is used if it is on PATH. The binaries are kept in npm's
// cache. A runtime that cannot be installed is skipped. The exit code is 1 if a step failed.
import { markdownTable } from "markdown-table"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { replacePart } from "./markdown.js"
import { names, type Row, runIn } from "./runtimes/runtimes.js"
import { stepNames } from "./runtimes/scenario.js"

const { positionals, values } = parseArgs({ allowPositionals: true, options: { write: { type: "boolean" } } })
const isWriting = values.write === true
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0 || (isWriting && positionals.length > 0)) {
  console.error(`usage: npm run check:runtimes -- [--write | ${names.join(" | ")}]`)
  process.exit(1)
}
if (!existsSync(new URL("../dist/index.js", import.meta.url))) {
  throw new Error("dist is empty. Run npm run build.")
}

const titleOf = ({ client, runtime }: Row): string => client === "" ? runtime : `${runtime}, ${client}`

const rows: Array<Row> = []
// The runtimes run one after the other, because a busy machine would delay the steps.
for (const name of positionals.length === 0 ? names : positionals) {
  for (const row of await runIn(name)) {
    rows.push(row)
    const { results } = row
    const failed = typeof results === "string" ? [] : results.filter(({ problem }) => problem !== undefined)
    console.error(
      `${titleOf(row)}: ${
        typeof results === "string" ? `skipped, ${results}` : failed.length === 0 ? "ok" : `${failed.length} failed`
      }`
    )
  }
}

const cell = ({ results }: Row, step: string): string => {
  if (typeof results === "string") return "skipped"
  const result = results.find((result) => result.step === step)
  return result === undefined ? "–" : result.problem === undefined ? "ok" : "failed"
}

const table = markdownTable([
  ["runtime", "client", ...stepNames],
  ...rows.map((row) => [row.runtime, row.client, ...stepNames.map((step) => cell(row, step))])
])

// The results that are not in the table: other steps, the messages of failures, the reasons of skips.
const notes = rows.flatMap((row) =>
  typeof row.results === "string"
    ? [`- ${titleOf(row)}: skipped, ${row.results}`]
    : row.results.flatMap(({ problem, step }) =>
      problem !== undefined
        ? [`- ${titleOf(row)}: ${step} failed: ${problem}`]
        : stepNames.includes(step)
        ? []
        : [`- ${titleOf(row)}: ${step}: ok`]
    )
)
const report = notes.length === 0 ? table : `${table}\n\n${notes.join("\n")}`
console.log(report)

if (isWriting) {
  const page = new URL("../docs/runtimes.md", import.meta.url)
  const text = replacePart(readFileSync(page, "utf8"), "<!-- check:runtimes -->", "<!-- /check:runtimes -->", report)
  if (text === undefined) throw new Error("docs/runtimes.md has no part for the results")
  writeFileSync(page, text)
}
if (rows.some(({ results }) => typeof results !== "string" && results.some(({ problem }) => problem !== undefined))) {
  process.exitCode = 1
}
