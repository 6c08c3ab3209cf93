// Schedules for different kinds of operations. Measures their detection delays and polls with scripted operations and a test clock.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as Operation from "effect-google-operations/Operation"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"

// #region schedules
// For operations that a user waits for. Detects the end earlier, but needs more polls.
const eager = Polling.proportional({ fraction: 0.1, min: "200 millis", max: "10 seconds" })

// For operations that take hours, if a detection delay of minutes is acceptable. Needs fewer polls.
const patient = Polling.proportional({ max: "5 minutes" })

// For operations that take between 40 and 60 seconds. The first poll interval is 40 seconds, and all others are 2 seconds.
const known = Schedule.duration("40 seconds").pipe(
  Schedule.andThen(Polling.spaced("2 seconds", { jitter: 0.2 }))
)
// #endregion

// #region try
// Measures the detection delay and the number of polls of a schedule, for one operation with the given duration.
const cost = (schedule: Schedule.Schedule<unknown, Operation.Pending>, duration: Duration.DurationInput) =>
  Effect.gen(function*() {
    const operations = yield* OperationsService.OperationsService
    const { calls } = yield* OperationsEmulator.OperationsEmulator
    const waiting = yield* Effect.fork(operations.wait("operations/a", { schedule }))
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(waiting)
    const times = (yield* calls).map(({ at }) => at)
    const took = times.at(-1)! - times[0]!
    return { delay: Duration.subtract(Duration.millis(took), duration), polls: times.length }
  }).pipe(
    Effect.provide(OperationsEmulator.layerTest({
      "operations/a": [OperationsEmulator.pending({ duration }), OperationsEmulator.succeeded()]
    })),
    Effect.provide(TestContext.TestContext)
  )
// #endregion

const main = Effect.gen(function*() {
  for (
    const [name, schedule, duration] of [
      ["default", Polling.defaultSchedule, "45 seconds"],
      ["eager", eager, "45 seconds"],
      ["known", known, "45 seconds"],
      ["default", Polling.defaultSchedule, "1 hour"],
      ["patient", patient, "1 hour"]
    ] as const
  ) {
    const { delay, polls } = yield* cost(schedule, duration)
    yield* Console.log(`${name}, ${duration}: ${Duration.format(delay)} late, ${polls} polls`)
  }
}).pipe(Effect.withRandom(Random.make(1)))

NodeRuntime.runMain(main)
