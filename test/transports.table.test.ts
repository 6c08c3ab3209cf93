// One table of responses over every transport: each gives the same outcome.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import type * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { type RawServer, rawServer, reply, response, scripts, type Step } from "./support/rawServer.js"
import { transports } from "./support/sockets.js"

const all: typeof transports = {
  ...transports,
  "platform's node:http client": (options) => OperationsService.layer(options).pipe(Layer.provide(NodeHttpClient.layer))
}

const name = "operations/ä"
const maxBodySize = 100_000

const withService = <A, E>(
  layer: (options: NodeOperations.Options) => Layer.Layer<OperationsService.OperationsService>,
  respond: Parameters<typeof rawServer>[0],
  use: (operations: OperationsService.Service, server: RawServer) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.flatMap(rawServer(respond), (server) =>
    Effect.provide(
      Effect.flatMap(OperationsService.OperationsService, (operations) => use(operations, server)),
      layer({
        api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: server.origin }),
        maxBodySize,
        requestTimeout: "500 millis"
      })
    ))

interface Outcome {
  readonly is: Operation.Operation["_tag"] | HttpError.Reason
  readonly httpStatus?: number
  readonly isTransient?: boolean
  readonly retryAfter?: number
  /** The length of the part of the body that the error keeps. */
  readonly body?: number
}

const outcomeOf = (
  result: Either.Either<Operation.Pending | Operation.Succeeded, OperationError.OperationError | HttpError.HttpError>
): Outcome => {
  if (Either.isRight(result)) {
    assert.strictEqual(result.right.name, name)
    return { is: result.right._tag }
  }
  const error = result.left
  if (error._tag === "OperationError") return { is: "Failed" }
  return {
    is: error.reason,
    isTransient: error.isTransient,
    ...(error.httpStatus !== undefined && { httpStatus: error.httpStatus }),
    ...(error.retryAfter !== undefined && { retryAfter: Duration.toSeconds(error.retryAfter) }),
    ...(error.body !== undefined && { body: error.body.length })
  }
}

type Failure = OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError

const pending: Outcome = { is: "Pending" }
const broken: Outcome = { is: "Transport", isTransient: true }
const decode = (body: number): Outcome => ({ is: "Decode", httpStatus: 200, isTransient: false, body })
const status = (httpStatus: number, fields: Partial<Outcome> = {}): Outcome => ({
  is: "StatusCode",
  httpStatus,
  isTransient: false,
  ...fields
})

const body = JSON.stringify({ name, done: false })
const large = JSON.stringify({ name, metadata: { padding: "x".repeat(10_000_000) } })
const encoded = (bytes: Uint8Array, encoding: string) => reply(bytes, [["content-encoding", encoding]])

const { "a close when idle": _, ...faults } = scripts(body)

type Row = readonly [script: ReadonlyArray<Step>, outcome: Outcome]

/** What a client does before the package sees the response. */
const exceptions: Record<string, Record<string, Outcome>> = {
  // fetch decodes as much as there is, and reports no error.
  "platform's fetch client": { "gzip that is cut": decode(9) },
  // node:http drops all but the first `retry-after`, `server`, `etag` and the like.
  "platform's node:http client": { "two Retry-After of an error": status(503, { isTransient: true, body: 2 }) }
}

const expected: Record<keyof typeof faults, Outcome> = {
  "a response": pending,
  "slow bytes": pending,
  "chunks of one byte": pending,
  "headers apart from the body": pending,
  "a body until the end of the connection": pending,
  "a byte order mark": pending,
  "gzip": pending,
  "two Retry-After": pending,
  "duplicate headers": pending,
  "an informational response first": pending,
  "204": { ...decode(0), httpStatus: 204 },
  "304": status(304, { body: 0 }),
  "a second response that nobody asked for": pending,
  "a content-length that is too short": decode(body.length - 1),
  "a content-length that is too long": broken,
  "a close before the headers": broken,
  "a reset before the headers": broken,
  "a close within the headers": broken,
  "a reset within the headers": broken,
  "a close within the body": broken,
  "a reset within the body": broken,
  "no HTTP": broken,
  "no end": decode(16_384),
  "no answer": { is: "Timeout", isTransient: true }
}

const rows: Record<string, Row> = {
  ...Object.fromEntries(
    Object.entries(faults).map(([name, script]) => [name, [script, expected[name as keyof typeof faults]] as const])
  ),
  "deflate": [encoded(deflateSync(body), "deflate"), pending],
  "deflate without a header": [encoded(deflateRawSync(body), "deflate"), pending],
  "br": [encoded(brotliCompressSync(body), "br"), pending],
  "gzip of br": [encoded(gzipSync(brotliCompressSync(body)), "br, gzip"), pending],
  "identity": [encoded(Buffer.from(body), "identity"), pending],
  "gzip of a byte order mark": [encoded(gzipSync(`\uFEFF${body}`), "gzip"), pending],
  "gzip of more than maxBodySize": [encoded(gzipSync(large), "gzip"), decode(16_384)],
  "br of more than maxBodySize": [encoded(brotliCompressSync(large), "br"), decode(16_384)],
  "an error that is gzip": [
    reply(
      gzipSync(JSON.stringify({ error: { code: 404, message: "gone", status: "NOT_FOUND" } })),
      [["content-encoding", "gzip"]],
      "404 Not Found"
    ),
    status(404, { body: 60 })
  ],
  "gzip that is cut": [encoded(gzipSync(body).subarray(0, 20), "gzip"), broken],
  "gzip that is none": [encoded(Buffer.from([0xff, 0xfe, 1, 2, 3]), "gzip"), broken],
  "two Retry-After of an error": [
    reply("{}", [["retry-after", "soon"], ["Retry-After", "7"]], "503 Service Unavailable"),
    status(503, { isTransient: true, retryAfter: 7, body: 2 })
  ],
  "two valid Retry-After of an error": [
    reply("{}", [["retry-after", "5"], ["retry-after", "7"]], "429 Too Many Requests"),
    status(429, { isTransient: true, retryAfter: 5, body: 2 })
  ],
  "a redirect": [
    reply("", [["location", "http://127.0.0.1:9/v1/operations/x"]], "302 Found"),
    status(302, { body: 0 })
  ],
  "a permanent redirect": [
    reply("", [["location", "/v1/operations/y"]], "308 Permanent Redirect"),
    status(308, { body: 0 })
  ],
  "an empty body": [reply(""), decode(0)],
  "a body of exactly maxBodySize": [reply(body.padEnd(maxBodySize - 1, " ")), pending],
  "a body of more than maxBodySize": [reply(body.padEnd(maxBodySize + 1, " ")), decode(16_384)],
  "chunks of more than maxBodySize": [
    [{ send: response("", [["transfer-encoding", "chunked"]]) }, {
      send: `30d40\r\n${body.padEnd(200_000, " ")}`
    }, "hold"],
    decode(16_384)
  ],
  "an error of more than maxBodySize": [
    reply("x".repeat(maxBodySize + 1), [], "503 Service Unavailable"),
    status(503, { isTransient: true, body: 16_384 })
  ],
  "two content-lengths": [reply(body, [["content-length", "3"], ["content-length", "30"]]), broken],
  "a content-length that is no number": [reply(body, [["content-length", "many"]]), broken],
  "a content-length beside chunks": [
    [{
      send: `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${
        Buffer.byteLength(body).toString(16)
      }\r\n${body}\r\n0\r\n\r\n`
    }],
    broken
  ],
  "headers without an end": [
    [{ send: `HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(1_000_000)}` }, "hold"],
    broken
  ]
}

const tracing = (server: RawServer) => server.requests.map(({ headers: { b3, traceparent } }) => ({ b3, traceparent }))

describe.each(Object.entries(all))("over %s", (transport, layer) => {
  it.scopedLive.each(Object.entries(rows))(
    "%s",
    ([row, [script, outcome]]) =>
      withService(
        layer,
        script,
        (operations) =>
          Effect.map(
            Effect.either(operations.get(name)),
            (result) => assert.deepStrictEqual(outcomeOf(result), exceptions[transport]?.[row] ?? outcome)
          )
      )
  )

  it.scopedLive("cancel and delete succeed with 204 and with an empty 200", () =>
    Effect.forEach(
      ["204 No Content", "200 OK"],
      (status) =>
        withService(layer, [{ send: `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n` }], (operations, server) =>
          Effect.gen(function*() {
            yield* operations.cancel(name)
            yield* operations.delete(name)
            assert.deepStrictEqual(
              server.requests.map(({ method }) =>
                method
              ),
              ["POST", "DELETE"]
            )
          })),
      { discard: true }
    ))

  it.scopedLive("a redirect is not followed by any method", () =>
    withService(
      layer,
      ({ path }) =>
        path.startsWith("/elsewhere")
          ? reply(body)
          : reply("", [["location", "/elsewhere"]], "307 Temporary Redirect"),
      (operations, server) =>
        Effect.gen(function*() {
          for (
            const call of [
              operations.get(name),
              operations.wait(name),
              operations.cancel(name),
              operations.delete(name),
              operations.start(HttpClientRequest.post("/v1/things")),
              Stream.runDrain(operations.list())
            ]
          ) {
            const error = yield* Effect.flip<unknown, Failure, never>(call)
            assert(error._tag === "HttpError")
            assert.strictEqual(error.httpStatus, 307)
          }
          assert.isTrue(server.requests.every(({ path }) => path.startsWith("/v1/")))
        })
    ))

  it.scopedLive("start sends a form, and refuses a header that no request can carry", () =>
    withService(layer, reply(body), (operations, server) =>
      Effect.gen(function*() {
        const form = new FormData()
        form.append("title", "a policy")
        yield* operations.start(HttpClientRequest.bodyFormData(HttpClientRequest.post("/v1/things"), form))
        const { body: sent, headers } = server.requests[0]!
        assert.match(headers["content-type"]!, /^multipart\/form-data; ?boundary=/)
        assert.match(Buffer.from(sent).toString(), /name="title"\r\n\r\na policy\r\n/)
        for (const [header, value] of [["x-a", "b\r\nc: d"], ["x-a", "\u2028"], ["x a", "b"]] as const) {
          const request = HttpClientRequest.setHeader(HttpClientRequest.post("/v1/things"), header, value)
          const error = yield* Effect.flip(operations.start(request))
          assert(error._tag === "HttpError" && error.reason === "InvalidRequest" && !error.isTransient, String(error))
        }
        assert.strictEqual(server.requests.length, 1)
      })))

  it.scopedLive("trace headers name the span of the call, unless propagation is off", () =>
    withService(layer, reply(body), (operations, server) =>
      Effect.gen(function*() {
        const { traceId } = yield* Effect.orDie(Effect.currentSpan)
        yield* operations.get(name)
        yield* Effect.locally(operations.get(name), HttpClient.currentTracerPropagation, false)
        yield* Effect.withTracerEnabled(operations.get(name), false)
        const [on, ...off] = tracing(server)
        assert.match(on!.traceparent!, new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
        assert.match(on!.b3!, new RegExp(`^${traceId}-[0-9a-f]{16}-1-[0-9a-f]{16}$`))
        const none = { b3: undefined, traceparent: undefined }
        assert.deepStrictEqual(off, [none, none])
      }).pipe(Effect.withSpan("caller"))))
})
