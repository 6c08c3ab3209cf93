/**
 * An exchange with the server becomes an `Operation` or an `HttpError`. The only file that knows platform's errors.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import * as Code from "../Code.js"
import * as HttpError from "../HttpError.js"
import * as Operation from "../Operation.js"
import * as Status from "../Status.js"

/**
 * What came over the wire, whole.
 *
 * @internal
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
  /** Whether the body was longer than allowed and ends early. */
  readonly truncated: boolean
}

/**
 * What an error says of its exchange, and what it must never say.
 *
 * @internal
 */
export interface Exchange {
  readonly method: string
  readonly origin: string
  readonly path: string
  readonly requestTimeout: Duration.Duration
  /** Credentials, by header name. */
  readonly secrets: Readonly<Record<string, string>>
}

const errorBodyLength = 16_384

// Of "Bearer <token>", the token alone is as secret. A few letters are none, and stand in any text.
const secretsOf = (exchange: Exchange): ReadonlyArray<string> =>
  Object.values(exchange.secrets)
    .flatMap((value) => [value, value.slice(value.indexOf(" ") + 1)])
    .filter((secret) => secret.length >= 8)

// Takes the secrets of an exchange out of any number of texts.
const redactor = (exchange: Exchange): (text: string) => string => {
  const secrets = secretsOf(exchange)
  return (text) => secrets.reduce((result, secret) => result.replaceAll(secret, "<redacted>"), text)
}

const withoutSecrets = (exchange: Exchange, text: string): string => redactor(exchange)(text)

// What an error keeps of a body. One that was cut off may end with the beginning of a secret.
const keptBody = (exchange: Exchange, answer: Answer): string => {
  let body = withoutSecrets(exchange, answer.body)
  if (answer.truncated) {
    for (const secret of secretsOf(exchange)) {
      let length = secret.length - 1
      while (length > 0 && !body.endsWith(secret.slice(0, length))) length--
      body = body.slice(0, body.length - length)
    }
  }
  return body.slice(0, errorBodyLength)
}

const error = (exchange: Exchange, fields: Omit<HttpError.Fields, "method" | "path">): HttpError.HttpError =>
  new HttpError.HttpError({ ...fields, method: exchange.method, path: exchange.path })

// ---------------------------------------------------------------------------------------------------------------------
// What the network does
// ---------------------------------------------------------------------------------------------------------------------

const rootCause = (cause: unknown): unknown => {
  let root = cause
  for (let depth = 0; depth < 8 && typeof root === "object" && root !== null; depth++) {
    const next = "errors" in root && Array.isArray(root.errors)
      ? root.errors[0]
      : "cause" in root
      ? root.cause
      : undefined
    if (next === undefined || next === null) break
    root = next
  }
  return root
}

// The cause's own words and code, in an error of ours: the original may hold the request with its headers.
const plainCause = (exchange: Exchange, cause: unknown): Error => {
  const root = rootCause(cause)
  const { code, message, name } = typeof root === "object" && root !== null
    ? root as { readonly message?: unknown; readonly code?: unknown; readonly name?: unknown }
    : { message: root, code: undefined, name: undefined }
  const text = typeof message === "string" && message !== "" ? message : String(code ?? "the connection failed")
  const plain = new Error(withoutSecrets(exchange, text))
  if (typeof name === "string") plain.name = name
  return typeof code === "string" ? Object.assign(plain, { code }) : plain
}

const transportError = (exchange: Exchange, cause: unknown, what: string): HttpError.HttpError => {
  const plain = plainCause(exchange, cause)
  return error(exchange, {
    reason: "Transport",
    description: `${what} (${plain.message}, ${exchange.origin})`,
    isTransient: true,
    cause: plain
  })
}

/** @internal */
export const timeoutError = (exchange: Exchange): HttpError.HttpError =>
  error(exchange, {
    reason: "Timeout",
    description: `none within the requestTimeout of ${Duration.format(exchange.requestTimeout)} (${exchange.origin})`,
    isTransient: true
  })

/** @internal */
export const closedError = (exchange: Partial<Exchange>): HttpError.HttpError =>
  new HttpError.HttpError({
    reason: "Closed",
    description: "the OperationsService is closed; make the call while its scope is open",
    method: exchange.method,
    path: exchange.path
  })

/**
 * The cause by which a transport of ours says that it ended an exchange itself.
 *
 * @internal
 */
export class Ended extends Error {
  readonly reason: "Timeout" | "Closed"
  constructor(reason: "Timeout" | "Closed") {
    super(reason)
    this.reason = reason
  }
}

const fromPlatform = (exchange: Exchange, failure: HttpClientError.HttpClientError): HttpError.HttpError => {
  if (failure.cause instanceof Ended) {
    return failure.cause.reason === "Closed" ? closedError(exchange) : timeoutError(exchange)
  }
  if (failure._tag === "ResponseError") {
    return transportError(exchange, failure.cause ?? failure.description, "the connection broke off within the body")
  }
  return failure.reason === "Transport"
    ? transportError(exchange, failure.cause ?? failure.description, "the connection failed")
    : new HttpError.HttpError({
      reason: "InvalidRequest",
      description: `the client could not make the request (${plainCause(exchange, failure.cause).message})`
    })
}

const decoder = new TextDecoder()

const collect = (
  response: HttpClientResponse.HttpClientResponse,
  maxBodySize: number
): Effect.Effect<Answer, HttpClientError.ResponseError> => {
  const { headers, status } = response
  const length = Number(headers["content-length"] ?? NaN)
  if (length <= maxBodySize && headers["content-encoding"] === undefined) {
    return Effect.map(response.text, (body) => ({ status, headers, body, truncated: false }))
  }
  // Neither fetch nor undici keeps platform's MaxBodySize, so the bytes are counted here.
  const chunks: Array<Uint8Array> = []
  let room = maxBodySize
  let truncated = false
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      truncated = chunk.byteLength > room
      chunks.push(truncated ? chunk.subarray(0, room) : chunk)
      room -= chunk.byteLength
      return !truncated
    })).pipe(
      Effect.catchIf((failure) => failure.reason === "EmptyBody", () => Effect.void),
      Effect.map(() => {
        const bytes = new Uint8Array(maxBodySize - Math.max(0, room))
        let offset = 0
        for (const chunk of chunks) {
          bytes.set(chunk, offset)
          offset += chunk.byteLength
        }
        return { status, headers, body: decoder.decode(bytes), truncated }
      })
    )
}

/**
 * Sends a request and reads its answer, whole or up to `maxBodySize` bytes. No status is an error here.
 *
 * @internal
 */
export type Receive = (
  request: HttpClientRequest.HttpClientRequest,
  exchange: Exchange,
  maxBodySize: number
) => Effect.Effect<Answer, HttpClientError.HttpClientError>

/**
 * Receives, with failures as errors of ours.
 *
 * @internal
 */
export const receive = (
  receiver: Receive,
  request: HttpClientRequest.HttpClientRequest,
  exchange: Exchange,
  maxBodySize: number
): Effect.Effect<Answer, HttpError.HttpError> =>
  Effect.mapError(receiver(request, exchange, maxBodySize), (failure) => fromPlatform(exchange, failure))

const isStatusError = (failure: HttpClientError.HttpClientError): failure is HttpClientError.ResponseError =>
  failure._tag === "ResponseError" && failure.reason === "StatusCode"

/**
 * Receives by any client of platform's, and evens out what they do on their own: fetch follows no redirect, no span shows
 * a credential's header, and a status is no error.
 *
 * The settings of a `FetchHttpClient.RequestInit` are kept where they can be seen: in the context of the call, or else in
 * the one in which the service was made.
 *
 * @internal
 */
export const receiveBy = (
  client: HttpClient.HttpClient,
  madeIn: Context.Context<never>
): Receive => {
  const requestInit = (context: Context.Context<never>) =>
    Context.getOrElse(
      context as Context.Context<FetchHttpClient.RequestInit>,
      FetchHttpClient.RequestInit,
      () => undefined
    )
  return (request, exchange, maxBodySize) =>
    client.execute(request).pipe(
      Effect.flatMap((response) => collect(response, maxBodySize)),
      // The user's client may turn statuses into errors (HttpClient.filterStatusOk); the answer is all there.
      Effect.catchIf(isStatusError, ({ response }) => collect(response, maxBodySize)),
      Effect.mapInputContext((context: Context.Context<never>) =>
        Context.add(context, FetchHttpClient.RequestInit, {
          ...(requestInit(context) ?? requestInit(madeIn)),
          redirect: "manual"
        })
      ),
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, ...Object.keys(exchange.secrets)])
    )
}

// ---------------------------------------------------------------------------------------------------------------------
// What the server says
// ---------------------------------------------------------------------------------------------------------------------

const header = (answer: Answer, name: string): string | undefined => {
  const value = answer.headers[name]
  return typeof value === "string" ? value : value?.[0]
}

// RFC 9110, section 5.6.7: the preferred form and the two obsolete ones that a recipient must still read.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

/**
 * What `Retry-After` asks for, in ms from `now` (ms since the epoch): seconds or an HTTP date (RFC 9110, 10.2.3). Nonsense
 * asks for nothing.
 *
 * @internal
 */
export const retryAfterMillis = (answer: Answer, now: () => number): number | undefined => {
  const value = header(answer, "retry-after")?.trim()
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  if (!httpDate.test(value)) return undefined
  const date = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now())
}

interface GoogleError {
  readonly status: Status.Status
  /** Whether the server said the code itself; else it comes from an HTTP status. */
  readonly named: boolean
  /** The reasons of error format 1 (`errors[].reason`). */
  readonly reasons: ReadonlyArray<string>
}

const isRecord = (u: unknown): u is Record<string, unknown> => typeof u === "object" && u !== null && !Array.isArray(u)

// `{"error": {…}}` in format 1 or 2, the same in an array (streaming methods), or a bare Status (gRPC gateways).
const googleError = (json: unknown, httpStatus: number): GoogleError | undefined => {
  if (Array.isArray(json)) {
    return googleError(json.find((item) => isRecord(item) && isRecord(item["error"])), httpStatus)
  }
  if (!isRecord(json)) return undefined
  const isBare = !("error" in json) && typeof json["code"] === "number" && typeof json["message"] === "string"
  const body = isBare ? json : json["error"]
  if (!isRecord(body)) return undefined
  const { code, details, errors, message, status } = body
  // A number up to 16 is a code of google.rpc; any other is an HTTP status and says nothing new.
  const named = Code.isCode(status)
    ? Code.toNumber(status)
    : typeof code === "number" && Code.isCode(Code.fromNumber(code)) && code > 0 && code <= 16
    ? code
    : undefined
  const number = named ?? Code.toNumber(Code.fromHttpStatus(httpStatus))
  return {
    status: Either.getOrThrow(Status.fromJson({
      code: number,
      message: typeof message === "string" && message !== "" ? message : Code.fromNumber(number),
      details
    })),
    named: named !== undefined,
    reasons: Array.isArray(errors)
      ? errors.flatMap((item) => isRecord(item) && typeof item["reason"] === "string" ? [item["reason"]] : [])
      : []
  }
}

const transientCodes: ReadonlySet<Code.Code> = new Set([
  "UNAVAILABLE",
  "RESOURCE_EXHAUSTED",
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "UNKNOWN"
])
const transientHttpStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
// Reasons of either error format: google.api.ErrorReason, and those of format 1.
const usedUpReasons: ReadonlySet<string> = new Set(["RESOURCE_QUOTA_EXCEEDED", "quotaExceeded"])
const rateLimitReasons: ReadonlySet<string> = new Set([
  "RATE_LIMIT_EXCEEDED",
  "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
  "rateLimitExceeded",
  "userRateLimitExceeded"
])

const isTransient = (httpStatus: number, google: GoogleError | undefined): boolean => {
  if (google === undefined) return transientHttpStatuses.has(httpStatus)
  const { named, reasons, status } = google
  const all = status.errorInfo === undefined ? reasons : [...reasons, status.errorInfo.reason]
  if (all.some((reason) => usedUpReasons.has(reason))) return false
  if (httpStatus === 403 && all.some((reason) => rateLimitReasons.has(reason))) return true
  return named ? transientCodes.has(status.codeName) : transientHttpStatuses.has(httpStatus)
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
const parseWithoutSecrets = (exchange: Exchange, text: string): unknown => {
  const redact = redactor(exchange)
  try {
    return JSON.parse(text, (_, value) => typeof value === "string" ? redact(value) : value)
  } catch {
    return undefined
  }
}

const statusCodeError = (exchange: Exchange, answer: Answer, now: () => number): HttpError.HttpError => {
  const google = googleError(parseWithoutSecrets(exchange, answer.body), answer.status)
  const hints = [
    retryAfterMillis(answer, now),
    google?.status.retryInfo?.retryDelay && Duration.toMillis(google.status.retryInfo.retryDelay)
  ].filter((hint) => hint !== undefined)
  return error(exchange, {
    reason: "StatusCode",
    description: advice(answer, google),
    httpStatus: answer.status,
    status: google?.status,
    body: keptBody(exchange, answer),
    retryAfter: hints.length === 0 ? undefined : Duration.millis(Math.max(...hints)),
    isTransient: isTransient(answer.status, google)
  })
}

/** @internal */
export const decodeError = (exchange: Exchange, answer: Answer, description: string): HttpError.HttpError =>
  error(exchange, {
    reason: "Decode",
    description,
    httpStatus: answer.status,
    body: keptBody(exchange, answer)
  })

// V8's own words quote the body, so they are not kept.
const notJson = (exchange: Exchange, answer: Answer): HttpError.HttpError => {
  const start = withoutSecrets(exchange, answer.body).trim().slice(0, 40)
  return decodeError(
    exchange,
    answer,
    start === ""
      ? "the body is empty; check the base URL and the version"
      : `the body is not JSON, it begins with ${JSON.stringify(start)}; check the base URL and the version`
  )
}

/**
 * Reads an answer's JSON with `decode`, whose left side says what is wrong with it.
 *
 * @internal
 */
export const interpret = <A>(
  exchange: Exchange,
  answer: Answer,
  now: () => number,
  what: string,
  decode: (json: unknown) => Either.Either<A, string>
): Either.Either<A, HttpError.HttpError> => {
  if (answer.status < 200 || answer.status >= 300) return Either.left(statusCodeError(exchange, answer, now))
  if (answer.truncated) {
    return Either.left(decodeError(exchange, answer, `the body is larger than maxBodySize and was read no further`))
  }
  let json: unknown
  try {
    json = JSON.parse(answer.body)
  } catch {
    return Either.left(notJson(exchange, answer))
  }
  return Either.mapLeft(
    decode(json),
    (problem) =>
      decodeError(exchange, answer, `the body is not ${what}: ${problem}; check the base URL and the version`)
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
  exchange: Exchange,
  answer: Answer,
  now: () => number
): Either.Either<void, HttpError.HttpError> =>
  interpret(
    exchange,
    answer,
    now,
    "a google.protobuf.Empty",
    (json) => isRecord(json) ? Either.void : Either.left("it must be an object")
  )

/** @internal */
export interface Page {
  readonly operations: ReadonlyArray<Operation.Operation>
  readonly nextPageToken: string
  readonly unreachable: ReadonlyArray<string>
}

const orDefault = <A>(value: unknown, isA: (u: unknown) => u is A, fallback: A): A | undefined =>
  value === undefined || value === null ? fallback : isA(value) ? value : undefined

const isString = (u: unknown): u is string => typeof u === "string"
const isList = (u: unknown): u is ReadonlyArray<unknown> => Array.isArray(u)
const isStrings = (u: unknown): u is ReadonlyArray<string> => isList(u) && u.every(isString)

/** @internal */
export const toPage = (
  exchange: Exchange,
  answer: Answer,
  now: () => number
): Either.Either<Page, HttpError.HttpError> =>
  interpret(exchange, answer, now, "a google.longrunning.ListOperationsResponse", (json) => {
    if (!isRecord(json)) return Either.left("it must be an object")
    const operations = orDefault(json["operations"], isList, [])
    const nextPageToken = orDefault(json["nextPageToken"], isString, "")
    const unreachable = orDefault(json["unreachable"], isStrings, [])
    if (operations === undefined) return Either.left("\"operations\" must be a list")
    if (nextPageToken === undefined) return Either.left("\"nextPageToken\" must be a string")
    if (unreachable === undefined) return Either.left("\"unreachable\" must be a list of strings")
    return Either.map(
      Either.all(operations.map(Operation.fromJson)),
      (operations) => ({ operations, nextPageToken, unreachable })
    )
  })

/** @internal */
export const toSnapshot = (
  exchange: Exchange,
  answer: Answer,
  now: () => number
): Either.Either<Snapshot, HttpError.HttpError> =>
  Either.map(
    interpret(exchange, answer, now, "a google.longrunning.Operation", Operation.fromJson),
    (operation) => ({
      operation: operation._tag === "Failed"
        ? Either.getOrElse(Operation.fromJson(parseWithoutSecrets(exchange, answer.body)), () => operation)
        : operation,
      retryAfter: operation.done ? undefined : retryAfterMillis(answer, now)
    })
  )
