/**
 * Creates request errors that do not contain credentials.
 */
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as HttpError from "../../HttpError.js"
import { maxMessage, oneLine, sentence } from "../text.js"
import { causesOf, plainCause, redactorOf } from "./redaction.js"

/**
 * Describes the failed request, and the secrets to redact in its error.
 *
 * @internal
 */
export interface ErrorContext {
  readonly method: string
  readonly origin: string
  readonly path: string
  readonly requestTimeout: Duration.Duration
  /** Credentials, by header name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Which kind of credentials the request used. The error message for a 401 depends on it. */
  readonly credentials?: "none" | "fixed" | "renewable" | undefined
  /** The maximum size of a response body, in bytes. */
  readonly maxBodySize?: number | undefined
  /** Whether the API has responded before. If it has not, the base URL may be wrong. */
  readonly isKnown?: boolean | undefined
}

const clean = (context: ErrorContext, text: string): string => redactorOf(context.secrets).clean(text)

/**
 * Creates a request error. Redacts and shortens its description.
 *
 * @internal
 */
export const exchangeError = (
  context: ErrorContext,
  fields: Omit<HttpError.Fields, "method" | "path">
): HttpError.HttpError =>
  new HttpError.HttpError({
    ...fields,
    description: oneLine(clean(context, fields.description), maxMessage),
    method: context.method,
    path: context.path
  })

/**
 * Adds advice to check the base URL to a description, if the API has not responded before.
 *
 * @internal
 */
export const orWrongUrl = (context: ErrorContext, description: string): string =>
  context.isKnown === true ? description : `${sentence(description)} Check the base URL and the version`

/**
 * Creates an error about an invalid value that the caller passed. The description is shortened because it can quote the
 * value.
 *
 * @internal
 */
export const invalidRequest = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "InvalidRequest", description: oneLine(description, maxMessage) })

/**
 * Creates the error for a request that the client rejects before sending it, for example because a header contains a
 * line break.
 *
 * @internal
 */
export const unsendable = (context: ErrorContext, cause: unknown): HttpError.HttpError =>
  exchangeError(context, {
    reason: "InvalidRequest",
    description: `the HTTP client could not make the request (${
      plainCause(cause, (text) => clean(context, text)).message
    })`
  })

// OpenSSL and Node error codes for certificate and TLS protocol errors. A retry would fail in the same way.
const tlsCode =
  /^(?:CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|ERR_TLS_CERT_|(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EPROTO)$)/

const hasTlsCode = (cause: unknown): boolean =>
  hasProperty(cause, "code") && typeof cause.code === "string" && tlsCode.test(cause.code)

const isUnknown = (cause: unknown): boolean => hasProperty(cause, "code") && cause.code === "ENOTFOUND"

/**
 * Returns whether a request failed because its host name could not be resolved. The error itself is transient, because
 * a DNS failure can be temporary. If the service has never received a response, the exchange changes the error to a
 * permanent one, because the host name is probably wrong.
 *
 * @internal
 */
export const isUnknownHost = (error: HttpError.HttpError): boolean =>
  error.reason === "Transport" && isUnknown(error.cause)

/** @internal */
export const transportError = (
  context: ErrorContext,
  failure: unknown,
  what = "connection error"
): HttpError.HttpError => {
  const tls = causesOf(failure).find(hasTlsCode)
  const cause = plainCause(tls ?? failure, (text) => clean(context, text))
  const description = `${what} (${cause.message}, ${context.origin})`
  return exchangeError(context, {
    reason: "Transport",
    description: tls !== undefined
      ? `${description}. A retry does not help. Check the base URL, the trusted certificates and the proxy`
      : isUnknown(cause)
      ? orWrongUrl(context, description)
      : description,
    isTransient: tls === undefined,
    cause
  })
}

/** @internal */
export const timeoutError = (context: ErrorContext): HttpError.HttpError =>
  exchangeError(context, {
    reason: "Timeout",
    description: `no response from ${context.origin} within ${
      Duration.format(context.requestTimeout)
    } (requestTimeout)`,
    isTransient: true
  })

/** @internal */
export const otherRequestError = (context: Partial<ErrorContext>): HttpError.HttpError =>
  new HttpError.HttpError({
    reason: "InvalidRequest",
    description:
      "the OperationsService was created for a different request handled by this Worker. Create one service per request",
    method: context.method,
    path: context.path
  })

/** @internal */
export const closedError = (context: Partial<ErrorContext>): HttpError.HttpError =>
  new HttpError.HttpError({
    reason: "Closed",
    description: "the OperationsService is closed. Make calls while its scope is open",
    method: context.method,
    path: context.path
  })
