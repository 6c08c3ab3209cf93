// npm run durable: runs durable waits in processes that it kills.
//
// One runner on SQLite creates twenty policies on an emulator, and is killed while they are created. A new process finishes them. Then
// the same with two runners on Postgres, of which one is killed: on DATABASE_URL, where the tables of the engine stay, or on a Postgres
// that is started for it.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, isInstalled, postgres } from "../../test/support/postgres.js"
import { bundleRunner, startRunner } from "../../test/support/runners.js"

const count = 20

// A database of DATABASE_URL may have the results of earlier runs.
const run = Effect.map(Clock.currentTimeMillis, String)

const starts = ({ requests }: OperationsEmulator.Service) =>
  Effect.map(requests, (requests) => requests.filter(({ method }) => method === "POST").length)

// Waits until every operation was polled. The handle of a polled operation is stored. A runner that is killed earlier may start an
// operation twice.
const allPolled = ({ calls }: OperationsEmulator.Service) =>
  calls.pipe(
    Effect.delay("100 millis"),
    Effect.repeat({
      until: (calls) => new Set(calls.filter(({ method }) => method === "get").map(({ name }) => name)).size === count
    })
  )

// Kills a runner when every operation was polled, and waits until another runner has finished the waits.
const scenario = (
  title: string,
  env: Readonly<Record<string, string>>,
  second: "after" | "before",
  runner: Effect.Effect<string, never, Scope.Scope> = bundleRunner
) =>
  Effect.gen(function*() {
    yield* Console.log(`\n${title}`)
    const emulator = OperationsEmulator.make({ operationDuration: "10 seconds" })
    const { url } = yield* NodeOperationsEmulator.serve(emulator)
    const bundle = yield* runner
    const common = { BASE_URL: url, RUN: yield* run }
    const start = (env: Readonly<Record<string, string>>) =>
      Effect.flatMap(freePort, (port) => startRunner(bundle, { ...env, ...common, PORT: String(port) }))
    const other = second === "before" ? yield* start({ ...env, COUNT: String(count) }) : undefined
    const killed = yield* start(second === "before" ? env : { ...env, COUNT: String(count) })
    yield* allPolled(emulator)
    yield* Console.log(`${count} operations are in progress. Sending SIGKILL to a runner.`)
    yield* killed.kill("SIGKILL")
    const last = other ?? (yield* start({ ...env, COUNT: String(count) }))
    yield* last.ended
    const done = last.lines.filter((line) => / is accessPolicies\//.test(line)).length
    yield* Console.log(
      `${done} of ${count} operations are done. They were started by ${yield* starts(emulator)} requests.`
    )
  }).pipe(Effect.scoped)

const scratch = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "durable-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const program = Effect.gen(function*() {
  const folder = yield* scratch
  yield* scenario("SQLite: one process, then a new process", { SQLITE: join(folder, "operations.db") }, "after")
  const url = yield* Config.option(Config.string("DATABASE_URL"))
  if (Option.isNone(url) && !(yield* isInstalled)) {
    return yield* Console.log("\nSkipping the cluster: DATABASE_URL is not set, and Postgres is not installed.")
  }
  const database = Option.isSome(url) ? url.value : yield* Effect.flatMap(postgres, ({ database }) => database("demo"))
  yield* scenario("Postgres: two runners, one of which is killed", { DATABASE_URL: database }, "before")
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
