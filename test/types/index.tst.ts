import * as Library from "effect-google-operations"
import type * as OperationsService from "effect-google-operations/OperationsService"
import { expect, test } from "tstyche"

test("the barrel has every module that needs no optional peer but GoogleApiCatalog, and no other", () => {
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
    | "OperationsService"
    | "Polling"
    | "ProtobufAny"
    | "ResultError"
    | "Status"
    | "TestOperations"
    | "WaitTimeoutError"
  >()
})

test("its modules are the subpaths", () => {
  expect(Library.OperationsService).type.toBe<typeof OperationsService>()
})
