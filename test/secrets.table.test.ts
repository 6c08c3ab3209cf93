// A server that echoes the token: every place, every form, every method, every transport.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { rawServer, response } from "./support/rawServer.js"
import { transports } from "./support/sockets.js"
import { type RecordedSpan, recordingTracer } from "./support/tracing.js"

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
  "a response of another type": (echo) =>
    response(`{"name":"operations/x","done":true,"response":{"@type":"a/${echo}","${echo}":"${echo}"}}`),
  "a response that does not decode": (echo) =>
    response(`{"name":"operations/x","done":true,"response":{"@type":"a/x.Policy","title":{"${echo}":"${echo}"}}}`),
  "a page token": (echo) => response(`{"operations":[],"nextPageToken":"${echo}"}`),
  "what is unreachable": (echo) => response(`{"operations":[],"unreachable":["${echo}"]}`),
  "headers": (echo) =>
    response(
      "{}",
      [["location", `http://127.0.0.1/${echo}`], ["www-authenticate", echo], ["retry-after", echo]],
      "307 X"
    )
}

const info = OperationInfo.make({
  response: { typeName: "x.Policy", schema: Schema.Struct({ title: Schema.String }) }
})

/** What a caller sees of a value. */
const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value, { depth: Infinity, showHidden: true, getters: true })
]

type Note = (value: unknown) => Effect.Effect<void>

const all = <A, E>(stream: Stream.Stream<A, E>, note: Note) => Stream.runForEach(stream, note)

/** Each method, which notes what it tells its caller before its end. */
const methods: Record<
  string,
  (operations: OperationsService.Service, note: Note) => Effect.Effect<unknown, unknown>
> = {
  get: (operations) => operations.get("operations/get"),
  "wait with onUpdate": (operations, note) => operations.wait("operations/wait", { timeout, onUpdate: note }),
  updates: (operations, note) => all(operations.updates("operations/updates", { timeout }), note),
  waitAll: (operations, note) => all(operations.waitAll(["operations/waitAll"], { timeout }), note),
  list: (operations, note) => all(operations.list(), note),
  listPages: (operations, note) => all(operations.listPages(), note),
  cancel: (operations) => operations.cancel("operations/cancel"),
  delete: (operations) => operations.delete("operations/delete"),
  start: (operations) => operations.start(request),
  "OperationInfo.result": (operations) => info.using(operations).result("operations/result", { timeout }),
  "OperationInfo.execute": (operations) => info.using(operations).execute(request, { timeout }),
  "OperationInfo.waitAll": (operations, note) =>
    all(info.using(operations).waitAll(["operations/infoAll"], { timeout }), note)
}

const timeout = "20 millis"
// A key in the query is a secret as well.
const request = HttpClientRequest.post("/v1/things?key=Planted-key-4f1c9a7be2d05836")
const credentials = Credentials.make({
  headers: () =>
    Effect.succeed({ Authorization: Redacted.make(`Bearer ${token}`), "X-Custom": Redacted.make(`${token}-custom`) })
})

/** What an exporter would send of a span: its name, attributes, links and events, and how a span of ours ends. */
const exported = ({ attributes, events, links, name, status }: RecordedSpan): ReadonlyArray<string> => [
  inspect([name, attributes, links.length, events], { depth: Infinity, showHidden: true }),
  ...(status._tag === "Ended" && Exit.isFailure(status.exit) && !name.startsWith("http.client")
    ? [Cause.pretty(status.exit.cause)]
    : [])
]

describe.each(Object.entries(transports))("over %s", (_, layer) => {
  it.scopedLive.each(Object.entries(places))(
    "in %s: no form of the token is in a result, an error, a log or a span",
    ([, place]) =>
      Effect.gen(function*() {
        let echo = ""
        let texts: Array<string> = []
        let spans = 0
        const tags = new Set<string>()
        const server = yield* rawServer(() => [{ send: place(echo) }])
        const note: Note = (value) => Effect.sync(() => void texts.push(...shown(value)))
        const logger = Logger.make((options) =>
          void texts.push(Logger.stringLogger.log(options), inspect(options.message))
        )
        yield* Effect.gen(function*() {
          const operations = yield* OperationsService.OperationsService
          for (const [form, value] of Object.entries(forms)) {
            echo = value
            texts = []
            const recorded = recordingTracer()
            yield* recorded.record(Effect.forEach(Object.values(methods), (call) =>
              Effect.flatMap(Effect.exit(call(operations, note)), (exit) => {
                if (Exit.isSuccess(exit)) {
                  return note(exit.value)
                }
                const error = Cause.squash(exit.cause)
                tags.add(error instanceof Error && "_tag" in error ? String(error._tag) : "defect")
                texts.push(Cause.pretty(exit.cause, { renderErrorCause: true }))
                return note(error)
              }), { concurrency: "unbounded", discard: true }))
            spans += recorded.spans.length
            for (const span of recorded.spans) {
              texts.push(...exported(span))
            }
            const lower = texts.join("\n").toLowerCase()
            for (const secret of [...Object.values(forms), "planted"]) {
              const at = lower.indexOf(secret.toLowerCase())
              assert.isTrue(at === -1, `${form}: ${lower.slice(Math.max(0, at - 200), at + 200)}`)
            }
          }
        }).pipe(
          Effect.provide(layer({
            api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }),
            credentials,
            schedule: Polling.spaced("5 millis"),
            retrySchedule: Polling.spaced("5 millis")
          })),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
        assert.isAbove(tags.size, 0)
        assert.isFalse(tags.has("defect"))
        if (place === places["a response of another type"]) {
          assert.isTrue(tags.has("ResultError"))
        }
        if (place === places["pending metadata"]) {
          assert.isTrue(tags.has("WaitTimeoutError"))
        }
        assert.isAbove(spans, Object.keys(forms).length * Object.keys(methods).length)
        assert.isTrue(server.requests.every(({ headers }) =>
          headers["authorization"] === `Bearer ${token}`
        ))
      }),
    30_000
  )
})
