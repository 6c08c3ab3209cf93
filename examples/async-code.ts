// Uses the service from async functions. A ManagedRuntime provides the service, and its disposal closes all
// connections.
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"

// An emulator instead of the API.
const scope = Effect.runSync(Scope.make())
const emulator = await Effect.runPromise(Scope.extend(NodeOperationsEmulator.make(), scope))
await Effect.runPromise(emulator.script("operations/a", [OperationsEmulator.succeeded()]))
await Effect.runPromise(emulator.script("operations/endless", [OperationsEmulator.pending()]))

const runtime = ManagedRuntime.make(NodeOperations.layer({ api: emulator.api }))

const wait = (name: string, signal?: AbortSignal) =>
  runtime.runPromise(
    Effect.flatMap(OperationsService.OperationsService, (operations) => operations.wait(name)),
    { signal }
  )

const operation = await wait("operations/a")
console.log(`${operation.name} is done`)

// An AbortSignal interrupts the wait and aborts its request.
await wait("operations/endless", AbortSignal.timeout(100)).catch(() => console.log("gave up on operations/endless"))

await runtime.dispose()
// The server notices a little later that the connection is closed.
const { openConnections } = await Effect.runPromise(Effect.delay(emulator.stats, "200 millis"))
console.log(`open connections: ${openConnections}`)
await Effect.runPromise(Scope.close(scope, Exit.void))
