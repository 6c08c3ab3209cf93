/**
 * The labels of the metrics of one service.
 *
 * The hook of a metric is kept for each array of labels. So every combination of labels is one array, which is made once, and
 * an update allocates nothing.
 */
import * as MetricLabel from "effect/MetricLabel"

/**
 * Some labels, and the further combinations that begin with them.
 *
 * @internal
 */
export class Labels {
  /** Those of the service, then those of `Effect.tagMetrics`. */
  readonly all: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #own: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #ofCaller: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #more = new Map<string | number, Labels>()

  constructor(own: ReadonlyArray<MetricLabel.MetricLabel>, ofCaller: ReadonlyArray<MetricLabel.MetricLabel>) {
    this.all = ofCaller.length === 0 ? own : [...own, ...ofCaller]
    this.#own = own
    this.#ofCaller = ofCaller
  }

  /** These labels and one more, unless it has no value. Labels with different keys after the same ones have different values. */
  with(key: string, value: string | number | undefined): Labels {
    if (value === undefined) return this
    let labels = this.#more.get(value)
    if (labels === undefined) {
      labels = new Labels([...this.#own, MetricLabel.make(key, String(value))], this.#ofCaller)
      this.#more.set(value, labels)
    }
    return labels
  }
}

/**
 * The labels that the metrics of one service have, for one caller.
 *
 * @internal
 */
export class MetricLabels {
  readonly waits: Labels
  readonly polls: Labels
  readonly transientFailures: Labels
  readonly waitDuration: Labels
  readonly requests: Labels

  constructor(address: string, ofCaller: ReadonlyArray<MetricLabel.MetricLabel>) {
    const service = () => new Labels([MetricLabel.make("server.address", address)], ofCaller)
    this.waits = service()
    this.polls = service()
    this.transientFailures = service()
    this.waitDuration = service()
    this.requests = service()
  }
}
