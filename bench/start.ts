// The third part of npm run bench: how long the command line takes to start, beside Node alone. Run `npm run bundle` first.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = fileURLToPath(new URL("../bin/google-operations.js", import.meta.url))
if (!existsSync(file)) throw new Error("there is no bin/google-operations.js: npm run bundle")

const rounds = 21

const cases: ReadonlyArray<readonly [what: string, args: ReadonlyArray<string>]> = [
  ["node, an empty program", ["--eval", "0"]],
  ["google-operations --version", [file, "--version"]],
  ["google-operations wait --help", [file, "wait", "--help"]],
  ["google-operations get, no server there", [
    file,
    "get",
    "operations/a",
    "--base-url",
    "http://127.0.0.1:9",
    "--anonymous"
  ]]
]

const millis = (args: ReadonlyArray<string>): number => {
  const start = performance.now()
  spawnSync(process.execPath, [...args], { stdio: "ignore" })
  return performance.now() - start
}

// One after the other in each round, so that other work on the machine hits all of them.
const times = cases.map((): Array<number> => [])
for (let round = 0; round < rounds; round++) cases.forEach(([, args], index) => times[index]!.push(millis(args)))

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.floor(share * (sorted.length - 1))]!

console.log(`Start of the command line; Node ${process.version}; ${rounds} rounds; milliseconds\n`)
console.log(`${"program".padEnd(42)}${"median".padStart(8)}${"lowest".padStart(8)}${"highest".padStart(9)}`)
const lowest = cases.map(([what], index) => {
  const sorted = times[index]!.sort((a, b) => a - b)
  const [least, median, highest] = [0, 0.5, 1].map((share) => quantile(sorted, share).toFixed(0))
  console.log(`${what.padEnd(42)}${median!.padStart(8)}${least!.padStart(8)}${highest!.padStart(9)}`)
  return quantile(sorted, 0)
})

// Other work on the machine only adds to a time, so the lowest says most about the program.
const [node = 0, version = 0] = lowest
const limit = 2 * node + 100
console.log(
  `\nThe lowest time of google-operations --version is ${version.toFixed(0)} ms. It may be ${
    limit.toFixed(0)
  } ms: twice Node alone, and 100 ms.`
)
if (version > limit) {
  console.error(`It is ${(version - limit).toFixed(0)} ms too long.`)
  process.exitCode = 1
}
