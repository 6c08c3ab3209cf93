import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
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
    "operations/a is pending",
    "operations/a is pending",
    "operations/a is pending",
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
    "failed: RESOURCE_EXHAUSTED, with a QuotaFailure",
    "still running: operations/long",
    "unknown state: PERMISSION_DENIED, HTTP 403",
    "unknown state: NOT_FOUND, HTTP 404"
  ],
  "wait-for-many": [
    "100 operations are done",
    "Operation operations/fails failed with ABORTED: a parallel operation holds the lock"
  ],
  "typed-results": [
    "my policy of organizations/123",
    "deleted",
    "Operation operations/level succeeded, but its response is not the " +
    "google.identity.accesscontextmanager.v1.AccessPolicy that was expected: it is of type " +
    "google.identity.accesscontextmanager.v1.AccessLevel. Do not start the operation again: accessPolicies/1/accessLevels/corp"
  ],
  "follow-and-cancel": ["20 %", "60 %", "ended with CANCELLED"],
  "resume": ["stored: version, name, api, startedAt, deadline", "my policy was created"],
  "wait-for-thousands": ["900 succeeded, 100 failed"],
  "wait-by-list": ["1800 of 2000 succeeded", "fewer than 50 requests"],
  "own-dialect": [
    "Pending: projects/p/locations/us-central1/jobs/j",
    "Failed (CANCELLED): projects/p/locations/us-central1/jobs/j",
    "refused: it is not a batch job of Dataflow",
    "POST …:fetchPredictOperation"
  ],
  "catalog": [
    "https://europe-west3-run.googleapis.com",
    "run v2 at https://us-central1-run.googleapis.com: projects/p/locations/us-central1/operations/o",
    "https://example.com/v2/operations/o is not the URL of an operation",
    "run v2 longRunning https://run.googleapis.com/v2 projects/*/locations/*/operations/*",
    "projects/p/locations/europe-west3/operations/o is done"
  ],
  "async-code": ["operations/a is done", "gave up on operations/endless", "open connections: 0"]
}

// Run below, with what they need, or by tests beside them.
const others = [
  "main",
  "first-program",
  "create-backup",
  "http-handler",
  "read-resource",
  "recipes",
  "telemetry",
  "two-apis",
  "write-outcomes"
]

const serve = async <A>(listener: RequestListener, use: (url: string) => Promise<A>): Promise<A> => {
  const server = createServer(listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

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
    assert.match(stdout, /pending, 0\.0 s, 0 polls\n(?:pending, .*\n)+succeeded, \d+\.\d s, \d polls\nAccessPolicy \{/)
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

describe.concurrent("the backup of a database", () => {
  it("shows its progress, and is cancelled by Ctrl-C", async () => {
    const name = "projects/p/instances/i/backups/nightly/operations/o"
    const metadata = {
      "@type": "type.googleapis.com/google.spanner.admin.database.v1.CreateBackupMetadata",
      progress: { progressPercent: 40 }
    }
    const requests: Array<string> = []
    const { code, stderr, stdout } = await serve(
      ({ method, url }, response) => {
        requests.push(`${method} ${url}`)
        response.end(JSON.stringify(url?.endsWith(":cancel") ? {} : { name, metadata }))
      },
      async (url) => {
        const program = start(["examples/create-backup.ts"], { BASE_URL: url, GOOGLE_ACCESS_TOKEN: "none" })
        while (!program.output.stdout.includes("\n")) await once(program.child.stdout, "data")
        program.child.kill("SIGINT")
        return ended(program)
      }
    )
    assert.deepStrictEqual([code, stderr, stdout], [0, "", "40 %\n"])
    assert.strictEqual(requests[0], "POST /v1/projects/p/instances/i/backups?backupId=nightly")
    assert.deepStrictEqual(requests.filter((line) => line.endsWith(":cancel")), [`POST /v1/${name}:cancel`])
  }, 60_000)
})

describe.concurrent("the outcomes of operations", () => {
  it("are written to a file", async () => {
    const result = { "@type": "x/google.identity.accesscontextmanager.v1.AccessLevel", name: "levels/a" }
    const directory = await mkdtemp(join(tmpdir(), "outcomes-"))
    const file = join(directory, "outcomes.txt")
    try {
      const { code, stderr } = await serve(
        ({ url }, response) => {
          const name = url?.slice("/v1/".length)
          response.end(JSON.stringify({ name, done: true, response: name === "operations/a" ? result : undefined }))
        },
        (url) => ended(start(["examples/write-outcomes.ts", file, "operations/a", "operations/b"], { BASE_URL: url }))
      )
      assert.deepStrictEqual([code, stderr], [0, ""])
      const lines = (await readFile(file, "utf8")).trimEnd().split("\n")
      assert.strictEqual(lines.length, 2)
      assert.include(lines, "operations/a: levels/a")
    } finally {
      await rm(directory, { recursive: true })
    }
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
      const environment = { BASE_URL: url!, PARENT: "organizations/123", GOOGLE_ACCESS_TOKEN: "none" }
      const first = await ended(start(["examples/first-program.ts"], environment))
      assert.deepStrictEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: "" })
      assert.match(first.stdout, /^accessPolicies\/\d+: my policy\n$/)
      const { requests, ...others } = await (await fetch(`${url}/emulator/stats`)).json()
      assert.isAbove(requests, 4)
      assert.deepStrictEqual(others, { aborted: 0, openConnections: 0 })
    } finally {
      child.kill("SIGTERM")
    }
    const [code, signal] = await once(child, "close")
    assert.deepStrictEqual({ code, signal }, { code: 143, signal: null })
  }, 60_000)

  // test/cli/commandLine.test.ts has all usage errors, in one process.
  it("exits with 2 and one line for a usage error, and with 0 for --help", async () => {
    const [wrong, { code, stderr, stdout }] = await Promise.all([
      run("src/cli/main.ts", "emulator", "--host", "0.0.0.0"),
      run("src/cli/main.ts", "emulator", "--help")
    ])
    assert.deepStrictEqual({ code: wrong.code, stdout: wrong.stdout }, { code: 2, stdout: "" })
    assert.match(
      wrong.stderr,
      /^error: --host: 0\.0\.0\.0 is not a loopback address, .* See (?:npx effect-)?google-operations emulator --help\n$/
    )
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    assert.match(stdout, /\nUsage: (?:npx effect-)?google-operations emulator \[OPTION…\]\n/)
    for (const path of ["operations", "starts", "requests", "stats"]) assert.include(stdout, `/emulator/${path} `)
    for (const option of ["port", "host", "allow-remote", "allow-host", "origin", "api-version", "help"]) {
      assert.include(stdout, ` --${option} `)
    }
  }, 60_000)
})
