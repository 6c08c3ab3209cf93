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
import * as Starts from "./support/starts.js"
import { deploy, PolicyOperations, RunOperations } from "./two-apis.js"

const policy = ProtobufAny.pack("google.identity.accesscontextmanager.v1.AccessPolicy", { name: "accessPolicies/1" })
const service = ProtobufAny.pack("google.cloud.run.v2.Service", { name: "projects/p/locations/l/services/s" })

it.effect("starts and waits at each API's own server", () =>
  Effect.gen(function*() {
    const acm = OperationsEmulator.make()
    const run = OperationsEmulator.make()
    const over = (emulator: OperationsEmulator.Service, starts: Starts.Starts) =>
      Layer.provide(Layer.succeed(HttpClient.HttpClient, Starts.httpClient(emulator, starts)))
    const pending = { type: "pending", duration: 10_000 } as const
    const layer = Layer.merge(
      OperationsService.layerFor(PolicyOperations).pipe(over(acm, {
        "POST /v1/accessPolicies": { name: "operations/a", steps: [pending, { type: "succeeded", response: policy }] }
      })),
      OperationsService.layerFor(RunOperations).pipe(over(run, {
        "POST /v2/projects/p/locations/l/services": {
          name: "projects/p/locations/l/operations/o",
          steps: [pending, { type: "succeeded", response: service }]
        }
      }))
    )

    const lines: Array<string> = []
    const fiber = yield* Effect.fork(printing(lines, Effect.provide(deploy, layer)))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)

    assert.deepStrictEqual(lines, ["accessPolicies/1 and projects/p/locations/l/services/s"])
    const names = (emulator: OperationsEmulator.Service) =>
      Effect.map(emulator.calls, (calls) => [...new Set(calls.map(({ name }) => name))])
    assert.deepStrictEqual(yield* names(acm), ["operations/a"])
    assert.deepStrictEqual(yield* names(run), ["projects/p/locations/l/operations/o"])
  }))
