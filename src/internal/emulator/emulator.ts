/**
 * The operations API as a function: a request in, a reply out. It knows no transport; `OperationsEmulator` gives it two.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberId from "effect/FiberId"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Code from "../../Code.js"
import * as ProtobufAny from "../../ProtobufAny.js"
import { firstProblem } from "../parsing.js"
import { maxSleep } from "../time/clock.js"

const Millis = Schema.NonNegative.annotations({ description: "milliseconds" })
const Times = Schema.optional(Schema.Int.pipe(Schema.positive()))
const HttpHeaders = Schema.Record({ key: Schema.String, value: Schema.String })
const Any = Schema.optional(ProtobufAny.ProtobufAny)

// What every step can have besides.
const common = {
  /** How long the answer takes, in milliseconds. Default: no time. */
  delay: Schema.optional(Millis)
}

export const Step = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("pending"),
    /** For how many polls, unless there is a `duration`. Default: 1. */
    times: Times,
    /** For how long, from the beginning of the step, in milliseconds. */
    duration: Schema.optional(Millis),
    /** What the operation tells of itself. */
    metadata: Any,
    /** Further headers of the answers, such as `{ "retry-after": "2" }`. */
    headers: Schema.optional(HttpHeaders),
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("succeeded"),
    /** The result. Default: none, as for a method that returns `google.protobuf.Empty`. */
    response: Any,
    /** What the operation tells of itself. */
    metadata: Any,
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("failed"),
    /** A `google.rpc.Status`. */
    error: Schema.Struct({
      /** The number of a `google.rpc.Code`. */
      code: Schema.Int,
      /** The server's words. */
      message: Schema.String,
      /** What the server has for a program. Default: nothing. */
      details: Schema.optional(Schema.Array(ProtobufAny.ProtobufAny))
    }),
    /** What the operation tells of itself. */
    metadata: Any,
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("http"),
    /** Any HTTP status from 200 to 599. */
    status: Schema.Int.pipe(Schema.between(200, 599)),
    /** For how many polls. Default: 1. */
    times: Times,
    /** The headers of the answers. Default: none. */
    headers: Schema.optional(HttpHeaders),
    /** The body of the answers, as text. Default: none. */
    body: Schema.optional(Schema.String),
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("cut"),
    /** Where the connection breaks off. */
    at: Schema.Literal("beforeHeaders", "withinHeaders", "withinBody"),
    /** For how many polls. Default: 1. */
    times: Times,
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("gone"),
    /** For how many polls. Default: 1. */
    times: Times,
    ...common
  })
)

type Members = typeof Step.members

// What the public modules make their own `Step` of, for `typeof Step.Type` has no name in hovers and errors.
/** @inline */
export type PendingStep = Schema.Schema.Type<Members[0]>

/** @inline */
export type SucceededStep = Schema.Schema.Type<Members[1]>

/** @inline */
export type FailedStep = Schema.Schema.Type<Members[2]>

/** @inline */
export type HttpStep = Schema.Schema.Type<Members[3]>

/** @inline */
export type CutStep = Schema.Schema.Type<Members[4]>

/** @inline */
export type GoneStep = Schema.Schema.Type<Members[5]>

export type Step = PendingStep | SucceededStep | FailedStep | HttpStep | CutStep | GoneStep

const ScriptRequest = Schema.Struct({
  name: Schema.String.pipe(Schema.pattern(/^(?:.+\/)?operations\/.+$/s)),
  steps: Schema.NonEmptyArray(Step)
})

export interface Request {
  readonly method: string
  /** Path and query as they came, nothing decoded. */
  readonly target: string
  readonly body: string
  /** How many connections are open besides the one that asks. */
  readonly otherConnections: number
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Where the connection breaks off, if it does. */
  readonly cut?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
}

export interface Stats {
  /** How many requests came, those to the emulator's own paths not counted. */
  readonly requests: number
  /** How many of them the client gave up before the answer. */
  readonly aborted: number
  /** How many connections are open now; 0 in memory. */
  readonly openConnections: number
}

/** @inline */
export type Method = "get" | "list" | "cancel" | "delete" | "wait" | "create"

export interface Call {
  /** The method; `create` is `POST /v1/accessPolicies`. */
  readonly method: Method
  /** The operation's name, or that of the collection. */
  readonly name: string
  /** When it came, in milliseconds, on the emulator's clock. */
  readonly at: number
}

export interface Methods {
  /** Default: the operations, page by page. */
  readonly list?: "unimplemented" | "unrouted" | undefined
  /** Default: the operation fails with `CANCELLED` on its next poll. */
  readonly cancel?: "unimplemented" | "unrouted" | undefined
  /** Default: the operation is not found any more. */
  readonly delete?: "unimplemented" | "unrouted" | undefined
  /** Default: the answer is held until the operation has ended, or the timeout has passed. */
  readonly wait?: "unimplemented" | "unrouted" | "atOnce" | undefined
}

export interface EmulatorOptions {
  /** In ms. */
  readonly operationDuration: number
  readonly methods?: Methods | undefined
  readonly unreachable?: ReadonlyArray<string> | undefined
}

type State = Extract<Step, { readonly type: "pending" | "succeeded" | "failed" }>

// A scripted operation, at the step where its last answer left it.
interface Scripted {
  readonly name: string
  /** Its place in lists. */
  readonly serial: number
  steps: ReadonlyArray<Step>
  index: number
  answered: number
  since: number
  /** What the answers wait for that are held. */
  changed: Deferred.Deferred<void> | undefined
}

/** How many calls are kept at least; of a server that runs for long, not all. */
const keptCalls = 100_000

/** What `:wait` does without a timeout: the deadline of `google.longrunning.Operations` in the API's service configuration. */
const longestHold = 100_000

const defaultPageSize = 100
const maxPageSize = 1_000

const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8", ...headers },
  body: JSON.stringify(body)
})

// The reasons that format 1 has for a code (`errors[].reason`).
const formatOneReasons: Partial<Record<Code.Code, string>> = { NOT_FOUND: "notFound", INVALID_ARGUMENT: "badRequest" }

const error = (code: Code.Code, message: string, xgafv: string | null): Reply => {
  const status = Code.toHttpStatus(code)
  const reason = formatOneReasons[code] ?? "backendError"
  const errors = xgafv === "1" ? { errors: [{ message, domain: "global", reason }] } : undefined
  return json(status, { error: { code: status, message, ...errors, status: code } })
}

const notRouted = (path: string): Reply => ({
  status: 404,
  headers: { "content-type": "text/html; charset=UTF-8", "referrer-policy": "no-referrer" },
  body: "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n" +
    `  <p>The requested URL <code>${path.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</code> was not found.\n`
})

const notFound = (name: string, xgafv: string | null): Reply =>
  error("NOT_FOUND", `Operation ${name} was not found.`, xgafv)

const parse = <A, I>(schema: Schema.Schema<A, I>, body: string): Either.Either<A, string> =>
  Either.mapLeft(
    Schema.decodeEither(Schema.parseJson(schema))(body),
    (failure) => {
      const problem = firstProblem(failure)
      return problem === undefined ? failure.message : `${problem.path || "the body"}: ${problem.message}`
    }
  )

const accessPolicyType = "google.identity.accesscontextmanager.v1.AccessPolicy"
const metadata: ProtobufAny.ProtobufAny = {
  "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessContextManagerOperationMetadata"
}

const AccessPolicy = Schema.Struct({
  parent: Schema.String.pipe(Schema.pattern(/^organizations\/\d+$/)),
  title: Schema.NonEmptyString,
  scopes: Schema.optional(Schema.Array(Schema.String))
})

const WaitRequest = Schema.Struct({ timeout: Schema.optional(Schema.NullOr(Schema.String)) })

// The JSON form of google.protobuf.Duration, in ms.
const parseDuration = (text: string): number | undefined =>
  /^\d+(?:\.\d{1,9})?s$/.test(text) ? Number(text.slice(0, -1)) * 1_000 : undefined

interface Route {
  readonly method: Method
  /** The resource, nothing decoded. */
  readonly resource: string
}

const methodOf: Readonly<Record<string, Method>> = {
  "GET operation": "get",
  "DELETE operation": "delete",
  "POST operation:cancel": "cancel",
  "POST operation:wait": "wait",
  "GET collection": "list"
}

// The templates are /v1/{name=operations/**} and its like in other APIs, of any version and below any path, matched on
// the raw path: an encoded colon belongs to the name.
const routeOf = (verb: string, path: string): Route | undefined => {
  if (verb === "POST" && path === "/v1/accessPolicies") return { method: "create", resource: "accessPolicies" }
  const match = /^(?:\/[^:]*?)?\/v\d[\w.]*\/([^:]+?)(:\w+)?$/.exec(path)
  if (match === null) return undefined
  const resource = match[1]!
  const kind = /(?:^|\/)operations\/./.test(resource)
    ? "operation"
    : /(?:^|\/)operations$/.test(resource)
    ? "collection"
    : "nothing"
  const method = methodOf[`${verb} ${kind}${match[2] ?? ""}`]
  return method === undefined ? undefined : { method, resource }
}

const pageToken = (collection: string, serial: number): string =>
  btoa(encodeURIComponent(JSON.stringify([collection, serial])))

const PageToken = Schema.Tuple(Schema.String, Schema.Int)

// The place in the list that a token stands for; none for a token of another list, or one that nobody made here.
const parsePageToken = (collection: string, token: string): number | undefined =>
  Either.try(() => decodeURIComponent(atob(token))).pipe(
    Either.flatMap((text) => parse(PageToken, text)),
    Either.map(([of, serial]) => of === collection ? serial : undefined),
    Either.getOrUndefined
  )

// A segment "-" stands for any (AIP-159).
const isIn = (collection: string): (name: string) => boolean => {
  const wanted = collection.split("/")
  return (name) => {
    if (name.startsWith(`${collection}/`)) return true
    const segments = name.split("/")
    return segments.length > wanted.length &&
      wanted.every((segment, index) => segment === "-" || segment === segments[index])
  }
}

const isDone = (state: State): boolean => state.type !== "pending"

const operationJson = (name: string, state: State): unknown => {
  const { metadata } = state
  switch (state.type) {
    case "pending":
      return { name, metadata }
    case "succeeded":
      return { name, metadata, done: true, response: state.response }
    case "failed":
      return { name, metadata, done: true, error: state.error }
  }
}

const timesOf = (step: Step): number => "times" in step ? step.times ?? 1 : 1
const durationOf = (step: Step): number | undefined => step.type === "pending" ? step.duration : undefined
const isLast = (operation: Scripted): boolean => operation.index === operation.steps.length - 1

const moveOn = (operation: Scripted, since: number): void => {
  operation.since = since
  operation.answered = 0
  operation.index++
}

// The step that the operation is at, as time alone moves it: a step with a duration is over when that has passed.
const current = (operation: Scripted, now: number): Step => {
  while (true) {
    const step = operation.steps[operation.index]!
    const duration = durationOf(step)
    if (isLast(operation) || duration === undefined || now < operation.since + duration) return step
    moveOn(operation, operation.since + duration)
  }
}

// The step that answers a poll now: a poll moves on from a step that has given its answers. The last one gives any number.
const next = (operation: Scripted, now: number): Step => {
  while (true) {
    const step = current(operation, now)
    if (isLast(operation) || durationOf(step) !== undefined || operation.answered < timesOf(step)) return step
    moveOn(operation, now)
  }
}

// What the operation is, for those who look at it without polling: the latest state of its script, whatever fault it is
// at. None when it is gone.
const stateOf = (operation: Scripted, now: number): State | undefined => {
  if (current(operation, now).type === "gone") return undefined
  for (let index = operation.index; index >= 0; index--) {
    const step = operation.steps[index]!
    if (step.type === "pending" || step.type === "succeeded" || step.type === "failed") return step
  }
  return { type: "pending" }
}

// Ends the holds on an operation, for a new look at it.
const wake = (operation: Scripted): void => {
  if (operation.changed === undefined) return
  Deferred.unsafeDone(operation.changed, Effect.void)
  operation.changed = undefined
}

export class Emulator {
  openConnections = 0
  #requests = 0
  #aborted = 0
  #serial = 0
  readonly #recorded: Array<Call> = []
  readonly #operations = new Map<string, Scripted>()
  readonly #options: EmulatorOptions

  constructor(options: EmulatorOptions) {
    this.#options = options
  }

  stats(openConnections = this.openConnections): Stats {
    return { requests: this.#requests, aborted: this.#aborted, openConnections }
  }

  calls(): ReadonlyArray<Call> {
    return this.#recorded.slice()
  }

  script(name: string, steps: ReadonlyArray<Step>): Effect.Effect<void> {
    return Effect.map(Clock.currentTimeMillis, (since) => {
      const before = this.#operations.get(name)
      const serial = before?.serial ?? this.#serial++
      this.#operations.set(name, { name, serial, steps, index: 0, answered: 0, since, changed: undefined })
      if (before !== undefined) wake(before)
    })
  }

  handle(request: Request): Effect.Effect<Reply> {
    const [path = "", query = ""] = request.target.split("?", 2)
    if (path.startsWith("/emulator/")) return this.#handleControl(request, path)
    return Effect.onInterrupt(
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        this.#requests++
        return this.#handleApi(request, path, new URLSearchParams(query), now)
      }),
      () =>
        Effect.sync(() => {
          this.#aborted++
        })
    )
  }

  #handleControl(request: Request, path: string): Effect.Effect<Reply> {
    switch (`${request.method} ${path}`) {
      case "GET /emulator/stats":
        return Effect.sync(() => json(200, this.stats(request.otherConnections)))
      case "POST /emulator/operations":
        return Either.match(parse(ScriptRequest, request.body), {
          onLeft: (problem) => Effect.succeed(error("INVALID_ARGUMENT", problem, null)),
          onRight: ({ name, steps }) => Effect.as(this.script(name, steps), json(200, { name }))
        })
      default:
        return Effect.succeed(notRouted(path))
    }
  }

  #record(method: Method, name: string, at: number): void {
    if (this.#recorded.length === 2 * keptCalls) this.#recorded.splice(0, keptCalls)
    this.#recorded.push({ method, name, at })
  }

  #handleApi(request: Request, path: string, query: URLSearchParams, now: number): Effect.Effect<Reply> {
    const route = routeOf(request.method, path)
    const decoded = Either.try(() => decodeURIComponent(route?.resource ?? ""))
    const name = Either.getOrElse(decoded, () => path)
    if (route !== undefined) this.#record(route.method, name, now)
    const xgafv = query.get("$.xgafv")
    if (xgafv !== null && xgafv !== "1" && xgafv !== "2") {
      return Effect.succeed(
        error("INVALID_ARGUMENT", `Invalid value '${xgafv}' for system query parameter : $.xgafv`, null)
      )
    }
    if (route === undefined) return Effect.succeed(notRouted(path))
    if (Either.isLeft(decoded)) return Effect.succeed(error("INVALID_ARGUMENT", "Malformed path", xgafv))
    const { method } = route
    if (method === "create") return this.#createAccessPolicy(request.body, xgafv)
    const manner = method === "get" ? undefined : this.#options.methods?.[method]
    if (manner === "unrouted") return Effect.succeed(notRouted(path))
    if (manner === "unimplemented") {
      const message = "Operation is not implemented, or supported, or enabled."
      return Effect.succeed(error("UNIMPLEMENTED", message, xgafv))
    }
    if (method === "list") return Effect.succeed(this.#list(name, query, now, xgafv))
    const operation = this.#operations.get(name)
    if (operation === undefined) return Effect.succeed(notFound(name, xgafv))
    switch (method) {
      case "get":
        return this.#answer(operation, now, xgafv)
      case "wait":
        return this.#wait(operation, request.body, query, now, xgafv)
      case "cancel":
        return Effect.succeed(this.#cancel(operation, now, xgafv))
      case "delete":
        return Effect.succeed(this.#delete(operation, now, xgafv))
    }
  }

  #createAccessPolicy(body: string, xgafv: string | null): Effect.Effect<Reply> {
    return Effect.gen(this, function*() {
      const policy = parse(AccessPolicy, body)
      if (Either.isLeft(policy)) return error("INVALID_ARGUMENT", policy.left, xgafv)
      const id = yield* Random.nextIntBetween(100_000_000, 1_000_000_000)
      const now = yield* Clock.currentTimeMillis
      // The last part looks like a time in microseconds, 16 digits.
      const name = `operations/accessPolicies/${id}/create/${String(now * 1000 + (id % 1000)).padStart(16, "1")}`
      const response = ProtobufAny.pack(accessPolicyType, {
        name: `accessPolicies/${id}`,
        ...policy.right,
        etag: id.toString(16)
      })
      const steps: ReadonlyArray<Step> = [
        { type: "pending", duration: this.#options.operationDuration, metadata },
        { type: "succeeded", metadata, response }
      ]
      yield* this.script(name, steps)
      return yield* this.#answer(this.#operations.get(name)!, now, xgafv)
    })
  }

  #list(collection: string, query: URLSearchParams, now: number, xgafv: string | null): Reply {
    const token = query.get("pageToken") ?? ""
    const after = token === "" ? -1 : parsePageToken(collection, token)
    if (after === undefined) return error("INVALID_ARGUMENT", "The page token is not valid.", xgafv)
    const size = Number(query.get("pageSize") ?? 0)
    if (!Number.isInteger(size) || size < 0) return error("INVALID_ARGUMENT", "The page size is not valid.", xgafv)
    const unreachable = this.#options.unreachable ?? []
    if (unreachable.length > 0 && query.get("returnPartialSuccess") !== "true") {
      return error("UNAVAILABLE", `Some locations could not be reached: ${unreachable.join(", ")}`, xgafv)
    }
    // Of the language of filters (AIP-160), only this; any other filter lets everything pass.
    const done = /^\s*done\s*=\s*(true|false)\s*$/i.exec(query.get("filter") ?? "")?.[1]?.toLowerCase()
    const isWanted = isIn(collection)
    const limit = size === 0 ? defaultPageSize : Math.min(size, maxPageSize)
    const operations: Array<unknown> = []
    let last = -1
    let looked = 0
    let nextPageToken: string | undefined
    for (const operation of this.#operations.values()) {
      if (operation.serial <= after || !isWanted(operation.name)) continue
      const state = stateOf(operation, now)
      if (state === undefined) continue
      if (looked === limit) {
        nextPageToken = pageToken(collection, last)
        break
      }
      // What a filter drops has its place on the page all the same, so a page can be empty and not the last.
      looked++
      last = operation.serial
      if (done === undefined || isDone(state) === (done === "true")) {
        operations.push(operationJson(operation.name, state))
      }
    }
    // As everywhere in ProtoJSON, what is empty is left out.
    return json(200, {
      operations: operations.length === 0 ? undefined : operations,
      nextPageToken,
      unreachable: unreachable.length === 0 ? undefined : unreachable
    })
  }

  #cancel(operation: Scripted, now: number, xgafv: string | null): Reply {
    const state = stateOf(operation, now)
    if (state === undefined) return notFound(operation.name, xgafv)
    if (!isDone(state)) {
      const error = { code: Code.toNumber("CANCELLED"), message: "Operation was cancelled." }
      operation.steps = [{ type: "failed", error, metadata: state.metadata }]
      operation.index = 0
      operation.answered = 0
      wake(operation)
    }
    return json(200, {})
  }

  #delete(operation: Scripted, now: number, xgafv: string | null): Reply {
    if (stateOf(operation, now) === undefined) return notFound(operation.name, xgafv)
    this.#operations.delete(operation.name)
    wake(operation)
    return json(200, {})
  }

  #wait(
    { name }: Scripted,
    body: string,
    query: URLSearchParams,
    now: number,
    xgafv: string | null
  ): Effect.Effect<Reply> {
    const request = body === "" ? Either.right<typeof WaitRequest.Type>({}) : parse(WaitRequest, body)
    if (Either.isLeft(request)) return Effect.succeed(error("INVALID_ARGUMENT", request.left, xgafv))
    const text = request.right.timeout ?? query.get("timeout")
    const timeout = text === null ? longestHold : parseDuration(text)
    if (timeout === undefined) {
      return Effect.succeed(error("INVALID_ARGUMENT", `"${text}" is not a google.protobuf.Duration.`, xgafv))
    }
    const deadline = this.#options.methods?.wait === "atOnce" ? now : now + timeout
    return Effect.gen(this, function*() {
      while (true) {
        const operation = this.#operations.get(name)
        if (operation === undefined) return notFound(name, xgafv)
        const at = yield* Clock.currentTimeMillis
        const step = next(operation, at)
        if (step.type !== "pending" || at >= deadline) return yield* this.#answer(operation, at, xgafv)
        const duration = isLast(operation) ? undefined : durationOf(step)
        const until = duration === undefined ? deadline : Math.min(deadline, operation.since + duration)
        operation.changed ??= Deferred.unsafeMake<void>(FiberId.none)
        // A longer sleep would never end.
        yield* Effect.timeoutOption(Deferred.await(operation.changed), Math.min(until - at, maxSleep))
      }
    })
  }

  #answer(operation: Scripted, now: number, xgafv: string | null): Effect.Effect<Reply> {
    const step = next(operation, now)
    operation.answered++
    wake(operation)
    const reply = this.#reply(operation.name, step, xgafv)
    return step.delay === undefined ? Effect.succeed(reply) : Effect.delay(Effect.succeed(reply), step.delay)
  }

  #reply(name: string, step: Step, xgafv: string | null): Reply {
    switch (step.type) {
      case "pending":
        return json(200, operationJson(name, step), step.headers)
      case "succeeded":
      case "failed":
        return json(200, operationJson(name, step))
      case "http":
        return { status: step.status, headers: step.headers ?? {}, body: step.body ?? "" }
      case "cut":
        return { ...json(200, { name }), cut: step.at }
      case "gone":
        return notFound(name, xgafv)
    }
  }
}
