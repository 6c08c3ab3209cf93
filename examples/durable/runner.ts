// A runner: a process that carries out durable workflows. It reads its settings from the environment:
//   BASE_URL       the API; without it, Google's
//   SQLITE         the database file of a single process, or
//   DATABASE_URL   the Postgres of a cluster, with HOST and PORT, where the others reach this runner, and LOCKS
//   COUNT          how many policies to create, for organizations whose numbers begin with RUN; the workflows of an earlier process
//                  with the same RUN are found again
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as DurablePostgres from "effect-google-operations/DurablePostgres"
import * as DurableSqlite from "effect-google-operations/DurableSqlite"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { CreatePolicy, CreatePolicyLayer } from "./createPolicy.js"

const engine = Layer.unwrapEffect(Effect.gen(function*() {
  const filename = yield* Config.option(Config.string("SQLITE"))
  if (Option.isSome(filename)) return DurableSqlite.layer({ filename: filename.value })
  return DurablePostgres.layer({
    database: { url: yield* Config.redacted("DATABASE_URL"), applicationName: "runner" },
    address: {
      host: yield* Config.withDefault(Config.string("HOST"), "127.0.0.1"),
      port: yield* Config.integer("PORT")
    },
    locks: yield* Config.withDefault(Config.literal("advisory", "table")("LOCKS"), "advisory")
  })
}))

const operations = OperationsService.layerConfig(
  Config.map(Config.withDefault(Config.string("BASE_URL"), GoogleApi.accessContextManager.baseUrl), (baseUrl) => ({
    api: { ...GoogleApi.accessContextManager, baseUrl }
  }))
)

const runner = CreatePolicyLayer.pipe(
  Layer.provideMerge(DurableOperations.layer()),
  Layer.provideMerge(operations),
  Layer.provideMerge(engine),
  Layer.provide(FetchHttpClient.layer)
)

const program = Effect.gen(function*() {
  const count = yield* Config.withDefault(Config.integer("COUNT"), 0)
  const run = yield* Config.withDefault(Config.string("RUN"), "")
  yield* Console.log("ready")
  yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => index + 1),
    (id) =>
      Effect.flatMap(
        DurableOperations.execute(CreatePolicy, { parent: `organizations/${run}${id}`, title: `policy ${id}` }),
        Console.log
      ),
    { concurrency: "unbounded" }
  )
  if (count === 0) yield* Effect.never
})

program.pipe(
  Effect.provide(runner),
  Effect.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))),
  NodeRuntime.runMain
)
