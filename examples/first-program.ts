// The README's first program. It needs this package, effect and @effect/platform, and nothing else.
// #region program
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  const name = yield* Config.string("OPERATION")
  const operation = yield* operations.wait(name, { timeout: "10 minutes" })
  yield* Console.log(operation.response)
}).pipe(
  // What is handled here ends the program well; what is left out ends it with the error.
  Effect.catchTags({
    OperationError: (error) => Console.error(error.message, ...error.status.details),
    HttpError: (error) => Console.error(error.message),
    WaitTimeoutError: (error) => Console.error(error.message) // "Gave up waiting for … The operation may still be running"
  })
)

const operations = OperationsService.layerConfig({
  credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken),
  api: Config.map(
    Config.withDefault(Config.string("BASE_URL"), GoogleApi.accessContextManager.baseUrl),
    (baseUrl) => GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl })
  )
})

const layer = Layer.provide(operations, FetchHttpClient.layer)

await Effect.runPromise(Effect.provide(program, layer))
// #endregion
