// Waits for many operations over sockets, one by one and by list, and counts what that costs: `npm run many-operations` with
// thousands, OperationsService.waitAllByList.test.ts with hundreds.
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type { WaitAllOptions } from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { label } from "./many.js"
import type { Emulator } from "./soak.js"

/** What the waits have cost. */
export interface Report {
  /** How many operations ended in which way. */
  readonly ends: Readonly<Record<string, number>>
  readonly requests: number
  readonly cpuMillis: number
  /** How long after the end of an operation its outcome came, in ms: on average, and at most. */
  readonly late: number
  readonly latest: number
}

/** Waits for operations that end one after the other within `millis`, every tenth with a failure. */
export const waitForMany = (emulator: Emulator, options: {
  readonly operations: number
  readonly millis: number
  /** How long it takes to tell the emulator, in ms. */
  readonly lead: number
  readonly wait: WaitAllOptions
}): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const { operations: count, wait } = options
    const prefix = `operations/${crypto.randomUUID()}`
    // The order in the list is not that of the ends. The first step of an operation begins with its script.
    const start = performance.now() + options.lead
    const ends = new Map(Array.from(
      { length: count },
      (_, index) => [`${prefix}-${index}`, start + ((index * 7919) % count + 1) * options.millis / count]
    ))
    for (let first = 0; first < count; first += 100) {
      const now = performance.now()
      yield* emulator.script(
        Array.from(ends).slice(first, first + 100).map(([name, end], index) => ({
          name,
          steps: [
            { type: "pending", duration: Math.max(0, end - now) },
            index % 10 === 0 ? { type: "failed", error: { code: 9, message: "not empty" } } : { type: "succeeded" }
          ]
        }))
      )
    }
    yield* Effect.sleep(Math.max(0, start - performance.now()))
    const service = yield* NodeOperations.make({ api: emulator.api })
    const { requests } = yield* emulator.stats
    const counts: Record<string, number> = {}
    let late = 0
    let latest = 0
    const cpu = process.cpuUsage()
    yield* Stream.runForEach(service.waitAll([...ends.keys()], wait), (outcome) =>
      Effect.sync(() => {
        const end = label(outcome).slice(outcome.operation.length + 1)
        counts[end] = (counts[end] ?? 0) + 1
        const after = performance.now() - ends.get(outcome.operation)!
        late += after / count
        latest = Math.max(latest, after)
      }))
    const { system, user } = process.cpuUsage(cpu)
    const stats = yield* emulator.stats
    return { ends: counts, requests: stats.requests - requests, cpuMillis: (system + user) / 1000, late, latest }
  }).pipe(Effect.scoped)
