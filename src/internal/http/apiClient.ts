/**
 * Builds the calls of an API and sends them: authorised, bounded in time and size, within the budget, ended by `close`.
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Credentials from "../../Credentials.js"
import * as GoogleApi from "../../GoogleApi.js"
import * as HttpError from "../../HttpError.js"
import type { Options } from "../../OperationsService.js"
import { now } from "../time/clock.js"
import * as Budget from "./budget.js"
import { type ErrorContext, invalidRequest, timeoutError } from "./errors.js"
import { Lifecycle } from "./lifecycle.js"
import * as RequestUrl from "./requestUrl.js"
import type { Answer, Transport } from "./transport.js"

/** @internal */
export const defaultRequestTimeout: Duration.DurationInput = "30 seconds"

const defaultMaxBodySize = 4_194_304

/**
 * A request that is ready to be sent, but for its credentials.
 *
 * @internal
 */
export interface Call {
  readonly endpoint: RequestUrl.Endpoint
  readonly method: string
  readonly path: string
  readonly request: HttpClientRequest.HttpClientRequest
  /** For a cancel on the way out: how long the exchange may take, in ms. Such a call waits for no budget either. */
  readonly urgentMillis?: number | undefined
  /** Credentials of the user's own, by header name. */
  readonly secrets: Readonly<Record<string, string>>
}

const noSecrets: Readonly<Record<string, string>> = {}

const userProject = "x-goog-user-project"

interface Received {
  readonly context: ErrorContext
  /** The headers that authorised it. */
  readonly authorisation: Readonly<Record<string, string>>
  readonly answer: Answer
}

type Decode<A> = (
  context: ErrorContext,
  answer: Answer,
  now: () => number
) => Either.Either<A, HttpError.HttpError>

/** Undoes a mask of interruption. */
type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const sameHeaders = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

// The headers that authorise a request, in the clear, or why they cannot be sent there.
const credentialHeaders = (
  endpoint: RequestUrl.Endpoint,
  credentials: Readonly<Record<string, Redacted.Redacted>>
): Either.Either<Record<string, string>, HttpError.HttpError> => {
  const headers: Record<string, string> = {}
  for (const name of Object.keys(credentials)) {
    const value = Redacted.value(credentials[name]!)
    if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
      return Either.left(
        new HttpError.HttpError({
          reason: "Authentication",
          description:
            `the value for the header ${JSON.stringify(name)} is empty, or holds a space at its ends or a character ` +
            "that no header can carry, such as a line break"
        })
      )
    }
    if (!endpoint.mayCarryCredentials) {
      return Either.left(invalidRequest(
        `credentials are sent only over https or to a loopback address, and ${endpoint.origin} is neither`
      ))
    }
    headers[name.toLowerCase()] = value
  }
  return Either.right(headers)
}

/**
 * The API of a service, and the way there.
 *
 * @internal
 */
export class ApiClient {
  readonly api: GoogleApi.GoogleApi
  readonly lifecycle: Lifecycle
  readonly requestTimeout: Duration.Duration
  readonly #endpoint: Either.Either<RequestUrl.Endpoint, HttpError.HttpError>
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
    this.#endpoint = RequestUrl.endpoint(this.api)
    this.#credentials = options.credentials ?? Credentials.anonymous
    this.requestTimeout = Duration.decode(options.requestTimeout ?? defaultRequestTimeout)
    this.#maxBodySize = options.maxBodySize ?? defaultMaxBodySize
    this.#budget = options.requestBudget && Budget.make(options.requestBudget)
    this.#commonHeaders = { accept: "application/json" }
    if (options.quotaProject !== undefined) this.#commonHeaders[userProject] = options.quotaProject
    this.lifecycle = new Lifecycle(transport)
  }

  /** Where the API is, in one spelling. */
  get address(): Effect.Effect<{ readonly baseUrl: string; readonly version: string }, HttpError.HttpError> {
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
    readonly urgentMillis?: number | undefined
  }): Effect.Effect<Call, HttpError.HttpError> {
    return Either.flatMap(this.#endpoint, (endpoint) =>
      Either.flatMap(
        "operation" in options.resource
          ? RequestUrl.operationPath(this.api, endpoint, options.resource.operation)
          : RequestUrl.collectionPath(endpoint, options.resource.collection),
        (resource) =>
          Either.map(RequestUrl.query(options.xgafv ?? this.#options.xgafv, options.query), (query) => {
            const { method, urgentMillis } = options
            const path = `${resource}${options.verb ?? ""}`
            const request = HttpClientRequest.make(method)(`${endpoint.origin}${path}${query}`, {
              headers: this.#commonHeaders
            })
            return {
              endpoint,
              method,
              path,
              request: options.body === undefined ? request : HttpClientRequest.setBody(request, options.body),
              urgentMillis,
              secrets: noSecrets
            }
          })
      ))
  }

  /** The call that a request of the user's own stands for. */
  ownCall(request: HttpClientRequest.HttpClientRequest): Effect.Effect<Call, HttpError.HttpError> {
    return Either.flatMap(
      this.#endpoint,
      (endpoint) =>
        Either.map(RequestUrl.ownUrl(endpoint, request, this.#options.xgafv), (url) => ({
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
  errorContext({ endpoint, method, path, secrets }: Call): ErrorContext {
    return { method, origin: endpoint.origin, path, requestTimeout: this.requestTimeout, secrets }
  }

  /**
   * Sends a call and reads its answer. Once the request has its place in the budget, `uninterruptible` keeps it from being
   * interrupted; waiting for that place can be, by `restore`.
   */
  send<A>(
    call: Call,
    decode: Decode<A>,
    uninterruptible?: { readonly restore: Restore }
  ): Effect.Effect<A, HttpError.HttpError> {
    const exchange = Effect.clockWith((clock) =>
      Effect.flatMap(
        this.lifecycle.failIfClosing(call),
        () =>
          Effect.flatMap(this.#received(call), ({ answer, context }) =>
            decode(context, answer, () => clock.unsafeCurrentTimeMillis()))
      )
    )
    const budget = this.#budget
    if (budget === undefined || call.urgentMillis !== undefined) return exchange
    return Effect.uninterruptibleMask((restore) =>
      Effect.andThen(
        (uninterruptible?.restore ?? restore)(budget.acquire((due) => this.lifecycle.sleep(due, call))),
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

  // One request and its answer. `refusedWith` are the headers that the server has just answered with 401; without new
  // ones there is no other attempt.
  #attempt(
    call: Call,
    refusedWith?: { readonly headers: Readonly<Record<string, string>>; readonly elapsed: number }
  ): Effect.Effect<Received | undefined, HttpError.HttpError> {
    const { endpoint, request } = call
    const context = this.errorContext(call)
    const found = this.#credentials.headers({ url: request.url, refresh: refusedWith !== undefined })
    const effect = Effect.flatMap(
      found,
      (redacted) =>
        Effect.flatMap(credentialHeaders(endpoint, redacted), ({ [userProject]: project, ...authorisation }) => {
          if (refusedWith !== undefined && sameHeaders(authorisation, refusedWith.headers)) {
            return Effect.succeed(undefined)
          }
          const authorised = { ...context, secrets: { ...context.secrets, ...authorisation } }
          // The quota project of the credentials is no secret, and gives way to the one that was asked for (AIP-4110).
          const headers = project === undefined || userProject in request.headers
            ? authorisation
            : { ...authorisation, [userProject]: project }
          return Effect.map(
            this.#transport.receive(
              HttpClientRequest.setHeaders(request, headers),
              authorised,
              this.#maxBodySize
            ),
            (answer) => ({ context: authorised, authorisation, answer })
          )
        })
    )
    // Credentials that are at hand (an Exit) take no time, and such a transport keeps the limit itself: no fiber is needed.
    if (
      this.#transport.inFlight !== undefined && Exit.isExit(found) && refusedWith === undefined &&
      call.urgentMillis === undefined
    ) {
      return effect
    }
    return this.lifecycle.exchange(effect, call, {
      millis: (call.urgentMillis ?? Duration.toMillis(this.requestTimeout)) - (refusedWith?.elapsed ?? 0),
      onExceeded: () => timeoutError(context)
    })
  }
}
