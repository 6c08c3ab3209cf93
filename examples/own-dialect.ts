// APIs whose operations have another format: Vertex AI with a dialect of the package, and the batch jobs of Dataflow with
// a custom dialect.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Dialect from "effect-google-operations/Dialect"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as Status from "effect-google-operations/Status"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

// #region vertex-ai
const vertexAi = GoogleApi.make({
  baseUrl: "https://us-central1-aiplatform.googleapis.com",
  version: "v1",
  dialect: Dialect.predict
})
// #endregion

// #region own-dialect
const Job = Schema.Struct({
  id: Schema.String,
  projectId: Schema.String,
  location: Schema.String,
  currentState: Schema.Literal(
    "JOB_STATE_PENDING",
    "JOB_STATE_QUEUED",
    "JOB_STATE_RUNNING",
    "JOB_STATE_CANCELLING",
    "JOB_STATE_DONE",
    "JOB_STATE_FAILED",
    "JOB_STATE_CANCELLED"
  )
})

const batchJobs: Dialect.Dialect = {
  name: "batchJobs",
  operationName: /^projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+$/,
  poll: (name) => ({ method: "GET", resource: name }),
  cancel: (name) => ({ method: "PUT", resource: name, body: { requestedState: "JOB_STATE_CANCELLED" } }),
  decode: (json) =>
    Either.mapBoth(Schema.decodeUnknownEither(Job)(json), {
      onLeft: () => "it is not a batch job of Dataflow",
      onRight: ({ currentState, id, location, projectId }) => {
        const name = `projects/${projectId}/locations/${location}/jobs/${id}`
        switch (currentState) {
          case "JOB_STATE_DONE":
            return Operation.succeeded({ name })
          case "JOB_STATE_FAILED":
            return Operation.failed({ name, error: new Status.Status({ code: 2, message: "The job failed." }) })
          case "JOB_STATE_CANCELLED":
            return Operation.failed({ name, error: new Status.Status({ code: 1, message: "The job was cancelled." }) })
          default:
            return Operation.pending({ name })
        }
      }
    })
}

const dataflow = GoogleApi.make({
  baseUrl: "https://dataflow.googleapis.com",
  version: "v1b3",
  dialect: batchJobs
})
// #endregion

const state = ({ dialect, operationName }: GoogleApi.GoogleApi, json: unknown): string =>
  Either.match(dialect.decode(json, { name: undefined, operationName }), {
    onLeft: (problem) => `refused: ${problem}`,
    onRight: ({ _tag, error, name }) => `${_tag}${error === undefined ? "" : ` (${error.codeName})`}: ${name}`
  })

const main = Effect.gen(function*() {
  const job = { id: "j", projectId: "p", location: "us-central1" }
  yield* Console.log(state(dataflow, { ...job, currentState: "JOB_STATE_RUNNING" }))
  yield* Console.log(state(dataflow, { ...job, currentState: "JOB_STATE_CANCELLED" }))
  yield* Console.log(state(dataflow, { jobs: [] }))
  const model = "projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001"
  const { method, suffix } = vertexAi.dialect.poll(`${model}/operations/o`)
  yield* Console.log(`${method} …${suffix}`)
})

NodeRuntime.runMain(main)
