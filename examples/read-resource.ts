// Creates a policy, then reads it with the same credentials.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isMain } from "./support/isMain.js"

const AccessPolicy = Schema.Struct({ name: Schema.String, title: Schema.String })
const CreateAccessPolicy = OperationInfo.make({
  response: { typeName: "google.identity.accesscontextmanager.v1.AccessPolicy", schema: AccessPolicy }
})
const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
)
const api = GoogleApi.accessContextManager

export const createAndRead = (credentials: Credentials.Credentials) =>
  Effect.gen(function*() {
    const { name } = yield* CreateAccessPolicy.execute(request, { timeout: "10 minutes" })
    const client = Credentials.authorize(yield* HttpClient.HttpClient, { api, credentials })
    const response = yield* HttpClient.filterStatusOk(client).get(`/v1/${name}`)
    const policy = yield* HttpClientResponse.schemaBodyJson(AccessPolicy)(response)
    yield* Console.log(`${policy.title} is ${policy.name}`)
  }).pipe(Effect.provide(OperationsService.layer({ api, credentials })))

if (isMain(import.meta.url)) {
  NodeRuntime.runMain(Effect.provide(createAndRead(GoogleAuth.applicationDefault()), FetchHttpClient.layer))
}
