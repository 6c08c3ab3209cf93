// npm run catalog: generates the facts of GoogleApiCatalog, and examples for its tests, from the googleapis package. It
// prints the APIs that it leaves out. With --check, it writes nothing, and fails if a file differs from the generated
// one.
//
// bench/package.json pins the version of googleapis. `npm run catalog` installs it there. Without it, the check is
// skipped.
import * as Array from "effect/Array"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { type Catalog, catalogOf } from "./catalog/operations.js"
import { readApis, versionOf } from "./catalog/package.js"
import * as Print from "./catalog/print.js"

const { values: { check } } = parseArgs({ options: { check: { type: "boolean", default: false } } })

const root = fileURLToPath(new URL("..", import.meta.url))
const googleapis = `${root}bench/node_modules/googleapis`

const formatted = (path: string, input: string): string =>
  execFileSync("node_modules/.bin/dprint", ["fmt", "--stdin", path], { cwd: root, input, encoding: "utf8" })

const filesOf = ({ entries }: Catalog): Readonly<Record<string, string>> => ({
  "src/internal/catalog.ts": formatted("catalog.ts", Print.source(entries, versionOf(googleapis))),
  "test/vectors/catalog.json": Print.vectors(entries)
})

const countsOf = ({ entries }: Catalog): string => {
  const names = new Set(entries.map(({ name }) => name))
  const versions = new Set(entries.map(({ name, version }) => `${name} ${version}`))
  const dialects = Object.entries(Array.groupBy(entries, ({ dialect }) => dialect))
  return `${names.size} APIs, ${versions.size} versions; ${
    dialects.map(([dialect, group]) => `${dialect} ${group.length}`).join(", ")
  }`
}

const generate = (): void => {
  const catalog = catalogOf(readApis(googleapis))
  for (const [path, text] of Object.entries(filesOf(catalog))) writeFileSync(root + path, text)
  console.log(`${countsOf(catalog)}\n\nMethods that only some operations of an API have:`)
  for (const { dialect, name, remarks, version } of catalog.entries) {
    if (remarks.length > 0) console.log(`  ${name} ${version} (${dialect}): ${remarks.join(", ")}`)
  }
  console.log("\nNot in the catalog:")
  for (const { name, reason, version } of catalog.leftOut) console.log(`  ${name} ${version}: ${reason}`)
}

const compare = (): void => {
  const catalog = catalogOf(readApis(googleapis))
  const differing = Object.entries(filesOf(catalog)).flatMap(([path, text]) =>
    existsSync(root + path) && readFileSync(root + path, "utf8") === text ? [] : [path]
  )
  if (differing.length === 0) {
    console.log(`The catalog agrees with googleapis ${versionOf(googleapis)}: ${countsOf(catalog)}`)
  } else {
    console.error(
      `${differing.join(" and ")} do not agree with googleapis ${versionOf(googleapis)}. Run npm run catalog.`
    )
    process.exitCode = 1
  }
}

if (!check) {
  if (!existsSync(googleapis)) {
    execFileSync("npm", ["ci", "--prefix", "bench", "--no-audit", "--no-fund"], { cwd: root, stdio: "inherit" })
  }
  generate()
} else if (existsSync(googleapis)) {
  compare()
} else {
  console.log(
    "Skipped: there is no googleapis in bench/node_modules to compare the catalog with; npm ci --prefix bench"
  )
}
