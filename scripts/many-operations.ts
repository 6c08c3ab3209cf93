// npm run many-operations -- --operations 10000: waits for thousands of operations over real sockets, one by one and by
// list, and prints the costs of both. It takes at most five minutes.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { waitForMany } from "../test/support/manyOperations.js"
import { emulatorProcess } from "./emulator/process.js"

class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

const usage = "usage: npm run many-operations -- [--operations N]"

const parseOptions = Effect.try({
  try: () => {
    const { values } = parseArgs({ options: { operations: { type: "string", default: "10000" } } })
    const operations = Number(values.operations)
    if (!(Number.isInteger(operations) && operations > 0)) {
      throw new Error(`${values.operations} is not a positive whole number`)
    }
    return { operations }
  },
  catch: (cause) => new Failed({ message: `${(cause as Error).message}; ${usage}` })
})

const count = (value: number): string => Math.round(value).toLocaleString("en")
const row = (cells: ReadonlyArray<string>): string => cells.map((cell) => cell.padStart(16)).join("")

const schedules = {
  "every 10 s": Polling.spaced("10 seconds", { jitter: 0.2 }),
  default: Polling.defaultSchedule
}

const program = Effect.gen(function*() {
  const { operations } = yield* parseOptions
  const emulator = yield* emulatorProcess
  // Loads and compiles the code, so that the figures do not include it.
  const quick = { schedule: Polling.spaced("100 millis") }
  for (const by of ["get", "list"] as const) {
    yield* waitForMany(emulator, { operations: 200, millis: 500, lead: 500, wait: { ...quick, by } })
  }
  yield* Console.log(`${count(operations)} operations that end within 30 s, over sockets on one machine\n`)
  yield* Console.log(row(["schedule", "by", "requests", "CPU, ms", "late, ms", "latest, ms"]))
  for (const [name, schedule] of Object.entries(schedules)) {
    for (const by of ["get", "list"] as const) {
      const report = yield* waitForMany(emulator, {
        operations,
        millis: 30_000,
        lead: 1.5 * operations,
        wait: { by, schedule }
      })
      const figures = [report.requests, report.cpuMillis, report.late, report.latest]
      yield* Console.log(row([name, by, ...figures.map(count)]))
      const { "OperationError FAILED_PRECONDITION": failed, Succeeded: succeeded } = report.ends
      if (failed !== Math.ceil(operations / 10) || succeeded !== operations - failed) {
        return yield* new Failed({
          message: `the outcomes differ from those of the operations: ${JSON.stringify(report.ends)}`
        })
      }
    }
  }
}).pipe(
  Effect.scoped,
  Effect.timeoutFail({ duration: "5 minutes", onTimeout: () => new Failed({ message: "not done in five minutes" }) }),
  Effect.tapError((error) => Console.error(`many-operations: ${error.message}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
