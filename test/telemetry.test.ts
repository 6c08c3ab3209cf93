// Spans, metrics and logs: what a program sees of calls and waits.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import type * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, mockHttp, silentAfter, transportError } from "./support/http.js"
import { names, pending as pendingOf, scripted, succeeded as doneOf } from "./support/many.js"
import { rawServer, reply } from "./support/rawServer.js"
import { httpError, service } from "./support/service.js"
import { startEmulator, transports } from "./support/sockets.js"
import { after, every } from "./support/time.js"
import { recordingTracer } from "./support/tracing.js"

const all: typeof transports = {
  ...transports,
  "platform's node:http client": (options) => OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layer))
}

type Use<A, E> = (operations: OperationsService.Service) => Effect.Effect<A, E, Scope.Scope>

const polling = { schedule: Polling.spaced("10 millis"), retrySchedule: Polling.spaced("10 millis") }

describe.each(Object.entries(all))("over %s", (_, layer) => {
  const withEmulator = <A, E>(
    script: ReadonlyArray<OperationsEmulator.Step>,
    use: (operations: OperationsService.Service, origin: URL) => Effect.Effect<A, E, Scope.Scope>
  ) =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* emulator.script(name, [script[0]!, ...script.slice(1)])
      const options: NodeOperations.Options = {
        api: emulator.api,
        credentials: Credentials.accessToken(Redacted.make("ya29.planted-secret-1234567890")),
        ...polling
      }
      return yield* Effect.provide(
        Effect.flatMap(OperationsService.OperationsService, (operations) => use(operations, new URL(emulator.url))),
        layer(options)
      )
    })

  it.scopedLive("a get has a span, and its request one below it", () =>
    withEmulator([OperationsEmulator.pending()], (operations, { origin, port }) =>
      Effect.gen(function*() {
        const recorded = recordingTracer()
        yield* recorded.record(operations.get(name))
        assert.deepStrictEqual(recorded.tree(), ["OperationsService.get", "  GET /v1/{name}"])
        const [call, request] = recorded.spans
        assert.deepStrictEqual(Object.fromEntries(call!.attributes), { "gcp.resource.destination.id": name })
        assert.deepStrictEqual([call!.kind, request!.kind], ["internal", "client"])
        assert.deepStrictEqual(recorded.requests(), [{
          "http.request.method": "GET",
          "server.address": "127.0.0.1",
          "server.port": Number(port),
          "url.full": `${origin}/v1/${name}`,
          "url.template": "/v1/{name}",
          "gcp.resource.destination.id": name,
          "http.response.status_code": 200,
          "gcp.longrunning.done": false
        }])
      })))

  it.scopedLive("a wait has a span with its changes of state, and each poll one below it", () =>
    withEmulator([
      OperationsEmulator.httpFault({ status: 503 }),
      OperationsEmulator.pending({ times: 2 }),
      OperationsEmulator.httpFault({ status: 200, body: "<html>" }),
      OperationsEmulator.pending({ metadata: { "@type": "type.googleapis.com/example.Progress", percent: 50 } }),
      OperationsEmulator.succeeded()
    ], (operations) =>
      Effect.gen(function*() {
        const recorded = recordingTracer()
        yield* recorded.record(operations.wait(name)).pipe(
          // As printed, its lines are noise in the output of the tests.
          Effect.provide(Logger.remove(Logger.defaultLogger))
        )
        assert.deepStrictEqual(recorded.tree(), ["OperationsService.wait", ...Array(6).fill("  GET /v1/{name}")])
        const [{ attributes, events }] = [recorded.spans[0]!]
        assert.deepStrictEqual(Object.fromEntries(attributes), {
          "gcp.resource.destination.id": name,
          "gcp.longrunning.poll_attempt_count": 6,
          "gcp.longrunning.done": true,
          "gcp.longrunning.status_code": 0
        })
        const event = (type: string, poll: number, more: object = {}) => [
          `gcp.longrunning.${type}`,
          { "gcp.longrunning.poll_attempt_count": poll, ...more }
        ]
        // Effect adds each line of the log as an event, too.
        assert.deepStrictEqual<unknown>(events.filter(([type]) => type.startsWith("gcp.")), [
          event("transient_failure", 1, { "error.type": "503" }),
          event("recovered", 2, { "gcp.longrunning.failure_count": 1 }),
          event("pending", 2),
          event("transient_failure", 4, { "error.type": "CLIENT_RESPONSE_DECODE_ERROR" }),
          event("recovered", 5, { "gcp.longrunning.failure_count": 1 }),
          event("metadata_changed", 5),
          event("done", 6, { "gcp.longrunning.status_code": 0 })
        ])
        assert.deepStrictEqual(
          recorded.requests().map((attributes) => [
            attributes["gcp.longrunning.poll_attempt_count"],
            attributes["http.response.status_code"],
            attributes["error.type"],
            attributes["gcp.longrunning.done"]
          ]),
          [
            [1, 503, "503", undefined],
            [2, 200, undefined, false],
            [3, 200, undefined, false],
            [4, 200, "CLIENT_RESPONSE_DECODE_ERROR", undefined],
            [5, 200, undefined, false],
            [6, 200, undefined, true]
          ]
        )
      })))

  it.scopedLive("updates, waitAll, list, cancel, delete and start have a span, and their requests below it", () =>
    withEmulator(
      [OperationsEmulator.pending(), OperationsEmulator.succeeded()],
      (operations, { origin }) =>
        Effect.gen(function*() {
          const treeOf = <A, E>(call: Effect.Effect<A, E>) =>
            Effect.gen(function*() {
              const recorded = recordingTracer()
              yield* Effect.either(recorded.record(call))
              return recorded
            })
          const updates = yield* treeOf(Stream.runDrain(operations.updates(name)))
          assert.deepStrictEqual(updates.tree(), ["OperationsService.updates", "  GET /v1/{name}", "  GET /v1/{name}"])
          assert.deepStrictEqual(updates.spans[0]!.events.map(([type]) => type), [
            "gcp.longrunning.pending",
            "gcp.longrunning.done"
          ])
          const quiet = yield* treeOf(Stream.runDrain(operations.waitAll([name, "accessPolicies/1"])))
          assert.deepStrictEqual(quiet.tree(), ["OperationsService.waitAll"])
          assert.deepStrictEqual(Object.fromEntries(quiet.spans[0]!.attributes), {
            "gcp.longrunning.operation_count": 2,
            "gcp.longrunning.error_count": 1
          })
          assert.deepStrictEqual(quiet.spans[0]!.events, [])
          const traced = yield* treeOf(Stream.runDrain(operations.waitAll([name], { tracePolls: true })))
          assert.deepStrictEqual(traced.tree(), ["OperationsService.waitAll", "  GET /v1/{name}"])
          assert.deepStrictEqual<unknown>(traced.spans[0]!.events, [["gcp.longrunning.done", {
            "gcp.resource.destination.id": name,
            "gcp.longrunning.poll_attempt_count": 1,
            "gcp.longrunning.status_code": 0
          }]])
          assert.deepStrictEqual((yield* treeOf(Stream.runDrain(operations.list()))).tree(), [
            "OperationsService.list",
            "  GET /v1/{name}"
          ])
          const cancel = yield* treeOf(operations.cancel(name))
          assert.deepStrictEqual(cancel.tree(), ["OperationsService.cancel", "  POST /v1/{name}:cancel"])
          assert.strictEqual(cancel.requests()[0]!["url.full"], `${origin}/v1/${name}:cancel`)
          assert.strictEqual(cancel.requests()[0]!["gcp.resource.destination.id"], name)
          const deletion = yield* treeOf(operations.delete(name))
          assert.deepStrictEqual(deletion.tree(), ["OperationsService.delete", "  DELETE /v1/{name}"])
          const start = yield* treeOf(operations.start(
            HttpClientRequest.post("/v1/accessPolicies?key=ya29.planted-key").pipe(
              HttpClientRequest.bodyUnsafeJson({ parent: "organizations/123", title: "my policy" })
            )
          ))
          assert.deepStrictEqual(start.tree(), ["OperationsService.start", "  POST"])
          const [{ attributes }] = [start.spans[1]!]
          assert.strictEqual(attributes.get("url.full"), `${origin}/v1/accessPolicies`)
          assert.strictEqual(attributes.get("gcp.longrunning.poll_attempt_count"), 0)
          assert.strictEqual(attributes.get("gcp.longrunning.done"), false)
        })
    ))

  it.scopedLive("trace headers name the span of the request; those of an untraced poll name that of the call", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply(JSON.stringify({ name, done: true })))
      const recorded = recordingTracer()
      yield* Effect.gen(function*() {
        const operations = yield* OperationsService.OperationsService
        yield* recorded.record(operations.get(name))
        yield* recorded.record(Stream.runDrain(operations.waitAll([name])))
        yield* recorded.record(operations.get(name).pipe(Effect.locally(HttpClient.currentTracerPropagation, false)))
      }).pipe(
        Effect.provide(layer({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }) }))
      )
      const [, request, waitAll] = recorded.spans
      const { traceId, spanId } = request!
      assert.deepStrictEqual(server.requests.map(({ headers }) => headers["traceparent"]), [
        `00-${traceId}-${spanId}-01`,
        `00-${waitAll!.traceId}-${waitAll!.spanId}-01`,
        undefined
      ])
      assert.deepStrictEqual(recorded.tree(), [
        "OperationsService.get",
        "  GET /v1/{name}",
        "OperationsService.waitAll",
        "OperationsService.get",
        "  GET /v1/{name}"
      ])
    }))

  it.scopedLive("with the tracer off there is no span", () =>
    withEmulator(
      [OperationsEmulator.pending(), OperationsEmulator.succeeded()],
      (operations) =>
        Effect.gen(function*() {
          const recorded = recordingTracer()
          yield* recorded.record(Effect.withTracerEnabled(
            Effect.zipRight(operations.wait(name), Stream.runDrain(operations.updates(name))),
            false
          ))
          assert.deepStrictEqual(recorded.spans, [])
        })
    ))

  it.scopedLive("a request that fails says why", () =>
    Effect.gen(function*() {
      const failing = (
        script: Parameters<typeof rawServer>[0],
        call: Use<unknown, unknown> = (operations) => operations.get(name)
      ) =>
        Effect.gen(function*() {
          const server = yield* rawServer(script)
          const recorded = recordingTracer()
          const api = GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin })
          yield* Effect.flatMap(OperationsService.OperationsService, (operations) => recorded.record(call(operations)))
            .pipe(Effect.exit, Effect.provide(layer({ api, requestTimeout: "200 millis" })))
          assert.deepStrictEqual(recorded.tree(), ["OperationsService.get", "  GET /v1/{name}"])
          const [attributes] = recorded.requests()
          return [attributes!["error.type"], attributes!["http.response.status_code"]]
        })
      assert.deepStrictEqual(yield* failing(["hold"]), ["CLIENT_TIMEOUT", undefined])
      assert.deepStrictEqual(yield* failing(["reset"]), ["CLIENT_CONNECTION_ERROR", undefined])
      assert.deepStrictEqual(yield* failing(reply("<html>")), ["CLIENT_RESPONSE_DECODE_ERROR", 200])
      assert.deepStrictEqual(yield* failing(reply("", [], "502 Bad Gateway")), ["502", 502])
      assert.deepStrictEqual(
        yield* failing(["hold"], (operations) => Effect.timeout(operations.get(name), "50 millis")),
        ["CLIENT_CANCELLED", undefined]
      )
    }))
})

describe("the span of a request", () => {
  it.scoped("is one of each request that is sent again", () =>
    Effect.gen(function*() {
      const http = inOrder(() => googleError(401, "UNAUTHENTICATED"), pending)
      const credentials = Credentials.make({
        headers: ({ refresh }) =>
          Effect.succeed({ authorization: Redacted.make(`Bearer planted-token-${refresh ? "new" : "old"}`) })
      })
      const recorded = recordingTracer()
      const operations = yield* service(http, { credentials })
      yield* recorded.record(operations.get(name))
      assert.deepStrictEqual(recorded.tree(), ["OperationsService.get", "  GET /v1/{name}", "  GET /v1/{name}"])
      assert.deepStrictEqual(
        recorded.requests().map((attributes) => [
          attributes["http.request.resend_count"],
          attributes["http.response.status_code"],
          attributes["error.type"]
        ]),
        [[undefined, 401, "401"], [1, 200, undefined]]
      )
    }))

  it.scoped("has no secret of a URL", () =>
    Effect.gen(function*() {
      const token = "ya29.planted-secret-1234567890"
      const recorded = recordingTracer()
      const operations = yield* service(inOrder(pending), {
        credentials: Credentials.accessToken(Redacted.make(token))
      })
      const start = (path: string) => recorded.record(operations.start(HttpClientRequest.post(path)))
      yield* start(`/v1/things?access_token=planted-secret-2`)
      yield* start(`/v1/${token}?again=${encodeURIComponent(token)}`)
      yield* start(`/v1/things?X-Goog-Signature=planted-secret-3&a=b&sig=planted-secret-4`)
      assert.deepStrictEqual(recorded.requests().map((attributes) => attributes["url.full"]), [
        "https://accesscontextmanager.googleapis.com/v1/things",
        "https://accesscontextmanager.googleapis.com/v1/<redacted>?again=<redacted>",
        "https://accesscontextmanager.googleapis.com/v1/things?X-Goog-Signature=REDACTED&a=b&sig=REDACTED"
      ])
      const shown = recorded.spans.map(({ attributes, events, name, status }) =>
        inspect([name, attributes, events, status])
      )
      for (const text of shown) assert.notInclude(text, "planted")
    }))

  it.scoped("has the annotations and links of its caller", () =>
    Effect.gen(function*() {
      const recorded = recordingTracer()
      const operations = yield* service(inOrder(succeeded))
      const other = yield* recorded.record(Effect.makeSpan("other"))
      yield* operations.wait(name).pipe(
        Effect.annotateSpans("tenant", "a"),
        Effect.linkSpans(other),
        recorded.record
      )
      for (const { attributes, links } of recorded.spans.slice(1)) {
        assert.strictEqual(attributes.get("tenant"), "a")
        assert.deepStrictEqual(links.map(({ span }) => span.spanId), [other.spanId])
      }
      assert.strictEqual(recorded.spans.length, 3)
    }))

  it.scoped("replaces the span of the client; further requests of a client that retries have spans of the client", () =>
    Effect.gen(function*() {
      let calls = 0
      const http = mockHttp((request) =>
        ++calls === 1 ? Effect.fail(transportError(request, new Error("reset"))) : Effect.succeed(succeeded())
      )
      const client = yield* Effect.provide(HttpClient.HttpClient, http.layer)
      const using = (client: HttpClient.HttpClient) => service({ layer: Layer.succeed(HttpClient.HttpClient, client) })
      const recorded = recordingTracer()
      const retrying = yield* using(HttpClient.retry(client, { times: 1 }))
      yield* recorded.record(retrying.get(name))
      assert.deepStrictEqual(recorded.tree(), [
        "OperationsService.get",
        "  GET /v1/{name}",
        "    http.client GET"
      ])
      const silent = yield* using(HttpClient.withTracerPropagation(client, false))
      yield* recorded.record(silent.get(name))
      assert.deepStrictEqual(
        http.requests.map(({ headers }) => headers["traceparent"] !== undefined),
        [true, true, false]
      )
    }))
})

describe("the span of a wait", () => {
  it.scoped("has a bounded number of events, and always its end", () =>
    Effect.gen(function*() {
      let poll = 0
      const http = mockHttp(() =>
        Effect.sync(() => ++poll < 120 ? json({ name, metadata: { poll } }) : json({ name, done: true }))
      )
      const recorded = recordingTracer()
      const operations = yield* service(http, { schedule: every("1 second") })
      yield* after("10 minutes", recorded.record(operations.wait(name)))
      const { attributes, events } = recorded.spans[0]!
      assert.strictEqual(events.length, 101)
      assert.strictEqual(events.at(-1)![0], "gcp.longrunning.done")
      assert.strictEqual(attributes.get("gcp.longrunning.dropped_event_count"), 19)
    }))

  it.scoped("says how it ended", () =>
    Effect.gen(function*() {
      const ended = (http: ReturnType<typeof inOrder>, options?: OperationsService.WaitOptions) =>
        Effect.gen(function*() {
          const recorded = recordingTracer()
          const operations = yield* service(http, { schedule: every("1 second") })
          yield* after("1 minute", Effect.exit(recorded.record(operations.wait(name, options))))
          const { attributes } = recorded.spans[0]!
          return ["error.type", "gcp.longrunning.done", "gcp.longrunning.status_code"].map((key) => attributes.get(key))
        })
      const failed = () => json({ name, done: true, error: { code: 9, message: "not empty" } })
      assert.deepStrictEqual(yield* ended(inOrder(failed)), ["FAILED_PRECONDITION", true, 9])
      assert.deepStrictEqual(yield* ended(inOrder(pending), { timeout: "5 seconds" }), [
        "CLIENT_TIMEOUT",
        undefined,
        undefined
      ])
      assert.deepStrictEqual(yield* ended(inOrder(pending), { schedule: Schedule.recurs(1) }), [
        "CLIENT_RETRY_EXHAUSTED",
        undefined,
        undefined
      ])
      assert.deepStrictEqual(yield* ended(inOrder(() => googleError(403, "PERMISSION_DENIED"))), [
        "PERMISSION_DENIED",
        undefined,
        undefined
      ])
    }))

  it.scoped("that is interrupted ends, with the requests in flight", () =>
    Effect.gen(function*() {
      const recorded = recordingTracer()
      const operations = yield* service(silentAfter())
      const fiber = yield* Effect.fork(recorded.record(operations.wait(name)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(recorded.tree(), ["OperationsService.wait", "  GET /v1/{name}"])
      assert.strictEqual(recorded.spans[0]!.attributes.get("error.type"), "CLIENT_CANCELLED")
      assert.strictEqual(recorded.requests()[0]!["error.type"], "CLIENT_CANCELLED")
    }))

  it.scoped("for a handle links to the span in which the handle was made, in another process too", () =>
    Effect.gen(function*() {
      const recorded = recordingTracer()
      const operations = yield* service(inOrder(succeeded))
      const handle = yield* operations.handle(name).pipe(Effect.withSpan("request"), recorded.record)
      const [{ spanId, traceId }] = [recorded.spans[0]!]
      const encoded = OperationHandle.toJson(handle)
      assert.strictEqual(encoded.traceparent, `00-${traceId}-${spanId}-01`)
      const read = Either.getOrThrow(OperationHandle.fromJson(JSON.parse(JSON.stringify(encoded))))
      yield* recorded.record(operations.wait(read))
      yield* recorded.record(Stream.runDrain(operations.updates(read)))
      yield* recorded.record(Stream.runDrain(operations.waitAll([read, handle])))
      yield* recorded.record(operations.wait(name))
      assert.deepStrictEqual(
        recorded.spans.filter(({ kind }) => kind === "internal").slice(1).map(({ links, name }) => [
          name,
          links.map(({ span }) => [span._tag, span.traceId, span.spanId])
        ]),
        [
          ["OperationsService.wait", [["ExternalSpan", traceId, spanId]]],
          ["OperationsService.updates", [["ExternalSpan", traceId, spanId]]],
          ["OperationsService.waitAll", [["ExternalSpan", traceId, spanId]]],
          ["OperationsService.wait", []]
        ]
      )
    }))

  it.scoped("a handle without a span has no trace context, and one with a strange one is waited for", () =>
    Effect.gen(function*() {
      const recorded = recordingTracer()
      const operations = yield* service(inOrder(succeeded))
      const plain = yield* operations.handle(name)
      assert.isFalse("traceparent" in OperationHandle.toJson(plain))
      const off = yield* operations.handle(name).pipe(
        Effect.withTracerEnabled(false),
        Effect.withSpan("request"),
        recorded.record
      )
      assert.isFalse("traceparent" in OperationHandle.toJson(off))
      const strange = Either.getOrThrow(OperationHandle.fromJson({
        ...OperationHandle.toJson(plain),
        traceparent: "00-x-y"
      }))
      yield* recorded.record(operations.wait(strange))
      assert.deepStrictEqual(recorded.spans.find(({ name }) => name === "OperationsService.wait")?.links, [])
    }))
})

describe("metrics", () => {
  let hosts = 0
  // The registry is global, so each test has an API of its own.
  const withMetrics = (http: Parameters<typeof service>[0], options?: OperationsService.Options) =>
    Effect.gen(function*() {
      const address = `metrics-${++hosts}.example.com`
      const api = GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: `https://${address}` })
      const operations = yield* service(http, { schedule: every("1 second"), ...options, api })
      const read = Effect.map(OperationsMetrics.snapshot, (pairs) =>
        Object.fromEntries(
          pairs.flatMap(({ metricKey, metricState }) => {
            const tags = metricKey.tags.map(({ key, value }) => `${key}=${value}`)
            if (!tags.includes(`server.address=${address}`)) return []
            const state = Object.assign({}, metricState) as { readonly count?: number; readonly sum?: number }
            const rest = tags.filter((tag) => !tag.startsWith("server.address=")).join(" ")
            return [[
              `${metricKey.name} ${rest}`,
              state.sum === undefined ? state.count : [state.count, state.sum]
            ]]
          })
        ))
      return { operations, read, address }
    })

  it.scoped("count the waits, their polls and failures, and the requests", () =>
    Effect.gen(function*() {
      const { operations, read } = yield* withMetrics(inOrder(pending, unavailable, pending, succeeded), {
        retrySchedule: every("2 seconds")
      })
      const fiber = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* read)["gcp.longrunning.waits unit={wait}"], 1)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* read, {
        "gcp.longrunning.waits unit={wait}": 0,
        "gcp.longrunning.polls unit={poll} gcp.longrunning.method=get": 4,
        "gcp.longrunning.transient_failures unit={failure} error.type=UNAVAILABLE": 1,
        "gcp.longrunning.wait.duration unit=s gcp.longrunning.outcome=succeeded": [1, 4],
        "gcp.longrunning.requests unit={request} http.request.method=GET http.response.status_code=200": 3,
        "gcp.longrunning.requests unit={request} http.request.method=GET http.response.status_code=503 error.type=UNAVAILABLE":
          1
      })
    }))

  it.scoped("of a wait say how it ended", () =>
    Effect.gen(function*() {
      const duration = (outcome: string) => `gcp.longrunning.wait.duration unit=s gcp.longrunning.outcome=${outcome}`
      const failed = yield* withMetrics(inOrder(() => json({ name, done: true, error: { code: 9, message: "no" } })))
      yield* Effect.exit(failed.operations.wait(name))
      assert.deepStrictEqual((yield* failed.read)[duration("failed error.type=FAILED_PRECONDITION")], [1, 0])
      const late = yield* withMetrics(inOrder(pending))
      yield* after("1 minute", Effect.exit(late.operations.wait(name, { timeout: "30 seconds" })))
      assert.deepStrictEqual((yield* late.read)[duration("timeout error.type=CLIENT_TIMEOUT")], [1, 30])
      const unreadable = yield* withMetrics(inOrder(() => googleError(403, "PERMISSION_DENIED")))
      yield* Effect.exit(unreadable.operations.wait(name))
      assert.deepStrictEqual((yield* unreadable.read)[duration("error error.type=PERMISSION_DENIED")], [1, 0])
      const interrupted = yield* withMetrics(inOrder(pending))
      const fiber = yield* Effect.fork(interrupted.operations.wait(name))
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.interrupt(fiber)
      const seen = yield* interrupted.read
      assert.deepStrictEqual(seen[duration("interrupted error.type=CLIENT_CANCELLED")], [1, 7])
      assert.strictEqual(seen["gcp.longrunning.waits unit={wait}"], 0)
    }))

  it.scoped("measure how late the end of an operation was seen, if it ended during the wait", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 26, 12))
      const delay = "gcp.longrunning.detection.delay unit=s"
      const ending = (endTime: unknown) => inOrder(pending, () => json({ name, done: true, metadata: { endTime } }))
      const wait = (endTime: unknown) =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 10, 26, 12))
          const { operations, read } = yield* withMetrics(ending(endTime), { schedule: every("10 seconds") })
          yield* after("1 minute", operations.wait(name))
          return (yield* read)[delay]
        })
      assert.deepStrictEqual(yield* wait("2026-11-26T12:00:07.500Z"), [1, 2.5])
      assert.deepStrictEqual(yield* wait("2026-11-26T12:00:11Z"), [1, 0])
      for (const other of ["2026-11-26T11:00:00Z", "soon", 5, undefined, null]) {
        assert.strictEqual(yield* wait(other), undefined)
      }
    }))

  it.scoped("of many waits: none is left, and Effect.tagMetrics adds its labels", () =>
    Effect.gen(function*() {
      const http = scripted((name, polls) => polls < 2 ? pendingOf(name) : doneOf(name))
      const { address, operations, read } = yield* withMetrics(http)
      const fiber = yield* Effect.fork(
        Stream.runDrain(operations.waitAll(names(50))).pipe(
          Effect.tagMetrics("tenant", "a")
        )
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read)["gcp.longrunning.waits unit={wait} tenant=a"], 50)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const seen = yield* read
      assert.strictEqual(seen["gcp.longrunning.waits unit={wait} tenant=a"], 0)
      assert.strictEqual(seen["gcp.longrunning.polls unit={poll} gcp.longrunning.method=get tenant=a"], 150)
      // As a program reads them:
      const polls = yield* OperationsMetrics.polls.pipe(
        Metric.tagged("server.address", address),
        Metric.tagged("gcp.longrunning.method", "get"),
        Metric.tagged("tenant", "a"),
        Metric.value
      )
      assert.strictEqual(polls.count, 150)
    }))

  it.scoped("have no label with the name of an operation", () =>
    Effect.gen(function*() {
      const { operations } = yield* withMetrics(inOrder(pending, succeeded))
      yield* after("1 minute", operations.wait("operations/a-name-of-its-own"))
      const pairs = yield* OperationsMetrics.snapshot
      assert.notInclude(JSON.stringify(pairs.map(({ metricKey }) => metricKey.tags)), "a-name-of-its-own")
    }))
})

describe("logs", () => {
  const logged = <A, E, R>(effect: Effect.Effect<A, E, R>, level: LogLevel.LogLevel) =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ annotations, logLevel, message }) => {
        const text = Array.isArray(message) ? message.join(" ") : String(message)
        const keys = HashMap.toEntries(annotations).map(([key, value]) => `${key}=${String(value)}`).sort()
        lines.push(`${logLevel.label} ${text} [${keys.join(" ")}]`)
      })
      const exit = yield* effect.pipe(
        Effect.exit,
        Logger.withMinimumLogLevel(level),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      return { lines, exit }
    })
  const about = (name?: string) =>
    name === undefined
      ? "[server.address=accesscontextmanager.googleapis.com]"
      : `[gcp.resource.destination.id=${name} server.address=accesscontextmanager.googleapis.com]`

  it.scoped("at debug have a line for each poll, at info one for the first failure and one for the recovery", () =>
    Effect.gen(function*() {
      const http = () => inOrder(pending, unavailable, unavailable, pending, unavailable, succeeded)
      const options = { schedule: every("1 second"), retrySchedule: every("1 second") }
      const failure = "GET /v1/operations/x failed with HTTP 503 UNAVAILABLE: it did not work"
      const info = [
        `INFO Could not read operation ${name}. The wait polls again. ${failure} ${about(name)}`,
        `INFO Operation ${name} was read again, after 2 failures within 2s. ${about(name)}`
      ]
      const poll = (result: string) => `DEBUG Polled operation ${name}: ${result} ${about(name)}`
      const quiet = yield* service(http(), options)
      assert.deepStrictEqual((yield* after("1 minute", logged(quiet.wait(name), LogLevel.Info))).lines, info)
      const loud = yield* service(http(), options)
      assert.deepStrictEqual((yield* after("1 minute", logged(loud.wait(name), LogLevel.Debug))).lines, [
        poll("it is pending."),
        poll(failure),
        info[0],
        poll(failure),
        poll("it is pending."),
        info[1],
        poll(failure),
        poll("it is succeeded.")
      ])
    }))

  it.scoped.each<readonly [how: string, failure: string, cancel: Parameters<typeof mockHttp>[0]]>([
    [
      "after a while",
      "POST /v1/operations/0:cancel failed with HTTP 403 PERMISSION_DENIED: no permission to cancel",
      (_, index) =>
        Effect.delay(
          Effect.succeed(googleError(403, "PERMISSION_DENIED", { message: "no permission to cancel" })),
          index
        )
    ],
    [
      "at once",
      "POST /v1/operations/0:cancel failed: connection error (unreachable, https://accesscontextmanager.googleapis.com)",
      (request) => Effect.fail(transportError(request, new Error("unreachable")))
    ]
  ])(
    "of many cancels that fail together are one line, with the first failure: %s",
    ([_, failure, cancel]) =>
      Effect.gen(function*() {
        const http = mockHttp((request, index) =>
          request.method === "POST"
            ? cancel(request, index)
            : Effect.succeed(pendingOf(new URL(request.url).pathname.slice(4)))
        )
        const operations = yield* service(http, { schedule: every("1 hour") })
        const waiting = Stream.runDrain(operations.waitAll(names(30), { timeout: "5 seconds", onTimeout: "cancel" }))
        const { lines } = yield* after("1 minute", logged(waiting, LogLevel.Info))
        assert.deepStrictEqual(lines, [
          `WARN Could not cancel 30 of 30 operations. They may still be running: ${
            names(10).join(", ")
          }, and 20 more. ` +
          `${failure} ${about()}`
        ])
      })
  )

  it.scoped("of a list that is incomplete name each place once, and not all of many", () =>
    Effect.gen(function*() {
      let page = 0
      const http = mockHttp(() =>
        Effect.sync(() =>
          json({
            operations: [],
            unreachable: Array.from({ length: 12 }, (_, index) => `locations/${index}`),
            nextPageToken: ++page < 3 ? String(page) : ""
          })
        )
      )
      const operations = yield* service(http)
      const { lines } = yield* logged(Stream.runDrain(operations.list()), LogLevel.Info)
      const shown = Array.from({ length: 10 }, (_, index) => `locations/${index}`).join(", ")
      assert.deepStrictEqual(lines, [
        `WARN The list of operations is incomplete. Could not reach: ${shown}, and 2 more ${about()}`
      ])
    }))
})

describe("tracePolls", () => {
  it.scoped("of another type is refused", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(succeeded))
      const untyped: object = { tracePolls: "yes" }
      const [outcome] = yield* Stream.runCollect(operations.waitAll([name], untyped)).pipe(
        Effect.map((chunk) => [...chunk])
      )
      assert(outcome?.result._tag === "Left" && HttpError.isHttpError(outcome.result.left))
      assert.include(outcome.result.left.description, "tracePolls must be true or false")
      assert.strictEqual((yield* httpError(outcome.result)).reason, "InvalidRequest")
    }))
})
