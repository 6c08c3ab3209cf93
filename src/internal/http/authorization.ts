/**
 * Reads credentials and adds them to request headers.
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
  /** The headers that contain secrets. */
  readonly headers: ClearHeaders
  /** The project for quota and billing, if the credentials contain one. The project ID is not secret. */
  readonly project: string | undefined
  /** The values to redact in errors: the secret headers of this request and of earlier requests. */
  readonly secrets: ClearHeaders
}

const authenticationError = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "Authentication", description })

/**
 * Converts credentials to request headers in clear text.
 *
 * @internal
 */
export const authorizationOf = (
  credentials: Readonly<Record<string, Redacted.Redacted>>
): Either.Either<Authorization, HttpError.HttpError> => {
  if (typeof credentials !== "object" || credentials === null) {
    return Either.left(authenticationError("the credentials did not return an object of headers"))
  }
  const clear: Record<string, string> = {}
  for (const [name, redacted] of Object.entries(credentials)) {
    const value = Redacted.isRedacted(redacted) ? Redacted.value(redacted) : undefined
    if (typeof value !== "string" || !isHeaderValue(value)) {
      return Either.left(authenticationError(
        `the value for the header ${
          JSON.stringify(name)
        } is not a Redacted string, is empty, or has a character that is not ` +
          "valid in a header, such as a line break"
      ))
    }
    clear[name.toLowerCase()] = value
  }
  const { [userProject]: project, ...headers } = clear
  return Either.right({ headers, project, secrets: headers })
}

/** @internal */
export const isSame = (a: ClearHeaders, b: ClearHeaders): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/**
 * Adds credential headers to request headers. A quota project that is set on the service or on the request overrides
 * the quota project in the credentials (AIP-4110).
 *
 * @internal
 */
export const authorized = (headers: ClearHeaders, authorization: Authorization): ClearHeaders =>
  authorization.project === undefined || userProject in headers
    ? Object.keys(authorization.headers).length === 0 ? headers : { ...headers, ...authorization.headers }
    : { ...headers, ...authorization.headers, [userProject]: authorization.project }

/**
 * Adds the secrets of earlier requests to the set to redact, because a server may echo them in a response. Header names
 * contain no space, so each key is unique.
 *
 * @internal
 */
export const withEarlier = (secrets: ClearHeaders, earlier: ReadonlyArray<ClearHeaders>): ClearHeaders =>
  earlier.length === 0 ? secrets : Object.assign(
    {},
    ...earlier.map((headers, index) =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [`${name} ${index}`, value]))
    ),
    secrets
  )

// How many of a service's earlier credentials are still redacted. Tokens are valid for an hour.
const maxEarlier = 3

/**
 * Returns a function that converts credentials to request headers. Most requests use the same credentials, so the
 * function caches its latest result. Each result also carries the secrets of the most recent earlier credentials, for
 * redaction.
 *
 * @internal
 */
export const latestAuthorization = (): typeof authorizationOf => {
  let latest: Readonly<Record<string, Redacted.Redacted>> | undefined
  let result: Either.Either<Authorization, HttpError.HttpError> | undefined
  let recent: ReadonlyArray<ClearHeaders> = []
  return (credentials) => {
    if (result === undefined || credentials !== latest) {
      latest = credentials
      result = Either.map(authorizationOf(credentials), (authorization) => {
        const { headers } = authorization
        const earlier = recent.filter((other) => !isSame(other, headers))
        recent = [headers, ...earlier].slice(0, 1 + maxEarlier)
        return { ...authorization, secrets: withEarlier(headers, recent.slice(1)) }
      })
    }
    return result
  }
}
