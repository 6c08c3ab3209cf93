/**
 * The success of an operation whose response is not of the expected type.
 *
 * @since 0.2.0
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
 * The property that marks a `ResultError`, whichever copy of this package made it.
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

// A problem quotes the value that does not fit.
const maxProblem = 200

const describe = (response: ProtobufAny.ProtobufAny | undefined, expected: string, cause: ParseError): string => {
  if (response === undefined) return "there is none"
  const actual = ProtobufAny.typeName(response)
  if (actual === "") return "it is a message without @type"
  if (actual !== expected) return `it is of type ${actual}`
  const problem = firstProblem(cause)
  if (problem === undefined) return "it does not decode"
  const { isMissing, message, path } = problem
  return path === "" ? message : `${path}${isMissing ? "" : ":"} ${message}`
}

/**
 * The operation succeeded, so do not start it again because of this error. Its response is of another type than the
 * `OperationInfo` expects, does not decode with its schema, or is absent. The raw response is kept.
 *
 * Waiting again gives the same error; it takes one request for a name, and none for `error.operation`. The error is a schema
 * as well, so it can cross processes.
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
    /** The last state of the operation. */
    operation: Operation.inState<Operation.Succeeded>("Succeeded", Operation.isSucceeded),
    /** The full name of the type that was expected. */
    expected: Schema.String,
    /** What does not fit, and where. */
    cause: ParseErrorFromJson
  })
{
  // The class's own constructor takes the same fields, so decoding works.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: {
    /** The last state of the operation. */
    readonly operation: Operation.Succeeded
    /** The full name of the type that was expected. */
    readonly expected: string
    /** What does not fit, and where. */
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

  /** The raw response, if there is one. */
  get response(): ProtobufAny.ProtobufAny | undefined {
    return this.operation.response
  }

  /** Which operation it is, and what of its response does not fit. At most 4,000 characters on one line. */
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
