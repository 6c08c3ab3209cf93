// Typed results. An OperationInfo contains the types of an API method, and decodes the results of its operations.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// #region typed
class AccessPolicy extends Schema.Class<AccessPolicy>("AccessPolicy")({
  name: Schema.String,
  parent: Schema.String,
  title: Schema.String
}) {}

const CreateAccessPolicy = OperationInfo.make({
  response: { typeName: "google.identity.accesscontextmanager.v1.AccessPolicy", schema: AccessPolicy }
})
const DeleteAccessPolicy = OperationInfo.make({ response: OperationInfo.empty })

const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
)

const program = Effect.gen(function*() {
  // Starts the operation, waits until it is done, and decodes its response.
  const policy = yield* CreateAccessPolicy.execute(request, { timeout: "10 minutes" })
  yield* Console.log(`${policy.title} of ${policy.parent}`)

  // Waits for an operation that was started elsewhere, given its name.
  yield* DeleteAccessPolicy.result("operations/delete")
  yield* Console.log("deleted")

  // The operation succeeded, but its response has another type. The error contains the response.
  yield* CreateAccessPolicy.result("operations/level").pipe(
    Effect.catchTag("ResultError", (error) => Console.log(`${error.message}: ${error.response?.["name"]}`))
  )
})
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make({ operationDuration: "300 millis" })
  const succeeds = (id: string, response?: ProtobufAny.ProtobufAny) =>
    emulator.script(`operations/${id}`, [OperationsEmulator.succeeded({ response })])
  const type = (name: string) => `google.identity.accesscontextmanager.v1.${name}`
  yield* succeeds("delete")
  yield* succeeds("level", ProtobufAny.pack(type("AccessLevel"), { name: "accessPolicies/1/accessLevels/corp" }))
  yield* Effect.provide(program, NodeOperations.layer({ api: emulator.api }))
})

NodeRuntime.runMain(Effect.scoped(main))
