/**
 * Records the telemetry of the waiters in one call: span events and attributes, metrics, and log lines.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import type * as HttpError from "../../HttpError.js"
import type * as Operation from "../../Operation.js"
import type { OperationError } from "../../OperationError.js"
import * as OperationsMetrics from "../../OperationsMetrics.js"
import type { WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { Caller } from "../caller.js"
import type { ApiClient } from "../http/client.js"
import {
  annotated,
  cancelledType,
  errorType,
  operationNameKey,
  pollAttemptKey,
  setOperation,
  statusCodeKey
} from "../http/requestTelemetry.js"
import type { MetricLabels } from "../metrics.js"

/**
 * The waiter data that telemetry uses.
 *
 * @internal
 */
export interface Wait {
  readonly record: { readonly name: string }
  readonly polls: number
  /** The number of consecutive transient failures, and when the first of them occurred, in monotonic ms. */
  readonly failures: number
  readonly failingSince: number
  /** When the waiter began, in monotonic ms and in ms since the epoch. */
  readonly start: number
  readonly startOfSchedule: number
  readonly now: () => number
}

/**
 * How a waiter ended.
 *
 * @internal
 */
export interface End {
  readonly outcome: "succeeded" | "failed" | "timeout" | "error" | "interrupted"
  readonly errorType?: string
  /** The operation in its final state, if it is done. */
  readonly operation?: Operation.Succeeded | Operation.Failed
}

/** @internal */
export const interrupted: End = { outcome: "interrupted", errorType: cancelledType }

/** @internal */
export const endOf = (
  exit: Exit.Exit<Operation.Succeeded, OperationError | HttpError.HttpError | WaitTimeoutError>
): End => {
  if (Exit.isSuccess(exit)) return { outcome: "succeeded", operation: exit.value }
  if (Cause.isInterruptedOnly(exit.cause)) return interrupted
  if (exit.cause._tag !== "Fail") return { outcome: "error", errorType: "_OTHER" }
  const { error } = exit.cause
  switch (error._tag) {
    case "OperationError":
      return { outcome: "failed", errorType: error.code, operation: error.operation }
    case "HttpError":
      return { outcome: "error", errorType: errorType(error) }
    case "WaitTimeoutError":
      return timedOut(error.reason)
  }
}

/** @internal */
export const timedOut = (reason: WaitTimeoutError["reason"]): End => ({
  outcome: "timeout",
  errorType: reason === "Timeout" ? "CLIENT_TIMEOUT" : "CLIENT_RETRY_EXHAUSTED"
})

// By default, OpenTelemetry keeps at most 128 events per span.
const maxEvents = 100

// Returns when an operation ended, in ms since the epoch. Returns NaN if the operation metadata does not contain the
// time.
const endTime = ({ metadata }: Operation.Operation): number => {
  const time = metadata?.["endTime"]
  return typeof time === "string" && time.length <= 40 ? Date.parse(time) : NaN
}

/** @internal */
export class WaitTelemetry {
  readonly #caller: Caller
  readonly #address: string
  readonly #labels: MetricLabels
  readonly #isOfMany: boolean
  readonly #hasEvents: boolean
  readonly #logsPolls: boolean
  #events = 0
  #droppedEvents = 0
  // The waiter whose transient failure was logged. One log line is enough for an outage.
  #failing: Wait | undefined
  #hasLogged = false

  /** `isOfMany` is true if the call can wait for more than one operation. */
  constructor(client: ApiClient, caller: Caller, isOfMany: boolean) {
    this.#caller = caller
    this.#address = client.settings.endpoint.address
    this.#labels = client.metricLabels(caller)
    this.#isOfMany = isOfMany
    this.#hasEvents = caller.tracesRequests
    this.#logsPolls = caller.logs(LogLevel.Debug)
  }

  #addEvent(wait: Wait, name: string, attributes?: Readonly<Record<string, unknown>>): void {
    // The `done` event is always recorded for a call that waits for one operation.
    if (this.#events >= maxEvents && (name !== "done" || this.#isOfMany)) {
      this.#droppedEvents++
      return
    }
    this.#events++
    this.#caller.addEvent(`gcp.longrunning.${name}`, {
      ...(this.#isOfMany ? { [operationNameKey]: wait.record.name } : undefined),
      [pollAttemptKey]: wait.polls,
      ...attributes
    })
  }

  onBegin(): void {
    OperationsMetrics.waits.unsafeUpdate(1, this.#labels.waits.all)
  }

  /** Creates a log line for a poll, if its log level is enabled. */
  pollLine(name: string, exit: Exit.Exit<{ readonly operation: Operation.Operation }, HttpError.HttpError>) {
    if (!this.#logsPolls) return undefined
    const result = Exit.match(exit, {
      onSuccess: ({ operation }) => `it is ${operation._tag.toLowerCase()}.`,
      onFailure: (cause) => cause._tag === "Fail" ? cause.error.message : Cause.pretty(cause)
    })
    return this.#line(Effect.logDebug(`Polled operation ${name}: ${result}`), name)
  }

  onPending(wait: Wait, change: "first" | "changed"): void {
    if (this.#hasEvents) this.#addEvent(wait, change === "first" ? "pending" : "metadata_changed")
  }

  /**
   * Logs the first transient failure in the call. Without this line, a call with repeated failures would look like a
   * hanging call.
   */
  onFailure(wait: Wait, error: HttpError.HttpError): Effect.Effect<void> | undefined {
    const type = errorType(error)
    OperationsMetrics.transientFailures.unsafeUpdate(1, this.#labels.transientFailures.with("error.type", type).all)
    if (this.#hasEvents && wait.failures === 1) this.#addEvent(wait, "transient_failure", { "error.type": type })
    if (this.#hasLogged) return undefined
    this.#hasLogged = true
    this.#failing = wait
    const { name } = wait.record
    return this.#line(
      Effect.logInfo(`Could not read operation ${name}. The wait polls again. ${error.message}`),
      name
    )
  }

  /** Logs the recovery from the failure that `onFailure` logged. */
  onRecovery(wait: Wait): Effect.Effect<void> | undefined {
    const { failingSince, failures, record: { name } } = wait
    if (this.#hasEvents) this.#addEvent(wait, "recovered", { "gcp.longrunning.failure_count": failures })
    if (this.#failing !== wait) return undefined
    this.#failing = undefined
    const duration = Duration.format(Duration.millis(Math.round(wait.now() - failingSince)))
    return this.#line(
      Effect.logInfo(
        `Operation ${name} was read again, after ${failures} failure${failures === 1 ? "" : "s"} within ${duration}.`
      ),
      name
    )
  }

  onEnd(wait: Wait, { errorType, operation, outcome }: End): void {
    const { waitDuration, waits } = this.#labels
    OperationsMetrics.waits.unsafeUpdate(-1, waits.all)
    OperationsMetrics.waitDuration.unsafeUpdate(
      (wait.now() - wait.start) / 1000,
      waitDuration.with("gcp.longrunning.outcome", outcome).with("error.type", errorType).all
    )
    if (operation !== undefined) {
      const ended = endTime(operation)
      if (ended >= wait.startOfSchedule) {
        const delay = Math.max(0, this.#caller.clock.unsafeCurrentTimeMillis() - ended)
        OperationsMetrics.detectionDelay.unsafeUpdate(delay / 1000, waits.all)
      }
      if (this.#hasEvents) {
        this.#addEvent(wait, "done", {
          [statusCodeKey]: operation._tag === "Failed" ? operation.error.code : 0
        })
      }
    }
    const { span } = this.#caller
    if (span === undefined || this.#isOfMany) return
    span.attribute(pollAttemptKey, wait.polls)
    if (operation !== undefined) setOperation(span, operation)
    if (errorType !== undefined) span.attribute("error.type", errorType)
    if (this.#droppedEvents > 0) span.attribute("gcp.longrunning.dropped_event_count", this.#droppedEvents)
  }

  #line(line: Effect.Effect<void>, name: string): Effect.Effect<void> {
    return annotated(line, this.#address, name)
  }
}
