import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { json } from "./support/answers.js"
import { mockHttp, sent } from "./support/http.js"
import { httpError } from "./support/service.js"
import { startEmulator } from "./support/sockets.js"

const run = GoogleApi.make({
  baseUrl: "https://run.googleapis.com",
  version: "v2",
  operationName: /^projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+$/
})

class PolicyOperations
  extends OperationsService.Tag("PolicyOperations")<PolicyOperations>(GoogleApi.accessContextManager)
{}
class RunOperations extends OperationsService.Tag("RunOperations")<RunOperations>(run) {}
// Another API by the same name, as a mistake.
class SecondRunOperations
  extends OperationsService.Tag("RunOperations")<SecondRunOperations>({ ...run, baseUrl: "https://run.example.com" })
{}

const policy = "operations/policy"
const service = "projects/p/locations/l/operations/service"

const done = () =>
  mockHttp((request) => Effect.succeed(json({ name: new URL(request.url).pathname.slice(4), done: true })))

describe("the tags of two APIs", () => {
  it.effect("send requests to the servers of their APIs", () =>
    Effect.gen(function*() {
      const http = done()
      yield* Effect.gen(function*() {
        yield* (yield* PolicyOperations).wait(policy)
        yield* (yield* RunOperations).wait(service)
      }).pipe(Effect.provide(
        Layer.merge(
          OperationsService.layerFor(PolicyOperations),
          OperationsService.layerFor(RunOperations, { quotaProject: "q" })
        ).pipe(Layer.provide(http.layer))
      ))
      assert.deepStrictEqual(sent(http), [`GET /v1/${policy}`, `GET https://run.googleapis.com/v2/${service}`])
      assert.deepStrictEqual(http.requests.map(({ headers }) => headers["x-goog-user-project"]), [undefined, "q"])
    }))

  it.effect("refuse the operations of the other API before anything is sent", () =>
    Effect.gen(function*() {
      const http = done()
      yield* Effect.gen(function*() {
        for (
          const error of [
            yield* httpError((yield* PolicyOperations).wait(service)),
            yield* httpError((yield* RunOperations).wait(policy)),
            yield* httpError((yield* RunOperations).wait(yield* (yield* PolicyOperations).handle(policy)))
          ]
        ) {
          assert.strictEqual(error.reason, "InvalidRequest")
        }
      }).pipe(Effect.provide(
        Layer.merge(OperationsService.layerFor(PolicyOperations), OperationsService.layerFor(RunOperations)).pipe(
          Layer.provide(http.layer)
        )
      ))
      assert.deepStrictEqual(sent(http), [])
    }))

  it("have different keys, even with the same id", () => {
    assert.strictEqual(RunOperations.key, "RunOperations@https://run.googleapis.com/v2")
    assert.notStrictEqual<string>(RunOperations.key, SecondRunOperations.key)
    assert.strictEqual(RunOperations.api, run)
  })

  it.effect("do not provide each other", () =>
    Effect.gen(function*() {
      const http = done()
      yield* Effect.all([RunOperations, SecondRunOperations]).pipe(
        Effect.flatMap(([first, second]) => Effect.zip(first.wait(service), second.wait(service))),
        Effect.provide(
          Layer.merge(OperationsService.layerFor(RunOperations), OperationsService.layerFor(SecondRunOperations)).pipe(
            Layer.provide(http.layer)
          )
        )
      )
      assert.deepStrictEqual(http.requests.map(({ url }) => new URL(url).host), [
        "run.googleapis.com",
        "run.example.com"
      ])
    }))
})

describe("baseUrl", () => {
  it.effect("replaces the base URL of the tag's API", () =>
    Effect.gen(function*() {
      const http = done()
      yield* Effect.flatMap(RunOperations, (operations) => operations.wait(service)).pipe(
        Effect.provide(
          OperationsService.layerFor(RunOperations, { baseUrl: "https://us-central1-run.googleapis.com" }).pipe(
            Layer.provide(http.layer)
          )
        )
      )
      assert.deepStrictEqual(sent(http), [`GET https://us-central1-run.googleapis.com/v2/${service}`])
    }))

  it.scopedLive("is also an option of NodeOperations.layerFor", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* emulator.script(policy, [{ type: "succeeded" }])
      const operation = yield* Effect.flatMap(PolicyOperations, (operations) => operations.wait(policy)).pipe(
        Effect.provide(NodeOperations.layerFor(PolicyOperations, { baseUrl: emulator.url, connections: 1 }))
      )
      assert.strictEqual(operation.name, policy)
      assert.deepStrictEqual((yield* emulator.calls).map(({ method }) => method), ["get"])
    }))
})
