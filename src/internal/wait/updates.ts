/**
 * Emits the states of one operation as a stream. The next poll is sent only when the consumer requests the next state.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Operation from "../../Operation.js"
import type { Caller } from "../caller.js"
import type { Waitable } from "../operationName.js"
import { emitsUnchanged, type WaitOptions } from "../settings.js"
import { sameValue } from "../values.js"
import type { Engine } from "./engine.js"
import { type Observer, Waiter, type WaitFailure } from "./state.js"

interface UpdatesOptions extends WaitOptions {
  readonly emitUnchanged?: boolean | undefined
}

type State = Operation.Pending | Operation.Succeeded

// Buffers states and the end of the stream until the consumer requests them.
class Updates implements Observer {
  #state: Operation.Pending | undefined
  #last: Operation.Pending | undefined
  #result: Effect.Effect<Operation.Succeeded, WaitFailure> | undefined
  #hasEnded = false
  #onChange: (() => void) | undefined
  readonly #emitUnchanged: boolean

  constructor(emitUnchanged: boolean) {
    this.#emitUnchanged = emitUnchanged
  }

  onPending(_: Waiter, operation: Operation.Pending): boolean {
    if (!this.#emitUnchanged && sameValue(operation, this.#last)) return true
    this.#last = operation
    this.#state = operation
    this.#onChange?.()
    return false
  }

  onEnd(_: Waiter, result: Effect.Effect<Operation.Succeeded, WaitFailure>): void {
    this.#result = result
    this.#onChange?.()
  }

  /** Returns the next state. The stream ends after the final state. */
  take(goOn: () => void): Effect.Effect<State, Option.Option<WaitFailure>> {
    return Effect.suspend(() => {
      if (this.#hasEnded) return Effect.fail(Option.none())
      if (this.#state === undefined && this.#result === undefined) goOn()
      return this.#next() ?? Effect.async((resume) => {
        this.#onChange = () => {
          this.#onChange = undefined
          resume(Effect.suspend(() => this.#next()!))
        }
        return Effect.sync(() => this.#onChange = undefined)
      })
    })
  }

  #next(): Effect.Effect<State, Option.Option<WaitFailure>> | undefined {
    const state = this.#state
    if (state !== undefined) {
      this.#state = undefined
      return Exit.succeed(state)
    }
    if (this.#result === undefined) return undefined
    this.#hasEnded = true
    return Effect.mapError(this.#result, Option.some)
  }
}

/** @internal */
export const updates = (
  engine: Engine,
  caller: Caller,
  operation: Waitable,
  options: UpdatesOptions | undefined
): Stream.Stream<State, WaitFailure> =>
  Stream.unwrapScoped(Effect.map(
    Effect.acquireRelease(
      Effect.suspend(() => {
        return Either.gen(function*() {
          const observer = new Updates(yield* emitsUnchanged(options))
          const context = yield* engine.context(caller, options, { observer, usesServerSideWait: false })
          return { made: yield* engine.make(operation, context), observer }
        })
      }),
      ({ made }, exit) =>
        made instanceof Waiter
          ? Exit.isInterrupted(exit) ? engine.interrupt([made]) : engine.leave([made])
          : Effect.void
    ),
    ({ made, observer }) => {
      if (!(made instanceof Waiter)) return Stream.fromEffect(made)
      return Stream.repeatEffectOption(observer.take(() => {
        engine.begin(made)
        engine.resume(made)
      }))
    }
  ))
