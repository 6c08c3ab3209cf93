/**
 * Reads credentials, and adds them to the headers of a request.
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
  /** The project for quota and billing, if the credentials contain one. It is not secret. */
  readonly project: string | undefined
  /** The values that errors must not contain: the secret headers of this request and of earlier requests. */
  readonly secrets: ClearHeaders
}

const authenticationError = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "Authentication", description })

/**
 * Returns the headers of credentials in clear text.
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
 * Adds the headers of credentials to the headers of a request. A quota project of the service or of the request
 * overrides the quota project of the credentials (AIP-4110).
 *
 * @internal
 */
export const authorized = (headers: ClearHeaders, authorization: Authorization): ClearHeaders =>
  authorization.project === undefined || userProject in headers
    ? Object.keys(authorization.headers).length === 0 ? headers : { ...headers, ...authorization.headers }
    : { ...headers, ...authorization.headers, [userProject]: authorization.project }

/**
 * Adds the secrets of earlier requests, because a server may repeat them. Header names contain no space, so the key is
 * unique.
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

// The number of earlier credentials of a service that are redacted. Tokens are valid for an hour.
const maxEarlier = 3

/**
 * Reads the headers of credentials. Most requests use the same headers, so the latest result is cached. Each request
 * also contains the secrets of the last few credentials.
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
