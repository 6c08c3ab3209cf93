import { assert, describe, it } from "@effect/vitest"
import * as Polling from "effect-google-operations/Polling"
import type * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

/** The first delays that a schedule asks for, in ms, when each is followed exactly; fewer when it ends before. */
const delays = (schedule: Schedule.Schedule<unknown>, count: number, took = 0) =>
  Effect.gen(function*() {
    const result: Array<number> = []
    let state: unknown = schedule.initial
    for (let now = 1_000_000; result.length < count;) {
      const [next, _, decision] = yield* schedule.step(now, undefined, state)
      if (ScheduleDecision.isDone(decision)) break
      const delay = ScheduleIntervals.start(decision.intervals) - now
      result.push(delay)
      state = next
      now += delay + took
    }
    return result
  })

const seeded = <A, E, R>(effect: Effect.Effect<A, E, R>, seed: number | string) =>
  Effect.withRandom(effect, Random.make(seed))

/** Random numbers from 0 to 1, one after the other, again and again. */
const fixedRandom = (...values: Arr.NonEmptyArray<number>) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.withRandomFixed(effect, values)

const cases: ReadonlyArray<readonly [string, Schedule.Schedule<Duration.Duration>, ReadonlyArray<number>]> = [
  ["exponential", Polling.exponential({ jitter: 0 }), [
    1000,
    1500,
    2250,
    3375,
    5063,
    7594,
    11_391,
    17_086,
    25_629,
    30_000,
    30_000
  ]],
  [
    "exponential with options",
    Polling.exponential({ initial: 100, factor: 3, max: "1 second", jitter: 0 }),
    [100, 300, 900, 1000, 1000]
  ],
  [
    "exponential whose initial is above max",
    Polling.exponential({ initial: "1 minute", max: "5 seconds", jitter: 0 }),
    [5000, 5000]
  ],
  ["exponential that does not grow", Polling.exponential({ initial: 250, factor: 1, jitter: 0 }), [250, 250, 250]],
  [
    "proportional",
    Polling.proportional({ jitter: 0 }),
    // A fifth of 0, 0.5, 1, … 3, 3.6, 4.32 … seconds, at least half a second.
    [500, 500, 500, 500, 500, 500, 600, 720, 864, 1037]
  ],
  [
    "proportional with options",
    Polling.proportional({ fraction: 1, min: 500, max: "3 seconds", jitter: 0 }),
    [500, 500, 1000, 2000, 3000, 3000]
  ],
  ["proportional whose min is above max", Polling.proportional({ min: "1 minute", max: 2000, jitter: 0 }), [
    2000,
    2000
  ]],
  ["spaced", Polling.spaced("7 seconds"), [7000, 7000, 7000]],
  ["spaced below a millisecond", Polling.spaced("10 micros"), [1, 1]]
]

describe("without jitter", () => {
  for (const [what, schedule, expected] of cases) {
    it.effect(what, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* delays(schedule, expected.length), expected)
        // Schedules hold no state of their own: a second run begins anew.
        assert.deepStrictEqual(yield* delays(schedule, expected.length), expected)
      }))
  }

  it.effect("the output is the delay", () =>
    Effect.gen(function*() {
      const outputs = yield* Schedule.run(Polling.exponential({ jitter: 0 }), 0, [1, 2, 3])
      assert.deepStrictEqual(Chunk.toReadonlyArray(outputs).map((_) => Duration.toMillis(_)), [1000, 1500, 2250])
    }))

  it.effect("the time of polls is a part of the time waited for proportional, and shortens no delay", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* delays(Polling.proportional({ fraction: 0.5, jitter: 0 }), 4, 9000),
        [500, 4750, 11_625, 21_938]
      )
      assert.deepStrictEqual(yield* delays(Polling.spaced("2 seconds"), 3, 9000), [2000, 2000, 2000])
    }))

  it.effect("exponential stays at max after thousands of steps", () =>
    Effect.gen(function*() {
      const all = yield* delays(Polling.exponential({ factor: 1000, jitter: 0 }), 5000)
      assert.deepStrictEqual(new Set(all.slice(2)), new Set([30_000]))
    }))
})

describe("jitter", () => {
  const spread: ReadonlyArray<readonly [string, Schedule.Schedule<unknown>, ReadonlyArray<number>]> = [
    ["exponential", Polling.exponential({ factor: 2 }), [800, 2000, 4800]],
    ["proportional", Polling.proportional(), [425, 500, 575]],
    ["spaced", Polling.spaced("10 seconds", { jitter: 0.5 }), [5000, 10_000, 15_000]],
    ["spaced, all of it", Polling.spaced("10 seconds", { jitter: 1 }), [1, 10_000, 20_000]]
  ]
  for (const [what, schedule, expected] of spread) {
    it.effect(`${what}: shortest, mean and longest delay`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* fixedRandom(0, 0.5, 1)(delays(schedule, 3)), expected)
      }))
  }

  it.effect("comes from Effect's Random", () =>
    Effect.gen(function*() {
      const schedule = Polling.exponential()
      const [one, same, other] = yield* Effect.all([1, 1, 2].map((seed) => seeded(delays(schedule, 8), seed)))
      assert.deepStrictEqual(one, same)
      assert.notDeepEqual(one, other)
    }))

  it.effect("never takes a delay above max", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* fixedRandom(1)(delays(Polling.exponential({ initial: "29 seconds", factor: 2 }), 3)),
        [30_000, 30_000, 30_000]
      )
    }))

  const millis = (max: number) => FastCheck.integer({ min: 1, max })
  const share = FastCheck.double({ min: 0, max: 1, noNaN: true })

  it.effect.prop(
    "delays are within their limits",
    {
      initial: millis(100_000),
      factor: FastCheck.double({ min: 1, max: 1000, noNaN: true }),
      fraction: FastCheck.double({ min: 0.001, max: 1000, noNaN: true }),
      max: millis(100_000),
      jitter: share,
      seed: FastCheck.integer()
    },
    ({ factor, fraction, initial, jitter, max, seed }) =>
      Effect.gen(function*() {
        // Of the whole range around a middle, none is above max: at the cap the middle is max / (1 + jitter).
        const capped = Math.floor(Math.min(initial, max / (1 + jitter)) * (1 - jitter))
        for (
          const [schedule, least, most] of [
            [Polling.exponential({ initial, factor, max, jitter }), capped, max],
            [Polling.proportional({ fraction, min: initial, max, jitter }), capped, max],
            [Polling.spaced(initial, { jitter }), Math.floor(initial * (1 - jitter)), Math.ceil(initial * (1 + jitter))]
          ] as const
        ) {
          const all = yield* seeded(delays(schedule, 20), seed)
          assert.strictEqual(all.length, 20)
          for (const delay of all) {
            assert.isTrue(Number.isInteger(delay))
            assert.isAtLeast(delay, Math.max(1, least))
            assert.isAtMost(delay, most)
          }
        }
      })
  )
})

describe("composition", () => {
  it.effect("with recurs", () =>
    Effect.gen(function*() {
      const schedule = Schedule.intersect(Polling.exponential({ jitter: 0 }), Schedule.recurs(3))
      assert.deepStrictEqual(yield* delays(schedule, 10), [1000, 1500, 2250])
    }))

  it.effect("with upTo", () =>
    Effect.gen(function*() {
      const schedule = Polling.spaced("1 second").pipe(Schedule.upTo("3 seconds"))
      assert.deepStrictEqual(yield* delays(schedule, 10), [1000, 1000, 1000])
    }))

  it.effect("with andThen", () =>
    Effect.gen(function*() {
      const first = Schedule.intersect(Polling.spaced(100), Schedule.recurs(2))
      assert.deepStrictEqual(yield* delays(Schedule.andThen(first, Polling.spaced(900)), 4), [100, 100, 900, 900])
    }))
})

describe("defaults", () => {
  it.effect("defaultSchedule never ends", () =>
    Effect.gen(function*() {
      const all = yield* seeded(delays(Polling.defaultSchedule, 10_000), 1)
      assert.strictEqual(all.length, 10_000)
      assert.isAtLeast(Math.min(...all), 425)
      assert.isAtMost(Math.max(...all), 30_000)
      assert.deepStrictEqual(
        yield* seeded(delays(Polling.proportional(), 20), 1),
        all.slice(0, 20)
      )
    }))

  it.effect("retrySchedule doubles up to 30 seconds and ends after five minutes", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* fixedRandom(0.5)(delays(Polling.retrySchedule, 100)),
        // At the cap the middle is such that no delay, with its jitter, is longer than 30 seconds.
        [1000, 2000, 4000, 8000, 16_000, ...Array(11).fill(25_000)]
      )
      for (const seed of [1, 2, 3]) {
        const total = (yield* seeded(delays(Polling.retrySchedule, 100), seed)).reduce((sum, delay) => sum + delay, 0)
        assert.isAtLeast(total, 300_000)
        assert.isAtMost(total, 330_000)
      }
    }))
})

describe("an option out of range is a RangeError at once", () => {
  const bad: ReadonlyArray<readonly [string, () => unknown]> = [
    ["initial", () => Polling.exponential({ initial: 0 })],
    ["initial", () => Polling.exponential({ initial: Duration.infinity })],
    ["max", () => Polling.exponential({ max: 0 })],
    ["max", () => Polling.exponential({ max: Duration.infinity })],
    ["factor", () => Polling.exponential({ factor: 0.99 })],
    ["factor", () => Polling.exponential({ factor: NaN })],
    ["factor", () => Polling.exponential({ factor: Infinity })],
    ["jitter", () => Polling.exponential({ jitter: -0.1 })],
    ["jitter", () => Polling.exponential({ jitter: 1.1 })],
    ["fraction", () => Polling.proportional({ fraction: 0 })],
    ["fraction", () => Polling.proportional({ fraction: NaN })],
    ["min", () => Polling.proportional({ min: 0 })],
    ["max", () => Polling.proportional({ max: 0 })],
    ["jitter", () => Polling.proportional({ jitter: NaN })],
    ["interval", () => Polling.spaced(0)],
    ["interval", () => Polling.spaced(-1)],
    ["interval", () => Polling.spaced(Duration.infinity)],
    ["jitter", () => Polling.spaced(1, { jitter: 2 })]
  ]
  for (const [index, [option, make]] of bad.entries()) {
    it(`${option} (${index})`, () => {
      assert.throws(make, RangeError, new RegExp(`Polling: ${option} must be`))
    })
  }
})
