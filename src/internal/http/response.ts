/**
 * Decodes a server response to an operation, a page of operations, or an `HttpError`.
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import type * as Dialect from "../../Dialect.js"
import type { GoogleApi } from "../../GoogleApi.js"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import { oneLine, sentence } from "../text.js"
import { type ErrorContext, exchangeError, orWrongUrl } from "./errors.js"
import { type GoogleError, googleError, isTransient, transientHttpStatuses } from "./googleError.js"
import { redactorOf } from "./redaction.js"
import type { RawResponse } from "./transport.js"

// RFC 9110, 5.6.7: the preferred format, and the two obsolete formats that a recipient must accept.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

const dateMillis = (text: string): number =>
  httpDate.test(text) ? Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) : NaN

// Returns the first valid value of `Retry-After`, in ms from `now` (ms since the epoch). A value is a number of seconds
// or a date (RFC 9110, 10.2.3). Proxies can add more values, either as separate headers or after a comma. Dates also
// contain a comma.
const retryAfterMillis = (answer: RawResponse, now: () => number): number | undefined => {
  const header = answer.headers["retry-after"]
  if (header === undefined) return undefined
  const values = [header].flat().join(",").split(",")
  for (const [index, value] of values.entries()) {
    const text = value.trim()
    if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
    const millis = [text, `${text},${values[index + 1] ?? ""}`].map(dateMillis).find((millis) => !Number.isNaN(millis))
    if (millis !== undefined) return Math.max(0, millis - now())
  }
  return undefined
}

// Browsers report a redirect with status 0.
const isRedirect = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

const aboutCredentials = {
  none: "No credentials were given: set the option `credentials`",
  fixed: "The token cannot be refreshed. Use a new token, or credentials that refresh their tokens",
  renewable: "The credentials were refreshed, but were refused again or did not change"
}

const describe = (context: ErrorContext, { status }: RawResponse, google: GoogleError | undefined): string => {
  if (status === 304) {
    return "the response comes from a cache (Not Modified). Exclude the API from caching"
  }
  if (isRedirect(status)) {
    return orWrongUrl(context, "the server redirects to another URL, and credentials are not sent there")
  }
  if (status === 401) {
    const words = oneLine(google?.status.message ?? "the server refused the credentials")
    return context.credentials === undefined ? words : `${sentence(words)} ${aboutCredentials[context.credentials]}`
  }
  if (google !== undefined) return oneLine(google.status.message)
  if (status === 404) {
    return orWrongUrl(context, "the response does not come from a Google API, so there is no route for the path")
  }
  return transientHttpStatuses.has(status)
    ? "the server could not handle the request now"
    : "the response contains no Google error; see the `body` of this error"
}

// Longer error bodies are not decoded. Errors from Google APIs are at most a few kilobytes long.
const maxErrorLength = 1_048_576

const keptLength = 16_384

// Returns the part of a body to keep in an error. It is longer than any secret, so a secret that is truncated at the
// end is also found.
const keptBody = (context: ErrorContext, { body, truncated }: RawResponse): string => {
  const redactor = redactorOf(context.secrets)
  const head = body.slice(0, 2 * keptLength)
  return (truncated || head !== body ? redactor.cleanCut(head) : redactor.clean(head)).slice(0, keptLength)
}

// Parses the body and redacts the request's secrets in it.
const parse = (context: ErrorContext, body: string): unknown => {
  try {
    return JSON.parse(redactorOf(context.secrets).clean(body))
  } catch {
    return undefined
  }
}

const statusCodeError = (
  context: ErrorContext,
  answer: RawResponse,
  now: () => number,
  google: GoogleError | undefined
): HttpError.HttpError => {
  const hints = [
    retryAfterMillis(answer, now),
    google?.status.retryInfo?.retryDelay && Duration.toMillis(google.status.retryInfo.retryDelay)
  ].filter((hint) => hint !== undefined)
  return exchangeError(context, {
    reason: "StatusCode",
    description: describe(context, answer, google),
    httpStatus: answer.status,
    status: google?.status,
    reasons: google?.reasons,
    body: keptBody(context, answer),
    retryAfter: hints.length === 0 ? undefined : Duration.millis(Math.max(...hints)),
    isTransient: isTransient(answer.status, google)
  })
}

/** @internal */
export const decodeError = (context: ErrorContext, answer: RawResponse, description: string): HttpError.HttpError =>
  exchangeError(context, {
    reason: "Decode",
    description,
    httpStatus: answer.status,
    body: keptBody(context, answer)
  })

const notJson = new WeakSet<HttpError.HttpError>()

/**
 * Returns whether a response is empty, truncated, not JSON, or a redirect. If the API has responded before, such a
 * response comes from an intermediate server.
 *
 * @internal
 */
export const saysNothing = (error: HttpError.HttpError): boolean =>
  notJson.has(error) || (error.reason === "StatusCode" && isRedirect(error.httpStatus ?? 0))

// The JSON parser's message is dropped, because it quotes the body.
const notJsonError = (context: ErrorContext, answer: RawResponse): HttpError.HttpError => {
  const start = keptBody(context, answer).trim().slice(0, 40)
  const description = start === ""
    ? "the body is empty"
    : `the body is not JSON; it begins with ${JSON.stringify(start)}`
  const error = decodeError(context, answer, orWrongUrl(context, description))
  notJson.add(error)
  return error
}

// Returns whether a JSON body with a success status is an error. Operations have a `name` or `done` field.
const isError = (json: unknown): boolean =>
  Array.isArray(json) ||
  (isRecord(json) && isRecord(json["error"]) && !json["name"] && typeof json["done"] !== "boolean")

// Decodes a JSON response. If `decode` returns a `Left`, its text describes the problem.
const interpret = <A>(
  context: ErrorContext,
  answer: RawResponse,
  now: () => number,
  what: string,
  decode: (json: unknown) => Either.Either<A, string>
): Either.Either<A, HttpError.HttpError> => {
  const { body, status, truncated } = answer
  if (status < 200 || status >= 300) {
    const json = truncated || body.length > maxErrorLength ? undefined : parse(context, body)
    return Either.left(statusCodeError(context, answer, now, googleError(json, status)))
  }
  if (truncated) {
    const limit = context.maxBodySize === undefined ? "maxBodySize" : `${context.maxBodySize} bytes (maxBodySize)`
    return Either.left(
      decodeError(context, answer, `the body is larger than ${limit}. Increase maxBodySize, or request less`)
    )
  }
  const json = parse(context, body)
  if (json === undefined) return Either.left(notJsonError(context, answer))
  const google = isError(json) ? googleError(json, status) : undefined
  if (google !== undefined) return Either.left(statusCodeError(context, answer, now, google))
  return Either.mapLeft(
    decode(json),
    (problem) => {
      const description = `the body is not ${what}: ${problem}`
      // A response in another dialect must come from an API, so the message does not suggest that the base URL is
      // wrong.
      const isOfApi = problem.includes("Dialect.")
      return decodeError(context, answer, isOfApi ? description : orWrongUrl(context, description))
    }
  )
}

/**
 * An operation state, and how long the server asks clients to wait before the next request, in ms.
 *
 * @internal
 */
export interface Snapshot {
  readonly operation: Operation.Operation
  readonly retryAfter: number | undefined
}

/**
 * Decodes the response to a method without a result: `google.protobuf.Empty`, or an empty body.
 *
 * @internal
 */
export const toVoid = (
  context: ErrorContext,
  answer: RawResponse,
  now: () => number
): Either.Either<void, HttpError.HttpError> =>
  answer.status >= 200 && answer.status < 300 && answer.body.trim() === ""
    ? Either.void
    : interpret(
      context,
      answer,
      now,
      "a google.protobuf.Empty",
      (json) => isRecord(json) ? Either.void : Either.left("it must be an object")
    )

/**
 * Decodes a page of a list response.
 *
 * @internal
 */
export const toPage = (api: GoogleApi, list: Dialect.List, collection: string) =>
(
  context: ErrorContext,
  answer: RawResponse,
  now: () => number
): Either.Either<Dialect.Page, HttpError.HttpError> =>
  interpret(
    context,
    answer,
    now,
    "a page of operations",
    (json) => list.decode(json, { collection, operationName: api.operationName })
  )

/**
 * Decodes an operation state. `name` is the requested name. It is `undefined` for a request that starts an operation.
 *
 * @internal
 */
export const toSnapshot = (api: GoogleApi, name: string | undefined) =>
(
  context: ErrorContext,
  answer: RawResponse,
  now: () => number
): Either.Either<Snapshot, HttpError.HttpError> =>
  Either.map(
    interpret(
      context,
      answer,
      now,
      "an operation",
      (json) => api.dialect.decode(json, { name, operationName: api.operationName })
    ),
    (operation) => ({ operation, retryAfter: operation.done ? undefined : retryAfterMillis(answer, now) })
  )
