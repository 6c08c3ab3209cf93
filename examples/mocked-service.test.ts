// Tests a program without a client. The methods of the service that the program uses are mocked.
import { assert, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// #region mocked-service
// The program under test.
const createdPolicy = (operation: string) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const { response } = yield* operations.wait(operation)
    return response?.["name"]
  })

it.effect("returns the name of the policy", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* createdPolicy("operations/mocked"), "accessPolicies/1")
  }).pipe(
    Effect.provide(Layer.mock(OperationsService.OperationsService, {
      wait: () =>
        Effect.succeed(Operation.succeeded({ name: "operations/mocked", response: { name: "accessPolicies/1" } }))
    }))
  ))
// #endregion
