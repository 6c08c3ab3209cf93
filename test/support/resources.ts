// Requests to the methods of Access Context Manager in an emulator.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"

export type Verb = "GET" | "POST" | "PATCH" | "DELETE"
export type Json = Readonly<Record<string, unknown>>

export interface Reply {
  readonly status: number
  readonly body: Json
}

export const prefix = "type.googleapis.com/google.identity.accesscontextmanager.v1"
export const metadata = { "@type": `${prefix}.AccessContextManagerOperationMetadata` }
export const empty = { "@type": "type.googleapis.com/google.protobuf.Empty" }

export const start = (options?: OperationsEmulator.Options) => {
  const emulator = OperationsEmulator.make(options)
  const call = (verb: Verb, path: string, body?: unknown) => {
    const request = HttpClientRequest.make(verb)(`http://localhost/${path}`)
    return emulator.httpClient.execute(body === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, body))
      .pipe(
        Effect.flatMap((response) =>
          Effect.map(response.text, (text): Reply => ({ status: response.status, body: JSON.parse(text) }))
        )
      )
  }
  /** Calls a method that starts an operation, and returns the operation once it is done. */
  const run = (verb: Verb, path: string, body?: unknown) =>
    Effect.gen(function*() {
      const started = yield* call(verb, path, body)
      assert.strictEqual(started.status, 200, JSON.stringify(started.body))
      assert.deepStrictEqual(started.body, { name: started.body["name"], metadata })
      yield* TestClock.adjust("2 seconds")
      const { body: done } = yield* call("GET", `v1/${started.body["name"]}`)
      assert.strictEqual(done["done"], true)
      return done
    })
  const responseOf = (verb: Verb, path: string, body?: unknown) =>
    Effect.map(run(verb, path, body), (done): Json => {
      assert.strictEqual(done["error"], undefined, JSON.stringify(done))
      return done["response"] as Json
    })
  const read = (path: string) =>
    Effect.map(call("GET", path), ({ body, status }) => {
      assert.strictEqual(status, 200, JSON.stringify(body))
      return body
    })
  const refused = (verb: Verb, path: string, body?: unknown) =>
    Effect.map(call(verb, path, body), ({ body, status }) => {
      const { error } = body as {
        readonly error: { readonly code: number; readonly status: string; readonly message: string }
      }
      assert.strictEqual(error.code, status)
      return `${error.status}: ${error.message}`
    })
  const createPolicy = Effect.map(
    responseOf("POST", "v1/accessPolicies", { parent: "organizations/1", title: "corp" }),
    ({ name }) => String(name)
  )
  return { emulator, call, run, responseOf, read, refused, createPolicy }
}

export const withoutEtag = ({ etag: _, ...rest }: Json): Json => rest
