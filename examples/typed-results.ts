// Typed results: a method's response and metadata types in one value, and every operation of it read by them.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
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

const program = Effect.gen(function*() {
  const policy = yield* CreateAccessPolicy.result("operations/create")
  yield* Console.log(`${policy.title} is ${policy.name}`)

  yield* DeleteAccessPolicy.result("operations/delete")
  yield* Console.log("deleted")

  // The wrong info for this operation: it succeeded all the same, and its raw response is there.
  yield* CreateAccessPolicy.result("operations/level").pipe(
    Effect.catchTag("ResultError", (error) => Console.log(`${error.message}: ${error.response?.["name"]}`))
  )
})
// #endregion

const main = Effect.gen(function*() {
  const emulator = yield* NodeOperationsEmulator.make()
  const succeeds = (id: string, response?: ProtobufAny.ProtobufAny) =>
    emulator.script(`operations/${id}`, [OperationsEmulator.succeeded({ response })])
  const type = (name: string) => `google.identity.accesscontextmanager.v1.${name}`
  yield* succeeds(
    "create",
    ProtobufAny.pack(type("AccessPolicy"), {
      name: "accessPolicies/1",
      parent: "organizations/2",
      title: "my policy",
      etag: "3"
    })
  )
  yield* succeeds("delete")
  yield* succeeds("level", ProtobufAny.pack(type("AccessLevel"), { name: "accessPolicies/1/accessLevels/corp" }))
  yield* Effect.provide(program, NodeOperations.layer({ api: emulator.api }))
})

NodeRuntime.runMain(Effect.scoped(main))
