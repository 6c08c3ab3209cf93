// Tests a program that starts an operation. The emulator responds to the request with a scripted operation.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"

// #region started
// The program under test. It creates a project, and waits until the operation is done.
const createProject = (projectId: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const request = HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/v3/projects"), { projectId })
    const { response } = yield* operations.wait(yield* operations.start(request))
    return response?.["name"]
  })

it.effect("creates a project", () =>
  Effect.gen(function*() {
    const emulator = yield* OperationsEmulator.OperationsEmulator
    yield* emulator.onStart({ path: "/v3/projects" }, ({ body }) => {
      assert.deepStrictEqual(body, { projectId: "my-project" })
      return [
        OperationsEmulator.pending({ duration: "30 seconds" }),
        OperationsEmulator.httpFault({ status: 503 }),
        OperationsEmulator.succeeded({ response: { "@type": "type.googleapis.com/x.Project", name: "projects/1" } })
      ]
    })
    const fiber = yield* Effect.fork(createProject("my-project"))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(yield* Fiber.join(fiber), "projects/1")
  }).pipe(Effect.provide(OperationsEmulator.layerTest({}, {
    api: GoogleApi.make({ baseUrl: "https://cloudresourcemanager.googleapis.com", version: "v3" })
  }))))
// #endregion
