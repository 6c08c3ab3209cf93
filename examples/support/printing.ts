// What a program prints, for its tests.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** Keeps the lines that an effect logs to its console. */
export const printing = <A, E, R>(lines: Array<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, { ...console, log: (line) => Effect.sync(() => void lines.push(String(line))) })
  )
