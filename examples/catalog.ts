// Gets an API of the catalog by its name, finds the API of an operation's URL, and prints the catalog.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

// #region get
const run = GoogleApiCatalog.get("run", "v2", { location: "europe-west3" })

const waitForRun = (operation: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const { name } = yield* operations.wait(operation, { timeout: "10 minutes" })
    yield* Console.log(`${name} is done`)
  })
// #endregion

// #region from-url
const describe = (url: string): string =>
  Option.match(GoogleApiCatalog.fromUrl(url), {
    onNone: () => `${url} is not the URL of an operation`,
    onSome: ({ api, entry, name }) => `${entry.name} ${entry.version} at ${api.baseUrl}: ${name}`
  })
// #endregion

// #region print
const lines = GoogleApiCatalog.entries().map(({ baseUrl, dialect, name, operationNames, version, versionPath }) =>
  [name, version, dialect, `${baseUrl}/${versionPath}`, ...operationNames].join(" ")
)
// #endregion

const main = Effect.gen(function*() {
  yield* Console.log(run.baseUrl)
  yield* Console.log(
    describe("https://us-central1-run.googleapis.com/v2/projects/p/locations/us-central1/operations/o")
  )
  yield* Console.log(describe("https://example.com/v2/operations/o"))
  yield* Console.log(lines.find((line) => line.startsWith("run v2")))

  const emulator = yield* NodeOperationsEmulator.make({ versions: ["v2"] })
  const operation = "projects/p/locations/europe-west3/operations/o"
  yield* emulator.script(operation, [OperationsEmulator.succeeded()])
  const api = GoogleApi.make({ ...run, baseUrl: emulator.url })
  yield* Effect.provide(waitForRun(operation), NodeOperations.layer({ api }))
})

NodeRuntime.runMain(Effect.scoped(main))
