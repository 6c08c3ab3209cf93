import { assert, describe, it, vi } from "@effect/vitest"
import type * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import {
  type AuthClient,
  DownscopedClient,
  ExternalAccountAuthorizedUserClient,
  ExternalAccountClient,
  gaxios,
  gcpMetadata,
  GoogleAuth as Library,
  IdTokenClient,
  Impersonated,
  JWT,
  OAuth2Client,
  PassThroughClient,
  UserRefreshClient
} from "google-auth-library"
import { Buffer } from "node:buffer"
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, beforeAll } from "vitest"
import { googleError, name, pending } from "./support/answers.js"
import { type MockHttp, mockHttp } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { eventually } from "./support/sockets.js"

const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

// ---------------------------------------------------------------------------------------------------------------------
// Google, on loopback
// ---------------------------------------------------------------------------------------------------------------------

interface TokenRequest {
  readonly method: string
  /** The host that the library asked, and the path. */
  readonly url: string
  readonly query: URLSearchParams
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly form: URLSearchParams
}

interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

type Respond = (request: TokenRequest, index: number) => Reply | "hang" | "cut" | undefined

interface Google {
  readonly origin: string
  readonly requests: Array<TokenRequest>
}

// Where the library's requests go: to the server of the test that runs, and nowhere else.
let current: string | undefined
const strayed: Array<string> = []
const timeouts = new Set<unknown>()
const rejections: Array<unknown> = []
const onRejection = (reason: unknown) => rejections.push(reason)

beforeAll(() => {
  const original = gaxios.Gaxios.prototype.request
  vi.spyOn(gaxios.Gaxios.prototype, "request").mockImplementation(function(this: gaxios.Gaxios, options) {
    const url = new URL(String(options?.url))
    timeouts.add(this.defaults.timeout)
    if (url.hostname === "127.0.0.1") return original.call(this, options)
    if (current === undefined || !/(?:^|\.)googleapis\.com$/.test(url.hostname)) {
      strayed.push(url.href)
      return Promise.reject(new Error(`a request to ${url.hostname}`))
    }
    return original.call(this, {
      ...options,
      url: `${current}${url.pathname}${url.search}`,
      headers: gaxios.Gaxios.mergeHeaders(options?.headers, { "x-meant-for": url.host })
    })
  })
  vi.stubEnv("NO_PROXY", "127.0.0.1")
  gcpMetadata.setGCPResidency(false)
  process.on("unhandledRejection", onRejection)
})

afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.off("unhandledRejection", onRejection)
  assert.deepStrictEqual(strayed, [])
  assert.deepStrictEqual(rejections, [])
})

let issued = 0

/** The library's clock, in ms. */
const now = () => performance.timeOrigin + performance.now()

const token = (expiresIn: number) => `token-${++issued}-for-${expiresIn}-s`

/** Every endpoint that gives tokens, each time a new one; `respond` may say something else. */
const google = (
  options: { readonly respond?: Respond; readonly expiresIn?: number } = {}
): Effect.Effect<Google, never, Scope.Scope> => {
  const { expiresIn = 3600 } = options
  const usual = ({ url }: TokenRequest): Reply =>
    url.endsWith(":generateAccessToken")
      ? {
        body: {
          accessToken: token(expiresIn),
          expireTime: DateTime.formatIso(DateTime.unsafeMake(now() + expiresIn * 1000))
        }
      }
      : url.endsWith(":generateIdToken")
      ? {
        body: {
          token: `e30.${
            Buffer.from(JSON.stringify({ exp: now() / 1000 + expiresIn, jti: token(expiresIn) })).toString(
              "base64url"
            )
          }.c2ln`
        }
      }
      : { body: { access_token: token(expiresIn), expires_in: expiresIn, token_type: "Bearer" } }
  return Effect.acquireRelease(
    Effect.async<Google & { readonly server: http.Server }>((resume) => {
      const requests: Array<TokenRequest> = []
      const server = http.createServer((message, response) => {
        let body = ""
        message.setEncoding("utf8")
        message.on("data", (chunk) => body += chunk)
        message.on("end", () => {
          const { headers, method = "", url = "" } = message
          const { pathname, searchParams } = new URL(url, "http://127.0.0.1")
          const request = {
            method,
            url: `${headers["x-meant-for"] ?? ""}${pathname}`,
            query: searchParams,
            headers,
            body,
            form: new URLSearchParams(body)
          }
          const index = requests.push(request) - 1
          const reply = options.respond?.(request, index) ?? usual(request)
          if (reply === "hang") return
          if (reply === "cut") return response.destroy()
          const isText = typeof reply.body === "string"
          response.writeHead(reply.status ?? 200, {
            "content-type": isText ? "text/html" : "application/json",
            "metadata-flavor": "Google",
            ...reply.headers
          })
          response.end(isText ? reply.body : JSON.stringify(reply.body))
        })
      })
      server.listen(0, "127.0.0.1", () => {
        current = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        resume(Effect.succeed({ server, origin: current, requests }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        current = undefined
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
}

const urls = ({ requests }: Google) => requests.map(({ url }) => url)

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "google-auth-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)

const file = (path: string, content: unknown): string => {
  fs.writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
}

// The library reads the environment itself. This file has a process of its own, and its tests take turns.
const variables = [
  "GOOGLE_APPLICATION_CREDENTIALS",
  "google_application_credentials",
  "GOOGLE_CLOUD_QUOTA_PROJECT",
  "GCLOUD_PROJECT",
  "GOOGLE_CLOUD_PROJECT",
  "gcloud_project",
  "google_cloud_project",
  "CLOUDSDK_CONFIG",
  "APPDATA",
  "HOME",
  "PATH",
  "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
  "METADATA_SERVER_DETECTION",
  "GCE_METADATA_HOST",
  "GCE_METADATA_IP"
]

/** Nothing but these variables, an empty home, and no metadata server, until the test ends. */
const environment = (values: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(directory, (home) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const saved = variables.map((variable) => [variable, process.env[variable]] as const)
        for (const variable of variables) delete process.env[variable]
        Object.assign(process.env, { HOME: home, METADATA_SERVER_DETECTION: "none", ...values })
        gcpMetadata.resetIsAvailableCache()
        return { home, saved }
      }),
      ({ saved }) =>
        Effect.sync(() => {
          for (const [variable, value] of saved) {
            if (value === undefined) delete process.env[variable]
            else process.env[variable] = value
          }
        })
    ))

// ---------------------------------------------------------------------------------------------------------------------
// Credentials of every kind
// ---------------------------------------------------------------------------------------------------------------------

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})

const email = "robot@my-project.iam.gserviceaccount.com"

const authorizedUser = {
  type: "authorized_user",
  client_id: "client-id",
  client_secret: "client-secret",
  refresh_token: "refresh-token",
  quota_project_id: "quota-of-file"
}

const serviceAccount = {
  type: "service_account",
  project_id: "my-project",
  private_key_id: "key-id",
  private_key: privateKey,
  client_email: email,
  token_uri: "https://oauth2.googleapis.com/token"
}

const impersonationUrl =
  `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`

const impersonated = {
  type: "impersonated_service_account",
  service_account_impersonation_url: impersonationUrl,
  source_credentials: authorizedUser
}

const workloadIdentity = (path: string) => ({
  type: "external_account",
  audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  token_url: "https://sts.googleapis.com/v1/token",
  credential_source: { file: file(join(path, "subject-token"), "the-subject-token") }
})

const workforce = {
  type: "external_account_authorized_user" as const,
  audience: "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider",
  client_id: "client-id",
  client_secret: "client-secret",
  refresh_token: "refresh-token",
  token_url: "https://sts.googleapis.com/v1/oauthtoken",
  token_info_url: "https://sts.googleapis.com/v1/introspect"
}

const user = (options: { readonly [key: string]: unknown } = {}) =>
  new UserRefreshClient({
    clientId: "client-id",
    clientSecret: "client-secret",
    refreshToken: "refresh-token",
    ...options
  })

/** A client that repeats no request for a token, so that failures come at once. */
const hasty = { transporterOptions: { retryConfig: { retry: 0 } } }

/** The API; `refuses` tells which authorisations get 401. */
const api = (refuses: (authorization: string | undefined) => boolean = () => false) =>
  mockHttp((request) =>
    Effect.sync(() => refuses(request.headers["authorization"]) ? googleError(401, "UNAUTHENTICATED") : pending())
  )

const authorizations = ({ requests }: MockHttp) => requests.map(({ headers }) => headers["authorization"])

/** How many different tokens the API has seen. */
const tokens = (mocked: MockHttp) => new Set(authorizations(mocked)).size

/** The API, when it takes the first token no more. */
const apiThatRefusesTheFirst = () => {
  const mocked: MockHttp = api((authorization) => authorization === authorizations(mocked)[0])
  return mocked
}

const atOnce = <A, E, R>(count: number, effect: Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: count }, () => effect), { concurrency: "unbounded" })

const needle = "planted-secret"
const secret = (what: string) => `${needle}-${what}-4f1c9a7be2d05836`

/** Everything that a value shows of itself to whoever prints it. */
const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value),
  inspect(value, { depth: Infinity, showHidden: true, getters: true }),
  ...(value instanceof Error ? [value.message, value.stack ?? "", ...shown(value.cause)] : [])
]

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
      const fake = yield* google()
      yield* environment({
        GCE_METADATA_HOST: new URL(fake.origin).host,
        METADATA_SERVER_DETECTION: "assume-present"
      })
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

const unknownEnd = "OAuth2Client with a token of unknown end"

// Every client of the library that has a token to refresh.
const clients: Record<string, (path: string) => AuthClient> = {
  UserRefreshClient: () => user(),
  [unknownEnd]: () => {
    const client = new OAuth2Client({ clientId: "client-id", clientSecret: "client-secret" })
    client.setCredentials({ access_token: "the-stored-token", refresh_token: "refresh-token" })
    return client
  },
  "OAuth2Client with a refresh handler": () => {
    const client = new OAuth2Client()
    client.refreshHandler = async () => {
      const { data } = await client.transporter.request<{ readonly access_token: string; readonly expires_in: number }>(
        {
          url: "https://oauth2.googleapis.com/token"
        }
      )
      return { access_token: data.access_token, expiry_date: now() + data.expires_in * 1000 }
    }
    return client
  },
  JWT: () => new JWT({ email, key: privateKey, scopes: [cloudPlatform] }),
  Impersonated: () => new Impersonated({ sourceClient: user(), targetPrincipal: email, targetScopes: [cloudPlatform] }),
  "an external account": (path) => ExternalAccountClient.fromJSON(workloadIdentity(path))!,
  "an external account that impersonates": (path) =>
    ExternalAccountClient.fromJSON({ ...workloadIdentity(path), service_account_impersonation_url: impersonationUrl })!,
  ExternalAccountAuthorizedUserClient: () => new ExternalAccountAuthorizedUserClient(workforce),
  DownscopedClient: () =>
    new DownscopedClient({
      authClient: user(),
      credentialAccessBoundary: {
        accessBoundary: { accessBoundaryRules: [{ availableResource: "//a", availablePermissions: ["inRole:b"] }] }
      }
    }),
  IdTokenClient: () =>
    new IdTokenClient({
      targetAudience: "a",
      idTokenProvider: new Impersonated({ sourceClient: user(), targetPrincipal: email })
    })
}

const lastUrl = (fake: Google) => urls(fake).at(-1)

/** How often the endpoint was asked that gives this client its tokens. */
const fetches = (fake: Google) => urls(fake).filter((url) => url === lastUrl(fake)).length

describe("refresh", () => {
  for (const [kind, client] of Object.entries(clients)) {
    it.scopedLive(`${kind}: a token that is refused with 401 is replaced, once for all`, () =>
      Effect.gen(function*() {
        const fake = yield* google()
        const mocked = apiThatRefusesTheFirst()
        const made = client(yield* directory)
        const threshold = made.eagerRefreshThresholdMillis
        const operations = yield* service(mocked, { credentials: GoogleAuth.make(made) })
        yield* atOnce(10, operations.get(name))
        assert.strictEqual(mocked.requests.length, 20)
        assert.strictEqual(tokens(mocked), 2)
        yield* operations.get(name)
        assert.strictEqual(authorizations(mocked)[20], authorizations(mocked)[19])
        assert.strictEqual(fetches(fake), kind === unknownEnd ? 1 : 2)
        assert.strictEqual(made.eagerRefreshThresholdMillis, threshold)
      }))

    it.scopedLive(`${kind}: a second 401 fails`, () =>
      Effect.gen(function*() {
        yield* google()
        const mocked = api(() => true)
        const operations = yield* service(mocked, { credentials: GoogleAuth.make(client(yield* directory)) })
        const error = yield* httpError(operations.get(name))
        assert.strictEqual(error.httpStatus, 401)
        assert.strictEqual(mocked.requests.length, 2)
      }))
  }

  it.scopedLive("of the machine's own service account", () =>
    Effect.gen(function*() {
      const fake = yield* google()
      yield* environment({
        GCE_METADATA_HOST: new URL(fake.origin).host,
        METADATA_SERVER_DETECTION: "assume-present"
      })
      const mocked = apiThatRefusesTheFirst()
      const operations = yield* service(mocked, { credentials: GoogleAuth.applicationDefault() })
      yield* operations.get(name)
      assert.strictEqual(tokens(mocked), 2)
      assert.strictEqual(fake.requests.length, 2)
    }))

  const fixed: Record<string, () => AuthClient> = {
    "an access token alone": () => {
      const client = new OAuth2Client()
      client.setCredentials({ access_token: "the-only-token", expiry_date: now() + 3_600_000 })
      return client
    },
    "an API key": () => new JWT({ apiKey: "the-api-key" }),
    "a JWT that signs its own token": () => new JWT({ email, key: privateKey })
  }

  for (const [kind, client] of Object.entries(fixed)) {
    it.scopedLive(`${kind} cannot be refreshed: fails with 401 after one request`, () =>
      Effect.gen(function*() {
        const fake = yield* google()
        const mocked = api(() => true)
        const operations = yield* service(mocked, { credentials: GoogleAuth.make(client()) })
        const error = yield* httpError(operations.get(name))
        assert.strictEqual(error.httpStatus, 401)
        assert.strictEqual(mocked.requests.length, 1)
        assert.strictEqual(fake.requests.length, 0)
      }))
  }

  it.scopedLive("a refresh does not use a request for the token that was refused", () =>
    Effect.gen(function*() {
      yield* google()
      const credentials = GoogleAuth.make(new ExternalAccountAuthorizedUserClient(workforce))
      const url = "https://accesscontextmanager.googleapis.com/v1/operations/x"
      const authorization = (refresh: boolean) =>
        Effect.map(credentials.headers({ url, refresh }), (headers) => Redacted.value(headers["authorization"]!))
      const first = yield* authorization(false)
      const [cached, refreshed, later] = yield* Effect.all(
        [authorization(false), authorization(true), authorization(false)],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(cached, first)
      assert.notStrictEqual(refreshed, first)
      assert.strictEqual(later, refreshed)
    }))

  for (const [kind, client] of Object.entries(clients).filter(([kind]) => kind !== unknownEnd)) {
    it.scopedLive.each([[301, 1], [299, 3]])(
      `${kind}: a token for %i s serves three requests with %i fetches: the library renews it five minutes early`,
      ([expiresIn, count]) =>
        Effect.gen(function*() {
          const fake = yield* google({ expiresIn: expiresIn! })
          const mocked = api()
          const operations = yield* service(mocked, { credentials: GoogleAuth.make(client(yield* directory)) })
          yield* operations.get(name)
          yield* operations.get(name)
          yield* operations.get(name)
          assert.strictEqual(tokens(mocked), count)
          assert.strictEqual(fetches(fake), count)
        })
    )
  }
})

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

describe("interruption", () => {
  const interrupted = (credentials: Credentials.Credentials, fake: Google) =>
    Effect.gen(function*() {
      const operations = yield* service(api(), { credentials })
      const before = fake.requests.length
      const fiber = yield* Effect.fork(operations.get(name))
      yield* eventually("a request for a token", Effect.sync(() => fake.requests.length > before))
      yield* Fiber.interrupt(fiber)
      return operations
    })

  it.scopedLive("ends the wait at once, and a later failure is not logged", () =>
    Effect.gen(function*() {
      const before = rejections.length
      yield* Effect.scoped(Effect.gen(function*() {
        const fake = yield* google({ respond: () => "hang" })
        yield* interrupted(GoogleAuth.make(user(hasty)), fake)
      }))
      // The server has gone, and so has the connection.
      yield* Effect.sleep("50 millis")
      assert.strictEqual(rejections.length, before)
    }))

  it.scopedLive("others that wait for the same token get the token", () =>
    Effect.gen(function*() {
      let release = () => {}
      const held = new Promise<void>((resolve) => release = resolve)
      const fake = yield* google()
      class Slow extends OAuth2Client {
        count = 0
        override async getRequestHeaders() {
          this.count++
          await held
          return new Headers({ authorization: "Bearer slow-token" })
        }
      }
      const client = new Slow()
      const operations = yield* service(api(), { credentials: GoogleAuth.make(client) })
      const first = yield* Effect.fork(operations.get(name))
      const second = yield* Effect.fork(operations.get(name))
      yield* eventually("the fetch", Effect.sync(() => client.count > 0))
      yield* Fiber.interrupt(first)
      release()
      yield* Fiber.join(second)
      assert.strictEqual(client.count, 1)
      assert.strictEqual(fake.requests.length, 0)
    }))

  it.scopedLive("a request that hangs does not delay the next one", () =>
    Effect.gen(function*() {
      const fake = yield* google({ respond: (_, index) => index === 0 ? "hang" : undefined })
      const client = new ExternalAccountAuthorizedUserClient({ ...workforce, ...hasty })
      const operations = yield* interrupted(GoogleAuth.make(client), fake)
      yield* operations.get(name)
      assert.strictEqual(fake.requests.length, 2)
    }))

  it.scopedLive("requestTimeout and the timeout of the library limit a request that hangs", () =>
    Effect.gen(function*() {
      yield* google({ respond: () => "hang" })
      const client = user({ transporterOptions: { timeout: 100, retryConfig: { retry: 0 } } })
      const short = yield* service(api(), { credentials: GoogleAuth.make(client), requestTimeout: "20 millis" })
      assert.strictEqual((yield* httpError(short.get(name))).reason, "Timeout")
      const long = yield* service(api(), { credentials: GoogleAuth.make(client) })
      const error = yield* httpError(long.get(name))
      assert.strictEqual(error.reason, "Authentication")
      assert.isTrue(error.isTransient)
    }))

  it.scopedLive("the requests of Application Default Credentials time out after 10 s", () =>
    Effect.gen(function*() {
      yield* google()
      yield* environment({
        GOOGLE_APPLICATION_CREDENTIALS: file(join(yield* directory, "key.json"), authorizedUser)
      })
      timeouts.clear()
      const operations = yield* service(api(), { credentials: GoogleAuth.applicationDefault() })
      yield* operations.get(name)
      assert.deepStrictEqual([...timeouts], [10_000])
    }))

  it.scopedLive("closing the service ends the wait", () =>
    Effect.gen(function*() {
      const fake = yield* google({ respond: () => "hang" })
      const operations = yield* service(api(), { credentials: GoogleAuth.make(user(hasty)) })
      const fiber = yield* Effect.fork(httpError(operations.get(name)))
      yield* eventually("a request for a token", Effect.sync(() => fake.requests.length > 0))
      yield* operations.close
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "Closed")
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
