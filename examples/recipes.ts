// Retries the start of an operation. docs/recipes.md describes these programs.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpError from "effect-google-operations/HttpError"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

// #region method
const CreateAccessPolicy = OperationInfo.make({
  response: {
    typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
    schema: Schema.Struct({ name: Schema.String, title: Schema.String })
  }
})

const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
  HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
)
// #endregion

// #region verdict
export const createAgain = CreateAccessPolicy.execute(request, { timeout: "10 minutes" }).pipe(
  Effect.retry({
    while: (error) => error._tag === "OperationError" && error.code === "ABORTED",
    schedule: Schedule.jittered(Schedule.exponential("1 second")),
    times: 4
  })
)
// #endregion

// #region conflict
// Whether the API rejected the start request. An error that occurs after the start contains an operationName.
const isConflict = (error: HttpError.HttpError): boolean =>
  error.operationName === undefined && (error.code === "ABORTED" || error.code === "FAILED_PRECONDITION")

export const createWhenPossible = CreateAccessPolicy.execute(request, { timeout: "10 minutes" }).pipe(
  Effect.retry({
    while: (error) => error._tag === "HttpError" && isConflict(error),
    schedule: Schedule.exponential("2 seconds").pipe(
      Schedule.union(Schedule.spaced("30 seconds")),
      Schedule.jittered,
      Schedule.upTo("10 minutes")
    )
  })
)
// #endregion

// #region in-progress
// Waits until the operations in progress are done, and ignores their outcomes.
const othersEnd = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  const pending = yield* operations.list({ filter: "done=false" }).pipe(
    Stream.filter((operation) => !operation.done),
    Stream.runCollect
  )
  yield* Stream.runDrain(operations.waitAll(pending, { timeout: "10 minutes" }))
})

export const createAfterOthers = CreateAccessPolicy.execute(request, { timeout: "10 minutes" }).pipe(
  Effect.tapErrorTag("HttpError", (error) => isConflict(error) ? othersEnd : Effect.void),
  Effect.retry({ while: (error) => error._tag === "HttpError" && isConflict(error), times: 4 })
)
// #endregion
