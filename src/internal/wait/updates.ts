/**
 * A wait whose states are a stream.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Operation from "../../Operation.js"
import type { UpdatesOptions, Waitable } from "../../OperationsService.js"
import { Wait, type WaitFailure, type Waits } from "./waits.js"

type State = Operation.Pending | Operation.Succeeded

// By value: what the server sends is what counts.
const valueOf = (operation: Operation.Operation): string => JSON.stringify(operation)

/** @internal */
export const updates = (
  waits: Waits,
  operation: Waitable,
  options: UpdatesOptions = {}
): Stream.Stream<State, WaitFailure> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    // How the wait has ended, for those who leave it and for the pull after the last state.
    let end: Exit.Exit<void, WaitFailure> | undefined
    const wait = yield* Effect.acquireRelease(
      waits.join(operation, { ...options, mayHold: false }),
      (wait, exit) => wait instanceof Wait ? wait.leave(end ?? exit) : Effect.void
    )
    if (!(wait instanceof Wait)) return Stream.succeed(wait)

    let answered: Operation.Pending | undefined
    let value: string | undefined
    // The latest answer, if it has not been given yet.
    const news = (): Operation.Pending | undefined => {
      const { last } = wait.state
      if (last === undefined || last === answered) return undefined
      answered = last
      const before = value
      value = valueOf(last)
      return options.everyPoll === true || value !== before ? last : undefined
    }

    let step = Effect.void as Effect.Effect<void, WaitFailure>
    const pull: Effect.Effect<State, Option.Option<WaitFailure>> = Effect.gen(function*() {
      while (end === undefined) {
        const exit = yield* Effect.exit(step)
        // What the caller knows already is the first state; whether there is time to wait is the next question.
        step = step === begin || step === advance ? advance : begin
        if (Exit.isFailure(exit) || typeof wait.due !== "number") end = exit
        const state = typeof wait.due === "number" ? news() : wait.due
        if (state !== undefined) return state
      }
      return yield* Effect.mapError(Effect.andThen(end, Effect.fail(Option.none())), (error) =>
        Option.isOption(error) ? error : Option.some(error))
    })
    const begin = wait.begin()
    const advance = Effect.suspend(() =>
      wait.advance()
    )
    return Stream.repeatEffectOption(pull)
  }))
