// A workflow that starts an operation and waits for it, however often the process dies meanwhile.
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

// #region workflow
export const CreatePolicyLayer = CreatePolicy.toLayer(({ parent, title }) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
      HttpClientRequest.bodyUnsafeJson({ parent, title })
    )
    const handle = yield* DurableOperations.start("create", operations.start(request), {
      timeout: "1 day",
      responseType: AccessPolicy.responseType
    })
    const policy = yield* DurableOperations.result(AccessPolicy, handle, { onInterrupt: "cancel" })
    return `${policy.title} is ${policy.name}`
  }).pipe(Effect.mapError((error) => error.message))
)
// #endregion
