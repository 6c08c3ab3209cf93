// The first program of the README. It needs only this package, effect and @effect/platform.
// #region program
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

// The response type of the method, from the API's documentation.
const CreateAccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, title: Schema.String })
  }
})

const program = Effect.gen(function*() {
  const parent = yield* Config.string("PARENT")
  const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
    HttpClientRequest.bodyUnsafeJson({ parent, title: "my policy" })
  )
  // Starts the operation, waits until it is done, and decodes its response.
  const policy = yield* CreateAccessPolicy.execute(request, { timeout: "10 minutes" })
  yield* Console.log(`${policy.name}: ${policy.title}`)
})

const operations = OperationsService.layerConfig({
  credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken),
  api: Config.map(
    Config.withDefault(Config.string("BASE_URL"), GoogleApi.accessContextManager.baseUrl),
    (baseUrl) => ({ ...GoogleApi.accessContextManager, baseUrl })
  )
})

await Effect.runPromise(Effect.provide(program, Layer.provide(operations, FetchHttpClient.layer)))
// #endregion
