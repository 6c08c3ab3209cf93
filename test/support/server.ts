import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An emulator on a free loopback port. */
export const startEmulator = (options?: Parameters<typeof OperationsEmulator.make>[0]) =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make(options)
    const server = yield* emulator.serve()
    return { ...emulator, ...server }
  })

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
