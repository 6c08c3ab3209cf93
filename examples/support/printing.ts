// Records the output of a program for its tests.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** Adds the lines that an effect logs to its console to `lines`. */
export const printing = <A, E, R>(lines: Array<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, { ...console, log: (line) => Effect.sync(() => void lines.push(String(line))) })
  )
