/**
 * The common parts of both set-ups: the settings of the cluster, and the removal of stored data.
 */
import type { PersistenceError } from "@effect/cluster/ClusterError"
import * as ClusterWorkflowEngine from "@effect/cluster/ClusterWorkflowEngine"
import { EntityAddress } from "@effect/cluster/EntityAddress"
import { EntityId } from "@effect/cluster/EntityId"
import { EntityType } from "@effect/cluster/EntityType"
import * as MessageStorage from "@effect/cluster/MessageStorage"
import * as Sharding from "@effect/cluster/Sharding"
import type * as ShardingConfig from "@effect/cluster/ShardingConfig"
import type { WorkflowEngine } from "@effect/workflow/WorkflowEngine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { whileUnreachable } from "./shared.js"
import { Continuation, type Payload, Wait } from "./workflows.js"

/** @internal */
export type ClusterSettings = Partial<ShardingConfig.ShardingConfig["Type"]>

/**
 * With these settings another runner takes over within 5 to 14 seconds from one that was killed: when a ping finds that it is dead, or
 * when its heartbeat expires. With the defaults of the cluster it takes 35 to 50 seconds.
 *
 * The interval of the refreshes is also the time limit of each operation on the locks. A runner that exceeds it gives up its shards, so a
 * shorter one makes the cluster fragile on a busy host.
 *
 * @internal
 */
export const settings: ClusterSettings = {
  shardLockRefreshInterval: "4 seconds",
  shardLockExpiration: "12 seconds",
  entityMessagePollInterval: "1 second",
  refreshAssignmentsInterval: "1 second",
  runnerHealthCheckInterval: "5 seconds"
}

/**
 * The workflow engine of a cluster. It resumes a suspended workflow by a reset of its message. `Sharding` reports a reset that the
 * storage refused as `false`, which the engine ignores, so the workflow would be suspended for ever. Here the reset is repeated.
 *
 * @internal
 */
export const engine: Layer.Layer<
  WorkflowEngine,
  never,
  Sharding.Sharding | MessageStorage.MessageStorage
> = ClusterWorkflowEngine.layer.pipe(
  Layer.provide(Layer.effect(
    Sharding.Sharding,
    Effect.map(Sharding.Sharding, (sharding) => ({
      ...sharding,
      reset: (requestId) =>
        Effect.repeat(sharding.reset(requestId), {
          until: (isReset) => isReset,
          schedule: whileUnreachable
        }).pipe(Effect.as(true))
    }))
  ))
)

// The entity of the engine that has the clocks of all workflows.
const clocks = "Workflow/-/DurableClock"

const workflowType = (name: string): string => `Workflow/${name}`

// Removes the stored data of executions.
const clear = (
  entityTypes: ReadonlyArray<string>,
  executionId: string
): Effect.Effect<void, PersistenceError, Sharding.Sharding | MessageStorage.MessageStorage> =>
  Effect.gen(function*() {
    const sharding = yield* Sharding.Sharding
    const storage = yield* MessageStorage.MessageStorage
    const entityId = EntityId.make(executionId)
    const shardId = sharding.getShardId(entityId, "default")
    for (const entityType of entityTypes) {
      yield* storage.clearAddress(
        new EntityAddress({ entityType: EntityType.make(entityType), entityId, shardId })
      )
    }
  })

/** @internal */
export const prune = (
  payload: Payload
): Effect.Effect<boolean, PersistenceError, WorkflowEngine | Sharding.Sharding | MessageStorage.MessageStorage> =>
  Effect.gen(function*() {
    const execution = yield* Wait.executionId(payload)
    if ((yield* Wait.poll(execution))?._tag !== "Complete") return false
    // From the last to the first.
    const continuations: Array<string> = []
    for (let epoch = 1;; epoch++) {
      const continuation = yield* Continuation.executionId({ ...payload, epoch, polls: 0 })
      if ((yield* Continuation.poll(continuation)) === undefined) break
      continuations.unshift(continuation)
    }
    for (const continuation of continuations) {
      yield* clear([workflowType(Continuation.name), clocks], continuation)
    }
    // Removed last. While it exists, the call can be repeated.
    yield* clear([workflowType(Wait.name), clocks], execution)
    return true
  })
