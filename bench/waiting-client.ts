/**
 * One way to wait, in a process of its own: `waiting-client.js <name> <waits> heap|cpu <interval in ms>`. Starts that many
 * waits for operations that never end, and prints what one of them holds on the heap while it sleeps, in bytes, or how
 * much CPU one poll takes, in µs.
 *
 * No socket is used: every client polls a stub, which answers in a microtask with the text of an operation.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** Starts waits for those operations. */
type Start = (names: ReadonlyArray<string>) => void

const metadata = {
  "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessContextManagerOperationMetadata"
}
const pending = JSON.stringify({ name: "operations/x", metadata })
const succeeded = JSON.stringify({ name: "operations/x", metadata, done: true, response: metadata })

let polls = 0
let text = succeeded

const poll = async (): Promise<{ readonly done?: boolean }> => {
  polls++
  return JSON.parse(text)
}

const pollEffect: Effect.Effect<string> = Effect.async((resume) => {
  polls++
  queueMicrotask(() => resume(Effect.succeed(text)))
})

// Without @effect/platform's clients: the service over a transport that is as lean as that of NodeOperations.
const service = async (interval: number) => {
  const { makeService } = await import("../src/internal/service.js")
  const Polling = await import("../src/Polling.js")
  const headers = { "content-type": "application/json; charset=UTF-8" }
  return Effect.runSync(
    makeService({
      send: (_, done) => {
        polls++
        let isAborted = false
        queueMicrotask(() => {
          if (!isAborted) done(Exit.succeed({ status: 200, headers, body: text, truncated: false }))
        })
        return () => {
          isAborted = true
          return Effect.void
        }
      },
      gracefulShutdownTimeout: Duration.seconds(1),
      release: Effect.void
    }, { schedule: Polling.spaced(interval) }).pipe(Scope.extend(Effect.runSync(Scope.make())))
  )
}

// The others' types are not at hand, for this package does not depend on them.
const load = (specifier: string): Promise<unknown> => import(specifier)

const forAll = <E>(wait: (name: string) => Effect.Effect<unknown, E>): Start => (names) =>
  void Effect.runFork(Effect.forEach(names, wait, { concurrency: "unbounded", discard: true }))

const clients = {
  "wait-all": async (interval: number): Promise<Start> => {
    const { waitAll } = await service(interval)
    return (names) => void Effect.runFork(Stream.runDrain(waitAll(names)))
  },
  wait: async (interval: number): Promise<Start> => {
    const { wait } = await service(interval)
    return forAll((name) => wait(name))
  },
  effect: async (interval: number): Promise<Start> =>
    forAll(() =>
      Effect.gen(function*() {
        while (true) {
          const operation = JSON.parse(yield* pollEffect)
          if (operation.done === true) return operation
          yield* Effect.sleep(interval)
        }
      })
    ),
  smithy: async (interval: number): Promise<Start> => {
    const { createWaiter } = await load("@smithy/util-waiter") as {
      createWaiter(options: object, input: object, check: () => Promise<{ readonly state: string }>): Promise<unknown>
    }
    const options = { client: {}, minDelay: interval / 1000, maxDelay: interval / 1000, maxWaitTime: interval }
    return (names) => {
      for (const name of names) {
        void createWaiter(options, { name }, async () => ({ state: (await poll()).done ? "SUCCESS" : "RETRY" }))
      }
    }
  },
  azure: async (intervalInMs: number): Promise<Start> => {
    const { createHttpPoller } = await load("@azure/core-lro") as {
      createHttpPoller(operation: object, options: object): { pollUntilDone(): Promise<unknown> }
    }
    return (names) => {
      for (const name of names) {
        const request = { method: "PUT", url: name }
        const answer = (statusCode: number, headers: object, body: object) => ({
          flatResponse: body,
          rawResponse: { statusCode, headers, body, request }
        })
        const poller = createHttpPoller({
          sendInitialRequest: async () => answer(202, { "operation-location": name }, {}),
          sendPollRequest: async () => {
            const body = await poll()
            return answer(200, {}, { ...body, status: body.done ? "Succeeded" : "Running" })
          }
        }, { intervalInMs, resourceLocationConfig: "operation-location" })
        void poller.pollUntilDone()
      }
    }
  },
  gax: async (interval: number): Promise<Start> => {
    const { default: gax } = await load("google-gax") as {
      default: {
        LongrunningDescriptor: new(client: object, response: unknown, metadata: unknown) => object
        createBackoffSettings(initial: number, multiplier: number, max: number, ...rest: Array<null>): object
        operation(operation: object, descriptor: object, backoff: object): { promise(): Promise<unknown> }
      }
    }
    const value = new TextEncoder().encode("metadata")
    const decode = (bytes: Uint8Array) => ({ bytes })
    const getOperationInternal = async () => [{ ...await poll(), metadata: { value }, response: { value } }]
    const descriptor = new gax.LongrunningDescriptor({ getOperationInternal }, decode, decode)
    const backoff = gax.createBackoffSettings(interval, 1, interval, null, null, null, null)
    return (names) => {
      for (const name of names) {
        void gax.operation({ name, done: false, metadata: { value } }, descriptor, backoff).promise()
      }
    }
  }
} satisfies Record<string, (interval: number) => Promise<Start>>

/** The names that `waiting-client.js` takes. */
export type Name = keyof typeof clients

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const polled = async (count: number): Promise<void> => {
  while (polls < count) await pause(10)
}

const heap = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    await pause(200)
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}

const [client, waits, what, millis] = process.argv.slice(2) as [Name, string, "heap" | "cpu", string]
const names = Array.from({ length: Number(waits) }, (_, index) => `operations/${index}`)
const start = await clients[client](Number(millis))

// Loads and compiles what there is: these end with their first poll.
start(names.slice(0, 100))
await polled(100)
await pause(100)
text = pending
polls = 0

const before = await heap()
start(names)
if (what === "heap") {
  await polled(names.length)
  console.log((await heap() - before) / names.length)
} else {
  await polled(Math.max(names.length, 20_000))
  const first = polls
  const since = process.cpuUsage()
  const end = performance.now() + 4000
  while (performance.now() < end || polls - first < names.length) await pause(10)
  const { system, user } = process.cpuUsage(since)
  console.log((user + system) / (polls - first))
}
process.exit()
