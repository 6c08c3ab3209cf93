/**
 * The attributes of request spans, request metrics and request log lines.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { Endpoint } from "./endpoint.js"
import { redactorOf } from "./redaction.js"
import type { ApiRequest } from "./request.js"

/**
 * The operation attributes for a request span.
 *
 * @internal
 */
export interface RequestTrace<A> {
  /** The name of the operation to which the request refers. */
  readonly operationName?: string | undefined
  /** The request's poll number, counted from 1 in each `wait` call. It is 0 for a request that starts an operation. */
  readonly pollAttempt?: number | undefined
  /** Extracts the operation from the decoded response. */
  readonly operation?: ((value: A) => Operation.Operation) | undefined
}

// google-cloud-rust uses these names. They are not part of OpenTelemetry's semantic conventions.
const doneKey = "gcp.longrunning.done"

/** @internal */
export const operationNameKey = "gcp.resource.destination.id"
/** @internal */
export const pollAttemptKey = "gcp.longrunning.poll_attempt_count"
/** @internal */
export const statusCodeKey = "gcp.longrunning.status_code"

const clientErrors: Record<HttpError.Reason, string> = {
  InvalidRequest: "CLIENT_REQUEST_ERROR",
  Authentication: "CLIENT_AUTHENTICATION_ERROR",
  Transport: "CLIENT_CONNECTION_ERROR",
  Timeout: "CLIENT_TIMEOUT",
  StatusCode: "_OTHER",
  Decode: "CLIENT_RESPONSE_DECODE_ERROR",
  Closed: "CLIENT_CANCELLED"
}

/**
 * Returns the `error.type` of a failed request: the Google error code, the HTTP status, or, for a failure without a
 * response, the name that google-cloud-rust uses.
 *
 * @internal
 */
export const errorType = ({ httpStatus, reason, status }: HttpError.HttpError): string =>
  status !== undefined
    ? status.codeName
    : reason === "StatusCode" && httpStatus
    ? String(httpStatus)
    : clientErrors[reason]

/**
 * The `error.type` for interrupted requests.
 *
 * @internal
 */
export const cancelledType = "CLIENT_CANCELLED"

/** @internal */
export const errorTypeOf = (exit: Exit.Exit<unknown, HttpError.HttpError>): string | undefined => {
  if (exit._tag === "Success") return undefined
  const failure = Cause.failureOption(exit.cause)
  if (failure._tag === "Some") return errorType(failure.value)
  return Cause.isInterruptedOnly(exit.cause) ? cancelledType : "_OTHER"
}

// Signed URL parameters, which OpenTelemetry's conventions require to be redacted in `url.full`.
const signature = /([?&](?:sig|signature|x-goog-signature|x-amz-signature|awsaccesskeyid)=)[^&]*/gi

/**
 * Returns the name of a request span. The name does not contain resource names.
 *
 * @internal
 */
export const spanName = ({ method, template }: ApiRequest): string =>
  template === undefined ? method : `${method} ${template}`

/**
 * Sets the request attributes on a span, without secrets.
 *
 * @internal
 */
export const describeRequest = <A>(
  span: Tracer.Span,
  { method, template, url }: ApiRequest,
  options: {
    readonly endpoint: Endpoint
    readonly trace: RequestTrace<A> | undefined
    /** How many times the request has already been sent. */
    readonly resends: number
    /** Credentials, by header name. */
    readonly secrets: Readonly<Record<string, string>>
  }
): void => {
  const { endpoint: { address, port }, resends, secrets, trace } = options
  span.attribute("http.request.method", method)
  span.attribute("server.address", address)
  span.attribute("server.port", port)
  span.attribute("url.full", redactorOf(secrets).clean(url.includes("?") ? url.replace(signature, "$1REDACTED") : url))
  if (template !== undefined) span.attribute("url.template", template)
  if (resends > 0) span.attribute("http.request.resend_count", resends)
  if (trace?.operationName !== undefined) span.attribute(operationNameKey, trace.operationName)
  if (trace?.pollAttempt !== undefined) span.attribute(pollAttemptKey, trace.pollAttempt)
}

/**
 * Sets the attributes that describe the state of an operation.
 *
 * @internal
 */
export const setOperation = (span: Tracer.Span, operation: Operation.Operation): void => {
  span.attribute(doneKey, operation.done)
  if (operation.done) span.attribute(statusCodeKey, operation._tag === "Failed" ? operation.error.code : 0)
}

/**
 * Annotates a log line with the API and the operation.
 *
 * @internal
 */
export const annotated = (line: Effect.Effect<void>, address: string, name?: string): Effect.Effect<void> =>
  Effect.annotateLogs(line, {
    "server.address": address,
    ...(name === undefined ? undefined : { [operationNameKey]: name })
  })
