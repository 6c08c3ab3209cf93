// Random responses, names, APIs, handles and options for every method, and what every outcome must be.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationError from "effect-google-operations/OperationError"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ResultError from "effect-google-operations/ResultError"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { identity } from "effect/Function"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { getHeapStatistics } from "node:v8"
import { Dispatcher } from "undici"
import { anyText, filled, untrusted } from "./untrusted.js"
import { dialects, paths, responses } from "./vectors.js"
import { VirtualClock } from "./virtualClock.js"

/** A value of a caller who writes plain JavaScript: the type checker does not see it. */
const untyped = (value: unknown): never => value as never

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

export interface Reply {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string | Uint8Array
}

const methods = [
  "get",
  "wait",
  "updates",
  "waitAll",
  "waitAll of anything",
  "list",
  "listPages",
  "cancel",
  "delete",
  "start",
  "handle",
  "OperationInfo.execute",
  "OperationInfo.result",
  "OperationInfo.updates"
] as const

export interface Case {
  readonly method: (typeof methods)[number]
  /** The responses, one after the other; the last one again and again. */
  readonly replies: ReadonlyArray<Reply>
  readonly operation: unknown
  readonly api: () => GoogleApi.GoogleApi
  readonly serviceOptions: object
  readonly callOptions: object
}

const defaultOperation = "operations/x"

const noOptions = {}

const apis = [
  GoogleApi.accessContextManager,
  GoogleApi.compute,
  GoogleApi.sqlAdmin,
  GoogleApi.container,
  GoogleApi.bigQuery
]

// ---------------------------------------------------------------------------------------------------------------------
// Generators
// ---------------------------------------------------------------------------------------------------------------------

const text = FastCheck.oneof(
  anyText(30),
  FastCheck.constantFrom(
    "",
    "\ud800",
    "__proto__",
    "constructor",
    "\r\nx: y",
    "\u2028",
    "..",
    "a".repeat(20_000),
    "%2e%2e/%zz",
    "{*}",
    "$&",
    "\0"
  )
)

const scalar = FastCheck.oneof(
  text,
  FastCheck.constantFrom(null, true, false, 0, -1, 1.5, 17, 404, 503, 2 ** 53, 1e308, "OK", "DONE", "5s", [], {})
)

// Long strings and deep values: made when the case runs, so that fast-check does not print them.
const deepText = (levels: number) => `${"{\"a\":[".repeat(levels)}${"]}".repeat(levels)}`
const deepMark = "<deep here>"

type Json = unknown

/** The objects and arrays within a value. */
const containers = (root: Json): Array<Record<string, Json>> => {
  const found: Array<Record<string, Json>> = []
  const todo = [root]
  for (let value = todo.pop(); value !== undefined; value = todo.pop()) {
    if (typeof value !== "object" || value === null) continue
    found.push(value as Record<string, Json>)
    todo.push(...Object.values(value).filter((child) => typeof child === "object" && child !== null))
  }
  return found
}

interface Mutation {
  readonly at: number
  readonly field: number
  readonly how: "replace" | "delete" | "rename" | "add" | "wrap"
  readonly key: string
  readonly value: Json
}

const mutation: FastCheck.Arbitrary<Mutation> = FastCheck.record({
  at: FastCheck.nat(1_000),
  field: FastCheck.nat(1_000),
  how: FastCheck.constantFrom("replace", "replace", "delete", "rename", "add", "wrap"),
  key: FastCheck.oneof(
    FastCheck.constantFrom(
      ..."name done error response metadata status code message details @type _tag toJSON __proto__ kind".split(" ")
    ),
    text
  ),
  value: FastCheck.oneof({ weight: 49, arbitrary: scalar }, { weight: 1, arbitrary: FastCheck.constant(deepMark) })
})

const mutate = (json: Json, mutations: ReadonlyArray<Mutation>): Json => {
  const root = { "": structuredClone(json) }
  for (const { at, field, how, key, value: shared } of mutations) {
    // The generator gives the same object again, in this case and in others.
    const value = structuredClone(shared)
    const all = containers(root)
    const container = all[at % all.length]!
    const keys = Object.keys(container)
    const target = keys[field % Math.max(keys.length, 1)]
    if (how === "add" || target === undefined) {
      Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
    } else if (how === "replace") container[target] = value
    else if (how === "wrap") container[target] = [container[target], { [key]: container[target] }]
    else {
      if (how === "rename") {
        Object.defineProperty(container, key, {
          value: container[target],
          enumerable: true,
          configurable: true,
          writable: true
        })
      }
      if (container !== root) delete container[target]
    }
  }
  return root[""]
}

const toText = (json: Json): string =>
  (JSON.stringify(json) ?? "").replaceAll(JSON.stringify(deepMark), () => deepText(3_000))

const vectors = [...responses, ...dialects].flatMap(({ body, headers, httpStatus }) => {
  try {
    return [{ json: JSON.parse(body) as Json, status: httpStatus, headers: Object.entries(headers) }]
  } catch {
    return []
  }
})

/** A response of the vectors, with changed fields. */
const mutated: FastCheck.Arbitrary<Reply> = FastCheck.record({
  vector: FastCheck.constantFrom(...vectors),
  mutations: FastCheck.array(mutation, { minLength: 1, maxLength: 5 }),
  cut: FastCheck.oneof({ weight: 9, arbitrary: FastCheck.constant(1) }, {
    weight: 1,
    arbitrary: FastCheck.double({ min: 0, max: 1, noNaN: true })
  })
}).map(({ cut, mutations, vector }) => {
  const body = toText(mutate(vector.json, mutations))
  return { status: vector.status, headers: vector.headers, body: body.slice(0, Math.floor(body.length * cut)) }
})

const status = FastCheck.oneof(
  FastCheck.constantFrom(200, 200, 201, 202, 204, 205, 206, 300, 301, 304, 307, 400, 401, 403, 404, 408, 409, 429),
  FastCheck.constantFrom(499, 500, 501, 502, 503, 504, 599, 600, 999),
  FastCheck.integer({ min: 200, max: 999 })
)

// Few bodies are deep and wide, as those take as long as a hundred others. JSON.stringify throws for some.
const toBody = ([json, isFilled]: readonly [json: unknown, isFilled: boolean]): string => {
  try {
    return JSON.stringify(isFilled ? filled(json) : json)
  } catch {
    return JSON.stringify(json)
  }
}

const rarely = (times: number): FastCheck.Arbitrary<boolean> => FastCheck.nat(times - 1).map((n) => n === 0)

const anyBody: FastCheck.Arbitrary<Reply["body"]> = FastCheck.oneof(
  { weight: 12, arbitrary: FastCheck.tuple(untrusted, rarely(20)).map(toBody) },
  { weight: 8, arbitrary: FastCheck.uint8Array({ maxLength: 200 }) },
  { weight: 8, arbitrary: anyText(200) },
  {
    weight: 1,
    arbitrary: FastCheck.tuple(
      FastCheck.constantFrom(
        (deep: string) => deep,
        (deep: string) => `{"name":"${defaultOperation}","metadata":${deep}}`,
        (deep: string) => `{"done":true,"response":${deep}}`,
        (deep: string) => `{"done":true,"error":{"code":5,"details":[${deep}]}}`,
        (deep: string) => `{"error":{"code":503,"message":"m","details":[${deep}]}}`,
        (deep: string) => `{"operations":[${deep}],"nextPageToken":"a"}`
      ),
      FastCheck.constantFrom(100, 2_000, 20_000)
    ).map(([around, levels]) => around(deepText(levels)))
  }
)

const headerValue = FastCheck.oneof(
  FastCheck.string({ maxLength: 20 }),
  FastCheck.constantFrom(
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    "Mon, 23 Nov 2026 00:00:07 GMT",
    "gzip",
    "br, gzip",
    "zstd",
    "identity",
    "5",
    "application/json; charset=utf-16",
    "Bearer error=\"invalid_token\""
  )
)

const header = FastCheck.tuple(
  FastCheck.constantFrom(
    "retry-after",
    "content-encoding",
    "content-type",
    "content-length",
    "location",
    "www-authenticate",
    "x-a",
    "set-cookie",
    "__proto__"
  ),
  headerValue
)

const reply: FastCheck.Arbitrary<Reply> = FastCheck.record({
  status,
  headers: FastCheck.array(header, { maxLength: 5 }),
  body: FastCheck.oneof(
    FastCheck.constantFrom(
      "",
      "{}",
      `{"name":"${defaultOperation}"}`,
      `{"name":"${defaultOperation}","done":true}`,
      "{\"error\":{\"code\":503,\"message\":\"m\"}}"
    ),
    anyBody
  )
})

const pending: Reply = { status: 200, headers: [], body: JSON.stringify({ name: defaultOperation }) }
const done: Reply = { status: 200, headers: [], body: JSON.stringify({ name: defaultOperation, done: true }) }
const failed: Reply = { status: 404, headers: [], body: "{\"error\":{\"code\":404,\"message\":\"gone\"}}" }

const name: FastCheck.Arbitrary<string> = FastCheck.oneof(
  text,
  FastCheck.constantFrom(...paths.map((vector) => vector.name ?? "operations/\ud800")),
  FastCheck.tuple(
    FastCheck.constantFrom(
      "operations/",
      "projects/p/",
      "https://",
      "https://accesscontextmanager.googleapis.com/v1/",
      "//",
      "/"
    ),
    text
  )
    .map(([prefix, rest]) => `${prefix}${rest}`)
)

const handleJson = {
  version: 1,
  name: defaultOperation,
  api: { baseUrl: "https://accesscontextmanager.googleapis.com", version: "v1" },
  startedAt: "1970-01-01T00:00:00.000Z",
  deadline: "1970-01-01T00:00:05.000Z",
  responseType: "google.protobuf.Empty"
}

const handle: FastCheck.Arbitrary<unknown> = FastCheck.record({
  mutations: FastCheck.array(
    FastCheck.record({ ...mutationFields(), value: scalar }),
    { maxLength: 3 }
  ),
  isDecoded: FastCheck.boolean()
}).map(({ isDecoded, mutations }) => {
  const json = mutate(handleJson, mutations)
  return isDecoded ? Either.getOrElse(OperationHandle.fromJson(json), () => json) : json
})

function mutationFields() {
  return {
    at: FastCheck.nat(1_000),
    field: FastCheck.nat(1_000),
    how: FastCheck.constantFrom<Array<Mutation["how"]>>("replace", "replace", "delete", "rename", "add", "wrap"),
    key: FastCheck.constantFrom(...Object.keys(handleJson), "baseUrl", "__proto__")
  }
}

/** What a caller of plain JavaScript may pass for anything. */
const anything: FastCheck.Arbitrary<unknown> = FastCheck.oneof(
  FastCheck.constantFrom<Array<unknown>>(
    undefined,
    null,
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    -1,
    1,
    0.5,
    1e308,
    5e-324,
    "",
    "1",
    "1 second",
    "-1 second",
    "soon",
    true,
    false,
    [],
    {},
    [[]],
    10n,
    -10n,
    Symbol.iterator,
    Object.create(null),
    // @effect-diagnostics-next-line globalDate:off
    new Date(NaN),
    Duration.infinity,
    Duration.zero,
    Duration.seconds(2),
    { perSecond: 0 },
    { perSecond: NaN, concurrent: -1 },
    { concurrent: 0.5 },
    { perSecond: 3, concurrent: 2 },
    { _tag: "Duration" }
  ),
  FastCheck.constantFrom<Array<unknown>>(() => true, () => undefined, (value: unknown) => value),
  text,
  FastCheck.double()
)

const optionsOf = (keys: string): FastCheck.Arbitrary<object> =>
  FastCheck.oneof(
    {
      weight: 9,
      arbitrary: FastCheck.array(FastCheck.tuple(FastCheck.constantFrom(...keys.split(" ")), anything), {
        maxLength: 3
      })
        .map((entries) => Object.fromEntries(entries))
    },
    { weight: 1, arbitrary: anything.map(untyped) }
  )

const method = FastCheck.constantFrom(...methods)
const none = FastCheck.constant<object>(noOptions)
const api = FastCheck.constantFrom(...apis).map((api) => () => api)

const base = {
  method,
  replies: FastCheck.constantFrom<Array<ReadonlyArray<Reply>>>([done], [pending, done], [failed], [pending]),
  operation: FastCheck.constant<unknown>(defaultOperation),
  api: FastCheck.constant(() => GoogleApi.accessContextManager),
  serviceOptions: none,
  callOptions: none
}

const replies = (reply: FastCheck.Arbitrary<Reply>) => FastCheck.array(reply, { minLength: 1, maxLength: 3 })

/** What a server sends. */
export const ofServers = {
  "mutated responses": FastCheck.record({ ...base, api, replies: replies(mutated) }),
  "bodies": FastCheck.record({
    ...base,
    api,
    replies: replies(FastCheck.record({ status, headers: FastCheck.constant([]), body: anyBody }))
  }),
  "headers and statuses": FastCheck.record({ ...base, replies: replies(reply) })
} satisfies Record<string, FastCheck.Arbitrary<Case>>

/** What a caller passes. */
export const ofCallers = {
  "names": FastCheck.record({ ...base, operation: FastCheck.oneof(name, anything) }),
  "base URLs and versions": FastCheck.record({
    ...base,
    api: FastCheck.record({
      baseUrl: FastCheck.oneof(
        text,
        anything,
        FastCheck.tuple(
          FastCheck.constantFrom("https://", "http://", "https://user:pass@", "http://localhost", "ftp://", "https:"),
          text
        ).map(([prefix, rest]) => `${prefix}${rest}`),
        FastCheck.constantFrom(
          "https://a.example/?q=1",
          "https://a.example/#f",
          "http://127.0.0.1:99999",
          "https://[::1]/"
        )
      ),
      version: FastCheck.oneof(text, anything, FastCheck.constantFrom("v1/../v2", "/v2", "v1?x", "v1#x", "compute/v1"))
    }).map((fields) => () => GoogleApi.make(untyped(fields)))
  }),
  "handles": FastCheck.record({ ...base, operation: handle }),
  "options": FastCheck.record({
    ...base,
    // Without a timeout, a wait for an operation that is always pending has no end.
    replies: FastCheck.constantFrom<Array<ReadonlyArray<Reply>>>([done], [pending, done], [failed]),
    serviceOptions: optionsOf(
      "api credentials xgafv quotaProject requestTimeout maxBodySize schedule retrySchedule isTransient maxServerDelay " +
        "requestBudget connections pool proxy headers gracefulShutdownTimeout"
    ),
    callOptions: optionsOf(
      "xgafv by schedule retrySchedule isTransient onUpdate timeout onInterrupt onTimeout emitUnchanged collection filter pageSize " +
        "pageToken returnPartialSuccess responseType metadataType"
    )
  })
} satisfies Record<string, FastCheck.Arbitrary<Case>>

// ---------------------------------------------------------------------------------------------------------------------
// Transports in memory
// ---------------------------------------------------------------------------------------------------------------------

const inTurn = (replies: ReadonlyArray<Reply>): () => Reply => {
  let index = 0
  return () => replies[Math.min(index++, replies.length - 1)]!
}

const toResponse = ({ body, headers, status }: Reply): Response => {
  const all = new Headers()
  for (const [name, value] of headers) {
    try {
      all.append(name, value)
    } catch {
      // No response can have this header.
    }
  }
  // A Response of 204 and the like cannot be made with a body, nor one of a status above 599.
  return Object.defineProperty(new Response(body === "" ? null : Buffer.from(body), { headers: all }), "status", {
    value: status
  })
}

// What undici 7 calls of a handler. Its own API, which platform's client uses, still takes the older one.
interface OlderHandler {
  readonly onConnect: (abort: () => void) => void
  readonly onHeaders: (status: number, headers: ReadonlyArray<Buffer>, resume: () => void, text: string) => void
  readonly onData: (chunk: Buffer) => void
  readonly onComplete: (trailers: ReadonlyArray<Buffer>) => void
}

const isOlder = (handler: object): handler is OlderHandler => "onConnect" in handler

/** A dispatcher of undici without connections. */
class MemoryDispatcher extends Dispatcher {
  readonly #next: () => Reply

  constructor(replies: ReadonlyArray<Reply>) {
    super()
    this.#next = inTurn(replies)
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { body, headers, status } = this.#next()
    // A server cannot send these.
    const sendable = headers.filter(([, value]) => !/[\0\r\n]/.test(value))
    const bytes = Buffer.from(body)
    let isAborted = false
    if (isOlder(handler)) {
      handler.onConnect(() => void (isAborted = true))
      queueMicrotask(() => {
        if (isAborted) return
        handler.onHeaders(status, sendable.flat().map((text) => Buffer.from(text, "latin1")), () => {}, "")
        if (!isAborted && bytes.length > 0) handler.onData(bytes)
        if (!isAborted) handler.onComplete([])
      })
      return true
    }
    const grouped = new Map<string, Array<string>>()
    for (const [name, value] of sendable) grouped.set(name, [...grouped.get(name) ?? [], value])
    const controller: Dispatcher.DispatchController = {
      get aborted() {
        return isAborted
      },
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: (reason) => {
        if (isAborted) return
        isAborted = true
        handler.onResponseError?.(controller, reason)
      },
      pause: () => {},
      resume: () => {}
    }
    handler.onRequestStart?.(controller, {})
    queueMicrotask(() => {
      if (isAborted) return
      const byName = Object.fromEntries(
        [...grouped].map(([name, values]) => [name, values.length === 1 ? values[0] : values])
      )
      handler.onResponseStart?.(controller, status, byName, "")
      if (!isAborted && bytes.length > 0) handler.onResponseData?.(controller, bytes)
      if (!isAborted) handler.onResponseEnd?.(controller, {})
    })
    return true
  }
}

type Make = (options: object | undefined) => Effect.Effect<OperationsService.Service, never, Scope.Scope>

interface InMemory {
  readonly make: Make
  /** What the calls need. */
  readonly provide: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

const over = (client: HttpClient.HttpClient): Make => (options) =>
  Effect.provideService(OperationsService.make(untyped(options)), HttpClient.HttpClient, client)

// Platform's client takes its `fetch` from the context of the call.
const fetchClient = Effect.runSync(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer))

/** The transports, each with these responses instead of a network. */
const inMemory: Record<string, (replies: ReadonlyArray<Reply>) => InMemory> = {
  "an HttpClient": (replies) => {
    const next = inTurn(replies)
    const client = HttpClient.make((request) =>
      Effect.sync(() => HttpClientResponse.fromWeb(request, toResponse(next())))
    )
    return { make: over(client), provide: identity }
  },
  "platform's fetch client": (replies) => {
    const next = inTurn(replies)
    return {
      make: over(fetchClient),
      provide: Effect.provideService(FetchHttpClient.Fetch, () => Promise.resolve(toResponse(next())))
    }
  },
  "platform's undici client": (replies) => ({
    make: over(NodeHttpClient.makeUndici(new MemoryDispatcher(replies))),
    provide: identity
  }),
  "NodeOperations": (replies) => {
    const dispatcher = new MemoryDispatcher(replies)
    return {
      make: (options) =>
        NodeOperations.make(untyped(options === undefined || isObject(options) ? { ...options, dispatcher } : options)),
      provide: identity
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls
// ---------------------------------------------------------------------------------------------------------------------

export const credentials = Credentials.accessToken(Redacted.make("fuzz-token-0123456789"))

const info = OperationInfo.make({
  response: { typeName: "google.protobuf.Struct", schema: Schema.Struct({ a: Schema.String }) },
  metadata: { typeName: "x.Metadata", schema: Schema.Struct({ a: Schema.String }) }
})

const outcomes = <A, E>(stream: Stream.Stream<{ readonly result: Either.Either<A, E> }>) =>
  Effect.flatMap(Stream.runCollect(stream), Effect.forEach(({ result }) => result))

/** Calls the method of a case. `prefix` is the path of the base URL. */
export const call = (
  service: OperationsService.Service,
  { callOptions, method, operation }: Case,
  { prefix = "", timeout = "3 seconds" }: {
    readonly prefix?: string
    readonly timeout?: Duration.DurationInput
  } = {}
): Effect.Effect<unknown, unknown> => {
  const of = untyped(operation)
  const options = untyped(callOptions)
  const waitOptions = untyped(isObject(callOptions) ? { timeout, ...callOptions } : callOptions)
  const request = operation === defaultOperation
    ? HttpClientRequest.post(`${prefix}/v1/things`)
    : typeof operation === "string"
    ? HttpClientRequest.post(operation)
    : of
  switch (method) {
    case "get":
      return service.get(of, options)
    case "wait":
      return service.wait(of, waitOptions)
    case "updates":
      return Stream.runCollect(service.updates(of, waitOptions))
    case "waitAll":
      return outcomes(service.waitAll([of, "operations/other"], waitOptions))
    case "waitAll of anything":
      return outcomes(service.waitAll(of, waitOptions))
    case "list":
      return Stream.runCollect(Stream.take(service.list(options), 100))
    case "listPages":
      return Stream.runCollect(Stream.take(service.listPages(options), 100))
    case "cancel":
      return service.cancel(of)
    case "delete":
      return service.delete(of)
    case "start":
      return service.start(request, options)
    case "handle":
      return Effect.map(service.handle(of, options), OperationHandle.toJson)
    case "OperationInfo.execute":
      return info.using(service).execute(request, waitOptions)
    case "OperationInfo.result":
      return info.using(service).result(of, waitOptions)
    case "OperationInfo.updates":
      return Stream.runCollect(info.using(service).updates(of, waitOptions))
  }
}

const quietly = Logger.remove(Logger.defaultLogger)

// Longer than any delay of the cases, in ms.
const longest = 1e15

/** The end of a call, and when it came on the clock of the case, in ms. */
interface Ended {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly time: number
}

/** What is wrong with each of some cases. All of them run at once, in virtual time. */
const problemsOf = (
  cases: ReadonlyArray<readonly [Case, transport: string]>
): Promise<ReadonlyArray<string | undefined>> => {
  const clock = new VirtualClock()
  const run = ([one, transport]: readonly [Case, string]) => {
    const { make, provide } = inMemory[transport]!(one.replies)
    const options = isObject(one.serviceOptions)
      ? { credentials, api: one.api(), ...one.serviceOptions }
      : one.serviceOptions
    return Effect.scoped(
      Effect.flatMap(
        make(options),
        (service) => provide(Effect.map(Effect.exit(call(service, one)), (exit): Ended => ({ exit, time: clock.time })))
      )
    )
  }
  return Effect.gen(function*() {
    const fibers = yield* Effect.forEach(cases, (one) => Effect.fork(run(one)))
    for (let turn = 0; turn < 5 && fibers.some((fiber) => fiber.unsafePoll() === null); turn++) {
      yield* clock.pass(longest, "together")
    }
    const problems = fibers.map((fiber, index) => {
      const exit = fiber.unsafePoll()
      if (exit === null) return "the call does not end"
      return Exit.isSuccess(exit)
        ? problemOf(exit.value.exit, cases[index]![0]) ?? lateness(cases[index]![0], exit.value.time)
        : problemOf(exit)
    })
    yield* Fiber.interruptAllAs(fibers, FiberId.none).pipe(Effect.forkDaemon)
    return problems
  }).pipe(Effect.provide(quietly), Effect.withClock(clock), Effect.runPromise)
}

// With the default options a wait ends at its timeout, and everything else within `requestTimeout`.
const lateness = ({ callOptions, serviceOptions }: Case, time: number): string | undefined =>
  callOptions === noOptions && serviceOptions === noOptions && time > 30_000
    ? `a call that ends after ${time} ms`
    : undefined

// The `onUpdate` of the cases returns no Effect, which is a defect of the caller.
const hasFunction = ({ callOptions }: Case): boolean =>
  isObject(callOptions) && "onUpdate" in callOptions && typeof callOptions.onUpdate === "function"

const isDeclared = (error: unknown): error is Error =>
  HttpError.isHttpError(error) || OperationError.isOperationError(error) ||
  WaitTimeoutError.isWaitTimeoutError(error) || ResultError.isResultError(error)

/** What is wrong with the end of a call; nothing if it is a declared outcome that can be printed. */
export const problemOf = (exit: Exit.Exit<unknown, unknown>, one?: Case): string | undefined => {
  if (Exit.isSuccess(exit)) {
    inspect(exit.value)
    return undefined
  }
  const { cause } = exit
  if (cause._tag === "Die" && one !== undefined && hasFunction(one)) return undefined
  if (cause._tag !== "Fail") return `a cause that is no failure: ${Cause.pretty(cause)}`
  const { error } = cause
  if (!isDeclared(error)) return `an error that is not declared: ${inspect(error)}`
  if (error.message.length > 4_001) return `a message of ${error.message.length} characters`
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(error.message)) {
    return `a message with a control character: ${inspect(error.message)}`
  }
  inspect(error, { depth: Infinity })
  JSON.stringify(error)
  Cause.pretty(cause, { renderErrorCause: true })
  return undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Runs
// ---------------------------------------------------------------------------------------------------------------------

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

/** How many cases all generators make together, for how long at most, and from which seed on. */
export const runs = setting("FUZZ_RUNS", 2_100)
export const seconds = setting("FUZZ_SECONDS", process.env["FUZZ_RUNS"] === undefined ? 20 : 3_600)
export const seed = setting("FUZZ_SEED", 1)

const count = Object.keys(ofServers).length + Object.keys(ofCallers).length
// Cases that run at the same time, made from one seed.
const batchSize = 25
const anyTransport = FastCheck.constantFrom(...Object.keys(inMemory))
const maxGrowth = 512 * 1024 * 1024

export const report = (what: string, cases: number, start: number): void =>
  console.log(`${what}: ${cases} cases in ${((performance.now() - start) / 1_000).toFixed(1)} s`)

// Runs the cases of a seed. A case that fails is made smaller by fast-check, which says how to make it again.
const runBatch = async (generator: FastCheck.Arbitrary<Case>, seed: number): Promise<void> => {
  const cases = FastCheck.tuple(generator, anyTransport)
  const problems = await problemsOf(FastCheck.sample(cases, { seed, numRuns: batchSize }))
  const problem = problems.find((problem) => problem !== undefined)
  if (problem === undefined) return
  await FastCheck.assert(
    FastCheck.asyncProperty(cases, async (one) => assert.deepStrictEqual(await problemsOf([one]), [undefined])),
    { seed, numRuns: batchSize }
  )
  assert.fail(`FUZZ_SEED=${seed}, only when ${batchSize} cases run at the same time: ${problem}`)
}

/** Tests the cases of each generator over the transports in memory. */
export const testInMemory = (generators: Record<string, FastCheck.Arbitrary<Case>>): void =>
  it.each(Object.entries(generators))(
    "%s",
    async (what, generator) => {
      const start = performance.now()
      const heap = getHeapStatistics().used_heap_size
      const batches = Math.ceil(runs / count / batchSize)
      let batch = 0
      while (batch < batches && performance.now() - start < seconds * 1_000 / count) {
        await runBatch(generator, seed + batch++)
        assert.isBelow(getHeapStatistics().used_heap_size - heap, maxGrowth)
      }
      report(what, batch * batchSize, start)
      assert.isAbove(batch, 0)
    },
    seconds * 1_000 + 30_000
  )
