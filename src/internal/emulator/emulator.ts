/**
 * Emulates an API with long-running operations, as a function from requests to responses. It does not depend on a
 * transport.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as GoogleApi from "../../GoogleApi.js"
import { matches } from "../dialect/names.js"
import * as AccessContextManager from "./accessContextManager.js"
import { type Encode, type EncodeList, type Form, formOf, listFormOf } from "./forms.js"
import { isJsonObject, type JsonObject, parseJson } from "./json.js"
import { type Commit, type Methods, Operations, type Scripted } from "./operations.js"
import { decodeSegments, type Params, parseTemplate, type Template } from "./path.js"
import { error, type Failure, json, type Reply, unrouted } from "./reply.js"
import { Latest, type RecordedRequest, recordOf, type StartRequest } from "./requests.js"
import { type ListRequest, operationOf, type OperationRequest } from "./routes.js"
import { anyOperationName, decodeName, decodeSteps, type Steps } from "./script.js"

/**
 * A request as received by the transport.
 *
 * @internal
 */
export interface Request {
  readonly method: string
  /** The origin to which the request was sent, such as `http://127.0.0.1:8787`. */
  readonly origin: string
  /** The path and query as sent, before decoding. */
  readonly target: string
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The number of open connections, excluding the connection that carries this request. */
  readonly otherConnections: number
}

export interface Stats {
  /** The number of requests to the API. Requests to the emulator's own paths are not counted. */
  readonly requests: number
  /** The number of requests that the client aborted before it received a response. */
  readonly aborted: number
  /** The number of open connections. It is always 0 for the in-memory emulator. */
  readonly openConnections: number
}

/** @inline */
export type Method = "get" | "list" | "cancel" | "delete" | "wait" | "start"

export interface Call {
  /** The method. `start` stands for any method that started an operation. */
  readonly method: Method
  /** The name of the operation or of the listed collection. */
  readonly name: string
  /** When the request arrived, in milliseconds on the emulator's clock. */
  readonly at: number
}

type Start = Steps | { readonly name?: string | undefined; readonly steps: Steps }

/**
 * Returns the operation that a request starts.
 *
 * @internal
 */
export type StartHandler = (request: StartRequest) => Start | Effect.Effect<Start, unknown>

/** The requests that a handler processes. */
export interface StartRoute {
  /** The HTTP method. Default: `POST`. */
  readonly method?: string | undefined
  /** The path including its version, as a `google.api.http` template, such as `/v1/{parent=projects/*}/things`. */
  readonly path: string
}

/**
 * The key under which a public emulator stores its internal emulator.
 *
 * @internal
 */
export const internals: unique symbol = Symbol.for("effect-google-operations/OperationsEmulator/internals")

interface Starter {
  readonly method: string
  readonly template: Template
  readonly handler: StartHandler
}

/** @internal */
export interface EmulatorOptions {
  readonly api?: GoogleApi.GoogleApi | undefined
  readonly encode?: Encode | undefined
  readonly encodeList?: EncodeList | undefined
  readonly operationDuration?: Duration.DurationInput | undefined
  readonly versions?: ReadonlyArray<string> | undefined
  readonly methods?: Methods | undefined
  readonly unreachable?: ReadonlyArray<string> | undefined
}

// Limits the memory that a long-running server uses. Weights are in characters.
const keptCalls = { count: 100_000, weight: 2 ** 25 }
const keptRequests = { count: 10_000, weight: 2 ** 24 }
const maxStarters = 1_000
const maxPathLength = 2_048

// The Access Context Manager versions that the emulator implements. Each of them is available if the emulator serves
// that version.
const accessContextManagerVersions = new Set(["v1", "v1alpha"])

const isVersion = (text: unknown): boolean =>
  typeof text === "string" && /^(?!emulator(?:\/|$))[A-Za-z0-9](?:[\w.-]|\/(?=\w))*$/.test(text)

const checkVersions = (versions: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wrong = versions.find((version) => !isVersion(version))
  if (wrong === undefined) return versions
  throw new RangeError(`versions: Expected versions such as v1 or drive/v3, actual ${JSON.stringify(wrong)}`)
}

const checkDuration = (duration: Duration.DurationInput): number => {
  const decoded = Duration.decodeUnknown(duration)
  if (Option.isSome(decoded)) return Duration.toMillis(decoded.value)
  throw new RangeError(`operationDuration: Expected a duration such as "2 seconds", actual ${JSON.stringify(duration)}`)
}

// The default API: google.longrunning.Operations with any name, and all methods.
const anyApi = GoogleApi.make({
  ...GoogleApi.accessContextManager,
  operationName: anyOperationName,
  methods: { wait: "body" }
})

// Returns the part of an API's paths that precedes resource names: the base URL path and the version.
const prefixOf = ({ baseUrl, version }: GoogleApi.GoogleApi): string =>
  (URL.canParse(baseUrl) ? `${new URL(baseUrl).pathname}/${version}` : version).replace(/^\/+/, "")

// Returns the version in a template: the path up to the first segment that looks like a version.
const versionOf = (path: string): string | undefined => /^\/((?:[^/{}*]+\/)*?v\d\w*)\//.exec(path)?.[1]

type Answer = Either.Either<Reply, Failure>

// A request to the API, both in its recorded form and in the form that methods read.
interface Received {
  readonly recorded: RecordedRequest
  readonly query: URLSearchParams
  readonly body: string
  readonly origin: string
}

const shorten = (text: string): string => text.length > 500 ? `${text.slice(0, 500)}…` : text

const decodeStart = (
  input: unknown,
  pattern: RegExp
): Either.Either<{ name: string | undefined; steps: Steps }, string> => {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return Either.map(decodeSteps(input), (steps) => ({ name: undefined, steps }))
  }
  return Either.gen(function*() {
    const name = "name" in input && input.name !== undefined ? yield* decodeName(input.name, pattern) : undefined
    return { name, steps: yield* decodeSteps("steps" in input ? input.steps : undefined) }
  })
}

/** @internal */
export class Emulator {
  openConnections = 0
  #requests = 0
  #aborted = 0
  #started = 0
  readonly #calls = new Latest<Call>(keptCalls)
  readonly #recorded = new Latest<RecordedRequest>(keptRequests)
  readonly #operations: Operations
  readonly #resources = new AccessContextManager.AccessContextManager()
  readonly #starters = new Map<string, Starter>()
  readonly #served: GoogleApi.GoogleApi
  readonly #form: Form
  readonly #versions: Set<string>
  readonly #methods: Methods
  /** How long an Access Context Manager operation takes, in ms. */
  readonly #operationDuration: number

  constructor(
    {
      api = anyApi,
      encode,
      encodeList,
      methods = {},
      operationDuration = 2_000,
      unreachable = [],
      versions = [prefixOf(api)]
    }: EmulatorOptions = {}
  ) {
    this.#served = api
    this.#form = formOf(api, encode)
    this.#methods = methods
    this.#operationDuration = checkDuration(operationDuration)
    this.#versions = new Set(checkVersions(versions))
    this.#operations = new Operations({
      api,
      form: this.#form,
      listForm: listFormOf(api, encodeList),
      wait: methods.wait,
      unreachable
    })
  }

  stats(openConnections = this.openConnections): Stats {
    return { requests: this.#requests, aborted: this.#aborted, openConnections }
  }

  calls(): ReadonlyArray<Call> {
    return this.#calls.all()
  }

  requests(): ReadonlyArray<RecordedRequest> {
    return this.#recorded.all()
  }

  /** Scripts an operation. If the script is invalid, fails with a description of the problem and its location. */
  script(name: unknown, steps: unknown): Effect.Effect<void, string> {
    const decoded = Either.all({ name: decodeName(name, this.#served.operationName), steps: decodeSteps(steps) })
    return Effect.flatMap(decoded, ({ name, steps }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        this.#operations.script(name, steps, now)
      }))
  }

  /**
   * Sets the handler for a start route. If the route or script is invalid, returns a `Left` that describes the problem
   * and its location.
   */
  onStart(route: unknown, start: unknown): Either.Either<void, string> {
    const { method = "POST", path } = typeof route === "object" && route !== null ? route as Partial<StartRoute> : {}
    if (typeof method !== "string" || !/^[A-Z]+$/.test(method)) {
      return Either.left("method: Expected an HTTP method in capital letters, such as POST")
    }
    if (typeof path !== "string" || path.startsWith("/emulator/") || path.length > maxPathLength) {
      return Either.left(
        `path: Expected a path such as /v1/{parent=projects/*}/things, of at most ${maxPathLength} characters`
      )
    }
    const key = `${method} ${path}`
    if (this.#starters.size >= maxStarters && !this.#starters.has(key)) {
      return Either.left(`path: Expected at most ${maxStarters} different routes`)
    }
    const handler: Either.Either<StartHandler, string> = typeof start === "function"
      ? Either.right(start as StartHandler)
      : Either.map(decodeStart(start, this.#served.operationName), (start) => () => start)
    return Either.map(Either.all({ template: parseTemplate(path), handler }), ({ handler, template }) => {
      this.#starters.set(key, { method, template, handler })
      const version = versionOf(path)
      if (version !== undefined) this.#versions.add(version)
    })
  }

  handle(request: Request): Effect.Effect<Reply> {
    const mark = request.target.indexOf("?")
    const path = mark === -1 ? request.target : request.target.slice(0, mark)
    const query = new URLSearchParams(mark === -1 ? "" : request.target.slice(mark + 1))
    if (path.startsWith("/emulator/")) return this.#control(request, path)
    return Effect.onInterrupt(
      Effect.flatMap(Clock.currentTimeMillis, (now) => this.#api(request, path, query, now)),
      () =>
        Effect.sync(() => {
          this.#aborted++
        })
    )
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The emulator's own paths
  // -------------------------------------------------------------------------------------------------------------------

  #control(request: Request, path: string): Effect.Effect<Reply> {
    switch (`${request.method} ${path}`) {
      case "GET /emulator/stats":
        return Effect.sync(() => json(200, this.stats(request.otherConnections)))
      case "GET /emulator/requests":
        return Effect.sync(() => json(200, { requests: this.requests() }))
      case "POST /emulator/operations":
        return this.#controlled(request.body, ({ name, steps }) => this.script(name, steps))
      case "POST /emulator/starts":
        return this.#controlled(
          request.body,
          ({ method, name, path, steps }) => this.onStart({ method, path }, { name, steps })
        )
      default:
        return Effect.succeed(unrouted(path))
    }
  }

  #controlled(body: string, run: (json: JsonObject) => Effect.Effect<void, string>): Effect.Effect<Reply> {
    return parseJson(body).pipe(
      Either.filterOrLeft(isJsonObject, () => "the body: Expected a JSON object"),
      Effect.flatMap(run),
      Effect.match({
        onFailure: (message) => error({ code: "INVALID_ARGUMENT", message }),
        onSuccess: () => json(200, {})
      })
    )
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The API
  // -------------------------------------------------------------------------------------------------------------------

  #api(request: Request, path: string, urlQuery: URLSearchParams, now: number): Effect.Effect<Reply> {
    this.#requests++
    // If the URL of a GET is too long, clients send a POST with the query as a form body.
    const override = request.method === "POST" ? request.headers["x-http-method-override"]?.toUpperCase() : undefined
    const method = override ?? request.method
    const isForm = override === "GET"
    const query = isForm ? new URLSearchParams([...urlQuery, ...new URLSearchParams(request.body)]) : urlQuery
    const body = isForm ? "" : request.body
    const recorded = recordOf({ method, path, query, headers: request.headers, body, at: now })
    this.#recorded.add(recorded, request.target.length + request.body.length)

    const xgafv = query.getAll("$.xgafv").at(-1) ?? this.#form.errorFormat
    if (xgafv !== null && xgafv !== "1" && xgafv !== "2") {
      const message = `Invalid value '${shorten(xgafv)}' for system query parameter : $.xgafv`
      return Effect.succeed(error({ code: "INVALID_ARGUMENT", message }))
    }
    const answer = this.#route({ recorded, query, body, origin: request.origin })
    return answer === undefined
      ? Effect.succeed(unrouted(path))
      : Effect.map(answer, Either.match({ onLeft: (failure) => error(failure, xgafv), onRight: (reply) => reply }))
  }

  // Returns the path after the longest matching version prefix, including the slash after the version.
  #resourceOf(path: string): { readonly version: string; readonly resource: string } | undefined {
    const [version] = [...this.#versions]
      .filter((version) => path.startsWith(`/${version}/`))
      .sort((a, b) => b.length - a.length)
    return version === undefined ? undefined : { version, resource: path.slice(version.length + 1) }
  }

  #route(received: Received): Effect.Effect<Answer> | undefined {
    const { body, origin, query, recorded } = received
    const { at, method, path } = recorded
    const found = this.#resourceOf(path)
    const base = `${origin}/${found?.version ?? prefixOf(this.#served)}`
    if (found !== undefined) {
      const operation = operationOf(
        this.#served,
        { method, path: found.resource.slice(1), query, body: recorded.body },
        () => this.#operations.names()
      )
      if (Either.isLeft(operation)) {
        return Effect.succeed(Either.left({ code: "INVALID_ARGUMENT", message: operation.left }))
      }
      if (operation.right !== undefined) return this.#operation(operation.right, received, base)
    }
    const call = found !== undefined && this.#form.isLongRunning && accessContextManagerVersions.has(found.version)
      ? this.#resources.route(method, found.resource, query, body)
      : undefined
    for (const { handler, method: expected, template } of this.#starters.values()) {
      const params = expected === method ? template.match(path) : undefined
      if (params === undefined) continue
      if (Either.isLeft(params)) {
        return Effect.succeed(Either.left({ code: "INVALID_ARGUMENT", message: params.left }))
      }
      return this.#start(recorded, params.right, handler, found?.resource.slice(1) ?? "", base, call)
    }
    return call === undefined ? undefined : this.#resource(call, base, at)
  }

  #record(method: Method, name: string, at: number): void {
    this.#calls.add({ method, name, at }, name.length)
  }

  #operation(
    operation: OperationRequest | ListRequest,
    { body, query, recorded: { at: now } }: Received,
    base: string
  ): Effect.Effect<Answer> | undefined {
    const { method, name } = operation
    this.#record(method, name, now)
    const manner = method === "get" ? undefined : this.#methods[method]
    if (manner === "unrouted") return undefined
    if (manner === "unimplemented") {
      const message = "Operation is not implemented, or supported, or enabled."
      return Effect.succeed(Either.left({ code: "UNIMPLEMENTED", message }))
    }
    switch (method) {
      case "get":
        return this.#operations.get(name, base, now)
      case "wait": {
        const timeout = operation.holdSeconds === undefined
          ? this.#operations.timeoutOf(body, query)
          : Either.right(1_000 * operation.holdSeconds)
        return Either.match(timeout, {
          onLeft: (failure) => Effect.succeed(Either.left(failure)),
          onRight: (timeout) => this.#operations.wait(name, timeout, base, now)
        })
      }
      case "cancel":
        return Effect.succeed(this.#operations.cancel(name, base, now))
      case "delete":
        return Effect.succeed(this.#operations.delete(name, now))
      case "list": {
        const list = this.#operations.list(name, query, base, now)
        return list && Effect.succeed(list)
      }
    }
  }

  // The script's first response is used for the start request. The other responses are used for the polls.
  #begin(name: string, steps: Steps, base: string, now: number, commit: Commit | undefined): Effect.Effect<Answer> {
    this.#record("start", name, now)
    const operation: Scripted = this.#operations.script(name, steps, now, commit)
    return this.#operations.answer(operation, base, now)
  }

  // Returns a default operation name, below the resource in the path, for a start request that does not specify a name.
  #defaultName(path: string, body: unknown, serial: number): string | undefined {
    const { collection, id, isLongRunning, named } = this.#form
    const resource = Either.getOrElse(decodeSegments(path), () => "")
    const segments = resource.split("/")
    const parents = segments.map((_, index) => segments.slice(0, segments.length - index).join("/"))
    const [project] = /^projects\/[^/]+/.exec(resource) ?? []
    const [location] = /^projects\/[^/]+\/locations\/[^/]+(?=\/)/.exec(resource) ?? []
    const [model] = /^.*publishers\/[^/]+\/models\/[^/:]+(?=:)/.exec(resource) ?? []
    const preferred = isLongRunning ? [model, location, ""] : []
    const names = [...preferred, ...parents, project && `${project}/global`].flatMap((parent) =>
      parent === undefined ? [] : [`${parent === "" ? "" : `${parent}/`}${collection}/${id(serial)}`]
    )
    return [named?.(project, body, id(serial)), ...names]
      .find((name) => name !== undefined && matches(this.#served.operationName, name))
  }

  #start(
    request: RecordedRequest,
    params: Params,
    handler: StartHandler,
    resource: string,
    base: string,
    call: AccessContextManager.Call | undefined
  ): Effect.Effect<Answer> {
    const mutation = call?._tag === "Mutation" ? call : undefined
    const serial = ++this.#started
    const defaultName = mutation === undefined
      ? this.#defaultName(resource, request.body, serial)
      : this.#nameOf(mutation.subject, request.at)
    const failed = (problem: string): Effect.Effect<Answer> =>
      Effect.succeed(Either.left({
        code: "INTERNAL",
        message: `The handler of ${request.method} ${shorten(request.path)} failed: ${shorten(problem)}`
      }))
    return Effect.matchCauseEffect(
      Effect.suspend(() => {
        const start = handler({ ...request, params })
        return Effect.isEffect(start) ? start : Effect.succeed(start)
      }),
      {
        // A handler can throw a test's assertion error.
        onFailure: (cause) => failed(Cause.prettyErrors(cause)[0]?.message ?? "the handler was interrupted"),
        onSuccess: (start) =>
          Either.match(decodeStart(start, this.#served.operationName), {
            onLeft: failed,
            onRight: ({ name = defaultName, steps }) =>
              name === undefined
                ? failed(
                  `the path contains no name for the operation; return a name that matches ${this.#served.operationName}`
                )
                : this.#begin(name, steps, base, request.at, mutation && (() => this.#commit(mutation)))
          })
      }
    )
  }

  #nameOf(subject: string, now: number): string {
    // The final part has 16 digits, like a time in microseconds.
    return `operations/${subject}/${1e15 + now * 1_000 + ++this.#started}`
  }

  #commit(mutation: Extract<AccessContextManager.Call, { readonly _tag: "Mutation" }>): ReturnType<Commit> {
    return Either.map(mutation.plan(), ({ apply, response }) => {
      apply()
      return response
    })
  }

  #resource(call: AccessContextManager.Call, base: string, now: number): Effect.Effect<Answer> {
    this.#operations.settle(now)
    if (call._tag === "Read") return Effect.succeed(Either.map(call.read(), (resource) => json(200, resource)))
    // An invalid request fails immediately, without starting an operation.
    const planned = call.plan()
    if (Either.isLeft(planned)) return Effect.succeed(Either.left(planned.left))
    const { metadata } = AccessContextManager
    return this.#begin(
      this.#nameOf(call.subject, now),
      [{ type: "pending", duration: this.#operationDuration, metadata }, { type: "succeeded", metadata }],
      base,
      now,
      () => this.#commit(call)
    )
  }
}
