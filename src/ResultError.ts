/**
 * The error of an operation that succeeded with an unexpected response.
 *
 * @since 0.2.0
 * @module
 */
import type { ParseError } from "effect/ParseResult"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { firstProblem, ParseErrorFromJson, showable } from "./internal/parsing.js"
import { maxMessage, oneLine, sentence } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import * as Operation from "./Operation.js"
import * as ProtobufAny from "./ProtobufAny.js"

/**
 * The key of the property that marks a `ResultError`. The key is the same in all copies and versions of this package.
 *
 * @since 0.2.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/ResultError"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.2.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/ResultError"

/**
 * Checks whether a value is a `ResultError`.
 *
 * @since 0.2.0
 * @category guards
 */
export const isResultError = (u: unknown): u is ResultError => hasProperty(u, TypeId)

// The maximum length of a problem description, in characters. A description can quote a long value.
const maxProblem = 200

const describe = (response: ProtobufAny.ProtobufAny | undefined, expected: string, cause: ParseError): string => {
  if (response === undefined) return "it is absent"
  const actual = ProtobufAny.typeName(response)
  if (actual === "") return "it is a message without @type"
  if (actual !== expected) return `it is of type ${actual}`
  const problem = firstProblem(cause)
  if (problem === undefined) return "it does not decode"
  const { isMissing, message, path } = problem
  return path === "" ? message : `${path}${isMissing ? "" : ":"} ${message}`
}

/**
 * The operation succeeded, but its response is not what the `OperationInfo` expects. The response is of another type,
 * does not decode with the schema, or is absent. `response` contains the raw response.
 *
 * Do not start the operation again because of this error. Waiting for the operation again fails with the same error.
 * The class is also a schema, so a program can send the error to another process as JSON.
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
export class ResultError
  extends Schema.TaggedError<ResultError>("effect-google-operations/ResultError")("ResultError", {
    /** The final state of the operation. */
    operation: Operation.inState<Operation.Succeeded>("Succeeded", Operation.isSucceeded),
    /** The full name of the expected response type. */
    expected: Schema.String,
    /** Why and at which field the response does not decode. */
    cause: ParseErrorFromJson
  })
{
  // The constructor takes the same fields as the schema class's own constructor, because decoding calls it.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** The final state of the operation. */
    readonly operation: Operation.Succeeded
    /** The full name of the expected response type. */
    readonly expected: string
    /** Why and at which field the response does not decode. */
    readonly cause: ParseError
  }) {
    const { cause, ...given } = errorFields(ResultError.fields, fields)
    super({ ...given, cause: showable(cause) }, true)
  }

  /**
   * @since 0.2.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** The raw response, or undefined if it is absent. */
  get response(): ProtobufAny.ProtobufAny | undefined {
    return this.operation.response
  }

  /**
   * Names the operation and says why its response does not decode. The message is one line of at most 4,000 characters.
   */
  override get message(): string {
    const { cause, expected, operation, response } = this
    const subject = operation.name === "" ? "The operation" : `Operation ${oneLine(operation.name)}`
    const problem = oneLine(describe(response, expected, cause), maxProblem)
    return oneLine(
      `${subject} succeeded, but its response is not the ${oneLine(expected)} that was expected: ${
        sentence(problem)
      } ` +
        "Do not start the operation again",
      maxMessage
    )
  }
}
