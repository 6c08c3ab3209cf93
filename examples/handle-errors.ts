// Handles each error of a wait by its tag.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

// #region errors
const waitFor = (name: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const operation = yield* operations.wait(name, { timeout: "2 seconds" })
    yield* Console.log(`${operation.name} succeeded`)
  }).pipe(
    Effect.catchTags({
      // The operation failed. Its error details are decoded.
      OperationError: ({ code, status }) => Console.log(`failed: ${code}, with a ${status.details[0]?._tag}`),
      // A request failed. The operation may be in any state.
      HttpError: ({ code, httpStatus, reason }) => Console.log(`unknown state: ${code ?? reason}, HTTP ${httpStatus}`),
      // The operation may still be running. Wait for operationName again.
      WaitTimeoutError: ({ operationName }) => Console.log(`still running: ${operationName}`)
    })
  )
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  yield* emulator.script("operations/good", [OperationsEmulator.succeeded()])
  yield* emulator.script("operations/long", [OperationsEmulator.pending()])
  yield* emulator.script("operations/forbidden", [
    OperationsEmulator.httpFault({ status: 403, body: "<html>no</html>" })
  ])
  yield* emulator.script("operations/bad", [
    OperationsEmulator.failed({
      code: "RESOURCE_EXHAUSTED",
      message: "Out of addresses",
      details: [{
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        violations: [{ subject: "project:123", description: "addresses" }]
      }]
    })
  ])
  const names = ["good", "bad", "long", "forbidden", "unheard-of"].map((id) => `operations/${id}`)
  yield* Effect.forEach(names, waitFor).pipe(Effect.provide(NodeOperations.layer({ api: emulator.api })))
})

NodeRuntime.runMain(Effect.scoped(main))
