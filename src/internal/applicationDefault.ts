/**
 * Application Default Credentials for one universe.
 *
 * This file loads Google's authentication library, which is large, so import the file dynamically.
 */
import * as Effect from "effect/Effect"
import { Compute, GoogleAuth as Library } from "google-auth-library"
import * as Credentials from "../Credentials.js"
import * as GoogleAuth from "../GoogleAuth.js"
import * as HttpError from "../HttpError.js"
import { checkUniverse, type Environment } from "./environment.js"

// Adds GOOGLE_APPLICATION_CREDENTIALS and its value to an authentication error, because the file may be the reason.
const named = (file: string) => (error: HttpError.HttpError): HttpError.HttpError =>
  error.reason === "Authentication"
    ? new HttpError.HttpError({
      ...error,
      description: `${error.description} (GOOGLE_APPLICATION_CREDENTIALS=${file})`
    })
    : error

const noUniverse = new HttpError.HttpError({
  reason: "Authentication",
  description: "could not read the universe of the credentials from the metadata server",
  isTransient: true
})

/** @internal */
export const applicationDefault = (environment: Environment): Credentials.Credentials => {
  const { credentialsFile } = environment
  const auth = new Library({
    scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    // A placeholder project ID prevents the library from looking up the real one, which is not needed, with gcloud and
    // the metadata server.
    projectId: "unused",
    ...(credentialsFile === undefined ? undefined : { keyFilename: credentialsFile }),
    clientOptions: { transporterOptions: { timeout: 10_000 } }
  })
  const { headers } = GoogleAuth.make(auth)
  // Reads the universe from the metadata server, because `Compute` clients do not read it.
  let ofMachine: string | undefined
  const universeOfMachine = Effect.suspend(() =>
    ofMachine !== undefined
      ? Effect.succeed(ofMachine)
      : Effect.tryPromise({ try: () => auth.getUniverseDomainFromMetadataServer(), catch: () => noUniverse }).pipe(
        Effect.timeoutFail({ duration: "10 seconds", onTimeout: () => noUniverse }),
        Effect.tap((universe) => Effect.sync(() => ofMachine = universe))
      )
  )
  const check = Effect.option(Effect.tryPromise(() => auth.getClient())).pipe(
    Effect.flatMap((client) => {
      // If there is no client, there is no universe to check, and `headers` fails with the reason.
      if (client._tag === "None") return Effect.void
      const universe = client.value instanceof Compute
        ? universeOfMachine
        : Effect.succeed(client.value.universeDomain)
      return Effect.flatMap(universe, (universe) => checkUniverse(universe, environment))
    })
  )
  return Credentials.make({
    headers: (request) => {
      const checked = Effect.zipRight(check, headers(request))
      return credentialsFile === undefined ? checked : Effect.mapError(checked, named(credentialsFile))
    }
  })
}
