// Durable waits in processes that are killed, stopped and frozen, and lose their database. The cases run side by side.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CreatePolicy } from "../examples/durable/createPolicy.js"
import * as Cluster from "./support/cluster.js"
import { allCalled, calledFor, emulator, longestGap, namesOf, starts, tracesSince } from "./support/cluster.js"
import { isInstalled, type Postgres, postgres } from "./support/postgres.js"
import { bundleRunner, startRunner } from "./support/runners.js"

const hasPostgres = await Effect.runPromise(isInstalled)
if (!hasPostgres) console.warn("Postgres is not installed: the tests of a cluster are skipped (Debian: postgresql)")

const scope = Effect.runSync(Scope.make())
let bundle: string
let server: Postgres

beforeAll(() =>
  Effect.gen(function*() {
    bundle = yield* bundleRunner
    if (hasPostgres) server = yield* postgres
  }).pipe(Scope.extend(scope), Effect.runPromise), 60_000)

afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)), 30_000)

/** No poll of an operation is missing for longer after a SIGKILL, in ms. */
const takeOver = 20_000

/** The same after a SIGTERM. */
const stop = 10_000

/** Runs a test without the log of its client. */
const quietly = Effect.provide(Logger.minimumLogLevel(LogLevel.None))

const policies = (lines: ReadonlyArray<string>) =>
  new Set(lines.flatMap((line) => /^(policy \d+) is /.exec(line)?.[1] ?? []))

describe.concurrent("one process on SQLite", () => {
  it.scopedLive("is killed, and a new process finishes the waits without a second start", () =>
    Effect.gen(function*() {
      const api = yield* emulator()
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "durable-"))),
        (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
      )
      const env = { BASE_URL: api.url, COUNT: "20", SQLITE: join(folder, "operations.db") }
      const first = yield* startRunner(bundle, env)
      // Those that are polled have started, and their handles are stored.
      yield* allCalled(api, "get", 20)
      yield* first.kill("SIGKILL")
      yield* first.ended
      assert.strictEqual(policies(first.lines).size, 0)
      const second = yield* startRunner(bundle, env)
      assert.strictEqual(yield* second.ended, 0)
      assert.strictEqual(policies(second.lines).size, 20)
      assert.strictEqual(yield* starts(api), 20)
    }), 120_000)
})

describe.skipIf(!hasPostgres).concurrent("a cluster on Postgres", () => {
  const cluster = (options?: Parameters<typeof Cluster.cluster>[2]) => Cluster.cluster(server, bundle, options)

  for (const locks of ["advisory", "table"] as const) {
    it.scopedLive(
      `takes over within 20 seconds from a runner that is killed, in the same trace (${locks} locks)`,
      () =>
        Effect.gen(function*() {
          const { api, operations, results, runners, waitAll } = yield* cluster({ locks })
          const [a] = yield* runners
          const handles = yield* operations(20, "12 seconds")
          const waits = yield* Effect.fork(waitAll(handles))
          yield* allCalled(api, "get", 20)
          yield* a.kill("SIGKILL")
          const killed = Date.now()
          assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
          assert.isBelow(yield* longestGap(api, namesOf(handles)), takeOver)
          assert.deepStrictEqual(yield* results("WaitForOperation"), [20, 20])
          const { traceId } = yield* Effect.currentSpan
          assert.deepStrictEqual(yield* tracesSince(api, 0), new Set([traceId]))
          assert.deepStrictEqual(yield* tracesSince(api, killed), new Set([traceId]))
        }).pipe(Effect.withSpan("caller"), quietly),
      120_000
    )
  }

  it.scopedLive(
    "continues on another runner without delay when a runner stops, in the same trace",
    () =>
      Effect.gen(function*() {
        const { api, operations, results, runners, waitAll } = yield* cluster()
        const [a] = yield* runners
        const handles = yield* operations(20, "12 seconds")
        const waits = yield* Effect.fork(waitAll(handles))
        yield* allCalled(api, "get", 20)
        yield* a.kill("SIGTERM")
        assert.strictEqual(yield* a.ended, 130)
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        assert.isBelow(yield* longestGap(api, namesOf(handles)), stop)
        assert.deepStrictEqual(yield* results("WaitForOperation"), [20, 20])
        const { traceId } = yield* Effect.currentSpan
        assert.deepStrictEqual(yield* tracesSince(api, 0), new Set([traceId]))
      }).pipe(Effect.withSpan("caller"), quietly),
    120_000
  )

  it.scopedLive("loses none of 200 waits when its runners are killed three times", () =>
    Effect.gen(function*() {
      const { operations, results, runner, runners, waitAll } = yield* cluster()
      let [a, b] = yield* runners
      const handles = yield* operations(200, "10 seconds")
      const waits = yield* Effect.fork(waitAll(handles))
      for (let kill = 0; kill < 3; kill++) {
        yield* Effect.sleep("3 seconds")
        yield* a.kill("SIGKILL")
        ;[a, b] = [b, yield* runner]
      }
      assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
      assert.deepStrictEqual(yield* results("WaitForOperation"), [200, 200])
    }).pipe(quietly), 180_000)

  it.scopedLive("starts nothing twice, and records one cancel, when a runner is killed", () =>
    Effect.gen(function*() {
      const { api, context, results, runners } = yield* cluster({ operationDuration: "1 hour" })
      const [a] = yield* runners
      const payloads = Array.from({ length: 10 }, (_, id) => ({ parent: `organizations/${id}`, title: "a policy" }))
      const use = Effect.forEach(
        payloads,
        (payload) => CreatePolicy.execute(payload, { discard: true }),
        { concurrency: "unbounded" }
      )
      const ids = yield* Effect.provide(use, context)
      yield* allCalled(api, "get", 10)
      yield* a.kill("SIGKILL")
      const service = Context.get(context, OperationsService.OperationsService)
      for (const name of yield* calledFor(api, "get")) {
        const handle = yield* service.handle(name)
        const other = yield* service.handle(name, { timeout: "1 day" })
        const cancel = Effect.zip(DurableOperations.cancel(handle), DurableOperations.cancel(other))
        const [one, two] = yield* Effect.provide(cancel, context)
        assert.strictEqual(one, two)
      }
      const ends = yield* Effect.forEach(ids, (id) =>
        CreatePolicy.poll(id).pipe(
          Effect.delay("500 millis"),
          Effect.repeat({ until: (result) => result?._tag === "Complete" })
        ), { concurrency: "unbounded" }).pipe(Effect.provide(context))
      for (const end of ends) {
        assert(end?._tag === "Complete" && Exit.isFailure(end.exit))
        assert.include(String(end.exit.cause), "CANCELLED")
      }
      assert.strictEqual(yield* starts(api), 10)
      assert.strictEqual((yield* calledFor(api, "cancel")).size, 10)
      assert.strictEqual((yield* results("CancelOperation"))[0], 10)
    }).pipe(quietly), 120_000)

  it.scopedLive(
    "records one cancel when a runner is killed between the request and the record",
    () =>
      Effect.gen(function*() {
        const { api, context, operations, proxy, results, rows, runner, waitAll } = yield* cluster()
        const a = yield* runner
        const handles = yield* operations(10, "1 hour")
        const waits = yield* Effect.forkDaemon(Effect.exit(waitAll(handles)))
        yield* allCalled(api, "get", 10)
        proxy.hold = true
        yield* Effect.forEach(handles, DurableOperations.cancel).pipe(Effect.provide(context))
        yield* allCalled(api, "cancel", 10)
        yield* a.kill("SIGKILL")
        const recorded = "SELECT count(*) FROM cluster_replies r JOIN cluster_messages m ON m.id = r.request_id " +
          "WHERE m.tag = 'activity' AND m.entity_type = 'Workflow/DurableOperations.CancelOperation'"
        assert.deepStrictEqual(yield* rows(recorded), ["0"])
        proxy.hold = false
        yield* runner
        const ends = yield* Effect.forEach(
          handles,
          (handle) => Effect.flip(DurableOperations.attach(handle)),
          { concurrency: "unbounded" }
        ).pipe(Effect.provide(context))
        for (const end of ends) assert(end._tag === "OperationError" && end.code === "CANCELLED")
        assert(Exit.isFailure(yield* Fiber.join(waits)))
        const outcomes = yield* Effect.forEach(
          handles,
          (handle) => DurableOperations.execute(DurableOperations.CancelOperation, { handle }),
          { concurrency: "unbounded" }
        ).pipe(Effect.provide(context))
        for (const { state } of outcomes) assert.strictEqual(state, "cancelled")
        assert.deepStrictEqual(yield* results("CancelOperation"), [10, 10])
      }).pipe(quietly),
    120_000
  )

  for (const locks of ["advisory", "table"] as const) {
    it.scopedLive(`continues on a host that was frozen (${locks} locks)`, () =>
      Effect.gen(function*() {
        const { api, operations, results, runners, waitAll } = yield* cluster({ locks })
        const [a] = yield* runners
        const handles = yield* operations(20, "8 seconds")
        const waits = yield* Effect.fork(waitAll(handles))
        yield* allCalled(api, "get", 20)
        yield* a.kill("SIGSTOP")
        const isTakenOver = Effect.map(Effect.timeoutOption(Fiber.await(waits), "25 seconds"), Option.isSome)
        // The locks of a session that is open are kept. Those of the table expire.
        assert.strictEqual(yield* isTakenOver, locks === "table")
        yield* a.kill("SIGCONT")
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        // What the host does after it continues has no effect on the results.
        yield* Effect.sleep("3 seconds")
        assert.deepStrictEqual(yield* results("WaitForOperation"), [20, 20])
        assert.strictEqual((yield* calledFor(api, "cancel")).size, 0)
      }).pipe(quietly), 120_000)
  }

  it.scopedLive("survives that Postgres crashes and is down for a minute", () =>
    Effect.gen(function*() {
      const server = yield* postgres
      const clusters = yield* Effect.forEach(
        ["advisory", "table"] as const,
        (locks) => Cluster.cluster(server, bundle, { locks })
      )
      const waits = yield* Effect.forEach(clusters, ({ api, operations, runners, waitAll }) =>
        Effect.gen(function*() {
          yield* runners
          const handles = yield* operations(20, "8 seconds")
          const waits = yield* Effect.fork(waitAll(handles))
          yield* allCalled(api, "get", 20)
          return Effect.map(Fiber.join(waits), (names) => assert.deepStrictEqual(names, namesOf(handles)))
        }), { concurrency: 2 })
      yield* server.crash
      yield* Effect.sleep("1 minute")
      yield* server.start
      yield* Effect.all(waits)
      for (const { results } of clusters) assert.deepStrictEqual(yield* results("WaitForOperation"), [20, 20])
    }).pipe(quietly), 180_000)
})
