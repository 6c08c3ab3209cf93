/**
 * Defines a command by its arguments, its options, and the effect that runs it.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { choice, type Flags, type Line, onOff, read, UsageError } from "./flags.js"
import { Io, logging, logLevels, type Service } from "./io.js"
import type { OutputError } from "./output.js"

/** The arguments of a command, excluding options. */
export interface Args {
  /** The placeholder for an argument in help, such as `NAME`. */
  readonly name: string
  readonly min: number
  readonly max: number
}

/** The options that every command supports. */
const commonFlags = {
  quiet: onOff("quiet", "No progress on standard error, only errors", "q"),
  logLevel: choice("log-level", "LEVEL", "debug, info, warning (default), error or none", logLevels)
}

/** The help option. Every command supports it, and it is handled before the command parses its words. */
export const help = onOff("help", "Shows this help", "h")

/** A command. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly args: Args | undefined
  readonly flags: Flags
  /** Lines to show below the options in help. */
  readonly notes: ReadonlyArray<string>
  /** Parses the words after the command name, runs the command, and returns the exit code. */
  readonly run: (words: ReadonlyArray<string>) => Effect.Effect<number, UsageError | OutputError, Io | Scope.Scope>
}

/** The input that a command processes. */
export interface Input<F extends Flags> extends Line<F, typeof commonFlags> {
  readonly io: Service
}

const countProblem = ({ max, min, name }: Args, args: ReadonlyArray<string>): string | undefined =>
  args.length < min ? `${name} is missing` : args.length > max ? `unexpected argument ${args[max]}` : undefined

const noArgs: Args = { name: "", min: 0, max: 0 }

/** Creates a command. */
export const command = <F extends Flags>(options: {
  readonly name: string
  readonly summary: string
  readonly args?: Args
  readonly flags: F
  readonly notes?: ReadonlyArray<string>
  readonly run: (input: Input<F>) => Effect.Effect<number, UsageError | OutputError, Io | Scope.Scope>
}): Command => {
  const { args, flags, name, notes = [], run, summary } = options
  return {
    name,
    summary,
    args,
    flags: { ...flags, ...commonFlags },
    notes,
    run: (words) =>
      Effect.gen(function*() {
        const io = yield* Io
        const line = yield* read(words, flags, commonFlags)
        const problem = countProblem(args ?? noArgs, line.args)
        if (problem !== undefined) return yield* Effect.fail(new UsageError(problem))
        return yield* run({ ...line, io }).pipe(logging(io, line.common.logLevel ?? LogLevel.Warning))
      }).pipe(
        Effect.mapError((error) => error._tag === "UsageError" ? new UsageError(error.message, name) : error)
      )
  }
}
