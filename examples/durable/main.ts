// npm run durable: durable waits in processes that are killed.
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

// An operation that is polled has started, and its handle is stored. A process that is killed before that starts it again.
const allPolled = ({ calls }: OperationsEmulator.Service) =>
  calls.pipe(
    Effect.delay("100 millis"),
    Effect.repeat({
      until: (calls) => new Set(calls.filter(({ method }) => method === "get").map(({ name }) => name)).size === count
    })
  )

// Kills the first runner when all operations are polled, and waits until the other one has finished them.
const scenario = (
  what: string,
  env: Readonly<Record<string, string>>,
  second: "after" | "before",
  runner: Effect.Effect<string, never, Scope.Scope> = bundleRunner
) =>
  Effect.gen(function*() {
    yield* Console.log(`\n${what}`)
    const emulator = OperationsEmulator.make({ operationDuration: "10 seconds" })
    const { url } = yield* NodeOperationsEmulator.serve(emulator)
    const bundle = yield* runner
    const common = { BASE_URL: url, RUN: yield* run }
    const start = (env: Readonly<Record<string, string>>) =>
      Effect.flatMap(freePort, (port) => startRunner(bundle, { ...env, ...common, PORT: String(port) }))
    const other = second === "before" ? yield* start({ ...env, COUNT: String(count) }) : undefined
    const killed = yield* start(second === "before" ? env : { ...env, COUNT: String(count) })
    yield* allPolled(emulator)
    yield* Console.log(`${count} operations are in progress; SIGKILL to a runner`)
    yield* killed.kill("SIGKILL")
    const last = other ?? (yield* start({ ...env, COUNT: String(count) }))
    yield* last.ended
    const done = last.lines.filter((line) => / is accessPolicies\//.test(line)).length
    yield* Console.log(`${done} of ${count} are done, with ${yield* starts(emulator)} starts`)
  }).pipe(Effect.scoped)

const scratch = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "durable-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const program = Effect.gen(function*() {
  const folder = yield* scratch
  yield* scenario("One process on SQLite, and a new one after it", { SQLITE: join(folder, "operations.db") }, "after")
  const url = yield* Config.option(Config.string("DATABASE_URL"))
  if (Option.isNone(url) && !(yield* isInstalled)) {
    return yield* Console.log("\nWithout DATABASE_URL and without Postgres's programs, there is no cluster to show.")
  }
  const database = Option.isSome(url) ? url.value : yield* Effect.flatMap(postgres, ({ database }) => database("demo"))
  yield* scenario("Two runners on Postgres, one of which is killed", { DATABASE_URL: database }, "before")
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
