import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdir } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))

const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, ["--import", "tsx", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const output = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => output.stdout += chunk)
  child.stderr.on("data", (chunk) => output.stderr += chunk)
  return { child, output }
}

const ended = async ({ child, output }: ReturnType<typeof start>) => {
  const [code] = await once(child, "close")
  return { code: code as number | null, ...output }
}

const run = (...args: ReadonlyArray<string>) => ended(start(args))

const examples: Record<string, ReadonlyArray<string>> = {
  "custom-schedule": [
    "operations/a goes on",
    "operations/a goes on",
    "operations/a goes on",
    "operations/a is done"
  ],
  "choose-a-schedule": [
    "default, 45 seconds: 6s 200ms late, 23 polls",
    "eager, 45 seconds: 78ms late, 44 polls",
    "known, 45 seconds: 197ms late, 5 polls",
    "default, 1 hour: 10s 424ms late, 159 polls",
    "patient, 1 hour: 31s 147ms late, 50 polls"
  ],
  "handle-errors": [
    "operations/good succeeded",
    "verdict: RESOURCE_EXHAUSTED, over project:123",
    "still running: operations/long",
    "unknown: StatusCode 403",
    "no such operation"
  ],
  "wait-for-many": [
    "100 operations are done",
    "Operation operations/fails failed with ABORTED: a parallel operation holds the lock"
  ],
  "typed-results": [
    "my policy is accessPolicies/1",
    "deleted",
    "Operation operations/level succeeded, but its response is not the " +
    "google.identity.accesscontextmanager.v1.AccessPolicy that was expected: it is of type " +
    "google.identity.accesscontextmanager.v1.AccessLevel: accessPolicies/1/accessLevels/corp"
  ],
  "follow-and-cancel": ["20 %", "60 %", "ended with CANCELLED"],
  "resume": ["stored: version, name, api, startedAt, deadline", "my policy is there"],
  "wait-for-thousands": ["900 succeeded, 100 failed"],
  "own-dialect": [
    "Pending: projects/p/locations/us-central1/jobs/j",
    "Failed (CANCELLED): projects/p/locations/us-central1/jobs/j",
    "refused: it is not a batch job of Dataflow",
    "POST …:fetchPredictOperation"
  ],
  "two-apis": ["operations/policy and operations/transfer"],
  "catalog": [
    "https://europe-west3-run.googleapis.com",
    "run v2 at https://us-central1-run.googleapis.com: projects/p/locations/us-central1/operations/o",
    "https://example.com/v2/operations/o is not the URL of an operation",
    "run v2 longRunning https://run.googleapis.com/v2 projects/*/locations/*/operations/*",
    "projects/p/locations/europe-west3/operations/o is done"
  ],
  "async-code": ["operations/a is done", "gave up on operations/endless", "open connections: 0"]
}

// Run below, with what they need.
const others = ["main", "first-program"]

describe.concurrent("examples", () => {
  it("are all run", async () => {
    const files = (await readdir(`${root}/examples`)).filter((file) => /^[^.]+\.ts$/.test(file))
    assert.deepStrictEqual(files.sort(), [...Object.keys(examples), ...others].map((name) => `${name}.ts`).sort())
  })

  it.each(Object.entries(examples))("%s", async (name, lines) => {
    const { code, stderr, stdout } = await run(`examples/${name}.ts`)
    assert.deepStrictEqual({ code, stderr, lines: stdout.trimEnd().split("\n") }, { code: 0, stderr: "", lines })
  }, 60_000)
})

describe.concurrent("npm start", () => {
  it("shows the main job from start to close", async () => {
    const { code, stderr, stdout } = await run("examples/main.ts")
    assert.strictEqual(code, 0)
    assert.match(stdout, /emulator listening on http:\/\/127\.0\.0\.1:\d+/)
    assert.match(stdout, /pending, 0\.0 s, 0 polls\n(?:pending, .*\n)+succeeded, [34]\.\d s, \d polls\nAccessPolicy \{/)
    assert.match(stdout, /"name": "accessPolicies\/\d+"/)
    assert.match(stdout, /\nfailed +operations\/fails +FAILED_PRECONDITION: .*\nexit code 1\n/)
    assert.match(
      stderr,
      /^operations\/fails: pending, .*\n.*failing \(UNAVAILABLE\), .*\n.*failed \(FAILED_PRECONDITION\), .*\nerror: .*\n {2}reason {8}LEVEL_IN_USE .*\n.*perimeter=.*\n$/
    )
    assert.match(stdout, /the server saw 1 request aborted/)
    assert.match(stdout, /started operations\/accessPolicies\/\d+\/create\/\d{16}\n/)
    assert.match(stdout, /progress 10 %\nprogress 60 %\nOperation operations\/follow failed with CANCELLED/)
    assert.match(stdout, /open connections before close: \d, after: 0/)
    assert.strictEqual(stdout, stripVTControlCharacters(stdout), "no control characters outside a terminal")
  }, 60_000)
})

describe.concurrent("npm run emulator", () => {
  it("listens on loopback, takes a script over HTTP, tells its stats, and ends by a signal", async () => {
    const { child, output } = start(["src/cli/main.ts", "emulator", "--port", "0"])
    while (!output.stdout.includes("\n")) await once(child.stdout, "data")
    const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(output.stdout)?.[1]
    try {
      const scripted = await fetch(`${url}/emulator/operations`, {
        method: "POST",
        body: JSON.stringify({
          name: "operations/a",
          steps: [{ type: "pending" }, { type: "succeeded", response: { "@type": "x/y", title: "t" } }]
        })
      })
      assert.strictEqual(scripted.status, 200)
      await scripted.text()
      const waited = await run("src/cli/main.ts", "wait", "operations/a", "--base-url", url!, "--anonymous")
      assert.strictEqual(waited.code, 0, waited.stderr)
      assert.include(waited.stdout, "title: t")
      const environment = { BASE_URL: url!, OPERATION: "operations/a", GOOGLE_ACCESS_TOKEN: "none" }
      const first = await ended(start(["examples/first-program.ts"], environment))
      assert.deepStrictEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: "" })
      assert.include(first.stdout, "title: 't'")
      const stats = await (await fetch(`${url}/emulator/stats`)).json()
      assert.deepStrictEqual(stats, { requests: 3, aborted: 0, openConnections: 0 })
    } finally {
      child.kill("SIGTERM")
    }
    const [code, signal] = await once(child, "close")
    assert.deepStrictEqual({ code, signal }, { code: 143, signal: null })
  }, 60_000)
})
