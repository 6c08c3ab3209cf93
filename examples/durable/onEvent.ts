// Waits until an entry of the audit log arrives. A wait of several days then costs a few requests.
//
// Create a log sink with the filter `operation.last = true` that routes the entries to a Pub/Sub topic. Create a push subscription of the
// topic for this handler.
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Activity from "@effect/workflow/Activity"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import type { OperationHandle } from "effect-google-operations/OperationHandle"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Stores the token of each operation, for example in a table. */
export class Tokens extends Context.Tag("Tokens")<Tokens, {
  readonly put: (operationName: string, token: string) => Effect.Effect<void>
  readonly find: (operationName: string) => Effect.Effect<Option.Option<string>>
}>() {}

// #region wait
/** Stores the token and then waits. Runs in a workflow. */
export const waitByEvent = (handle: OperationHandle) =>
  Effect.gen(function*() {
    const tokens = yield* Tokens
    const token = yield* DurableOperations.token(handle)
    yield* Activity.make({ name: "store the token", execute: tokens.put(handle.name, token) })
    return yield* DurableOperations.wait(handle, { byEvent: true })
  })
// #endregion

// A push message of Pub/Sub. Its data is the log entry in base64.
const LogEntry = Schema.Struct({ operation: Schema.Struct({ id: Schema.String }) })
const PushMessage = Schema.Struct({
  message: Schema.Struct({ data: Schema.compose(Schema.StringFromBase64, Schema.parseJson(LogEntry)) })
})

// #region handler
/** Handles push messages. If an operation has no token, no workflow is waiting for its event. */
const onPush = Effect.gen(function*() {
  const { message } = yield* HttpServerRequest.schemaBodyJson(PushMessage)
  const tokens = yield* Tokens
  const token = yield* tokens.find(message.data.operation.id)
  if (Option.isSome(token)) yield* DurableOperations.wake(token.value)
  return yield* HttpServerResponse.empty({ status: 204 })
}).pipe(
  Effect.catchTags({
    // Acknowledges a message that cannot be decoded. Otherwise Pub/Sub would send it again.
    ParseError: () => HttpServerResponse.empty({ status: 204 }),
    RequestError: () => HttpServerResponse.empty({ status: 400 })
  })
)
// #endregion

export const router = HttpRouter.empty.pipe(HttpRouter.post("/push", onPush))
