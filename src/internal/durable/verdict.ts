/**
 * What a durable wait stores: the verdict about an operation, or that there is none yet.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HttpError } from "../../HttpError.js"
import * as Operation from "../../Operation.js"
import { OperationError } from "../../OperationError.js"
import { WaitTimeoutError } from "../../WaitTimeoutError.js"

/**
 * The result of an operation, or its name if the result is too large to store.
 *
 * @internal
 */
export const Verdict = Schema.Union(
  Schema.TaggedStruct("Stored", {
    /** The operation with its result. */
    operation: Operation.inState<Operation.Succeeded>("Succeeded", Operation.isSucceeded)
  }),
  Schema.TaggedStruct("Reference", {
    /** The operation, which has to be read again. */
    operationName: Schema.String
  })
)

/** @internal */
export type Verdict = typeof Verdict.Type

/** @internal */
export const VerdictError = Schema.Union(OperationError, WaitTimeoutError, HttpError)

/** @internal */
export type VerdictError = typeof VerdictError.Type

/**
 * No verdict yet. It holds what the body of the workflow must know, because the body reads no clock.
 *
 * @internal
 */
export const Pending = Schema.TaggedStruct("Pending", {
  /** How many polls all segments have made. */
  polls: Schema.Number,
  /** How long until the deadline, in ms. */
  remaining: Schema.optional(Schema.Number),
  /** Why the segment ended early. */
  problem: Schema.optional(Schema.Literal("failing", "closing")),
  /** Whether an event has woken the wait. */
  isWoken: Schema.Boolean
})

/** @internal */
export type Pending = typeof Pending.Type

/** @internal */
export const Progress = Schema.Union(Verdict, Pending)

/** @internal */
export type Progress = typeof Progress.Type

// An activity compiles its schemas each time the workflow is replayed, so they are compiled here, once.
const End = Schema.Union(Verdict, Pending, Schema.TaggedStruct("Failed", { error: VerdictError }))
const encodeEnd = Schema.encode(End)
const decodeEnd = Schema.decodeUnknown(End)

/**
 * How a segment ends, as the JSON that is stored.
 *
 * @internal
 */
export const toStored = <R>(segment: Effect.Effect<Progress, VerdictError, R>): Effect.Effect<unknown, never, R> =>
  segment.pipe(
    Effect.catchAll((error) => Effect.succeed<typeof End.Type>({ _tag: "Failed", error })),
    Effect.flatMap((end) => Effect.orDie(encodeEnd(end)))
  )

/**
 * How a segment ended, from the JSON that is stored.
 *
 * @internal
 */
export const fromStored = (json: unknown): Effect.Effect<Progress, VerdictError> =>
  Effect.flatMap(
    Effect.orDie(decodeEnd(json)),
    (end): Effect.Effect<Progress, VerdictError> => end._tag === "Failed" ? Effect.fail(end.error) : Effect.succeed(end)
  )

const encodeTimeout = Schema.encodeSync(WaitTimeoutError)

const encoder = new TextEncoder()

// In bytes of JSON.
const size = (json: unknown): number => encoder.encode(JSON.stringify(json)).length

/**
 * The verdict of an operation that has succeeded.
 *
 * @internal
 */
export const stored = (operation: Operation.Succeeded, maxStoredSize: number): Verdict =>
  size(Operation.toJson(operation)) > maxStoredSize
    ? { _tag: "Reference", operationName: operation.name }
    : { _tag: "Stored", operation }

/**
 * Tells whether the error of an operation is small enough to store.
 *
 * @internal
 */
export const isSmall = (error: OperationError, maxStoredSize: number): boolean =>
  size(Operation.toJson(error.operation)) <= maxStoredSize

/**
 * A timeout that is small enough to store: without the last state or the last failure if they are large.
 *
 * @internal
 */
export const smallTimeout = (error: WaitTimeoutError, maxStoredSize: number): WaitTimeoutError => {
  if (size(encodeTimeout(error)) <= maxStoredSize) return error
  const { elapsed, operationName, polls, reason } = error
  return new WaitTimeoutError({ elapsed, operationName, polls, reason })
}
