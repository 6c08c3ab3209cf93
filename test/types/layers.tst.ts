import type * as HttpClient from "@effect/platform/HttpClient"
import * as Credentials from "effect-google-operations/Credentials"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

class RunOperations extends Context.Tag("RunOperations")<RunOperations, OperationsService.Service>() {}

const config = Config.map(Config.redacted("TOKEN"), (token) => ({ credentials: Credentials.accessToken(token) }))

describe("OperationsService", () => {
  test("make needs an HttpClient and a scope", () => {
    expect(OperationsService.make()).type.toBe<
      Effect.Effect<OperationsService.Service, never, HttpClient.HttpClient | Scope.Scope>
    >()
    expect(OperationsService.make({})).type.toBe<
      Effect.Effect<OperationsService.Service, never, HttpClient.HttpClient | Scope.Scope>
    >()
  })

  test("layer needs an HttpClient", () => {
    expect(OperationsService.layer()).type.toBe<
      Layer.Layer<OperationsService.OperationsService, never, HttpClient.HttpClient>
    >()
    expect(OperationsService.layer({ quotaProject: "p" })).type.toBe<
      Layer.Layer<OperationsService.OperationsService, never, HttpClient.HttpClient>
    >()
  })

  test("layerConfig can also fail as the configuration does", () => {
    expect(OperationsService.layerConfig(config)).type.toBe<
      Layer.Layer<OperationsService.OperationsService, ConfigError, HttpClient.HttpClient>
    >()
  })

  test("layerConfig takes a configuration of options, or of each option", () => {
    expect(OperationsService.layerConfig).type.toBeCallableWith(Config.succeed({}))
    expect(OperationsService.layerConfig).type.toBeCallableWith({})
    expect(OperationsService.layerConfig).type.toBeCallableWith({
      credentials: Config.map(Config.redacted("TOKEN"), Credentials.accessToken),
      quotaProject: Config.string("PROJECT"),
      schedule: Config.succeed(Polling.defaultSchedule)
    })
    expect(OperationsService.layerConfig).type.not.toBeCallableWith()
    expect(OperationsService.layerConfig).type.not.toBeCallableWith({ quotaProject: "p" })
    expect(OperationsService.layerConfig).type.not.toBeCallableWith({ quotaProject: Config.integer("PROJECT") })
    expect(OperationsService.layerConfig).type.not.toBeCallableWith(Config.redacted("TOKEN"))
    expect(OperationsService.layerConfig).type.not.toBeCallableWith(Config.succeed({ quotaProject: 1 }))
  })

  test("a second API gets a tag of the user's own", () => {
    expect(Layer.scoped(RunOperations, OperationsService.make())).type.toBe<
      Layer.Layer<RunOperations, never, HttpClient.HttpClient>
    >()
  })

  test("a mock can stand in its place", () => {
    expect(
      Layer.mock(OperationsService.OperationsService, {
        wait: () => Effect.succeed(Operation.succeeded({ name: "operations/a" }))
      })
    ).type.toBe<Layer.Layer<OperationsService.OperationsService>>()
  })
})

describe("NodeOperations", () => {
  test("make needs a scope", () => {
    expect(NodeOperations.make()).type.toBe<Effect.Effect<OperationsService.Service, never, Scope.Scope>>()
  })

  test("layer needs nothing", () => {
    expect(NodeOperations.layer()).type.toBe<Layer.Layer<OperationsService.OperationsService>>()
    expect(NodeOperations.layer({ connections: 8 })).type.toBe<Layer.Layer<OperationsService.OperationsService>>()
  })

  test("layerConfig can fail as the configuration does", () => {
    expect(NodeOperations.layerConfig(config)).type.toBe<
      Layer.Layer<OperationsService.OperationsService, ConfigError>
    >()
    expect(NodeOperations.layerConfig).type.toBeCallableWith(Config.all({ connections: Config.integer("CONNECTIONS") }))
    expect(NodeOperations.layerConfig).type.not.toBeCallableWith(
      Config.all({ connections: Config.string("CONNECTIONS") })
    )
  })

  test("its options are those of the service and more", () => {
    expect<NodeOperations.Options>().type.toBeAssignableTo<OperationsService.Options>()
  })
})
