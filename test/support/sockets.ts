import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The three ways to the network, by name. */
export const transports: Record<
  string,
  (options: NodeOperations.Options) => Layer.Layer<OperationsService.OperationsService>
> = {
  NodeOperations: (options) => NodeOperations.layer(options),
  "platform's undici client": (options) =>
    OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layerUndici)),
  "platform's fetch client": (options) => OperationsService.layer(options).pipe(Layer.provide(FetchHttpClient.layer))
}

/** An emulator on a free loopback port. */
export const startEmulator = (
  options?: Parameters<typeof OperationsEmulator.make>[0],
  serveOptions?: NodeOperationsEmulator.ServeOptions
) =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make(options)
    const server = yield* NodeOperationsEmulator.serve(emulator, serveOptions)
    return { ...emulator, ...server }
  })

/** Looks again until the condition holds; fails the test after `seconds`. */
export const eventually = (what: string, condition: Effect.Effect<boolean>, seconds = 1) =>
  Effect.sleep("5 millis").pipe(
    Effect.zipRight(condition),
    Effect.repeat({ until: (holds) => holds }),
    Effect.timeoutFail({
      duration: `${seconds} seconds`,
      onTimeout: () => new Error(`not within ${seconds} s: ${what}`)
    }),
    Effect.orDie
  )

/** An emulator with an operation that is answered at once, one that takes 300 ms and one that takes too long. */
export const withEmulator = Effect.gen(function*() {
  const emulator = yield* startEmulator()
  yield* emulator.script("operations/a", [{ type: "pending" }])
  yield* emulator.script("operations/slow", [{ type: "pending", delay: 60_000 }])
  yield* emulator.script("operations/slower", [{ type: "pending", delay: 300 }])
  const requests = (count: number) =>
    eventually(`${count} requests`, Effect.map(emulator.stats, (stats) => stats.requests === count))
  const noConnections = eventually(
    "no open connection",
    Effect.map(emulator.stats, (stats) => stats.openConnections === 0),
    20
  )
  return { ...emulator, requests, noConnections }
})
