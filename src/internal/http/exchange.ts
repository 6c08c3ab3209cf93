/**
 * One request and its decoded response, the same over every transport: authorized, bounded in time, within the budget, and
 * ended by `close`.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as HttpError from "../../HttpError.js"
import type { Caller, Interrupt } from "../caller.js"
import { type Settings, userProject } from "../settings.js"
import { type Timer, timerOf, Wakeable } from "../time/timer.js"
import type { Budget, Leave } from "./budget.js"
import { isHeaderValue, plainHttp } from "./endpoint.js"
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
import type { Closeable, Lifecycle } from "./lifecycle.js"
import type { ApiRequest } from "./request.js"
import type { Abort, RawResponse, Transport, TransportFailure } from "./transport.js"

/**
 * Reads a response. `now` gives the current time in ms since the epoch.
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
  /** How long the exchange may take, in ms. Default: `requestTimeout`. */
  readonly timeLimit?: number | undefined
  /** The timer of a request that must not wait for its turn in the budget. Default: that of the caller's clock, with a turn. */
  readonly urgentTimer?: Timer | undefined
}

/**
 * What the exchanges of a service have in common.
 *
 * @internal
 */
export interface Sender {
  readonly settings: Settings
  readonly transport: Transport
  readonly lifecycle: Lifecycle
  /** None without limits. */
  readonly budget: Budget | undefined
  /** Whether the server has ever sent a response. */
  hasResponded: boolean
  /** Whether a response was what was asked for, so that the base URL is right. */
  hasSucceeded: boolean
  readonly clearCredentials: (credentials: Credentials) => Either.Either<ClearCredentials, HttpError.HttpError>
  /** What an error says of a request. */
  readonly errorContext: (
    request: Pick<ApiRequest, "method" | "path" | "secrets">,
    authorization?: Readonly<Record<string, string>>
  ) => ErrorContext
}

type Headers = Readonly<Record<string, string>>

const noHeaders: Headers = {}

type Credentials = Readonly<Record<string, Redacted.Redacted>>

interface Refused {
  readonly response: RawResponse
  readonly credentials: Credentials
}

const authenticationError = (description: string): HttpError.HttpError =>
  new HttpError.HttpError({ reason: "Authentication", description })

/**
 * The headers of credentials in clear text, by lower-case name.
 *
 * @internal
 */
export interface ClearCredentials {
  readonly authorization: Headers
  /** Whether there is no `authorization`. */
  readonly isEmpty: boolean
  readonly project: string | undefined
}

const clearCredentials = (credentials: Credentials): Either.Either<ClearCredentials, HttpError.HttpError> => {
  if (typeof credentials !== "object" || credentials === null) {
    return Either.left(authenticationError("the credentials did not give an object of headers"))
  }
  const headers: Record<string, string> = {}
  for (const [name, redacted] of Object.entries(credentials)) {
    const value = Redacted.isRedacted(redacted) ? Redacted.value(redacted) : undefined
    if (typeof value !== "string" || !isHeaderValue(value)) {
      return Either.left(authenticationError(
        `the value for the header ${
          JSON.stringify(name)
        } is not a Redacted string, is empty, or has a character that no ` +
          "header can carry, such as a line break"
      ))
    }
    headers[name.toLowerCase()] = value
  }
  const { [userProject]: project, ...authorization } = headers
  return Either.right({ authorization, project, isEmpty: Object.keys(authorization).length === 0 })
}

/**
 * Reads the headers of credentials. Most requests are sent with the same ones, so the latest result is kept.
 *
 * @internal
 */
export const makeClearCredentials = (): (
  credentials: Credentials
) => Either.Either<ClearCredentials, HttpError.HttpError> => {
  let latest: Credentials | undefined
  let result: Either.Either<ClearCredentials, HttpError.HttpError> | undefined
  return (credentials) => {
    if (result === undefined || credentials !== latest) {
      latest = credentials
      result = clearCredentials(credentials)
    }
    return result
  }
}

// A defect counts before a failure. The cause of effects in parallel has the interruption of some beside the failure of another.
const failureOrDefect = <E>(cause: Cause.Cause<E>): Either.Either<Cause.Cause<never>, E> =>
  Option.match(Cause.keepDefects(cause), { onNone: () => Cause.failureOrCause(cause), onSome: Either.right })

const isSame = (a: Headers, b: Headers): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

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
      return transportError(context, cause, "the connection broke off within the body")
    case "Connection": {
      const error = transportError(context, cause)
      // A name that was resolved before will be resolved again; one that never was is probably wrong.
      return isUnknownHost(error) && !hasResponded
        ? new HttpError.HttpError({ ...error, isTransient: false })
        : error
    }
  }
}

/** @internal */
export class Exchange<A> extends Wakeable implements Closeable {
  readonly #client: Sender
  readonly #options: ExchangeOptions<A>
  readonly #done: (exit: Exit.Exit<A, HttpError.HttpError>) => void
  readonly #timer: Timer
  #isOver = false
  // How to leave the queue of the budget; a queued request has not begun.
  #leave: Leave | undefined
  #usesBudget = false
  // How to stop the step in progress, and the number of that step: a step that ends at once has been followed by another
  // before it can tell how to stop it.
  #stop: Interrupt | Abort | undefined
  #step = 0
  #authorization: Headers = noHeaders
  #isRepeated = false

  constructor(
    client: Sender,
    options: ExchangeOptions<A>,
    done: (exit: Exit.Exit<A, HttpError.HttpError>) => void
  ) {
    super()
    this.#client = client
    this.#options = options
    this.#done = done
    this.#timer = options.urgentTimer ?? timerOf(options.caller.clock)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether the request waits for its turn in the budget, so that nothing was sent. */
  get isQueued(): boolean {
    return this.#leave !== undefined
  }

  begin(): void {
    const { budget, lifecycle } = this.#client
    if (lifecycle.isClosing) return this.#end(Exit.fail(closedError(this.#context())))
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

  /** Ends at once, without a call of `done`. The returned effect waits until nothing of the exchange runs any more. */
  readonly abort = (): Effect.Effect<void> => {
    if (this.#isOver) return Exit.void
    const stop = this.#stop
    this.#cleanUp()
    return stop === undefined ? Exit.void : stop()
  }

  /** The time limit has passed. */
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
    this.#cleanUp()
    this.#done(exit)
  }

  // Asks for credentials, and sends the request with them. A request that was refused with 401 is sent once more, if there are
  // other credentials.
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
      const cleared = this.#client.clearCredentials(exit.value)
      if (Either.isLeft(cleared)) return this.#end(Exit.fail(cleared.left))
      const { authorization, isEmpty, project } = cleared.right
      if (refused !== undefined && isSame(authorization, this.#authorization)) return this.#decode(refused.response)
      this.#authorization = authorization
      if (!endpoint.mayCarryCredentials && !isEmpty) {
        return this.#end(Exit.fail(invalidRequest(plainHttp(endpoint))))
      }
      const { headers } = request
      // The quota project of credentials is no secret, and gives way to the one of the service or the request (AIP-4110).
      const headersToSend = project !== undefined && !(userProject in headers)
        ? { ...headers, ...authorization, [userProject]: project }
        : isEmpty
        ? headers
        : { ...headers, ...authorization }
      this.#send(headersToSend, refused === undefined ? exit.value : undefined)
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

  // After a 401, `renewable` are the credentials that were refused; none when they have been renewed already.
  #send(headers: Headers, renewable: Credentials | undefined): void {
    const { caller, request } = this.#options
    const { settings, transport } = this.#client
    const step = ++this.#step
    const { body, method, url } = request
    let abort: Abort
    try {
      abort = transport.send(
        {
          method,
          url,
          headers,
          body,
          maxBodySize: settings.maxBodySize,
          span: caller.propagatedSpan,
          get runtime() {
            return caller.runtime
          }
        },
        (exit) => this.#onSent(exit, headers, renewable)
      )
    } catch (defect) {
      // Thrown by the client, unless the exchange has ended: then by what `done` has called.
      if (this.#isOver) throw defect
      return this.#end(Exit.die(defect))
    }
    if (step === this.#step && !this.#isOver) this.#stop = abort
  }

  #onSent(exit: Exit.Exit<RawResponse, TransportFailure>, headers: Headers, renewable: Credentials | undefined): void {
    if (this.#isOver) return
    if (Exit.isSuccess(exit)) return this.#receive(exit.value, renewable)
    const failed = failureOrDefect(exit.cause)
    // Something that the client did not declare: a defect, or an interruption by itself.
    if (Either.isRight(failed)) return this.#end(Exit.failCause(failed.right))
    const failure = failed.left
    if (!failure.isStale || !this.#options.request.isRepeatable || this.#isRepeated) {
      return this.#end(Exit.fail(failureError(this.#context(), failure, this.#client.hasResponded)))
    }
    this.#isRepeated = true
    this.#send(headers, renewable)
  }

  #receive(response: RawResponse, renewable: Credentials | undefined): void {
    this.#client.hasResponded = true
    if (response.status !== 401 || renewable === undefined) return this.#decode(response)
    this.#authorize({ response, credentials: renewable })
  }

  #context(): ErrorContext {
    return this.#client.errorContext(this.#options.request, this.#authorization)
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
