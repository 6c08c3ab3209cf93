/**
 * Application Default Credentials of one universe.
 *
 * The file loads Google's library, which is large; whoever needs it imports it dynamically.
 */
import * as Effect from "effect/Effect"
import { GoogleAuth as Library } from "google-auth-library"
import type * as Credentials from "../Credentials.js"
import * as GoogleAuth from "../GoogleAuth.js"
import * as HttpError from "../HttpError.js"
import { checkUniverse, type Environment } from "./environment.js"

// A file of credentials that cannot be used is said with the variable that names it.
const named = (file: string) => (error: HttpError.HttpError): HttpError.HttpError =>
  error.reason === "Authentication"
    ? new HttpError.HttpError({
      ...error,
      description: `${error.description} (GOOGLE_APPLICATION_CREDENTIALS=${file})`
    })
    : error

export const applicationDefault = (environment: Environment): Credentials.Credentials => {
  const { credentialsFile } = environment
  const auth = new Library({
    scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    // Nothing here needs the project's id, and to find it the library runs gcloud and asks the metadata server.
    projectId: "unused",
    ...(credentialsFile === undefined ? undefined : { keyFilename: credentialsFile }),
    clientOptions: { transporterOptions: { timeout: 10_000 } }
  })
  const credentials = GoogleAuth.make(auth)
  // Without a client there is no universe to check, and the credentials say why there is none.
  const check = Effect.matchEffect(Effect.tryPromise(() => auth.getClient()), {
    onFailure: () => Effect.void,
    onSuccess: ({ universeDomain }) => checkUniverse(universeDomain, environment)
  })
  return {
    ...credentials,
    headers: (request) => {
      const headers = Effect.zipRight(check, credentials.headers(request))
      return credentialsFile === undefined ? headers : Effect.mapError(headers, named(credentialsFile))
    }
  }
}
