// A cluster of runners on Postgres: two processes, their API, and a client in the process of the test.
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as DurablePostgres from "effect-google-operations/DurablePostgres"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import type { OperationHandle } from "effect-google-operations/OperationHandle"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { createServer, request as send } from "node:http"
import { freePort, type Postgres } from "./postgres.js"
import { startRunner } from "./runners.js"

/** An API whose operations take that long. */
export const emulator = (operationDuration: Duration.DurationInput = "8 seconds") =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make({ operationDuration })
    return { ...emulator, ...(yield* NodeOperationsEmulator.serve(emulator)) }
  })

export type Emulator = Effect.Effect.Success<ReturnType<typeof emulator>>

/** How many requests have started an operation. */
export const starts = ({ requests }: Emulator): Effect.Effect<number> =>
  Effect.map(
    requests,
    (requests) => requests.filter(({ method, path }) => method === "POST" && !path.includes(":")).length
  )

/** The names of the operations for which a method was called since that time, in ms of the system clock. */
export const calledFor = (
  { calls }: Emulator,
  method: "cancel" | "get",
  since = 0
): Effect.Effect<ReadonlySet<string>> =>
  Effect.map(
    calls,
    (calls) => new Set(calls.flatMap((call) => call.method === method && call.at > since ? [call.name] : []))
  )

/** Waits until a method was called for that many operations since that time. */
export const allCalled = (
  api: Emulator,
  method: "cancel" | "get",
  count: number,
  since?: number
): Effect.Effect<void> =>
  calledFor(api, method, since).pipe(
    Effect.delay("100 millis"),
    Effect.repeat({ until: (names) => names.size >= count }),
    Effect.asVoid
  )

/** The longest time between two polls of one operation, in ms. */
export const longestGap = ({ calls }: Emulator, names: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.map(calls, (calls) => {
    let longest = 0
    for (const name of names) {
      const times = calls.filter((call) => call.name === name && call.method === "get").map(({ at }) => at)
      for (let index = 1; index < times.length; index++) longest = Math.max(longest, times[index]! - times[index - 1]!)
    }
    return longest
  })

/** The ids of the traces of all polls. A poll without a trace gives `undefined`. */
export const traces = ({ requests }: Emulator): Effect.Effect<ReadonlySet<string | undefined>> =>
  Effect.map(
    requests,
    (requests) =>
      new Set(
        requests
          .filter(({ method }) => method === "GET")
          .map(({ headers }) => headers["traceparent"]?.split("-")[1])
      )
  )

/** A proxy of an API. It forwards all requests, and keeps back the responses to those whose path matches `holds`. */
export interface Proxy {
  readonly url: string
  /** How many responses it keeps back. */
  readonly held: () => number
  holds: RegExp | undefined
  /** Sends the responses that it has kept back. */
  readonly release: Effect.Effect<void>
}

const proxyOf = (target: string): Effect.Effect<Proxy, never, Scope.Scope> => {
  let url = ""
  const held: Array<() => void> = []
  const proxy: Proxy = {
    get url() {
      return url
    },
    held: () => held.length,
    holds: undefined,
    release: Effect.sync(() => {
      proxy.holds = undefined
      for (const respond of held.splice(0)) respond()
    })
  }
  const server = createServer((request, response) => {
    const { headers, method, url = "" } = request
    const forwarded = send(new URL(url, target), { method, headers }, (answer) => {
      const respond = () => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }
      if (proxy.holds?.test(url)) held.push(respond)
      else respond()
    })
    forwarded.on("error", () => response.destroy())
    request.pipe(forwarded)
  })
  return Effect.acquireRelease(
    Effect.async<Proxy>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
        resume(Effect.succeed(proxy))
      })
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
}

// Each of two runners has about half of the 300 shards.
const shares = {
  advisory: "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = " +
    "(SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid HAVING count(*) > 100",
  table: "SELECT count(*) FROM cluster_locks GROUP BY address HAVING count(*) > 100"
}

let databases = 0

/** A new database, an API, a client of the cluster in this process, and runners in separate processes. */
export const cluster = (
  server: Postgres,
  bundle: string,
  options: {
    readonly locks?: "advisory" | "table"
    readonly operationDuration?: Duration.DurationInput
  } = {}
) =>
  Effect.gen(function*() {
    const locks = options.locks ?? "advisory"
    const api = yield* emulator(options.operationDuration)
    const proxy = yield* proxyOf(api.url)
    const url = yield* server.database(`test_${++databases}`)
    const context = yield* Layer.build(
      DurableOperations.layerClient.pipe(
        Layer.provideMerge(OperationsService.layer({ api: { ...api.api, baseUrl: proxy.url } })),
        Layer.provideMerge(DurablePostgres.layerClient({ database: { url: Redacted.make(url), maxConnections: 4 } })),
        Layer.provide(FetchHttpClient.layer)
      )
    )
    const rows = (sql: string) =>
      Effect.map(server.query(url, sql), (text) => text.trim() === "" ? [] : text.trim().split("\n"))
    const balanced = rows(shares[locks]).pipe(
      Effect.delay("200 millis"),
      Effect.repeat({ until: (counts) => counts.length === 2 })
    )
    const runner = Effect.flatMap(freePort, (port) =>
      startRunner(bundle, { BASE_URL: proxy.url, DATABASE_URL: url, PORT: String(port), LOCKS: locks }))
    return {
      api,
      proxy,
      url,
      context,
      /** The rows of a query, as text. */
      rows,
      runner,
      /** Waits until two runners share the work. */
      balanced,
      /** Two runners that share the work. */
      runners: Effect.zipLeft(Effect.all([runner, runner], { concurrency: 2 }), balanced),
      /** Operations in progress. */
      operations: (count: number) =>
        Effect.gen(function*() {
          const service = yield* OperationsService.OperationsService
          return yield* Effect.forEach(
            Array.from({ length: count }, (_, index) =>
              `operations/${index}`),
            (name) =>
              Effect.zipRight(
                api.script(name, [OperationsEmulator.pending()]),
                service.handle(name, { timeout: "1 hour" })
              )
          )
        }).pipe(Effect.provide(context)),
      /** Lets operations succeed. */
      finish: (handles: ReadonlyArray<OperationHandle>) =>
        Effect.forEach(handles, ({ name }) => api.script(name, [OperationsEmulator.succeeded()]), { discard: true }),
      /** Waits for operations, and returns their names. */
      waitAll: (handles: ReadonlyArray<OperationHandle>) =>
        Effect.forEach(
          handles,
          (handle) => Effect.map(DurableOperations.attach(handle), ({ name }) => name),
          { concurrency: "unbounded" }
        ).pipe(Effect.provide(context)),
      /** How many executions of a workflow there are, and how many results of executions are stored. */
      results: (workflow: "CancelOperation" | "WaitForOperation") =>
        rows(
          "SELECT count(DISTINCT m.id), count(r.id) FROM cluster_messages m LEFT JOIN cluster_replies r ON " +
            "r.request_id = m.id AND r.payload::json->'value'->>'_tag' = 'Complete' " +
            `WHERE m.tag = 'run' AND m.entity_type = 'Workflow/DurableOperations.${workflow}'`
        ).pipe(
          Effect.map(([row = ""]) => row.split("|").map(Number))
        )
    }
  })

export type Cluster = Effect.Effect.Success<ReturnType<typeof cluster>>

export const namesOf = (handles: ReadonlyArray<OperationHandle>): ReadonlyArray<string> =>
  handles.map(({ name }) => name)
