// Random responses, names, APIs, handles and options for every method.
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { anyText, filled, untrusted } from "../untrusted.js"
import { dialects, paths, responses } from "../vectors.js"

/** A value of a caller who writes plain JavaScript: the type checker does not see it. */
export const untyped = (value: unknown): never => value as never

export const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

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

export const defaultOperation = "operations/x"

export const noOptions = {}

const apis = [
  GoogleApi.accessContextManager,
  GoogleApi.compute,
  GoogleApi.sqlAdmin,
  GoogleApi.container,
  GoogleApi.bigQuery
]

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
