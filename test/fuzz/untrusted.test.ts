// Random data in every place that a server fills: the outcome of every method is always a declared one, in time, with bounded
// memory. `test/fuzz/callers.test.ts` does the same for what a caller passes.
//
// Most cases run over transports in memory and in virtual time: an `HttpClient`, platform's fetch client over a `fetch` of the
// test, and platform's undici client and `NodeOperations` over an undici dispatcher of the test. About one in fifty runs over
// real sockets: platform's fetch, undici and node:http clients and `NodeOperations`. Broken connections and broken HTTP are
// cases of `test/transports.table.test.ts`, not of this file.
//
// `npm run fuzz` makes 100,000 cases in both files. FUZZ_RUNS=N makes N cases, FUZZ_SECONDS=N ends after that time, FUZZ_SEED=N
// begins at another seed.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { call, credentials } from "../support/fuzz/calls.js"
import { type Case, ofServers } from "../support/fuzz/cases.js"
import { problemOf, report, runs, seconds, seed, testInMemory } from "../support/fuzz/run.js"
import { rawServer, response } from "../support/rawServer.js"
import { transports } from "../support/sockets.js"

describe("data of a server", () => {
  testInMemory(ofServers)
})

const all: typeof transports = {
  ...transports,
  "platform's node:http client": (options) => OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layer))
}
it.scopedLive.each(Object.entries(all))(
  "data of a server over real sockets: %s",
  ([what, layer]) =>
    Effect.gen(function*() {
      const start = performance.now()
      const numRuns = Math.ceil(runs / 50 / Object.keys(all).length / Object.keys(ofServers).length)
      const cases = Object.values(ofServers).flatMap((generator) => FastCheck.sample(generator, { seed, numRuns }))
      const seen = cases.map(() => 0)
      const server = yield* rawServer(({ path }) => {
        const index = Number(path.split("/")[1])
        const replies = cases[index]!.replies
        const { body, headers, status } = replies[Math.min(seen[index]!++, replies.length - 1)]!
        const sendable = headers.filter(([name, value]) => name !== "content-length" && !/[\r\n]/.test(value))
        return [{ send: response(body, sendable, `${status} X`) }]
      })
      // The time limits and the concurrency leave a busy machine the time to send each request: one that is not sent tests nothing.
      const run = (one: Case, index: number) =>
        Effect.flatMap(
          OperationsService.OperationsService,
          (operations) => Effect.exit(call(operations, one, { prefix: `/${index}`, timeout: "200 millis" }))
        ).pipe(
          Effect.timeoutOption("20 seconds"),
          Effect.map((exit) => {
            const problem = Option.match(exit, {
              onNone: () => "the call does not end",
              onSome: (exit) => problemOf(exit)
            })
            assert.strictEqual(problem, undefined, `case ${index} of FUZZ_SEED=${seed}`)
          }),
          Effect.provide(layer({
            api: GoogleApi.make({ ...one.api(), baseUrl: `${server.origin}/${index}` }),
            credentials,
            requestTimeout: "3 seconds",
            schedule: Polling.spaced("5 millis"),
            retrySchedule: Polling.spaced("5 millis")
          }))
        )
      yield* Effect.forEach(cases, run, { concurrency: 6, discard: true })
      report(what, cases.length, start)
      assert.isAbove(seen.filter((requests) => requests > 0).length, cases.length / 4)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  seconds * 1_000 + 30_000
)
