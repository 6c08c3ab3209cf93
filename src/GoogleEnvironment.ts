/**
 * `OperationsService` that the environment sets up, as it does Google's own tools.
 *
 * | variable                                | meaning                                                                       |
 * | --------------------------------------- | ----------------------------------------------------------------------------- |
 * | `GOOGLE_ACCESS_TOKEN`                   | an access token, which is used instead of Application Default Credentials     |
 * | `GOOGLE_APPLICATION_CREDENTIALS`        | the path of a file for Application Default Credentials                        |
 * | `GOOGLE_CLOUD_QUOTA_PROJECT`            | the project that quota and billing are charged to                             |
 * | `GOOGLE_CLOUD_UNIVERSE_DOMAIN`          | the universe that requests go to. Default: `googleapis.com`                   |
 * | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | the proxy, as for `NodeOperations`                                            |
 *
 * The variables are read through Effect's `Config`. An empty variable counts as one that is not set. The command line is set up
 * in the same way.
 *
 * Needs the optional peers `undici` 7 and `google-auth-library` 10.
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
 * Makes a service as `NodeOperations.make` does. The environment says what the options leave open.
 *
 * - `credentials`: the access token of the environment, otherwise Application Default Credentials with the scope
 *   `https://www.googleapis.com/auth/cloud-platform`. The credentials and their universe are read when the first request needs
 *   them. If the universe is not the one that requests go to, the request fails with `HttpError` and reason
 *   `"InvalidRequest"`, and nothing is sent.
 * - `quotaProject`: that of the environment.
 * - `api`: in another universe than `googleapis.com`, requests go to the same host in the domain of the universe.
 * - `proxy`: that of the environment.
 *
 * Fails with `ConfigError` if the universe is not a domain.
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
 * Provides `OperationsService`, set up by the environment as {@link make} says.
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
 * Provides the service of a tag made by `OperationsService.Tag`, set up by the environment as {@link make} says.
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
