// The command line in this process: what it prints, and what it exits with.
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { Io, type Service } from "../../src/cli/io.js"
import { Output, type Size, type Write } from "../../src/cli/output.js"
import { run } from "../../src/cli/program.js"
import { ascii } from "../../src/cli/progress.js"
import { plain } from "../../src/cli/text.js"

/** An output that is kept. */
export const capture = (size?: Size, onText: (text: string) => void = () => {}) => {
  const chunks: Array<string> = []
  const write: Write = (data, done) => {
    const text = Buffer.from(data).toString()
    chunks.push(text)
    onText(text)
    done(null, data.length)
  }
  return { output: new Output(write, () => size), text: () => chunks.join("") }
}

/** Runs the command line with the environment variables that are given, and no others. */
export const cli = (
  words: ReadonlyArray<string>,
  options: {
    readonly env?: Readonly<Record<string, string>>
    /** The size of the terminal that standard error is. Without it, it is none. */
    readonly terminal?: Size
    readonly onStdout?: (text: string) => void
    readonly onStderr?: (text: string) => void
  } = {}
) => {
  const stdout = capture(undefined, options.onStdout)
  const stderr = capture(options.terminal, options.onStderr)
  const io: Service = {
    stdout: stdout.output,
    stderr: stderr.output,
    stdoutStyle: plain,
    stderrStyle: plain,
    signs: ascii,
    invocation: "google-operations",
    version: "1.2.3"
  }
  return run(words).pipe(
    Effect.provideService(Io, io),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(options.env ?? {})))),
    Effect.map((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }))
  )
}
