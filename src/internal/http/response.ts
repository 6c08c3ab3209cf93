/**
 * Reads the response of a server: an operation, a page of operations, or an `HttpError`.
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

// RFC 9110, section 5.6.7: the preferred form and the two obsolete ones that a recipient must still read.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

const dateMillis = (text: string): number =>
  httpDate.test(text) ? Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) : NaN

// The first valid value of `Retry-After`, in ms from `now` (ms since the epoch): seconds or a date (RFC 9110, 10.2.3). Proxies
// add values of their own, as headers or after a comma; a date holds a comma itself.
const retryAfterMillis = (answer: RawResponse, now: () => number): number | undefined => {
  const values = [answer.headers["retry-after"] ?? []].flat().join(",").split(",")
  for (const [index, value] of values.entries()) {
    const text = value.trim()
    if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
    const millis = [text, `${text},${values[index + 1] ?? ""}`].map(dateMillis).find((millis) => !Number.isNaN(millis))
    if (millis !== undefined) return Math.max(0, millis - now())
  }
  return undefined
}

// A browser hides the status of a redirect.
const isRedirect = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

const aboutCredentials = {
  none: "No credentials were given: set the option `credentials`",
  fixed: "The token is fixed and cannot be renewed: give a new one, or credentials that renew theirs",
  renewable: "Renewed credentials were refused, too, or there were none"
}

const describe = (context: ErrorContext, { status }: RawResponse, google: GoogleError | undefined): string => {
  if (status === 304) {
    return "the response of a cache (Not Modified), which this package never asks for. Exclude the API from caching"
  }
  if (isRedirect(status)) {
    return orWrongUrl(context, "the server redirects to another URL, and credentials are not sent there")
  }
  if (status === 401) {
    const words = oneLine(google?.status.message ?? "the server refused the credentials")
    return context.credentials === undefined ? words : `${sentence(words)} ${aboutCredentials[context.credentials]}`
  }
  if (google !== undefined) return oneLine(google.status.message)
  if (status === 404) return orWrongUrl(context, "the response is not a Google API's, so the path has no route there")
  return transientHttpStatuses.has(status)
    ? "the server could not handle the request now"
    : "the response holds no Google error; see its `body`"
}

// A longer error is not decoded. A Google API's has at most some kilobytes.
const maxErrorLength = 1_048_576

const keptLength = 16_384

// What an error keeps of a body. No secret that begins in it is longer than it.
const keptBody = (context: ErrorContext, { body, truncated }: RawResponse): string => {
  const redactor = redactorOf(context.secrets)
  const head = body.slice(0, 2 * keptLength)
  return (truncated || head !== body ? redactor.cleanCut(head) : redactor.clean(head)).slice(0, keptLength)
}

// The body as JSON without the secrets of its request, which a server may echo anywhere in it.
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
 * Tells whether a response says nothing, because it is empty, cut off, not JSON or a redirect. Once an API has responded,
 * something between it and this program is at fault.
 *
 * @internal
 */
export const saysNothing = (error: HttpError.HttpError): boolean =>
  notJson.has(error) || (error.reason === "StatusCode" && isRedirect(error.httpStatus ?? 0))

// The words of the JSON parser quote the body, so they are not kept.
const notJsonError = (context: ErrorContext, answer: RawResponse): HttpError.HttpError => {
  const start = keptBody(context, answer).trim().slice(0, 40)
  const description = start === ""
    ? "the body is empty"
    : `the body is not JSON; it begins with ${JSON.stringify(start)}`
  const error = decodeError(context, answer, orWrongUrl(context, description))
  notJson.add(error)
  return error
}

// An error, although the HTTP status says success. An operation has a name or says whether it is done.
const isError = (json: unknown): boolean =>
  Array.isArray(json) ||
  (isRecord(json) && isRecord(json["error"]) && !json["name"] && typeof json["done"] !== "boolean")

// Reads a response's JSON with `decode`, whose left side is the problem in words.
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
      // A response that another dialect reads is that of an API.
      const isOfApi = problem.includes("Dialect.")
      return decodeError(context, answer, isOfApi ? description : orWrongUrl(context, description))
    }
  )
}

/**
 * A state of an operation, and how long the server wants no further request after it (ms).
 *
 * @internal
 */
export interface Snapshot {
  readonly operation: Operation.Operation
  readonly retryAfter: number | undefined
}

/**
 * Reads the response of a method that returns nothing: `google.protobuf.Empty`, or an empty body.
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
 * Reads a page of a list.
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
 * Reads the state of an operation. `name` is the one that was asked for; a request that starts an operation has none.
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
