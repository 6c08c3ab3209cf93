/**
 * One request to the API and its answer: authorised, bounded in time and size, within the budget, ended by `close`.
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Credentials from "../Credentials.js"
import * as GoogleApi from "../GoogleApi.js"
import type * as HttpError from "../HttpError.js"
import type { Options } from "../OperationsService.js"
import * as Budget from "./budget.js"
import { Lifecycle, type LifecycleOptions } from "./lifecycle.js"
import * as Request from "./request.js"
import * as Response from "./response.js"
import { now } from "./waiting.js"

/**
 * What a service reaches the network by. One that has `inFlight` ends its exchanges itself, when `requestTimeout` has
 * passed and when it is told to.
 *
 * @internal
 */
export interface Transport extends LifecycleOptions {
  readonly receive: Response.Receive
}

/** @internal */
export const defaultRequestTimeout: Duration.DurationInput = "30 seconds"

const defaultMaxBodySize = 4_194_304

/**
 * A request that is ready to be sent, but for its credentials.
 *
 * @internal
 */
export interface Call {
  readonly endpoint: Request.Endpoint
  readonly method: string
  readonly path: string
  readonly request: HttpClientRequest.HttpClientRequest
  /** How long the exchange may take, in ms, if not `requestTimeout`; such a call waits for no budget either. */
  readonly urgent?: number | undefined
  /** Credentials of the user's own, by header name. */
  readonly secrets: Readonly<Record<string, string>>
}

const noSecrets: Readonly<Record<string, string>> = {}

interface Received {
  readonly exchange: Response.Exchange
  /** The headers that authorised it. */
  readonly authorisation: Readonly<Record<string, string>>
  readonly answer: Response.Answer
}

type Decode<A> = (
  exchange: Response.Exchange,
  answer: Response.Answer,
  now: () => number
) => Either.Either<A, HttpError.HttpError>

/** Undoes a mask of interruption. */
type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const sameHeaders = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/** @internal */
export class Channel {
  readonly api: GoogleApi.GoogleApi
  readonly lifecycle: Lifecycle
  readonly requestTimeout: Duration.Duration
  readonly #endpoint: Either.Either<Request.Endpoint, HttpError.HttpError>
  readonly #credentials: Credentials.Credentials
  readonly #maxBodySize: number
  readonly #commonHeaders: Record<string, string>
  readonly #budget: Budget.Budget | undefined
  readonly #options: Options
  readonly #transport: Transport

  constructor(transport: Transport, options: Options) {
    this.#transport = transport
    this.#options = options
    this.api = options.api ?? GoogleApi.accessContextManager
    this.#endpoint = Request.endpoint(this.api)
    this.#credentials = options.credentials ?? Credentials.anonymous
    this.requestTimeout = Duration.decode(options.requestTimeout ?? defaultRequestTimeout)
    this.#maxBodySize = options.maxBodySize ?? defaultMaxBodySize
    this.#budget = options.requestBudget && Budget.make(options.requestBudget)
    this.#commonHeaders = { accept: "application/json" }
    if (options.quotaProject !== undefined) this.#commonHeaders["x-goog-user-project"] = options.quotaProject
    this.lifecycle = new Lifecycle(transport)
  }

  /** Where the API is, in one spelling. */
  get address(): Either.Either<{ readonly baseUrl: string; readonly version: string }, HttpError.HttpError> {
    const { version } = this.api
    return Either.map(this.#endpoint, ({ origin, prefix }) => ({
      baseUrl: `${origin}${prefix.slice(0, -version.length - 1)}`,
      version
    }))
  }

  /** A call to a path of the API: an operation's, by its name, or that of a collection. */
  call(options: {
    readonly method: "GET" | "POST" | "DELETE"
    readonly resource: { readonly operation: string } | { readonly collection: string }
    /** A custom verb, such as `:cancel`. */
    readonly verb?: string | undefined
    readonly xgafv?: "1" | "2" | undefined
    readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
    readonly body?: HttpBody.HttpBody | undefined
    readonly urgent?: number | undefined
  }): Either.Either<Call, HttpError.HttpError> {
    return Either.flatMap(this.#endpoint, (endpoint) =>
      Either.flatMap(
        "operation" in options.resource
          ? Request.operationPath(this.api, endpoint, options.resource.operation)
          : Request.collectionPath(endpoint, options.resource.collection),
        (resource) =>
          Either.map(Request.query(options.xgafv ?? this.#options.xgafv, options.query), (query) => {
            const { method, urgent } = options
            const path = `${resource}${options.verb ?? ""}`
            const request = HttpClientRequest.make(method)(`${endpoint.origin}${path}${query}`, {
              headers: this.#commonHeaders
            })
            return {
              endpoint,
              method,
              path,
              request: options.body === undefined ? request : HttpClientRequest.setBody(request, options.body),
              urgent,
              secrets: noSecrets
            }
          })
      ))
  }

  /** The call that a request of the user's own stands for. */
  ownCall(request: HttpClientRequest.HttpClientRequest): Either.Either<Call, HttpError.HttpError> {
    return Either.flatMap(
      this.#endpoint,
      (endpoint) =>
        Either.map(Request.ownUrl(endpoint, request, this.#options.xgafv), (url) => ({
          endpoint,
          secrets: Object.fromEntries(
            ["authorization", "cookie", "proxy-authorization", "x-goog-api-key"].flatMap((name) => {
              const value = request.headers[name]
              return value === undefined ? [] : [[name, value]]
            })
          ),
          method: request.method,
          path: url.pathname,
          request: HttpClientRequest.make(request.method as "POST")(url.href, {
            headers: { ...this.#commonHeaders, ...request.headers },
            body: request.body
          })
        }))
    )
  }

  /** What an error says of a call. */
  exchangeOf({ endpoint, method, path, secrets }: Call): Response.Exchange {
    return { method, origin: endpoint.origin, path, requestTimeout: this.requestTimeout, secrets }
  }

  /**
   * Sends a call and reads its answer. `whole` keeps what has been sent from being interrupted; waiting for a place in the
   * budget can be, by `restore`.
   */
  send<A>(call: Call, decode: Decode<A>, whole?: { readonly restore: Restore }): Effect.Effect<A, HttpError.HttpError> {
    const exchange = Effect.clockWith((clock) =>
      Effect.flatMap(
        this.lifecycle.begin(call),
        () =>
          Effect.flatMap(this.#received(call), ({ answer, exchange }) =>
            decode(exchange, answer, () => clock.unsafeCurrentTimeMillis()))
      )
    )
    const budget = this.#budget
    if (budget === undefined || call.urgent !== undefined) return exchange
    return Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        (whole?.restore ?? restore)(budget.acquire((due) => this.lifecycle.sleep(due, call))),
        Effect.ensuring(restore(exchange), budget.release)
      )
    )
  }

  // Nothing is repeated but one request that was refused with 401, with credentials that are new.
  #received(call: Call): Effect.Effect<Received, HttpError.HttpError> {
    return Effect.flatMap(now, (since) =>
      Effect.flatMap(this.#attempt(call), (received) => {
        if (received!.answer.status !== 401) return Effect.succeed(received!)
        return Effect.flatMap(now, (at) =>
          Effect.map(
            this.#attempt(call, { headers: received!.authorisation, elapsed: at - since }),
            (again) => again ?? received!
          ))
      }))
  }

  // One request and its answer. `refused` are the headers that the server has just answered with 401; without new ones
  // there is no other attempt.
  #attempt(
    call: Call,
    refused?: { readonly headers: Readonly<Record<string, string>>; readonly elapsed: number }
  ): Effect.Effect<Received | undefined, HttpError.HttpError> {
    const { endpoint, request } = call
    const exchange = this.exchangeOf(call)
    const found = this.#credentials.headers({ url: request.url, refresh: refused !== undefined })
    const effect = Effect.flatMap(
      found,
      (redacted) =>
        Effect.flatMap(Request.credentialHeaders(endpoint, redacted), (authorisation) => {
          if (refused !== undefined && sameHeaders(authorisation, refused.headers)) return Effect.succeed(undefined)
          const authorised = { ...exchange, secrets: { ...exchange.secrets, ...authorisation } }
          return Effect.map(
            Response.receive(
              this.#transport.receive,
              HttpClientRequest.setHeaders(request, authorisation),
              authorised,
              this.#maxBodySize
            ),
            (answer) => ({ exchange: authorised, authorisation, answer })
          )
        })
    )
    // Credentials that are there already take no time, so such a transport leaves nothing to bound.
    if (
      this.#transport.inFlight !== undefined && Exit.isExit(found) && refused === undefined && call.urgent === undefined
    ) {
      return effect
    }
    return this.lifecycle.exchange(effect, call, {
      millis: (call.urgent ?? Duration.toMillis(this.requestTimeout)) - (refused?.elapsed ?? 0),
      onExceeded: () => Response.timeoutError(exchange)
    })
  }
}
