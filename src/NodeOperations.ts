/**
 * `OperationsService` with batteries included on Node: a connection pool of its own that lives and ends with the service.
 *
 * Needs the optional peer `undici` 7.
 *
 * @since 0.1.0
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Buffer } from "node:buffer"
import { Readable } from "node:stream"
import { type Dispatcher, errors, Pool } from "undici"
import * as GoogleApi from "./GoogleApi.js"
import * as RequestUrl from "./internal/http/endpoint.js"
import type { RawResponse, Transport, TransportFailure } from "./internal/http/transport.js"
import { makeService } from "./internal/service.js"
import { withApiOf } from "./internal/settings.js"
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

// Aborts the request whose response nobody waits for. undici wants an error for it; no one ever sees it.
const aborted = new Error("aborted")

// What undici refuses to send, such as a header with a line break.
const isUnsendable = (cause: unknown): boolean =>
  cause instanceof errors.InvalidArgumentError || cause instanceof errors.NotSupportedError

class ResponseCollector implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined
  #chunks: Array<Buffer> = []
  #room: number
  #status = 0
  #headers: RawResponse["headers"] = {}
  #isOver = false
  readonly #done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void

  constructor(maxBodySize: number, done: (exit: Exit.Exit<RawResponse, TransportFailure>) => void) {
    this.#room = maxBodySize
    this.#done = done
  }

  abort(): void {
    this.#isOver = true
    this.#controller?.abort(aborted)
  }

  #end(exit: Exit.Exit<RawResponse, TransportFailure>): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#done(exit)
  }

  #succeed(truncated: boolean): void {
    const [first] = this.#chunks
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    this.#end(
      Exit.succeed({ status: this.#status, headers: this.#headers, body: bytes.toString("utf8"), truncated })
    )
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It was aborted while it was waiting for a connection.
    if (this.#isOver) controller.abort(aborted)
  }
  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawResponse["headers"]): void {
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
  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#end(Exit.fail({ kind: isUnsendable(cause) ? "Unsendable" : "Connection", cause, isStale: false }))
  }
}

const bodyOf = (body: HttpBody.HttpBody): NonNullable<Dispatcher.DispatchOptions["body"]> | null => {
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

const send = (pool: Pool, origin: string): Transport["send"] => (request, done) => {
  const collector = new ResponseCollector(request.maxBodySize, done)
  pool.dispatch({
    method: request.method as Dispatcher.HttpMethod,
    path: request.url.slice(origin.length),
    headers: request.headers,
    body: bodyOf(request.body),
    headersTimeout: 0,
    bodyTimeout: 0
  }, collector)
  return () => {
    collector.abort()
    return Effect.void
  }
}

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
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* NodeOperations.make({ connections: 8 })
 *   return yield* operations.wait("operations/accessPolicies/1/create/1700000000000001")
 * }).pipe(Effect.scoped)
 * ```
 */
export const make = (options: Options = {}): Effect.Effect<OperationsService.Service, never, Scope.Scope> =>
  Effect.suspend(() => {
    // With a base URL that is none, every call is refused before it gets here.
    const origin = Either.match(RequestUrl.endpoint(options.api ?? GoogleApi.accessContextManager), {
      onLeft: () => "http://invalid.invalid",
      onRight: (endpoint) => endpoint.origin
    })
    const pool = new Pool(origin, { ...options.pool, connections: options.connections ?? 64 })
    return makeService({
      send: send(pool, origin),
      gracefulShutdownTimeout: Duration.decode(options.drainTimeout ?? "1 second"),
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
 * The options of a service and its pool, with the API known from a tag.
 *
 * @since 0.4.0
 * @category models
 */
export interface TagOptions extends Omit<Options, "api">, Pick<OperationsService.TagOptions, "baseUrl"> {}

/**
 * Provides the service of a tag made by `OperationsService.Tag`, with a pool of its own; needs nothing.
 *
 * @since 0.4.0
 * @category layers
 * @example
 * ```ts
 * import * as GoogleApi from "effect-google-operations/GoogleApi"
 * import * as NodeOperations from "effect-google-operations/NodeOperations"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Layer from "effect/Layer"
 *
 * // Two APIs in one program:
 * class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
 *
 * const layer = Layer.merge(
 *   NodeOperations.layer(),
 *   NodeOperations.layerFor(ComputeOperations, { connections: 8 })
 * )
 * ```
 */
export const layerFor = <Self, Id extends string>(
  tag: OperationsService.TagClass<Self, Id>,
  options: TagOptions = {}
): Layer.Layer<Self> => Layer.scoped(tag, make(withApiOf(tag, options)))

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
