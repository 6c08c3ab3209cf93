import type * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { describe, expect, test } from "tstyche"

declare const operations: OperationsService.Service

class Budget extends Context.Tag("Budget")<Budget, number>() {}

type Poll = NonNullable<OperationsService.WaitOptions["schedule"]>
type Transient = NonNullable<OperationsService.WaitOptions["retrySchedule"]>

describe("the schedules of Polling", () => {
  test("give delays and take any input", () => {
    expect(Polling.exponential()).type.toBe<Schedule.Schedule<Duration.Duration>>()
    expect(Polling.proportional()).type.toBe<Schedule.Schedule<Duration.Duration>>()
    expect(Polling.spaced("1 second")).type.toBe<Schedule.Schedule<Duration.Duration>>()
    expect(Polling.defaultSchedule).type.toBe<Schedule.Schedule<Duration.Duration>>()
    expect(Polling.retrySchedule).type.toBe<Schedule.Schedule<Duration.Duration>>()
  })

  test("spaced has no interval of its own", () => {
    expect(Polling.spaced).type.not.toBeCallableWith()
    expect(Polling.spaced).type.not.toBeCallableWith({ jitter: 0.1 })
    expect(Polling.spaced).type.not.toBeCallableWith("1 fortnight")
  })

  test("compose", () => {
    expect(Polling.exponential().pipe(Schedule.intersect(Schedule.recurs(20)))).type.toBe<
      Schedule.Schedule<[Duration.Duration, number]>
    >()
    expect(Polling.spaced("1 second").pipe(Schedule.whileInput(Operation.isPending))).type.toBe<
      Schedule.Schedule<Duration.Duration, Operation.Operation>
    >()
  })
})

describe("schedule", () => {
  test("is a schedule of any output whose input is the latest pending operation", () => {
    expect<Poll>().type.toBe<Schedule.Schedule<unknown, Operation.Pending>>()
    expect<OperationsService.Options["schedule"]>().type.toBe<OperationsService.WaitOptions["schedule"]>()
    expect<OperationsService.UpdatesOptions["schedule"]>().type.toBe<OperationsService.WaitOptions["schedule"]>()
  })

  test("takes a wider input", () => {
    expect<Schedule.Schedule<number>>().type.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, Operation.Operation>>().type.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, Operation.Pending | undefined>>().type.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, { readonly name: string }>>().type.toBeAssignableTo<Poll>()
  })

  test("refuses another input, and a context", () => {
    expect<Schedule.Schedule<number, Operation.Succeeded>>().type.not.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, HttpError.HttpError>>().type.not.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, string>>().type.not.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, never>>().type.not.toBeAssignableTo<Poll>()
    expect<Schedule.Schedule<number, unknown, Budget>>().type.not.toBeAssignableTo<Poll>()
    expect<Effect.Effect<number>>().type.not.toBeAssignableTo<Poll>()
    expect<Duration.Duration>().type.not.toBeAssignableTo<Poll>()
  })

  test("takes Effect's own", () => {
    expect(operations.wait).type.toBeCallableWith("operations/a", { schedule: Schedule.spaced("1 second") })
    expect(operations.wait).type.toBeCallableWith("operations/a", { schedule: Schedule.recurs(3) })
    expect(operations.wait).type.toBeCallableWith("operations/a", {
      schedule: Schedule.exponential("1 second").pipe(Schedule.jittered, Schedule.upTo("1 hour"))
    })
    expect(operations.wait).type.toBeCallableWith("operations/a", { schedule: Schedule.identity<Operation.Pending>() })
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { schedule: Schedule.identity<string>() })
  })

  test("takes what is composed of Polling's", () => {
    expect(operations.wait).type.toBeCallableWith("operations/a", {
      schedule: Polling.exponential({ max: "10 seconds" }).pipe(Schedule.intersect(Schedule.recurs(20)))
    })
    expect(operations.updates).type.toBeCallableWith("operations/a", {
      schedule: Polling.spaced("1 second").pipe(
        Schedule.upTo("1 minute"),
        Schedule.andThen(Polling.proportional()),
        Schedule.whileInput((operation: Operation.Pending) => operation.error === undefined)
      )
    })
    expect(operations.waitAll).type.toBeCallableWith(["operations/a"], {
      schedule: Polling.defaultSchedule.pipe(Schedule.union(Schedule.recurs(3)))
    })
  })

  test("infers the operation that a predicate of its own reads", () => {
    expect(operations.wait("operations/a", {
      schedule: Polling.spaced("1 second").pipe(Schedule.whileInput((operation) => {
        expect(operation).type.toBe<Operation.Pending>()
        return true
      }))
    })).type.toBe<ReturnType<OperationsService.Service["wait"]>>()
    expect(operations.wait("operations/a", {
      schedule: Schedule.recurUntil((operation) => {
        expect(operation).type.toBe<Operation.Pending>()
        return true
      })
    })).type.toBe<ReturnType<OperationsService.Service["wait"]>>()
  })

  test("keeps what a predicate needs", () => {
    const schedule = Polling.spaced("1 second").pipe(
      Schedule.whileInputEffect((operation: Operation.Pending) =>
        Effect.map(Budget, (budget) => operation.name.length < budget)
      )
    )
    expect(schedule).type.toBe<Schedule.Schedule<Duration.Duration, Operation.Pending, Budget>>()
    expect(operations.wait).type.not.toBeCallableWith("operations/a", { schedule })
    expect(operations.wait).type.toBeCallableWith("operations/a", {
      schedule: Schedule.provideService(schedule, Budget, 100)
    })
  })
})

describe("retrySchedule", () => {
  test("is a schedule of any output whose input is the failure", () => {
    expect<Transient>().type.toBe<Schedule.Schedule<unknown, HttpError.HttpError>>()
    expect<OperationsService.Options["retrySchedule"]>().type.toBe<OperationsService.WaitOptions["retrySchedule"]>()
    expect<OperationsService.UpdatesOptions["retrySchedule"]>().type.toBe<
      OperationsService.WaitOptions["retrySchedule"]
    >()
  })

  test("takes a wider input", () => {
    expect<Schedule.Schedule<number>>().type.toBeAssignableTo<Transient>()
    expect<Schedule.Schedule<number, HttpError.HttpError | OperationError.OperationError>>().type.toBeAssignableTo<
      Transient
    >()
    expect<Schedule.Schedule<number, Error>>().type.toBeAssignableTo<Transient>()
  })

  test("refuses another input, and a context", () => {
    expect<Schedule.Schedule<number, Operation.Pending>>().type.not.toBeAssignableTo<Transient>()
    expect<Schedule.Schedule<number, OperationError.OperationError>>().type.not.toBeAssignableTo<Transient>()
    expect<Schedule.Schedule<number, unknown, Budget>>().type.not.toBeAssignableTo<Transient>()
    expect<Poll>().type.not.toBeAssignableTo<Transient>()
    expect<Transient>().type.not.toBeAssignableTo<Poll>()
  })

  test("infers the failure that a predicate of its own reads", () => {
    expect(operations.wait("operations/a", {
      retrySchedule: Polling.retrySchedule.pipe(Schedule.whileInput((error) => {
        expect(error).type.toBe<HttpError.HttpError>()
        return error.reason !== "Timeout"
      }))
    })).type.toBe<ReturnType<OperationsService.Service["wait"]>>()
  })
})
