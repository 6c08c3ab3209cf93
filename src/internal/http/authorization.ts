/**
 * The headers that authorize a request.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as HttpError from "../../HttpError.js"
import { isHeaderValue } from "./endpoint.js"

/** @internal */
export const userProject = "x-goog-user-project"

/**
 * Headers in clear text, by lower-case name.
 *
 * @internal
 */
export type ClearHeaders = Readonly<Record<string, string>>

/** @internal */
export interface Authorization {
  /** The secret headers. */
  readonly headers: ClearHeaders
  /** The project that quota is charged to, if the credentials say so. It is not secret. */
  readonly project: string | undefined
}

const authenticationError = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "Authentication", description })

/**
 * The headers of credentials in clear text.
 *
 * @internal
 */
export const authorizationOf = (
  credentials: Readonly<Record<string, Redacted.Redacted>>
): Either.Either<Authorization, HttpError.HttpError> => {
  if (typeof credentials !== "object" || credentials === null) {
    return Either.left(authenticationError("the credentials did not give an object of headers"))
  }
  const clear: Record<string, string> = {}
  for (const [name, redacted] of Object.entries(credentials)) {
    const value = Redacted.isRedacted(redacted) ? Redacted.value(redacted) : undefined
    if (typeof value !== "string" || !isHeaderValue(value)) {
      return Either.left(authenticationError(
        `the value for the header ${
          JSON.stringify(name)
        } is not a Redacted string, is empty, or has a character that no ` +
          "header can carry, such as a line break"
      ))
    }
    clear[name.toLowerCase()] = value
  }
  const { [userProject]: project, ...headers } = clear
  return Either.right({ headers, project })
}

/** @internal */
export const isSame = (a: ClearHeaders, b: ClearHeaders): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/**
 * The headers of a request with those of the credentials. The quota project of the credentials gives way to the one of the
 * service or of the request (AIP-4110).
 *
 * @internal
 */
export const authorized = (headers: ClearHeaders, authorization: Authorization): ClearHeaders =>
  authorization.project === undefined || userProject in headers
    ? Object.keys(authorization.headers).length === 0 ? headers : { ...headers, ...authorization.headers }
    : { ...headers, ...authorization.headers, [userProject]: authorization.project }

/**
 * Reads the headers of credentials. Most requests are sent with the same ones, so the latest result is kept.
 *
 * @internal
 */
export const latestAuthorization = (): typeof authorizationOf => {
  let latest: Readonly<Record<string, Redacted.Redacted>> | undefined
  let result: Either.Either<Authorization, HttpError.HttpError> | undefined
  return (credentials) => {
    if (result === undefined || credentials !== latest) {
      latest = credentials
      result = authorizationOf(credentials)
    }
    return result
  }
}
