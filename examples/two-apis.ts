// Uses Cloud Run and Access Context Manager in one program, with a tag for each API.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { isMain } from "./support/isMain.js"

const acm = GoogleApi.accessContextManager
export class PolicyOperations extends OperationsService.Tag("PolicyOperations")<PolicyOperations>(acm) {}
const run = GoogleApiCatalog.get("run", "v2")
export class RunOperations extends OperationsService.Tag("RunOperations")<RunOperations>(run) {}

const schema = Schema.Struct({ name: Schema.String })
const policyType = "google.identity.accesscontextmanager.v1.AccessPolicy"
const CreateAccessPolicy = OperationInfo.make({ response: { typeName: policyType, schema } }).using(PolicyOperations)
const serviceType = "google.cloud.run.v2.Service"
const CreateService = OperationInfo.make({ response: { typeName: serviceType, schema } }).using(RunOperations)

export const deploy = Effect.gen(function*() {
  const policy = yield* CreateAccessPolicy.execute(HttpClientRequest.post("/v1/accessPolicies"))
  const service = yield* CreateService.execute(HttpClientRequest.post("/v2/projects/p/locations/l/services"))
  yield* Console.log(`${policy.name} and ${service.name}`)
})

const credentials = GoogleAuth.applicationDefault()
const layer = Layer.merge(
  NodeOperations.layerFor(PolicyOperations, { credentials }),
  NodeOperations.layerFor(RunOperations, { credentials })
)
if (isMain(import.meta.url)) NodeRuntime.runMain(Effect.provide(deploy, layer))
