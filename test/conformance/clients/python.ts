/**
 * Google's Python clients: `google.api_core.operation` over REST, and the client of google-api-python-client with a loop as
 * its documentation shows it. They run in a process of their own, `python.py`.
 */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Client, MakeClient, Outcome, Wait } from "../client.js"
import { type Adapter, ofDone, type OperationJson } from "./adapter.js"

const folder = fileURLToPath(new URL("../../../bench/", import.meta.url))
const own = `${folder}.venv/bin/python`
const python = existsSync(own) ? own : "python3"

const versionOf = (distribution: string, modules: string): string | undefined => {
  const script =
    `import warnings; warnings.simplefilter("ignore"); import ${modules}; import importlib.metadata as m; ` +
    `print(m.version("${distribution}"))`
  const { status, stdout } = spawnSync(python, ["-c", script], { encoding: "utf8" })
  return status === 0 ? stdout.trim() : undefined
}

type Reply =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly outcome: { readonly end: "done"; readonly operation: OperationJson } }

interface Process {
  readonly child: ChildProcess
  readonly replies: Map<number, (outcome: Reply["outcome"]) => void>
}

const start = (client: string): Process => {
  const child = spawn(python, [fileURLToPath(new URL("python.py", import.meta.url)), client], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const replies = new Map<number, (outcome: Reply["outcome"]) => void>()
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, outcome } = JSON.parse(line) as Reply
    replies.get(id)?.(outcome)
    replies.delete(id)
  })
  // It must not keep this process alive: its threads cannot be ended.
  process.once("exit", () => child.kill())
  child.unref()
  return { child, replies }
}

const makeWith = (client: string): MakeClient => {
  let running: Process | undefined
  let count = 0
  return ({ baseUrl, settings }) =>
    Effect.sync((): Client => {
      const { child, replies } = running ??= start(client)
      const own = ++count
      const wait = (options: Wait) =>
        Effect.async<Outcome>((resume) => {
          const id = ++count
          replies.set(id, (outcome) => {
            resume(Effect.succeed(outcome.end === "done" ? ofDone(outcome.operation) : outcome))
          })
          child.stdin?.write(`${JSON.stringify({ id, client: own, baseUrl, settings, wait: options })}\n`)
          return Effect.sync(() => replies.delete(id))
        })
      return { wait, save: () => Effect.dieMessage("it cannot be saved") }
    })
}

const install = "python3 -m venv bench/.venv && bench/.venv/bin/pip install -r bench/requirements.txt"

export const apiCore: Adapter = {
  title: "google-api-core (Python)",
  get version() {
    return versionOf("google-api-core", "google.api_core.operations_v1, grpc, requests")
  },
  install,
  make: makeWith("api-core"),
  lacks: {
    abort: "`result()` blocks its thread until the wait ends",
    cancelAtTheEnd: "the client cancels an operation only when the caller asks it to, not when a wait ends",
    requestTimeout: "each request has a fixed timeout of 10 seconds",
    retries: "the client limits the duration of retries for one request, but not their number",
    save: "the client can save an operation, but not a wait",
    serverHolds: "the client does not call `wait`"
  }
}

export const apiClient: Adapter = {
  title: "google-api-python-client with a loop",
  get version() {
    return versionOf("google-api-python-client", "googleapiclient.discovery, google_auth_httplib2")
  },
  install,
  make: makeWith("api-client"),
  lacks: {
    abort: "the loop blocks its thread until the wait ends",
    cancelAtTheEnd: "the loop never cancels an operation",
    limit: "the loop has no time limit",
    retries: "the client limits the retries of one request, not the retries of a wait",
    save: "the loop cannot save a wait",
    serverHolds: "the client has no `wait` method",
    types: "the client does not check response types at run time"
  }
}
