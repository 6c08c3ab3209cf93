// Waits for any number of operations with at most 20 requests a second, and writes each outcome to a file when it is
// known.
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FileSystem from "@effect/platform/FileSystem"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isMain } from "./support/isMain.js"

const AccessLevel = Schema.Struct({ name: Schema.String })
const CreateAccessLevel = OperationInfo.make({
  response: { typeName: "google.identity.accesscontextmanager.v1.AccessLevel", schema: AccessLevel }
})

export const requestBudget = { perSecond: 20 }
export const writeOutcomes = (names: ReadonlyArray<string>, file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
    CreateAccessLevel.waitAll(names, { timeout: "1 hour" }).pipe(
      Stream.map(({ operation, result }) =>
        `${operation}: ${
          Either.match(result, { onLeft: ({ message }) => message, onRight: ({ result }) => result.name })
        }\n`
      ),
      Stream.encodeText,
      Stream.run(fileSystem.sink(file))
    ))

const options = Config.map(Config.string("BASE_URL"), (baseUrl) => ({
  api: { ...GoogleApi.accessContextManager, baseUrl },
  requestBudget
}))
const layer = Layer.merge(NodeOperations.layerConfig(options), NodeFileSystem.layer)
const [file = "", ...names] = process.argv.slice(2)
if (isMain(import.meta.url)) NodeRuntime.runMain(Effect.provide(writeOutcomes(names, file), layer))
