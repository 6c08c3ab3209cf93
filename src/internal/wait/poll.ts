/**
 * Sends one poll for an operation: either a plain read, or a `:wait` request, whose response the server delays until
 * the operation ends.
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
 * The operation state that a poll returned.
 *
 * @internal
 */
export interface Polled extends Response.Snapshot {
  /** When the server began to delay its response, in monotonic ms. It is `undefined` for a plain read. */
  readonly waitedSince?: number | undefined
}

/** @internal */
export interface Poll {
  /** Ends the poll immediately. The returned effect completes when the poll has stopped. */
  readonly abort: () => Effect.Effect<void>
}

/** @internal */
export interface PollOptions {
  readonly name: string
  readonly caller: Caller
  /** The poll number, counted from 1 for each waiter. */
  readonly attempt: number
  /** How long the server may delay the response, in ms. If this is too short, the poll is a plain read. */
  readonly serverSideWaitMillis: number
}

// The server may delay a response for this fraction of `requestTimeout`, so that the response arrives in time.
const shareOfRequestTimeout = 0.8
const shortestServerSideWait = 1_000

/** @internal */
export class Polls {
  readonly #client: ApiClient
  // Whether `:wait` is used. Becomes false when the server responds that the method does not exist.
  #hasServerSideWait: boolean

  constructor(client: ApiClient) {
    this.#client = client
    // If a budget limits concurrent requests, `:wait` is not used, because it would occupy one of the permits for a
    // long time.
    this.#hasServerSideWait = client.settings.concurrentRequests === Infinity
  }

  /** Creates the plain read request for an operation. */
  request(name: string, xgafv?: "1" | "2"): Either.Either<ApiRequest, HttpError.HttpError> {
    const { settings } = this.#client
    return apiRequest(settings, settings.api.dialect.poll(name), { xgafv, isRepeatable: true })
  }

  /** Begins a poll. Calls `done` once, possibly before this function returns, unless the poll is aborted. */
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
      // If the exchange ended synchronously, another exchange may already have been started.
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

  // Creates the `:wait` request. Returns `undefined` if the API has no such method or too little time remains for it.
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
 * Counts a request that reads the state of operations for waiters.
 *
 * @internal
 */
export const countPoll = (client: ApiClient, caller: Caller, method: "get" | "wait" | "list"): void =>
  OperationsMetrics.polls.unsafeUpdate(1, client.metricLabels(caller).polls.with("gcp.longrunning.method", method).all)

// Returns whether the server lacks the method: the response is UNIMPLEMENTED, or no route matches the path.
const isMissing = (error: HttpError.HttpError): boolean =>
  error.code === "UNIMPLEMENTED" || (error.httpStatus === 404 && error.status === undefined)
