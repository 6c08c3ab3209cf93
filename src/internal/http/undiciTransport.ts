/**
 * The transport for `NodeOperations`. It calls undici's `dispatch`, so requests need no fiber, stream or
 * `AbortController`. It does not follow redirects, and sets no time limits.
 */
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { Readable } from "node:stream"
import type { Dispatcher } from "undici"
import { errors } from "undici/index.js"
import { ByteCollector, type Bytes, contentEncodings, decodeBody, decodeUtf8 } from "./body.js"
import { type ConnectionOptions, validate } from "./nodeOptions.js"
import { proxyFor } from "./proxy.js"
import type { RawResponse, Transport, TransportFailure, TransportRequest } from "./transport.js"
import {
  type Connection,
  type ConnectionPool,
  type DispatchOptions,
  makePool,
  type TrackedClient
} from "./undiciPool.js"

// undici requires a reason for aborting a request. Callers never see it.
const aborted = new Error("aborted")

const refusalOfProxy = /^Proxy response \((4\d\d)\)/

// Returns the cause for an `Unsendable` failure if every attempt would fail with the same error.
const toUnsendable = (error: unknown): unknown => {
  if (
    error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError ||
    error instanceof errors.RequestContentLengthMismatchError
  ) return error
  if (!(error instanceof Error)) return undefined
  // Deno denied a permission. The error message names the flag that grants the permission.
  if (error.name === "NotCapable") return error
  const status = refusalOfProxy.exec(error.message)?.[1]
  if (status === undefined || status === "408" || status === "429") return undefined
  const advice = status === "407" || status === "401" ? "; check its user name and password" : ""
  return new Error(`The proxy refused the connection with HTTP ${status}${advice}.`)
}

type Done = (exit: Exit.Exit<RawResponse, TransportFailure>) => void

/**
 * Handles the events of one request. It calls `done` in a microtask, because undici does not accept new requests during
 * a callback.
 */
class Exchange implements Dispatcher.DispatchHandler {
  /** The client that accepted the request, if `makePool` created the pool. */
  client: TrackedClient | undefined
  #controller: Dispatcher.DispatchController | undefined
  #connection: Connection | undefined
  // Whether the connection had already received a response when the request was sent.
  #hadServed = false
  #bytesRead = 0
  #status = 0
  #headers: RawResponse["headers"] = {}
  // Whether the outcome is known. If it is, subsequent undici callbacks are ignored.
  #isSettled = false
  #isAborted = false
  #source: Readable | undefined
  #hasSourceFailed = false
  readonly #body: ByteCollector
  readonly #maxBodySize: number
  readonly #done: Done

  constructor(maxBodySize: number, done: Done) {
    this.#body = new ByteCollector(maxBodySize)
    this.#maxBodySize = maxBodySize
    this.#done = done
  }

  /** Converts a request body stream for undici, and records whether the stream fails. */
  source(stream: Stream.Stream<Uint8Array, unknown>, runtime: Runtime.Runtime<never>): Readable {
    const watched = Stream.tapErrorCause(stream, () =>
      Effect.sync(() => {
        this.#hasSourceFailed = true
      }))
    return this.#source = Readable.from(Stream.toAsyncIterableRuntime(watched, runtime)).on("error", () => {})
  }

  abort(): Effect.Effect<void> {
    this.#isAborted = true
    if (!this.#isSettled) this.#letGo()
    const source = this.#source?.destroy()
    return source === undefined || source.closed
      ? Effect.void
      : Effect.async<void>((resume) => void source.once("close", () => resume(Effect.void)))
  }

  // Ends the request in undici.
  #letGo(): void {
    this.#isSettled = true
    // Destroy the socket, because undici would otherwise keep the aborted request queued and open another connection
    // for it.
    if (this.#connection?.isShared === false) this.#connection.socket.destroy(aborted)
    this.#controller?.abort(aborted)
  }

  #settle(exit: Exit.Exit<RawResponse, TransportFailure>): void {
    this.#isSettled = true
    queueMicrotask(() => this.#tell(exit))
  }

  #tell(exit: Exit.Exit<RawResponse, TransportFailure>): void {
    if (!this.#isAborted) this.#done(exit)
  }

  fail(error: unknown): void {
    if (this.#isSettled) return
    // Responses with these statuses have no body, but undici expects one if there is a content-length.
    if (this.#status === 204 || this.#status === 304) return this.#succeed()
    const refusal = this.#hasSourceFailed ? error : toUnsendable(error)
    this.#settle(Exit.fail(
      this.#status !== 0
        ? { kind: "Body", cause: error, isStale: false }
        : refusal !== undefined
        ? { kind: "Unsendable", cause: refusal, isStale: false }
        : { kind: "Connection", cause: error, isStale: this.#isStale() }
    ))
  }

  #isStale(): boolean {
    if (this.#connection === undefined || !this.#hadServed) return false
    const { isHttp2, socket } = this.#connection
    return socket.destroyed && (isHttp2 || socket.bytesRead === this.#bytesRead)
  }

  #response({ bytes, isTruncated }: Bytes): Exit.Exit<RawResponse> {
    return Exit.succeed({
      status: this.#status,
      headers: this.#headers,
      body: decodeUtf8(bytes),
      truncated: isTruncated
    })
  }

  #succeed(): void {
    const encodings = contentEncodings(this.#headers["content-encoding"])
    if (encodings.length === 0) return this.#settle(this.#response(this.#body))
    this.#isSettled = true
    decodeBody(encodings, this.#body, this.#maxBodySize).then(
      (body) => this.#tell(this.#response(body)),
      (cause) => this.#tell(Exit.fail({ kind: "Body", cause, isStale: false }))
    )
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The request was aborted before it was assigned a connection. Throwing here does not close the connection.
    if (this.#isSettled) throw aborted
    this.#controller = controller
    this.#connection = this.client?.connection
    if (this.#connection !== undefined) {
      this.#hadServed = this.#connection.hasServed
      this.#bytesRead = this.#connection.socket.bytesRead
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawResponse["headers"]): void {
    // This is an informational response. The final response follows.
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#isSettled || this.#body.add(chunk)) return
    this.#succeed()
    this.#letGo()
  }

  onResponseEnd(): void {
    if (this.#connection !== undefined) this.#connection.hasServed = true
    if (!this.#isSettled) this.#succeed()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.fail(error)
  }
}

interface Payload {
  readonly body: string | Uint8Array | Readable | null
  readonly headers?: Readonly<Record<string, string>>
}

const empty: Payload = { body: null }

const payloadOf = (exchange: Exchange, request: TransportRequest): Payload => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return empty
    case "Uint8Array":
      return { body: body.body }
    case "Stream":
      return { body: exchange.source(body.stream, request.caller.runtime) }
    case "FormData": {
      // undici encodes only its own `FormData` class. The headers are read first, because Bun removes them when the
      // body is read.
      const response = new Response(body.formData)
      const headers = Object.fromEntries(response.headers)
      const stream = Stream.fromReadableStream(() => response.body ?? new ReadableStream(), identity)
      return { headers, body: exchange.source(stream, request.caller.runtime) }
    }
    case "Raw":
      if (typeof body.body === "string" || body.body instanceof Uint8Array || body.body instanceof Readable) {
        return { body: body.body }
      }
      throw new errors.InvalidArgumentError("a raw body must be a string, a Uint8Array or a Readable")
  }
}

const sendOver = (dispatcher: ConnectionPool["dispatcher"], origin: string): Transport["send"] => (request, done) => {
  const exchange = new Exchange(request.maxBodySize, done)
  try {
    const payload = payloadOf(exchange, request)
    const options: DispatchOptions = {
      origin,
      path: request.url.slice(origin.length),
      method: request.method,
      // Create a new object, because undici's proxy agent adds headers to it. In V8, spread syntax would create a
      // hidden class for each request, because the trace headers have a prototype.
      headers: Object.assign(
        {},
        request.headers,
        payload.headers,
        request.span && HttpTraceContext.toHeaders(request.span)
      ),
      body: payload.body,
      headersTimeout: 0,
      bodyTimeout: 0,
      exchange
    }
    dispatcher.dispatch(options, exchange)
  } catch (cause) {
    exchange.fail(cause)
  }
  return () => exchange.abort()
}

// A pool that rejects every request.
const refusing = (problem: string): ConnectionPool => ({
  dispatcher: {
    dispatch: () => {
      throw new errors.InvalidArgumentError(problem)
    }
  },
  close: () => Promise.resolve()
})

const poolFor = (options: ConnectionOptions, origin: string): Effect.Effect<ConnectionPool, string> => {
  const { dispatcher, pool } = options
  if (dispatcher !== undefined) return Effect.succeed({ dispatcher, close: () => Promise.resolve() })
  // A custom `connect` function replaces the proxy from the environment.
  const option = typeof pool?.connect === "function" ? "none" : options.proxy
  return Effect.flatMap(proxyFor(option, origin), (proxy) =>
    Effect.try({
      try: () => makePool(origin, proxy, options),
      catch: (cause) => `\`pool\` is refused by undici: ${cause instanceof Error ? cause.message : String(cause)}`
    }))
}

/**
 * Creates a transport for one origin, with a connection pool or with the dispatcher from the options. If an option is
 * out of range or the proxy cannot be used, every request fails as `Unsendable`. The message names the option or
 * variable.
 *
 * @internal
 */
export const makeUndiciTransport = (options: ConnectionOptions, origin: string): Effect.Effect<Transport> => {
  const problem = validate(options)
  return Effect.map(
    problem === undefined
      ? Effect.catchAll(poolFor(options, origin), (problem) => Effect.succeed(refusing(problem)))
      : Effect.succeed(refusing(problem)),
    ({ close, dispatcher }): Transport => ({
      send: sendOver(dispatcher, origin),
      gracefulShutdownTimeout: problem === undefined
        ? Duration.decode(options.gracefulShutdownTimeout ?? "1 second")
        : Duration.zero,
      release: Effect.promise(close)
    })
  )
}
