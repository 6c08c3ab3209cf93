/**
 * The errors of a request, without its secrets.
 */
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as HttpError from "../../HttpError.js"
import { maxMessage, oneLine, sentence } from "../text.js"
import { causesOf, plainCause, redactorOf } from "./redaction.js"

/**
 * What an error says of its request, and what it must not say.
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
  /** What kind of credentials the request has. The error of a 401 says what to do about them. */
  readonly credentials?: "none" | "fixed" | "renewable" | undefined
  /** The limit of a response's body, in bytes. */
  readonly maxBodySize?: number | undefined
  /** Whether the API has responded before, so that no error needs to doubt the base URL. */
  readonly isKnown?: boolean | undefined
}

const clean = (context: ErrorContext, text: string): string => redactorOf(context.secrets).clean(text)

/**
 * Makes an error of a request. Its description is redacted and bounded here, whatever it quotes.
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
 * A description with advice for those who call the API for the first time.
 *
 * @internal
 */
export const orWrongUrl = (context: ErrorContext, description: string): string =>
  context.isKnown === true ? description : `${sentence(description)} Check the base URL and the version`

/** @internal */
export const invalidRequest = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "InvalidRequest", description })

/**
 * A request that a client refuses to send, for instance because of a header with a line break.
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

// Codes of OpenSSL and Node for certificates and for what both sides disagree on in TLS. Trying again changes neither.
const tlsCode =
  /^(?:CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|ERR_TLS_CERT_|(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EPROTO)$)/

const hasTlsCode = (cause: unknown): boolean =>
  hasProperty(cause, "code") && typeof cause.code === "string" && tlsCode.test(cause.code)

const isUnknown = (cause: unknown): boolean => hasProperty(cause, "code") && cause.code === "ENOTFOUND"

/**
 * Tells whether a request failed because its host has no address. The error is transient: a wait may have read the operation
 * before, and then the name server is at fault.
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
      ? `${description}. Trying again does not help: check the base URL, the trusted certificates and the proxy`
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
export const closedError = (context: Partial<ErrorContext>): HttpError.HttpError =>
  new HttpError.HttpError({
    reason: "Closed",
    description: "the OperationsService is closed. Make calls while its scope is open",
    method: context.method,
    path: context.path
  })
