/**
 * Reads credentials, the quota project and the universe from the environment, as Google's tools do.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Credentials from "../Credentials.js"
import * as GoogleApi from "../GoogleApi.js"
import type * as HttpError from "../HttpError.js"
import { invalidRequest } from "./http/errors.js"

const googleDomain = "googleapis.com"

/** @internal */
export interface Environment {
  readonly accessToken: Redacted.Redacted | undefined
  readonly credentialsFile: string | undefined
  readonly quotaProject: string | undefined
  readonly universeDomain: string
}

// Empty variables are ignored, as in Google's tools.
const optional = (name: string): Config.Config<string | undefined> =>
  Config.map(Config.option(Config.string(name)), (value) => {
    const text = Option.getOrElse(value, () => "").trim()
    return text === "" ? undefined : text
  })

const isDomain = (text: string): boolean => /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(text)

/** @internal */
export const environment: Config.Config<Environment> = Config.all({
  accessToken: Config.map(
    optional("GOOGLE_ACCESS_TOKEN"),
    (token) => token === undefined ? undefined : Redacted.make(token)
  ),
  credentialsFile: optional("GOOGLE_APPLICATION_CREDENTIALS"),
  quotaProject: optional("GOOGLE_CLOUD_QUOTA_PROJECT"),
  universeDomain: Config.map(
    optional("GOOGLE_CLOUD_UNIVERSE_DOMAIN").pipe(
      Config.validate({
        message: "GOOGLE_CLOUD_UNIVERSE_DOMAIN must be a domain, such as googleapis.com",
        validation: (domain) => domain === undefined || isDomain(domain)
      })
    ),
    (domain) => domain ?? googleDomain
  )
})

/**
 * Fails if the credentials and the API belong to different universes (AIP-4117).
 *
 * @internal
 */
export const checkUniverse = (
  ofCredentials: string,
  { universeDomain }: Environment
): Either.Either<void, HttpError.HttpError> =>
  ofCredentials === universeDomain
    ? Either.right(undefined)
    : Either.left(
      invalidRequest(
        `the credentials are for the universe ${ofCredentials}, and the API is in the universe ${universeDomain}; ` +
          "use other credentials, or set GOOGLE_CLOUD_UNIVERSE_DOMAIN to the universe of the credentials"
      )
    )

/**
 * Returns credentials for the access token from the environment. If no access token is set, returns Application Default
 * Credentials, and checks their universe.
 *
 * @internal
 */
export const credentialsOf = (environment: Environment): Effect.Effect<Credentials.Credentials> => {
  if (environment.accessToken !== undefined) return Effect.succeed(Credentials.accessToken(environment.accessToken))
  // Google's authentication library is large, and a service with an access token does not need it.
  const load = Effect.promise(() => import("./applicationDefault.js"))
  return Effect.map(
    Effect.cached(Effect.map(load, ({ applicationDefault }) => applicationDefault(environment))),
    (credentials) =>
      Credentials.make({ headers: (request) => Effect.flatMap(credentials, ({ headers }) => headers(request)) })
  )
}

/**
 * Moves an API to the universe from the environment, by replacing `googleapis.com` in its host with the universe
 * domain.
 *
 * @internal
 */
export const inUniverse = (api: GoogleApi.GoogleApi, { universeDomain }: Environment): GoogleApi.GoogleApi =>
  universeDomain === googleDomain
    ? api
    : GoogleApi.make({
      ...api,
      baseUrl: api.baseUrl.replace(/^(https:\/\/[^/?#@]+\.)googleapis\.com(?=\/|$)/i, `$1${universeDomain}`)
    })
