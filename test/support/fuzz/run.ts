// Runs cases in virtual time, and tells what is wrong with their ends.
import { assert, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as OperationError from "effect-google-operations/OperationError"
import * as ResultError from "effect-google-operations/ResultError"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Logger from "effect/Logger"
import { inspect } from "node:util"
import { getHeapStatistics } from "node:v8"
import { VirtualClock } from "../virtualClock.js"
import { call, credentials, inMemory } from "./calls.js"
import { type Case, isObject, noOptions, ofCallers, ofServers } from "./cases.js"

const quietly = Logger.remove(Logger.defaultLogger)

// Longer than any delay of the cases, in ms.
const longest = 1e15

/** The end of a call, and when it came on the clock of the case, in ms. */
interface Ended {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly time: number
}

/** What is wrong with each of some cases. All of them run at once, in virtual time. */
const problemsOf = (
  cases: ReadonlyArray<readonly [Case, transport: string]>
): Promise<ReadonlyArray<string | undefined>> => {
  const clock = new VirtualClock()
  const run = ([one, transport]: readonly [Case, string]) => {
    const { make, provide } = inMemory[transport]!(one.replies)
    const options = isObject(one.serviceOptions)
      ? { credentials, api: one.api(), ...one.serviceOptions }
      : one.serviceOptions
    return Effect.scoped(
      Effect.flatMap(
        make(options),
        (service) => provide(Effect.map(Effect.exit(call(service, one)), (exit): Ended => ({ exit, time: clock.time })))
      )
    )
  }
  return Effect.gen(function*() {
    const fibers = yield* Effect.forEach(cases, (one) => Effect.fork(run(one)))
    for (let turn = 0; turn < 5 && fibers.some((fiber) => fiber.unsafePoll() === null); turn++) {
      yield* clock.pass(longest, "together")
    }
    const problems = fibers.map((fiber, index) => {
      const exit = fiber.unsafePoll()
      if (exit === null) return "the call does not end"
      return Exit.isSuccess(exit)
        ? problemOf(exit.value.exit, cases[index]![0]) ?? lateness(cases[index]![0], exit.value.time)
        : problemOf(exit)
    })
    yield* Fiber.interruptAllAs(fibers, FiberId.none).pipe(Effect.forkDaemon)
    return problems
  }).pipe(Effect.provide(quietly), Effect.withClock(clock), Effect.runPromise)
}

// With the default options a wait ends at its timeout, and everything else within `requestTimeout`.
const lateness = ({ callOptions, serviceOptions }: Case, time: number): string | undefined =>
  callOptions === noOptions && serviceOptions === noOptions && time > 30_000
    ? `a call that ends after ${time} ms`
    : undefined

// The `onUpdate` of the cases returns no Effect, which is a defect of the caller.
const hasFunction = ({ callOptions }: Case): boolean =>
  isObject(callOptions) && "onUpdate" in callOptions && typeof callOptions.onUpdate === "function"

const isDeclared = (error: unknown): error is Error =>
  HttpError.isHttpError(error) || OperationError.isOperationError(error) ||
  WaitTimeoutError.isWaitTimeoutError(error) || ResultError.isResultError(error)

/** What is wrong with the end of a call; nothing if it is a declared outcome that can be printed. */
export const problemOf = (exit: Exit.Exit<unknown, unknown>, one?: Case): string | undefined => {
  if (Exit.isSuccess(exit)) {
    inspect(exit.value)
    return undefined
  }
  const { cause } = exit
  if (cause._tag === "Die" && one !== undefined && hasFunction(one)) return undefined
  if (cause._tag !== "Fail") return `a cause that is no failure: ${Cause.pretty(cause)}`
  const { error } = cause
  if (!isDeclared(error)) return `an error that is not declared: ${inspect(error)}`
  if (error.message.length > 4_001) return `a message of ${error.message.length} characters`
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(error.message)) {
    return `a message with a control character: ${inspect(error.message)}`
  }
  inspect(error, { depth: Infinity })
  JSON.stringify(error)
  Cause.pretty(cause, { renderErrorCause: true })
  return undefined
}

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

/** How many cases all generators make together, for how long at most, and from which seed on. */
export const runs = setting("FUZZ_RUNS", 2_100)
export const seconds = setting("FUZZ_SECONDS", process.env["FUZZ_RUNS"] === undefined ? 20 : 3_600)
export const seed = setting("FUZZ_SEED", 1)

const count = Object.keys(ofServers).length + Object.keys(ofCallers).length
// Cases that run at the same time, made from one seed.
const batchSize = 25
const anyTransport = FastCheck.constantFrom(...Object.keys(inMemory))
const maxGrowth = 512 * 1024 * 1024

export const report = (what: string, cases: number, start: number): void =>
  console.log(`${what}: ${cases} cases in ${((performance.now() - start) / 1_000).toFixed(1)} s`)

// Runs the cases of a seed. A case that fails is made smaller by fast-check, which says how to make it again.
const runBatch = async (generator: FastCheck.Arbitrary<Case>, seed: number): Promise<void> => {
  const cases = FastCheck.tuple(generator, anyTransport)
  const problems = await problemsOf(FastCheck.sample(cases, { seed, numRuns: batchSize }))
  const problem = problems.find((problem) => problem !== undefined)
  if (problem === undefined) return
  await FastCheck.assert(
    FastCheck.asyncProperty(cases, async (one) => assert.deepStrictEqual(await problemsOf([one]), [undefined])),
    { seed, numRuns: batchSize }
  )
  assert.fail(`FUZZ_SEED=${seed}, only when ${batchSize} cases run at the same time: ${problem}`)
}

/** Tests the cases of each generator over the transports in memory. */
export const testInMemory = (generators: Record<string, FastCheck.Arbitrary<Case>>): void =>
  it.each(Object.entries(generators))(
    "%s",
    async (what, generator) => {
      const start = performance.now()
      const heap = getHeapStatistics().used_heap_size
      const batches = Math.ceil(runs / count / batchSize)
      let batch = 0
      while (batch < batches && performance.now() - start < seconds * 1_000 / count) {
        await runBatch(generator, seed + batch++)
        assert.isBelow(getHeapStatistics().used_heap_size - heap, maxGrowth)
      }
      report(what, batch * batchSize, start)
      assert.isAbove(batch, 0)
    },
    seconds * 1_000 + 30_000
  )
