/**
 * The labels of the metrics of one service.
 *
 * The hook of a metric is cached for each array of labels. Each combination of labels is therefore one array, which is
 * made once, and an update allocates nothing.
 */
import * as MetricLabel from "effect/MetricLabel"

/**
 * A set of labels, and the larger sets that begin with these labels.
 *
 * @internal
 */
export class Labels {
  /** The labels of the service, then the labels of `Effect.tagMetrics`. */
  readonly all: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #own: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #ofCaller: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #more = new Map<string | number, Labels>()

  constructor(own: ReadonlyArray<MetricLabel.MetricLabel>, ofCaller: ReadonlyArray<MetricLabel.MetricLabel>) {
    this.all = ofCaller.length === 0 ? own : [...own, ...ofCaller]
    this.#own = own
    this.#ofCaller = ofCaller
  }

  /**
   * Adds a label, unless it has no value. After the same labels, labels with different keys must have different values.
   */
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
 * The labels of the metrics of one service, for one caller.
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
