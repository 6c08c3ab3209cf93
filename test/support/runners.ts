// Runners of durable waits as processes of their own.
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

class RunnerError extends Data.TaggedError("RunnerError")<{ readonly message: string }> {}

export interface RunnerProcess {
  /** What it has printed. */
  readonly lines: Array<string>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** How it ended. */
  readonly ended: Effect.Effect<number | null>
}

/** One file that starts within a second; the sources take several. */
export const bundleRunner: Effect.Effect<string, never, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "runner-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  const outfile = join(folder, "runner.cjs")
  yield* Effect.promise(() =>
    build({
      absWorkingDir: root,
      entryPoints: ["examples/durable/runner.ts"],
      bundle: true,
      platform: "node",
      format: "cjs",
      // They load native code.
      external: ["@libsql/client", "libsql", "pg-native"],
      outfile,
      logLevel: "silent"
    })
  )
  return outfile
})

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Starts a runner, and waits until it is ready. It is killed when the scope ends. */
export const startRunner = (
  bundle: string,
  env: Readonly<Record<string, string>>
): Effect.Effect<RunnerProcess, RunnerError, Scope.Scope> =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [bundle], {
          env: { ...process.env, NODE_PATH: join(root, "node_modules"), ...env },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const lines: Array<string> = []
    let stderr = ""
    let rest = ""
    child.stdout.on("data", (chunk) => {
      const parts = `${rest}${chunk}`.split("\n")
      rest = parts.pop() ?? ""
      lines.push(...parts)
    })
    child.stderr.on("data", (chunk) => stderr = `${stderr}${chunk}`.slice(-4_000))
    for (let attempt = 0; !lines.includes("ready"); attempt++) {
      if (attempt > 600 || ended(child)) {
        return yield* new RunnerError({ message: `The runner did not start: ${stderr}` })
      }
      yield* Effect.sleep("50 millis")
    }
    return {
      lines,
      kill: (signal) => Effect.sync(() => void child.kill(signal)),
      ended: Effect.promise(async () => {
        if (!ended(child)) await once(child, "exit")
        return child.exitCode
      })
    }
  })

/** Runs a program to its end, and returns what it prints. */
export const run = (
  program: string,
  env: Readonly<Record<string, string>>
): Effect.Effect<string, RunnerError> =>
  Effect.async((resume) => {
    const child = execFile(
      process.execPath,
      ["--import", "tsx", program],
      { cwd: root, env: { ...process.env, ...env } },
      (error, stdout, stderr) =>
        resume(
          error === null
            ? Effect.succeed(stdout)
            : Effect.fail(new RunnerError({ message: `${error.message}\n${stdout}\n${stderr}` }))
        )
    )
    return Effect.sync(() => void child.kill("SIGTERM"))
  })
