// The spans of each method over each transport. The files that begin with this name have the details.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import type * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { name, succeeded } from "./support/answers.js"
import { inOrder } from "./support/http.js"
import { rawServer, reply } from "./support/rawServer.js"
import { httpError, service } from "./support/service.js"
import { startEmulator, transports } from "./support/sockets.js"
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
