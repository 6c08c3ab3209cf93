#!/usr/bin/env node
/**
 * The `google-operations` program. It connects the command line to a process.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { writeSync } from "node:fs"
import { isatty } from "node:tty"
import { version } from "../internal/version.js"
import * as ExitCode from "./exitCode.js"
import { Io, type Service, styleFor } from "./io.js"
import { Output, type Size, toFd } from "./output.js"
import { run } from "./program.js"
import { ascii, unicode } from "./progress.js"

const sizeOf = (stream: NodeJS.WriteStream): () => Size | undefined => () => ({
  columns: stream.columns > 0 ? stream.columns : 80,
  rows: stream.rows > 0 ? stream.rows : 24
})

// Node's streams write synchronously, so they are used only to determine the terminal size.
const stdout = isatty(1) ? new Output(toFd(1), sizeOf(process.stdout)) : new Output(toFd(1))
const stderr = isatty(2) && process.env["TERM"] !== "dumb"
  ? new Output(toFd(2), sizeOf(process.stderr))
  : new Output(toFd(2))

const { LANG, LC_ALL, LC_CTYPE, npm_lifecycle_event: npmEvent } = process.env

const io: Service = {
  stdout,
  stderr,
  stdoutStyle: styleFor(stdout, process.env),
  stderrStyle: styleFor(stderr, process.env),
  signs: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "") ? unicode : ascii,
  invocation: npmEvent === "npx" ? "npx effect-google-operations" : "google-operations",
  version
}

// Warnings from Node and from libraries are not intended for users of this program.
process.removeAllListeners("warning")

// By default, Node exits with 1 after an uncaught exception, but 1 means that an operation failed.
process.on("uncaughtException", (error) => {
  try {
    writeSync(2, `internal error: ${error.stack ?? error}\n`)
  } finally {
    process.exit(ExitCode.unknown)
  }
})

const fiber = Effect.runFork(Effect.provideService(run(process.argv.slice(2)), Io, io))

// Ends the process with a signal. `process.exit` would wait for a blocked write, for example to a full pipe without a
// reader.
const die = (name: NodeJS.Signals): void => {
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}

// The longest interval between two signals that count as one signal, in ms. npm forwards signals to its child process,
// which has already received them from the terminal.
const together = 500

let signal: { readonly name: NodeJS.Signals; readonly at: number } | undefined

for (const name of ExitCode.signals) {
  process.on(name, () => {
    const at = performance.now()
    if (signal === undefined && fiber.unsafePoll() === null) {
      signal = { name, at }
      fiber.unsafeInterruptAsFork(FiberId.none)
    } else if (signal === undefined || at - signal.at > together) die(name)
  })
}

const flushed = Effect.ignore(
  Effect.all([stdout.flush, stderr.flush], { concurrency: "unbounded", discard: true })
)

fiber.addObserver((exit) => {
  if (signal === undefined) {
    const code = Exit.getOrElse(exit, () => ExitCode.unknown)
    return void Effect.runPromise(flushed).then(() => process.exit(code))
  }
  const { name } = signal
  const code = Exit.getOrElse(exit, () => ExitCode.ofSignal(name))
  void Effect.runPromise(Effect.timeoutOption(flushed, "1 second")).then((result) =>
    Option.isSome(result) ? process.exit(code) : die(name)
  )
})
