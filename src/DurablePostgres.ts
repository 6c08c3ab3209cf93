/**
 * The workflow engine for a cluster of processes. It stores its state in Postgres.
 *
 * Requires Node and the optional peer dependencies `@effect/workflow`, `@effect/cluster`, `@effect/rpc`, `@effect/sql`,
 * `@effect/sql-pg` and `@effect/platform-node`.
 *
 * @since 0.4.0
 * @module
 */
import type { PersistenceError } from "@effect/cluster/ClusterError"
import type { MessageStorage } from "@effect/cluster/MessageStorage"
import { RunnerAddress } from "@effect/cluster/RunnerAddress"
import type { Sharding } from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import * as SqlMessageStorage from "@effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "@effect/cluster/SqlRunnerStorage"
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import type { SocketServerError } from "@effect/platform/SocketServer"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { WorkflowEngine } from "@effect/workflow/WorkflowEngine"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as DurableOperations from "./DurableOperations.js"
import * as Cluster from "./internal/durable/cluster.js"
import type { OperationHandle } from "./OperationHandle.js"

/**
 * Options for a process that sends requests to a cluster's runners but runs no workflows.
 *
 * @since 0.4.0
 * @category models
 */
export interface ClientOptions {
  /** The database. All processes in a cluster use the same database. */
  readonly database: PgClient.PgClientConfig
  /** Settings of `@effect/cluster` that replace the recommended settings. */
  readonly shardingConfig?: Partial<ShardingConfig.ShardingConfig["Type"]> | undefined
}

/**
 * The address of a runner.
 *
 * @since 0.4.0
 * @category models
 */
export interface Address {
  /** The name or IP address of the host. */
  readonly host: string
  /** The port. */
  readonly port: number
}

/**
 * Options for a runner in a cluster.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options extends ClientOptions {
  /** The address at which the other processes reach this runner, such as its pod's address. */
  readonly address: Address
  /** The address to listen on. Default: `address`. */
  readonly listen?: Address | undefined
  /**
   * The type of lock with which a runner holds its shards.
   *
   * - `"advisory"`, the default: locks that belong to a database session. Two runners never run the same shard. If a
   *   host freezes while its connections are open, no other runner takes over its shards until the connections end.
   * - `"table"`: table rows that expire. Another runner takes over a frozen host's shards. When the host resumes, it
   *   briefly runs the same shards, so a poll can be sent twice. This is harmless, because a poll only reads.
   */
  readonly locks?: "advisory" | "table" | undefined
  /**
   * How runners detect that another runner is dead. With `"ping"`, the default, they ping the runner. With `"k8s"`,
   * they ask Kubernetes about the runner's pod.
   */
  readonly health?: "ping" | "k8s" | undefined
}

// An arbitrary number that is the same in all processes.
const migrationLock = 4_711_061_315

/**
 * Creates the tables. The lock is necessary because runners that start on an empty database at the same time would
 * otherwise fail.
 */
const migrated = Layer.effectDiscard(Effect.scoped(Effect.gen(function*() {
  const sql = yield* SqlClient
  const connection = yield* sql.reserve
  yield* connection.executeRaw("SELECT pg_advisory_lock($1)", [migrationLock])
  yield* Effect.addFinalizer(() =>
    Effect.ignore(connection.executeRaw("SELECT pg_advisory_unlock($1)", [migrationLock]))
  )
  yield* Layer.build(Layer.merge(SqlMessageStorage.layer, Layer.orDie(SqlRunnerStorage.layer)))
})))

const engine = <E>(
  settings: Cluster.ClusterSettings,
  database: PgClient.PgClientConfig,
  socket: Layer.Layer<Sharding | MessageStorage, E, SqlClient>
): Layer.Layer<WorkflowEngine | Sharding | MessageStorage, E | ConfigError | SqlError> =>
  Cluster.engine.pipe(
    Layer.provideMerge(socket),
    Layer.provide(migrated.pipe(Layer.provide(ShardingConfig.layerFromEnv(settings)))),
    Layer.provide(PgClient.layer(database))
  )

const addressOf = (address: Address) => Option.some(RunnerAddress.make(address))

/**
 * Provides the workflow engine for a runner. The runner executes the workflows in its own shards, and takes over the
 * shards of runners that die.
 *
 * Every runner in a cluster must register the same workflows, including those in `DurableOperations.layer`, no later
 * than a minute after it starts. If a message arrives for a workflow that is not registered, the engine stores a defect
 * as the result of that message.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as DurablePostgres from "effect-google-operations/DurablePostgres"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const runner = DurableOperations.layer().pipe(
 *   Layer.provideMerge(OperationsService.layer()),
 *   Layer.provideMerge(DurablePostgres.layer({
 *     database: { url: Redacted.make("postgres://localhost/operations") },
 *     address: { host: "10.0.0.7", port: 34431 }
 *   })),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layer = (
  options: Options
): Layer.Layer<WorkflowEngine | Sharding | MessageStorage, ConfigError | SqlError | SocketServerError> => {
  const settings: Cluster.ClusterSettings = {
    ...Cluster.settings,
    runnerAddress: addressOf(options.address),
    runnerListenAddress: addressOf(options.listen ?? options.address),
    shardLockDisableAdvisory: options.locks === "table",
    ...options.shardingConfig
  }
  return engine(
    settings,
    options.database,
    NodeClusterSocket.layer({ storage: "sql", runnerHealth: options.health ?? "ping", shardingConfig: settings })
  )
}

/**
 * Provides the workflow engine for a process that sends requests to a cluster's runners but runs no workflows.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as DurableOperations from "effect-google-operations/DurableOperations"
 * import * as DurablePostgres from "effect-google-operations/DurablePostgres"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const client = DurableOperations.layerClient.pipe(
 *   Layer.provide(OperationsService.layer()),
 *   Layer.provideMerge(DurablePostgres.layerClient({
 *     database: { url: Redacted.make("postgres://localhost/operations") }
 *   })),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 */
export const layerClient = (
  options: ClientOptions
): Layer.Layer<WorkflowEngine | Sharding | MessageStorage, ConfigError | SqlError> => {
  const settings = { ...Cluster.settings, ...options.shardingConfig }
  return engine(
    settings,
    options.database,
    NodeClusterSocket.layer({ clientOnly: true, storage: "sql", shardingConfig: settings })
  )
}

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
 * import * as DurablePostgres from "effect-google-operations/DurablePostgres"
 * import * as Effect from "effect/Effect"
 *
 * const clean = (handle: OperationHandle) =>
 *   Effect.flatMap(DurablePostgres.prune(handle), (hadEnded) => Effect.log(hadEnded ? "removed" : "still waiting"))
 * ```
 */
export const prune = (
  handle: OperationHandle,
  options?: DurableOperations.WaitOptions
): Effect.Effect<boolean, PersistenceError, WorkflowEngine | Sharding | MessageStorage> =>
  Cluster.prune(DurableOperations.payloadOf(handle, options))
