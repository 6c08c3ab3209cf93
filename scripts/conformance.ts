// npm run conformance -- google-gax core-lro: runs the conformance cases against other clients, over sockets. With
// --write, it runs all clients and writes the tables of test/conformance/. This takes six minutes.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { type Case, groups } from "../test/conformance/cases.js"
import { unfairness } from "../test/conformance/clients/adapter.js"
import { clients, compared, own } from "../test/conformance/clients/index.js"
import { notOverSockets, ownRules, playOverASocket } from "../test/conformance/sockets.js"
import { comparison, counts, exceptions, failures, type Run, type Verdict } from "./conformance/tables.js"
import { replacePart } from "./markdown.js"

class Stopped extends Data.TaggedError("Stopped")<{ readonly message: string }> {}

const usage = `usage: npm run conformance -- [--case ID]... [--write] [CLIENT]...

clients: ${Object.keys(clients).join(", ")}
  --case ID  plays this case only; can be repeated
  --write    writes the tables of test/conformance/README.md and test/conformance/comparison.md; all clients have to be installed`

const parseOptions = Effect.try({
  try: () => {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        case: { type: "string", multiple: true, default: [] },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false }
      }
    })
    const all = Object.values(groups).flat()
    const wrong = [
      ...positionals.filter((name) => !Object.hasOwn(clients, name)),
      ...values.case.filter((id) => !all.some((case_) => case_.id === id))
    ]
    if (wrong.length > 0) throw new RangeError(`There is no ${wrong.join(", ")}.`)
    if (values.write && (positionals.length > 0 || values.case.length > 0)) {
      throw new RangeError("--write takes no clients and no cases.")
    }
    return {
      ...values,
      names: positionals.length === 0 ? Object.keys(clients) : positionals,
      cases: values.case.length === 0 ? all : all.filter(({ id }) => values.case.includes(id))
    }
  },
  catch: (error) => new Stopped({ message: `${error instanceof Error ? error.message : String(error)}\n${usage}` })
})

/** The maximum number of runs of a case. The case passes if one of them passes. */
const attempts = 3

const judge = (name: string, case_: Case): Effect.Effect<Verdict> => {
  const adapter = clients[name]!
  const notComparable = notOverSockets[case_.id]
  if (notComparable !== undefined) return Effect.succeed({ type: "notComparable", why: notComparable })
  if (name !== own) {
    const why = ownRules.has(case_.id)
      ? "the case tests a rule that is specific to effect-google-operations"
      : unfairness(adapter, case_)
    if (why !== undefined) return Effect.succeed({ type: "unfair", why })
  }
  // A busy machine can delay a run, so one failed run does not count.
  return Effect.orDie(playOverASocket(case_, adapter.make, name !== own)).pipe(
    Effect.repeat({ times: attempts - 1, until: (differences) => differences.length === 0 }),
    Effect.map((differences): Verdict => differences.length === 0 ? { type: "passes" } : { type: "fails", differences })
  )
}

const run = (name: string, cases: ReadonlyArray<Case>): Effect.Effect<Run> =>
  Effect.gen(function*() {
    const adapter = clients[name]!
    // Loads the client, so that loading delays no case.
    yield* Effect.orDie(playOverASocket(groups["how an operation ends"]![0]!, adapter.make, true))
    const verdicts = yield* Effect.forEach(
      cases,
      // The cases do not start at the same time, so that they do not delay each other.
      (case_, index) => Effect.delay(judge(name, case_), 150 * index),
      { concurrency: "unbounded" }
    )
    return { name, adapter, verdicts: new Map(cases.map(({ id }, index) => [id, verdicts[index]!])) }
  })

const folder = fileURLToPath(new URL("../test/conformance/", import.meta.url))

const writeFormatted = (path: string, text: string): void => {
  writeFileSync(path, text)
  execFileSync("node_modules/.bin/dprint", ["fmt", path], { cwd: fileURLToPath(new URL("..", import.meta.url)) })
}

const between = (text: string, name: string, content: string): string => {
  const begin = `<!-- ${name}: npm run conformance -- --write -->`
  const written = replacePart(text, begin, `<!-- end of ${name} -->`, content)
  if (written === undefined) throw new Error(`test/conformance/README.md has no part ${name}`)
  return written
}

const write = (runs: ReadonlyArray<Run>) =>
  Effect.sync(() => {
    const others = runs.filter(({ name }) => name !== own)
    const path = `${folder}README.md`
    let text = readFileSync(path, "utf8")
    text = between(text, "counts", counts(runs))
    text = between(text, "failures", failures(others))
    text = between(text, "exceptions", exceptions(others))
    writeFormatted(path, text)
    const table = comparison(compared.map((name) => runs.find((run) => run.name === name)!))
    writeFormatted(`${folder}comparison.md`, `${table}\n`)
  })

const main = Effect.gen(function*() {
  const { cases, help, names, write: isToWrite } = yield* parseOptions
  if (help) return yield* Console.log(usage)
  const missing = names.filter((name) => clients[name]!.version === undefined)
  for (const name of missing) {
    yield* Console.log(
      `${clients[name]!.title} is not installed, so it is skipped. To install it: ${clients[name]!.install}`
    )
  }
  if (isToWrite && missing.length > 0) {
    return yield* new Stopped({ message: "--write needs all clients. Install those that are skipped." })
  }
  const installed = names.filter((name) => !missing.includes(name))
  // This package runs alone, because its requests are checked for their times.
  const runs = [
    ...yield* Effect.forEach(installed.filter((name) => name === own), (name) => run(name, cases)),
    ...yield* Effect.forEach(installed.filter((name) => name !== own), (name) => run(name, cases), { concurrency: 3 })
  ]
  if (runs.length === 0) return
  yield* Console.log(counts(runs))
  yield* Console.log(`\n${failures(runs)}`)
  const ownRun = runs.find(({ name }) => name === own)
  if ([...ownRun?.verdicts.values() ?? []].some(({ type }) => type === "fails")) {
    return yield* new Stopped({ message: `${own} does not pass its own cases.` })
  }
  if (isToWrite) yield* write(runs)
}).pipe(
  // Some clients cannot be interrupted. They would poll until the process exits.
  Effect.matchEffect({
    onFailure: ({ message }) => Effect.zipRight(Console.error(message), Effect.sync(() => process.exit(1))),
    onSuccess: () => Effect.sync(() => process.exit(0))
  }),
  Logger.withMinimumLogLevel(LogLevel.None)
)

NodeRuntime.runMain(main)
