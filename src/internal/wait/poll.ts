/**
 * One poll of an operation: a plain read, or a request whose response the server delays until the operation ends
 * (`:wait`).
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Dialect from "../../Dialect.js"
import * as GoogleApi from "../../GoogleApi.js"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import * as OperationsMetrics from "../../OperationsMetrics.js"
import type { Caller } from "../caller.js"
import type { ApiClient } from "../http/client.js"
import type { Exchange } from "../http/exchange.js"
import { type ApiRequest, apiRequest } from "../http/request.js"
import * as Response from "../http/response.js"

/**
 * The state that a poll has read.
 *
 * @internal
 */
export interface Polled extends Response.Snapshot {
  /** When the server began to delay its response, in monotonic ms. Undefined for a plain read. */
  readonly waitedSince?: number | undefined
}

/** @internal */
export interface Poll {
  /** Ends the poll immediately. The returned effect waits until the poll has stopped. */
  readonly abort: () => Effect.Effect<void>
}

/** @internal */
export interface PollOptions {
  readonly name: string
  readonly caller: Caller
  /** The number of the poll in its wait, from 1. */
  readonly attempt: number
  /** How long the server may delay the response, in ms. If this is too short, the poll is a plain read. */
  readonly serverSideWaitMillis: number
}

// A delayed response must arrive before `requestTimeout` passes.
const shareOfRequestTimeout = 0.8
const shortestServerSideWait = 1_000

/** @internal */
export class Polls {
  readonly #client: ApiClient
  // The method is used until the server responds that it has no such method.
  #hasServerSideWait: boolean

  constructor(client: ApiClient) {
    this.#client = client
    // Such a request would occupy one of the permitted requests of a budget for a long time.
    this.#hasServerSideWait = client.settings.concurrentRequests === Infinity
  }

  /** The plain read of an operation. */
  request(name: string, xgafv?: "1" | "2"): Either.Either<ApiRequest, HttpError.HttpError> {
    const { settings } = this.#client
    return apiRequest(settings, settings.api.dialect.poll(name), { xgafv, isRepeatable: true })
  }

  /** Begins a poll. `done` is called once, possibly before this function returns, unless the poll is aborted. */
  begin(options: PollOptions, done: (exit: Exit.Exit<Polled, HttpError.HttpError>) => void): Poll {
    let exchange: Exchange<Response.Snapshot> | undefined
    const send = (
      request: Dialect.Request,
      method: "get" | "wait",
      timeLimit: number | undefined,
      done: (exit: Exit.Exit<Response.Snapshot, HttpError.HttpError>) => void
    ): void => {
      const { attempt: pollAttempt, caller, name: operationName } = options
      const { settings } = this.#client
      const built = apiRequest(settings, request, { isRepeatable: true })
      if (Either.isLeft(built)) return done(Exit.fail(built.left))
      const decode = Response.toSnapshot(settings.api, options.name)
      countPoll(this.#client, caller, method)
      const trace = { operationName, pollAttempt, operation: operationOf }
      const begun = this.#client.begin({ request: built.right, decode, caller, timeLimit, trace }, done)
      // A poll that ends synchronously may already be followed by another poll.
      if (!begun.isOver) exchange = begun
    }
    const read = (): void => send(this.#client.settings.api.dialect.poll(options.name), "get", undefined, done)
    const wait = this.#serverSideWait(options)
    if (wait === undefined) {
      read()
    } else {
      const waitedSince = this.#client.timers.of(options.caller.clock).now()
      send(wait, "wait", this.#client.settings.requestTimeout + wait.holdSeconds * 1000, (exit) => {
        if (Exit.isFailure(exit) && exit.cause._tag === "Fail" && isMissing(exit.cause.error)) {
          this.#hasServerSideWait = false
          return read()
        }
        done(Exit.map(exit, (snapshot) => ({ ...snapshot, waitedSince })))
      })
    }
    return { abort: () => exchange === undefined ? Effect.void : exchange.abort() }
  }

  // Undefined if the API has no such method, or if there is no time for it.
  #serverSideWait({ name, serverSideWaitMillis }: PollOptions): Dialect.WaitRequest | undefined {
    if (!this.#hasServerSideWait || serverSideWaitMillis < shortestServerSideWait) return undefined
    const { api, requestTimeout } = this.#client.settings
    const millis = Math.min(requestTimeout * shareOfRequestTimeout, serverSideWaitMillis)
    if (millis < shortestServerSideWait) return undefined
    const request = GoogleApi.waitRequest(api, name, Math.floor(millis / 1000))
    return request !== undefined && request.holdSeconds * 1000 <= serverSideWaitMillis ? request : undefined
  }
}

const operationOf = ({ operation }: Response.Snapshot): Operation.Operation => operation

/**
 * Counts a request with which waits read the state of operations.
 *
 * @internal
 */
export const countPoll = (client: ApiClient, caller: Caller, method: "get" | "wait" | "list"): void =>
  OperationsMetrics.polls.unsafeUpdate(1, client.metricLabels(caller).polls.with("gcp.longrunning.method", method).all)

// The server has no such method: the response is UNIMPLEMENTED, or the path has no route.
const isMissing = (error: HttpError.HttpError): boolean =>
  error.code === "UNIMPLEMENTED" || (error.httpStatus === 404 && error.status === undefined)
