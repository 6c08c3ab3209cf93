// A program that uses Compute Engine, tested with an emulator that responds as Compute Engine does.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"

// #region dialect
// The program under test. It stops a virtual machine, and waits until the virtual machine has stopped.
const stop = (instance: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const request = HttpClientRequest.post(`/compute/v1/${instance}/stop`)
    return yield* operations.wait(yield* operations.start(request))
  })

it.effect("fails if the zone does not have enough resources", () =>
  Effect.gen(function*() {
    const emulator = yield* OperationsEmulator.OperationsEmulator
    yield* emulator.onStart({ path: "/compute/v1/projects/{project}/zones/{zone}/instances/{instance}/stop" }, [
      OperationsEmulator.pending({ metadata: { operationType: "stop", progress: 40 } }),
      OperationsEmulator.pending({ duration: "30 seconds" }),
      OperationsEmulator.failed({
        code: "RESOURCE_EXHAUSTED",
        message: "The zone does not have enough resources.",
        details: [ProtobufAny.pack("google.rpc.ErrorInfo", {
          domain: "compute.googleapis.com",
          reason: "ZONE_RESOURCE_POOL_EXHAUSTED"
        })]
      })
    ])
    const fiber = yield* Effect.fork(Effect.flip(stop("projects/p/zones/us-central1-a/instances/vm")))
    yield* TestClock.adjust("1 minute")
    const error = yield* Fiber.join(fiber)
    assert(error._tag === "OperationError")
    assert.strictEqual(error.operation.name, "projects/p/zones/us-central1-a/operations/operation-1")
    assert.strictEqual(error.status.errorInfo?.reason, "ZONE_RESOURCE_POOL_EXHAUSTED")
  }).pipe(Effect.provide(OperationsEmulator.layerTest({}, { api: GoogleApi.compute }))))
// #endregion
