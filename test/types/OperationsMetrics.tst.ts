import * as OperationsMetrics from "effect-google-operations/OperationsMetrics"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as MetricPair from "effect/MetricPair"
import type * as MetricState from "effect/MetricState"
import { expect, test } from "tstyche"

test("metrics are Effect's", () => {
  expect(OperationsMetrics.waits).type.toBe<Metric.Metric.Counter<number>>()
  expect(OperationsMetrics.polls).type.toBe<Metric.Metric.Counter<number>>()
  expect(OperationsMetrics.transientFailures).type.toBe<Metric.Metric.Counter<number>>()
  expect(OperationsMetrics.requests).type.toBe<Metric.Metric.Counter<number>>()
  expect(OperationsMetrics.waitDuration).type.toBe<Metric.Metric.Histogram<number>>()
  expect(OperationsMetrics.detectionDelay).type.toBe<Metric.Metric.Histogram<number>>()
  expect(OperationsMetrics.snapshot).type.toBe<Effect.Effect<Array<MetricPair.MetricPair.Untyped>>>()
})

test("they are read with their labels", () => {
  expect(OperationsMetrics.waits.pipe(Metric.tagged("server.address", "a"), Metric.value)).type.toBe<
    Effect.Effect<MetricState.MetricState.Counter<number>>
  >()
})
