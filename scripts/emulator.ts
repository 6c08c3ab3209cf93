// npm run emulator -- --port 8787: serves an emulator until it is interrupted.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Runtime from "@effect/platform/Runtime"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { parseArgs } from "node:util"

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const usage = `Usage: npm run emulator -- [options]

Serves an API with long-running operations, with the resources of Access Context Manager.

  --port PORT             Default: 0, a free one.
  --host HOST             The address to listen on. Default: 127.0.0.1.
  --allow-remote          Listens on an address that other machines can reach. They can then script the emulator and
                          read what programs send to it.
  --allow-host NAME       Another name that clients may use for this server. Can be repeated.
  --origin ORIGIN         An origin whose pages may use the emulator from a browser, such as http://localhost:5173. Can be
                          repeated.
  --api-version VERSION   A version to serve, such as v2 or drive/v3. Can be repeated. Default: v1.
  --help                  Prints this.

Over HTTP:
  POST /emulator/operations  { "name": "operations/a", "steps": [{ "type": "pending" }, { "type": "succeeded" }] }
                             scripts an operation.
  POST /emulator/starts      { "method": "POST", "path": "/v1/{parent=projects/*}/things", "steps": [...] }
                             says what a method that starts an operation gives.
  GET /emulator/requests     lists the requests that came.
  GET /emulator/stats        counts requests and connections.`

const readOptions = Effect.try({
  try: () => {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string" },
        "allow-remote": { type: "boolean" },
        "allow-host": { type: "string", multiple: true },
        origin: { type: "string", multiple: true },
        "api-version": { type: "string", multiple: true },
        help: { type: "boolean", default: false }
      }
    })
    if (!/^\d{1,5}$/.test(values.port)) throw new Error(`port: Expected 0 to 65535, actual ${values.port}`)
    return {
      help: values.help,
      // An unknown version throws here.
      emulator: OperationsEmulator.make({ versions: values["api-version"] }),
      serve: {
        port: Number(values.port),
        host: values.host,
        allowRemote: values["allow-remote"],
        hosts: values["allow-host"],
        origins: values.origin
      }
    }
  },
  catch: (cause) => new UsageError({ message: (cause as Error).message })
})

const program = Effect.gen(function*() {
  const { emulator, help, serve } = yield* readOptions
  if (help) return yield* Console.log(usage)
  const { url } = yield* NodeOperationsEmulator.serve(emulator, serve)
  yield* Console.log(`listening on ${url}`)
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.catchTag(
    "ServeError",
    ({ cause }): Effect.Effect<never, Error | UsageError> =>
      cause instanceof RangeError ? new UsageError({ message: cause.message }) : Effect.fail(cause as Error)
  ),
  Effect.tapError((error) =>
    Console.error(`emulator: ${error.message}${error instanceof UsageError ? "; try --help" : ""}`)
  ),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause)))
)

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  teardown: (exit, onExit) =>
    Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof UsageError
      ? onExit(2)
      : Runtime.defaultTeardown(exit, onExit)
})
