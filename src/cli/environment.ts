/**
 * A service that is set up by the environment, as Google's tools are:
 *
 * - `GOOGLE_ACCESS_TOKEN`: an access token
 * - `GOOGLE_APPLICATION_CREDENTIALS`: the path of a file with credentials; without both, Application Default Credentials
 * - `GOOGLE_CLOUD_QUOTA_PROJECT`: the project that quota and billing are charged to
 * - `GOOGLE_CLOUD_UNIVERSE_DOMAIN`: the domain of the universe, instead of `googleapis.com`
 *
 * Nothing here belongs to the command line: it could be a part of `NodeOperations`.
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Credentials from "../Credentials.js"
import * as GoogleApi from "../GoogleApi.js"
import * as HttpError from "../HttpError.js"
import type * as NodeOperations from "../NodeOperations.js"
import type * as OperationsService from "../OperationsService.js"

const googleDomain = "googleapis.com"

export interface Environment {
  readonly accessToken: Redacted.Redacted | undefined
  readonly credentialsFile: string | undefined
  readonly quotaProject: string | undefined
  readonly universeDomain: string
}

// A variable that is set to nothing counts as one that is not set, as in Google's tools.
const optional = (name: string): Config.Config<string | undefined> =>
  Config.map(Config.option(Config.string(name)), (value) => {
    const text = Option.getOrElse(value, () => "").trim()
    return text === "" ? undefined : text
  })

const isDomain = (text: string): boolean => /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(text)

/** What the environment says. */
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

/** Fails if credentials are of another universe than the one that requests go to (AIP-4117). */
export const checkUniverse = (
  ofCredentials: string,
  { universeDomain }: Pick<Environment, "universeDomain">
): Either.Either<void, HttpError.HttpError> =>
  ofCredentials === universeDomain
    ? Either.right(undefined)
    : Either.left(
      new HttpError.HttpError({
        reason: "InvalidRequest",
        description: `the credentials are of the universe ${ofCredentials}, and requests go to the universe ` +
          `${universeDomain}; use other credentials, or set GOOGLE_CLOUD_UNIVERSE_DOMAIN to their universe`
      })
    )

/** An access token if there is one, and else Application Default Credentials, whose universe is checked. */
export const credentialsOf = (environment: Environment): Effect.Effect<Credentials.Credentials> => {
  if (environment.accessToken !== undefined) {
    return Effect.succeed(Credentials.accessToken(environment.accessToken))
  }
  // Google's library is large, and not needed with an access token.
  const load = Effect.promise(() => import("./applicationDefault.js"))
  return Effect.map(
    Effect.cached(Effect.map(load, ({ applicationDefault }) => applicationDefault(environment))),
    (credentials) => ({ headers: (request) => Effect.flatMap(credentials, ({ headers }) => headers(request)) })
  )
}

/** The API in a universe: a host of `googleapis.com` becomes the same host in the domain of the universe. */
const inUniverse = (api: GoogleApi.GoogleApi, universeDomain: string): GoogleApi.GoogleApi =>
  universeDomain === googleDomain
    ? api
    : GoogleApi.make({
      ...api,
      baseUrl: api.baseUrl.replace(/^(https:\/\/[^/?#@]+\.)googleapis\.com(?=\/|$)/i, `$1${universeDomain}`)
    })

/** Makes a service as `NodeOperations.make` does. The environment says what the options leave open. */
export const makeFromEnvironment = (
  options: NodeOperations.Options = {}
): Effect.Effect<OperationsService.Service, ConfigError.ConfigError, Scope.Scope> =>
  Effect.gen(function*() {
    const env = yield* environment
    const { make } = yield* Effect.promise(() => import("../NodeOperations.js"))
    return yield* make({
      ...options,
      api: inUniverse(options.api ?? GoogleApi.accessContextManager, env.universeDomain),
      credentials: options.credentials ?? (yield* credentialsOf(env)),
      quotaProject: options.quotaProject ?? env.quotaProject
    })
  })
