// Shows the progress of a wait: a line that is updated in place on a terminal, or else plain lines.
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
 * Shows the progress of one wait from the inputs of its schedules. `pending` is for the `schedule`, and `failing` for the
 * `retrySchedule`. `knowsState` is true if the wait starts with an operation, and not with a name.
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
