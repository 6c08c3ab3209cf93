import { assert, describe, it, vi } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as GoogleEnvironment from "effect-google-operations/GoogleEnvironment"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import { gcpMetadata } from "google-auth-library"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connectProxy } from "./support/connectProxy.js"
import { writeKeyFile } from "./support/serviceAccount.js"

type Respond = (url: string) => readonly [status: number, body: string]

const operation: Respond = () => [200, JSON.stringify({ name: "operations/a", done: true })]

const serve = (respond: Respond = operation) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<IncomingMessage> = []
      const server = createServer((request, response) => {
        requests.push(request)
        const [status, body] = respond(request.url ?? "")
        response.writeHead(status, { "content-type": "application/json", "metadata-flavor": "Google" }).end(body)
      })
      await once(server.listen(0, "127.0.0.1"), "listening")
      return { server, requests, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

/** The path of a service account's key. */
const keyFile = (universe: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "environment-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true }))
    ),
    (path) => writeKeyFile(path, universe)
  )

const withEnvironment = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** Gets an operation from a server of its own by a service that the environment sets up. */
const get = (
  variables: Readonly<Record<string, string>>,
  options: Parameters<typeof GoogleEnvironment.layer>[0] = {}
) =>
  Effect.gen(function*() {
    const { host, requests } = yield* serve()
    const exit = yield* Effect.flatMap(OperationsService.OperationsService, ({ get }) => get("operations/a")).pipe(
      Effect.provide(
        GoogleEnvironment.layer({ api: GoogleApi.make({ baseUrl: `http://${host}`, version: "v1" }), ...options })
      ),
      withEnvironment(variables),
      Effect.exit
    )
    return {
      error: Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined,
      authorization: requests.map(({ headers }) => headers.authorization?.slice(0, 15)),
      quotaProject: requests.map(({ headers }) => headers["x-goog-user-project"])
    }
  })

describe("the layer", () => {
  it.scopedLive("uses the access token and the quota project of the environment", () =>
    Effect.gen(function*() {
      const variables = { GOOGLE_ACCESS_TOKEN: " token-1\n", GOOGLE_CLOUD_QUOTA_PROJECT: "project-1" }
      assert.deepStrictEqual(yield* get(variables), {
        error: undefined,
        authorization: ["Bearer token-1"],
        quotaProject: ["project-1"]
      })
    }))

  it.scopedLive("prefers its options to the environment", () =>
    Effect.gen(function*() {
      const variables = { GOOGLE_ACCESS_TOKEN: "token-1", GOOGLE_CLOUD_QUOTA_PROJECT: "project-1" }
      const options = { credentials: Credentials.accessToken(Redacted.make("token-2")), quotaProject: "project-2" }
      const { authorization, quotaProject } = yield* get(variables, options)
      assert.deepStrictEqual({ authorization, quotaProject }, {
        authorization: ["Bearer token-2"],
        quotaProject: ["project-2"]
      })
    }))

  it.scopedLive("uses the file that GOOGLE_APPLICATION_CREDENTIALS names, in the universe of the file", () =>
    Effect.gen(function*() {
      const variables = {
        GOOGLE_APPLICATION_CREDENTIALS: yield* keyFile("example.goog"),
        GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.goog",
        GOOGLE_ACCESS_TOKEN: ""
      }
      const { authorization, error } = yield* get(variables)
      assert.deepStrictEqual({ authorization, error }, { authorization: ["Bearer eyJhbGci"], error: undefined })
    }))

  it.scopedLive.each([["example.goog", "googleapis.com"], ["googleapis.com", "example.goog"]] as const)(
    "sends nothing if the credentials are for %s and requests go to %s",
    ([ofCredentials, universe]) =>
      Effect.gen(function*() {
        const { authorization, error } = yield* get({
          GOOGLE_APPLICATION_CREDENTIALS: yield* keyFile(ofCredentials),
          // googleapis.com is the default.
          GOOGLE_CLOUD_UNIVERSE_DOMAIN: universe === "googleapis.com" ? "" : universe
        })
        assert.deepStrictEqual(authorization, [])
        assert.include(
          String(error),
          `the credentials are for the universe ${ofCredentials}, and the API is in the universe ` +
            `${universe}; use other credentials, or set GOOGLE_CLOUD_UNIVERSE_DOMAIN`
        )
      })
  )

  it.scopedLive("names the variable if its file cannot be read", () =>
    Effect.gen(function*() {
      const { error } = yield* get({ GOOGLE_APPLICATION_CREDENTIALS: "/missing/key.json" })
      assert.match(String(error), /ENOENT.*\(GOOGLE_APPLICATION_CREDENTIALS=\/missing\/key\.json\)/)
    }))

  it.scopedLive("sends requests to the universe and through the proxy of the environment", () =>
    Effect.gen(function*() {
      const proxy = yield* connectProxy({ port: 9, refuse: "503 Service Unavailable" })
      const { error } = yield* get({
        GOOGLE_ACCESS_TOKEN: "token-1",
        GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.goog",
        HTTPS_PROXY: `http://${proxy.host}`
      }, { api: GoogleApi.accessContextManager })
      assert.match(String(error), /https:\/\/accesscontextmanager\.example\.goog/)
      assert.deepStrictEqual([...new Set(proxy.targets)], ["accesscontextmanager.example.goog:443"])
    }))

  it.scopedLive("fails with ConfigError if the universe is not a domain", () =>
    Effect.gen(function*() {
      const { error } = yield* get({ GOOGLE_CLOUD_UNIVERSE_DOMAIN: "https://example.goog/" })
      assert.match(String(error), /GOOGLE_CLOUD_UNIVERSE_DOMAIN must be a domain/)
    }))

  it.scopedLive("of a tag has the API of the tag", () =>
    Effect.gen(function*() {
      class Run
        extends OperationsService.Tag("Run")<Run>(GoogleApi.make({ baseUrl: "https://run.test", version: "v2" }))
      {}
      const { host, requests } = yield* serve()
      yield* Effect.flatMap(Run, ({ get }) => get("operations/a")).pipe(
        Effect.provide(GoogleEnvironment.layerFor(Run, { baseUrl: `http://${host}` })),
        withEnvironment({ GOOGLE_ACCESS_TOKEN: "token-1" })
      )
      assert.deepStrictEqual(requests.map(({ url }) => url), ["/v2/operations/a"])
    }))
})

describe("on a machine of Google's", () => {
  const metadata = (universe: readonly [status: number, body: string]) =>
    Effect.gen(function*() {
      const server = yield* serve((url) =>
        url.includes("/universe") ? universe : [200, JSON.stringify({ access_token: "token-1", expires_in: 3600 })]
      )
      const home = yield* keyFile("unused")
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          vi.stubEnv("HOME", home)
          vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "")
          vi.stubEnv("GCE_METADATA_HOST", server.host)
          vi.stubEnv("METADATA_SERVER_DETECTION", "assume-present")
          gcpMetadata.resetIsAvailableCache()
        }),
        () =>
          Effect.sync(() => {
            vi.unstubAllEnvs()
            gcpMetadata.resetIsAvailableCache()
          })
      )
      return server
    })

  it.scopedLive("the universe is that of the metadata server, which is asked once", () =>
    Effect.gen(function*() {
      const { requests } = yield* metadata([200, "example.goog"])
      const wrong = yield* get({})
      assert.deepStrictEqual(wrong.authorization, [])
      assert.include(String(wrong.error), "the credentials are for the universe example.goog")
      requests.length = 0
      const { host } = yield* serve()
      const operations = yield* withEnvironment({ GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.goog" })(
        GoogleEnvironment.make({ api: GoogleApi.make({ baseUrl: `http://${host}`, version: "v1" }) })
      )
      yield* operations.get("operations/a")
      yield* operations.get("operations/a")
      assert.strictEqual(requests.filter(({ url }) => url?.includes("/universe")).length, 1)
    }))

  it.scopedLive("the universe is googleapis.com if the metadata server does not know it", () =>
    Effect.gen(function*() {
      yield* metadata([404, ""])
      const { authorization, error } = yield* get({})
      assert.deepStrictEqual({ authorization, error }, { authorization: ["Bearer token-1"], error: undefined })
    }))

  it.scopedLive("nothing is sent if the metadata server does not say the universe", () =>
    Effect.gen(function*() {
      yield* metadata([403, ""])
      const { authorization, error } = yield* get({})
      assert.deepStrictEqual(authorization, [])
      assert.match(String(error), /could not read the universe of the credentials from the metadata server/)
    }))
})
