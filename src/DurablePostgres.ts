/**
 * The workflow engine of a cluster of processes that keep their state in Postgres.
 *
 * Needs Node and the optional peers `@effect/workflow`, `@effect/cluster`, `@effect/rpc`, `@effect/sql`, `@effect/sql-pg` and
 * `@effect/platform-node`.
 *
 * @since 0.4.0
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
 * A process that asks the runners of a cluster, and runs nothing itself.
 *
 * @since 0.4.0
 * @category models
 */
export interface ClientOptions {
  /** The database. All processes of a cluster use the same one. */
  readonly database: PgClient.PgClientConfig
  /** Settings of `@effect/cluster` that differ from the recommended ones. */
  readonly shardingConfig?: Partial<ShardingConfig.ShardingConfig["Type"]> | undefined
}

/**
 * Where a runner is reached.
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
 * A runner of a cluster.
 *
 * @since 0.4.0
 * @category models
 */
export interface Options extends ClientOptions {
  /** Where the other processes reach this runner: its own address, such as that of its pod. */
  readonly address: Address
  /** Where it listens. Default: `address`. */
  readonly listen?: Address | undefined
  /**
   * How a runner keeps its shards.
   *
   * - `"advisory"`, the default: by locks of its session. No shard is ever run twice. The shards of a host that freezes, with its
   *   connections open, are not taken over until the connection ends.
   * - `"table"`: by rows that expire. Another runner takes over the shards of a frozen host. When the host resumes, it also runs them for a
   *   moment, so a poll can be sent twice. A poll only reads.
   */
  readonly locks?: "advisory" | "table" | undefined
  /** How runners find out that another one is dead: they ping it (the default), or ask Kubernetes about its pod. */
  readonly health?: "ping" | "k8s" | undefined
}

// Any number, the same in all processes.
const migrationLock = 4_711_061_315

/**
 * Makes the tables. Runners that start at the same time on an empty database would make them at the same time, and fail.
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
 * Provides the workflow engine of a runner. It takes its share of the cluster's work, and that of runners that die.
 *
 * Every runner of a cluster must register the same workflows, `DurableOperations.layer` among them, within a minute of its start: the
 * engine stores a defect for a message whose workflow no layer registers.
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
 * Provides the workflow engine of a process that asks the runners of a cluster, and runs nothing itself.
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
 * Removes what the storage has about a wait that has ended, and returns whether it had ended. Until then a wait with the same handle
 * and options gets the stored result; afterwards it reads the operation again.
 *
 * Prune a wait only when the workflows that waited have ended, too: one that is replayed would wait again.
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
