/**
 * Scripts define the responses to an operation's polls, as data. A script is validated completely before it is
 * accepted.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as ProtobufAny from "../../ProtobufAny.js"
import { matches } from "../dialect/names.js"
import { firstProblem } from "../parsing.js"
import { maxSleep } from "../time/clock.js"
import { toJson } from "./json.js"

/** The maximum number of steps in a script. */
const maxSteps = 10_000

/**
 * The maximum name length, in characters. A URL with such a name still fits into the header block of an HTTP request.
 */
const maxNameLength = 2_048

// The latest time that a Date can represent, in ms: 275,760 years.
const maxDuration = 8.64e15

const millis = (max: number) =>
  Schema.Number.pipe(Schema.filter((value) => value >= 0 && value <= max, {
    message: ({ actual }) => `Expected milliseconds between 0 and ${max}, actual ${String(actual)}`
  }))

const Times = Schema.optional(Schema.Int.pipe(Schema.positive()))
const Any = Schema.optional(ProtobufAny.ProtobufAny)

const isHeaderName = (name: string): boolean => /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/.test(name)
const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

// These headers delimit the message on its connection. An incorrect value would corrupt subsequent responses on the
// same connection.
const framing = new Set(["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"])

const headerProblem = ([name, value]: readonly [string, string]): string | undefined =>
  !isHeaderName(name)
    ? `${JSON.stringify(name)} is not the name of an HTTP header`
    : framing.has(name.toLowerCase())
    ? `${name} frames the message and is set by the server`
    : !isHeaderValue(value)
    ? `the value of ${name} has a character that an HTTP header cannot have`
    : undefined

const HttpHeaders = Schema.Record({ key: Schema.String, value: Schema.String }).pipe(
  Schema.filter((headers) => Object.entries(headers).map(headerProblem).find((problem) => problem !== undefined))
)

// Codes above 16 are not defined today, but clients must accept them.
const RpcCode = Schema.Int.pipe(Schema.between(0, 2 ** 31 - 1))

// The fields that all steps share.
const common = {
  /** How long the response is delayed, in milliseconds. Default: 0. */
  delay: Schema.optional(millis(maxSleep))
}

const Pending = Schema.Struct({
  type: Schema.Literal("pending"),
  /** The number of polls to which the step responds, unless `duration` is set. Default: 1. */
  times: Times,
  /** How long the step lasts, in milliseconds. */
  duration: Schema.optional(millis(maxDuration)),
  /** The operation metadata. Default: none. */
  metadata: Any,
  /** Additional response headers, such as `{ "retry-after": "2" }`. */
  headers: Schema.optional(HttpHeaders),
  ...common
})

const Succeeded = Schema.Struct({
  type: Schema.Literal("succeeded"),
  /** The operation's response. Default: none, as for a method that returns `google.protobuf.Empty`. */
  response: Any,
  /** The operation metadata. Default: none. */
  metadata: Any,
  ...common
})

const Failed = Schema.Struct({
  type: Schema.Literal("failed"),
  /** The operation's error, a `google.rpc.Status`. */
  error: Schema.Struct({
    /** The numeric `google.rpc.Code`. */
    code: RpcCode,
    /** The server's description of the error. */
    message: Schema.String,
    /** Messages that describe the error in detail. Default: none. */
    details: Schema.optional(Schema.Array(ProtobufAny.ProtobufAny))
  }),
  /** The operation metadata. Default: none. */
  metadata: Any,
  ...common
})

const Http = Schema.Struct({
  type: Schema.Literal("http"),
  /** The HTTP status, from 200 to 599. */
  status: Schema.Int.pipe(Schema.between(200, 599)),
  /** The number of polls to which the step responds. Default: 1. */
  times: Times,
  /** The response headers. Default: none. */
  headers: Schema.optional(HttpHeaders),
  /** The response body, as text. Default: none. */
  body: Schema.optional(Schema.String),
  ...common
})

const Cut = Schema.Struct({
  type: Schema.Literal("cut"),
  /** Where in the response the connection closes. */
  at: Schema.Literal("beforeHeaders", "withinHeaders", "withinBody"),
  /** The number of polls to which the step responds. Default: 1. */
  times: Times,
  ...common
})

const Gone = Schema.Struct({
  type: Schema.Literal("gone"),
  /** The number of polls to which the step responds. Default: 1. */
  times: Times,
  ...common
})

// The public modules build their own `Step` type from these types, because `typeof Pending.Type` has no name in hovers
// and errors.
/** @inline */
export type PendingStep = typeof Pending.Type

/** @inline */
export type SucceededStep = typeof Succeeded.Type

/** @inline */
export type FailedStep = typeof Failed.Type

/** @inline */
export type HttpStep = typeof Http.Type

/** @inline */
export type CutStep = typeof Cut.Type

/** @inline */
export type GoneStep = typeof Gone.Type

/** @internal */
export type Step = PendingStep | SucceededStep | FailedStep | HttpStep | CutStep | GoneStep

/** @internal */
export type Steps = NonEmptyReadonlyArray<Step>

const decode = <A, I>(schema: Schema.Schema<A, I>) => {
  const decodeUnknown = Schema.decodeUnknownEither(schema, { onExcessProperty: "error" })
  return (at: string, value: unknown): Either.Either<A, string> =>
    Either.mapLeft(decodeUnknown(value), (failure) => {
      const problem = firstProblem(failure)
      return problem === undefined
        ? `${at}: ${shorten(failure.message)}`
        : `${problem.path === "" ? at : `${at}.${problem.path}`}: ${shorten(problem.message)}`
    })
}

// Shortens a problem description, because it quotes the value, which can be large.
const shorten = (text: string): string => text.length > 300 ? `${text.slice(0, 300)}…` : text

const decoders: ReadonlyMap<unknown, (at: string, value: unknown) => Either.Either<Step, string>> = new Map<
  unknown,
  (at: string, value: unknown) => Either.Either<Step, string>
>([
  ["pending", decode(Pending)],
  ["succeeded", decode(Succeeded)],
  ["failed", decode(Failed)],
  ["http", decode(Http)],
  ["cut", decode(Cut)],
  ["gone", decode(Gone)]
])

const types = [...decoders.keys()].join(", ")

const decodeStep = (at: string, step: unknown): Either.Either<Step, string> => {
  if (typeof step !== "object" || step === null || Array.isArray(step)) {
    return Either.left(`${at}: Expected a step, an object with a type`)
  }
  const type = "type" in step ? step.type : undefined
  const decoder = decoders.get(type)
  return decoder === undefined
    ? Either.left(`${at}.type: Expected one of ${types}, actual ${shorten(JSON.stringify(type) ?? "none")}`)
    : decoder(at, step)
}

const isNonEmpty = (steps: ReadonlyArray<Step>): steps is Steps => steps.length > 0

/**
 * Decodes script steps from JSON or from a program's value. The result is a copy, so later changes to the input have no
 * effect.
 *
 * @internal
 */
export const decodeSteps = (input: unknown): Either.Either<Steps, string> =>
  Either.flatMap(toJson("steps", input ?? null), (json) => {
    if (!Array.isArray(json)) return Either.left("steps: Expected an array of steps")
    if (json.length > maxSteps) return Either.left(`steps: Expected at most ${maxSteps} steps, actual ${json.length}`)
    const steps = Either.all(json.map((step: unknown, index) => decodeStep(`steps[${index}]`, step)))
    return Either.filterOrLeft(steps, isNonEmpty, () => "steps: Expected at least one step")
  })

/**
 * The default operation name pattern: relative resource names in a collection whose name ends in `operations`, such as
 * `operations/a` or `projects/p/operations/a`.
 *
 * @internal
 */
export const anyOperationName = /^(?!\/)(?:.*\/)?(?:[a-z]\w*O|o)perations\/./s

/**
 * Decodes an operation name, which must match a pattern.
 *
 * @internal
 */
export const decodeName = (input: unknown, pattern: RegExp): Either.Either<string, string> =>
  typeof input !== "string"
    ? Either.left("name: Expected the name of an operation")
    : input.length > maxNameLength
    ? Either.left(`name: Expected at most ${maxNameLength} characters, actual ${input.length}`)
    : !matches(pattern, input)
    ? Either.left(
      `name: Expected the name of an operation, ${
        pattern === anyOperationName ? "such as operations/a" : `which matches ${pattern}`
      }, actual ${shorten(JSON.stringify(input))}`
    )
    : Either.right(input)

/**
 * Returns whether a resource name refers to a collection of operations, such as `projects/p/operations`.
 *
 * @internal
 */
export const isOperationCollection = (name: string): boolean =>
  !name.startsWith("/") && /(?:^|\/)(?:[a-z]\w*O|o)perations$/.test(name)
