/**
 * Metrics that cover all services in a process. Any exporter for Effect metrics can read them.
 *
 * Names and units follow OpenTelemetry. The label `unit` contains the unit, and `@effect/opentelemetry` exports this
 * label as the metric's unit. The other labels appear in the documented order, followed by the labels that
 * `Effect.tagMetrics` adds. `server.address` is the API host. No label contains an operation name.
 *
 * @since 0.4.0
 * @module
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import type * as MetricPair from "effect/MetricPair"

const prefix = "gcp.longrunning."

const counter = (
  name: string,
  unit: string,
  description: string,
  incremental: boolean
): Metric.Metric.Counter<number> =>
  Metric.fromMetricKey(MetricKey.tagged(MetricKey.counter(prefix + name, { description, incremental }), "unit", unit))

const histogram = (
  name: string,
  description: string,
  boundaries: ReadonlyArray<number>
): Metric.Metric.Histogram<number> =>
  Metric.fromMetricKey(
    MetricKey.tagged(
      MetricKey.histogram(prefix + name, MetricBoundaries.fromIterable(boundaries), description),
      "unit",
      "s"
    )
  )

/**
 * The number of waits in progress that `wait`, `updates` and `waitAll` have started. Name: `gcp.longrunning.waits`, an
 * up-down counter.
 *
 * Label: `server.address`.
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Effect from "effect/Effect"
 * import * as Metric from "effect/Metric"
 *
 * // The number of waits in progress for one API:
 * const waits = OperationsMetrics.waits.pipe(
 *   Metric.tagged("server.address", "accesscontextmanager.googleapis.com"),
 *   Metric.value,
 *   Effect.map(({ count }) => count)
 * )
 * ```
 */
export const waits: Metric.Metric.Counter<number> = counter(
  "waits",
  "{wait}",
  "The number of waits in progress.",
  false
)

/**
 * The number of requests that waits have sent to read operation states. Name: `gcp.longrunning.polls`, a counter.
 *
 * Labels: `server.address` and `gcp.longrunning.method`, which is `get`, `wait` (the server delays the response) or
 * `list` (one page contains many operations).
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Metric from "effect/Metric"
 *
 * const polls = OperationsMetrics.polls.pipe(
 *   Metric.tagged("server.address", "accesscontextmanager.googleapis.com"),
 *   Metric.tagged("gcp.longrunning.method", "get"),
 *   Metric.value
 * )
 * ```
 */
export const polls: Metric.Metric.Counter<number> = counter(
  "polls",
  "{poll}",
  "The number of requests with which waits read the state of operations.",
  true
)

/**
 * The number of polls that failed without ending the wait. Name: `gcp.longrunning.transient_failures`, a counter. If
 * several waits share a failed poll, the failure is counted once for each of these waits.
 *
 * Labels: `server.address` and `error.type`.
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Metric from "effect/Metric"
 *
 * const unavailable = OperationsMetrics.transientFailures.pipe(
 *   Metric.tagged("server.address", "accesscontextmanager.googleapis.com"),
 *   Metric.tagged("error.type", "UNAVAILABLE"),
 *   Metric.value
 * )
 * ```
 */
export const transientFailures: Metric.Metric.Counter<number> = counter(
  "transient_failures",
  "{failure}",
  "The number of failed polls that did not end a wait.",
  true
)

/**
 * The duration of waits in seconds. Name: `gcp.longrunning.wait.duration`, a histogram with boundaries from 0.1 seconds
 * to one day.
 *
 * Labels: `server.address`, `gcp.longrunning.outcome` and, unless the outcome is `succeeded`, `error.type`. The outcome
 * is `succeeded`, `failed` (the operation failed), `timeout`, `error` (the state of the operation could not be read) or
 * `interrupted`.
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Metric from "effect/Metric"
 *
 * const succeeded = OperationsMetrics.waitDuration.pipe(
 *   Metric.tagged("server.address", "accesscontextmanager.googleapis.com"),
 *   Metric.tagged("gcp.longrunning.outcome", "succeeded"),
 *   Metric.value
 * )
 * ```
 */
export const waitDuration: Metric.Metric.Histogram<number> = histogram(
  "wait.duration",
  "The duration of waits.",
  [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400]
)

/**
 * The number of seconds between the end of an operation and the response that reported the end. Name:
 * `gcp.longrunning.detection.delay`, a histogram. The delay is recorded for operations that end during a wait and whose
 * metadata contains an `endTime`. It includes any difference between the server's clock and the client's clock.
 *
 * Label: `server.address`.
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Effect from "effect/Effect"
 * import * as Metric from "effect/Metric"
 *
 * const average = OperationsMetrics.detectionDelay.pipe(
 *   Metric.tagged("server.address", "compute.googleapis.com"),
 *   Metric.value,
 *   Effect.map(({ count, sum }) => sum / count)
 * )
 * ```
 */
export const detectionDelay: Metric.Metric.Histogram<number> = histogram(
  "detection.delay",
  "The time from the end of an operation to the response that showed the end.",
  [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600]
)

/**
 * The number of HTTP requests that method calls, waits and cancellations have sent. Name: `gcp.longrunning.requests`, a
 * counter. Each retry of a request is counted as another request.
 *
 * Labels: `server.address`, `http.request.method`, `http.response.status_code` if a response arrived, and `error.type`
 * if the request failed.
 *
 * @since 0.4.0
 * @category metrics
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Metric from "effect/Metric"
 *
 * const successful = OperationsMetrics.requests.pipe(
 *   Metric.tagged("server.address", "accesscontextmanager.googleapis.com"),
 *   Metric.tagged("http.request.method", "GET"),
 *   Metric.tagged("http.response.status_code", "200"),
 *   Metric.value
 * )
 * ```
 */
export const requests: Metric.Metric.Counter<number> = counter(
  "requests",
  "{request}",
  "The number of HTTP requests.",
  true
)

/**
 * Reads all metrics of this package, with one result for each label combination that has occurred.
 *
 * @since 0.4.0
 * @category accessors
 * @example
 * ```ts
 * import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const print = Effect.flatMap(
 *   OperationsMetrics.snapshot,
 *   Effect.forEach(({ metricKey, metricState }) => Console.log(metricKey.name, metricKey.tags, metricState))
 * )
 * ```
 */
export const snapshot: Effect.Effect<Array<MetricPair.MetricPair.Untyped>> = Effect.map(
  Metric.snapshot,
  (pairs) => pairs.filter(({ metricKey }) => metricKey.name.startsWith(prefix))
)
