/**
 * The transport of `NodeOperations`. It uses `dispatch` of undici, because a request then needs no fiber, stream or
 * AbortController. It does not follow redirects, and has no time limits.
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

// undici requires a reason to abort a request. No caller sees it.
const aborted = new Error("aborted")

const refusalOfProxy = /^Proxy response \((4\d\d)\)/

// Returns the cause of an `Unsendable` failure if the error would be the same on every attempt.
const toUnsendable = (error: unknown): unknown => {
  if (
    error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError ||
    error instanceof errors.RequestContentLengthMismatchError
  ) return error
  if (!(error instanceof Error)) return undefined
  // Deno denied a permission. The message contains the flag that grants it.
  if (error.name === "NotCapable") return error
  const status = refusalOfProxy.exec(error.message)?.[1]
  if (status === undefined || status === "408" || status === "429") return undefined
  const advice = status === "407" || status === "401" ? "; check its user name and password" : ""
  return new Error(`The proxy refused the connection with HTTP ${status}${advice}.`)
}

type Done = (exit: Exit.Exit<RawResponse, TransportFailure>) => void

/**
 * The handler of one request. It calls `done` in a microtask, because undici does not accept a request during a
 * callback.
 */
class Exchange implements Dispatcher.DispatchHandler {
  /** The client that accepted the request, if the pool is from `makePool`. */
  client: TrackedClient | undefined
  #controller: Dispatcher.DispatchController | undefined
  #connection: Connection | undefined
  // Whether the connection had received a response before the request was sent.
  #hadServed = false
  #bytesRead = 0
  #status = 0
  #headers: RawResponse["headers"] = {}
  // Whether the outcome is known. Later callbacks of undici are ignored.
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

  /** Converts the stream of a request's body, and records whether it fails. */
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

  // Ends the request in the client.
  #letGo(): void {
    this.#isSettled = true
    // Otherwise undici would keep the aborted request in its queue, and open another connection for it.
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
    // These responses have no body, but undici expects a body if there is a content-length.
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
    // The request was aborted before it had a connection. An error thrown here does not close the connection.
    if (this.#isSettled) throw aborted
    this.#controller = controller
    this.#connection = this.client?.connection
    if (this.#connection !== undefined) {
      this.#hadServed = this.#connection.hasServed
      this.#bytesRead = this.#connection.socket.bytesRead
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawResponse["headers"]): void {
    // An informational response. The final response follows.
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
      // undici encodes only its own FormData. The headers are read first, because Bun removes them when the body is
      // read.
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
      // A new object, because undici's proxy agent adds headers to it. Spread syntax would make a hidden class for each
      // request in V8, because the trace headers have a prototype.
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

// A pool that refuses every request.
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
  // If `connect` is a function, the proxy of the environment is not used.
  const option = typeof pool?.connect === "function" ? "none" : options.proxy
  return Effect.flatMap(proxyFor(option, origin), (proxy) =>
    Effect.try({
      try: () => makePool(origin, proxy, options),
      catch: (cause) => `\`pool\` is refused by undici: ${cause instanceof Error ? cause.message : String(cause)}`
    }))
}

/**
 * Makes a transport for one origin, with a connection pool or with the dispatcher of the options. If an option is out
 * of range, or the proxy cannot be used, every request fails as `Unsendable`. The message contains the option or the
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
