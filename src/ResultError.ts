/**
 * The operation succeeded, and its response is not what the caller's types say. Nothing is lost: the raw response is kept.
 *
 * @since 0.2.0
 */
import * as Data from "effect/Data"
import type { ParseError } from "effect/ParseResult"
import { hasProperty } from "effect/Predicate"
import { firstProblem } from "./internal/parsing.js"
import type * as Operation from "./Operation.js"
import * as ProtobufAny from "./ProtobufAny.js"

/**
 * The property that marks a `ResultError`, whichever copy of this package has made it.
 *
 * @since 0.2.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/ResultError"

/**
 * The name of that property, as a type.
 *
 * @since 0.2.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/ResultError"

/**
 * Tells whether a value is a `ResultError`.
 *
 * @since 0.2.0
 * @category guards
 */
export const isResultError = (u: unknown): u is ResultError => hasProperty(u, TypeId)

const describe = (response: ProtobufAny.ProtobufAny | undefined, expected: string, cause: ParseError) => {
  if (response === undefined) return "there is none"
  const actual = ProtobufAny.typeName(response)
  if (actual === "") return "it is a message without @type"
  if (actual !== expected) return `it is of type ${actual}`
  const problem = firstProblem(cause)
  if (problem === undefined) return "it does not decode"
  const { isMissing, message, path } = problem
  const words = path === "" ? message : `${path}${isMissing ? "" : ":"} ${message}`
  // It quotes the value, which can be of any size.
  return words.length > 200 ? `${words.slice(0, 200)}…` : words
}

/**
 * The operation itself succeeded, and what it did is done: do not start it again because of this error. Only its
 * response is of another type than the caller's `OperationInfo`, does not decode with its schema, or is not there.
 *
 * Waiting again gives the same error, at the cost of one request for a name and of none for `error.operation`.
 *
 * @since 0.2.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationInfo from "effect-google-operations/OperationInfo"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const CreateAccessPolicy = OperationInfo.make({
 *   response: {
 *     typeName: "google.identity.accesscontextmanager.v1.AccessPolicy",
 *     schema: Schema.Struct({ name: Schema.String, title: Schema.String })
 *   }
 * })
 *
 * const name = CreateAccessPolicy.result("operations/accessPolicies/1/create/1700000000000001").pipe(
 *   Effect.map((policy) => policy.name),
 *   Effect.catchTag("ResultError", (error) => Effect.succeed(error.response?.["name"]))
 * )
 * ```
 */
export class ResultError extends Data.TaggedError("ResultError")<{
  /** The operation, as it ended. */
  readonly operation: Operation.Succeeded
  /** The full name of the type that was expected. */
  readonly expected: string
  /** What does not fit, and where. */
  readonly cause: ParseError
}> {
  /**
   * @since 0.2.0
   */
  readonly [TypeId]: TypeId = TypeId

  /** The response as it came, if one came. */
  get response(): ProtobufAny.ProtobufAny | undefined {
    return this.operation.response
  }

  /** Which operation it is, and what of its response does not fit. */
  override get message(): string {
    const { cause, expected, operation, response } = this
    const subject = operation.name === "" ? "The operation" : `Operation ${operation.name}`
    return `${subject} succeeded, but its response is not the ${expected} that was expected: ${
      describe(response, expected, cause)
    }`
  }
}
