/**
 * Commands: the arguments and options of each command, and the effect that runs it.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { choice, type Flags, type Line, onOff, read, UsageError } from "./flags.js"
import { Io, logging, logLevels, type Service } from "./io.js"
import type { OutputError } from "./output.js"

/** The arguments of a command without its options. */
export interface Args {
  /** What stands for an argument in help, such as `NAME`. */
  readonly name: string
  readonly min: number
  readonly max: number
}

/** Options that every command has. */
const commonFlags = {
  quiet: onOff("quiet", "No progress on standard error, only errors", "q"),
  logLevel: choice("log-level", "LEVEL", "debug, info, warning (default), error or none", logLevels)
}

/** The option of every command that is looked for before a command is read. */
export const help = onOff("help", "Shows this help", "h")

/** A command. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly args: Args | undefined
  readonly flags: Flags
  /** Lines below the options in help. */
  readonly notes: ReadonlyArray<string>
  /** Reads the words after the command's name, runs the command, and returns the exit code. */
  readonly run: (words: ReadonlyArray<string>) => Effect.Effect<number, UsageError | OutputError, Io | Scope.Scope>
}

/** What a command works on. */
export interface Input<F extends Flags> extends Line<F, typeof commonFlags> {
  readonly io: Service
}

const countProblem = ({ max, min, name }: Args, args: ReadonlyArray<string>): string | undefined =>
  args.length < min ? `${name} is missing` : args.length > max ? `unexpected argument ${args[max]}` : undefined

const noArgs: Args = { name: "", min: 0, max: 0 }

/** Makes a command. */
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
