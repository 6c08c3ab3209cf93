// A get of a service with a mocked HttpClient.
import { assert } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { name, succeeded } from "./answers.js"
import { inOrder } from "./http.js"
import { httpError, service } from "./service.js"

/** The URL of the operation. */
export const url = `https://accesscontextmanager.googleapis.com/v1/${name}`
/** The API at another base URL. */
export const at = (baseUrl: string) => GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl })
export const secret = Redacted.make("a-token-of-this-test")
export const token = Credentials.accessToken(secret)
export const bearer = "Bearer a-token-of-this-test"

/** The error of a get that sends one request and receives this response. */
export const failing = (response: () => Response, options?: OperationsService.Options) =>
  Effect.gen(function*() {
    const http = inOrder(response)
    const operations = yield* service(http, options)
    const error = yield* httpError(operations.get(name))
    assert.strictEqual(http.requests.length, 1)
    return error
  })

/** The error of a get that sends no request. */
export const refused = (options: OperationsService.Options, xgafv?: "1" | "2") =>
  Effect.gen(function*() {
    const http = inOrder(succeeded)
    const operations = yield* service(http, options)
    const error = yield* httpError(operations.get(name, { xgafv }))
    assert.strictEqual(http.requests.length, 0)
    return error
  })
