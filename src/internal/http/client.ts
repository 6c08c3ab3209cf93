/**
 * Sends the requests of a service.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Credentials from "../../Credentials.js"
import type * as HttpError from "../../HttpError.js"
import type { Caller } from "../caller.js"
import { MetricLabels } from "../metrics.js"
import type { Settings } from "../settings.js"
import { Timers } from "../time/timer.js"
import { latestAuthorization } from "./authorization.js"
import { Budget } from "./budget.js"
import type { ErrorContext } from "./errors.js"
import { Exchange, type ExchangeOptions, type Sender } from "./exchange.js"
import { Lifecycle } from "./lifecycle.js"
import type { ApiRequest } from "./request.js"
import type { Transport } from "./transport.js"

const noHeaders: Readonly<Record<string, string>> = {}

/** @internal */
export class ApiClient implements Sender {
  readonly settings: Settings
  readonly transport: Transport
  readonly lifecycle: Lifecycle
  readonly timers = new Timers()
  readonly budget: Budget | undefined
  hasResponded = false
  hasSucceeded = false
  readonly authorization = latestAuthorization()
  readonly #requestTimeout: Duration.Duration
  readonly #metricLabels = new WeakMap<Caller["metricLabels"], MetricLabels>()

  constructor(transport: Transport, settings: Settings) {
    this.transport = transport
    this.settings = settings
    this.lifecycle = new Lifecycle(transport)
    const { concurrentRequests, requestTimeout, requestsPerSecond } = settings
    this.#requestTimeout = Duration.millis(requestTimeout)
    this.budget = concurrentRequests === Infinity && requestsPerSecond === Infinity
      ? undefined
      : new Budget(concurrentRequests, requestsPerSecond)
  }

  errorContext(
    request: Pick<ApiRequest, "method" | "path" | "secrets">,
    authorization: Readonly<Record<string, string>> = noHeaders
  ): ErrorContext {
    const { credentials, endpoint, maxBodySize } = this.settings
    return {
      method: request.method,
      origin: endpoint.origin,
      path: request.path,
      requestTimeout: this.#requestTimeout,
      secrets: Object.keys(request.secrets).length === 0 ? authorization : { ...request.secrets, ...authorization },
      credentials: credentials === Credentials.anonymous
        ? "none"
        : credentials.isRenewable === false
        ? "fixed"
        : "renewable",
      maxBodySize,
      isKnown: this.hasSucceeded
    }
  }

  /** The labels for updating the service's metrics on behalf of a caller. */
  metricLabels({ metricLabels }: Caller): MetricLabels {
    let labels = this.#metricLabels.get(metricLabels)
    if (labels === undefined) {
      labels = new MetricLabels(this.settings.endpoint.address, metricLabels)
      this.#metricLabels.set(metricLabels, labels)
    }
    return labels
  }

  /**
   * Starts an exchange. Calls `done` once, possibly before this function returns, unless the exchange is aborted.
   */
  begin<A>(
    options: ExchangeOptions<A>,
    done: (exit: Exit.Exit<A, HttpError.HttpError>) => void
  ): Exchange<A> {
    const exchange = new Exchange(this, options, done)
    exchange.begin()
    return exchange
  }

  /** Runs an exchange as an effect. An interruption of the effect aborts the exchange. */
  execute<A>(options: ExchangeOptions<A>): Effect.Effect<A, HttpError.HttpError> {
    return Effect.async((resume) => {
      const exchange = this.begin(options, resume)
      return exchange.isOver ? undefined : Effect.suspend(exchange.abort)
    })
  }
}
