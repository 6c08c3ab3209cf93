import * as Dialect from "effect-google-operations/Dialect"
import type * as Operation from "effect-google-operations/Operation"
import type * as Either from "effect/Either"
import { describe, expect, test } from "tstyche"

describe("Dialect", () => {
  const poll = (name: string) => ({ method: "GET", resource: name }) as const
  const decode = (): Either.Either<Operation.Operation, string> => {
    throw new Error("not called")
  }
  const least = { name: "own", operationName: /x/, poll, decode }

  test("needs a name, a pattern, a poll and a decode", () => {
    expect(least).type.toBeAssignableTo<Dialect.Dialect>()
    expect<Omit<typeof least, "poll">>().type.not.toBeAssignableTo<Dialect.Dialect>()
    expect<Omit<typeof least, "decode">>().type.not.toBeAssignableTo<Dialect.Dialect>()
    expect<Omit<typeof least, "operationName">>().type.not.toBeAssignableTo<Dialect.Dialect>()
  })

  test("may lack methods, also for some names", () => {
    expect({ ...least, cancel: undefined, wait: () => undefined }).type.toBeAssignableTo<Dialect.Dialect>()
    expect({ ...Dialect.longRunning, delete: undefined }).type.toBeAssignableTo<Dialect.Dialect>()
    expect({ ...least, cancel: poll }).type.toBeAssignableTo<Dialect.Dialect>()
  })

  test("says how long the server may hold a response", () => {
    expect({ ...least, wait: poll }).type.not.toBeAssignableTo<Dialect.Dialect>()
    expect({ ...least, wait: (name: string) => ({ ...poll(name), holdSeconds: 120 }) })
      .type.toBeAssignableTo<Dialect.Dialect>()
  })

  test("decodes to an operation, or to what is wrong", () => {
    expect(Dialect.compute.decode({}, { name: undefined, operationName: /x/ })).type.toBe<
      Either.Either<Operation.Operation, string>
    >()
    expect(Dialect.compute.decode).type.not.toBeCallableWith({})
  })

  test("has no other methods of HTTP", () => {
    expect<{ readonly method: "PATCH"; readonly resource: string }>().type.not.toBeAssignableTo<Dialect.Request>()
  })
})
