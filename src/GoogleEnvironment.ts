/**
 * `OperationsService` with settings from environment variables, as in Google's own tools.
 *
 * | variable                                | meaning                                                                   |
 * | --------------------------------------- | ------------------------------------------------------------------------- |
 * | `GOOGLE_ACCESS_TOKEN`                   | an access token, which is used instead of Application Default Credentials |
 * | `GOOGLE_APPLICATION_CREDENTIALS`        | the path of an Application Default Credentials file                       |
 * | `GOOGLE_CLOUD_QUOTA_PROJECT`            | the project to which quota and billing are charged                        |
 * | `GOOGLE_CLOUD_UNIVERSE_DOMAIN`          | the domain of the API's universe. Default: `googleapis.com`               |
 * | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | the proxy settings, with the same rules as in `NodeOperations`            |
 *
 * The variables are read through Effect's `Config`. An empty variable is ignored. The command-line tool uses the same
 * variables.
 *
 * Requires the optional peer dependencies `undici` 7 and `google-auth-library` 10.
 *
 * @since 0.4.0
 * @module
 */
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as GoogleApi from "./GoogleApi.js"
import { credentialsOf, environment, inUniverse } from "./internal/environment.js"
import { withApiOf } from "./internal/settings.js"
import * as NodeOperations from "./NodeOperations.js"
import * as OperationsService from "./OperationsService.js"

/**
 * Makes a service in the same way as `NodeOperations.make`. The environment supplies the options that are not set:
 *
 * - `credentials`: the access token in the environment, or else Application Default Credentials with the scope
 *   `https://www.googleapis.com/auth/cloud-platform`. The credentials and their universe are read when the first
 *   request needs them. If the credentials and the API belong to different universes, the request fails with
 *   `HttpError` (`reason: "InvalidRequest"`) and is not sent.
 * - `quotaProject`: the quota project in the environment.
 * - `api`: if the environment selects a universe other than `googleapis.com`, requests are sent to the host with the
 *   same name in that universe's domain.
 * - `proxy`: the proxy in the environment.
 *
 * Fails with `ConfigError` if the universe domain is not valid.
 *
 * @since 0.4.0
 * @category constructors
 * @see https://google.aip.dev/auth/4117
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as GoogleEnvironment from "effect-google-operations/GoogleEnvironment"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* GoogleEnvironment.make({ api: GoogleApi.compute })
 *   return yield* operations.wait("projects/p/zones/us-central1-a/operations/operation-1")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (
  options: NodeOperations.Options = {}
): Effect.Effect<OperationsService.Service, ConfigError, Scope.Scope> =>
  Effect.gen(function*() {
    const env = yield* environment
    return yield* NodeOperations.make({
      ...options,
      api: inUniverse(options.api ?? GoogleApi.accessContextManager, env),
      credentials: options.credentials ?? (yield* credentialsOf(env)),
      quotaProject: options.quotaProject ?? env.quotaProject
    })
  })

/**
 * Provides `OperationsService` with settings from the environment. {@link make} describes the settings.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as GoogleEnvironment from "effect-google-operations/GoogleEnvironment"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", { timeout: "10 minutes" })
 * }).pipe(Effect.provide(GoogleEnvironment.layer()))
 * ```
 */
export const layer = (
  options?: NodeOperations.Options
): Layer.Layer<OperationsService.OperationsService, ConfigError> =>
  Layer.scoped(OperationsService.OperationsService, make(options))

/**
 * Provides the service for a tag made by `OperationsService.Tag`, with settings from the environment. {@link make}
 * describes the settings.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as GoogleEnvironment from "effect-google-operations/GoogleEnvironment"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 *
 * class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
 *
 * const layer = GoogleEnvironment.layerFor(ComputeOperations)
 * ```
 */
export const layerFor = <Self, Id extends string>(
  tag: OperationsService.TagClass<Self, Id>,
  options: NodeOperations.TagOptions = {}
): Layer.Layer<Self, ConfigError> => Layer.scoped(tag, make(withApiOf(tag, options)))
