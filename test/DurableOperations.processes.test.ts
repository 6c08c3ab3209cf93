// Durable waits in processes that are killed, stopped and frozen, and lose their database. The cases run side by side.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Scope from "effect/Scope"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CreatePolicy } from "../examples/durable/createPolicy.js"
import * as Cluster from "./support/cluster.js"
import { allCalled, calledFor, emulator, longestGap, namesOf, starts, traces } from "./support/cluster.js"
import { isInstalled, type Postgres, postgres } from "./support/postgres.js"
import { bundleRunner, run, startRunner } from "./support/runners.js"

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

/** The same after a SIGTERM: less than the 12 seconds that a heartbeat takes to expire. Without other load it is 3 to 4 seconds. */
const stop = 12_000

/** Runs a test without the log of its client. */
const quietly = Effect.provide(Logger.minimumLogLevel(LogLevel.None))

const policies = (lines: ReadonlyArray<string>) =>
  new Set(lines.flatMap((line) => /^(policy \d+) is /.exec(line)?.[1] ?? []))

/** The SQL statement of the documentation. */
const retention = Effect.promise(async () => {
  const document = await readFile(new URL("../docs/durable.md", import.meta.url), "utf8")
  const [, statement] = /```sql\n(-- Removes the executions [^`]*)```/.exec(document) ?? []
  assert(statement !== undefined)
  return statement
})

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

  /** Twenty waits, of which each runner has polled its share. */
  const twentyWaits = ({ api, operations, waitAll }: Cluster.Cluster) =>
    Effect.gen(function*() {
      const handles = yield* operations(20)
      const waits = yield* Effect.fork(waitAll(handles))
      yield* allCalled(api, "get", 20)
      return { handles, waits }
    })

  for (const locks of ["advisory", "table"] as const) {
    it.scopedLive(
      `takes over within 20 seconds from a runner that is killed, in the same trace (${locks} locks)`,
      () =>
        Effect.gen(function*() {
          const all = yield* cluster({ locks })
          const [a] = yield* all.runners
          const { handles, waits } = yield* twentyWaits(all)
          yield* a.kill("SIGKILL")
          yield* allCalled(all.api, "get", 20, yield* Clock.currentTimeMillis)
          yield* all.finish(handles)
          assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
          assert.isBelow(yield* longestGap(all.api, namesOf(handles)), takeOver)
          assert.deepStrictEqual(yield* all.results("WaitForOperation"), [20, 20])
          const { traceId } = yield* Effect.currentSpan
          assert.deepStrictEqual(yield* traces(all.api), new Set([traceId]))
        }).pipe(Effect.withSpan("caller"), quietly),
      120_000
    )
  }

  it.scopedLive(
    "continues on another runner without delay when a runner stops, in the same trace",
    () =>
      Effect.gen(function*() {
        const all = yield* cluster()
        const [a] = yield* all.runners
        const { handles, waits } = yield* twentyWaits(all)
        yield* a.kill("SIGTERM")
        assert.strictEqual(yield* a.ended, 0)
        yield* allCalled(all.api, "get", 20, yield* Clock.currentTimeMillis)
        yield* all.finish(handles)
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        assert.isBelow(yield* longestGap(all.api, namesOf(handles)), stop)
        assert.deepStrictEqual(yield* all.results("WaitForOperation"), [20, 20])
        const { traceId } = yield* Effect.currentSpan
        assert.deepStrictEqual(yield* traces(all.api), new Set([traceId]))
      }).pipe(Effect.withSpan("caller"), quietly),
    120_000
  )

  it.scopedLive("loses none of 200 waits when its runners are killed three times", () =>
    Effect.gen(function*() {
      const { finish, operations, results, runner, runners, waitAll } = yield* cluster()
      let [a, b] = yield* runners
      const handles = yield* operations(200)
      const waits = yield* Effect.fork(waitAll(handles))
      for (let kill = 0; kill < 3; kill++) {
        yield* Effect.sleep("3 seconds")
        yield* a.kill("SIGKILL")
        ;[a, b] = [b, yield* runner]
      }
      yield* finish(handles)
      assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
      assert.deepStrictEqual(yield* results("WaitForOperation"), [200, 200])
    }).pipe(quietly), 180_000)

  /** Begins workflows that each create a policy. */
  const createPolicies = (count: number) =>
    Effect.forEach(
      Array.from({ length: count }, (_, id) => ({ parent: `organizations/${id}`, title: "a policy" })),
      (payload) => CreatePolicy.execute(payload, { discard: true }),
      { concurrency: "unbounded" }
    )

  it.scopedLive("starts nothing twice, and records one cancel, when a runner is killed", () =>
    Effect.gen(function*() {
      const { api, context, results, runners } = yield* cluster({ operationDuration: "1 hour" })
      const [a] = yield* runners
      const ids = yield* Effect.provide(createPolicies(10), context)
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
        const handles = yield* operations(10)
        const waits = yield* Effect.fork(Effect.exit(waitAll(handles)))
        yield* allCalled(api, "get", 10)
        proxy.holds = /:cancel/
        yield* Effect.forEach(handles, DurableOperations.cancel).pipe(Effect.provide(context))
        yield* allCalled(api, "cancel", 10)
        yield* a.kill("SIGKILL")
        const recorded = "SELECT count(*) FROM cluster_replies r JOIN cluster_messages m ON m.id = r.request_id " +
          "WHERE m.tag = 'activity' AND m.entity_type = 'Workflow/DurableOperations.CancelOperation'"
        assert.deepStrictEqual(yield* rows(recorded), ["0"])
        yield* proxy.release
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

  it.scopedLive(
    "waits for a frozen host with advisory locks, and continues when the host does",
    () =>
      Effect.gen(function*() {
        const all = yield* cluster({ locks: "advisory" })
        const [a] = yield* all.runners
        const { handles, waits } = yield* twentyWaits(all)
        yield* all.balanced
        yield* a.kill("SIGSTOP")
        yield* all.finish(handles)
        yield* Effect.sleep("20 seconds")
        assert.strictEqual(waits.unsafePoll(), null)
        yield* a.kill("SIGCONT")
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        assert.deepStrictEqual(yield* all.results("WaitForOperation"), [20, 20])
      }).pipe(quietly),
    120_000
  )

  it.scopedLive(
    "takes over from a frozen host with locks in a table, and the host changes no result when it resumes",
    () =>
      Effect.gen(function*() {
        const all = yield* cluster({ locks: "table" })
        const [a] = yield* all.runners
        const { handles, waits } = yield* twentyWaits(all)
        yield* a.kill("SIGSTOP")
        yield* allCalled(all.api, "get", 20, yield* Clock.currentTimeMillis)
        yield* a.kill("SIGCONT")
        yield* Effect.sleep("3 seconds")
        yield* all.finish(handles)
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        assert.deepStrictEqual(yield* all.results("WaitForOperation"), [20, 20])
        assert.strictEqual((yield* calledFor(all.api, "cancel")).size, 0)
      }).pipe(quietly),
    120_000
  )

  it.scopedLive("survives that Postgres crashes and is down for a minute", () =>
    Effect.gen(function*() {
      const server = yield* postgres
      const clusters = yield* Effect.forEach(["advisory", "table"] as const, (locks) =>
        Effect.gen(function*() {
          const all = yield* Cluster.cluster(server, bundle, { locks })
          yield* all.runners
          return { ...all, ...(yield* twentyWaits(all)) }
        }))
      yield* server.crash
      yield* Effect.sleep("1 minute")
      yield* server.start
      for (const { finish, handles, results, waits } of clusters) {
        yield* finish(handles)
        assert.deepStrictEqual(yield* Fiber.join(waits), namesOf(handles))
        assert.deepStrictEqual(yield* results("WaitForOperation"), [20, 20])
      }
    }).pipe(quietly), 180_000)

  it.scopedLive(
    "removes with the SQL of the documentation what has ended long ago, and nothing else",
    () =>
      Effect.gen(function*() {
        const { api, finish, operations, rows, runner, waitAll } = yield* cluster()
        const first = yield* runner
        const handles = yield* operations(5)
        const waits = yield* Effect.fork(waitAll(handles))
        yield* allCalled(api, "get", 5)
        // The waits are suspended, so they have clocks, and continue on the second runner.
        yield* first.kill("SIGTERM")
        yield* first.ended
        const second = yield* runner
        const [old, young, child, pending, oldPending] = yield* Effect.forEach(
          handles,
          (handle) => DurableOperations.WaitForOperation.executionId(DurableOperations.payloadOf(handle))
        )
        yield* finish(handles.slice(0, 3))
        const ended = "SELECT count(*) FROM cluster_replies WHERE payload LIKE '%\"_tag\":\"Stored\"%' " +
          "AND payload LIKE '%\"Complete\"%' AND request_id IN (SELECT id FROM cluster_messages WHERE tag = 'run')"
        yield* Effect.repeat(Effect.delay(rows(ended), "200 millis"), { until: ([count]) => count === "3" })
        yield* second.kill("SIGKILL")
        yield* second.ended
        yield* Fiber.interrupt(waits)
        const shift = "- ((40::bigint * 86400000) << 22)"
        const ofThem = `(SELECT id FROM cluster_messages WHERE entity_id IN ('${old}', '${child}', '${oldPending}'))`
        yield* rows(
          `UPDATE cluster_replies SET id = id ${shift}, request_id = request_id ${shift} WHERE request_id IN ${ofThem}`
        )
        yield* rows(
          `UPDATE cluster_messages SET id = id ${shift}, request_id = request_id ${shift}, ` +
            `last_reply_id = last_reply_id ${shift} WHERE entity_id IN ('${old}', '${child}', '${oldPending}')`
        )
        yield* rows(
          "UPDATE cluster_messages SET payload = jsonb_set(payload::jsonb, '{~@effect/workflow/parent}', " +
            `jsonb_build_object('workflowName', 'User', 'executionId', '${pending}'))::text ` +
            `WHERE entity_id = '${child}' AND tag = 'run' AND entity_type LIKE 'Workflow/DurableOperations.%'`
        )
        const counts = Effect.forEach([old, young, child, pending, oldPending], (id) =>
          Effect.map(
            rows(
              `SELECT (SELECT count(*) FROM cluster_messages WHERE entity_id = '${id}'), (SELECT count(*) FROM ` +
                `cluster_replies WHERE request_id IN (SELECT id FROM cluster_messages WHERE entity_id = '${id}'))`
            ),
            ([counts]) => counts
          ))
        const orphans = rows(
          "SELECT count(*) FROM cluster_replies WHERE request_id NOT IN (SELECT id FROM cluster_messages)"
        )
        const [, ...before] = yield* counts
        yield* rows(yield* retention)
        assert.deepStrictEqual(yield* counts, ["0|0", ...before])
        assert.deepStrictEqual(yield* orphans, ["0"])
      }).pipe(quietly),
    120_000
  )

  it.scopedLive("is shown by `npm run durable` on DATABASE_URL", () =>
    Effect.gen(function*() {
      const output = yield* run("examples/durable/main.ts", { DATABASE_URL: yield* server.database("demo") })
      const lines = [
        "20 operations are in progress. Sending SIGKILL to a runner.",
        "20 of 20 operations are done. They were started by 20 requests."
      ]
      assert.deepStrictEqual(output.split("\n").filter((line) => /\d/.test(line)), [...lines, ...lines])
    }), 180_000)
})
