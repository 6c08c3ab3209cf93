// Google's endpoints for tokens on a loopback server, and credentials of every kind.
import { assert, vi } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { gaxios, gcpMetadata, UserRefreshClient } from "google-auth-library"
import { Buffer } from "node:buffer"
import { generateKeyPairSync } from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, beforeAll } from "vitest"
import { googleError, pending } from "./answers.js"
import { type MockHttp, mockHttp } from "./http.js"

export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

export interface TokenRequest {
  readonly method: string
  /** The host that the library sends the request to, and the path. */
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

export type Respond = (request: TokenRequest, index: number) => Reply | "hang" | "cut" | undefined

export interface Google {
  readonly origin: string
  readonly requests: Array<TokenRequest>
}

// The origin of the server of the test that runs.
let current: string | undefined

/**
 * Sends the requests of the library to the server of the test that runs, and nowhere else. Each file that uses the library
 * calls this once. Returns the time limits of the requests, and the promises that were rejected without a handler.
 */
export const onlyToGoogle = (): { readonly timeouts: Set<unknown>; readonly rejections: ReadonlyArray<unknown> } => {
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

  return { timeouts, rejections }
}

/** How many tokens were issued. */
export let issued = 0

/** The library's clock, in ms. */
export const now = () => performance.timeOrigin + performance.now()

const token = (expiresIn: number) => `token-${++issued}-for-${expiresIn}-s`

/** Every endpoint that issues tokens. Each response has a new token, unless `respond` returns another response. */
export const google = (
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

export const urls = ({ requests }: Google) => requests.map(({ url }) => url)

export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "google-auth-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)

export const file = (path: string, content: unknown): string => {
  fs.writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
}

/** The variables that the library reads from the environment itself. */
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

/** Sets these variables and no other, an empty home and no metadata server, until the test ends. */
export const environment = (values: Readonly<Record<string, string>> = {}) =>
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

/** Google's endpoints with a metadata server, as on a virtual machine of Google Cloud. */
export const googleOnMachine = Effect.tap(
  google(),
  ({ origin }) => environment({ GCE_METADATA_HOST: new URL(origin).host, METADATA_SERVER_DETECTION: "assume-present" })
)

export const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})

export const email = "robot@my-project.iam.gserviceaccount.com"

export const authorizedUser = {
  type: "authorized_user",
  client_id: "client-id",
  client_secret: "client-secret",
  refresh_token: "refresh-token",
  quota_project_id: "quota-of-file"
}

export const serviceAccount = {
  type: "service_account",
  project_id: "my-project",
  private_key_id: "key-id",
  private_key: privateKey,
  client_email: email,
  token_uri: "https://oauth2.googleapis.com/token"
}

export const impersonationUrl =
  `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`

export const workloadIdentity = (path: string) => ({
  type: "external_account",
  audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  token_url: "https://sts.googleapis.com/v1/token",
  credential_source: { file: file(join(path, "subject-token"), "the-subject-token") }
})

export const workforce = {
  type: "external_account_authorized_user" as const,
  audience: "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider",
  client_id: "client-id",
  client_secret: "client-secret",
  refresh_token: "refresh-token",
  token_url: "https://sts.googleapis.com/v1/oauthtoken",
  token_info_url: "https://sts.googleapis.com/v1/introspect"
}

export const user = (options: { readonly [key: string]: unknown } = {}) =>
  new UserRefreshClient({
    clientId: "client-id",
    clientSecret: "client-secret",
    refreshToken: "refresh-token",
    ...options
  })

/** Options of a client that repeats no request for a token. */
export const hasty = { transporterOptions: { retryConfig: { retry: 0 } } }

/** The API. It responds with 401 to the authorizations that `refuses` selects. */
export const api = (refuses: (authorization: string | undefined) => boolean = () => false) =>
  mockHttp((request) =>
    Effect.sync(() => refuses(request.headers["authorization"]) ? googleError(401, "UNAUTHENTICATED") : pending())
  )

export const authorizations = ({ requests }: MockHttp) => requests.map(({ headers }) => headers["authorization"])

/** How many different tokens the API has seen. */
export const tokens = (mocked: MockHttp) => new Set(authorizations(mocked)).size

/** The API. It responds with 401 to the first token. */
export const apiThatRefusesTheFirst = () => {
  const mocked: MockHttp = api((authorization) => authorization === authorizations(mocked)[0])
  return mocked
}

/** Runs an effect as many times as told, all at once. */
export const atOnce = <A, E, R>(count: number, effect: Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: count }, () => effect), { concurrency: "unbounded" })

/** The texts of a value that is printed, and of its causes. */
export const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value),
  inspect(value, { depth: Infinity, showHidden: true, getters: true }),
  ...(value instanceof Error ? [value.message, value.stack ?? "", ...shown(value.cause)] : [])
]
