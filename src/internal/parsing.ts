/**
 * What Effect's Schema says of a value that does not fit: the only file that makes such errors, and that reads them.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A schema made of functions; the left side of `decode` says what is wrong.
 *
 * @internal
 */
export const fromFunctions = <A, I>(
  from: Schema.Schema<I>,
  to: Schema.Schema<A>,
  functions: {
    readonly decode: (input: I) => Either.Either<A, string>
    readonly encode: (value: A) => I
  }
): Schema.Schema<A, I> =>
  Schema.transformOrFail(from, to, {
    strict: true,
    decode: (input, _, ast) =>
      Either.mapLeft(functions.decode(input), (problem) => new ParseResult.Type(ast, input, problem)),
    encode: (value) => ParseResult.succeed(functions.encode(value))
  })

/**
 * The error of a value that is not what a schema is for.
 *
 * @internal
 */
export const mismatch = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  actual: unknown,
  problem: string
): ParseResult.ParseError => ParseResult.parseError(new ParseResult.Type(schema.ast, actual, problem))

/** @internal */
export interface Problem {
  /** Where, such as `steps.0.type`; empty for the value itself. */
  readonly path: string
  readonly message: string
  readonly isMissing: boolean
}

/**
 * The first thing that is wrong.
 *
 * @internal
 */
export const firstProblem = (error: ParseResult.ParseError): Problem | undefined => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return issue && {
    path: issue.path.map(String).join("."),
    message: issue.message,
    isMissing: issue._tag === "Missing"
  }
}
