// Waits for many operations at once, and sees to it that nothing is missed and nothing left behind: `npm run soak` with
// thousands, soak.test.ts with hundreds.
import type * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import type { Outcome, Service } from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { PCGRandom } from "effect/Utils"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

type Steps = readonly [OperationsEmulator.Step, ...ReadonlyArray<OperationsEmulator.Step>]

/** One operation: its script, and how it ends. */
interface Plan {
  readonly name: string
  readonly steps: Steps
  /** What `accessPolicies/…` the response is of; none for one that fails. */
  readonly id: number | undefined
}

/** How a soak reaches its emulator. */
export interface Emulator {
  readonly api: GoogleApi.GoogleApi
  readonly script: (operations: ReadonlyArray<{ readonly name: string; readonly steps: Steps }>) => Effect.Effect<void>
  readonly stats: Effect.Effect<OperationsEmulator.Stats>
}

/** What of this process is in use. */
interface Level {
  readonly timers: number
  readonly sockets: number
  readonly fibers: number
  /** In bytes, after a garbage collection. */
  readonly heap: number
}

/** What a soak has seen. Nothing may be missed. */
export interface Report {
  readonly succeeded: number
  readonly failed: number
  readonly faults: number
  readonly requests: number
  readonly millis: number
  readonly before: Level
  readonly after: Level
  readonly misses: ReadonlyArray<string>
}

/** The ways to wait for many. */
export const manners = {
  "Effect.forEach(wait)": (service: Service, names: ReadonlyArray<string>, end: (outcome: Outcome) => void) =>
    Effect.forEach(
      names,
      (name) => Effect.map(Effect.either(service.wait(name)), (result) => end({ operation: name, result })),
      { concurrency: "unbounded", discard: true }
    ),
  waitAll: (service: Service, names: ReadonlyArray<string>, end: (outcome: Outcome) => void) =>
    Stream.runForEach(service.waitAll(names), (outcome) => Effect.sync(() => end(outcome)))
}

/** A way to wait for many. */
export type Manner = keyof typeof manners

/** A pace for those who have little time. */
export const quick: NodeOperations.Options = {
  schedule: Polling.spaced("200 millis", { jitter: 0.2 }),
  retrySchedule: Polling.spaced("200 millis", { jitter: 0.2 })
}

const faultShare = 0.05
const slowMillis = 1_000
const failure = { code: 10, message: "a parallel operation holds the lock" }
const faults: ReadonlyArray<OperationsEmulator.Step | "slow"> = [
  { type: "http", status: 503, headers: { "retry-after": "1" } },
  { type: "cut", at: "beforeHeaders" },
  { type: "cut", at: "withinHeaders" },
  { type: "cut", at: "withinBody" },
  "slow"
]

// Up to three answers that say "pending", then the end; each may be slow, or come after a fault.
const plan = (random: PCGRandom, prefix: string, id: number): { readonly plan: Plan; readonly faults: number } => {
  const steps: Array<OperationsEmulator.Step> = []
  let count = 0
  const push = (step: OperationsEmulator.Step): void => {
    const fault = random.number() < faultShare ? faults[random.integer(faults.length)] : undefined
    if (fault !== undefined) count++
    if (typeof fault === "object") steps.push(fault)
    steps.push(fault === "slow" ? { ...step, delay: slowMillis } : step)
  }
  for (let pending = random.integer(4); pending > 0; pending--) push({ type: "pending" })
  const succeeds = random.number() < 0.8
  const type = "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessPolicy"
  push(
    succeeds
      ? { type: "succeeded", response: { "@type": type, name: `accessPolicies/${id}` } }
      : { type: "failed", error: failure }
  )
  const name = `operations/accessPolicies/${id}/create/${prefix}`
  return { plan: { name, steps: steps as never, id: succeeds ? id : undefined }, faults: count }
}

const wrong = (plan: Plan, { result }: Outcome): string | undefined => {
  if (plan.id !== undefined) {
    if (result._tag === "Left") return `${plan.name} should have succeeded: ${result.left.message}`
    const { name, response } = result.right
    return name === plan.name && response?.["name"] === `accessPolicies/${plan.id}`
      ? undefined
      : `${plan.name} succeeded with what is not its own: ${name}, ${JSON.stringify(response)}`
  }
  if (result._tag === "Right") return `${plan.name} should have failed`
  const error = result.left
  return error._tag === "OperationError" && error.operation.name === plan.name && error.code === "ABORTED" &&
      error.status.message === failure.message
    ? undefined
    : `${plan.name} should have failed with ABORTED: ${error.message}`
}

// Exposed when it is first needed, so that an import sets no flag of V8.
let exposed: (() => void) | undefined
const collectGarbage = (): void => {
  if (exposed === undefined) {
    setFlagsFromString("--expose-gc")
    exposed = runInNewContext("gc") as () => void
  }
  exposed()
}

const countFibers = (fibers: Iterable<Fiber.RuntimeFiber<unknown, unknown>>): Effect.Effect<number> =>
  Effect.reduce(
    fibers,
    0,
    (count, fiber) => Effect.map(Effect.flatMap(fiber.children, countFibers), (children) => count + 1 + children)
  )

const level: Effect.Effect<Level> = Effect.gen(function*() {
  const fibers = yield* Effect.flatMap(Fiber.roots, countFibers)
  const resources = process.getActiveResourcesInfo()
  collectGarbage()
  return {
    fibers,
    timers: resources.filter((resource) => resource === "Timeout").length,
    sockets: resources.filter((resource) => resource.startsWith("TCP")).length,
    heap: process.memoryUsage().heapUsed
  }
})

// Looks until all is back, for five seconds at most: what has ended may take a moment to be gone.
const settled = (wanted: (level: Level) => boolean): Effect.Effect<Level> =>
  Effect.repeat(Effect.delay(level, "200 millis"), { until: wanted, times: 25 })

/**
 * Waits for that many operations at once, in one service that is closed at the end.
 *
 * `tolerance` is what the heap may have grown by in the end, in bytes.
 */
export const soak = (emulator: Emulator, options: {
  readonly manner: Manner
  readonly operations: number
  readonly seed: number
  readonly limit: Duration.DurationInput
  readonly tolerance: number
  readonly service?: NodeOperations.Options | undefined
}): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const random = new PCGRandom(options.seed)
    const made = Array.from({ length: options.operations }, (_, id) => plan(random, String(options.seed), id))
    const plans = new Map(made.map(({ plan }) => [plan.name, plan]))
    const expected = made.reduce((sum, { plan }) => sum + plan.steps.length, 0)
    yield* emulator.script([...plans.values()])
    const misses: Array<string> = []
    const ended = new Set<string>()
    const before = yield* Effect.delay(level, "200 millis")
    const { requests: earlier } = yield* emulator.stats

    const end = (outcome: Outcome): void => {
      const name = outcome.operation as string
      if (ended.has(name)) misses.push(`${name} has ended twice`)
      ended.add(name)
      const miss = wrong(plans.get(name)!, outcome)
      if (miss !== undefined) misses.push(miss)
    }
    const [millis, requests] = yield* Effect.scoped(Effect.gen(function*() {
      const service = yield* NodeOperations.make({ ...options.service, api: emulator.api })
      const names = [...plans.keys()]
      const [duration] = yield* Effect.timed(
        Effect.timeoutOption(manners[options.manner](service, names, end), options.limit)
      )
      const { requests } = yield* emulator.stats
      yield* Effect.sleep("1500 millis")
      const late = (yield* emulator.stats).requests - requests
      if (late > 0) misses.push(`${late} requests after the end`)
      return [Duration.toMillis(duration), requests - earlier] as const
    }))
    if (ended.size < plans.size) misses.push(`${plans.size - ended.size} operations have not ended`)
    if (requests !== expected) misses.push(`${requests} requests, where the scripts have ${expected} answers`)

    const after = yield* settled((now) =>
      now.timers <= before.timers && now.sockets <= before.sockets && now.fibers <= before.fibers &&
      now.heap <= before.heap + options.tolerance
    )
    if (after.timers > before.timers) misses.push(`timers: ${before.timers} before, ${after.timers} after`)
    if (after.sockets > before.sockets) misses.push(`sockets: ${before.sockets} before, ${after.sockets} after`)
    if (after.fibers > before.fibers) misses.push(`fibers: ${before.fibers} before, ${after.fibers} after`)
    if (after.heap > before.heap + options.tolerance) {
      misses.push(`heap: ${before.heap} bytes before, ${after.heap} after`)
    }
    const { openConnections } = yield* emulator.stats
    if (openConnections > 0) misses.push(`${openConnections} connections are open`)
    const failed = made.filter(({ plan }) => plan.id === undefined).length
    return {
      succeeded: options.operations - failed,
      failed,
      faults: made.reduce((sum, { faults }) => sum + faults, 0),
      requests,
      millis,
      before,
      after,
      misses
    }
  })
