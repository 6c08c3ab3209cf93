/**
 * Runs the command line, as an effect that takes words and returns an exit code.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as GoogleApiCatalog from "../GoogleApiCatalog.js"
import { closest } from "./api.js"
import { commands } from "./commands.js"
import * as Completions from "./completions.js"
import { usageLine } from "./errors.js"
import * as ExitCode from "./exitCode.js"
import { UsageError } from "./flags.js"
import * as Help from "./help.js"
import { Io, report } from "./io.js"
import type { OutputError } from "./output.js"

const isHelp = (word: string): boolean => word === "--help" || word === "-h"

// Words after `--` are arguments, so they do not request help.
const asksForHelp = (words: ReadonlyArray<string>): boolean => {
  const end = words.indexOf("--")
  return (end === -1 ? words : words.slice(0, end)).some(isHelp)
}

const completions = (shell: string | undefined): Effect.Effect<number, UsageError | OutputError, Io> =>
  Effect.gen(function*() {
    const { stdout } = yield* Io
    const found = Completions.shells.find((name) => name === shell)
    if (found === undefined) {
      return yield* Effect.fail(new UsageError(`--completions needs ${Completions.shells.join(", ")}`))
    }
    yield* stdout.print(Completions.script(found, {
      program: "google-operations",
      commands,
      values: { api: GoogleApiCatalog.names() }
    }))
    return ExitCode.succeeded
  })

const dispatch = (words: ReadonlyArray<string>): Effect.Effect<number, UsageError | OutputError, Io> =>
  Effect.gen(function*() {
    const io = yield* Io
    const [first, ...rest] = words
    if (first === undefined) {
      io.stderr.post(Help.general(commands, io))
      return ExitCode.usage
    }
    if (isHelp(first) || first === "help") {
      yield* io.stdout.print(Help.general(commands, io))
      return ExitCode.succeeded
    }
    if (first === "--version") {
      yield* io.stdout.print(`${io.version}\n`)
      return ExitCode.succeeded
    }
    const [name, shell] = first.split("=")
    if (name === "--completions") return yield* completions(shell ?? rest[0])
    const command = commands.find(({ name }) => name === first)
    if (command === undefined) {
      if (first.startsWith("-")) {
        return yield* Effect.fail(new UsageError(`unknown option ${first}. Options follow the name of a command.`))
      }
      const like = closest(first, commands.map(({ name }) => name))
      return yield* Effect.fail(
        new UsageError(`unknown command ${first}.${like === undefined ? "" : ` Did you mean ${like}?`}`)
      )
    }
    if (asksForHelp(rest)) {
      yield* io.stdout.print(Help.ofCommand(command, io))
      return ExitCode.succeeded
    }
    return yield* Effect.scoped(command.run(rest))
  })

/** Runs the command line and returns the exit code. The effect returns no exit code only if it is interrupted. */
export const run = (words: ReadonlyArray<string>): Effect.Effect<number, never, Io> =>
  dispatch(words).pipe(
    Effect.catchAll((error) =>
      Effect.gen(function*() {
        const { invocation, stderrStyle } = yield* Io
        yield* report(
          error._tag === "UsageError"
            ? [usageLine(error, invocation, stderrStyle)]
            : [`${stderrStyle.red("error:")} ${error.message}`]
        )
        return error._tag === "UsageError" ? ExitCode.usage : ExitCode.unknown
      })
    ),
    Effect.catchAllDefect((defect) =>
      Effect.as(report([`internal error: ${Cause.pretty(Cause.die(defect))}`]), ExitCode.unknown)
    )
  )
