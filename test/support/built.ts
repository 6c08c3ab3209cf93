// The command line as its users have it: bundled into one file, in a process of its own.
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { bundle } from "../../scripts/bundle.js"

/** Bundles the command line before the tests of a file. Returns where it is. */
export const built = (): { readonly folder: string; readonly file: string } => {
  const folder = mkdtempSync(join(tmpdir(), "google-operations-"))
  const file = join(folder, "google-operations.mjs")
  beforeAll(() => bundle(file), 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, file }
}

// Nothing of the machine that runs the tests: neither credentials nor colors.
const environment = (env: Readonly<Record<string, string>>) => ({
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  ...env
})

interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string }
  readonly ended: Promise<Ran>
}

/** Starts a program. */
export const start = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Running => {
  const child = spawn(command, args, { env: environment(env), stdio: ["ignore", "pipe", "pipe"] })
  const printed = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => printed.stdout += chunk)
  child.stderr.on("data", (chunk) => printed.stderr += chunk)
  const ended = new Promise<Ran>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, ...printed }))
  )
  return { child, printed, ended }
}
