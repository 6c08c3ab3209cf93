// The emulator in a separate process. A program that measures its own memory then does not measure the emulator.
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Pool } from "undici"
import type { Emulator } from "../../test/support/soak.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Starts the emulator. Requests to it use connections that are closed at once, because the emulator counts them. */
export const emulatorProcess = Effect.gen(function*() {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "emulator"], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"]
      })
      process.once("exit", () => child.kill())
      return child
    }),
    (child) => Effect.sync(() => child.kill())
  )
  const line = yield* Effect.promise(async () => {
    for await (const line of createInterface({ input: child.stdout })) return line
    throw new Error("the emulator has ended")
  })
  const url = line.replace("listening on ", "")
  const withPool = <A>(connections: number, use: (pool: Pool) => Promise<A>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => new Pool(url, { connections })),
      (pool) => Effect.promise(() => use(pool)),
      (pool) => Effect.promise(() => pool.destroy())
    )
  const emulator: Emulator = {
    api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: url }),
    script: (operations) =>
      withPool(8, (pool) =>
        Promise.all(operations.map(async ({ name, steps }) => {
          const body = JSON.stringify({ name, steps })
          const answer = await pool.request({ method: "POST", path: "/emulator/operations", body })
          await answer.body.dump()
          if (answer.statusCode !== 200) throw new Error(`the emulator refused ${body}`)
        }))).pipe(Effect.asVoid),
    stats: withPool(1, async (pool) =>
      (await pool.request({ method: "GET", path: "/emulator/stats" }))
        .body.json() as Promise<OperationsEmulator.Stats>)
  }
  return emulator
})
