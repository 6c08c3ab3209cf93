import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { googleError, json, name, pending, succeeded } from "./support/answers.js"
import { inOrder, mockHttp, silentAfter, transportError } from "./support/http.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"
import { recordingTracer } from "./support/tracing.js"

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
