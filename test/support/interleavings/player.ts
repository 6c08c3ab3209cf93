// Random calls, and what their ends must be.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { boom, names, second, throwing, type World } from "./world.js"

/** How long the server and the credentials may keep a cancel. */
const longestCancel = 1_600
/** More elements than a stream has. */
const all = 1_000_000

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

/** A call in progress. `check` returns what is wrong with its exit, if anything is. */
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

export class Player {
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
    // The deadline of a handle is in whole ms of the system clock, so in real time it is up to 2 ms early.
    const early = this.#world.lateness === 0 ? 0 : 2
    this.#fork(this.#service.wait(operation, options), {
      what: `wait ${name}`,
      onSuccess: (operation) => this.#isSuccess(name, operation),
      onFailure: (error, at) =>
        this.#isWaitFailure(name, error) &&
        (!WaitTimeoutError.isWaitTimeoutError(error) || error.reason !== "Timeout" || at >= deadline - early),
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
      // For each cancel request there is an earlier call that asked for it.
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
