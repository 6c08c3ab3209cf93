// What a runner on SQLite leaves behind after some hundred waits, while another process writes to its file.
import { assert, it } from "@effect/vitest"
import * as DurableOperations from "effect-google-operations/DurableOperations"
import * as DurableSqlite from "effect-google-operations/DurableSqlite"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Writes in short transactions, one after the other, and prints a line for each. A connection that was busy is not used again. */
const writer = `
import { createClient } from "@libsql/client"
const open = () => createClient({ url: "file:" + process.argv[1] })
let client = open()
const free = async (statement) => {
  while (true) {
    try {
      return await client.execute(statement)
    } catch (error) {
      if (!String(error.code).startsWith("SQLITE_BUSY")) throw error
      client.close()
      await new Promise((resolve) => setTimeout(resolve, 5))
      client = open()
    }
  }
}
await free("CREATE TABLE IF NOT EXISTS other (at INTEGER)")
while (true) {
  await free("BEGIN IMMEDIATE")
  await client.execute("INSERT INTO other VALUES (1)")
  await new Promise((resolve) => setTimeout(resolve, 20))
  await client.execute("COMMIT")
  console.log("committed")
  await new Promise((resolve) => setTimeout(resolve, 50))
}
`

/** Starts the process that writes, and returns how many transactions it has committed. */
const writing = (filename: string) =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--input-type=module", "--eval", writer, filename], {
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      (child) =>
        Effect.promise(async () => {
          if (child.kill("SIGKILL")) await once(child, "exit")
        })
    )
    let commits = 0
    child.stdout.on("data", (chunk) => commits += String(chunk).split("\n").length - 1)
    return () => commits
  })

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** How often this process has opened the file and its logs, and what it keeps in memory, in bytes. */
const level = (filename: string) =>
  Effect.promise(async () => {
    const links = await Promise.all(
      (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""))
    )
    collectGarbage()
    const { heapUsed, rss } = process.memoryUsage()
    return { files: links.filter((link) => link.startsWith(filename)).length, heap: heapUsed, rss }
  })

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

it.scopedLive.skipIf(process.platform !== "linux")(
  "keeps its open files and its memory flat over some hundred waits, while another process writes to the file",
  () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "durable-"))),
        (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
      )
      const filename = join(folder, "operations.db")
      const emulator = OperationsEmulator.make()
      const context = yield* Layer.build(
        DurableOperations.layer({ schedule: Polling.spaced("500 millis") }).pipe(
          Layer.provideMerge(OperationsService.layer()),
          Layer.provideMerge(DurableSqlite.layer({ filename })),
          Layer.provide(OperationsEmulator.layerHttpClient),
          Layer.provide(Layer.succeed(OperationsEmulator.OperationsEmulator, emulator))
        )
      )
      const commits = yield* writing(filename)
      const round = (prefix: string) =>
        Effect.forEach(
          Array.from({ length: 80 }, (_, index) => `operations/${prefix}/${index}`),
          (name) =>
            Effect.gen(function*() {
              yield* emulator.script(name, [
                OperationsEmulator.pending({ times: 2 }),
                OperationsEmulator.succeeded()
              ])
              const service = yield* OperationsService.OperationsService
              const operation = yield* DurableOperations.attach(yield* service.handle(name))
              assert.strictEqual(operation.name, name)
            }),
          { concurrency: "unbounded", discard: true }
        ).pipe(Effect.provide(context), Effect.zipRight(level(filename)))
      const levels = yield* Effect.forEach(["a", "b", "c", "d"], round)
      const written = commits()
      if (process.env["SHOW_COST"] !== undefined) {
        console.log(
          levels.map(({ files, heap, rss }) => `${files} files, heap ${megabytes(heap)} MB, RSS ${megabytes(rss)} MB`),
          `${written} transactions of the other process`
        )
      }
      const [, first, , last] = levels
      assert(first !== undefined && last !== undefined)
      // The database, its write-ahead log, and the index of that.
      assert.isAtMost(last.files, 3)
      assert.isAtMost(last.heap - first.heap, 16 * 2 ** 20)
      assert.isAtMost(last.rss - first.rss, 64 * 2 ** 20)
      assert.isAbove(written, 20)
    }),
  150_000
)
