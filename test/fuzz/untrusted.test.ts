// Random data in every place that a server or a caller fills: the outcome of every method is always a declared one, in time,
// with bounded memory.
//
// Most cases run over transports in memory and in virtual time: an `HttpClient`, platform's fetch client over a `fetch` of the
// test, and platform's undici client and `NodeOperations` over an undici dispatcher of the test. One in fifty runs over real
// sockets: platform's fetch, undici and node:http clients and `NodeOperations`. Names, base URLs, handles and options run in
// memory only: what is wrong with them is found before a transport is used. Broken connections and broken HTTP are cases of
// `test/transports.table.test.ts`, not of this file.
//
// `npm run fuzz` makes 100,000 cases. FUZZ_RUNS=N makes N cases, FUZZ_SECONDS=N ends after that time, FUZZ_SEED=N begins at
// another seed.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { getHeapStatistics } from "node:v8"
import { call, type Case, credentials, generators, inMemory, problemOf, problemsOf } from "../support/fuzz.js"
import { rawServer, response } from "../support/rawServer.js"
import { transports } from "../support/sockets.js"

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

const runs = setting("FUZZ_RUNS", 2_100)
const seconds = setting("FUZZ_SECONDS", process.env["FUZZ_RUNS"] === undefined ? 10 : 3_600)
const seed = setting("FUZZ_SEED", 1)

const count = Object.keys(generators).length
// Cases that run at the same time, made from one seed.
const batchSize = 25
const transport = FastCheck.constantFrom(...Object.keys(inMemory))

const mebibyte = 1024 * 1024
const maxGrowth = 512 * mebibyte

const report = (what: string, cases: number, start: number): void =>
  console.log(`${what}: ${cases} cases in ${((performance.now() - start) / 1_000).toFixed(1)} s`)

/** Runs the cases of a seed. A case that fails is made smaller by fast-check, which says how to make it again. */
const runBatch = async (generator: FastCheck.Arbitrary<Case>, seed: number): Promise<void> => {
  const cases = FastCheck.tuple(generator, transport)
  const problems = await problemsOf(FastCheck.sample(cases, { seed, numRuns: batchSize }))
  const problem = problems.find((problem) => problem !== undefined)
  if (problem === undefined) return
  await FastCheck.assert(
    FastCheck.asyncProperty(cases, async (one) => assert.deepStrictEqual(await problemsOf([one]), [undefined])),
    { seed, numRuns: batchSize }
  )
  assert.fail(`FUZZ_SEED=${seed}, only when ${batchSize} cases run at the same time: ${problem}`)
}

describe("data of a server and of a caller", () => {
  it.each(Object.entries(generators))(
    "%s",
    async (what, generator) => {
      const start = performance.now()
      const heap = getHeapStatistics().used_heap_size
      const batches = Math.ceil(runs / count / batchSize)
      let batch = 0
      while (batch < batches && performance.now() - start < seconds * 1_000 / count) {
        await runBatch(generator, seed + batch++)
        assert.isBelow(getHeapStatistics().used_heap_size - heap, maxGrowth)
      }
      report(what, batch * batchSize, start)
      assert.isAbove(batch, 0)
    },
    seconds * 1_000 + 30_000
  )
})

const all: typeof transports = {
  ...transports,
  "platform's node:http client": (options) => OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layer))
}
const overSockets = ["mutated responses", "bodies", "headers and statuses"] as const

it.scopedLive.each(Object.entries(all))(
  "data of a server over real sockets: %s",
  ([what, layer]) =>
    Effect.gen(function*() {
      const start = performance.now()
      const numRuns = Math.ceil(runs / 50 / Object.keys(all).length / overSockets.length)
      const cases = overSockets.flatMap((what) => FastCheck.sample(generators[what]!, { seed, numRuns }))
      const seen = cases.map(() => 0)
      const server = yield* rawServer(({ path }) => {
        const index = Number(path.split("/")[1])
        const replies = cases[index]!.replies
        const { body, headers, status } = replies[Math.min(seen[index]!++, replies.length - 1)]!
        const sendable = headers.filter(([name, value]) => name !== "content-length" && !/[\r\n]/.test(value))
        return [{ send: response(body, sendable, `${status} X`) }]
      })
      const run = (one: Case, index: number) =>
        Effect.flatMap(
          OperationsService.OperationsService,
          (operations) => Effect.exit(call(operations, one, { prefix: `/${index}`, timeout: "30 millis" }))
        ).pipe(
          Effect.timeoutFail({ duration: "10 seconds", onTimeout: () => new Error("the call does not end") }),
          Effect.map((exit) => assert.strictEqual(problemOf(exit), undefined, `case ${index} of FUZZ_SEED=${seed}`)),
          Effect.provide(layer({
            api: GoogleApi.make({ ...one.api(), baseUrl: `${server.origin}/${index}` }),
            credentials,
            requestTimeout: "300 millis",
            schedule: Polling.spaced("5 millis"),
            retrySchedule: Polling.spaced("5 millis")
          }))
        )
      yield* Effect.forEach(cases, run, { concurrency: 20, discard: true })
      report(what, cases.length, start)
      assert.isAbove(seen.filter((requests) => requests > 0).length, cases.length / 2)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  seconds * 1_000 + 30_000
)
