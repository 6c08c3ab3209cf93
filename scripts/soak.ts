// npm run soak -- --operations 10000 --seed 1: waits for thousands of operations at once, over real sockets and with
// faults. Checks that each ends as its script says, and that nothing leaks. It takes at most two minutes.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { type Manner, manners, quick, soak } from "../test/support/soak.js"
import { emulatorProcess } from "./emulator/process.js"

class Missed extends Data.TaggedError("Missed")<{ readonly message: string }> {}

const usage = "usage: npm run soak -- [--operations N] [--seed N]"

const parseOptions = Effect.try({
  try: () => {
    const { values } = parseArgs({
      options: { operations: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } }
    })
    const operations = Number(values.operations)
    const seed = Number(values.seed)
    if (!(Number.isInteger(operations) && operations > 0 && Number.isInteger(seed))) {
      throw new Error("a number is out of range")
    }
    return { operations, seed }
  },
  catch: (cause) => new Missed({ message: `${(cause as Error).message}; ${usage}` })
})

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`
const count = (value: number): string => value.toLocaleString("en")

const program = Effect.gen(function*() {
  const { operations, seed } = yield* parseOptions
  const emulator = yield* emulatorProcess
  const each = (operations: number, seed: number, service?: NodeOperations.Options) => (manner: Manner) =>
    soak(emulator, { manner, operations, seed, limit: "50 seconds", tolerance: 2 ** 22, service })
  const names = Object.keys(manners) as Array<Manner>
  // Loads and compiles the code, so that the heap has its usual size.
  yield* Effect.forEach(names, each(Math.min(operations, 200), seed + 1, quick))
  let missed = 0
  for (const manner of names) {
    const report = yield* each(operations, seed)(manner)
    const { after, before } = report
    missed += report.misses.length
    yield* Console.log([
      `${manner}, ${count(operations)} operations at once, seed ${seed}: ${(report.millis / 1000).toFixed(1)} s`,
      `  ${count(report.succeeded)} to succeed, ${count(report.failed)} to fail; ` +
      `${count(report.requests)} requests, ${count(report.faults)} faults`,
      `  before and after: timers ${before.timers} and ${after.timers}, sockets ${before.sockets} and ${after.sockets}, ` +
      `fibers ${before.fibers} and ${after.fibers}, heap ${megabytes(before.heap)} and ${megabytes(after.heap)}`,
      report.misses.length === 0 ? "  nothing missed" : `  ${count(report.misses.length)} missed:`,
      ...report.misses.slice(0, 20).map((miss) => `    ${miss}`)
    ].join("\n"))
  }
  if (missed > 0) return yield* new Missed({ message: `${count(missed)} missed` })
}).pipe(
  Effect.scoped,
  Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => new Missed({ message: "not done in two minutes" }) }),
  Effect.tapError((error) => Console.error(`soak: ${error.message}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
