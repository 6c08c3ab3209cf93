import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { printing } from "./support/printing.js"
import { deploy, PolicyOperations, RunOperations } from "./two-apis.js"

const policy = ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", { name: "accessPolicies/1" })
const service = ProtobufAny.pack("google.cloud.run.v2.Service", { name: "projects/p/locations/l/services/s" })

it.effect("sends the requests of each API to its own server", () =>
  Effect.gen(function*() {
    const emulated = (path: string, response: ProtobufAny.ProtobufAny) => {
      const emulator = OperationsEmulator.make()
      const steps = [
        OperationsEmulator.pending({ duration: "10 seconds" }),
        OperationsEmulator.succeeded({ response })
      ] as const
      return Effect.as(emulator.onStart({ path }, steps), {
        calls: emulator.calls,
        client: Layer.succeed(HttpClient.HttpClient, emulator.httpClient)
      })
    }
    const acm = yield* emulated("/v1/accessPolicies", policy)
    const run = yield* emulated("/v2/projects/p/locations/l/services", service)
    const layer = Layer.merge(
      Layer.provide(OperationsService.layerFor(PolicyOperations), acm.client),
      Layer.provide(OperationsService.layerFor(RunOperations), run.client)
    )

    const lines: Array<string> = []
    const fiber = yield* Effect.fork(printing(lines, Effect.provide(deploy, layer)))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)

    assert.deepStrictEqual(lines, ["accessPolicies/1 and projects/p/locations/l/services/s"])
    const names = ({ calls }: typeof acm) => Effect.map(calls, (calls) => [...new Set(calls.map(({ name }) => name))])
    assert.match((yield* names(acm)).join(), /^operations\/accessPolicies\/\d+\/create\/\d+$/)
    assert.deepStrictEqual(yield* names(run), ["projects/p/locations/l/operations/1"])
  }))
