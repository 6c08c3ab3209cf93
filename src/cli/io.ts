/**
 * The input and output of a command.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { Output } from "./output.js"
import type { Signs } from "./progress.js"
import { colored, plain, singleLine, type Style } from "./text.js"

/** A process's two outputs, and the style for text on each of them. */
export interface Service {
  /** The output for results. */
  readonly stdout: Output
  /** The output for progress, errors and logs. */
  readonly stderr: Output
  readonly stdoutStyle: Style
  readonly stderrStyle: Style
  readonly signs: Signs
  /**
   * The name under which the program was called, for messages: `google-operations` or `npx effect-google-operations`.
   */
  readonly invocation: string
  readonly version: string
}

export class Io extends Context.Tag("effect-google-operations/cli/Io")<Io, Service>() {}

/** Returns the style for an output. Terminals use colors, unless `NO_COLOR` is set (https://no-color.org). */
export const styleFor = (output: Output, environment: Readonly<Record<string, string | undefined>>): Style =>
  output.size !== undefined && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb"
    ? colored
    : plain

/** Prints lines to standard error, without waiting until they are written. */
export const report = (lines: ReadonlyArray<string>): Effect.Effect<void, never, Io> =>
  Effect.map(Io, ({ stderr }) => lines.forEach((line) => stderr.post(`${line}\n`)))

/** Logs to standard error, with one line per entry. */
export const logging = (
  { stderr, stderrStyle }: Service,
  level: LogLevel.LogLevel
): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =>
(effect) =>
  effect.pipe(
    Logger.withMinimumLogLevel(level),
    Effect.provide(Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ logLevel, message }) => {
        const text = (Array.isArray(message) ? message : [message])
          .map((part) => typeof part === "string" ? part : JSON.stringify(part))
          .join(" ")
        stderr.post(`${stderrStyle.yellow(`${logLevel._tag.toLowerCase()}:`)} ${singleLine(text)}\n`)
      })
    ))
  )

/** The possible values of `--log-level`. */
export const logLevels: Readonly<Record<string, LogLevel.LogLevel>> = {
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  none: LogLevel.None
}
