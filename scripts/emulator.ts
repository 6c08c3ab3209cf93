// npm run emulator -- --port 8787: serves the emulator on 127.0.0.1 until it is interrupted.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const usage = "usage: npm run emulator -- [--port PORT]"

const options = Effect.try({
  try: () => {
    const { port } = parseArgs({ options: { port: { type: "string", default: "0" } } }).values
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`${port} is not a port`)
    return { port: Number(port) }
  },
  catch: (cause) => new UsageError({ message: `${(cause as Error).message}; ${usage}` })
})

const program = Effect.gen(function*() {
  const { url } = yield* OperationsEmulator.make().serve(yield* options)
  yield* Console.log(`listening on ${url}`)
  yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.catchTag("ServeError", ({ cause }) => Effect.fail(cause as Error)),
  Effect.tapError((error) => Console.error(`emulator: ${error.message}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
