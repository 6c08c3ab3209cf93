/**
 * Sends one request and decodes its response, in the same way over every transport. An exchange adds credentials, a
 * time limit, the request budget and shutdown handling to a transport.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Tracer from "effect/Tracer"
import * as HttpError from "../../HttpError.js"
import * as OperationsMetrics from "../../OperationsMetrics.js"
import type { Caller, Interrupt } from "../caller.js"
import type { MetricLabels } from "../metrics.js"
import type { Settings } from "../settings.js"
import { type Timer, type Timers, Wakeable } from "../time/timer.js"
import { type Authorization, authorized, type ClearHeaders, isSame, withEarlier } from "./authorization.js"
import type { Budget, Leave } from "./budget.js"
import { plainHttp } from "./endpoint.js"
import {
  closedError,
  type ErrorContext,
  exchangeError,
  invalidRequest,
  isUnknownHost,
  timeoutError,
  transportError,
  unsendable
} from "./errors.js"
import type { Lifecycle, RequestInFlight } from "./lifecycle.js"
import type { ApiRequest } from "./request.js"
import { describeRequest, errorTypeOf, type RequestTrace, setOperation, spanName } from "./requestTelemetry.js"
import type { Abort, RawResponse, Transport, TransportFailure } from "./transport.js"

/**
 * Decodes a response. `now` returns the current time in ms since the epoch.
 *
 * @internal
 */
export type Decode<A> = (
  context: ErrorContext,
  response: RawResponse,
  now: () => number
) => Either.Either<A, HttpError.HttpError>

/** @internal */
export interface ExchangeOptions<A> {
  readonly request: ApiRequest
  readonly decode: Decode<A>
  readonly caller: Caller
  /** The time limit for the exchange, in ms. Default: `requestTimeout`. */
  readonly timeLimit?: number | undefined
  /** The operation attributes for the request span. */
  readonly trace?: RequestTrace<A> | undefined
  /**
   * If set, the request bypasses the budget queue and uses this timer. Default: the request is queued, and uses the
   * timer for the caller's clock.
   */
  readonly urgentTimer?: Timer | undefined
}

/**
 * The state that all exchanges of a service share.
 *
 * @internal
 */
export interface Sender {
  readonly settings: Settings
  readonly transport: Transport
  readonly lifecycle: Lifecycle
  readonly timers: Timers
  /** The request budget. It is `undefined` if the service has no limits. */
  readonly budget: Budget | undefined
  /** Whether the server has sent a response to any request. */
  hasResponded: boolean
  /** Whether any response was valid, which shows that the base URL is correct. */
  hasSucceeded: boolean
  readonly metricLabels: (caller: Caller) => MetricLabels
  readonly authorization: (credentials: Credentials) => Either.Either<Authorization, HttpError.HttpError>
  /** Creates the error context for a request. */
  readonly errorContext: (
    request: Pick<ApiRequest, "method" | "path" | "secrets">,
    authorization?: Readonly<Record<string, string>>
  ) => ErrorContext
}

const noHeaders: ClearHeaders = {}
const interrupted = Exit.interrupt(FiberId.none)

type Credentials = Readonly<Record<string, Redacted.Redacted>>

interface Refused {
  readonly response: RawResponse
  readonly credentials: Credentials
}

// Gives defects priority over failures. The cause of parallel effects can contain interruptions as well as the failure.
const failureOrDefect = <E>(cause: Cause.Cause<E>): Either.Either<Cause.Cause<never>, E> =>
  Option.match(Cause.keepDefects(cause), { onNone: () => Cause.failureOrCause(cause), onSome: Either.right })

const failureError = (
  context: ErrorContext,
  { cause, kind }: TransportFailure,
  hasResponded: boolean
): HttpError.HttpError => {
  switch (kind) {
    case "Unsendable":
      return unsendable(context, cause)
    case "Aborted":
      return exchangeError(context, {
        reason: "Transport",
        description: `the signal of a FetchHttpClient.RequestInit aborted the request (${context.origin})`
      })
    case "Body":
      return transportError(context, cause, "the connection closed within the body")
    case "Connection": {
      const error = transportError(context, cause)
      // If a response was received before, the host name exists, and the failure is temporary. Otherwise, the host name
      // is probably wrong.
      return isUnknownHost(error) && !hasResponded
        ? new HttpError.HttpError({ ...error, cause: error.cause, isTransient: false })
        : error
    }
  }
}

/** @internal */
export class Exchange<A> extends Wakeable implements RequestInFlight {
  inFlightIndex = -1
  readonly #client: Sender
  readonly #options: ExchangeOptions<A>
  readonly #done: (exit: Exit.Exit<A, HttpError.HttpError>) => void
  readonly #timer: Timer
  #isOver = false
  // Removes the request from the budget queue. Requests in the queue have not been sent.
  #leave: Leave | undefined
  #usesBudget = false
  // Stops the current step. If a step ends synchronously, the next step may already have started when the first one
  // returns its stop function. Each step has a number so that such a stop function is ignored.
  #stop: Interrupt | Abort | undefined
  #step = 0
  #authorization: ClearHeaders = noHeaders
  // The values to redact in errors: the credentials that all attempts used.
  #secrets: ClearHeaders = noHeaders
  #isRepeated = false
  // `#sends` counts how many times the request was sent. `#isSent` is true while the request is in flight.
  #sends = 0
  #isSent = false
  #span: Tracer.Span | undefined
  #status: number | undefined

  constructor(
    client: Sender,
    options: ExchangeOptions<A>,
    done: (exit: Exit.Exit<A, HttpError.HttpError>) => void
  ) {
    super()
    this.#client = client
    this.#options = options
    this.#done = done
    this.#timer = options.urgentTimer ?? client.timers.of(options.caller.clock)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether the request is in the budget queue and has not been sent. */
  get isQueued(): boolean {
    return this.#leave !== undefined
  }

  begin(): void {
    const { budget, lifecycle } = this.#client
    const { refusal } = lifecycle
    if (refusal !== undefined) return this.#end(Exit.fail(refusal(this.#context())))
    lifecycle.addRequest(this)
    if (budget === undefined || this.#options.urgentTimer !== undefined) return this.#authorize()
    let isGranted = false
    const leave = budget.acquire(this.#timer, () => {
      isGranted = true
      this.#leave = undefined
      this.#usesBudget = true
      this.#authorize()
    })
    if (!isGranted) this.#leave = leave
  }

  /**
   * Ends the exchange immediately, without calling `done`. The returned effect completes when the exchange has stopped.
   */
  readonly abort = (): Effect.Effect<void> => {
    if (this.#isOver) return Exit.void
    const stop = this.#stop
    this.#onResponse(interrupted)
    this.#cleanUp()
    return stop === undefined ? Exit.void : stop()
  }

  /** Ends the exchange. The timer calls this method when the time limit has passed. */
  onTime(): void {
    this.#stop?.()
    this.#end(Exit.fail(timeoutError(this.#context())))
  }

  onClosing(): void {
    if (this.isQueued) this.#end(Exit.fail(closedError(this.#context())))
  }

  onClosed(): void {
    this.#stop?.()
    this.#end(Exit.fail(closedError(this.#context())))
  }

  #cleanUp(): void {
    this.#isOver = true
    this.#stop = undefined
    this.#timer.cancel(this)
    this.#leave?.()
    this.#leave = undefined
    this.#client.lifecycle.removeRequest(this)
    if (this.#usesBudget) this.#client.budget!.release()
  }

  #end(exit: Exit.Exit<A, HttpError.HttpError>): void {
    if (this.#isOver) return
    this.#onResponse(exit)
    this.#cleanUp()
    this.#done(exit)
  }

  // Gets credentials and sends the request with them. If the server rejects the request with 401 and other credentials
  // are available, the request is sent once more.
  #authorize(refused?: Refused): void {
    const { caller, request, timeLimit } = this.#options
    const { endpoint, requestTimeout } = this.#client.settings
    if (refused === undefined) this.#timer.schedule(this.#timer.now() + (timeLimit ?? requestTimeout), this)
    const step = ++this.#step
    const stop = caller.run(this.#credentials(refused), (exit) => {
      if (this.#isOver) return
      if (Exit.isFailure(exit)) {
        return this.#end(Either.match(failureOrDefect(exit.cause), { onLeft: Exit.fail, onRight: Exit.failCause }))
      }
      const authorization = this.#client.authorization(exit.value)
      if (Either.isLeft(authorization)) return this.#end(Exit.fail(authorization.left))
      const { headers, secrets } = authorization.right
      if (refused !== undefined && isSame(headers, this.#authorization)) return this.#decode(refused.response)
      this.#secrets = refused === undefined ? secrets : withEarlier(secrets, [this.#secrets])
      this.#authorization = headers
      if (!endpoint.mayCarryCredentials && Object.keys(headers).length > 0) {
        return this.#end(Exit.fail(invalidRequest(plainHttp(endpoint))))
      }
      this.#send(authorized(request.headers, authorization.right), refused === undefined ? exit.value : undefined)
    })
    if (stop !== undefined && step === this.#step) this.#stop = stop
  }

  #credentials(refused: Refused | undefined): Effect.Effect<Credentials, HttpError.HttpError> {
    const { credentials } = this.#client.settings
    try {
      return credentials.headers({
        url: this.#options.request.url,
        refresh: refused !== undefined,
        refused: refused?.credentials
      })
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  // `renewable` contains the credentials to refresh after a 401. It is `undefined` if they have already been refreshed.
  #send(headers: ClearHeaders, renewable: Credentials | undefined): void {
    const { caller, request } = this.#options
    const { settings, transport } = this.#client
    const step = ++this.#step
    const { body, method, url } = request
    this.#isSent = true
    this.#status = undefined
    const resends = this.#sends++
    let abort: Abort
    try {
      const span = this.#span = caller.tracesRequests ? caller.requestSpan(spanName(request)) : undefined
      if (span !== undefined) {
        const { secrets } = this.#context()
        describeRequest(span, request, { endpoint: settings.endpoint, trace: this.#options.trace, resends, secrets })
      }
      abort = transport.send(
        {
          method,
          url,
          headers,
          body,
          maxBodySize: settings.maxBodySize,
          span: caller.propagated(span),
          caller
        },
        (exit) => this.#onSent(exit, headers, renewable)
      )
    } catch (defect) {
      // The client or the tracer can throw. If the exchange has already ended, a function that `done` called threw the
      // error.
      if (this.#isOver) throw defect
      return this.#end(Exit.die(defect))
    }
    if (step === this.#step && !this.#isOver) this.#stop = abort
  }

  #onSent(
    exit: Exit.Exit<RawResponse, TransportFailure>,
    headers: ClearHeaders,
    renewable: Credentials | undefined
  ): void {
    if (this.#isOver) return
    if (Exit.isSuccess(exit)) return this.#receive(exit.value, renewable)
    const failed = failureOrDefect(exit.cause)
    // The client ended with a cause that its type does not include: a defect, or its own interruption.
    if (Either.isRight(failed)) return this.#end(Exit.failCause(failed.right))
    const failure = failed.left
    const error = failureError(this.#context(), failure, this.#client.hasResponded)
    if (!failure.isStale || !this.#options.request.isRepeatable || this.#isRepeated) return this.#end(Exit.fail(error))
    this.#isRepeated = true
    this.#onResponse(Exit.fail(error))
    this.#send(headers, renewable)
  }

  #receive(response: RawResponse, renewable: Credentials | undefined): void {
    this.#client.hasResponded = true
    this.#status = response.status
    if (response.status !== 401 || renewable === undefined) return this.#decode(response)
    this.#onResponse(Exit.fail(exchangeError(this.#context(), {
      reason: "StatusCode",
      httpStatus: 401,
      description: "the server refused the credentials"
    })))
    this.#authorize({ response, credentials: renewable })
  }

  // Ends the request span and counts the request, because the request is no longer in flight.
  #onResponse(exit: Exit.Exit<A, HttpError.HttpError>): void {
    if (!this.#isSent) return
    this.#isSent = false
    const { caller, request, trace } = this.#options
    const status = this.#status || undefined
    const type = errorTypeOf(exit)
    const labels = this.#client.metricLabels(caller).requests.with("http.request.method", request.method)
      .with("http.response.status_code", status).with("error.type", type)
    OperationsMetrics.requests.unsafeUpdate(1, labels.all)
    const span = this.#span
    if (span === undefined) return
    if (status !== undefined) span.attribute("http.response.status_code", status)
    if (type !== undefined) span.attribute("error.type", type)
    if (Exit.isSuccess(exit) && trace?.operation !== undefined) setOperation(span, trace.operation(exit.value))
    caller.endSpan(span, exit)
  }

  #context(): ErrorContext {
    return this.#client.errorContext(this.#options.request, this.#secrets)
  }

  #decode(response: RawResponse): void {
    const { caller, decode } = this.#options
    let exit: Exit.Exit<A, HttpError.HttpError>
    try {
      exit = Either.match(decode(this.#context(), response, () => caller.clock.unsafeCurrentTimeMillis()), {
        onLeft: Exit.fail,
        onRight: Exit.succeed
      })
    } catch (defect) {
      exit = Exit.die(defect)
    }
    if (Exit.isSuccess(exit)) this.#client.hasSucceeded = true
    this.#end(exit)
  }
}
