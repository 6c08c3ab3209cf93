// An HTTP handler with a deadline. It responds with 200 and the policy, 202 if the operation takes longer, 409 for a
// conflict, or 502.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const AccessPolicy = Schema.Struct({ name: Schema.String, title: Schema.String })
const CreateAccessPolicy = OperationInfo.make({
  response: { typeName: "google.identity.accesscontextmanager.v1.AccessPolicy", schema: AccessPolicy }
})

const createPolicy = Effect.gen(function*() {
  const { title } = yield* HttpRouter.schemaPathParams(Schema.Struct({ title: Schema.String }))
  const request = HttpClientRequest.post("/v1/accessPolicies").pipe(
    HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title })
  )
  return yield* CreateAccessPolicy.execute(request, { timeout: "20 seconds" })
})

const respond = (status: number, body: object) => Effect.succeed(HttpServerResponse.unsafeJson(body, { status }))
const conflicts: ReadonlyArray<string | undefined> = ["ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION"]
const failed = ({ code, message }: { readonly code?: string | undefined; readonly message: string }) =>
  respond(conflicts.includes(code) ? 409 : 502, { error: message })

const handler = createPolicy.pipe(
  Effect.flatMap((policy) => respond(200, policy)),
  Effect.catchTags({
    WaitTimeoutError: ({ operationName }) => respond(202, { operation: operationName }),
    OperationError: failed,
    HttpError: failed,
    ResultError: failed
  })
)
export const router = HttpRouter.empty.pipe(HttpRouter.post("/policies/:title", handler))
