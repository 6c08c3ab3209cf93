// The first program of the README. Its only dependencies are this package, effect and @effect/platform.
// #region program
import { FetchHttpClient, HttpClientRequest } from "@effect/platform"
import { Config, Console, Effect, Layer, Schema } from "effect"
import { Credentials, GoogleApi, OperationInfo, OperationsService } from "effect-google-operations"

// The response type of the API method.
const CreateAccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, title: Schema.String })
  }
})

const program = Effect.gen(function*() {
  const body = { parent: yield* Config.string("PARENT"), title: "my policy" }
  const request = HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/v1/accessPolicies"), body)
  // Starts the operation, waits until it is done, and decodes its response.
  const policy = yield* CreateAccessPolicy.execute(request, { timeout: "10 minutes" })
  yield* Console.log(`${policy.name}: ${policy.title}`)
})

const api = GoogleApi.accessContextManager
const operations = OperationsService.layerConfig({
  credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken),
  api: Config.map(Config.withDefault(Config.string("BASE_URL"), api.baseUrl), (baseUrl) => ({ ...api, baseUrl }))
})

await Effect.runPromise(Effect.provide(program, Layer.provide(operations, FetchHttpClient.layer)))
// #endregion
