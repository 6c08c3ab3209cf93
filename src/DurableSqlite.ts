/**
 * The workflow engine for a single process. It uses libsql to store its state in a SQLite file, and needs no server.
 *
 * Requires the optional peer dependencies `@effect/workflow`, `@effect/cluster`, `@effect/sql` and
 * `@effect/sql-libsql`. For several processes, use `DurablePostgres`.
 *
 * @since 0.4.0
 * @module
 */
import type { PersistenceError } from "@effect/cluster/ClusterError"
import type { MessageStorage } from "@effect/cluster/MessageStorage"
import type { Sharding } from "@effect/cluster/Sharding"
import type * as ShardingConfig from "@effect/cluster/ShardingConfig"
import * as SingleRunner from "@effect/cluster/SingleRunner"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { WorkflowEngine } from "@effect/workflow/WorkflowEngine"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as DurableOperations from "./DurableOperations.js"
import * as Cluster from "./internal/durable/cluster.js"
import { sdkOf, singleConnection } from "./internal/durable/libsql.js"
import type { OperationHandle } from "./OperationHandle.js"

/**
 * Options for the engine.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options {
  /** The path of the database file. The file is created if it does not exist. Only one process may use it. */
  readonly filename: string
  /** `@effect/cluster` settings that override this module's defaults. */
  readonly shardingConfig?: Partial<ShardingConfig.ShardingConfig["Type"]> | undefined
}

const client = (filename: string): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.scoped(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const runtime = yield* Effect.runtime<Reactivity.Reactivity>()
      const open = Effect.gen(function*() {
        const scope = yield* Scope.make()
        // The ids of messages are larger than the largest safe integer.
        const client = yield* Scope.extend(LibsqlClient.make({ url: `file:${filename}`, intMode: "bigint" }), scope)
        const sdk = sdkOf(client)
        // In ms. While SQLite waits for a lock, it blocks this process. A short wait costs less than a new connection.
        // Nothing else is set here, because a statement that reads the file can be refused as busy. The default of
        // `synchronous` is FULL.
        yield* Effect.promise(() => sdk.execute("PRAGMA busy_timeout = 250"))
        return { sdk, close: () => Runtime.runPromise(runtime)(Scope.close(scope, Exit.void)) }
      })
      const { sdk } = yield* Effect.acquireRelease(
        Effect.promise(() => singleConnection(() => Runtime.runPromise(runtime)(open))),
        ({ close }) => Effect.promise(close)
      )
      const sql = yield* LibsqlClient.make({ liveClient: sdk })
      yield* sql`PRAGMA journal_mode = WAL`
      return sql
    })
  ).pipe(Layer.provide(Reactivity.layer))

/**
 * Provides the workflow engine for a single process. The database file contains all of the engine's records, so a
 * process that starts after a crash continues all waits.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as DurableSqlite from "effect-google-operations/DurableSqlite"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * const runner = DurableOperations.layer().pipe(
 *   Layer.provideMerge(OperationsService.layer()),
 *   Layer.provideMerge(DurableSqlite.layer({ filename: "operations.db" })),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layer = (
  options: Options
): Layer.Layer<WorkflowEngine | Sharding | MessageStorage, ConfigError | SqlError> =>
  Cluster.engine.pipe(
    Layer.provideMerge(
      SingleRunner.layer({
        runnerStorage: "memory",
        shardingConfig: { ...Cluster.settings, ...options.shardingConfig }
      })
    ),
    Layer.provide(client(options.filename))
  )

/**
 * Removes the stored data for a wait that has ended. Returns whether the wait has ended. Before `prune`, a new wait
 * with the same handle and options returns the stored result. After `prune`, a new wait reads the operation again.
 *
 * Call `prune` only after the workflows that waited for the operation have also ended. Otherwise, a replayed workflow
 * would wait again.
 *
 * @since 0.4.0
 * @category retention
 * @example
 * ```ts
 * import type { OperationHandle } from "effect-google-operations/OperationHandle"
 * import * as DurableSqlite from "effect-google-operations/DurableSqlite"
 * import * as Effect from "effect/Effect"
 *
 * const clean = (handle: OperationHandle) =>
 *   Effect.flatMap(DurableSqlite.prune(handle), (hadEnded) => Effect.log(hadEnded ? "removed" : "still waiting"))
 * ```
 */
export const prune = (
  handle: OperationHandle,
  options?: DurableOperations.WaitOptions
): Effect.Effect<boolean, PersistenceError, WorkflowEngine | Sharding | MessageStorage> =>
  Cluster.prune(DurableOperations.payloadOf(handle, options))
