import { PCGRandom } from "effect/Utils"

/** Random choices that a seed repeats. */
export class Choices {
  readonly #random: PCGRandom

  constructor(seed: number) {
    this.#random = new PCGRandom(seed)
  }

  /** A whole number from 0 up to, but not including, `count`. */
  below(count: number): number {
    return this.#random.integer(count)
  }

  /** Whether something with that probability happens. */
  happens(probability: number): boolean {
    return this.#random.number() < probability
  }

  of<A>(values: ReadonlyArray<A>): A {
    return values[this.below(values.length)]!
  }

  /** One of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights)
    let rest = this.#random.number() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    return (entries.find(([, weight]) => (rest -= weight) < 0) ?? entries.at(-1)!)[0] as K
  }

  /** The values in a random order. */
  shuffled<A>(values: ReadonlyArray<A>): ReadonlyArray<A> {
    const result = [...values]
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.below(index + 1)
      const value = result[index]!
      result[index] = result[other]!
      result[other] = value
    }
    return result
  }
}
