// A Postgres of its own in a scratch folder, for tests and demos. It listens on the loopback interface.
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFile } from "node:child_process"
import { chmod, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

class PostgresError extends Data.TaggedError("PostgresError")<{ readonly message: string }> {}

export interface Postgres {
  /** The URL of a database, which is made if it does not exist. */
  readonly database: (name: string) => Effect.Effect<string, PostgresError>
  /** The rows of a query, as text. */
  readonly query: (url: string, sql: string) => Effect.Effect<string, PostgresError>
  /** Kills the server and all of its processes, as a crash does. */
  readonly crash: Effect.Effect<void, PostgresError>
  readonly start: Effect.Effect<void, PostgresError>
}

const run = (command: string, args: ReadonlyArray<string>): Effect.Effect<string, PostgresError> =>
  Effect.async((resume) => {
    execFile(command, args, { cwd: tmpdir(), timeout: 60_000 }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new PostgresError({ message: `${command} ${args.join(" ")}: ${error.message}\n${stderr}` }))
      ))
  })

/** The folder of Postgres's programs. Debian keeps them out of PATH. */
const binaries = Effect.promise(async (): Promise<string | undefined> => {
  const versions: ReadonlyArray<string> = await readdir("/usr/lib/postgresql").catch(() => [])
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
  ]
  for (const folder of folders) {
    const files: ReadonlyArray<string> = await readdir(folder).catch(() => [])
    if (["initdb", "pg_ctl", "psql"].every((file) => files.includes(file))) return folder
  }
  return undefined
})

export const isInstalled: Effect.Effect<boolean> = Effect.map(binaries, (folder) => folder !== undefined)

/** A port that nothing listens on. */
export const freePort: Effect.Effect<number> = Effect.async((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

export const postgres: Effect.Effect<Postgres, PostgresError, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* binaries
  if (folder === undefined) return yield* new PostgresError({ message: "Postgres is not installed" })
  const port = yield* freePort
  const home = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "postgres-"))),
    (home) => Effect.promise(() => rm(home, { recursive: true, force: true }))
  )
  // The server refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const uid = isRoot ? (yield* run("id", ["-u", "postgres"])).trim() : ""
  const gid = isRoot ? (yield* run("id", ["-g", "postgres"])).trim() : ""
  if (isRoot) {
    yield* Effect.promise(async () => {
      await chown(home, Number(uid), Number(gid))
      await chmod(home, 0o700)
    })
  }
  const program = (name: string, ...args: ReadonlyArray<string>) =>
    isRoot
      ? run("setpriv", [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", join(folder, name), ...args])
      : run(join(folder, name), args)
  const data = join(home, "data")
  // `trust` is for a server on the loopback interface that lives as long as a test.
  yield* program("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c fsync=off ` +
    "-c max_connections=400"
  const start = Effect.asVoid(program("pg_ctl", "-D", data, "-w", "-l", join(home, "log"), "-o", options, "start"))
  yield* Effect.acquireRelease(start, () => Effect.ignore(program("pg_ctl", "-D", data, "-m", "immediate", "stop")))
  const crash = Effect.gen(function*() {
    const [pid] = (yield* Effect.promise(() => readFile(join(data, "postmaster.pid"), "utf8"))).split("\n")
    process.kill(Number(pid), "SIGKILL")
    // Its children end when they notice. A new server waits for them, and starts over a stale file of the process's id.
    yield* Effect.sleep("500 millis")
    yield* Effect.promise(() => rm(join(data, "postmaster.pid"), { force: true }))
  })
  return {
    start: Effect.retry(start, { times: 10 }),
    crash,
    query: (url, sql) => program("psql", url, "-At", "-c", sql),
    database: (name) =>
      Effect.as(
        program("psql", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-c", `CREATE DATABASE ${name}`),
        `postgres://postgres@127.0.0.1:${port}/${name}`
      )
  }
})
