// How a wait is going: a line that updates in place on a terminal, plain lines elsewhere.
import type * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

const write = (text: string): Effect.Effect<void> => {
  const { stdout } = process
  const line = stdout.isTTY ? `\r\x1b[2K${text.slice(0, (stdout.columns || 80) - 1)}` : `${text}\n`
  return Effect.sync(() => void stdout.write(line))
}

/**
 * Follows one wait by its schedules: `pending` takes each state that does not end it, `failing` each failure that does not.
 * `knowsState` tells that the wait begins with a state that cost no poll.
 */
export const make = (knowsState: boolean) =>
  Effect.map(Clock.currentTimeMillis, (start) => {
    let polls = knowsState ? -1 : 0
    const show = (state: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const seconds = ((now - start) / 1000).toFixed(1)
        return write(`${state}, ${seconds} s, ${polls} ${polls === 1 ? "poll" : "polls"}`)
      })
    const polled = (state: string) => Effect.suspend(() => (polls++, show(state)))
    return {
      pending: (_: Operation.Pending) => polled("pending"),
      failing: (error: HttpError.HttpError) => polled(`failing (${error.code ?? error.reason})`),
      end: <A, E>(exit: Exit.Exit<A, E>) =>
        Effect.zipRight(
          Exit.match(exit, {
            onSuccess: () => polled("succeeded"),
            onFailure: (cause) =>
              Cause.isInterruptedOnly(cause)
                ? show("interrupted")
                : Option.exists(Cause.failureOption(cause), OperationError.isOperationError)
                ? polled("failed")
                : show("ended")
          }),
          Effect.sync(() => void (process.stdout.isTTY && process.stdout.write("\n")))
        )
    }
  })
