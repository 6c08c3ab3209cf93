/**
 * Defines the options that select an API and credentials, and creates services from these options.
 */
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { builtIn } from "../internal/dialect/builtIn.js"
import { type Environment, environment } from "../internal/environment.js"
import type * as OperationsService from "../OperationsService.js"
import { type ApiOptions, keyOf, type Target } from "./api.js"
import * as Credentials from "./credentials.js"
import { choice, onOff, UsageError, valued, type ValuesOf } from "./flags.js"

const apiFlags = {
  api: valued("api", "API[/VERSION]", "An API of the catalog: run or run/v2 (see apis)", Either.right),
  location: valued("location", "LOCATION", "The location of the endpoint: us-central1", Either.right),
  baseUrl: valued("base-url", "URL", "Another base URL: http://127.0.0.1:8787", Either.right),
  apiVersion: valued("api-version", "VERSION", "The version at the base URL (default v1)", Either.right),
  dialect: choice("dialect", "NAME", "The dialect: longRunning (default), compute, …", builtIn)
}

const credentialsFlags = {
  accessTokenFile: valued("access-token-file", "FILE", "A file with an access token", Either.right, { isFile: true }),
  gcloud: onOff("gcloud", "The token of gcloud auth print-access-token"),
  anonymous: onOff("anonymous", "No credentials, for emulators"),
  quotaProject: valued(
    "quota-project",
    "PROJECT",
    "The project for quota and billing",
    (text) => /^[\x21-\x7e]+$/.test(text) ? Either.right(text) : Either.left("must be the ID of a project")
  )
}

export const connectionFlags = { ...apiFlags, ...credentialsFlags }

type Values = ValuesOf<typeof connectionFlags>

const describe = (error: ConfigError.ConfigError): string => {
  switch (error._op) {
    case "And":
    case "Or":
      return `${describe(error.left)}; ${describe(error.right)}`
    default:
      return error.message
  }
}

const orUsageError = <A, R>(
  effect: Effect.Effect<A, ConfigError.ConfigError, R>
): Effect.Effect<A, UsageError, R> => Effect.mapError(effect, (error) => new UsageError(describe(error)))

const sourceOf = ({ accessTokenFile, anonymous, gcloud }: Values): Either.Either<Credentials.Source, UsageError> => {
  const sources: ReadonlyArray<readonly [flag: string, source: Credentials.Source]> = [
    ...(accessTokenFile === undefined
      ? []
      : [["--access-token-file", { from: "file", path: accessTokenFile }] as const]),
    ...(gcloud ? [["--gcloud", { from: "gcloud" }] as const] : []),
    ...(anonymous ? [["--anonymous", { from: "anonymous" }] as const] : [])
  ]
  const [first, second] = sources
  if (second !== undefined) return Either.left(new UsageError(`${first![0]} and ${second[0]} cannot be combined`))
  return Either.right(first?.[1] ?? { from: "environment" })
}

/** The API and credential settings, from the options and the environment. */
export interface Connection {
  readonly apiOptions: ApiOptions
  readonly source: Credentials.Source
  readonly environment: Environment
  readonly quotaProject: string | undefined
}

/** Reads the connection settings from the options and the environment. */
export const connection = (values: Values): Effect.Effect<Connection, UsageError> =>
  Effect.gen(function*() {
    const source = yield* sourceOf(values)
    const env = yield* orUsageError(environment)
    return {
      apiOptions: { ...values, universeDomain: env.universeDomain },
      source,
      environment: env,
      quotaProject: values.quotaProject
    }
  })

/** Creates the services for targets, one for each API. Their connections remain open until the scope ends. */
export const services = (
  targets: ReadonlyArray<Target>,
  { environment, quotaProject, source }: Connection
): Effect.Effect<(target: Target) => OperationsService.Service, UsageError, Scope.Scope> =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make(source, environment)
    // Import dynamically, because this module loads undici, which most commands do not need.
    const { make } = yield* Effect.promise(() => import("../GoogleEnvironment.js"))
    const byApi = new Map<string, OperationsService.Service>()
    for (const { api } of targets) {
      if (byApi.has(keyOf(api))) continue
      byApi.set(
        keyOf(api),
        yield* orUsageError(make({
          api,
          credentials,
          quotaProject,
          requestBudget: { concurrent: 64 }
        }))
      )
    }
    return (target) => byApi.get(keyOf(target.api))!
  })
