// A workflow that starts an operation and waits for it. The workflow continues after each crash of its process.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Workflow from "@effect/workflow/Workflow"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

const AccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, title: Schema.String })
  }
})

export const CreatePolicy = Workflow.make({
  name: "CreatePolicy",
  payload: { parent: Schema.String, title: Schema.String },
  idempotencyKey: ({ parent, title }) => `${parent}/${title}`,
  success: Schema.String,
  error: Schema.String,
  suspendedRetrySchedule: Schedule.spaced("1 second"),
  // A storage that does not respond is a defect. It must not be stored as the result.
  annotations: Context.make(Workflow.CaptureDefects, false)
})

const createPolicy = (body: { readonly parent: string; readonly title: string }) =>
  HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/v1/accessPolicies"), body)

// #region workflow
export const CreatePolicyLayer = CreatePolicy.toLayer((payload) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const started = operations.start(createPolicy(payload))
    const handle = yield* DurableOperations.start("create", started, { timeout: "1 day" })
    const policy = yield* DurableOperations.result(AccessPolicy, handle, { onInterrupt: "cancel" })
    return `${policy.title} is ${policy.name}`
  }).pipe(Effect.mapError((error) => error.message))
)
// #endregion
