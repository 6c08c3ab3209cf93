/**
 * `npm run bench`, second part: what an operation costs while it is waited for, in memory and, for each poll, in CPU, as a
 * multiple of a fiber of Effect that polls and sleeps.
 */
import { execFile, execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs, promisify } from "node:util"
import type { Name } from "./waiting-client.js"

interface Row {
  readonly label: string
  readonly client: Name
  readonly waits: number
  /** Of a package that is only in `bench/node_modules`. */
  readonly needs?: string
}

const { values } = parseArgs({ options: { waits: { type: "string", default: "10000" } } })
const waits = Number(values.waits)
if (!(Number.isInteger(waits) && waits > 0)) {
  console.error("usage: tsx bench/waiting.ts [--waits N]")
  process.exit(1)
}

const rows: ReadonlyArray<Row> = [
  { label: "Effect.gen + Effect.sleep, a fiber each", client: "effect", waits },
  { label: "waitAll", client: "wait-all", waits },
  { label: "Effect.forEach(wait)", client: "wait", waits },
  { label: "smithy createWaiter", client: "smithy", waits, needs: "@smithy/util-waiter" },
  { label: "Azure core-lro pollUntilDone", client: "azure", waits, needs: "@azure/core-lro" },
  { label: "google-gax Operation.promise", client: "gax", waits, needs: "google-gax" },
  { label: "waitAll", client: "wait-all", waits: 10 * waits }
]

const root = fileURLToPath(new URL("..", import.meta.url))
const run = (file: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(file, args, { cwd: root, stdio: "inherit" })
}

const isMissing = ({ needs }: Row): boolean =>
  needs !== undefined && !existsSync(new URL(`node_modules/${needs}`, import.meta.url))

if (rows.some(isMissing)) {
  try {
    run("npm", "ci", "--prefix", "bench", "--no-audit", "--no-fund")
  } catch {
    // The table says so.
  }
}

// As for get.ts: tsx would change what is measured.
run(process.execPath, "node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json")

const limit = performance.now() + 120_000

// One process, one figure; none if it fails, or if there is no time left.
const measure = async ({ client, waits }: Row, what: "heap" | "cpu", interval: number): Promise<number> => {
  const left = Math.floor(limit - performance.now())
  if (left <= 0) return NaN
  const script = ["--expose-gc", "bench/dist/bench/waiting-client.js", client, String(waits), what, String(interval)]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, script, {
      cwd: root,
      timeout: Math.min(left, 45_000)
    })
    return Number(stdout)
  } catch {
    return NaN
  }
}

const print = (label: string, ...cells: ReadonlyArray<string>): void =>
  console.log(label.padEnd(42) + cells.map((cell) => cell.padStart(15)).join(""))
const figure = (value: number, digits: number): string => Number.isNaN(value) ? "failed" : value.toFixed(digits)

console.log(`Waiting for operations, the answers from a stub; Node ${process.version}\n`)
print("while waiting", "operations", "bytes a wait", "× a fiber", "µs CPU a poll", "× a fiber")
let floor: { readonly heap: number; readonly cpu: number } | undefined
for (const row of rows) {
  const operations = row.waits.toLocaleString("en")
  if (isMissing(row)) {
    print(row.label, operations, "not installed")
    continue
  }
  const heap = await measure(row, "heap", 3_600_000)
  // One core has to do, also for ten times as many.
  const cpu = await measure(row, "cpu", row.waits > waits ? 5000 : 1000)
  floor ??= { heap, cpu }
  print(
    row.label,
    operations,
    figure(heap, 0),
    figure(heap / floor.heap, 2),
    figure(cpu, 1),
    figure(cpu / floor.cpu, 2)
  )
}
