/**
 * `OperationsService` with batteries included on Node: a connection pool of its own that lives and ends with the service.
 *
 * Needs the optional peer `undici` 7.
 *
 * @since 0.1.0
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Buffer } from "node:buffer"
import { Readable } from "node:stream"
import { type Dispatcher, errors, Pool } from "undici"
import * as GoogleApi from "./GoogleApi.js"
import type * as HttpError from "./HttpError.js"
import { defaultRequestTimeout } from "./internal/http/apiClient.js"
import { closedError, type ErrorContext, timeoutError, transportError, unsendable } from "./internal/http/errors.js"
import { Ongoing } from "./internal/http/lifecycle.js"
import * as RequestUrl from "./internal/http/requestUrl.js"
import type { Answer, Receive } from "./internal/http/transport.js"
import { maxSleep } from "./internal/time/clock.js"
import * as OperationsService from "./OperationsService.js"

/**
 * What a service and its pool are made with. Nothing is required.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends OperationsService.Options {
  /** How many connections the pool may open; further requests wait for a free one. Default: 64. */
  readonly connections?: number | undefined
  /** How long exchanges in flight may go on while the service closes. Default: 1 second. */
  readonly drainTimeout?: Duration.DurationInput | undefined
  /** Further settings of undici's pool: TLS, client certificates (`connect`), keep-alive, HTTP/2. */
  readonly pool?: Omit<Pool.Options, "connections" | "headersTimeout" | "bodyTimeout"> | undefined
}

// Aborts the exchange whose answer nobody waits for any more. undici wants an error for it; no one ever sees it.
const aborted = new Error("aborted")

interface Limits {
  readonly inFlight: Ongoing
  /** In ms. */
  readonly requestTimeout: number
}

// What undici refuses to send, such as a header with a line break.
const isUnsendable = (cause: unknown): boolean =>
  cause instanceof errors.InvalidArgumentError || cause instanceof errors.NotSupportedError

// Collects the answer of one exchange up to its bound and hands it on in one piece.
class AnswerCollector implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined
  #chunks: Array<Buffer> = []
  #room: number
  #status = 0
  #headers: Answer["headers"] = {}
  #isOver = false
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #inFlight: Ongoing
  readonly #context: ErrorContext
  readonly #resume: (result: Effect.Effect<Answer, HttpError.HttpError>) => void

  constructor(
    context: ErrorContext,
    limits: Limits,
    maxBodySize: number,
    resume: (result: Effect.Effect<Answer, HttpError.HttpError>) => void
  ) {
    this.#context = context
    this.#inFlight = limits.inFlight
    this.#inFlight.add(this.#close)
    this.#room = maxBodySize
    this.#resume = resume
    // The machine's timer, for it guards a socket; the clock of Effect would cost a fiber each time.
    this.#timer = setTimeout(() => this.#interrupt(timeoutError(context)), limits.requestTimeout)
  }

  readonly #close = (): void => this.#interrupt(closedError(this.#context))

  #interrupt(error: HttpError.HttpError): void {
    this.#fail(error)
    this.#controller?.abort(aborted)
  }

  abort(): void {
    this.#end()
    this.#controller?.abort(aborted)
  }

  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#inFlight.remove(this.#close)
    return true
  }

  #fail(error: HttpError.HttpError): void {
    if (this.#end()) this.#resume(Effect.fail(error))
  }

  #succeed(truncated: boolean): void {
    if (this.#end()) {
      const [first] = this.#chunks
      const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
      const body = bytes.toString("utf8")
      this.#resume(Effect.succeed({ status: this.#status, headers: this.#headers, body, truncated }))
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It ended while the request was waiting for a connection.
    if (this.#isOver) controller.abort(aborted)
  }
  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Answer["headers"]
  ): void {
    this.#status = status
    this.#headers = headers
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.byteLength <= this.#room) {
      this.#room -= chunk.byteLength
      this.#chunks.push(chunk)
      return
    }
    this.#chunks.push(chunk.subarray(0, this.#room))
    this.#succeed(true)
    controller.abort(aborted)
  }
  onResponseEnd(): void {
    this.#succeed(false)
  }
  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(isUnsendable(error) ? unsendable(this.#context, error) : transportError(this.#context, error))
  }
}

const bodyOf = (
  { body }: HttpClientRequest.HttpClientRequest
): NonNullable<Dispatcher.DispatchOptions["body"]> | null => {
  switch (body._tag) {
    case "Empty":
      return null
    case "Uint8Array":
      return body.body
    case "Raw":
      return body.body as string
    case "FormData":
      return body.formData as never
    case "Stream":
      return Readable.from(Stream.toAsyncIterable(body.stream))
  }
}

// Does what an operations client needs of a connection and nothing more: no fiber, no stream, no AbortController for each
// request. It follows no redirect, and asks for no encoding, so that bodies come as they are.
const overPool = (pool: Pool, origin: string, limits: Limits): Receive => (request, context, maxBodySize) =>
  Effect.async((resume) => {
    const collector = new AnswerCollector(context, limits, maxBodySize, resume)
    pool.dispatch({
      method: request.method,
      path: request.url.slice(origin.length),
      headers: request.headers,
      body: bodyOf(request),
      headersTimeout: 0,
      bodyTimeout: 0
    }, collector)
    return Effect.sync(() => collector.abort())
  })

/**
 * Makes a service with a pool of its own, both open until the scope ends.
 *
 * Closing lets exchanges in flight go on for `drainTimeout`, ends what is left, and then destroys the pool: when `close`
 * returns, no socket is open.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import type * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Context from "effect/Context"
 * import * as Layer from "effect/Layer"
 *
 * // A second API in the same program:
 * class RunOperations extends Context.Tag("RunOperations")<RunOperations, OperationsService.Service>() {}
 *
 * const layer = Layer.scoped(
 *   RunOperations,
 *   NodeOperations.make({ api: GoogleApi.make({ baseUrl: "https://run.googleapis.com", version: "v2" }) })
 * )
 * ```
 */
export const make = (options: Options = {}): Effect.Effect<OperationsService.Service, never, Scope.Scope> =>
  Effect.suspend(() => {
    const requestTimeout = Duration.toMillis(options.requestTimeout ?? defaultRequestTimeout)
    const limits = {
      inFlight: new Ongoing(),
      // setTimeout fires at once when asked for a longer delay.
      requestTimeout: Math.min(requestTimeout, maxSleep)
    }
    // With a base URL that is none, every call is refused before it gets here.
    const origin = Either.match(RequestUrl.endpoint(options.api ?? GoogleApi.accessContextManager), {
      onLeft: () => "http://invalid.invalid",
      onRight: (endpoint) => endpoint.origin
    })
    const pool = new Pool(origin, { ...options.pool, connections: options.connections ?? 64 })
    return OperationsService.makeWith({
      receive: overPool(pool, origin, limits),
      inFlight: limits.inFlight,
      drainTimeout: Duration.decode(options.drainTimeout ?? "1 second"),
      release: Effect.promise(() => pool.destroy())
    }, options)
  })

/**
 * Provides `OperationsService` with a pool of its own; needs nothing.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* OperationsService.OperationsService
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001", { timeout: "10 minutes" })
 * }).pipe(Effect.provide(NodeOperations.layer()))
 * ```
 */
export const layer = (options?: Options): Layer.Layer<OperationsService.OperationsService> =>
  Layer.scoped(OperationsService.OperationsService, make(options))

/**
 * As {@link layer}, with options from configuration.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * ```ts
 * import * as Credentials from "effect-google-operations/Credentials"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as Config from "effect/Config"
 *
 * const layer = NodeOperations.layerConfig(
 *   Config.map(Config.redacted("GOOGLE_ACCESS_TOKEN"), (token) => ({ credentials: Credentials.accessToken(token) }))
 * )
 * ```
 */
export const layerConfig = (
  config: Config.Config<Options>
): Layer.Layer<OperationsService.OperationsService, ConfigError> =>
  Layer.scoped(OperationsService.OperationsService, Effect.flatMap(config, make))
