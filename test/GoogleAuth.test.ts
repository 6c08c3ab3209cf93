import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Effect from "effect/Effect"
import { GoogleAuth as Library, JWT, PassThroughClient } from "google-auth-library"
import { Buffer } from "node:buffer"
import { createPublicKey, verify } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"
import { googleError, name } from "./support/answers.js"
import {
  api,
  atOnce,
  authorizations,
  authorizedUser,
  cloudPlatform,
  directory,
  email,
  environment,
  file,
  google,
  googleOnMachine,
  impersonationUrl,
  issued,
  onlyToGoogle,
  privateKey,
  publicKey,
  serviceAccount,
  shown,
  tokens,
  urls,
  user,
  workforce,
  workloadIdentity
} from "./support/googleAuth.js"
import { type MockHttp, mockHttp } from "./support/http.js"
import { httpError, service } from "./support/service.js"

onlyToGoogle()

const impersonated = {
  type: "impersonated_service_account",
  service_account_impersonation_url: impersonationUrl,
  source_credentials: authorizedUser
}

// ---------------------------------------------------------------------------------------------------------------------

describe("Application Default Credentials", () => {
  const sources: Record<string, {
    readonly content: (path: string) => unknown
    readonly urls: ReadonlyArray<string>
    readonly quotaProject?: string
  }> = {
    "of a user": {
      content: () => authorizedUser,
      urls: ["oauth2.googleapis.com/token"],
      quotaProject: "quota-of-file"
    },
    "of a service account": { content: () => serviceAccount, urls: ["oauth2.googleapis.com/token"] },
    "of an impersonated service account": {
      content: () => impersonated,
      urls: ["oauth2.googleapis.com/token", new URL(impersonationUrl).host + new URL(impersonationUrl).pathname]
    },
    "of a workload": { content: workloadIdentity, urls: ["sts.googleapis.com/v1/token"] },
    "of a workload that impersonates": {
      content: (path) => ({ ...workloadIdentity(path), service_account_impersonation_url: impersonationUrl }),
      urls: ["sts.googleapis.com/v1/token", new URL(impersonationUrl).host + new URL(impersonationUrl).pathname]
    },
    "of a workforce": { content: () => workforce, urls: ["sts.googleapis.com/v1/oauthtoken"] }
  }

  for (const [kind, { content, quotaProject, urls: expected }] of Object.entries(sources)) {
    it.scopedLive(`${kind}, from the file that GOOGLE_APPLICATION_CREDENTIALS names: read at the first request, one token for all`, () =>
      Effect.gen(function*() {
        const fake = yield* google()
        const path = yield* directory
        yield* environment({ GOOGLE_APPLICATION_CREDENTIALS: join(path, "key.json") })
        const mocked = api()
        const credentials = GoogleAuth.applicationDefault()
        const operations = yield* service(mocked, { credentials })
        assert.deepStrictEqual(urls(fake), [])
        file(join(path, "key.json"), content(path))
        yield* atOnce(20, operations.get(name))
        yield* operations.get(name)
        assert.deepStrictEqual(urls(fake), expected)
        assert.strictEqual(mocked.requests.length, 21)
        assert.strictEqual(tokens(mocked), 1)
        const { authorization, "x-goog-user-project": project } = mocked.requests[0]!.headers
        assert.strictEqual(authorization, `Bearer token-${issued}-for-3600-s`)
        assert.strictEqual(project, quotaProject)
        for (const text of [...shown(credentials), ...shown(operations)]) assert.notInclude(text, `token-${issued}`)
      }))
  }

  it.scopedLive("from the file of gcloud", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      const { home } = yield* environment()
      const gcloud = join(home, ".config", "gcloud")
      fs.mkdirSync(gcloud, { recursive: true })
      file(join(gcloud, "application_default_credentials.json"), authorizedUser)
      const mocked = api()
      const operations = yield* service(mocked, { credentials: GoogleAuth.applicationDefault() })
      yield* operations.get(name)
      assert.deepStrictEqual(Object.fromEntries(fake.requests[0]!.form), {
        grant_type: "refresh_token",
        client_id: "client-id",
        client_secret: "client-secret",
        refresh_token: "refresh-token"
      })
      assert.deepStrictEqual(authorizations(mocked), [`Bearer token-${issued}-for-3600-s`])
    }))

  it.scopedLive("of the machine: one request to its metadata server", () =>
    Effect.gen(function*() {
      const fake = yield* googleOnMachine
      const mocked = api()
      const operations = yield* service(mocked, { credentials: GoogleAuth.applicationDefault() })
      yield* atOnce(5, operations.get(name))
      assert.deepStrictEqual(
        fake.requests.map(({ headers, method, query, url }) => ({
          method,
          url,
          flavor: headers["metadata-flavor"],
          scopes: query.get("scopes")
        })),
        [{
          method: "GET",
          url: "/computeMetadata/v1/instance/service-accounts/default/token",
          flavor: "Google",
          scopes: cloudPlatform
        }]
      )
      assert.deepStrictEqual(authorizations(mocked), Array(5).fill(`Bearer token-${issued}-for-3600-s`))
    }))

  it.scopedLive.each([
    [undefined, cloudPlatform],
    [["scope/a", "scope/b"], "scope/a scope/b"]
  ])("the scopes %j are those of the assertion that is signed", ([scopes, expected]) =>
    Effect.gen(function*() {
      const fake = yield* google()
      const path = file(join(yield* directory, "key.json"), serviceAccount)
      yield* environment({ GOOGLE_APPLICATION_CREDENTIALS: path })
      const operations = yield* service(api(), {
        credentials: GoogleAuth.applicationDefault({ scopes: scopes as ReadonlyArray<string> | undefined })
      })
      yield* operations.get(name)
      const [header, payload, signature] = fake.requests[0]!.form.get("assertion")!.split(".")
      const claims = JSON.parse(Buffer.from(payload!, "base64url").toString())
      assert.strictEqual(claims.scope, expected)
      assert.strictEqual(claims.iss, email)
      assert.isTrue(
        verify(
          "RSA-SHA256",
          Buffer.from(`${header}.${payload}`),
          createPublicKey(publicKey),
          Buffer.from(signature!, "base64url")
        )
      )
    }))
})

describe("a client that is passed in", () => {
  it.scopedLive("a GoogleAuth with a key file of its own", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      yield* environment()
      const keyFilename = file(join(yield* directory, "key.json"), serviceAccount)
      const mocked = api()
      const auth = new Library({ keyFilename, scopes: cloudPlatform, projectId: "p" })
      const operations = yield* service(mocked, { credentials: GoogleAuth.make(auth) })
      yield* atOnce(5, operations.get(name))
      assert.deepStrictEqual(urls(fake), ["oauth2.googleapis.com/token"])
      assert.deepStrictEqual(authorizations(mocked), Array(5).fill(`Bearer token-${issued}-for-3600-s`))
    }))

  it.scopedLive("a JWT without scopes signs its own token for the API's origin", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      const mocked = api()
      const jwt = new JWT({ email, key: privateKey, keyId: "key-id" })
      const operations = yield* service(mocked, { credentials: GoogleAuth.make(jwt) })
      yield* operations.get(name)
      yield* operations.get("operations/y")
      assert.deepStrictEqual(urls(fake), [])
      const [first, second] = authorizations(mocked)
      assert.strictEqual(first, second)
      const claims = JSON.parse(Buffer.from(first!.split(".")[1]!, "base64url").toString())
      assert.strictEqual(claims.aud, "https://accesscontextmanager.googleapis.com/")
    }))

  it.scopedLive("an API key", () =>
    Effect.gen(function*() {
      const mocked = api()
      const auth = new Library({ apiKey: "the-api-key", projectId: "p" })
      const operations = yield* service(mocked, { credentials: GoogleAuth.make(auth) })
      yield* operations.get(name)
      assert.strictEqual(mocked.requests[0]!.headers["x-goog-api-key"], "the-api-key")
    }))

  it.scopedLive("a client without credentials", () =>
    Effect.gen(function*() {
      const mocked = api()
      const operations = yield* service(mocked, { credentials: GoogleAuth.make(new PassThroughClient()) })
      yield* operations.get(name)
      assert.deepStrictEqual(authorizations(mocked), [undefined])
    }))

  it.scopedLive("serves two APIs at once", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      const mocked = api()
      const credentials = GoogleAuth.make(user())
      const other = GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "https://example.googleapis.com" })
      const one = yield* service(mocked, { credentials })
      const two = yield* service(mocked, { credentials, api: other })
      yield* Effect.all([one.get(name), two.get(name)], { concurrency: "unbounded" })
      assert.strictEqual(fake.requests.length, 1)
      assert.strictEqual(tokens(mocked), 1)
    }))

  it.scopedLive("works with a pool of its own, against a server", () =>
    Effect.gen(function*() {
      const fake = yield* google({ respond: ({ url }) => url.startsWith("/v1/") ? { body: { name } } : undefined })
      const operations = yield* NodeOperations.make({
        api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: fake.origin }),
        credentials: GoogleAuth.make(user())
      })
      yield* atOnce(3, operations.get(name))
      assert.deepStrictEqual(urls(fake).sort(), [...Array(3).fill(`/v1/${name}`), "oauth2.googleapis.com/token"])
      assert.strictEqual(fake.requests.at(-1)!.headers.authorization, `Bearer token-${issued}-for-3600-s`)
    }))
})

describe("the quota project", () => {
  const quotaProject = "quota-of-client-123456"
  const sent = (mocked: MockHttp) => mocked.requests.map(({ headers }) => headers["x-goog-user-project"])

  it.scopedLive("is that of the credentials", () =>
    Effect.gen(function*() {
      yield* google()
      const mocked = api()
      const operations = yield* service(mocked, {
        credentials: GoogleAuth.make(user({ quotaProjectId: quotaProject }))
      })
      yield* operations.get(name)
      assert.deepStrictEqual(sent(mocked), [quotaProject])
    }))

  it.scopedLive("of the service overrides that of the credentials", () =>
    Effect.gen(function*() {
      yield* google()
      const mocked = api()
      const credentials = GoogleAuth.make(user({ quotaProjectId: quotaProject }))
      const operations = yield* service(mocked, { credentials, quotaProject: "quota-of-service" })
      yield* operations.get(name)
      assert.deepStrictEqual(sent(mocked), ["quota-of-service"])
    }))

  it.scopedLive("of GOOGLE_CLOUD_QUOTA_PROJECT overrides that of the file", () =>
    Effect.gen(function*() {
      yield* google()
      yield* environment({
        GOOGLE_APPLICATION_CREDENTIALS: file(join(yield* directory, "key.json"), authorizedUser),
        GOOGLE_CLOUD_QUOTA_PROJECT: "quota-of-environment"
      })
      const mocked = api()
      const operations = yield* service(mocked, { credentials: GoogleAuth.applicationDefault() })
      yield* operations.get(name)
      assert.deepStrictEqual(sent(mocked), ["quota-of-environment"])
    }))

  it.scopedLive("is not redacted in errors", () =>
    Effect.gen(function*() {
      yield* google()
      const message = `API has not been used in project ${quotaProject} before or it is disabled.`
      const mocked = mockHttp(() => Effect.sync(() => googleError(403, "PERMISSION_DENIED", { message })))
      const operations = yield* service(mocked, {
        credentials: GoogleAuth.make(user({ quotaProjectId: quotaProject }))
      })
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.status?.message, message)
    }))
})

describe("another universe", () => {
  it.scopedLive("its credentials are not sent to googleapis.com, and no token is fetched", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      const mocked = api()
      const credentials = GoogleAuth.make(user({ universeDomain: "example.goog" }))
      const operations = yield* service(mocked, { credentials })
      const error = yield* httpError(operations.get(name))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.isFalse(error.isTransient)
      assert.strictEqual(
        error.message,
        "The request was not sent: the credentials are for the universe example.goog, and " +
          "accesscontextmanager.googleapis.com is in googleapis.com"
      )
      assert.deepStrictEqual([mocked.requests.length, fake.requests.length], [0, 0])
    }))

  it.scopedLive("its credentials are sent to its own API", () =>
    Effect.gen(function*() {
      const mocked = api()
      const auth = new Library({
        credentials: { ...serviceAccount, universe_domain: "example.goog" },
        scopes: cloudPlatform,
        projectId: "p"
      })
      const operations = yield* service(mocked, {
        credentials: GoogleAuth.make(auth),
        api: GoogleApi.make({
          ...GoogleApi.accessContextManager,
          baseUrl: "https://accesscontextmanager.example.goog"
        })
      })
      yield* operations.get(name)
      const [, claims] = authorizations(mocked)[0]!.split(".")
      assert.strictEqual(JSON.parse(Buffer.from(claims!, "base64url").toString()).scope, cloudPlatform)
    }))
})

it.scopedLive("a token is not sent to a plain http: host", () =>
  Effect.gen(function*() {
    yield* google()
    const mocked = api()
    const operations = yield* service(mocked, {
      credentials: GoogleAuth.make(user()),
      api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "http://example.com" })
    })
    const error = yield* httpError(operations.get(name))
    assert.strictEqual(error.reason, "InvalidRequest")
    assert.strictEqual(mocked.requests.length, 0)
  }))
