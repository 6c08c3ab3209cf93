/**
 * The operations API as a function: a request in, a reply out. It knows no transport; `OperationsEmulator` gives it two.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { TreeFormatter } from "effect/ParseResult"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Code from "../Code.js"
import * as ProtobufAny from "../ProtobufAny.js"

const Millis = Schema.NonNegative.annotations({ description: "milliseconds" })
const Times = Schema.optional(Schema.Int.pipe(Schema.positive()))
const HttpHeaders = Schema.Record({ key: Schema.String, value: Schema.String })
const Any = Schema.optional(ProtobufAny.ProtobufAny)

// What every step can have besides.
const common = { delay: Schema.optional(Millis) }

/** @internal */
export const Step = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("pending"),
    times: Times,
    duration: Schema.optional(Millis),
    metadata: Any,
    headers: Schema.optional(HttpHeaders),
    ...common
  }),
  Schema.Struct({ type: Schema.Literal("succeeded"), response: Any, metadata: Any, ...common }),
  Schema.Struct({
    type: Schema.Literal("failed"),
    error: Schema.Struct({
      code: Schema.Int,
      message: Schema.String,
      details: Schema.optional(Schema.Array(ProtobufAny.ProtobufAny))
    }),
    metadata: Any,
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("http"),
    status: Schema.Int.pipe(Schema.between(200, 599)),
    times: Times,
    headers: Schema.optional(HttpHeaders),
    body: Schema.optional(Schema.String),
    ...common
  }),
  Schema.Struct({
    type: Schema.Literal("cut"),
    at: Schema.Literal("beforeHeaders", "withinHeaders", "withinBody"),
    times: Times,
    ...common
  })
)

/** @internal */
export type Step = typeof Step.Type

const ScriptRequest = Schema.Struct({
  name: Schema.String.pipe(Schema.pattern(/^operations\/.+$/s)),
  steps: Schema.NonEmptyArray(Step)
})

/** @internal */
export interface Request {
  readonly method: string
  /** Path and query as they came, nothing decoded. */
  readonly target: string
  readonly body: string
  /** How many connections are open besides the one that asks. */
  readonly otherConnections: number
}

/** @internal */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Where the connection breaks off, if it does. */
  readonly cut?: "beforeHeaders" | "withinHeaders" | "withinBody" | undefined
}

/** @internal */
export interface Stats {
  readonly requests: number
  readonly aborted: number
  readonly openConnections: number
}

/** @internal */
export interface EmulatorOptions {
  readonly operationDuration: number
}

// A scripted operation, at the step where its last answer left it.
interface Scripted {
  readonly steps: ReadonlyArray<Step>
  index: number
  answered: number
  since: number
}

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

const parse = <A, I>(schema: Schema.Schema<A, I>, body: string): Either.Either<A, string> =>
  Either.mapLeft(
    Schema.decodeEither(Schema.parseJson(schema))(body),
    (failure) => TreeFormatter.formatErrorSync(failure)
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

/** @internal */
export class Emulator {
  openConnections = 0
  private requests = 0
  private aborted = 0
  private readonly operations = new Map<string, Scripted>()
  private readonly options: EmulatorOptions

  constructor(options: EmulatorOptions) {
    this.options = options
  }

  stats(openConnections = this.openConnections): Stats {
    return { requests: this.requests, aborted: this.aborted, openConnections }
  }

  script(name: string, steps: ReadonlyArray<Step>): Effect.Effect<void> {
    return Effect.map(Clock.currentTimeMillis, (since) => {
      this.operations.set(name, { steps, index: 0, answered: 0, since })
    })
  }

  handle(request: Request): Effect.Effect<Reply> {
    const [path = "", query = ""] = request.target.split("?", 2)
    if (path.startsWith("/emulator/")) return this.handleControl(request, path)
    this.requests++
    return Effect.onInterrupt(this.handleApi(request, path, new URLSearchParams(query)), () =>
      Effect.sync(() => {
        this.aborted++
      }))
  }

  private handleControl(request: Request, path: string): Effect.Effect<Reply> {
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

  private handleApi(request: Request, path: string, query: URLSearchParams): Effect.Effect<Reply> {
    const xgafv = query.get("$.xgafv")
    if (xgafv !== null && xgafv !== "1" && xgafv !== "2") {
      return Effect.succeed(
        error("INVALID_ARGUMENT", `Invalid value '${xgafv}' for system query parameter : $.xgafv`, null)
      )
    }
    if (request.method === "POST" && path === "/v1/accessPolicies") return this.createAccessPolicy(request.body, xgafv)
    // The template is /v1/{name=operations/**}, matched on the raw path: an encoded colon belongs to the name.
    const match = /^\/v1\/(operations\/[^:]+)$/.exec(path)
    if (match === null) return Effect.succeed(notRouted(path))
    const name = Either.try(() => decodeURIComponent(match[1]!))
    if (Either.isLeft(name)) return Effect.succeed(error("INVALID_ARGUMENT", "Malformed path", xgafv))
    if (request.method !== "GET") return Effect.succeed(notRouted(path))
    const operation = this.operations.get(name.right)
    return operation === undefined
      ? Effect.succeed(error("NOT_FOUND", `Operation ${name.right} was not found.`, xgafv))
      : this.answer(name.right, operation)
  }

  private createAccessPolicy(body: string, xgafv: string | null): Effect.Effect<Reply> {
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
        { type: "pending", duration: this.options.operationDuration, metadata },
        { type: "succeeded", metadata, response }
      ]
      yield* this.script(name, steps)
      return yield* this.answer(name, this.operations.get(name)!)
    })
  }

  private answer(name: string, operation: Scripted): Effect.Effect<Reply> {
    return Effect.gen(this, function*() {
      const now = yield* Clock.currentTimeMillis
      const step = this.next(operation, now)
      if (step.delay !== undefined) yield* Effect.sleep(step.delay)
      switch (step.type) {
        case "pending":
          return json(200, { name, metadata: step.metadata }, step.headers)
        case "succeeded":
          return json(200, { name, metadata: step.metadata, done: true, response: step.response })
        case "failed":
          return json(200, { name, metadata: step.metadata, done: true, error: step.error })
        case "http":
          return { status: step.status, headers: step.headers ?? {}, body: step.body ?? "" }
        case "cut":
          return { ...json(200, { name }), cut: step.at }
      }
    })
  }

  // The step that answers now. A step lasts for its `duration`, or for `times` answers; the last one for ever.
  private next(operation: Scripted, now: number): Step {
    while (true) {
      const step = operation.steps[operation.index]!
      const isLast = operation.index === operation.steps.length - 1
      const duration = step.type === "pending" ? step.duration : undefined
      const times = "times" in step ? step.times ?? 1 : 1
      const isOver = duration === undefined ? operation.answered >= times : now >= operation.since + duration
      if (isLast || !isOver) {
        operation.answered++
        return step
      }
      operation.since = duration === undefined ? now : operation.since + duration
      operation.answered = 0
      operation.index++
    }
  }
}
