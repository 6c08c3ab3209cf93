// Waits by event: an entry of the audit log says when to look, so that a wait for days costs a few requests.
//
// Route the entries to a Pub/Sub topic (a sink with the filter `operation.last = true`), and let the topic push to this handler.
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

/** Where the program keeps the token of each operation: a table, for instance. */
export class Tokens extends Context.Tag("Tokens")<Tokens, {
  readonly put: (operationName: string, token: string) => Effect.Effect<void>
  readonly find: (operationName: string) => Effect.Effect<Option.Option<string>>
}>() {}

// #region wait
/** In a workflow: stores the token, then waits. */
export const waitByEvent = (handle: OperationHandle) =>
  Effect.gen(function*() {
    const tokens = yield* Tokens
    const token = yield* DurableOperations.token(handle)
    yield* Activity.make({ name: "store the token", execute: tokens.put(handle.name, token) })
    return yield* DurableOperations.wait(handle, { byEvent: true })
  })
// #endregion

// A push message of Pub/Sub: its data is the entry of the log, in base64.
const LogEntry = Schema.Struct({ operation: Schema.Struct({ id: Schema.String }) })
const PushMessage = Schema.Struct({
  message: Schema.Struct({ data: Schema.compose(Schema.StringFromBase64, Schema.parseJson(LogEntry)) })
})

// #region handler
/** The handler of push messages. An entry without a token is of an operation that nobody waits for by event. */
const onPush = Effect.gen(function*() {
  const { message } = yield* HttpServerRequest.schemaBodyJson(PushMessage)
  const tokens = yield* Tokens
  const token = yield* tokens.find(message.data.operation.id)
  if (Option.isSome(token)) yield* DurableOperations.wake(token.value)
  return yield* HttpServerResponse.empty({ status: 204 })
}).pipe(
  Effect.catchTags({
    // Pub/Sub sends a message again that is not acknowledged, and this one would never be understood.
    ParseError: () => HttpServerResponse.empty({ status: 204 }),
    RequestError: () => HttpServerResponse.empty({ status: 400 })
  })
)
// #endregion

export const router = HttpRouter.empty.pipe(HttpRouter.post("/push", onPush))
