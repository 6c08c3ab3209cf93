// Time that passes as fast as it can. TestClock takes milliseconds for each sleep, and has one time for both clocks.
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

// Everything that can happen without time happens before.
const settled = Effect.async<void>((resume) => {
  setImmediate(() => setImmediate(() => resume(Effect.void)))
})

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** A clock whose monotonic time and system time move apart when the system clock is set. Sleeps are monotonic. */
export class VirtualClock implements Clock.Clock {
  readonly [Clock.ClockTypeId]: Clock.ClockTypeId = Clock.ClockTypeId
  #time = 0
  #offset = 0
  readonly #sleepers: Array<Sleeper> = []
  readonly currentTimeMillis = Effect.sync(() => this.unsafeCurrentTimeMillis())
  readonly currentTimeNanos = Effect.sync(() => this.unsafeCurrentTimeNanos())

  unsafeCurrentTimeMillis(): number {
    return this.#time + this.#offset
  }

  unsafeCurrentTimeNanos(): bigint {
    return BigInt(Math.round(this.#time * 1e6))
  }

  /** The monotonic time, in ms. */
  get time(): number {
    return this.#time
  }

  /** How many sleeps are in progress. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.async((resume) => {
      const sleeper: Sleeper = { due: this.#time + Duration.toMillis(duration), wake: () => resume(Effect.void) }
      const later = this.#sleepers.findIndex(({ due }) => due > sleeper.due)
      this.#sleepers.splice(later === -1 ? this.#sleepers.length : later, 0, sleeper)
      return Effect.sync(() => {
        const index = this.#sleepers.indexOf(sleeper)
        if (index !== -1) this.#sleepers.splice(index, 1)
      })
    })
  }

  /** Sets the system clock forward, or back. */
  setSystemClock(millis: number): void {
    this.#offset += millis
  }

  /** Time passes while nothing runs, as when a process is stopped: what is due meanwhile wakes late. */
  stop(millis: number): void {
    this.#time += millis
  }

  /** Lets time pass, from one sleep to the next; those that end at the same time one after the other, or together. */
  pass(millis: number, how: "oneByOne" | "together" = "oneByOne"): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      const until = this.#time + millis
      yield* settled
      while (this.#sleepers.length > 0 && this.#sleepers[0]!.due <= until) {
        this.#time = Math.max(this.#time, this.#sleepers[0]!.due)
        do this.#sleepers.shift()!.wake()
        while (how === "together" && this.#sleepers.length > 0 && this.#sleepers[0]!.due <= this.#time)
        yield* settled
      }
      this.#time = until
    })
  }
}
