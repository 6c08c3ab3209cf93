import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import type * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Stream from "effect/Stream"
import { describe, expect, test } from "tstyche"

declare const operations: OperationsService.Service
declare const operation: Operation.Operation
declare const pending: Operation.Pending
declare const succeeded: Operation.Succeeded
declare const failed: Operation.Failed
declare const handle: OperationHandle.OperationHandle
declare const names: ReadonlyArray<string>
declare const request: HttpClientRequest.HttpClientRequest

type ReadError = OperationError.OperationError | HttpError.HttpError
type WaitError = ReadError | WaitTimeoutError.WaitTimeoutError

describe("the service", () => {
  test("has these methods, each of which is tested below", () => {
    expect<keyof OperationsService.Service>().type.toBe<
      | "get"
      | "wait"
      | "updates"
      | "waitAll"
      | "list"
      | "listPages"
      | "cancel"
      | "delete"
      | "start"
      | "handle"
      | "close"
    >()
  })

  test("comes from its tag", () => {
    expect(Effect.map(OperationsService.OperationsService, (service) => service)).type.toBe<
      Effect.Effect<OperationsService.Service, never, OperationsService.OperationsService>
    >()
  })
})

describe("get", () => {
  test("gives a pending or a succeeded operation", () => {
    expect(operations.get("operations/a")).type.toBe<
      Effect.Effect<Operation.Pending | Operation.Succeeded, ReadError>
    >()
    expect(operations.get("operations/a", { xgafv: "1" })).type.toBe<
      Effect.Effect<Operation.Pending | Operation.Succeeded, ReadError>
    >()
  })

  test("takes a name, an operation or a handle", () => {
    expect(operations.get).type.not.toBeCallableWith()
    expect(operations.get).type.toBeCallableWith(operation)
    expect(operations.get).type.toBeCallableWith(handle)
    expect(operations.get).type.not.toBeCallableWith("operations/a", "1")
  })
})

describe("wait", () => {
  test("gives a succeeded operation", () => {
    expect(operations.wait("operations/a")).type.toBe<Effect.Effect<Operation.Succeeded, WaitError>>()
    expect(operations.wait(operation, { timeout: "1 minute" })).type.toBe<
      Effect.Effect<Operation.Succeeded, WaitError>
    >()
  })

  test("takes a name, an operation in any state or a handle", () => {
    expect<OperationsService.Waitable>().type.toBe<string | Operation.Operation | OperationHandle.OperationHandle>()
    expect(operations.wait).type.toBeCallableWith("operations/a")
    expect(operations.wait).type.toBeCallableWith(pending)
    expect(operations.wait).type.toBeCallableWith(succeeded)
    expect(operations.wait).type.toBeCallableWith(failed)
    expect(operations.wait).type.toBeCallableWith(handle)
  })

  test("takes nothing else", () => {
    expect(operations.wait).type.not.toBeCallableWith()
    expect(operations.wait).type.not.toBeCallableWith(undefined)
    expect(operations.wait).type.not.toBeCallableWith({ name: "operations/a" })
    expect(operations.wait).type.not.toBeCallableWith(["operations/a"])
    expect(operations.wait).type.not.toBeCallableWith(operations.get("operations/a"))
  })

  test("goes on from what get, start and handle give", () => {
    expect(operations.get("operations/a").pipe(Effect.flatMap((operation) => operations.wait(operation)))).type.toBe<
      Effect.Effect<Operation.Succeeded, WaitError>
    >()
    expect(operations.start(request).pipe(Effect.flatMap((operation) => operations.wait(operation)))).type.toBe<
      Effect.Effect<Operation.Succeeded, WaitError>
    >()
    expect(operations.handle("operations/a").pipe(Effect.flatMap((handle) => operations.wait(handle)))).type.toBe<
      Effect.Effect<Operation.Succeeded, WaitError>
    >()
  })
})

describe("updates", () => {
  test("gives pending and succeeded operations", () => {
    expect(operations.updates("operations/a")).type.toBe<
      Stream.Stream<Operation.Pending | Operation.Succeeded, WaitError>
    >()
  })

  test("takes what wait takes", () => {
    expect<Parameters<OperationsService.Service["updates"]>[0]>().type.toBe<OperationsService.Waitable>()
    expect(operations.updates).type.toBeCallableWith(handle, { emitUnchanged: true, timeout: "1 minute" })
    expect(operations.updates).type.not.toBeCallableWith(names)
  })
})

describe("waitAll", () => {
  test("does not fail: a failure is an outcome", () => {
    expect(operations.waitAll(names)).type.toBe<Stream.Stream<OperationsService.Outcome<string>>>()
    expect<OperationsService.Outcome["result"]>().type.toBe<Either.Either<Operation.Succeeded, WaitError>>()
    expect<OperationsService.Outcome["operation"]>().type.toBe<OperationsService.Waitable>()
  })

  test("tells what was waited for by the type it was given", () => {
    expect(operations.waitAll([handle])).type.toBe<
      Stream.Stream<OperationsService.Outcome<OperationHandle.OperationHandle>>
    >()
    expect(operations.waitAll(new Set([pending]))).type.toBe<
      Stream.Stream<OperationsService.Outcome<Operation.Pending>>
    >()
    expect(operations.waitAll(new Map([["a", handle]]).values())).type.toBe<
      Stream.Stream<OperationsService.Outcome<OperationHandle.OperationHandle>>
    >()
    expect(operations.waitAll([...names, operation])).type.toBe<
      Stream.Stream<OperationsService.Outcome<string | Operation.Operation>>
    >()
    expect(operations.waitAll(["operations/a", "operations/b"])).type.toBe<
      Stream.Stream<OperationsService.Outcome<"operations/a" | "operations/b">>
    >()
  })

  test("an outcome for a narrower type is one for a wider type", () => {
    expect<OperationsService.Outcome<Operation.Pending>>().type.toBeAssignableTo<OperationsService.Outcome>()
    expect<OperationsService.Outcome>().type.not.toBeAssignableTo<OperationsService.Outcome<string>>()
  })

  test("takes no single operation, and nothing that is not waitable", () => {
    // A string can be iterated, over its characters.
    expect(operations.waitAll).type.not.toBeCallableWith("operations/a")
    expect(operations.waitAll).type.not.toBeCallableWith(operation)
    expect(operations.waitAll).type.not.toBeCallableWith([1])
    expect(operations.waitAll).type.not.toBeCallableWith(names.map((name) => operations.get(name)))
    // Following is for one.
    expect(operations.waitAll).type.not.toBeCallableWith(names, { emitUnchanged: true })
  })
})

describe("list and listPages", () => {
  test("list gives operations in any state", () => {
    expect(operations.list()).type.toBe<Stream.Stream<Operation.Operation, HttpError.HttpError>>()
    expect(operations.list({ filter: "done=true" })).type.toBe<
      Stream.Stream<Operation.Operation, HttpError.HttpError>
    >()
    expect(operations.list).type.not.toBeCallableWith("operations")
  })

  test("listPages gives pages", () => {
    expect(operations.listPages({ returnPartialSuccess: true })).type.toBe<
      Stream.Stream<OperationsService.Page, HttpError.HttpError>
    >()
    expect<OperationsService.Page>().type.toBe<{
      readonly operations: ReadonlyArray<Operation.Operation>
      readonly nextPageToken: string
      readonly unreachable: ReadonlyArray<string>
    }>()
  })
})

describe("cancel and delete", () => {
  test("give nothing", () => {
    expect(operations.cancel("operations/a")).type.toBe<Effect.Effect<void, HttpError.HttpError>>()
    expect(operations.delete("operations/a")).type.toBe<Effect.Effect<void, HttpError.HttpError>>()
  })

  test("take a name, an operation or a handle, and nothing else", () => {
    expect(operations.cancel).type.toBeCallableWith(operation)
    expect(operations.delete).type.toBeCallableWith(handle)
    expect(operations.cancel).type.not.toBeCallableWith("operations/a", {})
    expect(operations.delete).type.not.toBeCallableWith("operations/a", {})
  })

  test("can be handed to forEach as they are", () => {
    expect(Effect.forEach(names, operations.cancel, { discard: true })).type.toBe<
      Effect.Effect<void, HttpError.HttpError>
    >()
  })
})

describe("start", () => {
  test("gives the operation, as get does", () => {
    expect(operations.start(HttpClientRequest.post("/v1/accessPolicies"))).type.toBe<
      Effect.Effect<Operation.Pending | Operation.Succeeded, ReadError>
    >()
  })

  test("takes a request that is ready to be sent", () => {
    expect(operations.start).type.toBeCallableWith(request, { onInterrupt: "cancel" })
    expect(operations.start).type.toBeCallableWith(HttpClientRequest.bodyUnsafeJson(request, {}))
    // An effect, which may yet fail.
    expect(operations.start).type.not.toBeCallableWith(HttpClientRequest.bodyJson(request, {}))
    expect(operations.start).type.not.toBeCallableWith("/v1/accessPolicies")
  })
})

describe("handle", () => {
  test("gives a handle", () => {
    expect(operations.handle("operations/a")).type.toBe<
      Effect.Effect<OperationHandle.OperationHandle, HttpError.HttpError>
    >()
    expect(operations.handle(failed, { timeout: "1 hour", responseType: "a.B", metadataType: "a.C" })).type.toBe<
      Effect.Effect<OperationHandle.OperationHandle, HttpError.HttpError>
    >()
  })

  test("takes a name, an operation or a handle", () => {
    expect<Parameters<OperationsService.Service["handle"]>[0]>().type.toBe<OperationsService.Waitable>()
    expect(operations.handle).type.not.toBeCallableWith()
  })
})

describe("close", () => {
  test("cannot fail, and is no function", () => {
    expect(operations.close).type.toBe<Effect.Effect<void>>()
  })
})
