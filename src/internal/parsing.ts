/**
 * Creates and reads the errors of Effect's Schema. No other file uses these error types.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { oneLine } from "./text.js"
import { isDeep } from "./values.js"

/**
 * Creates a schema from two functions. If `decode` returns a `Left`, its text describes the problem.
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
 * Creates the error for a value that does not match a schema.
 *
 * @internal
 */
export const mismatch = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  actual: unknown,
  problem: string
): ParseResult.ParseError => ParseResult.parseError(new ParseResult.Type(schema.ast, actual, problem))

// The declaration of ResultError refers to this type by name, so it is not marked as internal.
/** Describes a problem with a value, and where in the value it occurs. */
export interface Misfit {
  /** The path to the part with the problem. It is empty for the value itself. */
  readonly path: ReadonlyArray<string | number>
  readonly message: string
}

const maxMisfits = 100

const format = (error: ParseResult.ParseError): ReadonlyArray<Misfit> =>
  ParseResult.ArrayFormatter.formatErrorSync(error).slice(0, maxMisfits).map(({ message, path }) => ({
    path: path.map((key) => typeof key === "number" ? key : String(key)),
    message: oneLine(message)
  }))

const tooLarge: Misfit = { path: [], message: "the value does not decode, and is too large to show" }

// Schema's formatter throws if a value is deeply nested.
const misfits = (error: ParseResult.ParseError): ReadonlyArray<Misfit> => {
  try {
    return isDeep(error.issue.actual) ? [tooLarge] : format(error)
  } catch {
    return [tooLarge]
  }
}

const fromMisfits = ([first = tooLarge, ...others]: ReadonlyArray<Misfit>): ParseResult.ParseError => {
  const issue = ({ message, path: [key, ...keys] }: Misfit): ParseResult.ParseIssue => {
    const type = new ParseResult.Type(Schema.Unknown.ast, undefined, message)
    return key === undefined ? type : new ParseResult.Pointer([key, ...keys], undefined, type)
  }
  return ParseResult.parseError(
    others.length === 0
      ? issue(first)
      : new ParseResult.Composite(Schema.Unknown.ast, undefined, [issue(first), ...others.map(issue)])
  )
}

/**
 * Returns the same error, or a replacement if Schema cannot format its message.
 *
 * @internal
 */
export const showable = (error: ParseResult.ParseError): ParseResult.ParseError => {
  const found = misfits(error)
  return found[0] === tooLarge ? fromMisfits(found) : error
}

/**
 * Encodes a `ParseError` so that it can be sent to another process. The encoded form contains the messages and paths,
 * but no values or schemas.
 *
 * @internal
 */
export const ParseErrorFromJson: Schema.Schema<ParseResult.ParseError, ReadonlyArray<Misfit>> = Schema.transform(
  Schema.Array(Schema.Struct({
    path: Schema.Array(Schema.Union(Schema.String, Schema.Number)),
    message: Schema.String
  })),
  Schema.declare(ParseResult.isParseError, { identifier: "ParseError" }),
  { strict: true, decode: fromMisfits, encode: misfits }
)

/** @internal */
export interface Problem {
  /** The path to the part with the problem, such as `steps.0.type`. It is empty for the value itself. */
  readonly path: string
  readonly message: string
  readonly isMissing: boolean
}

/**
 * Returns the first problem that an error reports.
 *
 * @internal
 */
export const firstProblem = (error: ParseResult.ParseError): Problem | undefined => {
  const [misfit] = misfits(error)
  return misfit && {
    path: misfit.path.join("."),
    message: misfit.message,
    isMissing: misfit.message === "is missing"
  }
}
