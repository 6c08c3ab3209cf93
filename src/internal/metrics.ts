/**
 * The metric labels of one service.
 *
 * Effect caches a metric's hook for each label array. Each combination of labels is therefore represented by one array
 * that is created once, so an update allocates nothing.
 */
import * as MetricLabel from "effect/MetricLabel"

/**
 * A set of labels, with cached larger sets that start with these labels.
 *
 * @internal
 */
export class Labels {
  /** The service labels, followed by the labels from `Effect.tagMetrics`. */
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
   * Adds a label if its value is defined. Label sets are cached by value, so different keys that are added to the same
   * set must use different values.
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
 * The metric labels of one service for one caller.
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
