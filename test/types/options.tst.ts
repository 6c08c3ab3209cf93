import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import type * as Status from "effect-google-operations/Status"
import type * as TestOperations from "effect-google-operations/TestOperations"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import { describe, expect, test } from "tstyche"

declare const operations: OperationsService.Service
declare const emulator: OperationsEmulator.Service

type OptionalKeys<O> = { [K in keyof O]-?: Partial<Pick<O, K>> extends Pick<O, K> ? K : never }[keyof O]
// With every optional property given as undefined, which `exactOptionalPropertyTypes` refuses unless the type allows it.
type AllUndefined<O> = Omit<O, OptionalKeys<O>> & { readonly [K in OptionalKeys<O>]: undefined }

type WaitKeys = "schedule" | "transient" | "timeout" | "onInterrupt" | "onTimeout"
type ServiceKeys =
  | "api"
  | "credentials"
  | "xgafv"
  | "quotaProject"
  | "requestTimeout"
  | "maxBodySize"
  | "schedule"
  | "transient"
  | "maxHint"
  | "requestBudget"

describe("OperationsService.Options", () => {
  type Budget = NonNullable<OperationsService.Options["requestBudget"]>

  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<OperationsService.Options>>().type.toBe<ServiceKeys>()
    expect<keyof OperationsService.Options>().type.toBe<ServiceKeys>()
    expect<AllUndefined<OperationsService.Options>>().type.toBeAssignableTo<OperationsService.Options>()
    expect<OptionalKeys<Budget>>().type.toBe<"perSecond" | "concurrent">()
    expect<AllUndefined<Budget>>().type.toBeAssignableTo<Budget>()
  })

  test("take these values", () => {
    expect(OperationsService.layer).type.toBeCallableWith({
      api: GoogleApi.accessContextManager,
      credentials: Credentials.anonymous,
      xgafv: "1",
      quotaProject: "p",
      requestTimeout: Duration.seconds(10),
      maxBodySize: 1024,
      schedule: Polling.fixed("1 second"),
      transient: Polling.transient,
      maxHint: "1 minute",
      requestBudget: { perSecond: 50, concurrent: 16 }
    })
  })

  test("refuse others", () => {
    expect(OperationsService.layer).type.not.toBeCallableWith({ xgafv: "3" })
    expect(OperationsService.layer).type.not.toBeCallableWith({ xgafv: 1 })
    expect(OperationsService.layer).type.not.toBeCallableWith({ api: { baseUrl: "https://example.com" } })
    expect(OperationsService.layer).type.not.toBeCallableWith({ credentials: "token" })
    expect(OperationsService.layer).type.not.toBeCallableWith({ requestTimeout: "soon" })
    expect(OperationsService.layer).type.not.toBeCallableWith({ maxBodySize: "4 MiB" })
    expect(OperationsService.layer).type.not.toBeCallableWith({ requestBudget: 50 })
    expect(OperationsService.layer).type.not.toBeCallableWith({ requestBudget: { perMinute: 50 } })
    // Those of a wait alone, and of a misspelling.
    expect(OperationsService.layer).type.not.toBeCallableWith({ timeout: "1 minute" })
    expect(OperationsService.make).type.not.toBeCallableWith({ quotaproject: "p" })
  })
})

describe("NodeOperations.Options", () => {
  test("are those of the service and these, all optional, undefined included", () => {
    expect<OptionalKeys<NodeOperations.Options>>().type.toBe<ServiceKeys | "connections" | "drainTimeout" | "pool">()
    expect<keyof NodeOperations.Options>().type.toBe<ServiceKeys | "connections" | "drainTimeout" | "pool">()
    expect<AllUndefined<NodeOperations.Options>>().type.toBeAssignableTo<NodeOperations.Options>()
  })

  test("take undici's settings, but for those that the service keeps itself", () => {
    expect(NodeOperations.layer).type.toBeCallableWith({
      xgafv: "2",
      connections: 8,
      drainTimeout: "2 seconds",
      pool: { connect: { rejectUnauthorized: true }, keepAliveTimeout: 1000, allowH2: true }
    })
    expect(NodeOperations.layer).type.not.toBeCallableWith({ pool: { connections: 8 } })
    expect(NodeOperations.layer).type.not.toBeCallableWith({ pool: { headersTimeout: 1000 } })
    expect(NodeOperations.layer).type.not.toBeCallableWith({ pool: { bodyTimeout: 1000 } })
    expect(NodeOperations.layer).type.not.toBeCallableWith({ connections: "8" })
    expect(NodeOperations.layer).type.not.toBeCallableWith({ drain: "2 seconds" })
    // Neither does the service without a pool of its own.
    expect(OperationsService.layer).type.not.toBeCallableWith({ connections: 8 })
  })
})

describe("get's options", () => {
  type Options = NonNullable<Parameters<OperationsService.Service["get"]>[1]>

  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<Options>>().type.toBe<"xgafv">()
    expect<keyof Options>().type.toBe<"xgafv">()
    expect<AllUndefined<Options>>().type.toBeAssignableTo<Options>()
    expect(operations.get("operations/a", undefined)).type.toBe<ReturnType<typeof operations.get>>()
  })

  test("xgafv is \"1\" or \"2\"", () => {
    expect<Options["xgafv"]>().type.toBe<"1" | "2" | undefined>()
    expect(operations.get).type.not.toBeCallableWith("operations/a", { xgafv: "3" })
    expect(operations.get).type.not.toBeCallableWith("operations/a", { xgafv: 2 })
    expect(operations.get).type.not.toBeCallableWith("operations/a", { x__xgafv: "1" })
    expect(operations.get).type.not.toBeCallableWith("operations/a", { timeout: "1 minute" })
  })
})

describe("WaitOptions and UpdatesOptions", () => {
  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<OperationsService.WaitOptions>>().type.toBe<WaitKeys>()
    expect<keyof OperationsService.WaitOptions>().type.toBe<WaitKeys>()
    expect<AllUndefined<OperationsService.WaitOptions>>().type.toBeAssignableTo<OperationsService.WaitOptions>()
    expect<OptionalKeys<OperationsService.UpdatesOptions>>().type.toBe<WaitKeys | "everyPoll">()
    expect<keyof OperationsService.UpdatesOptions>().type.toBe<WaitKeys | "everyPoll">()
    expect<AllUndefined<OperationsService.UpdatesOptions>>().type.toBeAssignableTo<OperationsService.UpdatesOptions>()
    expect<OperationsService.UpdatesOptions>().type.toBeAssignableTo<OperationsService.WaitOptions>()
  })

  test("belong to these methods", () => {
    expect<Parameters<OperationsService.Service["wait"]>[1]>().type.toBe<OperationsService.WaitOptions | undefined>()
    expect<Parameters<OperationsService.Service["waitAll"]>[1]>().type.toBe<OperationsService.WaitOptions | undefined>()
    expect<Parameters<OperationsService.Service["updates"]>[1]>().type.toBe<
      OperationsService.UpdatesOptions | undefined
    >()
  })

  test("the operation goes on or is cancelled", () => {
    expect<OperationsService.WaitOptions["onInterrupt"]>().type.toBe<"detach" | "cancel" | undefined>()
    expect<OperationsService.WaitOptions["onTimeout"]>().type.toBe<"detach" | "cancel" | undefined>()
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { onInterrupt: "abort" })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { onTimeout: "fail" })
  })

  test("a timeout is a duration", () => {
    expect<OperationsService.WaitOptions["timeout"]>().type.toBe<Duration.DurationInput | undefined>()
    expect(operations.wait).type.toBeCallableWith("operations/a", { timeout: "10 minutes" })
    expect(operations.wait).type.toBeCallableWith("operations/a", { timeout: 1000 })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { timeout: "10 minuts" })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { timeout: new Date(0) })
  })

  test("refuse what they do not know", () => {
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { timeOut: "1 minute" })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { xgafv: "1" })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { everyPoll: true })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { schedule: "1 second" })
    expect(operations.waitAll).type.not.toBeCallableWith(["operations/a"], { concurrency: 8 })
    expect(operations.updates).type.not.toBeCallableWith("operations/a", { everyPoll: "yes" })
  })
})

describe("ListOptions", () => {
  type Keys = "collection" | "filter" | "pageSize" | "pageToken" | "returnPartialSuccess"

  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<OperationsService.ListOptions>>().type.toBe<Keys>()
    expect<keyof OperationsService.ListOptions>().type.toBe<Keys>()
    expect<AllUndefined<OperationsService.ListOptions>>().type.toBeAssignableTo<OperationsService.ListOptions>()
    expect<Parameters<OperationsService.Service["list"]>[0]>().type.toBe<OperationsService.ListOptions | undefined>()
    expect<Parameters<OperationsService.Service["listPages"]>[0]>().type.toBe<
      OperationsService.ListOptions | undefined
    >()
  })

  test("refuse what they do not know", () => {
    expect(operations.list).type.toBeCallableWith({ collection: "projects/p/locations/l/operations", pageSize: 10 })
    expect(operations.list).type.not.toBeCallableWith({ pageSize: "10" })
    expect(operations.list).type.not.toBeCallableWith({ name: "projects/p/locations/l/operations" })
  })
})

describe("start's and handle's options", () => {
  type Start = NonNullable<Parameters<OperationsService.Service["start"]>[1]>
  type Handle = NonNullable<Parameters<OperationsService.Service["handle"]>[1]>

  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<Start>>().type.toBe<"onInterrupt">()
    expect<keyof Start>().type.toBe<"onInterrupt">()
    expect<AllUndefined<Start>>().type.toBeAssignableTo<Start>()
    expect<OptionalKeys<Handle>>().type.toBe<"timeout" | "responseType" | "metadataType">()
    expect<keyof Handle>().type.toBe<"timeout" | "responseType" | "metadataType">()
    expect<AllUndefined<Handle>>().type.toBeAssignableTo<Handle>()
  })

  test("refuse what they do not know", () => {
    expect<Start["onInterrupt"]>().type.toBe<"detach" | "cancel" | undefined>()
    expect(operations.handle).type.not.toBeCallableWith("operations/a", { deadline: "1 hour" })
    expect(operations.handle).type.not.toBeCallableWith("operations/a", { timeout: "for ever" })
  })
})

describe("Polling's options", () => {
  type Exponential = NonNullable<Parameters<typeof Polling.exponential>[0]>
  type Proportional = NonNullable<Parameters<typeof Polling.proportional>[0]>
  type Fixed = NonNullable<Parameters<typeof Polling.fixed>[1]>

  test("are these, all optional, undefined included", () => {
    expect<OptionalKeys<Exponential>>().type.toBe<"initial" | "factor" | "max" | "jitter">()
    expect<keyof Exponential>().type.toBe<"initial" | "factor" | "max" | "jitter">()
    expect<AllUndefined<Exponential>>().type.toBeAssignableTo<Exponential>()
    expect<OptionalKeys<Proportional>>().type.toBe<"fraction" | "min" | "max" | "jitter">()
    expect<keyof Proportional>().type.toBe<"fraction" | "min" | "max" | "jitter">()
    expect<AllUndefined<Proportional>>().type.toBeAssignableTo<Proportional>()
    expect<OptionalKeys<Fixed>>().type.toBe<"jitter">()
    expect<keyof Fixed>().type.toBe<"jitter">()
    expect<AllUndefined<Fixed>>().type.toBeAssignableTo<Fixed>()
  })

  test("refuse what they do not know", () => {
    expect(Polling.exponential).type.toBeCallableWith({ initial: "1 second", factor: 2, max: 30_000, jitter: 0 })
    expect(Polling.exponential).type.not.toBeCallableWith({ base: "1 second" })
    expect(Polling.exponential).type.not.toBeCallableWith({ initial: "a second" })
    expect(Polling.proportional).type.toBeCallableWith({ fraction: 0.1, min: "1 second", max: "1 minute", jitter: 0 })
    expect(Polling.proportional).type.not.toBeCallableWith({ factor: 2 })
    expect(Polling.proportional).type.not.toBeCallableWith({ fraction: "10 %" })
    expect(Polling.fixed).type.not.toBeCallableWith("1 second", 0.1)
    expect(Polling.fixed).type.not.toBeCallableWith("1 second", { jitter: true })
  })
})

describe("the emulator's options", () => {
  type Options = NonNullable<Parameters<typeof OperationsEmulator.make>[0]>
  type Serve = NonNullable<Parameters<OperationsEmulator.Service["serve"]>[0]>

  test("are these, all optional, undefined included", () => {
    expect<Options>().type.toBe<OperationsEmulator.Options>()
    expect<Parameters<typeof OperationsEmulator.layer>[0]>().type.toBe<OperationsEmulator.Options | undefined>()
    expect<OptionalKeys<Options>>().type.toBe<"operationDuration" | "methods" | "unreachable">()
    expect<keyof Options>().type.toBe<"operationDuration" | "methods" | "unreachable">()
    expect<AllUndefined<Options>>().type.toBeAssignableTo<Options>()
    expect<OptionalKeys<OperationsEmulator.Methods>>().type.toBe<"list" | "cancel" | "delete" | "wait">()
    expect<keyof OperationsEmulator.Methods>().type.toBe<"list" | "cancel" | "delete" | "wait">()
    expect<AllUndefined<OperationsEmulator.Methods>>().type.toBeAssignableTo<OperationsEmulator.Methods>()
    expect<OptionalKeys<Serve>>().type.toBe<"port">()
    expect<AllUndefined<Serve>>().type.toBeAssignableTo<Serve>()
  })

  test("refuse what they do not know", () => {
    expect(OperationsEmulator.layer).type.toBeCallableWith({ methods: { list: "unrouted", wait: "atOnce" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { list: "atOnce" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { get: "unrouted" } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ methods: { list: false } })
    expect(OperationsEmulator.layer).type.not.toBeCallableWith({ duration: "1 second" })
    expect(emulator.serve).type.not.toBeCallableWith({ port: "8787" })
    expect(emulator.serve).type.not.toBeCallableWith({ host: "127.0.0.1" })
  })
})

describe("the options of TestOperations' steps", () => {
  type Pending = NonNullable<Parameters<typeof TestOperations.pending>[0]>
  type Succeeded = NonNullable<Parameters<typeof TestOperations.succeeded>[0]>
  type Failed = Parameters<typeof TestOperations.failed>[0]
  type HttpFault = Parameters<typeof TestOperations.httpFault>[0]
  type Cut = NonNullable<Parameters<typeof TestOperations.cut>[0]>
  type Gone = NonNullable<Parameters<typeof TestOperations.gone>[0]>

  test("are these, undefined included", () => {
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

  test("the steps themselves allow undefined, too", () => {
    type Step<Type extends TestOperations.Step["type"]> = Extract<TestOperations.Step, { readonly type: Type }>
    expect<AllUndefined<Step<"pending">>>().type.toBeAssignableTo<TestOperations.Step>()
    expect<AllUndefined<Step<"succeeded">>>().type.toBeAssignableTo<TestOperations.Step>()
    expect<AllUndefined<Step<"failed">>>().type.toBeAssignableTo<TestOperations.Step>()
    expect<AllUndefined<Step<"http">>>().type.toBeAssignableTo<TestOperations.Step>()
    expect<AllUndefined<Step<"cut">>>().type.toBeAssignableTo<TestOperations.Step>()
    expect<AllUndefined<Step<"gone">>>().type.toBeAssignableTo<TestOperations.Step>()
  })
})

describe("whatever else has optional properties", () => {
  type Unpack = Parameters<typeof ProtobufAny.unpack>[1]
  type Make = Parameters<typeof GoogleApi.make>[0]
  type Info = Parameters<typeof OperationInfo.make>[0]
  type StatusFields = ConstructorParameters<typeof Status.Status>[0]
  type WaitTimeoutFields = ConstructorParameters<typeof WaitTimeoutError.WaitTimeoutError>[0]

  test("takes undefined for it", () => {
    expect<OptionalKeys<Unpack>>().type.toBe<"typeName">()
    expect<AllUndefined<Unpack>>().type.toBeAssignableTo<Unpack>()
    expect<OptionalKeys<Make>>().type.toBe<"operationName" | "methods">()
    expect<AllUndefined<Make>>().type.toBeAssignableTo<Make>()
    expect<OptionalKeys<Info>>().type.toBe<"metadata">()
    expect<AllUndefined<Info>>().type.toBeAssignableTo<Info>()
    expect<OptionalKeys<HttpError.Fields>>().type.toBe<
      "method" | "path" | "operationName" | "httpStatus" | "status" | "body" | "retryAfter" | "isTransient" | "cause"
    >()
    expect<AllUndefined<HttpError.Fields>>().type.toBeAssignableTo<HttpError.Fields>()
    expect<OptionalKeys<StatusFields>>().type.toBe<"details">()
    expect<AllUndefined<StatusFields>>().type.toBeAssignableTo<StatusFields>()
    expect<OptionalKeys<WaitTimeoutFields>>().type.toBe<"last" | "lastError">()
    expect<AllUndefined<WaitTimeoutFields>>().type.toBeAssignableTo<WaitTimeoutFields>()
  })
})
