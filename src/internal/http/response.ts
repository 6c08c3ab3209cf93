/**
 * The answer of a server becomes an operation, a page of them, or an `HttpError`.
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import type * as Dialect from "../../Dialect.js"
import type { GoogleApi } from "../../GoogleApi.js"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import { type ErrorContext, exchangeError } from "./errors.js"
import { type GoogleError, googleError, isTransient, transientHttpStatuses } from "./googleError.js"
import { redact, redactCut, secretsOf } from "./redaction.js"
import type { RawResponse as Answer } from "./transport.js"

const header = (answer: Answer, name: string): string | undefined => {
  const value = answer.headers[name]
  return typeof value === "string" ? value : value?.[0]
}

// RFC 9110, section 5.6.7: the preferred form and the two obsolete ones that a recipient must still read.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

// What `Retry-After` asks for, in ms from `now` (ms since the epoch): seconds or an HTTP date (RFC 9110, 10.2.3). Nonsense
// asks for nothing.
const retryAfterMillis = (answer: Answer, now: () => number): number | undefined => {
  const value = header(answer, "retry-after")?.trim()
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  if (!httpDate.test(value)) return undefined
  const date = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now())
}

const advice = (answer: Answer, google: GoogleError | undefined): string => {
  if (answer.status >= 300 && answer.status < 400) {
    return "redirects are not followed, so that no credential leaves the API's origin; check the base URL"
  }
  if (google !== undefined) return google.status.message
  switch (answer.status) {
    case 401:
      return "the credentials were refused"
    case 404:
      return "this is no answer of a Google API, so the path has no route there; check the base URL and the version"
    default:
      return transientHttpStatuses.has(answer.status)
        ? "the server could not handle it now"
        : "the answer holds no Google error; see its body"
  }
}

// For what ends up in an error: a server may echo the request's headers in any string.
const parseWithoutSecrets = (context: ErrorContext, text: string): unknown => {
  const secrets = secretsOf(context.secrets)
  try {
    return JSON.parse(text, (_, value) => typeof value === "string" ? redact(secrets, value) : value)
  } catch {
    return undefined
  }
}

const errorBodyLength = 16_384

// What an error keeps of a body.
const keptBody = (context: ErrorContext, answer: Answer): string =>
  (answer.truncated ? redactCut : redact)(secretsOf(context.secrets), answer.body).slice(0, errorBodyLength)

const statusCodeError = (context: ErrorContext, answer: Answer, now: () => number): HttpError.HttpError => {
  const google = googleError(parseWithoutSecrets(context, answer.body), answer.status)
  const hints = [
    retryAfterMillis(answer, now),
    google?.status.retryInfo?.retryDelay && Duration.toMillis(google.status.retryInfo.retryDelay)
  ].filter((hint) => hint !== undefined)
  return exchangeError(context, {
    reason: "StatusCode",
    description: advice(answer, google),
    httpStatus: answer.status,
    status: google?.status,
    body: keptBody(context, answer),
    retryAfter: hints.length === 0 ? undefined : Duration.millis(Math.max(...hints)),
    isTransient: isTransient(answer.status, google)
  })
}

/** @internal */
export const decodeError = (context: ErrorContext, answer: Answer, description: string): HttpError.HttpError =>
  exchangeError(context, {
    reason: "Decode",
    description,
    httpStatus: answer.status,
    body: keptBody(context, answer)
  })

// V8's own words quote the body, so they are not kept.
const notJson = (context: ErrorContext, answer: Answer): HttpError.HttpError => {
  const start = redact(secretsOf(context.secrets), answer.body).trim().slice(0, 40)
  return decodeError(
    context,
    answer,
    start === ""
      ? "the body is empty; check the base URL and the version"
      : `the body is not JSON, it begins with ${JSON.stringify(start)}; check the base URL and the version`
  )
}

// Reads an answer's JSON with `decode`, whose left side says what is wrong with it.
const interpret = <A>(
  context: ErrorContext,
  answer: Answer,
  now: () => number,
  what: string,
  decode: (json: unknown) => Either.Either<A, string>
): Either.Either<A, HttpError.HttpError> => {
  if (answer.status < 200 || answer.status >= 300) return Either.left(statusCodeError(context, answer, now))
  if (answer.truncated) {
    return Either.left(decodeError(context, answer, `the body is larger than maxBodySize and was read no further`))
  }
  let json: unknown
  try {
    json = JSON.parse(answer.body)
  } catch {
    return Either.left(notJson(context, answer))
  }
  return Either.mapLeft(
    decode(json),
    (problem) => decodeError(context, answer, `the body is not ${what}: ${problem}; check the base URL and the version`)
  )
}

/**
 * A state of an operation, and how long the server wants to be left alone after it (ms).
 *
 * @internal
 */
export interface Snapshot {
  readonly operation: Operation.Operation
  readonly retryAfter: number | undefined
  /** When the server began to hold its answer (`:wait`), in ms by the monotonic clock. */
  readonly heldSince?: number | undefined
}

/**
 * Reads the answer of a method that gives nothing back: `google.protobuf.Empty`.
 *
 * @internal
 */
export const toVoid = (
  context: ErrorContext,
  answer: Answer,
  now: () => number
): Either.Either<void, HttpError.HttpError> =>
  interpret(
    context,
    answer,
    now,
    "a google.protobuf.Empty",
    (json) => isRecord(json) ? Either.void : Either.left("it must be an object")
  )

/**
 * Reads a page of a list.
 *
 * @internal
 */
export const toPage = (api: GoogleApi, list: Dialect.List, collection: string) =>
(
  context: ErrorContext,
  answer: Answer,
  now: () => number
): Either.Either<Dialect.Page, HttpError.HttpError> => {
  const decode = (json: unknown) => list.decode(json, { collection, operationName: api.operationName })
  return Either.map(
    interpret(context, answer, now, "a page of operations", decode),
    (page) =>
      page.operations.some(({ _tag }) => _tag === "Failed")
        ? Either.getOrElse(decode(parseWithoutSecrets(context, answer.body)), () => page)
        : page
  )
}

/**
 * Reads the state of an operation. `name` is the one that was asked for; a request that starts an operation has none.
 *
 * @internal
 */
export const toSnapshot = (api: GoogleApi, name: string | undefined) =>
(
  context: ErrorContext,
  answer: Answer,
  now: () => number
): Either.Either<Snapshot, HttpError.HttpError> => {
  const decode = (json: unknown) => api.dialect.decode(json, { name, operationName: api.operationName })
  return Either.map(
    interpret(context, answer, now, "a google.longrunning.Operation", decode),
    (operation) => ({
      operation: operation._tag === "Failed"
        ? Either.getOrElse(decode(parseWithoutSecrets(context, answer.body)), () => operation)
        : operation,
      retryAfter: operation.done ? undefined : retryAfterMillis(answer, now)
    })
  )
}
