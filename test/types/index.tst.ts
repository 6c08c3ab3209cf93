import * as Library from "effect-google-operations"
import type * as OperationsService from "effect-google-operations/OperationsService"
import { expect, test } from "tstyche"

test("the barrel has every module that needs neither an optional peer nor Node, but for GoogleApiCatalog", () => {
  expect<keyof typeof Library>().type.toBe<
    | "Code"
    | "Credentials"
    | "Dialect"
    | "ErrorDetails"
    | "GoogleApi"
    | "HttpError"
    | "Operation"
    | "OperationError"
    | "OperationHandle"
    | "OperationInfo"
    | "OperationsEmulator"
    | "OperationsMetrics"
    | "OperationsService"
    | "Polling"
    | "ProtobufAny"
    | "ResultError"
    | "Status"
    | "WaitTimeoutError"
  >()
})

test("its modules are the subpaths", () => {
  expect(Library.OperationsService).type.toBe<typeof OperationsService>()
})
