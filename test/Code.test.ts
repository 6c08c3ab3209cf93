import { assert, describe, it } from "@effect/vitest"
import * as Code from "effect-google-operations/Code"

describe("Code", () => {
  const table: ReadonlyArray<readonly [number, Code.Code, number]> = [
    [0, "OK", 200],
    [1, "CANCELLED", 499],
    [2, "UNKNOWN", 500],
    [3, "INVALID_ARGUMENT", 400],
    [4, "DEADLINE_EXCEEDED", 504],
    [5, "NOT_FOUND", 404],
    [6, "ALREADY_EXISTS", 409],
    [7, "PERMISSION_DENIED", 403],
    [8, "RESOURCE_EXHAUSTED", 429],
    [9, "FAILED_PRECONDITION", 400],
    [10, "ABORTED", 409],
    [11, "OUT_OF_RANGE", 400],
    [12, "UNIMPLEMENTED", 501],
    [13, "INTERNAL", 500],
    [14, "UNAVAILABLE", 503],
    [15, "DATA_LOSS", 500],
    [16, "UNAUTHENTICATED", 401]
  ]
  for (const [number, name, httpStatus] of table) {
    it(`${name} is ${number} and HTTP ${httpStatus}`, () => {
      assert.strictEqual(Code.toNumber(name), number)
      assert.strictEqual(Code.fromNumber(number), name)
      assert.strictEqual(Code.toHttpStatus(name), httpStatus)
      assert.isTrue(Code.isCode(name))
    })
  }

  it("there are 17 codes", () => {
    assert.deepStrictEqual([...Code.Code.literals], table.map(([, name]) => name))
    for (const no of ["ok", "", "CANCELED", 5, undefined, null, "toString"]) assert.isFalse(Code.isCode(no), String(no))
    for (const no of [17, -1, 1.5, NaN]) assert.strictEqual(Code.fromNumber(no), "UNKNOWN")
  })

  it("fromHttpStatus", () => {
    const fromHttp: ReadonlyArray<readonly [ReadonlyArray<number>, Code.Code]> = [
      [[200, 201, 204, 299], "OK"],
      [[400], "INVALID_ARGUMENT"],
      [[401], "UNAUTHENTICATED"],
      [[403], "PERMISSION_DENIED"],
      [[404], "NOT_FOUND"],
      [[409], "ABORTED"],
      [[416], "OUT_OF_RANGE"],
      [[429], "RESOURCE_EXHAUSTED"],
      [[499], "CANCELLED"],
      [[501], "UNIMPLEMENTED"],
      [[503], "UNAVAILABLE"],
      [[504], "DEADLINE_EXCEEDED"],
      [[402, 405, 408, 410, 412, 418, 498], "FAILED_PRECONDITION"],
      [[500, 502, 505, 599], "INTERNAL"],
      [[100, 199, 300, 302, 304, 600, 0], "UNKNOWN"]
    ]
    for (const [statuses, code] of fromHttp) {
      for (const status of statuses) assert.strictEqual(Code.fromHttpStatus(status), code, String(status))
    }
  })
})
