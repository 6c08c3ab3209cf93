import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import type * as ProtobufAny from "effect-google-operations/ProtobufAny"
import type * as Status from "effect-google-operations/Status"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import { describe, expect, test } from "tstyche"

declare const operations: OperationsService.Service

type OptionalKeys<O> = { [K in keyof O]-?: Partial<Pick<O, K>> extends Pick<O, K> ? K : never }[keyof O]
// With every optional property given as undefined, which `exactOptionalPropertyTypes` refuses unless the type allows it.
type AllUndefined<O> = Omit<O, OptionalKeys<O>> & { readonly [K in OptionalKeys<O>]: undefined }

type WaitKeys = "schedule" | "retrySchedule" | "isTransient" | "onUpdate" | "timeout" | "onInterrupt" | "onTimeout"
type NodeKeys = "connections" | "dispatcher" | "gracefulShutdownTimeout" | "headers" | "pool" | "proxy"
type ServiceKeys =
  | "api"
  | "credentials"
  | "xgafv"
  | "quotaProject"
  | "requestTimeout"
  | "maxBodySize"
  | "schedule"
  | "retrySchedule"
  | "isTransient"
  | "maxServerDelay"
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
      schedule: Polling.spaced("1 second"),
      retrySchedule: Polling.retrySchedule,
      maxServerDelay: "1 minute",
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
    expect<OptionalKeys<NodeOperations.Options>>().type.toBe<ServiceKeys | NodeKeys>()
    expect<keyof NodeOperations.Options>().type.toBe<ServiceKeys | NodeKeys>()
    expect<AllUndefined<NodeOperations.Options>>().type.toBeAssignableTo<NodeOperations.Options>()
  })

  test("take undici's settings, but for those that the service keeps itself", () => {
    expect(NodeOperations.layer).type.toBeCallableWith({
      xgafv: "2",
      connections: 8,
      gracefulShutdownTimeout: "2 seconds",
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
    expect<OptionalKeys<OperationsService.UpdatesOptions>>().type.toBe<WaitKeys | "emitUnchanged">()
    expect<keyof OperationsService.UpdatesOptions>().type.toBe<WaitKeys | "emitUnchanged">()
    expect<AllUndefined<OperationsService.UpdatesOptions>>().type.toBeAssignableTo<OperationsService.UpdatesOptions>()
    expect<OperationsService.UpdatesOptions>().type.toBeAssignableTo<OperationsService.WaitOptions>()
    expect<OptionalKeys<OperationsService.WaitAllOptions>>().type.toBe<
      keyof OperationsService.WaitOptions | "by" | "tracePolls"
    >()
    expect<keyof OperationsService.WaitAllOptions>().type.toBe<
      keyof OperationsService.WaitOptions | "by" | "tracePolls"
    >()
    expect<AllUndefined<OperationsService.WaitAllOptions>>().type.toBeAssignableTo<OperationsService.WaitAllOptions>()
    expect<OperationsService.WaitAllOptions>().type.toBeAssignableTo<OperationsService.WaitOptions>()
  })

  test("by get or by list is a choice of waitAll alone", () => {
    expect<OperationsService.WaitAllOptions["by"]>().type.toBe<"get" | "list" | undefined>()
    expect(operations.waitAll).type.toBeCallableWith(["operations/a"], { by: "list" })
    expect(operations.waitAll).type.not.toBeCallableWith(["operations/a"], { by: "page" })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { by: "list" })
    expect(operations.updates).type.not.toBeCallableWith("operations/a", { by: "list" })
  })

  test("belong to these methods", () => {
    expect<Parameters<OperationsService.Service["wait"]>[1]>().type.toBe<OperationsService.WaitOptions | undefined>()
    expect<Parameters<OperationsService.Service["waitAll"]>[1]>().type.toBe<
      OperationsService.WaitAllOptions | undefined
    >()
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
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { emitUnchanged: true })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { schedule: "1 second" })
    expect(operations.waitAll).type.not.toBeCallableWith(["operations/a"], { concurrency: 8 })
    expect(operations.updates).type.not.toBeCallableWith("operations/a", { emitUnchanged: "yes" })
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
  type Fixed = NonNullable<Parameters<typeof Polling.spaced>[1]>

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
    expect(Polling.spaced).type.not.toBeCallableWith("1 second", 0.1)
    expect(Polling.spaced).type.not.toBeCallableWith("1 second", { jitter: true })
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
    expect<OptionalKeys<Make>>().type.toBe<"operationName" | "methods" | "dialect">()
    expect<AllUndefined<Make>>().type.toBeAssignableTo<Make>()
    expect<OptionalKeys<Info>>().type.toBe<"metadata">()
    expect<AllUndefined<Info>>().type.toBeAssignableTo<Info>()
    expect<OptionalKeys<HttpError.Fields>>().type.toBe<
      | "method"
      | "path"
      | "operationName"
      | "httpStatus"
      | "status"
      | "reasons"
      | "body"
      | "retryAfter"
      | "isTransient"
      | "cause"
    >()
    expect<AllUndefined<HttpError.Fields>>().type.toBeAssignableTo<HttpError.Fields>()
    expect<OptionalKeys<StatusFields>>().type.toBe<"details">()
    expect<AllUndefined<StatusFields>>().type.toBeAssignableTo<StatusFields>()
    expect<OptionalKeys<WaitTimeoutFields>>().type.toBe<"last" | "lastError" | "cancelError">()
    expect<AllUndefined<WaitTimeoutFields>>().type.toBeAssignableTo<WaitTimeoutFields>()
  })
})
