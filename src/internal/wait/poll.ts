/**
 * One poll of an operation: a plain read, or a request that the server answers when the operation ends (`:wait`).
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as HttpError from "../../HttpError.js"
import type { Caller } from "../caller.js"
import type { ApiClient } from "../http/client.js"
import type { Exchange } from "../http/exchange.js"
import { type ApiRequest, resourceRequest } from "../http/request.js"
import * as Response from "../http/response.js"
import { timerOf } from "../time/timer.js"

/**
 * The state that a poll has read.
 *
 * @internal
 */
export interface Polled extends Response.Snapshot {
  /** When the server began to wait for the end of the operation, in monotonic ms; none for a plain read. */
  readonly waitedSince?: number | undefined
}

/** @internal */
export interface Poll {
  /** Ends the poll at once. The returned effect waits until nothing of it runs any more. */
  readonly abort: () => Effect.Effect<void>
}

/** @internal */
export interface PollOptions {
  readonly name: string
  readonly caller: Caller
  /** For how long the server may wait for the end of the operation, in ms: a plain read if that is too short. */
  readonly serverSideWaitMillis: number
}

// A response must arrive well before `requestTimeout` passes.
const shareOfRequestTimeout = 0.8
const shortestServerSideWait = 1_000

/** @internal */
export class Polls {
  readonly #client: ApiClient
  // Until the server says that it has no such method, the description of the API is believed.
  #hasServerSideWait: boolean

  constructor(client: ApiClient) {
    const { settings } = client
    this.#client = client
    // Such a request would occupy one of the places of a budget for a long time.
    this.#hasServerSideWait = settings.api.methods.wait !== false && settings.concurrentRequests === Infinity
  }

  /** The plain read of an operation. */
  request(name: string, xgafv?: "1" | "2"): Either.Either<ApiRequest, HttpError.HttpError> {
    return resourceRequest(this.#client.settings, { method: "GET", resource: { operation: name }, xgafv })
  }

  /** Begins a poll; `done` is called once, perhaps at once, unless the poll is aborted. */
  begin(options: PollOptions, done: (exit: Exit.Exit<Polled, HttpError.HttpError>) => void): Poll {
    let exchange: Exchange<Response.Snapshot> | undefined
    const read = (): void => this.#send(options, this.request(options.name), done, (begun) => exchange = begun)
    const millis = Math.min(this.#client.settings.requestTimeout * shareOfRequestTimeout, options.serverSideWaitMillis)
    if (!this.#hasServerSideWait || millis < shortestServerSideWait) {
      read()
    } else {
      const waitedSince = timerOf(options.caller.clock).now()
      this.#send(options, this.#serverSideWait(options.name, millis), (exit) => {
        if (Exit.isFailure(exit) && exit.cause._tag === "Fail" && isMissing(exit.cause.error)) {
          this.#hasServerSideWait = false
          return read()
        }
        done(Exit.map(exit, (snapshot) => ({ ...snapshot, waitedSince })))
      }, (begun) => exchange = begun)
    }
    return { abort: () => exchange === undefined ? Effect.void : exchange.abort() }
  }

  #send(
    { caller }: PollOptions,
    request: Either.Either<ApiRequest, HttpError.HttpError>,
    done: (exit: Exit.Exit<Response.Snapshot, HttpError.HttpError>) => void,
    onBegin: (exchange: Exchange<Response.Snapshot>) => void
  ): void {
    if (Either.isLeft(request)) return done(Exit.fail(request.left))
    const exchange = this.#client.begin({ request: request.right, decode: Response.toSnapshot, caller }, done)
    if (!exchange.isOver) onBegin(exchange)
  }

  #serverSideWait(name: string, millis: number): Either.Either<ApiRequest, HttpError.HttpError> {
    const timeout = `${Math.floor(millis / 1000)}s`
    const isInBody = this.#client.settings.api.methods.wait === "body"
    return resourceRequest(this.#client.settings, {
      method: "POST",
      resource: { operation: name },
      verb: ":wait",
      query: isInBody ? undefined : { timeout },
      body: HttpBody.unsafeJson(isInBody ? { timeout } : {}),
      isRepeatable: true
    })
  }
}

// The server has no `:wait`: it says so, or has no route for it.
const isMissing = (error: HttpError.HttpError): boolean =>
  error.code === "UNIMPLEMENTED" || (error.httpStatus === 404 && error.status === undefined)
