// Random calls of a service, interrupted and closed at random times, over a client that fails in every way. FUZZ_RUNS=N makes
// more runs than `npm test` does, FUZZ_SEED=N begins at another seed. A failure names the seed of its run.
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { createServer, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { Writable } from "node:stream"
import { googleError, html, json } from "../support/answers.js"
import { origin } from "../support/http.js"
import { Choices } from "../support/random.js"
import { eventually } from "../support/sockets.js"
import { VirtualClock } from "../support/virtualClock.js"

const runs = Number(process.env["FUZZ_RUNS"] ?? 200)
const firstSeed = Number(process.env["FUZZ_SEED"] ?? 1)
const runsInATest = 50

/** What every function of the user's throws. */
const boom = new Error("boom")
const throwing = (): never => {
  throw boom
}

const second = 1_000
/** No call begins later. */
const lastAction = 4 * second
/** How long the server and the credentials may keep a cancel. */
const longestCancel = 1_600
/** What is in progress then is interrupted. */
const end = 8 * second
/** More elements than a stream has. */
const all = 1_000_000
const names = ["operations/a", "operations/b", "operations/c"]

// ---------------------------------------------------------------------------------------------------------------------
// The server, and clients that fail in every way
// ---------------------------------------------------------------------------------------------------------------------

type Kind = "get" | "poll" | "cancel" | "start"

interface Sent {
  readonly order: number
  readonly at: number
  readonly kind: Kind
  readonly name: string
}

/** One run: its random choices, what its server knows, and what has happened. */
class World {
  readonly choices: Choices
  /** In ms. */
  readonly now: () => number
  /** What every time is multiplied by. */
  readonly pace: number
  /** How late a deadline may be kept, in ms. */
  readonly lateness: number
  /** Counts requests and calls, so that their order is known within one millisecond. */
  order = 0
  readonly sent: Array<Sent> = []
  /** The operations that are done, with their last state. */
  readonly done = new Map<string, Record<string, unknown>>()
  readonly problems: Array<string> = []
  hasInterruptedItself = false
  isClosed = false
  /** Whether operations are cancelled: by calls of `cancel`, at the end of waits, or not at all. */
  readonly cancels: "never" | "byCalls" | "byWaits"

  constructor(seed: number, options: Pick<World, "lateness" | "now" | "pace">) {
    this.choices = new Choices(seed)
    this.now = options.now
    this.pace = options.pace
    this.lateness = options.lateness
    this.cancels = this.choices.of(["never", "byCalls", "byWaits", "byWaits"])
  }

  /** Notes a request. */
  take(url: string): { readonly kind: Kind; readonly name: string } {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    const [name = "", verb] = pathname.slice("/v1/".length).split(":")
    // Only `get` asks for an error format.
    const kind = name === "accessPolicies"
      ? "start"
      : verb === "cancel"
      ? "cancel"
      : searchParams.has("$.xgafv")
      ? "get"
      : "poll"
    this.sent.push({ order: this.order++, at: this.now(), kind, name })
    if (this.isClosed) this.problems.push(`${kind} of ${name} after close`)
    return { kind, name }
  }

  /** How a server responds, or fails to. */
  respond(kind: Kind, name: string): (() => Response) | "lost" | "silent" | "brokenBody" {
    const choice = this.choices.weighted({
      good: 70,
      unavailable: 8,
      lost: 4,
      silent: kind === "cancel" ? 0 : 4,
      brokenBody: 2,
      html: 2,
      redirect: 2,
      forbidden: 1,
      cancelled: 2,
      refused: kind === "cancel" ? 0 : 2
    })
    switch (choice) {
      case "good":
        return () => this.#good(kind, name)
      case "unavailable":
        return () => googleError(503, "UNAVAILABLE")
      case "html":
        return html(200)
      case "redirect":
        return () => new Response(null, { status: 302 })
      case "forbidden":
        return () => googleError(403, "PERMISSION_DENIED")
      case "cancelled":
        return () => googleError(499, "CANCELLED")
      case "refused":
        return () => googleError(401, "UNAUTHENTICATED")
      default:
        return choice
    }
  }

  #good(kind: Kind, name: string): Response {
    if (kind === "cancel") {
      if (!this.done.has(name) && this.choices.happens(0.5)) {
        this.done.set(name, { name, done: true, error: { code: 1, message: "cancelled" } })
      }
      return json({})
    }
    if (kind === "start") return json({ name: this.choices.of(names) })
    if (!this.done.has(name) && this.choices.happens(0.08)) {
      this.done.set(
        name,
        this.choices.happens(0.7) ? { name, done: true } : { name, done: true, error: { code: 9, message: "no" } }
      )
    }
    const headers: Record<string, string> = this.choices.happens(0.05) ? { "retry-after": "1" } : {}
    return json(this.done.get(name) ?? { name, metadata: { percent: this.choices.below(3) } }, { headers })
  }

  /** How long a response takes, in ms. */
  delay(): number {
    return this.choices.of([0, 0, 0, 100, 100, 200, 500, 1_500]) * this.pace
  }
}

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

const scheduleOf = ({ choices, pace }: World): Schedule.Schedule<unknown> => {
  const spaced = Schedule.spaced(choices.of([100, 200, 500, 1_000]) * pace)
  switch (choices.weighted({ endless: 70, finite: 15, slow: 10, dies: 2 })) {
    case "endless":
      return spaced
    case "finite":
      return Schedule.intersect(spaced, Schedule.recurs(choices.below(6)))
    case "slow":
      return Schedule.delayedEffect(spaced, (delay) => Effect.delay(Effect.succeed(delay), 100 * pace))
    case "dies":
      return Schedule.tapInput(spaced, () => choices.happens(0.3) ? Effect.die(boom) : Effect.void)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls
// ---------------------------------------------------------------------------------------------------------------------

/** A call in progress, with what its end is checked by: the right exits give nothing. */
interface Call {
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly check: (exit: Exit.Exit<unknown, unknown>) => string | undefined
  isInterrupted: boolean
  endedAt: number
}

interface Expected<A> {
  readonly what: string
  readonly onSuccess: (value: A) => boolean
  readonly onFailure: (error: unknown, at: number) => boolean
  /** When it must have ended, unless it is interrupted. */
  readonly deadline?: number
}

class Player {
  readonly calls: Array<Call> = []
  /** The orders of all calls that may cause a cancel of an operation. */
  readonly #cancelling = new Map<string, Array<number>>(names.map((name) => [name, []]))
  readonly #world: World
  #quietSince = Infinity
  readonly #service: OperationsService.Service
  readonly #runtime: Runtime.Runtime<never>

  constructor(world: World, service: OperationsService.Service, runtime: Runtime.Runtime<never>) {
    this.#world = world
    this.#service = service
    this.#runtime = runtime
  }

  /** Calls a method, or interrupts a call. */
  act(): void {
    const { cancels, choices } = this.#world
    const action = choices.weighted({
      wait: 30,
      waitAll: 15,
      updates: 15,
      get: 8,
      start: 6,
      cancel: cancels === "byCalls" ? 6 : 0,
      interrupt: 25
    })
    this[action]()
  }

  get(): void {
    const name = this.#world.choices.of(names)
    this.#fork(this.#service.get(name, { xgafv: "2" }), {
      what: `get ${name}`,
      onSuccess: (operation) => operation.name === name,
      onFailure: (error) => HttpError.isHttpError(error) || this.#isVerdict(name, error)
    })
  }

  wait(): void {
    const { operation, name, timeout } = this.#waitable()
    const options = this.#waitOptions([name])
    const limit = options.timeout ?? timeout
    const deadline = limit === undefined ? Infinity : this.#world.now() + limit
    this.#fork(this.#service.wait(operation, options), {
      what: `wait ${name}`,
      onSuccess: (operation) => this.#isSuccess(name, operation),
      onFailure: (error, at) =>
        this.#isWaitFailure(name, error) &&
        (!WaitTimeoutError.isWaitTimeoutError(error) || error.reason !== "Timeout" || at >= deadline),
      // The last of several waits cancels the operation if any of them has asked for that.
      deadline: deadline + (this.#world.cancels === "byWaits" ? longestCancel : 0) + this.#world.lateness
    })
  }

  updates(): void {
    const { choices, pace } = this.#world
    const { operation, name } = this.#waitable()
    const options = { ...this.#waitOptions([name]), emitUnchanged: choices.happens(0.3) }
    const pause = choices.of([0, 0, 100, 300]) * pace
    const count = choices.of([all, all, 1, 2])
    const states: Array<Operation.Operation> = []
    this.#fork(
      this.#service.updates(operation, options).pipe(
        Stream.take(count),
        Stream.runForEach((state) => {
          states.push(state)
          return pause === 0 ? Effect.void : Effect.sleep(pause)
        })
      ),
      {
        what: `updates ${name}`,
        onSuccess: () =>
          states.every((state) => state.name === name) &&
          (states.length === count || this.#isSuccess(name, states.at(-1))),
        onFailure: (error) => this.#isWaitFailure(name, error)
      }
    )
  }

  waitAll(): void {
    const { choices } = this.#world
    const waited = choices.shuffled([...names, ...names]).slice(0, choices.below(7))
    const count = choices.of([all, all, all, 1])
    const nameOf = (operation: OperationsService.Waitable) => typeof operation === "string" ? operation : operation.name
    this.#fork(
      this.#service.waitAll(waited.map((name) => this.#waitable(name).operation), this.#waitOptions(waited)).pipe(
        Stream.take(count),
        Stream.runCollect
      ),
      {
        what: `waitAll ${waited.join(" ")}`,
        onSuccess: (outcomes) =>
          Chunk.size(outcomes) === Math.min(count, waited.length) &&
          (count < all ||
            assertSame(Chunk.toReadonlyArray(outcomes).map(({ operation }) => nameOf(operation)), waited)) &&
          Chunk.every(outcomes, ({ operation, result }) =>
            result._tag === "Right"
              ? this.#isSuccess(nameOf(operation), result.right)
              : this.#isWaitFailure(nameOf(operation), result.left)),
        onFailure: () => false
      }
    )
  }

  start(): void {
    const onInterrupt = this.#cancelOrDetach()
    if (onInterrupt === "cancel") this.#mayCancel(names)
    this.#fork(this.#service.start(HttpClientRequest.post("/v1/accessPolicies"), { onInterrupt }), {
      what: "start",
      onSuccess: ({ name }) => names.includes(name),
      onFailure: HttpError.isHttpError
    })
  }

  cancel(): void {
    const name = this.#world.choices.of(names)
    this.#mayCancel([name])
    this.#fork(this.#service.cancel(name), {
      what: `cancel ${name}`,
      onSuccess: () => true,
      onFailure: HttpError.isHttpError
    })
  }

  interrupt(): void {
    if (this.calls.length > 0) this.#interrupt(this.#world.choices.of(this.calls))
  }

  /** No call begins any more, and the cancels of the waits that ended before were sent. */
  beQuiet(): void {
    this.#quietSince = this.#world.order
  }

  interruptAll(): void {
    for (const call of this.#world.choices.shuffled(this.calls)) this.#interrupt(call)
  }

  haveEnded(): boolean {
    return this.calls.every(({ fiber }) => fiber.unsafePoll() !== null)
  }

  /** Notes what is wrong with the ends of the calls, and with the cancels. */
  check(): void {
    const { cancels, problems, sent } = this.#world
    for (const { check, fiber } of this.calls) {
      const exit = fiber.unsafePoll()
      const problem = exit === null ? "a call that has not ended" : check(exit)
      if (problem !== undefined) problems.push(problem)
    }
    for (const name of names) {
      const cancelled = sent.filter((sent) => sent.kind === "cancel" && sent.name === name)
      const causes = this.#cancelling.get(name)!
      // Each cancel has a call of its own that has asked for it before.
      for (const [index, { order }] of cancelled.entries()) {
        if (causes.filter((cause) => cause < order).length <= index) {
          problems.push(`cancel ${index} of ${name} by nobody`)
        }
      }
      // No wait begins any more, so one group of waits is left for each operation.
      const late = cancelled.filter(({ order }) => order >= this.#quietSince).length
      if (cancels === "byWaits" && late > 1) problems.push(`${late} cancels of ${name} by the last waits`)
    }
  }

  #interrupt(call: Call): void {
    if (call.fiber.unsafePoll() !== null) return
    call.isInterrupted = true
    call.fiber.unsafeInterruptAsFork(FiberId.none)
  }

  #cancelOrDetach(): "cancel" | "detach" {
    const { cancels, choices } = this.#world
    return cancels === "byWaits" && choices.happens(0.5) ? "cancel" : "detach"
  }

  #mayCancel(operations: ReadonlyArray<string>): void {
    for (const name of operations) this.#cancelling.get(name)!.push(this.#world.order++)
  }

  #waitable(name = this.#world.choices.of(names)): {
    readonly operation: OperationsService.Waitable
    readonly name: string
    readonly timeout?: number | undefined
  } {
    const { choices, pace } = this.#world
    switch (choices.weighted({ name: 60, pending: 20, handle: 20 })) {
      case "name":
        return { operation: name, name }
      case "pending":
        return { operation: Operation.pending({ name }), name }
      case "handle": {
        const timeout = choices.happens(0.5) ? undefined : 2 * second * pace
        return { operation: Runtime.runSync(this.#runtime)(this.#service.handle(name, { timeout })), name, timeout }
      }
    }
  }

  #waitOptions(operations: ReadonlyArray<string>) {
    const { choices, pace } = this.#world
    const timeout = choices.of([undefined, undefined, undefined, 0, 300, 1_000, 3_000])
    const options = {
      schedule: scheduleOf(this.#world),
      retrySchedule: scheduleOf(this.#world),
      timeout: timeout === undefined ? undefined : timeout * pace,
      onInterrupt: this.#cancelOrDetach(),
      onTimeout: this.#cancelOrDetach(),
      isTransient: choices.happens(0.9) ?
        undefined :
        (error: HttpError.HttpError) => choices.happens(0.1) ? throwing() : error.isTransient || choices.happens(0.3)
    }
    if (options.onInterrupt === "cancel" || options.onTimeout === "cancel") this.#mayCancel(operations)
    return options
  }

  #isSuccess(name: string, operation: Operation.Operation | undefined): boolean {
    const done = this.#world.done.get(name)
    return operation?._tag === "Succeeded" && operation.name === name && done !== undefined && !("error" in done)
  }

  #isVerdict(name: string, error: unknown): boolean {
    return OperationError.isOperationError(error) && error.operation.name === name &&
      "error" in (this.#world.done.get(name) ?? {})
  }

  #isWaitFailure(name: string, error: unknown): boolean {
    return HttpError.isHttpError(error) || this.#isVerdict(name, error) ||
      (WaitTimeoutError.isWaitTimeoutError(error) && error.operationName === name)
  }

  // Runs a call in a fiber that begins at once.
  #fork<A, E>(effect: Effect.Effect<A, E>, { deadline = Infinity, onFailure, onSuccess, what }: Expected<A>): void {
    const fiber = Runtime.runFork(this.#runtime)(effect)
    const wrong = (problem: string): string => `${what}: ${problem}`
    const call: Call = {
      fiber,
      isInterrupted: false,
      endedAt: 0,
      check: (exit) => {
        if (!call.isInterrupted && call.endedAt > deadline) return wrong(`ended ${call.endedAt - deadline} ms late`)
        if (Exit.isSuccess(exit)) {
          return onSuccess(exit.value as A) ? undefined : wrong(`an unexpected result: ${JSON.stringify(exit.value)}`)
        }
        if (Cause.isInterrupted(exit.cause) && !call.isInterrupted && !this.#world.hasInterruptedItself) {
          return wrong("an interruption by nobody")
        }
        if (!Chunk.every(Cause.defects(exit.cause), (defect) => Cause.originalError(defect) === boom)) {
          return wrong(`an unexpected defect: ${Cause.pretty(exit.cause)}`)
        }
        return Chunk.every(Cause.failures(exit.cause), (error) => onFailure(error, call.endedAt))
          ? undefined
          : wrong(`an unexpected error: ${Cause.pretty(exit.cause)}`)
      }
    }
    fiber.addObserver(() => {
      call.endedAt = this.#world.now()
    })
    this.calls.push(call)
  }
}

const assertSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.toSorted().join() === b.toSorted().join()

// ---------------------------------------------------------------------------------------------------------------------
// Runs
// ---------------------------------------------------------------------------------------------------------------------

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
