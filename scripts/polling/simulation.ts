// What a schedule costs: an operation's end is detected by the first poll after it, and every poll counts. A schedule is
// stepped as a wait steps it, on a clock that is a number; a poll takes no time and never fails.
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Record from "effect/Record"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type { Client } from "./clients.js"

/** A mean and its standard error. */
export interface Estimate {
  readonly mean: number
  readonly error: number
}

/** What waiting for operations of one duration costs. */
export interface Figures {
  /** From the end of the operation to the poll that sees it, in seconds. */
  readonly delay: Estimate
  readonly polls: Estimate
}

/** How often a wait is simulated, and with which random numbers. */
export interface Settings {
  readonly runs: number
  readonly seed: number
}

/** How long operations take, in seconds: each up to a tenth shorter or longer. */
export const durations = { "0.1 s": 0.1, "1 s": 1, "10 s": 10, "60 s": 60, "5 min": 300, "30 min": 1800, "1 h": 3600 }

/** What the schedule of one client costs, by how long the operation takes. */
export interface Row {
  readonly client: Client
  readonly figures: Readonly<Record<keyof typeof durations, Figures>>
}

const run = (client: Client, end: number) =>
  Effect.gen(function*() {
    let now = 0
    let polls = client.pollsAtOnce ? 1 : 0
    let state: unknown = client.schedule.initial
    while (now < end) {
      const [next, _, decision] = yield* client.schedule.step(now, undefined, state)
      if (ScheduleDecision.isDone(decision)) return yield* Effect.dieMessage(`${client.name} ends before the operation`)
      state = next
      now = ScheduleIntervals.start(decision.intervals)
      polls++
    }
    return { delay: (now - end) / 1000, polls }
  })

// Neighbours have nearly the same duration: what is between them is chance.
const estimate = (values: ReadonlyArray<number>): Estimate => {
  const count = values.length
  const variance = values.slice(1).reduce((sum, value, index) => sum + (value - values[index]!) ** 2, 0) /
    (2 * (count - 1))
  return { mean: values.reduce((sum, value) => sum + value, 0) / count, error: Math.sqrt(variance / count) }
}

/** Waits for operations of about that many seconds. The same settings give the same figures. */
export const simulate = (client: Client, seconds: number, { runs, seed }: Settings): Effect.Effect<Figures> =>
  Effect.suspend(() =>
    Effect.gen(function*() {
      const delays: Array<number> = []
      const polls: Array<number> = []
      for (let count = 0; count < runs; count++) {
        // A duration from each of as many equal parts as there are runs: less is left to chance.
        const share = (count + (yield* Random.next)) / runs
        const end = 1000 * seconds * (0.9 + 0.2 * share)
        const seen = yield* run(client, end)
        delays.push(seen.delay)
        polls.push(seen.polls)
      }
      return { delay: estimate(delays), polls: estimate(polls) }
    }).pipe(Effect.withRandom(Random.make(seed)))
  )

/** Simulates each of the clients for each of the durations. */
export const simulateAll = (clients: ReadonlyArray<Client>, settings: Settings): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.forEach(clients, (client) =>
    Effect.map(
      Effect.all(Record.map(durations, (seconds) => simulate(client, seconds, settings))),
      (figures) => ({ client, figures })
    ))
