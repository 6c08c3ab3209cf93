// Google's client for Node, the package googleapis, drives the emulator. Skipped where it is not installed.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { installedVersion, loadInstalled } from "./support/otherClients.js"
import { startEmulator } from "./support/sockets.js"

const isInstalled = installedVersion("googleapis") !== undefined
if (!isInstalled) {
  console.log(
    "googleapis is not installed (npm ci --prefix bench): the emulator is not tried with Google's client for Node"
  )
}

type Json = Readonly<Record<string, unknown>>

type Response = Promise<{ readonly data: Json }>

interface ErrorFormat {
  readonly "$.xgafv"?: "1" | "2"
}

interface AccessContextManager {
  readonly accessPolicies: {
    create(params: { readonly requestBody: object }): Response
    get(params: { readonly name: string }): Response
    list(params: { readonly parent: string; readonly pageSize?: number; readonly pageToken?: string }): Response
    patch(params: { readonly name: string; readonly updateMask: string; readonly requestBody: object }): Response
    delete(params: { readonly name: string }): Response
  }
  readonly operations: {
    get(params: { readonly name: string } & ErrorFormat): Response
    cancel(params: { readonly name: string; readonly requestBody: object }): Response
    delete(params: { readonly name: string }): Response
  }
}

/** What gaxios, the HTTP client of googleapis, makes of a response that is an error. */
interface GaxiosError extends Error {
  readonly status?: number
  readonly code?: number | string
  /** The `error` of the body. */
  readonly cause?: unknown
  readonly response?: { readonly data: { readonly error: Json } }
}

const setUp = Effect.gen(function*() {
  const emulator = yield* startEmulator({ operationDuration: "100 millis" })
  const { accesscontextmanager } = loadInstalled<{
    readonly accesscontextmanager: (options: { version: "v1"; rootUrl: string }) => AccessContextManager
  }>("googleapis/build/src/apis/accesscontextmanager")
  const client = accesscontextmanager({ version: "v1", rootUrl: `${emulator.url}/` })
  const call = (request: () => Response) => Effect.map(Effect.promise(request), ({ data }) => data)
  /** The error of a request that has to fail. */
  const refused = (request: () => Response) =>
    Effect.flip(Effect.tryPromise({ try: request, catch: (error) => error as GaxiosError }))
  /** Polls an operation until it is done. */
  const wait = (name: unknown) =>
    call(() => client.operations.get({ name: String(name) })).pipe(
      Effect.delay("20 millis"),
      Effect.repeat({ until: (operation) => operation["done"] === true })
    )
  /** Starts an operation and waits for its response. */
  const run = (request: () => Response) =>
    Effect.gen(function*() {
      const started = yield* call(request)
      assert.strictEqual(started["done"], undefined)
      const { error, response } = yield* wait(started["name"])
      assert.strictEqual(error, undefined)
      return response as Json
    })
  return { emulator, call, refused, wait, run, ...client }
})

const prefix = "type.googleapis.com/google.identity.accesscontextmanager.v1"

describe.skipIf(!isInstalled).concurrent("googleapis", () => {
  it.scopedLive("policies: create, get, list, patch, delete", () =>
    Effect.gen(function*() {
      const { call, accessPolicies, refused, run } = yield* setUp
      const requestBody = { parent: "organizations/1", title: "corp" }
      const { "@type": type, ...created } = yield* run(() => accessPolicies.create({ requestBody }))
      assert.strictEqual(type, `${prefix}.AccessPolicy`)
      const name = String(created["name"])
      assert.deepStrictEqual(created, { ...requestBody, name, etag: created["etag"] })
      assert.deepStrictEqual(yield* call(() => accessPolicies.get({ name })), created)

      const other = yield* run(() =>
        accessPolicies.create({
          requestBody: { ...requestBody, title: "folder", scopes: ["folders/5"] }
        })
      )
      const first = yield* call(() => accessPolicies.list({ parent: "organizations/1", pageSize: 1 }))
      const second = yield* call(() =>
        accessPolicies.list({
          parent: "organizations/1",
          pageSize: 1,
          pageToken: String(first["nextPageToken"])
        })
      )
      assert.strictEqual(second["nextPageToken"], undefined)
      const titles = [first, second].flatMap((page) => page["accessPolicies"] as ReadonlyArray<Json>)
        .map(({ title }) => title)
      assert.deepStrictEqual(titles.sort(), ["corp", "folder"])

      const patched = yield* run(() =>
        accessPolicies.patch({ name, updateMask: "title", requestBody: { title: "new" } })
      )
      assert.strictEqual(patched["title"], "new")
      assert.strictEqual((yield* call(() => accessPolicies.get({ name })))["title"], "new")

      yield* run(() => accessPolicies.delete({ name }))
      const { status, message } = yield* refused(() => accessPolicies.get({ name }))
      assert.deepStrictEqual([status, message], [404, `${name} was not found.`])
      const left = yield* call(() => accessPolicies.list({ parent: "organizations/1" }))
      assert.deepStrictEqual(
        (left["accessPolicies"] as ReadonlyArray<Json>).map((policy) => policy["name"]),
        [other["name"]]
      )
    }))

  it.scopedLive("an operation that fails keeps its error with every detail", () =>
    Effect.gen(function*() {
      const { call, accessPolicies, emulator, wait } = yield* setUp
      const error = {
        code: 9,
        message: "The quota is used up.",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "QUOTA", domain: "example.com" }]
      }
      yield* emulator.onStart({ path: "/v1/accessPolicies" }, [{ type: "pending", times: 2 }, {
        type: "failed",
        error
      }])
      const started = yield* call(() =>
        accessPolicies.create({ requestBody: { parent: "organizations/1", title: "corp" } })
      )
      assert.deepStrictEqual(yield* wait(started["name"]), { name: started["name"], done: true, error })
    }))

  it.scopedLive("an operation is cancelled, and deleted", () =>
    Effect.gen(function*() {
      const { call, operations, emulator, refused, wait } = yield* setUp
      const name = "operations/example.com:corp/create"
      yield* emulator.script(name, [{ type: "pending" }])
      assert.deepStrictEqual(yield* call(() => operations.get({ name })), { name })
      assert.deepStrictEqual(yield* call(() => operations.cancel({ name, requestBody: {} })), {})
      assert.strictEqual(((yield* wait(name))["error"] as Json)["code"], 1)
      assert.deepStrictEqual(yield* call(() => operations.delete({ name })), {})
      assert.strictEqual((yield* refused(() => operations.get({ name }))).status, 404)
    }))

  it.scopedLive("a poll that gets 503 is sent again by gaxios", () =>
    Effect.gen(function*() {
      const { emulator, wait } = yield* setUp
      const name = "operations/behind-503"
      const unavailable = { type: "http", status: 503, headers: { "content-type": "application/json" } } as const
      yield* emulator.script(name, [
        { type: "pending" },
        { ...unavailable, body: JSON.stringify({ error: { code: 503, message: "Later.", status: "UNAVAILABLE" } }) },
        { type: "pending" },
        { type: "cut", at: "beforeHeaders" },
        { type: "succeeded", response: { "@type": `${prefix}.AccessPolicy`, name: "accessPolicies/1" } }
      ])
      assert.deepStrictEqual(yield* wait(name), {
        name,
        done: true,
        response: { "@type": `${prefix}.AccessPolicy`, name: "accessPolicies/1" }
      })
      assert.strictEqual((yield* emulator.callsOf(name)).length, 5)
    }))

  it.scopedLive("both error formats", () =>
    Effect.gen(function*() {
      const { operations, refused } = yield* setUp
      const name = "operations/missing"
      const plain = yield* refused(() => operations.get({ name }))
      const first = yield* refused(() => operations.get({ name, "$.xgafv": "1" }))
      const second = yield* refused(() => operations.get({ name, "$.xgafv": "2" }))
      const message = "Operation operations/missing was not found."
      const formatTwo = { code: 404, message, status: "NOT_FOUND" }
      const formatOne = { ...formatTwo, errors: [{ message, domain: "global", reason: "notFound" }] }
      const cases: ReadonlyArray<readonly [GaxiosError, Json]> = [
        [plain, formatTwo],
        [first, formatOne],
        [second, formatTwo]
      ]
      for (const [failure, expected] of cases) {
        assert.strictEqual(failure.message, message)
        assert.deepStrictEqual([failure.status, failure.code], [404, 404])
        assert.deepStrictEqual(failure.cause, expected)
        assert.deepStrictEqual(failure.response?.data, { error: expected })
      }
      const wrong = yield* refused(() => operations.get({ name, "$.xgafv": "3" as "2" }))
      assert.strictEqual(wrong.status, 400)
      assert.strictEqual(wrong.message, "Invalid value '3' for system query parameter : $.xgafv")
    }))
})
