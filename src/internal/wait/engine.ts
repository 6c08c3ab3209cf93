/**
 * Waits for operations on behalf of `wait`, `updates` and `waitAll`.
 *
 * A waiter (`Waiter`) waits for one operation in one call. It advances from one phase to the next (see `Waiter.phase`)
 * when an event wakes it: the timer, a poll response, a completed schedule step, a final state that another waiter for
 * the operation has read, the observer, or `close`.
 */
import type * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as GoogleApi from "../../GoogleApi.js"
import * as HttpError from "../../HttpError.js"
import * as Operation from "../../Operation.js"
import { OperationError } from "../../OperationError.js"
import { isOperationHandle } from "../../OperationHandle.js"
import { WaitTimeoutError } from "../../WaitTimeoutError.js"
import type { Caller } from "../caller.js"
import type { Permits } from "../http/budget.js"
import type { ApiClient } from "../http/client.js"
import { closedError, type ErrorContext, invalidRequest, timeoutError } from "../http/errors.js"
import { operationName, type Waitable } from "../operationName.js"
import { type WaitOptions, waitSettings } from "../settings.js"
import { sameValue } from "../values.js"
import { cancelAbandoned, CancelReport } from "./cancel.js"
import { type ListObserver, Lists } from "./list.js"
import { type Poll, type Polled, Polls } from "./poll.js"
import { nextPoll, type OperationRecord, Records, type WaitContext, Waiter, type WaitFailure } from "./state.js"
import * as Stepper from "./stepper.js"
import { type End, endOf, interrupted, timedOut, WaitTelemetry } from "./telemetry.js"
import { inWait, isNotFound, mayAppear, notFoundGrace } from "./transience.js"

type PollExit = Exit.Exit<Polled, HttpError.HttpError>

/** @internal */
export class Engine implements ListObserver {
  readonly #client: ApiClient
  readonly #polls: Polls
  readonly #records = new Records()

  constructor(client: ApiClient) {
    this.#client = client
    this.#polls = new Polls(client)
    client.lifecycle.listen(this)
  }

  /** Creates the state that all waiters of one call share. */
  context(
    caller: Caller,
    options: WaitOptions | undefined,
    rest: Pick<WaitContext, "observer" | "permits" | "usesServerSideWait">
  ): Either.Either<WaitContext, HttpError.HttpError> {
    const { api, wait: defaults } = this.#client.settings
    return Either.filterOrLeft(
      Either.map(waitSettings(defaults, options), (settings): WaitContext => ({
        ...rest,
        caller,
        settings,
        timer: this.#client.timers.of(caller.clock),
        onTime: this.#onTime,
        telemetry: new WaitTelemetry(this.#client, caller, rest.permits !== undefined),
        cancels: undefined
      })),
      ({ settings }) => api.methods.cancel || !(settings.cancelOnInterrupt || settings.cancelOnTimeout),
      () => invalidRequest("this API has no method to cancel an operation, so a wait cannot cancel its operation")
    )
  }

  /**
   * Creates a waiter, which `begin` starts. If waiting is not possible, returns a `Left` with the reason. An operation
   * that is already done needs no waiter, but `onUpdate` still runs for its state: see `conclusion`.
   */
  make(operation: Waitable, context: WaitContext): Either.Either<Waiter | Conclusion, WaitFailure> {
    const known = Operation.isOperation(operation) ? operation : undefined
    if (known !== undefined && known._tag !== "Pending") return Either.right(conclusion(known, context))
    const name = operationName(this.#client.settings, operation)
    if (Either.isLeft(name)) return Either.left(name.left)
    const request = this.#polls.request(name.right)
    if (Either.isLeft(request)) return Either.left(request.left)
    const { refusal } = this.#client.lifecycle
    if (refusal !== undefined) return Either.left(refusal(request.right))
    const handle = isOperationHandle(operation) ? operation : undefined
    const now = context.caller.clock.unsafeCurrentTimeMillis()
    const record = this.#records.get(name.right, request.right.path)
    const waiter = new Waiter({
      context,
      record,
      known,
      isFromHandle: handle !== undefined,
      notFoundGrace: handle !== undefined
        ? notFoundGrace - (now - DateTime.toEpochMillis(handle.startedAt))
        : known !== undefined
        ? notFoundGrace
        : 0,
      timeout: context.settings.timeout ??
        (handle?.deadline === undefined ? Infinity : Math.max(0, DateTime.toEpochMillis(handle.deadline) - now))
    })
    record.waiters = record.waiters.length === 0 ? [waiter] : [...record.waiters, waiter]
    context.telemetry.onBegin()
    return Either.right(waiter)
  }

  /** Creates the lists with which a call polls whole collections. Returns `undefined` if the API has no list method. */
  lists(context: WaitContext): Lists | undefined {
    const list = GoogleApi.listOf(this.#client.settings.api)
    return list && new Lists(this.#client, list, context, this)
  }

  begin(waiter: Waiter): void {
    if (waiter.phase !== "new") return
    if (waiter.now() >= waiter.deadline) return this.#expire(waiter)
    if (waiter.last === undefined) return this.#poll(waiter)
    const { last } = waiter
    this.#tell(waiter, last, () => this.#onPending(waiter, last))
  }

  /** Resumes a waiter that its observer has paused. */
  resume(waiter: Waiter): void {
    waiter.isStopped = false
    if (waiter.phase !== "stopped") return
    const { verdict } = waiter.record
    if (verdict !== undefined) return this.#take(waiter, Exit.succeed(verdict))
    const now = waiter.now()
    if (now >= waiter.deadline) return this.#expire(waiter)
    if (now >= waiter.due) return this.#poll(waiter)
    this.#sleep(waiter)
  }

  /** Removes waiters that are no longer needed. They do not cancel their operations. */
  leave(waiters: Iterable<Waiter>): Effect.Effect<void> {
    return this.#abandon(waiters, () => false)
  }

  /**
   * Ends interrupted waiters. The returned effect waits until the waiters have stopped, and then cancels the operations
   * for which `cancelOnInterrupt` is set.
   */
  interrupt(waiters: Iterable<Waiter>): Effect.Effect<void> {
    return this.#abandon(waiters, (waiter) => waiter.context.settings.cancelOnInterrupt)
  }

  /** Called when the service begins to close. Polls in flight may still receive a response. */
  onClosing(): void {
    for (const waiter of this.#records.waiters()) {
      if (waiter.phase !== "polling") this.#fail(waiter, closedError(this.#context(waiter)))
    }
  }

  readonly #onTime = (waiter: Waiter): void => {
    if (waiter.phase === "sleeping" && waiter.now() < waiter.deadline) this.#poll(waiter)
    else this.#expire(waiter)
  }

  record(name: string): OperationRecord | undefined {
    return this.#records.find(name)
  }

  onListed(record: OperationRecord, owner: WaitContext, others: ReadonlyArray<Waiter>, exit: PollExit): void {
    for (const waiter of others) {
      this.#rest(waiter)
      this.#await(waiter)
    }
    this.#onPolled(record, owner, exit)
  }

  onMissed(record: OperationRecord): void {
    const polling = record.waiters.filter(({ phase }) => phase === "polling")
    for (const waiter of polling) {
      this.#rest(waiter)
      // A poll that returns no information about the operation is not counted.
      waiter.polls--
      waiter.phase = "new"
    }
    for (const waiter of polling) if (waiter.phase === "new") this.#pollAlone(waiter)
  }

  #sleep(waiter: Waiter): void {
    waiter.phase = "sleeping"
    waiter.context.timer.schedule(waiter.due, waiter)
  }

  // While a waiter runs a step of unknown duration, the timer wakes it only at its deadline.
  #guard(waiter: Waiter, phase: "queued" | "polling" | "stepping" | "updating"): void {
    waiter.phase = phase
    if (waiter.deadline !== Infinity) waiter.context.timer.schedule(waiter.deadline, waiter)
  }

  // Polls the operation, either together with others in its collection or by a separate request.
  #poll(waiter: Waiter): void {
    if (waiter.record.inFlight === undefined && waiter.collection?.join(waiter) === true) return this.#await(waiter)
    this.#pollAlone(waiter)
  }

  // Makes the waiter wait for a poll in flight.
  #await(waiter: Waiter): void {
    this.#guard(waiter, "polling")
    waiter.polls++
    waiter.polledAt = waiter.now()
  }

  // Starts a separate poll, or joins a poll that another waiter has started.
  #pollAlone(waiter: Waiter): void {
    const { context: { permits }, record } = waiter
    if (record.inFlight !== undefined || permits === undefined) return this.#pollNow(waiter, undefined)
    this.#guard(waiter, "queued")
    let isGranted = false
    const leaveQueue = permits.acquire(() => {
      isGranted = true
      waiter.leaveQueue = undefined
      this.#pollNow(waiter, permits)
    })
    if (!isGranted) waiter.leaveQueue = leaveQueue
  }

  #pollNow(waiter: Waiter, permits: Permits | undefined): void {
    const { context, record } = waiter
    this.#await(waiter)
    if (record.inFlight !== undefined) return permits?.release()
    let poll: Poll | undefined
    record.inFlight = {
      owner: context,
      leave: () => {
        const stopped = poll?.abort() ?? Exit.void
        permits?.release()
        return stopped
      }
    }
    poll = this.#polls.begin(
      {
        name: record.name,
        caller: context.caller,
        attempt: waiter.polls,
        serverSideWaitMillis: context.usesServerSideWait ? waiter.lastPoll - waiter.polledAt : 0
      },
      (exit) => {
        record.inFlight = undefined
        permits?.release()
        const line = context.telemetry.pollLine(record.name, exit)
        if (line !== undefined) context.caller.run(line, () => {})
        this.#onPolled(record, context, exit)
      }
    )
  }

  #onPolled(record: OperationRecord, owner: WaitContext, exit: PollExit): void {
    if (Exit.isSuccess(exit) && exit.value.operation.done) record.verdict = exit.value
    const polling = record.waiters.filter(({ phase }) => phase === "polling")
    if (Exit.isFailure(exit) && exit.cause._tag !== "Fail") return this.#onDefect(polling, owner, exit.cause)
    const { verdict } = record
    const others = verdict === undefined
      ? []
      : record.waiters.filter(({ phase }) => phase === "sleeping" || phase === "queued" || phase === "stepping")
    for (const waiter of polling) this.#take(waiter, exit)
    if (verdict !== undefined) { for (const waiter of others) this.#take(waiter, Exit.succeed(verdict)) }
  }

  // A defect in a poll, or an interruption by a user-provided effect, ends only the waiters of the call that started
  // the poll. All other waiters poll again.
  #onDefect(polling: ReadonlyArray<Waiter>, owner: WaitContext, cause: Cause.Cause<HttpError.HttpError>): void {
    for (const waiter of polling) {
      this.#rest(waiter)
      waiter.phase = "new"
    }
    for (const waiter of polling) if (waiter.context === owner) this.#finish(waiter, Exit.failCause(cause))
    for (const waiter of polling) if (waiter.phase === "new") this.#poll(waiter)
  }

  #take(waiter: Waiter, exit: PollExit): void {
    this.#rest(waiter)
    if (Exit.isFailure(exit)) {
      if (exit.cause._tag === "Fail") return this.#onFailure(waiter, exit.cause.error)
      return this.#finish(waiter, Exit.failCause(exit.cause))
    }
    const { operation, retryAfter, waitedSince } = exit.value
    if (waiter.failures > 0) {
      this.#onRecovery(waiter)
      if (waiter.phase === "ended") return
    }
    waiter.hasRead = true
    this.#tell(waiter, operation, () => {
      switch (operation._tag) {
        case "Pending":
          return this.#onPending(waiter, operation, retryAfter, waitedSince)
        case "Succeeded":
          return this.#finish(waiter, Exit.succeed(operation))
        case "Failed":
          return this.#finish(waiter, Exit.fail(new OperationError({ operation })))
      }
    })
  }

  // Runs `onUpdate` if the state differs from the previous one, and continues when `onUpdate` has ended.
  #tell(waiter: Waiter, operation: Operation.Operation, goOn: () => void): void {
    const { caller, settings: { onUpdate } } = waiter.context
    if (onUpdate === undefined) return goOn()
    if (sameValue(operation, waiter.told)) return goOn()
    waiter.told = operation
    waiter.phase = "updating"
    let update: Effect.Effect<void>
    try {
      update = onUpdate(operation)
    } catch (defect) {
      update = Exit.die(defect)
    }
    const interrupt = caller.run(update, (exit) => {
      waiter.interruptStep = undefined
      if (waiter.phase !== "updating") return
      this.#rest(waiter)
      if (Exit.isFailure(exit)) return this.#finish(waiter, Exit.failCause(exit.cause))
      const { verdict } = waiter.record
      if (verdict === undefined || operation.done) goOn()
      else this.#take(waiter, Exit.succeed(verdict))
    })
    if (interrupt === undefined || waiter.phase !== "updating") return
    waiter.interruptStep = interrupt
    this.#guard(waiter, "updating")
  }

  // The delay before the next poll is measured from now, or, after a poll with a server-side wait, from the time at
  // which the server began to delay its response. If the server delayed the response for at least this long, the next
  // request is therefore sent immediately. If the server responded immediately, the full delay of the schedule applies.
  #onPending(waiter: Waiter, operation: Operation.Pending, hint = 0, waitedSince?: number): void {
    // If the state is unchanged, keep the previous object. The new object is then short-lived, so the garbage collector
    // does not have to move it.
    const isFirst = waiter.schedule === undefined
    const isSame = sameValue(operation, waiter.last)
    if (isFirst || !isSame) waiter.context.telemetry.onPending(waiter, isFirst ? "first" : "changed")
    if (!isSame) waiter.last = operation
    waiter.isStopped = waiter.context.observer.onPending?.(waiter, operation) === false
    if (this.#client.lifecycle.isClosing) return this.#fail(waiter, closedError(this.#context(waiter)))
    waiter.schedule ??= Stepper.begin(waiter.context.settings.schedule)
    this.#step(waiter, waiter.schedule, operation, "schedule", (delay) => {
      if (delay === undefined) return this.#giveUp(waiter, "ScheduleEnded")
      waiter.ownDelay = Math.max(delay, waiter.owedDelay)
      const wanted = Math.min(hint, this.#client.settings.maxServerDelay)
      const isHinted = wanted > waiter.ownDelay
      waiter.owedDelay = isHinted ? waiter.ownDelay : 0
      const now = waiter.now()
      this.#goOn(waiter, isHinted ? now + wanted : (waitedSince ?? now) + waiter.ownDelay)
    })
  }

  #onFailure(waiter: Waiter, failure: HttpError.HttpError): void {
    let error = failure
    let isInvisible = false
    let isTransient = false
    try {
      error = inWait(waiter, failure)
      isInvisible = mayAppear(waiter, error)
      isTransient = isInvisible || waiter.context.settings.isTransient(error)
    } catch (defect) {
      // If the user's `isTransient` throws, the waiter that called it ends with a defect.
      return this.#finish(waiter, Exit.die(defect))
    }
    if (!isTransient) return this.#fail(waiter, explained(waiter, error))
    if (this.#client.lifecycle.isClosing) return this.#fail(waiter, closedError(this.#context(waiter)))
    waiter.lastError = error
    if (waiter.failures++ === 0) waiter.failingSince = waiter.now()
    this.#log(waiter, waiter.context.telemetry.onFailure(waiter, error))
    if (waiter.phase === "ended") return
    waiter.retries ??= Stepper.begin(waiter.context.settings.retrySchedule)
    this.#step(waiter, waiter.retries, error, "retrySchedule", (delay) => {
      if (delay === undefined) return this.#fail(waiter, lastOfMany(waiter, error))
      const hint = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
      waiter.owedDelay = waiter.ownDelay
      const now = waiter.now()
      const due = now + Math.max(delay, Math.min(hint, this.#client.settings.maxServerDelay))
      this.#goOn(waiter, isInvisible ? Math.min(due, waiter.graceEnd) : due)
    })
  }

  #onRecovery(waiter: Waiter): void {
    this.#log(waiter, waiter.context.telemetry.onRecovery(waiter))
    waiter.failures = 0
    waiter.retries = undefined
  }

  #step<In>(
    waiter: Waiter,
    progress: Stepper.Progress<In>,
    input: In,
    option: "schedule" | "retrySchedule",
    onDelay: (delay: number | undefined) => void
  ): void {
    const { caller } = waiter.context
    waiter.phase = "stepping"
    const interrupt = Stepper.next(progress, { now: waiter.scheduleTime(), input, caller }, (exit) => {
      waiter.interruptStep = undefined
      if (waiter.phase !== "stepping") return
      this.#rest(waiter)
      if (Exit.isFailure(exit)) return this.#finish(waiter, Exit.failCause(exit.cause))
      if (Number.isNaN(exit.value)) {
        return this.#fail(waiter, invalidRequest(`the ${option} of the wait returned a delay that is not a number`))
      }
      onDelay(exit.value)
    })
    if (interrupt === undefined || waiter.phase !== "stepping") return
    waiter.interruptStep = interrupt
    this.#guard(waiter, "stepping")
  }

  #goOn(waiter: Waiter, wanted: number): void {
    waiter.due = nextPoll(waiter, wanted)
    if (waiter.isStopped) waiter.phase = "stopped"
    else this.#sleep(waiter)
  }

  #expire(waiter: Waiter): void {
    // A poll that has not received a response by the deadline is recorded as a failure.
    if (waiter.phase === "polling") waiter.lastError ??= timeoutError(this.#context(waiter))
    this.#giveUp(waiter, "Timeout")
  }

  #giveUp(waiter: Waiter, reason: WaitTimeoutError["reason"]): void {
    const { context: { settings }, last, lastError, polls, record, start } = waiter
    const elapsed = Duration.millis(Math.round(waiter.now() - start))
    const fields = { reason, operationName: record.name, last, elapsed, polls, lastError }
    this.#conclude(
      waiter,
      settings.cancelOnTimeout,
      timedOut(reason),
      (cancelError) => Exit.fail(new WaitTimeoutError({ ...fields, cancelError }))
    )
  }

  #fail(waiter: Waiter, error: WaitFailure): void {
    this.#finish(waiter, Exit.fail(error))
  }

  #finish(waiter: Waiter, exit: Exit.Exit<Operation.Succeeded, WaitFailure>): void {
    this.#conclude(waiter, false, endOf(exit), () => exit)
  }

  // Ends a waiter from inside the engine, and passes on its result.
  #conclude(
    waiter: Waiter,
    wantsCancel: boolean,
    end: End,
    result: (cancelError?: HttpError.HttpError) => Exit.Exit<Operation.Succeeded, WaitFailure>
  ): void {
    this.#end(waiter, wantsCancel, [], end)
    waiter.context.observer.onEnd(
      waiter,
      waiter.mustCancel
        ? Effect.uninterruptible(Effect.flatMap(Effect.suspend(() => this.#cancel([waiter])), result))
        : result()
    )
  }

  // Ends waiters that were interrupted or are no longer needed.
  #abandon(waiters: Iterable<Waiter>, wantsCancel: (waiter: Waiter) => boolean): Effect.Effect<void> {
    const all = [...waiters]
    const running: Array<Effect.Effect<void>> = []
    for (const waiter of all) {
      if (waiter.phase !== "ended") this.#end(waiter, wantsCancel(waiter), running, interrupted)
    }
    return Effect.zipRight(
      running.length === 0 ? Effect.void : Effect.all(running, { concurrency: "unbounded", discard: true }),
      Effect.suspend(() => this.#cancel(all))
    )
  }

  // Sends the cancel requests that ended waiters require, one per operation. Returns the first failure.
  #cancel(waiters: ReadonlyArray<Waiter>): Effect.Effect<HttpError.HttpError | undefined> {
    const names: Array<string> = []
    for (const waiter of waiters) {
      if (!waiter.mustCancel) continue
      waiter.mustCancel = false
      names.push(waiter.record.name)
    }
    if (names.length === 0) return Effect.succeed(undefined)
    const { context } = waiters[0]!
    context.cancels ??= new CancelReport(this.#client.settings.endpoint.address)
    return cancelAbandoned(this.#client, context.caller, names, context.cancels)
  }

  #end(waiter: Waiter, wantsCancel: boolean, running: Array<Effect.Effect<void>>, end: End): void {
    waiter.context.telemetry.onEnd(waiter, end)
    this.#rest(waiter, running)
    waiter.phase = "ended"
    const { record } = waiter
    if (wantsCancel) record.cancelWhenAbandoned = true
    if (!this.#records.remove(waiter)) return
    const stopped = record.inFlight?.leave(record)
    if (stopped !== undefined && !Exit.isExit(stopped)) running.push(stopped)
    waiter.mustCancel = record.cancelWhenAbandoned && record.verdict === undefined
  }

  // Stops the waiter's current step. Adds the effects that must complete first to `running`.
  #rest(waiter: Waiter, running?: Array<Effect.Effect<void>>): void {
    waiter.context.timer.cancel(waiter)
    waiter.leaveQueue?.()
    waiter.leaveQueue = undefined
    if (waiter.interruptStep !== undefined) {
      const stopped = waiter.interruptStep()
      waiter.interruptStep = undefined
      running?.push(stopped)
    }
  }

  // If a logger throws, the waiter ends with a defect.
  #log(waiter: Waiter, line: Effect.Effect<void> | undefined): void {
    if (line === undefined) return
    waiter.context.caller.run(line, (exit) => {
      if (Exit.isFailure(exit) && waiter.phase !== "ended") this.#finish(waiter, Exit.failCause(exit.cause))
    })
  }

  #context({ record }: Waiter): ErrorContext {
    return this.#client.errorContext({ method: "GET", path: record.path, secrets: {} })
  }
}

/**
 * The result for an operation that is already done when it is passed in. Runs `onUpdate` for its state, then returns
 * the result.
 *
 * @internal
 */
export type Conclusion = Effect.Effect<Operation.Succeeded, OperationError>

const conclusion = (
  operation: Operation.Succeeded | Operation.Failed,
  { settings: { onUpdate } }: WaitContext
): Conclusion => {
  const result = operation._tag === "Succeeded"
    ? Exit.succeed(operation)
    : Exit.fail(new OperationError({ operation }))
  return onUpdate === undefined ? result : Effect.zipRight(Effect.suspend(() => onUpdate(operation)), result)
}

const saying = (error: HttpError.HttpError, more: string): HttpError.HttpError =>
  new HttpError.HttpError({ ...error, cause: error.cause, description: error.description + more })

const explained = ({ isFromHandle }: Waiter, error: HttpError.HttpError): HttpError.HttpError =>
  isFromHandle && isNotFound(error)
    ? saying(error, " The operation may have expired: Google keeps operations for about 30 days after they end")
    : error

const lastOfMany = (waiter: Waiter, error: HttpError.HttpError): HttpError.HttpError => {
  const { failingSince, failures } = waiter
  if (failures === 1) return error
  const duration = Duration.format(Duration.millis(Math.round(waiter.now() - failingSince)))
  return saying(error, `; the wait failed after ${failures} consecutive failures within ${duration}`)
}
