/**
 * `npm run bench`: what a `get` costs a client in CPU, as a multiple of undici's own `Pool.request` and `JSON.parse`, and of
 * the HTTP client that it uses.
 */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, rmSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Name } from "./get-client.js"

const labels: Record<Name, string> = {
  "undici": "undici Pool.request + JSON.parse",
  "node-operations": "NodeOperations",
  "node-operations-traced": "NodeOperations, native tracer",
  "node-operations-opentelemetry": "NodeOperations, OpenTelemetry",
  "service-undici": "service over platform's undici",
  "service-undici-traced": "the same, tracer on",
  "platform-undici": "platform's undici alone",
  "platform-undici-traced": "the same, tracer on",
  "service-fetch": "service over platform's fetch",
  "platform-fetch": "platform's fetch alone",
  "googleapis": "googleapis"
}

// What the third column compares a row with.
const bases: Partial<Record<Name, Name>> = {
  "node-operations-traced": "node-operations",
  "node-operations-opentelemetry": "node-operations",
  "service-undici": "platform-undici",
  "service-undici-traced": "platform-undici-traced",
  "service-fetch": "platform-fetch"
}
const names = Object.keys(labels) as Array<Name>

const { values } = parseArgs({
  options: {
    gets: { type: "string", default: "3000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: names.join(",") }
  }
})
const gets = Number(values.gets)
const rounds = Number(values.rounds)
const only = values.only.split(",")
if (!(gets > 0 && rounds > 0) || only.some((name) => !Object.hasOwn(labels, name))) {
  console.error(`usage: npm run bench -- [--gets N] [--rounds N] [--only ${names.join(",")}]`)
  process.exit(1)
}

const root = fileURLToPath(new URL("..", import.meta.url))

const run = (file: string, ...args: ReadonlyArray<string>): void => {
  execFileSync(file, args, { cwd: root, stdio: "inherit" })
}

// tsx keeps the name of every function by a call each time that one is made, so the clients run as tsc compiles them.
rmSync(new URL("dist", import.meta.url), { recursive: true, force: true })
run(process.execPath, "node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json")

const isMissing = (name: string): boolean =>
  name === "googleapis" && !existsSync(new URL("node_modules/googleapis", import.meta.url))

if (only.some(isMissing)) {
  try {
    run("npm", "ci", "--prefix", "bench", "--no-audit", "--no-fund")
  } catch {
    // The table says so.
  }
}

// A process that answers a line with a line.
const start = (script: string, ...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [`bench/dist/bench/${script}`, ...args], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"]
  })
  child.stdin.on("error", () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async (): Promise<string> => {
    const line = await lines.next()
    if (line.done === true) throw new Error("its process ended early")
    return line.value
  }
  const cpu = async (gets: number): Promise<number> => {
    child.stdin.write(`${gets}\n`)
    return Number(await read()) / gets
  }
  return { read, cpu, end: () => child.kill() }
}

const server = start("get-server.js")
const [port, bytes] = (await server.read()).split(" ")
const clients = names.filter((name) => (name === "undici" || only.includes(name)) && !isMissing(name)).map((name) => ({
  name,
  child: start("get-client.js", name, `http://127.0.0.1:${port}`),
  samples: [] as Array<number>
}))
// The table then holds what was measured until now.
const limit = setTimeout(() => clients.forEach(({ child }) => child.end()), 120_000)

for (let round = 0; round <= rounds; round++) {
  for (const { child, samples } of clients) {
    try {
      // Before its turn a client has been idle, and with it its connections, caches and code.
      const warm = performance.now() + (round === 0 ? 3000 : 300)
      while (performance.now() < warm) await child.cpu(500)
      if (round > 0) samples.push(await child.cpu(gets))
    } catch {
      // Its row says so.
    }
  }
}
clearTimeout(limit)
for (const child of [server, ...clients.map(({ child }) => child)]) child.end()

const median = (samples: ReadonlyArray<number>): number => samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? NaN
const row = (label: string, ...cells: ReadonlyArray<string>): void =>
  console.log(label.padEnd(34) + cells.map((cell) => cell.padStart(15)).join(""))
const samplesOf = (name: Name): ReadonlyArray<number> => clients.find((client) => client.name === name)?.samples ?? []
// Both sides of a ratio are measured in the same round, so that what slows the machine down for a while slows both.
const ratio = (name: Name, base: Name | undefined): string => {
  const bases = base === undefined ? [] : samplesOf(base)
  const ratios = samplesOf(name).slice(0, bases.length).map((sample, round) => sample / bases[round]!)
  return ratios.length === 0 ? "" : median(ratios).toFixed(2)
}

console.log(
  `CPU of a get, ${bytes} bytes of JSON, 64 at a time over loopback; Node ${process.version}; medians of ${rounds} rounds\n`
)
row("client", "× undici", "× its client", "µs a get", "lowest–highest")
for (const name of names.filter((name) => name === "undici" || only.includes(name))) {
  const samples = samplesOf(name)
  if (samples.length === 0) {
    row(labels[name], isMissing(name) ? "not installed" : "failed")
    continue
  }
  row(
    labels[name],
    ratio(name, "undici"),
    ratio(name, bases[name]),
    median(samples).toFixed(1),
    `${Math.min(...samples).toFixed(1)}–${Math.max(...samples).toFixed(1)}`
  )
}
