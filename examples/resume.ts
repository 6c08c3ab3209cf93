// Starts an operation in one process and waits for it in another, with a handle.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

const createPolicy = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
)

// #region resume
// One process starts the operation, and stores its handle.
const start = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  const operation = yield* operations.start(createPolicy)
  const handle = yield* operations.handle(operation, { timeout: "1 hour" })
  return JSON.stringify(OperationHandle.toJson(handle))
})

// Another process waits for the operation, with the same deadline.
const resume = (stored: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const handle = yield* OperationHandle.fromJson(JSON.parse(stored))
    const operation = yield* operations.wait(handle, { schedule: Polling.spaced("100 millis") })
    yield* Console.log(`${operation.response?.["title"]} was created`)
  })
// #endregion

const main = Effect.gen(function*() {
  const { api } = yield* NodeOperationsEmulator.make({ operationDuration: "300 millis" })
  const stored = yield* Effect.provide(start, NodeOperations.layer({ api }))
  yield* Console.log(`stored: ${Object.keys(JSON.parse(stored)).join(", ")}`)
  yield* Effect.provide(resume(stored), NodeOperations.layer({ api }))
})

NodeRuntime.runMain(Effect.scoped(main))
