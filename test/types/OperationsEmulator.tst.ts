import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import type * as Dialect from "effect-google-operations/Dialect"
import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as Operation from "effect-google-operations/Operation"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

declare const emulator: OperationsEmulator.Service

type OptionalKeys<O> = { [K in keyof O]-?: Partial<Pick<O, K>> extends Pick<O, K> ? K : never }[keyof O]
// With every optional property given as undefined, which `exactOptionalPropertyTypes` refuses unless the type allows it.
type AllUndefined<O> = Omit<O, OptionalKeys<O>> & { readonly [K in OptionalKeys<O>]: undefined }

describe("OperationsEmulator", () => {
  test("make needs nothing", () => {
    expect(OperationsEmulator.make()).type.toBe<OperationsEmulator.Service>()
    expect(OperationsEmulator.make({ operationDuration: "1 second" })).type.toBe<OperationsEmulator.Service>()
  })

  test("make takes an API, and what writes the operations of a dialect of one's own", () => {
    expect(OperationsEmulator.make).type.toBeCallableWith({ api: emulator.api })
    expect(OperationsEmulator.make).type.toBeCallableWith({
      api: emulator.api,
      encode: ({ _tag, name }: Operation.Operation) => ({ name, state: _tag }),
      encodeList: ({ nextPageToken, operations }: Dialect.Page) => ({ jobs: operations.length, nextPageToken })
    })
    expect(OperationsEmulator.make).type.not.toBeCallableWith({ api: "compute" })
    expect(OperationsEmulator.make).type.not.toBeCallableWith({ encode: (name: string) => name })
    expect(emulator.api).type.toBe<GoogleApi.GoogleApi>()
  })

  test("layer needs nothing", () => {
    expect(OperationsEmulator.layer()).type.toBe<Layer.Layer<OperationsEmulator.OperationsEmulator>>()
  })

  test("layerHttpClient needs the emulator, and completes a service with it", () => {
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

  test("layerTest provides all that a test needs", () => {
    type All = OperationsService.OperationsService | OperationsEmulator.OperationsEmulator | HttpClient.HttpClient
    expect(OperationsEmulator.layerTest()).type.toBe<Layer.Layer<All, OperationsEmulator.ScriptError>>()
    expect(OperationsEmulator.layerTest({ "operations/a": [OperationsEmulator.succeeded()] }, { xgafv: "1" })).type
      .toBe<
        Layer.Layer<All, OperationsEmulator.ScriptError>
      >()
    expect(OperationsEmulator.layerTest).type.toBeCallableWith({}, { emulator: { versions: ["v2"] } })
    expect(OperationsEmulator.layerTest).type.not.toBeCallableWith({ "operations/a": [] })
    expect(OperationsEmulator.layerTest).type.not.toBeCallableWith({ "operations/a": OperationsEmulator.succeeded() })
    expect(OperationsEmulator.layerTest).type.not.toBeCallableWith({
      "operations/a": [Operation.succeeded({ name: "" })]
    })
    expect(OperationsEmulator.layerTest).type.not.toBeCallableWith({}, { versions: ["v2"] })
  })

  test("its service", () => {
    expect<Exclude<keyof OperationsEmulator.Service, symbol>>().type.toBe<
      "api" | "script" | "onStart" | "calls" | "callsOf" | "requests" | "stats" | "httpClient"
    >()
    expect(emulator.script("operations/a", [{ type: "gone" }])).type.toBe<
      Effect.Effect<void, OperationsEmulator.ScriptError>
    >()
    expect(emulator.stats).type.toBe<Effect.Effect<OperationsEmulator.Stats>>()
    expect(emulator.calls).type.toBe<Effect.Effect<ReadonlyArray<OperationsEmulator.Call>>>()
    expect(emulator.callsOf("operations/a")).type.toBe<Effect.Effect<ReadonlyArray<OperationsEmulator.Call>>>()
    expect(emulator.requests).type.toBe<Effect.Effect<ReadonlyArray<OperationsEmulator.Request>>>()
    expect(emulator.httpClient).type.toBe<HttpClient.HttpClient>()
    expect<OperationsEmulator.Call>().type.toBe<{
      readonly method: "get" | "list" | "cancel" | "delete" | "wait" | "start"
      readonly name: string
      readonly at: number
    }>()
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

  test("onStart takes steps, a name with steps, or a handler", () => {
    const route = { path: "/v1/things" }
    const steps = [OperationsEmulator.pending()] as const
    expect(emulator.onStart(route, steps)).type.toBe<Effect.Effect<void, OperationsEmulator.ScriptError>>()
    expect(emulator.onStart).type.toBeCallableWith({ ...route, method: "PATCH" }, { name: "operations/a", steps })
    expect(emulator.onStart).type.toBeCallableWith(route, { steps })
    expect(emulator.onStart).type.toBeCallableWith(route, () => steps)
    expect(emulator.onStart).type.toBeCallableWith(
      route,
      () => Effect.fail("no") as Effect.Effect<typeof steps, string>
    )
    expect(emulator.onStart).type.not.toBeCallableWith({}, steps)
    expect(emulator.onStart).type.not.toBeCallableWith(route, [])
    expect(emulator.onStart).type.not.toBeCallableWith(route, { name: "operations/a" })
    expect(emulator.onStart).type.not.toBeCallableWith(route, () => "operations/a")
    void emulator.onStart(route, (request) => {
      expect(request).type.toBe<OperationsEmulator.StartRequest>()
      expect(request.params).type.toBe<Readonly<Record<string, string>>>()
      expect(request.body).type.toBe<unknown>()
      return steps
    })
  })
})

describe("the options of the emulator", () => {
  type Options = NonNullable<Parameters<typeof OperationsEmulator.make>[0]>
  type Keys = "api" | "encode" | "encodeList" | "versions" | "operationDuration" | "methods" | "unreachable"

  test("are these, all optional, undefined included", () => {
    expect<Options>().type.toBe<OperationsEmulator.Options>()
    expect<Parameters<typeof OperationsEmulator.layer>[0]>().type.toBe<OperationsEmulator.Options | undefined>()
    expect<OptionalKeys<Options>>().type.toBe<Keys>()
    expect<keyof Options>().type.toBe<Keys>()
    expect<AllUndefined<Options>>().type.toBeAssignableTo<Options>()
    expect<OptionalKeys<OperationsEmulator.Methods>>().type.toBe<"list" | "cancel" | "delete" | "wait">()
    expect<keyof OperationsEmulator.Methods>().type.toBe<"list" | "cancel" | "delete" | "wait">()
    expect<AllUndefined<OperationsEmulator.Methods>>().type.toBeAssignableTo<OperationsEmulator.Methods>()
  })

  test("refuse what they do not know", () => {
    expect(OperationsEmulator.layer).type.toBeCallableWith({ methods: { list: "unrouted", wait: "atOnce" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { list: "atOnce" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { get: "unrouted" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { list: false } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ duration: "1 second" })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ port: 0 })
  })
})

describe("NodeOperationsEmulator", () => {
  type Serve = NodeOperationsEmulator.ServeOptions
  type Keys = "port" | "host" | "allowRemote" | "hosts" | "origins"

  test("serves an emulator, or makes one", () => {
    expect(NodeOperationsEmulator.serve(emulator)).type.toBe<
      Effect.Effect<NodeOperationsEmulator.Server, HttpServerError.ServeError, Scope.Scope>
    >()
    expect(NodeOperationsEmulator.make({ port: 0, versions: ["v2"] })).type.toBe<
      Effect.Effect<NodeOperationsEmulator.Service, HttpServerError.ServeError, Scope.Scope>
    >()
    expect(NodeOperationsEmulator.layer()).type.toBe<
      Layer.Layer<
        NodeOperationsEmulator.NodeOperationsEmulator | OperationsEmulator.OperationsEmulator,
        HttpServerError.ServeError
      >
    >()
    expect<NodeOperationsEmulator.Service>().type.toBeAssignableTo<OperationsEmulator.Service>()
    expect<NodeOperationsEmulator.Server>().type.toBe<{ readonly url: string; readonly api: GoogleApi.GoogleApi }>()
  })

  test("its options are these, all optional, undefined included", () => {
    expect<OptionalKeys<Serve>>().type.toBe<Keys>()
    expect<keyof Serve>().type.toBe<Keys>()
    expect<AllUndefined<Serve>>().type.toBeAssignableTo<Serve>()
    expect(NodeOperationsEmulator.serve).type.not.toBeCallableWith(emulator, { port: "8787" })
    expect(NodeOperationsEmulator.serve).type.not.toBeCallableWith(emulator, { versions: ["v2"] })
  })
})

describe("the steps", () => {
  type Pending = NonNullable<Parameters<typeof OperationsEmulator.pending>[0]>
  type Succeeded = NonNullable<Parameters<typeof OperationsEmulator.succeeded>[0]>
  type Failed = Parameters<typeof OperationsEmulator.failed>[0]
  type HttpFault = Parameters<typeof OperationsEmulator.httpFault>[0]
  type Cut = NonNullable<Parameters<typeof OperationsEmulator.cut>[0]>
  type Gone = NonNullable<Parameters<typeof OperationsEmulator.gone>[0]>

  test("are of these types", () => {
    expect<OperationsEmulator.Step["type"]>().type.toBe<"pending" | "succeeded" | "failed" | "http" | "cut" | "gone">()
    expect<Extract<OperationsEmulator.Step, { readonly type: "cut" }>["at"]>().type.toBe<
      "beforeHeaders" | "withinHeaders" | "withinBody"
    >()
    expect(OperationsEmulator.cut).type.toBeCallableWith({ at: "beforeHeaders" })
    expect(OperationsEmulator.pending()).type.toBe<OperationsEmulator.Step>()
    expect(OperationsEmulator.succeeded()).type.toBe<OperationsEmulator.Step>()
    expect(OperationsEmulator.failed({ code: "ABORTED" })).type.toBe<OperationsEmulator.Step>()
    expect(OperationsEmulator.httpFault({ status: 503 })).type.toBe<OperationsEmulator.Step>()
    expect(OperationsEmulator.cut()).type.toBe<OperationsEmulator.Step>()
    expect(OperationsEmulator.gone()).type.toBe<OperationsEmulator.Step>()
  })

  test("that lack what they need are refused", () => {
    expect(OperationsEmulator.failed).type.toBeCallableWith({ code: 9 })
    expect(OperationsEmulator.failed).type.not.toBeCallableWith()
    expect(OperationsEmulator.failed).type.not.toBeCallableWith({ message: "it failed" })
    expect(OperationsEmulator.failed).type.not.toBeCallableWith({ code: "FAILED" })
    expect(OperationsEmulator.httpFault).type.not.toBeCallableWith()
    expect(OperationsEmulator.httpFault).type.not.toBeCallableWith({ body: "" })
    expect(OperationsEmulator.cut).type.not.toBeCallableWith({ at: "withinStatus" })
    expect(OperationsEmulator.succeeded).type.not.toBeCallableWith({ response: "done" })
    expect(OperationsEmulator.pending).type.not.toBeCallableWith({ progress: 1 })
  })

  test("have these options, undefined included", () => {
    expect<OptionalKeys<Pending>>().type.toBe<"times" | "duration" | "metadata" | "headers" | "delay">()
    expect<AllUndefined<Pending>>().type.toBeAssignableTo<Pending>()
    expect<OptionalKeys<Succeeded>>().type.toBe<"response" | "metadata" | "delay">()
    expect<AllUndefined<Succeeded>>().type.toBeAssignableTo<Succeeded>()
    expect<OptionalKeys<Failed>>().type.toBe<"message" | "details" | "metadata" | "delay">()
    expect<keyof Failed>().type.toBe<"code" | "message" | "details" | "metadata" | "delay">()
    expect<AllUndefined<Failed>>().type.toBeAssignableTo<Failed>()
    expect<OptionalKeys<HttpFault>>().type.toBe<"times" | "headers" | "body" | "delay">()
    expect<keyof HttpFault>().type.toBe<"status" | "times" | "headers" | "body" | "delay">()
    expect<AllUndefined<HttpFault>>().type.toBeAssignableTo<HttpFault>()
    expect<OptionalKeys<Cut>>().type.toBe<"at" | "times" | "delay">()
    expect<AllUndefined<Cut>>().type.toBeAssignableTo<Cut>()
    expect<OptionalKeys<Gone>>().type.toBe<"times" | "delay">()
    expect<AllUndefined<Gone>>().type.toBeAssignableTo<Gone>()
  })

  test("allow undefined themselves, too", () => {
    type Step<Type extends OperationsEmulator.Step["type"]> = Extract<OperationsEmulator.Step, { readonly type: Type }>
    expect<AllUndefined<Step<"pending">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
    expect<AllUndefined<Step<"succeeded">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
    expect<AllUndefined<Step<"failed">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
    expect<AllUndefined<Step<"http">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
    expect<AllUndefined<Step<"cut">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
    expect<AllUndefined<Step<"gone">>>().type.toBeAssignableTo<OperationsEmulator.Step>()
  })
})
