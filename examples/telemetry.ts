// Exports spans and metrics by OpenTelemetry, and prints the trace of a wait through two faults and a table of the metrics.
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { isMain } from "./support/isMain.js"

// #region export
// In production, export with OTLP: use a BatchSpanProcessor with an OTLPTraceExporter, and an OTLPMetricExporter.
const spanExporter = new InMemorySpanExporter()
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const metricReader = new PeriodicExportingMetricReader({ exporter: metricExporter })

const openTelemetry = NodeSdk.layer(() => ({
  resource: { serviceName: "backups" },
  spanProcessor: new SimpleSpanProcessor(spanExporter),
  metricReader
}))
// #endregion

const name = "operations/backup"
const wait = Effect.gen(function*() {
  const operations = yield* OperationsService.OperationsService
  yield* operations.wait(name)
}).pipe(Effect.withSpan("nightly backup"), Effect.tagMetrics("job", "nightly backup"))

const emulated = OperationsEmulator.layerTest({
  [name]: [
    OperationsEmulator.pending(),
    OperationsEmulator.httpFault({ status: 503 }),
    OperationsEmulator.httpFault({ status: 200, body: "<html>" }),
    OperationsEmulator.pending({ metadata: { "@type": "type.googleapis.com/example.Progress", percent: 50 } }),
    OperationsEmulator.succeeded()
  ]
}, { schedule: Polling.spaced("20 millis"), retrySchedule: Polling.spaced("20 millis") })

const keys = ["http.response.status_code", "error.type", "gcp.longrunning.poll_attempt_count"]
const line = (name: string, attributes: Readonly<Record<string, unknown>> = {}) =>
  [name, ...keys.filter((key) => key in attributes).map((key) => `${key.split(".").at(-1)}=${attributes[key]}`)].join(
    " "
  )

/** A span with its events and the spans below it, in the order of time. */
const tree = (span: ReadableSpan): ReadonlyArray<string> => {
  const events = span.events.filter(({ name }) => name.startsWith("gcp.longrunning."))
    .map(({ attributes, name, time }) => ({ time, lines: [`* ${line(name, attributes)}`] }))
  const children = spanExporter.getFinishedSpans()
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === span.spanContext().spanId)
    .map((child) => ({ time: child.startTime, lines: tree(child) }))
  const parts = [...children, ...events].toSorted(({ time: a }, { time: b }) => a[0] - b[0] || a[1] - b[1])
  return [line(span.name, span.attributes), ...parts.flatMap(({ lines }) => lines).map((text) => `  ${text}`)]
}

/** The metrics of the job. The registry has those of the whole process. */
const table = (): ReadonlyArray<string> =>
  metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .flatMap(({ dataPoints, descriptor: { name, unit } }) =>
      dataPoints.filter(({ attributes }) => attributes["job"] === "nightly backup")
        .map(({ attributes: { job: _, "server.address": __, unit: ___, ...labels }, value }) =>
          [name, unit, typeof value === "object" ? value.count : value, ...Object.values(labels)].join(" | ")
        )
    ).filter((row) => row.startsWith("gcp.longrunning.")).toSorted()

export const main = Effect.gen(function*() {
  yield* Effect.provide(wait, emulated)
  yield* Effect.promise(() => metricReader.forceFlush())
  const roots = spanExporter.getFinishedSpans().filter(({ parentSpanContext }) => parentSpanContext === undefined)
  yield* Effect.forEach([...roots.flatMap(tree), ...table()], (line) => Console.log(line))
}).pipe(Effect.provide(openTelemetry))

if (isMain(import.meta.url)) NodeRuntime.runMain(main)
