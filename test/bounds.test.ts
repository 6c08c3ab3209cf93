// What responses cost in heap and in delay of the event loop. The server runs in the same process, so its work counts as well.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { ByteCollector } from "../src/internal/http/body.js"
import { type RawServer, rawServer, reply, response, scripts, type Step } from "./support/rawServer.js"
import { transports } from "./support/sockets.js"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const mebibyte = 1024 * 1024
interface Cost {
  /** By how many MiB the heap and the buffers have grown at most. */
  readonly growth: number
  /** The longest delay of the event loop, in ms. */
  readonly delay: number
}

/** Runs an effect and measures what it costs. */
const measured = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, Cost], E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const used = () => {
        const { arrayBuffers, heapUsed } = process.memoryUsage()
        return (arrayBuffers + heapUsed) / mebibyte
      }
      collectGarbage()
      const before = used()
      let peak = before
      const histogram = monitorEventLoopDelay({ resolution: 10 })
      histogram.enable()
      const timer = setInterval(() => {
        peak = Math.max(peak, used())
      }, 10)
      return {
        cost: () => ({ growth: Math.max(peak, used()) - before, delay: histogram.max / 1e6 }),
        stop: () => {
          clearInterval(timer)
          histogram.disable()
        }
      }
    }),
    ({ cost }) => Effect.map(effect, (result) => [result, cost()] as const),
    ({ stop }) => Effect.sync(stop)
  )

const assertCost = ({ delay, growth }: Cost, limit: { readonly growth: number }) => {
  assert.isBelow(growth, limit.growth, "MiB")
  assert.isBelow(delay, 1_500, "ms")
}

const withService = <A, E>(
  layer: (options: NodeOperations.Options) => Layer.Layer<OperationsService.OperationsService>,
  script: ReadonlyArray<Step>,
  use: (operations: OperationsService.Service, server: RawServer) => Effect.Effect<A, E>
) =>
  Effect.flatMap(rawServer(script), (server) =>
    Effect.provide(
      Effect.flatMap(OperationsService.OperationsService, (operations) => use(operations, server)),
      layer({
        api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }),
        requestTimeout: "50 seconds"
      })
    ))

const fourTimes = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.all(Array.from({ length: 4 }, () => effect), { concurrency: 4 })

const all: typeof transports = {
  ...transports,
  "platform's node:http client": (options) => OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layer))
}

const name = "operations/x"

// A body of that many MiB, of which each space is a chunk of its own.
const oneByteChunks = (size: number): ReadonlyArray<Step> => {
  const body = JSON.stringify({ name })
  const head = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`
  return [{ send: Buffer.from(`${head}${"1\r\n \r\n".repeat(size * mebibyte - body.length)}0\r\n\r\n`) }]
}

const violations = JSON.stringify({
  error: {
    code: 503,
    status: "UNAVAILABLE",
    message: "overloaded",
    details: [{
      "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
      violations: Array.from({ length: 1_390_000 }, () => ({}))
    }]
  }
})

// Those that are silent until the time limit cost nothing.
const { "no answer": _, ...faults } = scripts(JSON.stringify({ name }))

describe.each(Object.entries(all))("over %s", (transport, layer) => {
  // The other clients take much longer for each chunk.
  const size = transport === "NodeOperations" ? 2 : 0.5

  it.scopedLive(
    `${size} MiB in chunks of one byte, four at once`,
    () =>
      withService(
        layer,
        oneByteChunks(size),
        (operations) =>
          Effect.map(measured(fourTimes(operations.get(name))), ([all, cost]) => {
            assert.strictEqual(all.length, 4)
            assertCost(cost, { growth: 150 })
          })
      ),
    60_000
  )

  it.scopedLive(
    "a 503 of 4 MiB with a million violations",
    () =>
      withService(
        layer,
        reply(violations, [], "503 Service Unavailable"),
        (operations) =>
          Effect.map(measured(Effect.replicateEffect(Effect.flip(operations.get(name)), 2)), ([errors, cost]) => {
            for (const error of errors) {
              assert(error._tag === "HttpError" && error.code === "UNAVAILABLE", String(error))
            }
            assertCost(cost, { growth: 300 })
          })
      ),
    60_000
  )

  it.scopedLive("a body without an end, four at once", () =>
    withService(
      layer,
      [{ send: response("", [["transfer-encoding", "identity"]]) }, { flood: 512 * mebibyte }],
      (operations) =>
        Effect.map(measured(fourTimes(Effect.flip(operations.get(name)))), ([errors, cost]) => {
          for (const error of errors) assert(error._tag === "HttpError" && error.reason === "Decode", String(error))
          assertCost(cost, { growth: 150 })
        })
    ), 60_000)

  it.scopedLive(
    "slow, cut, flooded, pipelined and wrongly framed responses, four at once each",
    () =>
      Effect.gen(function*() {
        const [, cost] = yield* measured(
          Effect.forEach(
            Object.values(faults),
            (script) => withService(layer, script, (operations) => fourTimes(Effect.exit(operations.get(name)))),
            { discard: true }
          )
        )
        assertCost(cost, { growth: 150 })
      }),
    60_000
  )
})

describe("ByteCollector", () => {
  it.effect("collects 4 MiB in chunks of one byte", () =>
    Effect.gen(function*() {
      const collect = Effect.async<ByteCollector>((resume) => {
        const collector = new ByteCollector(4 * mebibyte)
        const add = (count: number): void => {
          for (let index = 0; index < 65_536; index++) collector.add(Buffer.from([index & 0x7f]))
          if (count > 1) setImmediate(add, count - 1)
          else resume(Effect.succeed(collector))
        }
        add(64)
      })
      const [collector, { growth }] = yield* measured(collect)
      assert.strictEqual(collector.bytes.byteLength, 4 * mebibyte)
      assert.isBelow(growth, 150, "MiB")
    }))
})
