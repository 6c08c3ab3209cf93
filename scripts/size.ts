// npm run size: the size of each public module as a bundler ships it, minified and gzipped, alone and with its peers, and that
// of the command line.
//
// Alone is the module with what it imports of this package. The core is OperationsService: the whole client, without the
// kit for tests. Its limit leaves little room: a feature that needs more raises it with a reason. Dialects,
// errors that encode and decode, the redaction of a secret in any form, the checks of all options and the engine of the waits
// have raised it from 15 kB to 28.5 kB; the spans of requests, the metrics, the events of waits and the check of redirects to 33.5 kB.
import { build, transform } from "esbuild"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { rollup } from "rollup"

const core = "OperationsService"
const coreLimit = 33_500

const dist = new URL("../dist/", import.meta.url)
const modules = readdirSync(dist).filter((file) => file.endsWith(".js")).map((file) => file.slice(0, -3))

// Modules that are for Node alone, as their optional peers are, are not in the barrel; nor is the catalog, for its size.
const barrel = readFileSync(new URL("index.js", dist), "utf8")
const isForNode = (module: string): boolean =>
  module !== "index" && module !== "GoogleApiCatalog" && !barrel.includes(`"./${module}.js"`)

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length

// rollup merges the imports of a peer, as a bundle with the peers in it would.
const alone = async (input: string): Promise<number> => {
  const bundle = await rollup({ input, external: /^[^./]/ })
  const { output: [chunk] } = await bundle.generate({ format: "es", inlineDynamicImports: true })
  return gzipped((await transform(chunk.code, { minify: true, format: "esm", target: "es2022" })).code)
}

const withPeers = async (input: string, platform: "browser" | "node"): Promise<number> => {
  const { outputFiles: [file] } = await build({
    entryPoints: [input],
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    // They load native code.
    external: ["@libsql/client", "libsql", "pg-native"],
    write: false,
    logLevel: "error"
  })
  return gzipped(file!.text)
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

if (modules.length === 0) throw new Error("there is nothing in dist: npm run build")
const rows = await Promise.all(modules.map(async (module) => {
  const input = fileURLToPath(new URL(`${module}.js`, dist))
  return {
    module: module === "index" ? "index (without those for Node, catalog)" : module,
    alone: await alone(input),
    withPeers: await withPeers(input, isForNode(module) ? "node" : "browser")
  }
}))

const line = (module: string, alone: string, withPeers: string) =>
  console.log(module.padEnd(38) + alone.padStart(10) + withPeers.padStart(12))
line("minified and gzipped", "alone", "with peers")
for (const row of rows) line(row.module, kilobytes(row.alone), kilobytes(row.withPeers))

const commandLine = readFileSync(new URL("../bin/google-operations.js", import.meta.url))
console.log(
  `\nThe command line, all it needs in one file: ${kilobytes(commandLine.length)}, gzipped ${
    kilobytes(gzipSync(commandLine, { level: 9 }).length)
  }`
)

const size = rows.find((row) => row.module === core)!.alone
console.log(`\nThe core, ${core}: ${size} of ${coreLimit} bytes`)
if (size > coreLimit) {
  console.error(`The core is ${size - coreLimit} bytes too large.`)
  process.exitCode = 1
}
