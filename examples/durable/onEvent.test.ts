import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, describe } from "@effect/vitest"
import * as Workflow from "@effect/workflow/Workflow"
import * as WorkflowEngine from "@effect/workflow/WorkflowEngine"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { api, hashAtOnce, name, pass, test } from "../../test/support/durable.js"
import { router, Tokens, waitByEvent } from "./onEvent.js"

hashAtOnce()

const WaitByEvent = Workflow.make({
  name: "WaitByEvent",
  payload: { handle: OperationHandle.OperationHandle },
  idempotencyKey: ({ handle }) => handle.name,
  success: Schema.String
})

const WaitByEventLayer = WaitByEvent.toLayer(({ handle }) =>
  Effect.orDie(Effect.map(waitByEvent(handle), (operation) => operation.name))
)

const TokensLayer = Layer.sync(Tokens, () => {
  const tokens = new Map<string, string>()
  return {
    put: (operationName, token) => Effect.sync(() => void tokens.set(operationName, token)),
    find: (operationName) => Effect.sync(() => Option.fromNullable(tokens.get(operationName)))
  }
})

/** A runner, and the handler on a socket. The `HttpClient` sends requests to the handler. */
const program = (http: ReturnType<typeof api>) =>
  Layer.merge(WaitByEventLayer, HttpServer.serve(router)).pipe(
    Layer.provideMerge(DurableOperations.layer()),
    Layer.provideMerge(Layer.provide(OperationsService.layer(), http.layer)),
    Layer.provideMerge(WorkflowEngine.layerMemory),
    Layer.provideMerge(TokensLayer),
    Layer.provideMerge(NodeHttpServer.layerTest)
  )

/** Sends a request as Pub/Sub does, and returns the status of the response. */
const push = (body: string) =>
  HttpClientRequest.post("/push").pipe(
    HttpClientRequest.bodyText(body, "application/json"),
    HttpClient.execute,
    Effect.map(({ status }) => status),
    Effect.scoped
  )

const messageOf = (data: unknown): string =>
  JSON.stringify({ message: { messageId: "1", data: Buffer.from(JSON.stringify(data)).toString("base64") } })

const entryOf = (id: string): string => messageOf({ operation: { id, last: true } })

describe("the handler of push messages", () => {
  test("wakes the wait for the operation of the entry", () => {
    const http = api({ doneAfter: "90 seconds" })
    return Effect.gen(function*() {
      const service = yield* OperationsService.OperationsService
      const fiber = yield* Effect.fork(WaitByEvent.execute({ handle: yield* service.handle(name) }))
      // The wait has looked after a minute, and looks next after two and a half.
      yield* pass("100 seconds")
      const before = http.requests.length
      yield* pass("10 seconds")
      assert.strictEqual(http.requests.length, before)
      assert.strictEqual(yield* push(entryOf("operations/other")), 204)
      yield* pass("5 seconds")
      assert.strictEqual(http.requests.length, before)
      assert.strictEqual(yield* push(entryOf(name)), 204)
      yield* pass("5 seconds")
      assert.deepStrictEqual(fiber.unsafePoll(), Exit.succeed(name))
      assert.strictEqual(http.requests.length, before + 1)
      // Pub/Sub may send a message twice.
      assert.strictEqual(yield* push(entryOf(name)), 204)
    }).pipe(Effect.provide(program(http)), Effect.orDie)
  })

  test("acknowledges what is no entry about an operation, and responds with 400 to a body that is no JSON", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* push(messageOf({ textPayload: "no operation" })), 204)
      assert.strictEqual(yield* push(JSON.stringify({ message: { data: "no base64!" } })), 204)
      assert.strictEqual(yield* push("{\"message\":"), 400)
    }).pipe(Effect.provide(program(api({ doneAfter: "1 day" }))), Effect.orDie))
})
