// Random data in every place that a server or a caller fills: the outcome is always a declared one. `npm run fuzz` makes
// 100,000 cases. FUZZ_RUNS=N makes N cases, FUZZ_SECONDS=N ends after that time, FUZZ_SEED=N begins at another seed.
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { call, type Case, clients, credentials, generators, problemOf } from "../support/fuzz.js"
import { rawServer, response } from "../support/rawServer.js"
import { VirtualClock } from "../support/virtualClock.js"

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

const seconds = setting("FUZZ_SECONDS", process.env["FUZZ_RUNS"] === undefined ? 10 : 3_600)
const count = Object.keys(generators).length
const runs = Math.ceil(setting("FUZZ_RUNS", 2_100) / count)
const seed = setting("FUZZ_SEED", 1)

const quietly = Logger.remove(Logger.defaultLogger)

// Longer than any delay of the cases, in ms.
const longest = 1e15

const outcome = (one: Case, client: keyof typeof clients): Promise<Exit.Exit<unknown, unknown> | undefined> => {
  const clock = new VirtualClock()
  return Effect.gen(function*() {
    const service = yield* OperationsService.make(
      typeof one.serviceOptions === "object" && one.serviceOptions !== null
        ? { credentials, api: one.api(), ...one.serviceOptions }
        : one.serviceOptions
    )
    const fiber = yield* Effect.fork(call(service, one))
    for (let turn = 0; turn < 5 && fiber.unsafePoll() === null; turn++) yield* clock.pass(longest)
    const exit = yield* Fiber.poll(fiber)
    yield* Fiber.interruptFork(fiber)
    return Option.getOrUndefined(exit)
  }).pipe(
    Effect.scoped,
    Effect.provide(clients[client]!(one.replies)),
    Effect.provide(quietly),
    Effect.withClock(clock),
    Effect.runPromise
  )
}

describe("data of a server and of a caller", () => {
  it.each(Object.entries(generators))(
    "%s",
    async (what, generator) => {
      let cases = 0
      const started = performance.now()
      await FastCheck.assert(
        FastCheck.asyncProperty(generator, FastCheck.constantFrom(...Object.keys(clients)), async (one, client) => {
          cases++
          assert.strictEqual(problemOf(await outcome(one, client)), undefined)
        }),
        { seed, numRuns: runs, interruptAfterTimeLimit: (seconds * 1_000) / count, markInterruptAsFailure: false }
      )
      console.log(`${what}: ${cases} cases in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
      assert.isAbove(cases, 0)
    },
    seconds * 1_000 + 10_000
  )
})

const overSockets = ["mutated responses", "bodies", "headers and statuses"] as const

// NodeOperations against a server that sends the responses of one case after the other.
it.scopedLive.each(overSockets)("%s over real sockets", (what) =>
  Effect.gen(function*() {
    const cases = FastCheck.sample(generators[what]!, { seed, numRuns: 100 })
    let current = cases[0]!
    let index = 0
    const server = yield* rawServer(() => {
      const { body, headers, status } = current.replies[Math.min(index++, current.replies.length - 1)]!
      const sendable = headers.filter(([name, value]) => name !== "content-length" && !/[\r\n]/.test(value))
      return [{ send: response(body, sendable, `${status} X`) }]
    })
    const service = yield* NodeOperations.make({
      api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }),
      credentials,
      requestTimeout: "300 millis",
      schedule: Polling.spaced("5 millis"),
      retrySchedule: Polling.spaced("5 millis")
    })
    for (const one of cases) {
      current = one
      index = 0
      const exit = yield* Effect.exit(call(service, one, "30 millis")).pipe(Effect.timeoutOption("10 seconds"))
      assert.strictEqual(problemOf(Option.getOrUndefined(exit)), undefined)
    }
    assert.isAbove(server.requests.length, 50)
  }).pipe(Effect.provide(quietly)), 60_000)
