/**
 * A wait whose states are a stream.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Operation from "../Operation.js"
import type { UpdatesOptions, Waitable } from "../OperationsService.js"
import { Session, type Sessions, type WaitFailure } from "./session.js"

// By value: what the server sends is what counts.
const valueOf = (operation: Operation.Operation): string => JSON.stringify(Operation.toJson(operation))

/** @internal */
export const updates = (
  sessions: Sessions,
  operation: Waitable,
  options: UpdatesOptions = {}
): Stream.Stream<Operation.Pending | Operation.Succeeded, WaitFailure> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    let failure: Exit.Exit<never, WaitFailure> | undefined
    const session = yield* Effect.acquireRelease(
      sessions.join(operation, options),
      // A stream that failed ends its scope with success where its consumer has handled the failure.
      (session, exit) => session instanceof Session ? session.leave(failure ?? exit) : Effect.void
    )
    if (!(session instanceof Session)) return Stream.succeed(session)

    let state: "known" | "begun" | "ended" | undefined
    let value: string | undefined
    const isNews = (pending: Operation.Pending): boolean => {
      if (options.everyPoll === true) return true
      const before = value
      value = valueOf(pending)
      return value !== before
    }
    const next: Effect.Effect<Operation.Pending | Operation.Succeeded, Option.Option<WaitFailure>> = Effect.gen(
      function*() {
        if (state === "ended") return yield* Effect.fail(Option.none())
        const { last } = session.waiting
        if (state === undefined) {
          state = "known"
          // What the caller knows already is the first state; whether there is time to wait is the next question.
          if (last !== undefined && isNews(last)) return last
        }
        if (state === "known") {
          state = "begun"
          yield* session.begin()
        }
        while (true) {
          yield* session.advance()
          if (typeof session.due !== "number") {
            state = "ended"
            return session.due
          }
          const { last } = session.waiting
          if (last !== undefined && isNews(last)) return last
        }
      }
    ).pipe(
      Effect.catchAll((error: WaitFailure | Option.Option<WaitFailure>) => {
        if (Option.isOption(error)) return Effect.fail(error)
        failure = Exit.fail(error)
        return Effect.fail(Option.some(error))
      })
    )
    return Stream.repeatEffectOption(next)
  }))
