// A server that echoes the token: every place, every form, every method, every transport.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { rawServer, response } from "./support/rawServer.js"
import { transports } from "./support/sockets.js"

const token = "ya29.Planted/Secret=4f1c9a7be2d05836+Q"

const forms: Record<string, string> = {
  plain: token,
  "JSON-escaped": token.replaceAll("/", "\\/").replaceAll("=", "\\u003d"),
  "percent-encoded": encodeURIComponent(token),
  base64: Buffer.from(token).toString("base64"),
  "upper case": token.toUpperCase(),
  "lower case": token.toLowerCase()
}

// Each gives the status, the headers and the body of a response that holds the echo, which may be escaped.
const places: Record<string, (echo: string) => Buffer> = {
  message: (echo) => response(`{"error":{"code":503,"message":"for ${echo}"}}`, [], "503 X"),
  "a detail": (echo) =>
    response(
      `{"error":{"code":403,"message":"m","details":[{"@type":"x/google.rpc.New","a":"${echo}"}]}}`,
      [],
      "403 X"
    ),
  "the reason of an ErrorInfo": (echo) =>
    response(
      `{"error":{"code":403,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"${echo}"}]}}`,
      [],
      "403 X"
    ),
  "an object key": (echo) => response(`{"error":{"code":400,"message":"m","details":[{"${echo}":1}]}}`, [], "400 X"),
  "an error page": (echo) => response(`<html>${echo}</html>`, [], "502 X"),
  "a page with 200": (echo) => response(`<html>${echo}</html>`),
  "another type with 200": (echo) => response(`{"name":{"${echo}":"${echo}"}}`),
  "a failed operation": (echo) =>
    response(
      `{"name":"operations/x","done":true,"metadata":{"${echo}":"${echo}"},"error":{"code":7,"message":"${echo}"}}`
    ),
  "pending metadata": (echo) => response(`{"name":"operations/x","metadata":{"${echo}":"${echo}"}}`),
  "a page token": (echo) => response(`{"operations":[],"nextPageToken":"${echo}"}`),
  "what is unreachable": (echo) => response(`{"operations":[],"unreachable":["${echo}"]}`),
  "headers": (echo) =>
    response(
      "{}",
      [["location", `http://127.0.0.1/${echo}`], ["www-authenticate", echo], ["retry-after", echo]],
      "307 X"
    )
}

const methods: Record<string, (operations: OperationsService.Service) => Effect.Effect<unknown, unknown>> = {
  get: (operations) => operations.get("operations/x"),
  wait: (operations) => operations.wait("operations/x", { timeout: "20 millis" }),
  updates: (operations) => Stream.runLast(operations.updates("operations/x", { timeout: "20 millis" })),
  list: (operations) => Stream.runDrain(operations.list()),
  cancel: (operations) => operations.cancel("operations/x"),
  delete: (operations) => operations.delete("operations/x"),
  start: (operations) => operations.start(HttpClientRequest.post("/v1/things"))
}

describe.each(Object.entries(transports))("over %s", (_, layer) => {
  it.scopedLive.each(Object.entries(places))(
    "in %s: no form of the token is in an error or a log",
    ([, place]) =>
      Effect.gen(function*() {
        let echo = ""
        let failures = 0
        const server = yield* rawServer(() => [{ send: place(echo) }])
        const logs: Array<string> = []
        const logger = Logger.make((options) =>
          void logs.push(Logger.stringLogger.log(options), inspect(options.message))
        )
        yield* Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          for (const [form, value] of Object.entries(forms)) {
            echo = value
            for (const [method, call] of Object.entries(methods)) {
              logs.length = 0
              const exit = yield* Effect.exit(call(operations))
              const texts = [...logs]
              if (exit._tag === "Failure") {
                failures++
                const error = Cause.squash(exit.cause)
                texts.push(
                  String(error),
                  JSON.stringify(error),
                  inspect(error, { depth: Infinity, showHidden: true, getters: true }),
                  Cause.pretty(exit.cause, { renderErrorCause: true })
                )
              }
              const shown = texts.join("\n").toLowerCase()
              for (const secret of [...Object.values(forms), "planted"]) {
                assert.notInclude(shown, secret.toLowerCase(), `${form}, ${method}`)
              }
            }
          }
        }).pipe(
          Effect.provide(layer({
            api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }),
            credentials: Credentials.accessToken(Redacted.make(token)),
            schedule: Polling.spaced("5 millis"),
            retrySchedule: Polling.spaced("5 millis")
          })),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
        assert.isAbove(failures, 0)
        assert.isTrue(server.requests.every(({ headers }) => headers["authorization"] === `Bearer ${token}`))
      }),
    30_000
  )
})
