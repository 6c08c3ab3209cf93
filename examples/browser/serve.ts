// npm run example:browser: serves the page and an emulator. They have different origins. The emulator allows requests from the origin of
// the page.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const pending = (progressPercent: number) =>
  OperationsEmulator.pending({
    duration: "1 second",
    metadata: ProtobufAny.pack("example.CreateBackupMetadata", { progressPercent })
  })

/** Serves files by their paths until the scope ends. Returns the origin. */
const servePage = (files: ReadonlyMap<string, readonly [type: string, content: string]>) =>
  Effect.acquireRelease(
    Effect.async<{ readonly origin: string; readonly close: () => void }>((resume) => {
      const server = createServer(({ url = "/" }, response) => {
        const file = files.get(url)
        response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.[0] ?? "text/plain" }).end(file?.[1])
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          origin: `http://127.0.0.1:${port}`,
          close: () => {
            server.close()
            server.closeAllConnections()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const program = Effect.gen(function*() {
  const files = new Map<string, readonly [type: string, content: string]>()
  const { origin } = yield* servePage(files)

  const emulator = yield* NodeOperationsEmulator.make({ origins: [origin] })
  yield* emulator.onStart({ path: "/v1/backups" }, [
    pending(0),
    pending(20),
    pending(55),
    pending(90),
    OperationsEmulator.succeeded({ response: ProtobufAny.pack("example.Backup", { name: "backups/nightly" }) })
  ])

  const { outputFiles: [script] } = yield* Effect.promise(() =>
    build({
      entryPoints: [fileOf("main.ts")],
      bundle: true,
      format: "esm",
      target: "es2022",
      write: false,
      define: { API_URL: JSON.stringify(emulator.url) }
    })
  )
  const page = yield* Effect.promise(() => readFile(fileOf("index.html"), "utf8"))
  files.set("/", ["text/html; charset=utf-8", page])
  files.set("/main.js", ["text/javascript; charset=utf-8", script!.text])

  yield* Console.log(`Open ${origin}. The emulator is at ${emulator.url}. Press Ctrl-C to stop.`)
  yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))
