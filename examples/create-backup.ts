// Backs up a Cloud Spanner database and shows the progress. Ctrl-C cancels the backup.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApiCatalog from "effect-google-operations/GoogleApiCatalog"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isMain } from "./support/isMain.js"

const Progress = Schema.Struct({ progressPercent: Schema.optionalWith(Schema.Int, { default: () => 0 }) })
const CreateBackup = OperationInfo.make({
  response: { typeName: "google.spanner.admin.database.v1.Backup", schema: Schema.Struct({ name: Schema.String }) },
  metadata: {
    typeName: "google.spanner.admin.database.v1.CreateBackupMetadata",
    schema: Schema.Struct({ progress: Progress })
  }
})
const request = HttpClientRequest.post("/v1/projects/p/instances/i/backups?backupId=nightly").pipe(
  HttpClientRequest.bodyUnsafeJson({ database: "projects/p/instances/i/databases/d" })
)

export const spanner = GoogleApiCatalog.get("spanner", "v1")
// #region progress
export const createBackup = CreateBackup.execute(request, {
  onInterrupt: "cancel",
  onUpdate: ({ metadata }) =>
    Effect.ignore(Effect.flatMap(metadata, ({ progress }) => Console.log(`${progress.progressPercent} %`)))
}).pipe(Effect.tap(({ name }) => Console.log(`${name} is complete`)))
// #endregion

const options = Config.all({
  api: Config.map(Config.string("BASE_URL"), (baseUrl) => ({ ...spanner, baseUrl })),
  credentials: Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), Credentials.accessToken)
})
if (isMain(import.meta.url)) {
  NodeRuntime.runMain(Effect.provide(createBackup, NodeOperations.layerConfig(options)))
}
