import { assert, describe, it } from "@effect/vitest"
import type * as Credentials from "effect-google-operations/Credentials"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import {
  type AuthClient,
  ExternalAccountAuthorizedUserClient,
  ExternalAccountClient,
  Impersonated,
  JWT
} from "google-auth-library"
import { Buffer } from "node:buffer"
import * as fs from "node:fs"
import { join } from "node:path"
import { name } from "./support/answers.js"
import {
  api,
  apiThatRefusesTheFirst,
  authorizedUser,
  cloudPlatform,
  directory,
  email,
  environment,
  file,
  google,
  hasty,
  onlyToGoogle,
  privateKey,
  type Respond,
  serviceAccount,
  shown,
  type TokenRequest,
  tokens,
  user,
  workforce,
  workloadIdentity
} from "./support/googleAuth.js"
import { httpError, service } from "./support/service.js"

onlyToGoogle()

const needle = "planted-secret"
const secret = (what: string) => `${needle}-${what}-4f1c9a7be2d05836`

/** Fails a get, and looks for secrets in all that comes of it. */
const failing = (credentials: Credentials.Credentials, options: OperationsService.Options = {}) =>
  Effect.gen(function*() {
    const logs: Array<string> = []
    const logger = Logger.make((options) => {
      logs.push(Logger.logfmtLogger.log(options), Logger.jsonLogger.log(options), ...shown(options.message))
    })
    const mocked = api()
    const operations = yield* service(mocked, { ...options, credentials })
    const cause = yield* operations.get(name).pipe(
      Effect.tapErrorCause((cause) => Effect.logError("it failed", cause)),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Effect.sandbox,
      Effect.flip
    )
    const error = yield* httpError(Effect.failCause(cause))
    const places = { credentials: shown(credentials), error: shown(error), cause: shown(Cause.pretty(cause)), logs }
    assert.isAbove(logs.length, 0)
    for (const [place, texts] of Object.entries(places)) {
      for (const text of texts) assert.notInclude(text, needle, `${place}: ${text}`)
    }
    assert.strictEqual(mocked.requests.length, 0)
    assert.instanceOf(error.cause, Error)
    return error
  })

const planted = {
  ...hasty,
  clientSecret: secret("client"),
  refreshToken: secret("refresh"),
  credentials: { access_token: secret("access"), expiry_date: 1 }
}

describe("a failed request for a token", () => {
  const echo = ({ body, headers }: TokenRequest) => `${headers.authorization ?? ""} ${decodeURIComponent(body)}`

  const answers: Record<string, {
    readonly respond: Respond
    readonly isTransient: boolean
    readonly says: string | RegExp
  }> = {
    "400 invalid_grant": {
      respond: () => ({
        status: 400,
        body: { error: "invalid_grant", error_description: "Token has been expired or revoked." }
      }),
      isTransient: false,
      says: "Could not get credentials: the token endpoint responded with HTTP 400: invalid_grant: " +
        "Token has been expired or revoked."
    },
    "400 without a description": {
      respond: () => ({ status: 400, body: { error: "invalid_request" } }),
      isTransient: false,
      says: "Could not get credentials: the token endpoint responded with HTTP 400: invalid_request"
    },
    "400 that asks for a login (its message is the whole body)": {
      respond: (request) => ({
        status: 400,
        body: { error: "invalid_grant", error_description: "reauth related error (invalid_rapt)", echo: echo(request) }
      }),
      isTransient: false,
      says: /HTTP 400: invalid_grant: reauth related error \(invalid_rapt\)$/
    },
    "401 that echoes what it was sent": {
      respond: (request) => ({
        status: 401,
        body: { error: "invalid_client", error_description: `unknown: ${echo(request)}` }
      }),
      isTransient: false,
      says: /HTTP 401: invalid_client: unknown: .*<redacted>/
    },
    "403 in the form of a Google API": {
      respond: () => ({
        status: 403,
        body: {
          error: {
            code: 403,
            message: "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
            status: "PERMISSION_DENIED"
          }
        }
      }),
      isTransient: false,
      says: "Could not get credentials: the token endpoint responded with HTTP 403: PERMISSION_DENIED: " +
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
    },
    "404 with a page that echoes what it was sent": {
      respond: (request) => ({ status: 404, body: `<html>${echo(request)}</html>` }),
      isTransient: false,
      says: "Could not get credentials: the token endpoint responded with HTTP 404"
    },
    "408": { respond: () => ({ status: 408, body: {} }), isTransient: true, says: /HTTP 408$/ },
    "429": {
      respond: () => ({ status: 429, body: { error: "rate_limit_exceeded" } }),
      isTransient: true,
      says: /HTTP 429: rate_limit_exceeded$/
    },
    "500": {
      respond: () => ({ status: 500, body: { error: "internal_failure" } }),
      isTransient: true,
      says: /HTTP 500: internal_failure$/
    },
    "503 with a page that echoes what it was sent": {
      respond: (request) => ({ status: 503, body: `<html>${echo(request)}</html>` }),
      isTransient: true,
      says: /HTTP 503$/
    },
    "a connection that breaks off": {
      respond: () => "cut",
      isTransient: true,
      says: /: the request for a token failed \(request to http:\/\/127\.0\.0\.1:\d+\/\S+ failed, reason: .+\)$/
    },
    "200 without a token": {
      respond: (request) => ({ body: { echo: echo(request) } }),
      isTransient: false,
      says: "Could not get credentials: the token endpoint responded without a token"
    },
    "200 with a page that echoes what it was sent": {
      respond: (request) => ({ body: `<html>${echo(request)}</html>` }),
      isTransient: false,
      says: /^Could not get credentials: /
    }
  }

  const kinds: Record<string, () => AuthClient> = {
    "of a user": () => user(planted),
    "of a service account": () => new JWT({ ...hasty, email, key: privateKey, scopes: [cloudPlatform] }),
    "of a workforce": () =>
      new ExternalAccountAuthorizedUserClient({
        ...workforce,
        ...hasty,
        client_secret: secret("client"),
        refresh_token: secret("refresh")
      })
  }

  for (const [kind, client] of Object.entries(kinds)) {
    for (const [what, { isTransient, respond, says }] of Object.entries(answers)) {
      it.scopedLive(`${kind}: ${what} is ${isTransient ? "" : "not "}transient, and shows no secret`, () =>
        Effect.gen(function*() {
          const assertions: Array<string> = []
          const fake = yield* google({
            respond: (request, index) => {
              assertions.push(...(request.form.get("assertion")?.split(".") ?? []))
              return respond(request, index)
            }
          })
          const error = yield* failing(GoogleAuth.make(client()))
          assert.isAbove(fake.requests.length, 0)
          assert.strictEqual(error.reason, "Authentication")
          assert.strictEqual(error.isTransient, isTransient)
          if (typeof says === "string") assert.strictEqual(error.message, says)
          else assert.match(error.message, says)
          for (const text of shown(error)) {
            for (const part of assertions) assert.notInclude(text, part.slice(0, 20))
            assert.notInclude(text, "PRIVATE KEY")
          }
        }))
    }
  }

  it.scopedLive("of an impersonated account: the message has the error and the server", () =>
    Effect.gen(function*() {
      yield* google({
        respond: ({ url, headers }) =>
          url.endsWith(":generateAccessToken")
            ? { status: 403, body: { error: { status: "PERMISSION_DENIED", message: `no: ${headers.authorization}` } } }
            : { body: { access_token: secret("source"), expires_in: 3600 } }
      })
      const client = new Impersonated({ sourceClient: user(planted), targetPrincipal: email })
      const error = yield* failing(GoogleAuth.make(client))
      assert.isFalse(error.isTransient)
      assert.match(error.message, /HTTP 403: PERMISSION_DENIED: no: Bearer <redacted>$/)
    }))

  it.scopedLive("secrets that look like words are not shown either", () =>
    Effect.gen(function*() {
      yield* google({
        respond: (request) => ({ status: 400, body: { error: "no", error_description: echo(request) } })
      })
      const error = yield* failing(GoogleAuth.make(user(hasty)))
      for (const text of shown(error)) assert.notMatch(text, /client-secret|refresh-token/)
    }))

  it.scopedLive("a user and a password in a URL are not shown", () =>
    Effect.gen(function*() {
      const oauth2TokenUrl = `http://user:${needle}@127.0.0.1:9/token`
      const error = yield* failing(GoogleAuth.make(user({ ...planted, endpoints: { oauth2TokenUrl } })))
      assert.include(error.message, "http://127.0.0.1:9/token is an url with embedded credentials")
    }))

  it.scopedLive("a long description is cut", () =>
    Effect.gen(function*() {
      yield* google({
        respond: () => ({ status: 400, body: { error: "no", error_description: "so much to say ".repeat(1000) } })
      })
      const error = yield* failing(GoogleAuth.make(user(planted)))
      assert.isBelow(error.message.length, 1100)
    }))

  // Expressions that backtrack take hours for these.
  const adversarial: Record<string, string> = {
    "a long word and .json": `${"a".repeat(1_000_000)}.json`,
    "long words and .json": `${"a1".repeat(20)}.json`.repeat(25_000),
    "quotes": "\"".repeat(1_000_000),
    "URLs without end": "http:".repeat(200_000),
    "slashes": "/".repeat(1_000_000),
    "users without a host": `//${"a".repeat(500_000)}`.repeat(2),
    "queries": "http:?#".repeat(150_000)
  }
  for (const [what, text] of Object.entries(adversarial)) {
    it.scopedLive(`${what}, 1 MB of them, take no time`, () =>
      Effect.gen(function*() {
        yield* google({ respond: () => ({ status: 400, body: { error: "no", error_description: text } }) })
        const error = yield* failing(GoogleAuth.make(user(planted)))
        assert.isAtMost(error.message.length, 1_200)
      }))
  }

  it.scopedLive("an unreachable server: transient, with the host and the code, without the query", () =>
    Effect.gen(function*() {
      const { origin } = yield* Effect.scoped(google())
      const oauth2TokenUrl = `${origin}/token?key=${secret("query")}`
      const error = yield* failing(GoogleAuth.make(user({ ...planted, endpoints: { oauth2TokenUrl } })))
      assert.isTrue(error.isTransient)
      assert.include(error.message, `failed (request to ${origin}/token failed, reason: connect ECONNREFUSED`)
      assert.strictEqual((error.cause as { readonly code?: unknown }).code, "ECONNREFUSED")
    }))

  it.scopedLive("a wait continues after a transient one, and fails with another", () =>
    Effect.gen(function*() {
      const fake = yield* google({
        respond: (_, index) => index < 3 ? { status: 503 } : { status: 400, body: { error: "invalid_grant" } }
      })
      const operations = yield* service(api(), { credentials: GoogleAuth.make(user(hasty)) })
      const error = yield* httpError(operations.wait(name, { retrySchedule: Schedule.spaced("10 millis") }))
      assert.strictEqual(error.reason, "Authentication")
      assert.strictEqual(fake.requests.length, 4)
    }))

  it.scopedLive("is not cached: the next request gets a token", () =>
    Effect.gen(function*() {
      yield* google({ respond: (_, index) => index === 0 ? { status: 400 } : undefined })
      const operations = yield* service(api(), { credentials: GoogleAuth.make(user(hasty)) })
      yield* httpError(operations.get(name))
      yield* operations.get(name)
    }))

  it.scopedLive("a failed refresh is the error of the call, and the refused token is not used again", () =>
    Effect.gen(function*() {
      yield* google({
        respond: (_, index) => index === 1 ? { status: 400, body: { error: "invalid_grant" } } : undefined
      })
      const mocked = apiThatRefusesTheFirst()
      const operations = yield* service(mocked, { credentials: GoogleAuth.make(user(hasty)) })
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.reason, "Authentication")
      yield* operations.get(name)
      assert.strictEqual(mocked.requests.length, 2)
      assert.strictEqual(tokens(mocked), 2)
    }))
})

describe("no credentials", () => {
  const absent: Record<string, Record<string, string>> = {
    "and no look for a metadata server": {},
    "and a metadata server that is not there": {
      METADATA_SERVER_DETECTION: "ping-only",
      GCE_METADATA_HOST: "127.0.0.1:9"
    }
  }

  for (const [what, variables] of Object.entries(absent)) {
    it.scopedLive(`${what}: says what to do`, () =>
      Effect.gen(function*() {
        yield* environment(variables)
        const error = yield* failing(GoogleAuth.applicationDefault())
        assert.strictEqual(error.reason, "Authentication")
        assert.isFalse(error.isTransient)
        assert.strictEqual(
          error.message,
          "Could not get credentials: there are no Application Default Credentials. Run " +
            "`gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the path of a credentials file"
        )
      }))
  }

  it.scopedLive("are read again by the next request", () =>
    Effect.gen(function*() {
      yield* google()
      const { home } = yield* environment()
      const operations = yield* service(api(), { credentials: GoogleAuth.applicationDefault() })
      yield* httpError(operations.get(name))
      fs.mkdirSync(join(home, ".config", "gcloud"), { recursive: true })
      file(join(home, ".config", "gcloud", "application_default_credentials.json"), authorizedUser)
      yield* operations.get(name)
    }))

  const files: Record<string, { readonly content: unknown; readonly says: RegExp }> = {
    "not JSON": {
      content: needle,
      says: /GOOGLE_APPLICATION_CREDENTIALS environment variable: Unexpected token 'p', this is not valid JSON$/
    },
    "JSON that is cut off": {
      content: JSON.stringify({ type: "authorized_user", refresh_token: secret("refresh") }).slice(0, -1),
      says: /GOOGLE_APPLICATION_CREDENTIALS environment variable: .* JSON at position \d+/
    },
    "without a key": {
      content: { type: "service_account", client_email: email },
      says: /GOOGLE_APPLICATION_CREDENTIALS.*does not contain a private_key field$/
    }
  }

  for (const [what, { content, says }] of Object.entries(files)) {
    it.scopedLive(`a file that is ${what}`, () =>
      Effect.gen(function*() {
        const path = file(join(yield* directory, "key.json"), content)
        yield* environment({ GOOGLE_APPLICATION_CREDENTIALS: path })
        const error = yield* failing(GoogleAuth.applicationDefault())
        assert.isFalse(error.isTransient)
        assert.strictEqual(error.reason, "Authentication")
        assert.match(error.message, says)
      }))
  }

  it.scopedLive("an invalid key", () =>
    Effect.gen(function*() {
      yield* environment()
      const key = `-----BEGIN PRIVATE KEY-----\n${secret("key")}\n-----END PRIVATE KEY-----\n`
      const error = yield* failing(GoogleAuth.make(new JWT({ email, key, scopes: [cloudPlatform] })))
      assert.isFalse(error.isTransient)
      assert.match(error.message, /DECODER|unsupported/)
    }))

  it.scopedLive("a key file that is not JSON", () =>
    Effect.gen(function*() {
      yield* environment()
      const keyFile = file(join(yield* directory, "key.json"), needle)
      const error = yield* failing(GoogleAuth.make(new JWT({ keyFile, scopes: [cloudPlatform] })))
      assert.strictEqual(
        error.message,
        "Could not get credentials: Invalid JSON key file: Unexpected token 'p', this is not valid JSON"
      )
    }))

  it.scopedLive("a program whose output is not a response", () =>
    Effect.gen(function*() {
      yield* environment({ GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" })
      const client = ExternalAccountClient.fromJSON({
        ...workloadIdentity(yield* directory),
        credential_source: { executable: { command: `${process.execPath} -p '${needle}'` } }
      })
      const error = yield* failing(GoogleAuth.make(client!))
      assert.strictEqual(error.message, "Could not get credentials: The executable returned an invalid response: …")
    }))

  const values: Record<string, string> = {
    "the key itself": JSON.stringify({ ...serviceAccount, private_key: secret("key") }),
    "the key itself, in base64": Buffer.from(JSON.stringify({ key: secret("key").repeat(20) })).toString("base64"),
    "a token": secret("token")
  }

  for (const [what, value] of Object.entries(values)) {
    it.scopedLive(`${what} in GOOGLE_APPLICATION_CREDENTIALS is not shown`, () =>
      Effect.gen(function*() {
        yield* environment({ GOOGLE_APPLICATION_CREDENTIALS: value })
        const error = yield* failing(GoogleAuth.applicationDefault())
        assert.isFalse(error.isTransient)
        assert.match(
          error.message,
          /GOOGLE_APPLICATION_CREDENTIALS environment variable: The file at (?:<redacted>|…)/
        )
        for (const text of shown(error)) assert.notInclude(text, value.slice(0, 40))
      }))
  }

  it.scopedLive("the message has the name of a missing file", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "my-project-123456-0a1b2c3d4e5f.json")
      yield* environment({ GOOGLE_APPLICATION_CREDENTIALS: path })
      const error = yield* failing(GoogleAuth.applicationDefault())
      assert.include(error.message, "my-project-123456-0a1b2c3d4e5f.json does not exist")
    }))
})
