import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleEnvironment from "effect-google-operations/GoogleEnvironment"
import * as OperationsService from "effect-google-operations/OperationsService"
import type { ConfigError } from "effect/ConfigError"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { expect, test } from "tstyche"

test("a service and its layers fail with ConfigError only", () => {
  class Run extends OperationsService.Tag("Run")<Run>(GoogleApi.compute) {}
  expect(GoogleEnvironment.make()).type.toBe<Effect.Effect<OperationsService.Service, ConfigError, Scope.Scope>>()
  expect(GoogleEnvironment.layer({ connections: 8 })).type.toBe<
    Layer.Layer<OperationsService.OperationsService, ConfigError>
  >()
  expect(GoogleEnvironment.layerFor(Run, { baseUrl: "https://example.com" })).type.toBe<
    Layer.Layer<Run, ConfigError>
  >()
  expect(GoogleEnvironment.layerFor).type.not.toBeCallableWith(Run, { api: GoogleApi.compute })
})
