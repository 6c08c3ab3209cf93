import { assert, describe, it } from "@effect/vitest"
import type * as Credentials from "effect-google-operations/Credentials"
import * as GoogleAuth from "effect-google-operations/GoogleAuth"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import {
  type AuthClient,
  DownscopedClient,
  ExternalAccountAuthorizedUserClient,
  ExternalAccountClient,
  IdTokenClient,
  Impersonated,
  JWT,
  OAuth2Client
} from "google-auth-library"
import { join } from "node:path"
import { name } from "./support/answers.js"
import {
  api,
  apiThatRefusesTheFirst,
  atOnce,
  authorizations,
  authorizedUser,
  cloudPlatform,
  directory,
  email,
  environment,
  file,
  type Google,
  google,
  googleOnMachine,
  hasty,
  impersonationUrl,
  now,
  onlyToGoogle,
  privateKey,
  tokens,
  urls,
  user,
  workforce,
  workloadIdentity
} from "./support/googleAuth.js"
import { httpError, service } from "./support/service.js"
import { eventually } from "./support/sockets.js"

const { rejections, timeouts } = onlyToGoogle()

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
      const fake = yield* googleOnMachine
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
