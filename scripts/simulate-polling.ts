// npm run simulate-polling: prints the costs of poll schedules, of this package and of Google's clients. With --write,
// it also writes them to docs/polling.md and docs/polling.svg.
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { replacePart } from "./markdown.js"
import { type Client, otherClients, ourClients, ours } from "./polling/clients.js"
import { type Mark, type Panel, plot } from "./polling/plot.js"
import { durations, type Row, type Settings, simulate, simulateAll } from "./polling/simulation.js"
import { clientsTable, figuresTable, precision } from "./polling/tables.js"

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

/** The default settings. The docs show their results. */
export const defaults: Settings = { runs: 500, seed: 1 }

/** This package and the other clients. */
export const clients: ReadonlyArray<Client> = [...ourClients, ...otherClients]

const mark = (label: string, kind: Mark["kind"], { delay, polls }: Row["figures"]["1 s"]): Mark => ({
  label,
  kind,
  polls: polls.mean,
  delay: delay.mean
})

// One duration: a mark for each row, and one for `proportional` with each of four fractions.
const panel = (rows: ReadonlyArray<Row>, duration: "60 s" | "5 min"): Effect.Effect<Panel> =>
  Effect.map(
    Effect.forEach([0.05, 0.1, 0.2, 0.4], (fraction) =>
      Effect.map(
        simulate(ours("", Polling.proportional({ fraction })), durations[duration], defaults),
        (figures) => mark(`${100 * fraction} %`, "step", figures)
      )),
    (steps) => ({
      title: `Operations of ${duration}`,
      marks: [
        ...rows.map(({ client, figures }) =>
          mark(client.name, ourClients.includes(client) ? "ours" : "other", figures[duration])
        ),
        ...steps
      ]
    })
  )

/** The page with its tables replaced, and the plot, from what `simulateAll(clients, defaults)` gives. */
export const render = (page: string, rows: ReadonlyArray<Row>) =>
  Effect.gen(function*() {
    let written = page
    for (
      const [name, content] of [
        ["figures", `${figuresTable(rows)}\n\n${precision(rows, defaults)}`],
        ["clients", clientsTable(otherClients)]
      ] as const
    ) {
      const replaced = replacePart(
        written,
        `<!-- simulate-polling: ${name} -->`,
        "<!-- /simulate-polling -->",
        content
      )
      if (replaced === undefined) return yield* new Refused({ message: `docs/polling.md has no part ${name}` })
      written = replaced
    }
    const panels = [yield* panel(rows, "60 s"), yield* panel(rows, "5 min")]
    const svg = yield* Effect.promise(() =>
      plot(
        "What poll schedules cost",
        ["Lower: detected sooner. Further left: fewer polls.", "Dashed: Polling.proportional by its fraction."],
        panels
      )
    )
    return { page: written, svg }
  })

const docs = fileURLToPath(new URL("../docs/", import.meta.url))

const write = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const { page, svg } = yield* render(
    yield* files.readFileString(`${docs}polling.md`),
    yield* simulateAll(clients, defaults)
  )
  yield* files.writeFileString(`${docs}polling.md`, page)
  yield* files.writeFileString(`${docs}polling.svg`, svg)
})

const help = `usage: npm run simulate-polling -- [options]

Simulates waits for operations of ${Object.keys(durations).join(", ")}, each up to 10 % shorter or longer, without
latency and without a timeout. Prints for each schedule: mean detection delay in seconds / mean number of polls.

  --runs N       the number of simulations of each wait (${defaults.runs})
  --seed N       the seed of the random numbers (${defaults.seed})
  --proportional FRACTION[,MIN[,MAX[,JITTER]]]
  --exponential INITIAL[,FACTOR[,MAX[,JITTER]]]
  --spaced INTERVAL[,JITTER]
                 adds a schedule of Polling with these options, in seconds; can be repeated
  --write        writes the tables of docs/polling.md and docs/polling.svg, with the default --runs and --seed
  --help         prints this help`

const wholeNumber = (option: string, value: string, least: number): number => {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN
  if (!(number >= least)) {
    throw new RangeError(`--${option} must be a whole number from ${least}: ${JSON.stringify(value)}`)
  }
  return number
}

const millis = (seconds: number | undefined): number | undefined => seconds === undefined ? undefined : 1000 * seconds

type Trial = (...numbers: ReadonlyArray<number | undefined>) => Schedule.Schedule<unknown>

const trials: Record<"proportional" | "exponential" | "spaced", Trial> = {
  proportional: (fraction, min, max, jitter) =>
    Polling.proportional({ fraction, min: millis(min), max: millis(max), jitter }),
  exponential: (initial, factor, max, jitter) =>
    Polling.exponential({ initial: millis(initial), factor, max: millis(max), jitter }),
  spaced: (interval = 0, jitter) => Polling.spaced(1000 * interval, { jitter })
}

const trial = (option: keyof typeof trials, value: string): Client => {
  const numbers = value.split(",")
  if (numbers.length > (option === "spaced" ? 2 : 4) || !numbers.every((number) => /^\d+(\.\d+)?$/.test(number))) {
    throw new RangeError(`--${option} does not take ${JSON.stringify(value)}`)
  }
  return ours(`${option} ${value}`, trials[option](...numbers.map(Number)))
}

const parse = (args: ReadonlyArray<string>) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string" },
      seed: { type: "string" },
      proportional: { type: "string", multiple: true },
      exponential: { type: "string", multiple: true },
      spaced: { type: "string", multiple: true },
      write: { type: "boolean" },
      help: { type: "boolean" }
    }
  })
  if (values.help === true) return "help"
  const { exponential = [], spaced = [], proportional = [], runs, seed, write = false } = values
  if (write && Object.keys(values).length > 1) throw new RangeError("--write takes no other option")
  return {
    write,
    runs: runs === undefined ? defaults.runs : wholeNumber("runs", runs, 2),
    seed: seed === undefined ? defaults.seed : wholeNumber("seed", seed, 0),
    trials: [
      ...proportional.map((value) => trial("proportional", value)),
      ...exponential.map((value) => trial("exponential", value)),
      ...spaced.map((value) => trial("spaced", value))
    ]
  }
}

/** Parses the arguments. */
export const parseOptions = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () => parse(args),
    // Some of Node's messages have advice on further lines.
    catch: (cause) => new Refused({ message: `${(cause as Error).message.split(/\.?\n/)[0]}; see --help` })
  })

const program = Effect.gen(function*() {
  const options = yield* parseOptions(process.argv.slice(2))
  if (options === "help") return yield* Console.log(help)
  if (options.write) return yield* write
  const rows = yield* simulateAll([...ourClients, ...options.trials, ...otherClients], options)
  yield* Console.log([
    "Mean detection delay in seconds / mean number of polls, by how long the operation takes:",
    figuresTable(rows),
    precision(rows, options)
  ].join("\n\n"))
}).pipe(
  Effect.provide(NodeFileSystem.layer),
  Effect.tapError((error) => Console.error(`simulate-polling: ${error.message}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

if (process.argv[1] === fileURLToPath(import.meta.url)) NodeRuntime.runMain(program, { disableErrorReporting: true })
