// Random calls of a service, interrupted and closed at random times, over a client that fails in every way. FUZZ_RUNS=N makes
// more runs than `npm test` does, FUZZ_SEED=N begins at another seed. A failure names the seed of its run.
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { createServer, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { Writable } from "node:stream"
import { origin } from "../support/http.js"
import { Player } from "../support/interleavings/player.js"
import { boom, type Kind, second, throwing, World } from "../support/interleavings/world.js"
import { eventually } from "../support/sockets.js"
import { VirtualClock } from "../support/virtualClock.js"

const runs = Number(process.env["FUZZ_RUNS"] ?? 200)
const firstSeed = Number(process.env["FUZZ_SEED"] ?? 1)
const runsInATest = 50
/** No call begins later. */
const lastAction = 4 * second
/** What is in progress then is interrupted. */
const end = 8 * second

/** A client in memory, with the number of its requests in flight. */
const mockClient = (world: World) => {
  const { choices, problems } = world
  let inFlight = 0
  const allPolls = new Map<string, Set<object>>()

  // A poll that was aborted may take a moment to end.
  const beginPoll = (name: string): () => void => {
    const poll = {}
    const others = [...allPolls.get(name) ?? []]
    const polls = new Set([...others, poll])
    allPolls.set(name, polls)
    if (others.length > 0) {
      setImmediate(() => {
        const current = allPolls.get(name)!
        if (current.has(poll) && others.some((other) => current.has(other))) {
          problems.push(`two polls of ${name} in flight`)
        }
      })
    }
    return () => void allPolls.get(name)!.delete(poll)
  }

  const respond = (
    request: HttpClientRequest.HttpClientRequest,
    kind: Kind,
    name: string
  ): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
    switch (choices.weighted({ responds: 97, dies: 1, throws: 1, interrupts: 1 })) {
      case "dies":
        return Effect.die(boom)
      case "throws":
        return throwing()
      case "interrupts":
        world.hasInterruptedItself = true
        return Effect.interrupt
      case "responds": {
        const response = world.respond(kind, name)
        switch (response) {
          case "lost":
            return Effect.fail(
              new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error("lost") })
            )
          case "silent":
            return Effect.never
          case "brokenBody":
            return Effect.succeed(
              HttpClientResponse.fromWeb(request, new Response(new ReadableStream({ pull: throwing })))
            )
          default:
            return Effect.sync(() => HttpClientResponse.fromWeb(request, response()))
        }
      }
    }
  }

  const client = HttpClient.make((request) => {
    const { kind, name } = world.take(request.url)
    const delay = world.delay()
    const isUninterruptible = delay > 0 && choices.happens(0.05)
    const response = Effect.suspend(() => respond(request, kind, name))
    const sleep = Effect.sleep(delay)
    inFlight++
    const isOver = kind === "poll" && !isUninterruptible ? beginPoll(name) : () => {}
    return Effect.ensuring(
      delay === 0
        ? response
        : Effect.zipRight(isUninterruptible ? Effect.uninterruptible(sleep) : sleep, response),
      Effect.sync(() => {
        inFlight--
        isOver()
      })
    )
  })
  return { client, inFlight: () => inFlight }
}

/** A server on a loopback port. */
const listen = (world: World) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly server: Server; readonly connections: Set<Socket> }>((resume) => {
      const connections = new Set<Socket>()
      const server = createServer((request, response) => {
        const { kind, name } = world.take(request.url ?? "")
        const answer = world.respond(kind, name)
        const send = (): void => {
          if (answer === "silent" || response.destroyed) return
          if (answer === "lost") return void request.socket.destroy()
          if (answer === "brokenBody") {
            response.writeHead(200, { "content-length": "100" })
            response.write("{")
            return void setTimeout(() => request.socket.destroy(), 5)
          }
          const { body, headers, status } = answer()
          response.writeHead(status, Object.fromEntries(headers))
          if (body === null) response.end()
          else void body.pipeTo(Writable.toWeb(response))
        }
        setTimeout(send, world.delay())
      })
      server.on("connection", (socket) => {
        connections.add(socket)
        socket.on("close", () => connections.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, server, connections }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const credentialsOf = ({ choices, pace }: World): Credentials.Credentials => {
  let token = 0
  return choices.happens(0.6) ? Credentials.anonymous : Credentials.make({
    headers: ({ refresh }) => {
      if (refresh) token++
      const headers = Effect.succeed({ authorization: Redacted.make(`Bearer ${token}`) })
      switch (choices.weighted({ good: 80, later: 10, fails: 5, dies: 1, throws: 1 })) {
        case "good":
          return headers
        case "later":
          return Effect.delay(headers, 100 * pace)
        case "fails":
          return Effect.fail(
            new HttpError.HttpError({ reason: "Authentication", description: "no", isTransient: choices.happens(0.8) })
          )
        case "dies":
          return Effect.die(boom)
        case "throws":
          return throwing()
      }
    }
  })
}

const optionsOf = (world: World, baseUrl = origin): OperationsService.Options => {
  const { choices, pace } = world
  return {
    api: GoogleApi.make({
      ...GoogleApi.accessContextManager,
      baseUrl,
      methods: { wait: choices.happens(0.3) ? "body" : false }
    }),
    credentials: credentialsOf(world),
    requestTimeout: 2 * second * pace,
    requestBudget: choices.of([
      undefined,
      undefined,
      { concurrent: 1 },
      { concurrent: 2 },
      { perSecond: 10 },
      { perSecond: 20, concurrent: 2 }
    ])
  }
}

const quietRuntime = Logger.withMinimumLogLevel(Effect.runtime<never>(), LogLevel.None)

const turn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** What a run may leave behind in the process. */
const leftovers = Effect.map(Fiber.roots, (fibers) => ({
  fibers: new Set(fibers),
  timers: process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length,
  sockets: process.getActiveResourcesInfo().filter((resource) => resource.startsWith("TCP")).length
}))

/** Runs the effect, then says what of it is left, and which errors nothing has handled. */
const withoutLeftovers = <A, E, R>(problems: Array<string>, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const onError = (error: unknown): void => void problems.push(`unhandled: ${String(error)}`)
    process.on("unhandledRejection", onError).on("uncaughtException", onError)
    const before = yield* leftovers
    yield* effect
    // What has ended may take a moment to be gone.
    const left = yield* Effect.repeat(
      Effect.zipRight(
        turn,
        Effect.map(leftovers, ({ fibers, sockets, timers }) =>
          [
            [[...fibers].filter((fiber) => !before.fibers.has(fiber)).length, "fibers"],
            [timers - before.timers, "timers"],
            [sockets - before.sockets, "sockets"]
          ] as const)
      ),
      { until: (left) => left.every(([count]) => count <= 0), times: 1_000 }
    )
    for (const [count, what] of left) if (count > 0) problems.push(`${count} ${what} are left`)
    process.off("unhandledRejection", onError).off("uncaughtException", onError)
  })

/** Begins random calls at random times, within the same turn as what else is due then. */
const beginCalls = ({ choices, pace }: World, player: Player, runtime: Runtime.Runtime<never>): void => {
  for (let count = 10 + choices.below(15); count > 0; count--) {
    const at = choices.below(lastAction / 100 + 1) * 100 * pace
    Runtime.runFork(runtime)(Effect.delay(Effect.sync(() => player.act()), at))
  }
}

/** One run in memory. Gives what is wrong. */
const interleave = (seed: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const clock = new VirtualClock()
    const world = new World(seed, { now: () => clock.time, pace: 1, lateness: 0 })
    const { choices, problems } = world
    yield* withoutLeftovers(
      problems,
      Effect.scoped(Effect.gen(function*() {
        const runtime = yield* Effect.withClock(quietRuntime, clock)
        const { client, inFlight } = mockClient(world)
        const service = yield* Effect.provideService(
          OperationsService.make(optionsOf(world)),
          HttpClient.HttpClient,
          client
        )
        const player = new Player(world, service, runtime)
        const close = Effect.map(service.close, () => {
          world.isClosed = true
        })
        beginCalls(world, player, runtime)
        const how = choices.of(["together", "oneByOne"] as const)
        if (choices.happens(0.2)) {
          yield* clock.pass(choices.below(60) * 100, how)
          yield* close
        }
        yield* clock.pass(lastAction + 2 * second - clock.time, how)
        player.beQuiet()
        yield* clock.pass(end - clock.time, how)
        player.interruptAll()
        yield* clock.pass(10 * second, how)
        player.check()
        const requests = world.sent.length
        yield* clock.pass(3_600 * second, how)
        if (world.sent.length > requests) problems.push(`${world.sent.length - requests} requests after the end`)
        yield* close
        if (inFlight() > 0) problems.push(`${inFlight()} requests in flight`)
        if (clock.sleeping > 0) problems.push(`${clock.sleeping} sleeps`)
      }))
    )
    return problems.map((problem) => `seed ${seed}: ${problem}`)
  })

/** One run over sockets, at a tenth of the time. Gives what is wrong. */
const interleaveOverSockets = (seed: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const world = new World(seed, { now: () => performance.now(), pace: 0.1, lateness: 1_000 })
    const { choices, pace, problems } = world
    yield* Effect.scoped(Effect.gen(function*() {
      const { connections, url } = yield* listen(world)
      const runtime = yield* quietRuntime
      const service = yield* NodeOperations.make(optionsOf(world, url))
      const player = new Player(world, service, runtime)
      beginCalls(world, player, runtime)
      if (choices.happens(0.2)) {
        yield* Effect.sleep(choices.below(60) * 100 * pace)
        yield* service.close
      }
      yield* Effect.sleep(end * pace)
      player.interruptAll()
      yield* eventually("every call has ended", Effect.sync(() => player.haveEnded()), 5)
      player.check()
      yield* service.close
      // The server may still read what was sent before.
      yield* eventually("no connection is open", Effect.sync(() => connections.size === 0), 5)
      world.isClosed = true
      yield* Effect.sleep("50 millis")
    }))
    return problems.map((problem) => `seed ${seed}: ${problem}`)
  })

const seedsFrom = (first: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => firstSeed + first + index)

describe("random calls, interrupted and closed at random times", () => {
  for (let first = 0; first < runs; first += runsInATest) {
    const seeds = seedsFrom(first, Math.min(runsInATest, runs - first))
    it.live(
      `end in an allowed way and leave nothing: seeds ${seeds[0]} to ${seeds.at(-1)}`,
      () =>
        Effect.gen(function*() {
          const problems = yield* Effect.forEach(seeds, interleave)
          assert.deepStrictEqual(problems.flat(), [])
        }),
      60_000
    )
  }

  it.live("end in an allowed way and leave no socket", () =>
    Effect.gen(function*() {
      const problems: Array<string> = []
      yield* withoutLeftovers(
        problems,
        Effect.forEach(
          seedsFrom(0, runs / 10),
          (seed) => Effect.map(interleaveOverSockets(seed), (found) => problems.push(...found)),
          { concurrency: 10 }
        )
      )
      assert.deepStrictEqual(problems, [])
    }), 120_000)
})
