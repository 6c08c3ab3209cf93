// The costs of a schedule. The first poll after the end of an operation detects the end, and every poll counts. The
// simulation steps a schedule as a wait does, on a virtual clock. A poll takes no time and never fails.
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

/** The costs of waits for operations of one duration. */
export interface Figures {
  /** The time from the end of the operation to the poll that detects it, in seconds. */
  readonly delay: Estimate
  readonly polls: Estimate
}

/** The number of simulations of a wait, and the seed of the random numbers. */
export interface Settings {
  readonly runs: number
  readonly seed: number
}

/** The durations of operations, in seconds. The simulated durations are up to a tenth shorter or longer. */
export const durations = { "0.1 s": 0.1, "1 s": 1, "10 s": 10, "60 s": 60, "5 min": 300, "30 min": 1800, "1 h": 3600 }

/** The costs of the schedule of a client, by the duration of the operation. */
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

// Neighbouring runs have nearly the same duration. Their difference is due to chance.
const estimate = (values: ReadonlyArray<number>): Estimate => {
  const count = values.length
  const variance = values.slice(1).reduce((sum, value, index) => sum + (value - values[index]!) ** 2, 0) /
    (2 * (count - 1))
  return { mean: values.reduce((sum, value) => sum + value, 0) / count, error: Math.sqrt(variance / count) }
}

/** Simulates waits for operations of about this duration. The same settings give the same figures. */
export const simulate = (client: Client, seconds: number, { runs, seed }: Settings): Effect.Effect<Figures> =>
  Effect.suspend(() =>
    Effect.gen(function*() {
      const delays: Array<number> = []
      const polls: Array<number> = []
      for (let count = 0; count < runs; count++) {
        // Each run takes its duration from a different part of the range, which reduces the standard error.
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
