import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Credentials from "effect-google-operations/Credentials"
import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as TestOperations from "effect-google-operations/TestOperations"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

declare const emulator: OperationsEmulator.Service
declare const testing: TestOperations.Service

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

  test("layerConfig takes a configuration of options and nothing else", () => {
    expect(OperationsService.layerConfig).type.toBeCallableWith(Config.succeed({}))
    expect(OperationsService.layerConfig).type.not.toBeCallableWith()
    expect(OperationsService.layerConfig).type.not.toBeCallableWith({})
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

describe("TestOperations", () => {
  test("layer provides the service and what was asked of it", () => {
    expect(TestOperations.layer({ "operations/a": [TestOperations.succeeded()] })).type.toBe<
      Layer.Layer<OperationsService.OperationsService | TestOperations.TestOperations>
    >()
    expect(TestOperations.layer({}, { xgafv: "1" })).type.toBe<
      Layer.Layer<OperationsService.OperationsService | TestOperations.TestOperations>
    >()
  })

  test("a script has at least one step", () => {
    expect(TestOperations.layer).type.not.toBeCallableWith({ "operations/a": [] })
    expect(TestOperations.layer).type.not.toBeCallableWith({ "operations/a": TestOperations.succeeded() })
    expect(TestOperations.layer).type.not.toBeCallableWith({ "operations/a": [Operation.succeeded({ name: "" })] })
    expect(testing.script).type.not.toBeCallableWith("operations/a", [])
  })

  test("its service cannot fail", () => {
    expect<keyof TestOperations.Service>().type.toBe<"script" | "calls" | "callsOf">()
    expect(testing.script("operations/a", [TestOperations.gone()])).type.toBe<Effect.Effect<void>>()
    expect(testing.calls).type.toBe<Effect.Effect<ReadonlyArray<TestOperations.Call>>>()
    expect(testing.callsOf("operations/a")).type.toBe<Effect.Effect<ReadonlyArray<TestOperations.Call>>>()
    expect<TestOperations.Call>().type.toBe<{
      readonly method: "get" | "list" | "cancel" | "delete" | "wait" | "create"
      readonly name: string
      readonly at: number
    }>()
  })

  test("its steps are those of the emulator", () => {
    expect<TestOperations.Step>().type.toBe<OperationsEmulator.Step>()
    expect<TestOperations.Step["type"]>().type.toBe<"pending" | "succeeded" | "failed" | "http" | "cut" | "gone">()
    expect<Extract<TestOperations.Step, { readonly type: "cut" }>["at"]>().type.toBe<
      "beforeHeaders" | "withinHeaders" | "withinBody"
    >()
    expect(TestOperations.cut).type.toBeCallableWith({ at: "beforeHeaders" })
    expect(TestOperations.pending()).type.toBe<TestOperations.Step>()
    expect(TestOperations.succeeded()).type.toBe<TestOperations.Step>()
    expect(TestOperations.failed({ code: "ABORTED" })).type.toBe<TestOperations.Step>()
    expect(TestOperations.httpFault({ status: 503 })).type.toBe<TestOperations.Step>()
    expect(TestOperations.cut()).type.toBe<TestOperations.Step>()
    expect(TestOperations.gone()).type.toBe<TestOperations.Step>()
  })

  test("a step that lacks what it needs is refused", () => {
    expect(TestOperations.failed).type.toBeCallableWith({ code: 9 })
    expect(TestOperations.failed).type.not.toBeCallableWith()
    expect(TestOperations.failed).type.not.toBeCallableWith({ message: "it failed" })
    expect(TestOperations.failed).type.not.toBeCallableWith({ code: "FAILED" })
    expect(TestOperations.httpFault).type.not.toBeCallableWith()
    expect(TestOperations.httpFault).type.not.toBeCallableWith({ body: "" })
    expect(TestOperations.cut).type.not.toBeCallableWith({ at: "withinStatus" })
    expect(TestOperations.succeeded).type.not.toBeCallableWith({ response: "done" })
    expect(TestOperations.pending).type.not.toBeCallableWith({ progress: 1 })
  })
})

describe("OperationsEmulator", () => {
  test("make needs nothing", () => {
    expect(OperationsEmulator.make()).type.toBe<OperationsEmulator.Service>()
    expect(OperationsEmulator.make({ operationDuration: "1 second" })).type.toBe<OperationsEmulator.Service>()
  })

  test("layer needs nothing", () => {
    expect(OperationsEmulator.layer()).type.toBe<Layer.Layer<OperationsEmulator.OperationsEmulator>>()
  })

  test("layerHttpClient needs the emulator, and with it makes a service whole", () => {
    expect(OperationsEmulator.layerHttpClient).type.toBe<
      Layer.Layer<HttpClient.HttpClient, never, OperationsEmulator.OperationsEmulator>
    >()
    expect(
      OperationsService.layer().pipe(
        Layer.provide(OperationsEmulator.layerHttpClient),
        Layer.provideMerge(OperationsEmulator.layer())
      )
    ).type.toBe<Layer.Layer<OperationsService.OperationsService | OperationsEmulator.OperationsEmulator>>()
  })

  test("its service", () => {
    expect<keyof OperationsEmulator.Service>().type.toBe<"script" | "stats" | "calls" | "httpClient" | "serve">()
    expect(emulator.script("operations/a", [{ type: "gone" }])).type.toBe<Effect.Effect<void>>()
    expect(emulator.stats).type.toBe<Effect.Effect<OperationsEmulator.Stats>>()
    expect(emulator.calls).type.toBe<Effect.Effect<ReadonlyArray<OperationsEmulator.Call>>>()
    expect(emulator.httpClient).type.toBe<HttpClient.HttpClient>()
    expect(emulator.serve()).type.toBe<
      Effect.Effect<OperationsEmulator.Server, HttpServerError.ServeError, Scope.Scope>
    >()
    expect<OperationsEmulator.Server>().type.toBe<{ readonly url: string; readonly api: GoogleApi.GoogleApi }>()
    expect<OperationsEmulator.Stats>().type.toBe<{
      readonly requests: number
      readonly aborted: number
      readonly openConnections: number
    }>()
  })

  test("a script is checked", () => {
    expect(emulator.script).type.toBeCallableWith("operations/a", [
      { type: "pending", times: 2, metadata: { progress: 40 } },
      { type: "http", status: 503, headers: { "retry-after": "5" } },
      { type: "cut", at: "withinBody" },
      { type: "failed", error: { code: 9, message: "in use" } }
    ])
    expect(emulator.script).type.not.toBeCallableWith("operations/a", [])
    expect(emulator.script).type.not.toBeCallableWith("operations/a", [{ type: "done" }])
    expect(emulator.script).type.not.toBeCallableWith("operations/a", [{ type: "cut" }])
    expect(emulator.script).type.not.toBeCallableWith("operations/a", [{ type: "succeeded", times: 2 }])
  })
})
