import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { cli } from "../support/cli.js"
import { writeKeyFile } from "../support/serviceAccount.js"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "credentials-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** A server that has one operation, which is done, and that refuses some tokens. */
const server = (options: { readonly refused?: ReadonlyArray<string>; readonly onRefused?: () => void } = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<IncomingHttpHeaders> = []
      const server = createServer((request, response) => {
        requests.push(request.headers)
        const isRefused = options.refused?.includes(request.headers.authorization ?? "") === true
        if (isRefused) options.onRefused?.()
        response.writeHead(isRefused ? 401 : 200, { "content-type": "application/json" })
        response.end(isRefused ? "{}" : JSON.stringify({ name: "operations/a", done: true }))
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return { server, requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.sync(() => server.closeAllConnections()).pipe(Effect.zipRight(Effect.sync(() => server.close())))
  )

/** Gets an operation, and returns what the command printed and the headers that the server got. */
const get = (
  words: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  options: Parameters<typeof server>[0] = {}
) =>
  Effect.gen(function*() {
    const { requests, url } = yield* server(options)
    const result = yield* cli(["get", "operations/a", "--base-url", url, "--format", "value(name)", ...words], { env })
    return {
      ...result,
      authorization: requests.map(({ authorization }) => authorization),
      quotaProjects: requests.map((headers) => headers["x-goog-user-project"])
    }
  })

describe("credentials", () => {
  it.scopedLive("are an access token of the environment", () =>
    Effect.gen(function*() {
      const { authorization, code } = yield* get([], { GOOGLE_ACCESS_TOKEN: " token-1\n" })
      assert.deepStrictEqual({ authorization, code }, { authorization: ["Bearer token-1"], code: 0 })
    }))

  it.scopedLive("are none with --anonymous, whatever the environment says", () =>
    Effect.gen(function*() {
      const { authorization } = yield* get(["--anonymous"], { GOOGLE_ACCESS_TOKEN: "token-1" })
      assert.deepStrictEqual(authorization, [undefined])
    }))

  it.scopedLive("come from a file, which is read again when the token is refused", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "token")
      writeFileSync(file, "token-1\n")
      const { authorization } = yield* get(["--access-token-file", file], { GOOGLE_ACCESS_TOKEN: "token-2" })
      assert.deepStrictEqual(authorization, ["Bearer token-1"])
      const refused = { refused: ["Bearer token-1"] }
      const again = yield* get(["--access-token-file", file], {}, {
        ...refused,
        onRefused: () => writeFileSync(file, "token-3\n")
      })
      assert.deepStrictEqual(again.authorization, ["Bearer token-1", "Bearer token-3"])
      writeFileSync(file, "token-1\n")
      const same = yield* get(["--access-token-file", file], {}, refused)
      assert.strictEqual(same.code, 3)
      assert.match(same.stderr, /401 UNAUTHENTICATED/)
    }))

  it.scopedLive("from a file that cannot be used are an error without the file's text", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const missing = yield* get(["--access-token-file", join(path, "missing")])
      assert.strictEqual(missing.code, 3)
      assert.match(missing.stderr, /could not read --access-token-file: ENOENT/)
      writeFileSync(join(path, "empty"), "\n")
      assert.match((yield* get(["--access-token-file", join(path, "empty")])).stderr, /empty is empty/)
      writeFileSync(join(path, "two"), "secret one\n")
      const two = yield* get(["--access-token-file", join(path, "two")])
      assert.match(two.stderr, /is not one access token/)
      assert.notMatch(two.stderr, /secret one/)
      assert.deepStrictEqual(two.authorization, [])
    }))

  const withGcloud = (script: string) =>
    Effect.gen(function*() {
      const path = yield* folder
      writeFileSync(join(path, "gcloud"), `#!/bin/sh\n${script}\n`)
      chmodSync(join(path, "gcloud"), 0o755)
      const before = process.env["PATH"]
      yield* Effect.acquireRelease(
        Effect.sync(() => process.env["PATH"] = `${path}${delimiter}${before}`),
        () => Effect.sync(() => process.env["PATH"] = before)
      )
      return path
    })

  it.scopedLive("are the token of gcloud when that is asked for, and a new one when it is refused", () =>
    Effect.gen(function*() {
      yield* withGcloud(`
        case "$1 $2" in
          "auth print-access-token") n=$(cat "$0.n" 2>/dev/null || echo 0); echo $((n + 1)) > "$0.n"; echo "token-$((n + 1))" ;;
          *) echo "(unset)" >&2 ;;
        esac`)
      const { authorization, code } = yield* get(["--gcloud"], {}, { refused: ["Bearer token-1"] })
      assert.deepStrictEqual({ authorization, code }, { authorization: ["Bearer token-1", "Bearer token-2"], code: 0 })
    }))

  it.scopedLive("of gcloud in another universe are not sent", () =>
    Effect.gen(function*() {
      yield* withGcloud(`case "$1" in auth) echo token-1 ;; *) echo example.goog ;; esac`)
      const { authorization, code, stderr } = yield* get(["--gcloud"])
      assert.deepStrictEqual({ authorization, code }, { authorization: [], code: 2 })
      assert.match(stderr, /credentials are for the universe example\.goog/)
      const right = yield* get(["--gcloud"], { GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.goog" })
      assert.deepStrictEqual(right.authorization, ["Bearer token-1"])
    }))

  it.scopedLive("of a gcloud that fails are an error with its words", () =>
    Effect.gen(function*() {
      yield* withGcloud(`echo "ERROR: (gcloud.auth) You do not have an active account." >&2; exit 1`)
      const { code, stderr } = yield* get(["--gcloud"])
      assert.strictEqual(code, 3)
      assert.match(stderr, /could not run gcloud auth print-access-token: \(gcloud\.auth\) You do not have an active/)
    }))

  it.scopedLive("are those that GOOGLE_APPLICATION_CREDENTIALS names, in their universe only", () =>
    Effect.gen(function*() {
      const env = { GOOGLE_APPLICATION_CREDENTIALS: writeKeyFile(yield* folder, "example.goog") }
      const wrong = yield* get([], env)
      assert.deepStrictEqual({ authorization: wrong.authorization, code: wrong.code }, { authorization: [], code: 2 })
      assert.match(
        wrong.stderr,
        /for the universe example\.goog, and the API is in the universe googleapis\.com; use other credentials, or set GOOGLE_CLOUD_UNIVERSE_DOMAIN/
      )
      const right = yield* get([], { ...env, GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.goog" })
      assert.strictEqual(right.code, 0, right.stderr)
      assert.match(right.authorization[0] ?? "", /^Bearer ey/)
    }))

  it.scopedLive("that cannot be read are named with the variable", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* get([], { GOOGLE_APPLICATION_CREDENTIALS: "/missing/key.json" })
      assert.strictEqual(code, 3)
      assert.match(stderr, /ENOENT.*\(GOOGLE_APPLICATION_CREDENTIALS=\/missing\/key\.json\)/)
      assert.match(stderr, /try .*--access-token-file.*--gcloud/)
    }))
})

describe("the environment", () => {
  it.scopedLive("names the quota project, and an option names another one", () =>
    Effect.gen(function*() {
      const env = { GOOGLE_CLOUD_QUOTA_PROJECT: "project-1", GOOGLE_ACCESS_TOKEN: "token-1" }
      assert.deepStrictEqual((yield* get([], env)).quotaProjects, ["project-1"])
      assert.deepStrictEqual((yield* get(["--quota-project", "project-2"], env)).quotaProjects, ["project-2"])
      assert.deepStrictEqual((yield* get([], { ...env, GOOGLE_CLOUD_QUOTA_PROJECT: " " })).quotaProjects, [undefined])
    }))

  it.effect("with a universe that is no domain is a usage error", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli(["get", "operations/a", "--api", "run"], {
        env: { GOOGLE_CLOUD_UNIVERSE_DOMAIN: "https://example.goog/" }
      })
      assert.strictEqual(code, 2)
      assert.match(stderr, /^error: GOOGLE_CLOUD_UNIVERSE_DOMAIN must be a domain, such as googleapis\.com\. See /)
    }))
})
