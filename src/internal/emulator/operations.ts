/**
 * Stores the emulator's operations with their positions in their scripts, and implements an API's methods for
 * operations.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberId from "effect/FiberId"
import * as Code from "../../Code.js"
import type * as Dialect from "../../Dialect.js"
import type * as GoogleApi from "../../GoogleApi.js"
import type * as ProtobufAny from "../../ProtobufAny.js"
import { maxSleep } from "../time/clock.js"
import { type Form, isAggregated, type ListForm, type State, type Written } from "./forms.js"
import { isJsonObject, parseJson } from "./json.js"
import { isIn, paginate } from "./pages.js"
import { type Failure, json, type Reply } from "./reply.js"
import { isInQuery, placeOf } from "./routes.js"
import type { Step, Steps } from "./script.js"

/**
 * How the emulator responds to optional methods: `"unimplemented"` sends `UNIMPLEMENTED` (501), and `"unrouted"` sends
 * the HTML page (404) that a server sends for an unknown path.
 */
export interface Methods {
  /** Default: returns the operations in pages. */
  readonly list?: "unimplemented" | "unrouted" | undefined
  /** Default: the operation fails with `CANCELLED` on its next poll. */
  readonly cancel?: "unimplemented" | "unrouted" | undefined
  /** Default: the operation is no longer found. */
  readonly delete?: "unimplemented" | "unrouted" | undefined
  /**
   * If set to `"atOnce"`, the response is sent immediately, even if the operation is not done. Default: the response is
   * delayed until the operation ends or `timeout` passes.
   */
  readonly wait?: "unimplemented" | "unrouted" | "atOnce" | undefined
}

/**
 * Executes the change that an operation makes, when its script reaches success. Returns the response, or the error with
 * which the operation fails.
 *
 * @internal
 */
export type Commit = () => Either.Either<ProtobufAny.ProtobufAny, Failure>

/**
 * A scripted operation, at the step that produced its latest response.
 *
 * @internal
 */
export interface Scripted {
  readonly name: string
  /** The relative resource name in the path of its polls. */
  readonly resource: string
  /** The query parameters that a list request must contain to include the operation. */
  readonly listQuery: Dialect.Request["query"]
  /** The position of the operation in lists. */
  readonly serial: number
  steps: ReadonlyArray<Step>
  index: number
  answered: number
  since: number
  commit: Commit | undefined
  /** Completes when delayed responses must check the operation again. */
  changed: Deferred.Deferred<void> | undefined
}

/**
 * The maximum number of operations. If it is exceeded, the oldest operations are removed, as servers do after some
 * weeks.
 */
const keptOperations = 100_000

/**
 * How far the number of operations may exceed the limit before operations are removed. Finding the oldest operations
 * takes time, so many are removed at once.
 */
const slack = keptOperations / 10

/**
 * How long the response to `:wait` is delayed if the request contains no timeout. The value is the deadline for
 * `google.longrunning.Operations` in Access Context Manager's service configuration.
 */
const longestHold = 100_000

const isState = (step: Step): step is State =>
  step.type === "pending" || step.type === "succeeded" || step.type === "failed"
const isDone = (state: State): boolean => state.type !== "pending"

// Lone surrogates cannot be encoded as bytes, so they are replaced.
const encodePath = (resource: string): string => encodeURI(resource.replace(/[\ud800-\udfff]/gu, "\ufffd"))

const timesOf = (step: Step): number => "times" in step ? step.times ?? 1 : 1
const durationOf = (step: Step): number | undefined => step.type === "pending" ? step.duration : undefined
const isLast = (operation: Scripted): boolean => operation.index === operation.steps.length - 1

const moveOn = (operation: Scripted, since: number): void => {
  operation.since = since
  operation.answered = 0
  operation.index++
}

const stepOf = (operation: Scripted): Step => {
  const step = operation.steps[operation.index]
  if (step === undefined) throw new Error(`Operation ${operation.name} has no step ${operation.index}`)
  return step
}

// Returns the operation's current step at the given time. A step with a duration ends when that duration has passed.
const current = (operation: Scripted, now: number): Step => {
  while (true) {
    const step = stepOf(operation)
    const duration = durationOf(step)
    if (isLast(operation) || duration === undefined || now < operation.since + duration) return step
    moveOn(operation, operation.since + duration)
  }
}

// Returns the step that responds to a poll. If the current step has sent all of its responses, the poll advances to the
// next step. The final step responds to all remaining polls.
const next = (operation: Scripted, now: number): Step => {
  while (true) {
    const step = current(operation, now)
    if (isLast(operation) || durationOf(step) !== undefined || operation.answered < timesOf(step)) return step
    moveOn(operation, now)
  }
}

// Returns the state for methods that read an operation without polling it: the latest state in its script, even if the
// current step is a fault. Returns `undefined` if the operation no longer exists.
const stateOf = (operation: Scripted, now: number): State | undefined => {
  if (current(operation, now).type === "gone") return undefined
  return operation.steps.slice(0, operation.index + 1).findLast(isState) ?? { type: "pending" }
}

const wake = (operation: Scripted): void => {
  if (operation.changed === undefined) return
  Deferred.unsafeDone(operation.changed, Effect.void)
  operation.changed = undefined
}

// Replaces the rest of the script with one step.
const end = (operation: Scripted, step: Step): void => {
  operation.steps = [step]
  operation.index = 0
  operation.answered = 0
  operation.commit = undefined
  wake(operation)
}

// Parses a JSON-encoded google.protobuf.Duration. Returns the duration in ms.
const parseDuration = (text: string): number | undefined =>
  /^\d{1,12}(?:\.\d{1,9})?s$/.test(text) ? Number(text.slice(0, -1)) * 1_000 : undefined

// Parses the filters that the emulator supports. For any other filter, the list contains all operations.
const doneIn = (filter: string): boolean | undefined => {
  const [, field, comparison, value] = /^\s*(?:(done)|status)\s*(!?=)\s*"?(true|false|DONE)"?\s*$/i.exec(filter) ?? []
  if (value === undefined || (field === undefined) !== (value.toUpperCase() === "DONE")) return undefined
  return (value.toLowerCase() !== "false") === (comparison === "=")
}

const notFound = (name: string): Failure => ({ code: "NOT_FOUND", message: `Operation ${name} was not found.` })

const invalid = (message: string): Failure => ({ code: "INVALID_ARGUMENT", message })

/** The result of a method: a response, or an API error. */
type Answer = Either.Either<Reply, Failure>

/** @internal */
export class Operations {
  #serial = 0
  readonly #operations = new Map<string, Scripted>()
  /** Operations whose change has not been executed. */
  readonly #uncommitted = new Set<Scripted>()
  readonly #api: GoogleApi.GoogleApi
  readonly #form: Form
  readonly #listForm: ListForm | undefined
  readonly #wait: Methods["wait"]
  readonly #unreachable: ReadonlyArray<string>

  constructor(options: {
    readonly api: GoogleApi.GoogleApi
    readonly form: Form
    readonly listForm: ListForm | undefined
    readonly wait: Methods["wait"]
    readonly unreachable: ReadonlyArray<string>
  }) {
    this.#api = options.api
    this.#form = options.form
    this.#listForm = options.listForm
    this.#wait = options.wait
    this.#unreachable = options.unreachable
  }

  /** Returns the names of the existing operations. */
  names(): Iterable<string> {
    return this.#operations.keys()
  }

  script(name: string, steps: Steps, now: number, commit?: Commit): Scripted {
    const before = this.#operations.get(name)
    const serial = before?.serial ?? this.#serial++
    const { query: listQuery, resource } = placeOf(this.#api, name)
    const operation: Scripted = {
      name,
      resource,
      listQuery,
      serial,
      steps,
      index: 0,
      answered: 0,
      since: now,
      commit,
      changed: undefined
    }
    this.#operations.set(name, operation)
    if (before === undefined) this.#forgetOldest()
    else this.#drop(before)
    if (commit !== undefined) this.#uncommitted.add(operation)
    return operation
  }

  #forgetOldest(): void {
    if (this.#operations.size <= keptOperations + slack) return
    for (const oldest of this.#operations.values()) {
      if (this.#operations.size === keptOperations) return
      this.#operations.delete(oldest.name)
      this.#drop(oldest)
    }
  }

  // Ends the delayed responses for a removed operation, and discards its change.
  #drop(operation: Scripted): void {
    this.#uncommitted.delete(operation)
    operation.commit = undefined
    wake(operation)
  }

  /** Executes the changes of operations that have succeeded, in the order in which they succeeded. */
  settle(now: number): void {
    const due: Array<Scripted> = []
    for (const operation of this.#uncommitted) {
      const step = current(operation, now)
      if (step.type === "succeeded") due.push(operation)
      else if (step.type === "failed" || this.#isStuck(operation, step)) this.#drop(operation)
    }
    due.sort((a, b) => a.since - b.since || a.serial - b.serial)
    for (const operation of due) this.#commit(operation, stepOf(operation))
  }

  // A deleted operation is no longer polled, so it advances only if its step has a duration.
  #isStuck(operation: Scripted, step: Step): boolean {
    return this.#operations.get(operation.name) !== operation && durationOf(step) === undefined
  }

  // Executes the operation's change when the script reaches success. If the script contains a response, that response
  // is sent unchanged and the change is not executed.
  #commit(operation: Scripted, step: Step): Step {
    const { commit } = operation
    if (commit === undefined || step.type !== "succeeded") return step
    this.#uncommitted.delete(operation)
    operation.commit = undefined
    if (step.response !== undefined) return step
    const ended = Either.match(commit(), {
      onLeft: ({ code, details, message }): Step => ({
        type: "failed",
        error: { code: Code.toNumber(code), message, details },
        metadata: step.metadata,
        delay: step.delay
      }),
      onRight: (response): Step => ({ ...step, response })
    })
    operation.steps = operation.steps.with(operation.index, ended)
    return ended
  }

  /** Returns the next response in the operation's script. `base` is the API's URL, including its version. */
  answer(operation: Scripted, base: string, now: number): Effect.Effect<Answer> {
    if (operation.commit !== undefined) this.settle(now)
    const step = this.#commit(operation, next(operation, now))
    operation.answered++
    wake(operation)
    const answer = Effect.sync(() => this.#reply(operation, base, step))
    return step.delay === undefined ? answer : Effect.delay(answer, step.delay)
  }

  #written({ name, resource }: Scripted, state: State, base: string): Written {
    return {
      name,
      state,
      selfLink: () => {
        const parameters = Object.entries(this.#api.dialect.poll(name).query ?? {})
          .flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]])
        const query = parameters.length === 0 ? "" : `?${new URLSearchParams(parameters).toString()}`
        return `${base}/${encodePath(resource)}${query}`
      }
    }
  }

  #reply(operation: Scripted, base: string, step: Step): Answer {
    const { name } = operation
    switch (step.type) {
      case "pending":
      case "succeeded":
      case "failed": {
        const headers = step.type === "pending" ? step.headers : undefined
        return Either.right(json(200, this.#form.operation(this.#written(operation, step, base)), headers))
      }
      case "http":
        return Either.right({ status: step.status, headers: step.headers ?? {}, body: step.body ?? "" })
      case "cut":
        return Either.right({ ...json(200, { name }), cut: step.at })
      case "gone":
        return Either.left(notFound(name))
    }
  }

  get(name: string, base: string, now: number): Effect.Effect<Answer> {
    const operation = this.#operations.get(name)
    return operation === undefined ? Effect.succeed(Either.left(notFound(name))) : this.answer(operation, base, now)
  }

  cancel(name: string, base: string, now: number): Answer {
    const operation = this.#operations.get(name)
    const state = operation && stateOf(operation, now)
    if (operation === undefined || state === undefined) return Either.left(notFound(name))
    if (!isDone(state)) {
      const error = { code: Code.toNumber("CANCELLED"), message: "Operation was cancelled." }
      end(operation, { type: "failed", error, metadata: state.metadata })
    }
    const { cancelled } = this.#form
    return Either.right(
      json(
        200,
        cancelled === undefined ? {} : cancelled(this.#written(operation, stateOf(operation, now) ?? state, base))
      )
    )
  }

  // Deleting an operation does not cancel it: its change is still executed.
  delete(name: string, now: number): Answer {
    const operation = this.#operations.get(name)
    if (operation === undefined || stateOf(operation, now) === undefined) return Either.left(notFound(name))
    this.#operations.delete(name)
    wake(operation)
    return Either.right(this.#form.deleted)
  }

  /**
   * Returns how long the request allows the response to be delayed, in ms. If the timeout is invalid, returns a `Left`
   * with the error.
   */
  timeoutOf(body: string, query: URLSearchParams): Either.Either<number, Failure> {
    const request = body === "" ? Either.right({}) : parseJson(body)
    if (Either.isLeft(request)) return Either.left(invalid(request.left))
    const text = (isJsonObject(request.right) ? request.right["timeout"] : undefined) ?? query.get("timeout")
    const timeout = text === null ? longestHold : typeof text === "string" ? parseDuration(text) : undefined
    return timeout === undefined
      ? Either.left(invalid(`timeout: ${JSON.stringify(text)} is not a google.protobuf.Duration.`))
      : Either.right(timeout)
  }

  wait(name: string, timeout: number, base: string, now: number): Effect.Effect<Answer> {
    const deadline = this.#wait === "atOnce" ? now : now + timeout
    return Effect.gen(this, function*() {
      while (true) {
        const operation = this.#operations.get(name)
        if (operation === undefined) return Either.left(notFound(name))
        const at = yield* Clock.currentTimeMillis
        const step = next(operation, at)
        if (step.type !== "pending" || at >= deadline) return yield* this.answer(operation, base, at)
        const duration = isLast(operation) ? undefined : durationOf(step)
        const until = duration === undefined ? deadline : Math.min(deadline, operation.since + duration)
        operation.changed ??= Deferred.unsafeMake<void>(FiberId.none)
        // The clock does not support longer sleeps, which would never end.
        yield* Effect.timeoutOption(Deferred.await(operation.changed), Math.min(until - at, maxSleep))
      }
    })
  }

  list(collection: string, query: URLSearchParams, base: string, now: number): Answer | undefined {
    const form = this.#listForm
    if (form === undefined) return undefined
    const unreachable = this.#unreachable
    if (unreachable.length > 0 && !form.isPartial && query.get("returnPartialSuccess") !== "true") {
      const message = `Some locations could not be reached: ${unreachable.join(", ")}`
      return Either.left({ code: "UNAVAILABLE", message })
    }
    const done = doneIn(query.get("filter") ?? "")
    const isWanted = isIn(isAggregated(collection) ? collection.replace("/aggregated/", "/-/-/") : collection)
    const isGlobal = isAggregated(collection) ? isIn(collection.replace("/aggregated/", "/global/")) : isWanted
    return Either.map(
      paginate(collection, query, this.#operations.values(), {
        ...form,
        key: ({ serial }) => serial,
        item: (operation) =>
          (isWanted(operation.resource) || isGlobal(operation.resource)) && isInQuery(operation.listQuery, query)
            ? stateOf(operation, now)
            : undefined
      }),
      ({ items, nextPageToken }) =>
        json(
          200,
          form.page({
            collection,
            // Operations that the filter excludes still count toward the page size. A page other than the final one can
            // therefore be empty.
            operations: items
              .filter(([, state]) => done === undefined || isDone(state) === done)
              .map(([operation, state]) => this.#written(operation, state, base)),
            nextPageToken,
            unreachable: unreachable.length === 0 ? undefined : unreachable
          }, this.#form)
        )
    )
  }
}
