/**
 * The stored data of a durable wait: the verdict about an operation, or the progress of the wait without a verdict.
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
    /** The name of the operation, which must be read again. */
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
 * The progress without a verdict. It contains the values that the body of the workflow needs, because the body must not
 * read a clock.
 *
 * @internal
 */
export const Pending = Schema.TaggedStruct("Pending", {
  /** The number of polls in all segments. */
  polls: Schema.Number,
  /** The time until the deadline, in ms. */
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

// An activity compiles its schemas each time the workflow is replayed. These schemas are compiled once.
const End = Schema.Union(Verdict, Pending, Schema.TaggedStruct("Failed", { error: VerdictError }))
const encodeEnd = Schema.encode(End)
const decodeEnd = Schema.decodeUnknown(End)

/**
 * Converts the end of a segment to stored JSON.
 *
 * @internal
 */
export const toStored = <R>(segment: Effect.Effect<Progress, VerdictError, R>): Effect.Effect<unknown, never, R> =>
  segment.pipe(
    Effect.catchAll((error) => Effect.succeed<typeof End.Type>({ _tag: "Failed", error })),
    Effect.flatMap((end) => Effect.orDie(encodeEnd(end)))
  )

/**
 * Converts stored JSON to the end of a segment.
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

// The size in bytes of JSON.
const size = (json: unknown): number => encoder.encode(JSON.stringify(json)).length

/**
 * Returns the verdict of a succeeded operation.
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
 * Returns a timeout error that is small enough to store, without the last state and the last failure if they are large.
 *
 * @internal
 */
export const smallTimeout = (error: WaitTimeoutError, maxStoredSize: number): WaitTimeoutError => {
  if (size(encodeTimeout(error)) <= maxStoredSize) return error
  const { elapsed, operationName, polls, reason } = error
  return new WaitTimeoutError({ elapsed, operationName, polls, reason })
}
