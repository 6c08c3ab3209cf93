/**
 * The errors of an exchange: what each says of it, and never its secrets.
 */
import * as Duration from "effect/Duration"
import * as HttpError from "../../HttpError.js"
import { plainCause, redact, secretsOf } from "./redaction.js"

/**
 * What an error says of its exchange, and what it must never say.
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
}

/** @internal */
export const exchangeError = (
  context: ErrorContext,
  fields: Omit<HttpError.Fields, "method" | "path">
): HttpError.HttpError => new HttpError.HttpError({ ...fields, method: context.method, path: context.path })

// A cause may hold the request with its secrets.
const causeOf = (context: ErrorContext, cause: unknown): Error =>
  plainCause(cause, (text) => redact(secretsOf(context.secrets), text))

/** @internal */
export const invalidRequest = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "InvalidRequest", description })

/**
 * What a client refuses to send, such as a header with a line break.
 *
 * @internal
 */
export const unsendable = (context: ErrorContext, cause: unknown): HttpError.HttpError =>
  invalidRequest(`the client could not make the request (${causeOf(context, cause).message})`)

/** @internal */
export const transportError = (
  context: ErrorContext,
  cause: unknown,
  what = "the connection failed"
): HttpError.HttpError => {
  const plain = causeOf(context, cause)
  return exchangeError(context, {
    reason: "Transport",
    description: `${what} (${plain.message}, ${context.origin})`,
    isTransient: true,
    cause: plain
  })
}

/** @internal */
export const timeoutError = (context: ErrorContext): HttpError.HttpError =>
  exchangeError(context, {
    reason: "Timeout",
    description: `none within the requestTimeout of ${Duration.format(context.requestTimeout)} (${context.origin})`,
    isTransient: true
  })

/** @internal */
export const closedError = (context: Partial<ErrorContext>): HttpError.HttpError =>
  new HttpError.HttpError({
    reason: "Closed",
    description: "the OperationsService is closed; make the call while its scope is open",
    method: context.method,
    path: context.path
  })
