// Two APIs in one program: OperationsService for the one, a tag of your own for the other.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

class TransferOperations extends Context.Tag("TransferOperations")<TransferOperations, OperationsService.Service>() {}

const program = Effect.gen(function*() {
  const accessContextManager = yield* OperationsService.OperationsService
  const transfer = yield* TransferOperations
  const operations = yield* Effect.all([
    accessContextManager.wait("operations/policy"),
    transfer.wait("operations/transfer")
  ], { concurrency: 2 })
  yield* Console.log(operations.map((operation) => operation.name).join(" and "))
})

const main = Effect.gen(function*() {
  const [first, second] = yield* Effect.all([NodeOperationsEmulator.make(), NodeOperationsEmulator.make()])
  yield* first.script("operations/policy", [OperationsEmulator.succeeded()])
  yield* second.script("operations/transfer", [OperationsEmulator.succeeded()])

  yield* Effect.provide(
    program,
    Layer.merge(
      NodeOperations.layer({ api: first.api }),
      Layer.scoped(
        TransferOperations,
        NodeOperations.make({
          api: GoogleApi.make({ baseUrl: second.url, version: "v1", operationName: /^operations\/[^/]+$/ }),
          quotaProject: "my-project"
        })
      )
    )
  )
})

NodeRuntime.runMain(Effect.scoped(main))
