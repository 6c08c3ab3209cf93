/**
 * Creates the credentials that a command's options select.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import * as Credentials from "../Credentials.js"
import * as HttpError from "../HttpError.js"
import { checkUniverse, credentialsOf, type Environment } from "../internal/environment.js"

const noCredentials = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "Authentication", description })

type Token = Effect.Effect<Redacted.Redacted, HttpError.HttpError>

const checkedToken = (text: string, from: string): Token => {
  const token = text.trim()
  // The error message does not quote the text, because the text may still be a secret.
  return /^[\x21-\x7e]+$/.test(token)
    ? Effect.succeed(Redacted.make(token))
    : Effect.fail(noCredentials(`${from} ${token === "" ? "is empty" : "is not one access token"}`))
}

/** Caches a token until the server rejects it. */
const renewable = (token: Token): Effect.Effect<Credentials.Credentials> =>
  Effect.map(Ref.make<Redacted.Redacted | undefined>(undefined), (latest) =>
    Credentials.make({
      headers: ({ refresh }) =>
        Ref.get(latest).pipe(
          Effect.flatMap((known) =>
            known !== undefined && !refresh
              ? Effect.succeed(known)
              : Effect.tap(token, (token) => Ref.set(latest, token))
          ),
          Effect.map((token) => ({ authorization: Redacted.make(`Bearer ${Redacted.value(token)}`) }))
        )
    }))

/** Reads an access token from a file. If the server rejects the token, the file is read again. */
const fromFile = (path: string): Effect.Effect<Credentials.Credentials> =>
  renewable(
    Effect.tryPromise({
      try: () => readFile(path, "utf8"),
      catch: (cause) =>
        noCredentials(`could not read --access-token-file: ${cause instanceof Error ? cause.message : ""}`)
    }).pipe(Effect.flatMap((text) => checkedToken(text, `--access-token-file ${path}`)))
  )

const run = (args: ReadonlyArray<string>): Effect.Effect<string, HttpError.HttpError> =>
  Effect.async((resume, signal) => {
    execFile(
      "gcloud",
      [...args, "--quiet"],
      // On Windows, gcloud is a script, so it must be run in a shell.
      { signal, timeout: 60_000, shell: process.platform === "win32", windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) return resume(Effect.succeed(stdout))
        const problem = error.code === "ENOENT"
          ? "there is no such program on the PATH"
          : error.killed === true
          ? "no result within 60 seconds"
          : stderr.trim().replace(/^ERROR: /, "") || `it exited with ${error.code}`
        resume(Effect.fail(noCredentials(`could not run gcloud ${args.join(" ")}: ${problem}`)))
      }
    )
  })

/** Gets an access token for gcloud's active account, and checks the account's universe. */
const fromGcloud = (environment: Environment): Effect.Effect<Credentials.Credentials> =>
  renewable(
    Effect.all([
      run(["auth", "print-access-token"]),
      // Old gcloud versions do not support this property, and always use the default universe.
      Effect.orElseSucceed(run(["config", "get", "core/universe_domain"]), () => "")
    ], { concurrency: "unbounded" }).pipe(
      Effect.flatMap(([token, universeDomain]) =>
        Effect.zipRight(
          checkUniverse(universeDomain.trim() || "googleapis.com", environment),
          checkedToken(token, "the output of gcloud auth print-access-token")
        )
      )
    )
  )

/** The source of a command's credentials. */
export type Source =
  | { readonly from: "environment" }
  | { readonly from: "anonymous" }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "gcloud" }

export const make = (source: Source, environment: Environment): Effect.Effect<Credentials.Credentials> => {
  switch (source.from) {
    case "environment":
      return credentialsOf(environment)
    case "anonymous":
      return Effect.succeed(Credentials.anonymous)
    case "file":
      return fromFile(source.path)
    case "gcloud":
      return fromGcloud(environment)
  }
}
