// Durable waits in processes that are killed, frozen, and lose their database.
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as DurablePostgres from "effect-google-operations/DurablePostgres"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import type { OperationHandle } from "effect-google-operations/OperationHandle"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CreatePolicy } from "../examples/durable/createPolicy.js"
import { freePort, isInstalled, type Postgres, postgres } from "./support/postgres.js"
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

/** No poll of an operation is missing for longer, in ms. Two seconds of it are for the machine of the test. */
const takeOver = 22_000

const emulator = (operationDuration: Duration.DurationInput = "8 seconds") =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make({ operationDuration })
    return { ...emulator, ...(yield* NodeOperationsEmulator.serve(emulator)) }
  })

type Emulator = Effect.Effect.Success<ReturnType<typeof emulator>>

const starts = ({ requests }: Emulator) =>
  Effect.map(
    requests,
    (requests) => requests.filter(({ method, path }) => method === "POST" && !path.includes(":")).length
  )

/** Waits until so many operations have been polled. */
const allPolled = ({ calls }: Emulator, count: number) =>
  calls.pipe(
    Effect.delay("100 millis"),
    Effect.repeat({
      until: (calls) => new Set(calls.filter(({ method }) => method === "get").map(({ name }) => name)).size >= count
    })
  )

/** The longest time between two polls of one operation, in ms. */
const longestGap = ({ calls }: Emulator, names: ReadonlyArray<string>) =>
  Effect.map(calls, (calls) => {
    let longest = 0
    for (const name of names) {
      const times = calls.filter((call) => call.name === name && call.method === "get").map(({ at }) => at)
      for (let index = 1; index < times.length; index++) longest = Math.max(longest, times[index]! - times[index - 1]!)
    }
    return longest
  })

const policies = (lines: ReadonlyArray<string>) =>
  new Set(lines.flatMap((line) => /^(policy \d+) is /.exec(line)?.[1] ?? []))

describe("one process on SQLite", () => {
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
      yield* allPolled(api, 20)
      yield* first.kill("SIGKILL")
      yield* first.ended
      assert.strictEqual(policies(first.lines).size, 0)
      const second = yield* startRunner(bundle, env)
      assert.strictEqual(yield* second.ended, 0)
      assert.strictEqual(policies(second.lines).size, 20)
      assert.strictEqual(yield* starts(api), 20)
    }), 60_000)
})

describe.skipIf(!hasPostgres)("a cluster on Postgres", () => {
  let databases = 0

  /** A cluster with its API, and a client in this process. */
  const cluster = (
    options: { readonly locks?: "advisory" | "table"; readonly operationDuration?: Duration.DurationInput } = {}
  ) =>
    Effect.gen(function*() {
      const api = yield* emulator(options.operationDuration)
      const url = yield* server.database(`test_${++databases}`)
      const context = yield* Layer.build(
        DurableOperations.layerClient.pipe(
          Layer.provideMerge(OperationsService.layer({ api: api.api })),
          Layer.provideMerge(DurablePostgres.layerClient({ database: { url: Redacted.make(url), maxConnections: 4 } })),
          Layer.provide(FetchHttpClient.layer)
        )
      )
      // Each of two runners has about half of the 300 shards.
      const balanced = server.query(
        url,
        options.locks === "table"
          ? "SELECT count(*) FROM cluster_locks GROUP BY address HAVING count(*) > 100"
          : "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = " +
            "(SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid HAVING count(*) > 100"
      ).pipe(
        Effect.delay("200 millis"),
        Effect.repeat({ until: (counts) => counts.trim().split("\n").length === 2 })
      )
      const runner = Effect.flatMap(freePort, (port) =>
        startRunner(bundle, {
          BASE_URL: api.url,
          DATABASE_URL: url,
          PORT: String(port),
          LOCKS: options.locks ?? "advisory"
        }))
      return {
        api,
        context,
        runner,
        runners: Effect.zipLeft(Effect.all([runner, runner], { concurrency: 2 }), balanced),
        /** Operations that take that long from now. */
        operations: (count: number, duration: Duration.DurationInput) =>
          Effect.gen(function*() {
            const service = yield* OperationsService.OperationsService
            return yield* Effect.forEach(Array.from({ length: count }, (_, index) => `operations/${index}`), (name) =>
              Effect.gen(function*() {
                yield* api.script(name, [OperationsEmulator.pending({ duration }), OperationsEmulator.succeeded()])
                return yield* service.handle(name, { timeout: "1 hour" })
              }))
          }).pipe(Effect.provide(context)),
        waitAll: (handles: ReadonlyArray<OperationHandle>) =>
          Effect.forEach(handles, (handle) => DurableOperations.attach(handle), { concurrency: "unbounded" }).pipe(
            Effect.provide(context)
          )
      }
    }).pipe(Effect.provide(Logger.minimumLogLevel(LogLevel.None)))

  const namesOf = (handles: ReadonlyArray<OperationHandle>) => handles.map(({ name }) => name)

  /** Runs a test without the log of its client. */
  const quietly = Effect.provide(Logger.minimumLogLevel(LogLevel.None))

  it.scopedLive(
    "takes over within seconds from a runner that is killed, with the same deadline",
    () =>
      Effect.gen(function*() {
        const { api, operations, runners, waitAll } = yield* cluster()
        const [a] = yield* runners
        const handles = yield* operations(20, "12 seconds")
        const results = yield* Effect.fork(waitAll(handles))
        yield* allPolled(api, 20)
        yield* a.kill("SIGKILL")
        assert.deepStrictEqual((yield* Fiber.join(results)).map(({ name }) => name), namesOf(handles))
        assert.isBelow(yield* longestGap(api, namesOf(handles)), takeOver)
      }).pipe(quietly),
    90_000
  )

  it.scopedLive("loses none of 200 waits when its runners are killed three times", () =>
    Effect.gen(function*() {
      const { operations, runner, runners, waitAll } = yield* cluster()
      let [a, b] = yield* runners
      const handles = yield* operations(200, "10 seconds")
      const results = yield* Effect.fork(waitAll(handles))
      for (let kill = 0; kill < 3; kill++) {
        yield* Effect.sleep("3 seconds")
        yield* a.kill("SIGKILL")
        ;[a, b] = [b, yield* runner]
      }
      assert.deepStrictEqual((yield* Fiber.join(results)).map(({ name }) => name), namesOf(handles))
    }).pipe(quietly), 150_000)

  it.scopedLive("starts nothing twice, and records one cancel, when a runner is killed", () =>
    Effect.gen(function*() {
      const { api, context, runners } = yield* cluster({ operationDuration: "1 hour" })
      const [a] = yield* runners
      const payloads = Array.from({ length: 10 }, (_, id) => ({ parent: `organizations/${id}`, title: "a policy" }))
      const use = Effect.forEach(
        payloads,
        (payload) => CreatePolicy.execute(payload, { discard: true }),
        { concurrency: "unbounded" }
      )
      const ids = yield* Effect.provide(use, context)
      yield* allPolled(api, 10)
      yield* a.kill("SIGKILL")
      const started = (yield* api.calls).filter(({ method }) => method === "get").map(({ name }) => name)
      const service = Context.get(context, OperationsService.OperationsService)
      for (const name of new Set(started)) {
        const handle = yield* service.handle(name)
        const other = yield* service.handle(name, { timeout: "1 day" })
        const cancel = Effect.zip(DurableOperations.cancel(handle), DurableOperations.cancel(other))
        const [one, two] = yield* Effect.provide(cancel, context)
        assert.strictEqual(one, two)
      }
      const results = yield* Effect.forEach(ids, (id) =>
        CreatePolicy.poll(id).pipe(
          Effect.delay("500 millis"),
          Effect.repeat({ until: (result) => result?._tag === "Complete" })
        ), { concurrency: "unbounded" }).pipe(Effect.provide(context))
      for (const result of results) {
        assert(result?._tag === "Complete" && Exit.isFailure(result.exit))
        assert.include(String(result.exit.cause), "CANCELLED")
      }
      assert.strictEqual(yield* starts(api), 10)
      const cancels = (yield* api.calls).filter(({ method }) => method === "cancel")
      assert.isAtMost(cancels.length, 11)
      assert.strictEqual(new Set(cancels.map(({ name }) => name)).size, 10)
    }).pipe(quietly), 90_000)

  it.scopedLive(
    "takes over from a frozen host with locks in a table, and polls it did not stop only read",
    () =>
      Effect.gen(function*() {
        const { api, operations, runners, waitAll } = yield* cluster({ locks: "table" })
        const [a] = yield* runners
        const handles = yield* operations(20, "20 seconds")
        const results = yield* Effect.fork(waitAll(handles))
        yield* allPolled(api, 20)
        yield* a.kill("SIGSTOP")
        assert.deepStrictEqual((yield* Fiber.join(results)).map(({ name }) => name), namesOf(handles))
        yield* a.kill("SIGCONT")
      }).pipe(quietly),
    120_000
  )

  it.scopedLive(
    "waits for a frozen host with advisory locks, and goes on when the host does",
    () =>
      Effect.gen(function*() {
        const { api, operations, runners, waitAll } = yield* cluster({ locks: "advisory" })
        const [a] = yield* runners
        const handles = yield* operations(20, "8 seconds")
        const results = yield* Effect.fork(waitAll(handles))
        yield* allPolled(api, 20)
        yield* a.kill("SIGSTOP")
        yield* Effect.sleep("12 seconds")
        assert.strictEqual(results.unsafePoll(), null)
        yield* a.kill("SIGCONT")
        assert.deepStrictEqual((yield* Fiber.join(results)).map(({ name }) => name), namesOf(handles))
      }).pipe(quietly),
    120_000
  )

  it.scopedLive("survives a crash of Postgres", () =>
    Effect.gen(function*() {
      const { api, operations, runners, waitAll } = yield* cluster()
      yield* runners
      const handles = yield* operations(20, "8 seconds")
      const results = yield* Effect.fork(waitAll(handles))
      yield* allPolled(api, 20)
      yield* server.crash
      yield* Effect.sleep("3 seconds")
      yield* server.start
      assert.deepStrictEqual((yield* Fiber.join(results)).map(({ name }) => name), namesOf(handles))
    }).pipe(quietly), 120_000)
})
