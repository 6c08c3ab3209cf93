import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { startEmulator } from "./support/sockets.js"

interface Answer {
  readonly status: number
  /** The body as JSON; as text where it is none. */
  readonly json: unknown
}

const answer = (status: number, text: string): Answer => {
  try {
    return { status, json: JSON.parse(text) }
  } catch {
    return { status, json: text }
  }
}

type Post = (path: string, body: string) => Effect.Effect<Answer, unknown>

const nested = (depth: number): unknown => {
  let value: unknown = "the innermost"
  for (let level = 0; level < depth; level++) value = { of: value }
  return value
}

/** Steps that are refused, with the beginning of the reason. Everything here is JSON. */
const refusedSteps: ReadonlyArray<readonly [steps: unknown, reason: string]> = [
  [undefined, "steps: Expected"],
  [null, "steps: Expected an array of steps"],
  [{}, "steps: Expected an array of steps"],
  [[], "steps: Expected at least one step"],
  [["pending"], "steps[0]: Expected a step, an object with a type"],
  [[{}], "steps[0].type: Expected one of pending, succeeded, failed, http, cut, gone, actual none"],
  [[{ type: "done" }], "steps[0].type: Expected one of pending, succeeded, failed, http, cut, gone, actual \"done\""],
  [[{ type: "pending" }, { type: "__proto__" }], "steps[1].type: Expected one of"],
  [[{ type: "pending", time: 2 }], "steps[0].time: is unexpected"],
  [[{ type: "pending", times: 0 }], "steps[0].times: Expected a positive number, actual 0"],
  [[{ type: "pending", times: 1.5 }], "steps[0].times: Expected an integer, actual 1.5"],
  [
    [{ type: "pending", duration: -1 }],
    "steps[0].duration: Expected milliseconds between 0 and 8640000000000000, actual -1"
  ],
  [[{ type: "pending", delay: -1 }], "steps[0].delay: Expected milliseconds between 0 and 2147483647, actual -1"],
  [[{ type: "pending", delay: 2 ** 31 }], "steps[0].delay: Expected milliseconds between 0 and 2147483647"],
  [[{ type: "pending", delay: "1 second" }], "steps[0].delay: Expected number, actual \"1 second\""],
  [[{ type: "pending", metadata: [] }], "steps[0].metadata: Expected ProtobufAny"],
  [[{ type: "pending", metadata: { "@type": 5 } }], "steps[0].metadata: Expected ProtobufAny"],
  [[{ type: "succeeded", times: 2 }], "steps[0].times: is unexpected"],
  [[{ type: "failed" }], "steps[0].error: is missing"],
  [[{ type: "failed", error: { code: "NOT_FOUND", message: "" } }], "steps[0].error.code: Expected number"],
  [[{ type: "failed", error: { code: 2 ** 31, message: "" } }], "steps[0].error.code: Expected a number between"],
  [[{ type: "failed", error: { code: -1, message: "" } }], "steps[0].error.code: Expected a number between 0 and"],
  [[{ type: "failed", error: { code: 5 } }], "steps[0].error.message: is missing"],
  [[{ type: "http", status: 199 }], "steps[0].status: Expected a number between 200 and 599, actual 199"],
  [[{ type: "http", status: 600 }], "steps[0].status: Expected a number between 200 and 599, actual 600"],
  [[{ type: "http", status: 204.5 }], "steps[0].status: Expected an integer"],
  [[{ type: "http", status: 200, body: {} }], "steps[0].body: Expected string"],
  [[{ type: "http", status: 200, headers: { a: 5 } }], "steps[0].headers.a: Expected string, actual 5"],
  [[{ type: "http", status: 200, headers: { "": "x" } }], "steps[0].headers: \"\" is not the name of an HTTP header"],
  [[{ type: "http", status: 200, headers: { "a b": "x" } }], "steps[0].headers: \"a b\" is not the name"],
  [[{ type: "http", status: 200, headers: { "ä": "x" } }], "steps[0].headers: \"ä\" is not the name"],
  [[{ type: "http", status: 200, headers: { "a\r\nb": "x" } }], "steps[0].headers: \"a\\r\\nb\" is not the name"],
  [
    [{ type: "http", status: 200, headers: { a: "x\r\nset-cookie: y" } }],
    "steps[0].headers: the value of a has a character"
  ],
  [[{ type: "http", status: 200, headers: { a: "x\0" } }], "steps[0].headers: the value of a has a character"],
  [[{ type: "http", status: 200, headers: { a: "€" } }], "steps[0].headers: the value of a has a character"],
  [
    [{ type: "pending", headers: { "retry-after": "1\n" } }],
    "steps[0].headers: the value of retry-after has a character"
  ],
  [[{ type: "http", status: 200, headers: { "Content-Length": "1" } }], "steps[0].headers: Content-Length frames"],
  [
    [{ type: "http", status: 200, headers: { "transfer-encoding": "x" } }],
    "steps[0].headers: transfer-encoding frames"
  ],
  [[{ type: "cut" }], "steps[0].at: is missing"],
  [[{ type: "cut", at: "withinStatus" }], "steps[0].at: Expected \"beforeHeaders\""],
  [Array.from({ length: 10_001 }, () => ({ type: "gone" })), "steps: Expected at most 10000 steps, actual 10001"]
]

const refusedNames: ReadonlyArray<readonly [name: unknown, reason: string]> = [
  [undefined, "name: Expected the name of an operation"],
  [5, "name: Expected the name of an operation"],
  ["", "name: Expected the name of an operation, such as operations/a, actual \"\""],
  ["operations", "name: Expected the name of an operation"],
  ["operations/", "name: Expected the name of an operation"],
  ["/operations/a", "name: Expected the name of an operation"],
  ["jobs/a", "name: Expected the name of an operation"],
  [`operations/${"a".repeat(2_048)}`, "name: Expected at most 2048 characters, actual 2059"]
]

const refusedBodies: ReadonlyArray<readonly [body: string, reason: string]> = [
  ["", "the body: Expected JSON"],
  ["{", "the body: Expected JSON"],
  ["[]", "the body: Expected a JSON object"],
  ["null", "the body: Expected a JSON object"],
  [
    JSON.stringify({ name: "operations/bad", steps: [{ type: "pending", metadata: nested(98) }] }),
    "the body: Expected at"
  ],
  [JSON.stringify(nested(101)), "the body: Expected at most 100 levels of nesting"],
  ["[".repeat(100_000) + "]".repeat(100_000), "the body: Expected at most 100 levels of nesting"],
  [`{"name":"operations/a","steps":[${"[],".repeat(200_000)}[]]}`, "the body: Expected at most 200000 values"]
]

const accepted: ReadonlyArray<OperationsEmulator.Step> = [
  { type: "pending", duration: 8.64e15, delay: 0, metadata: {} },
  { type: "pending", headers: { "retry-after": "1", "x-Latin": "é\tü" } },
  { type: "http", status: 599, headers: { "__proto__": "x", "content-type": "text/plain" }, body: "" },
  { type: "failed", error: { code: 2 ** 31 - 1, message: "", details: [{ "@type": "a/b" }] } },
  { type: "cut", at: "withinBody", times: 1 },
  { type: "gone", times: 1_000_000 }
]

interface Context {
  readonly emulator: OperationsEmulator.Service
  readonly post: Post
  readonly get: (path: string) => Effect.Effect<Answer, unknown>
}

const messageOf = ({ json, status }: Answer): string => {
  const { error } = json as {
    readonly error: { readonly code: number; readonly message: string; readonly status: string }
  }
  assert.deepStrictEqual([status, error.code, error.status], [400, 400, "INVALID_ARGUMENT"])
  return error.message
}

const inMemory = (): Context => {
  const emulator = OperationsEmulator.make()
  const request = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.flatMap(
      emulator.httpClient.execute(request),
      (response) => Effect.map(response.text, (text) => answer(response.status, text))
    )
  const post: Post = (path, body) =>
    request(HttpClientRequest.bodyText(HttpClientRequest.post(`http://localhost${path}`), body))
  const get = (path: string) => request(HttpClientRequest.get(`http://localhost${path}`))
  return { emulator, post, get }
}

const onSocket = Effect.map(startEmulator(), (emulator) => {
  const send = (method: string, path: string, body: string | null) =>
    Effect.tryPromise(async (): Promise<Answer> => {
      const response = await fetch(`${emulator.url}${path}`, { method, body })
      return answer(response.status, await response.text())
    })
  const post: Post = (path, body) => send("POST", path, body)
  return { emulator, post, get: (path: string) => send("GET", path, null) }
})

const refuses = ({ get, post }: Context) =>
  Effect.gen(function*() {
    yield* post("/emulator/operations", JSON.stringify({ name: "operations/good", steps: [{ type: "succeeded" }] }))
    const refused = (body: string, reason: string) =>
      Effect.map(post("/emulator/operations", body), (answer) => {
        const message = messageOf(answer)
        assert.isTrue(message.startsWith(reason), `${message}, for ${body.slice(0, 200)}`)
        assert.isBelow(message.length, 500)
      })
    for (const [steps, reason] of refusedSteps) {
      yield* refused(JSON.stringify({ name: "operations/bad", steps }), reason)
    }
    for (const [name, reason] of refusedNames) {
      yield* refused(JSON.stringify({ name, steps: [{ type: "gone" }] }), reason)
    }
    for (const [body, reason] of refusedBodies) yield* refused(body, reason)
    // Nothing of them is kept, and nothing is broken.
    assert.deepStrictEqual((yield* get("/v1/operations")).json, {
      operations: [{ name: "operations/good", done: true }]
    })
  })

describe("a script over HTTP that is wrong is refused with where and what", () => {
  it.effect("in memory", () => refuses(inMemory()))
  it.scopedLive("over a loopback socket", () => Effect.flatMap(onSocket, refuses))
})

describe("a script of a program that is wrong", () => {
  const refused = (
    script: (emulator: OperationsEmulator.Service) => Effect.Effect<void, OperationsEmulator.ScriptError>
  ) =>
    Effect.map(Effect.flip(script(OperationsEmulator.make())), (error) => {
      assert.strictEqual(error._tag, "ScriptError")
      return error.message
    })

  it.effect("fails with a ScriptError that says where and what", () =>
    Effect.gen(function*() {
      for (const [steps, reason] of refusedSteps) {
        const message = yield* refused((emulator) => emulator.script("operations/a", steps as never))
        assert.isTrue(message.startsWith(reason), `${message}, for ${JSON.stringify(steps)?.slice(0, 200)}`)
      }
      for (const [name, reason] of refusedNames) {
        const message = yield* refused((emulator) => emulator.script(name as never, [{ type: "gone" }]))
        assert.isTrue(message.startsWith(reason), message)
      }
    }))

  it.effect("for what only a program can give", () =>
    Effect.gen(function*() {
      const cyclic: Record<string, unknown> = {}
      cyclic["self"] = cyclic
      // Each level refers twice to the next: 2^60 values, 60 objects.
      let shared: unknown = {}
      for (let level = 0; level < 60; level++) shared = [shared, shared]
      const thrower = {
        get metadata(): unknown {
          throw new Error("no")
        }
      }
      const endless = { toJSON: (): unknown => endless }
      const cases: ReadonlyArray<readonly [unknown, string]> = [
        [[{ type: "pending", delay: NaN }], "steps[0].delay: Expected a finite number, actual NaN"],
        [[{ type: "pending", duration: Infinity }], "steps[0].duration: Expected a finite number, actual Infinity"],
        [
          [{ type: "pending", metadata: { at: [1, 2n] } }],
          "steps[0].metadata.at[1]: Expected JSON, actual a value of type bigint"
        ],
        [
          [{ type: "pending", metadata: { at: () => 1 } }],
          "steps[0].metadata.at: Expected JSON, actual a value of type function"
        ],
        [
          [{ type: "pending", metadata: { at: [undefined] } }],
          "steps[0].metadata.at[0]: Expected JSON, actual a value of type undefined"
        ],
        [[{ type: "pending", metadata: cyclic }], "steps: Expected at most 100 levels of nesting"],
        [[{ type: "pending", metadata: { shared } }], "steps: Expected at most 200000 values"],
        [[{ type: "pending", metadata: endless }], "steps: Expected at most 100 levels of nesting"],
        [[thrower], "steps: Expected JSON, actual a value that cannot be read"],
        [
          new Proxy([], {
            get: () => {
              throw new Error("no")
            }
          }),
          "steps: Expected JSON, actual a value that cannot be read"
        ],
        [Array(1e9), "steps[0]: Expected JSON, actual a value of type undefined"]
      ]
      for (const [steps, reason] of cases) {
        assert.strictEqual(yield* refused((emulator) => emulator.script("operations/a", steps as never)), reason)
      }
    }))

  it.effect("does not take the place of a good one", () =>
    Effect.gen(function*() {
      const { emulator, get } = inMemory()
      yield* emulator.script("operations/a", [{ type: "succeeded" }])
      yield* Effect.flip(emulator.script("operations/a", [{ type: "pending" }, { type: "http", status: 100 }]))
      assert.deepStrictEqual((yield* get("/v1/operations/a")).json, { name: "operations/a", done: true })
    }))
})

describe("a script", () => {
  it.effect("is copied: later changes do not reach it, and dates become JSON", () =>
    Effect.gen(function*() {
      const { emulator, get } = inMemory()
      const metadata: Record<string, unknown> = {
        at: DateTime.toDateUtc(DateTime.unsafeMake(0)),
        nothing: undefined,
        deep: nested(90)
      }
      yield* emulator.script("operations/a", [{ type: "pending", metadata }])
      metadata["at"] = 5n
      assert.deepStrictEqual((yield* get("/v1/operations/a")).json, {
        name: "operations/a",
        metadata: { at: "1970-01-01T00:00:00.000Z", deep: nested(90) }
      })
    }))

  it.effect("can have every step, up to the limits", () =>
    Effect.gen(function*() {
      const { emulator } = inMemory()
      for (const step of accepted) yield* emulator.script("operations/a", [step])
    }))
})

it.effect("100,000 operations are kept; of more, the oldest are forgotten", () =>
  Effect.gen(function*() {
    const { emulator, get } = inMemory()
    for (let id = 0; id <= 110_000; id++) yield* emulator.script(`operations/${id}`, [{ type: "succeeded" }])
    const statuses = yield* Effect.forEach([0, 10_000, 10_001, 110_000], (id) =>
      Effect.map(get(`/v1/operations/${id}`), ({ status }) => status))
    assert.deepStrictEqual(statuses, [404, 404, 200, 200])
  }), 60_000)

// ---------------------------------------------------------------------------------------------------------------------
// Any JSON as a script
// ---------------------------------------------------------------------------------------------------------------------

const anything = FastCheck.jsonValue({ maxDepth: 3 })
const text = FastCheck.oneof(
  FastCheck.string({ unit: "binary" }),
  FastCheck.constantFrom("", "a\r\nb", "\0", "ä", "\ud800", "__proto__", "retry-after", "content-length", "5")
)
const number = FastCheck.oneof(
  FastCheck.integer({ min: -2, max: 3 }),
  FastCheck.double({ noNaN: true, noDefaultInfinity: true }),
  FastCheck.constantFrom(99, 100, 200, 204, 304, 503, 599, 600, 2 ** 31, 1e308)
)
const good = <A>(value: FastCheck.Arbitrary<A>, bad: FastCheck.Arbitrary<unknown> = anything) =>
  FastCheck.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: bad })
const times = good(FastCheck.integer({ min: 1, max: 3 }), number)
const any = good(FastCheck.dictionary(text.filter((key) => key !== "@type"), anything))
const headers = good(
  FastCheck.dictionary(FastCheck.constantFrom("retry-after", "x-a", "__proto__"), FastCheck.constant("5")),
  FastCheck.dictionary(text, FastCheck.oneof(text, anything))
)
const type = (type: string) => good(FastCheck.constant(type))
const common = { delay: good(FastCheck.constant(0), FastCheck.constantFrom(-1, "1s", null)) }

// Most of them are a step or nearly one.
const step = FastCheck.oneof(
  FastCheck.record({ type: type("pending"), times, duration: good(number), metadata: any, headers, ...common }, {
    requiredKeys: ["type"]
  }),
  FastCheck.record({ type: type("succeeded"), response: any, metadata: any, ...common }, { requiredKeys: ["type"] }),
  FastCheck.record({
    type: type("failed"),
    error: good(FastCheck.record({ code: good(FastCheck.integer({ min: 0, max: 16 })), message: good(text) })),
    metadata: any,
    ...common
  }, { requiredKeys: ["type", "error"] }),
  FastCheck.record({
    type: type("http"),
    status: good(FastCheck.integer({ min: 200, max: 599 }), number),
    times,
    headers,
    body: good(text),
    ...common
  }, { requiredKeys: ["type", "status"] }),
  FastCheck.record({
    type: type("cut"),
    at: good(FastCheck.constantFrom("beforeHeaders", "withinHeaders", "withinBody")),
    times,
    ...common
  }, { requiredKeys: ["type", "at"] }),
  FastCheck.record({ type: type("gone"), times, ...common }, { requiredKeys: ["type"] }),
  anything
)

const body = FastCheck.oneof(
  anything,
  FastCheck.record({
    name: FastCheck.oneof(
      { weight: 5, arbitrary: FastCheck.constant("operations/any") },
      { weight: 1, arbitrary: anything },
      { weight: 1, arbitrary: text.map((id) => `operations/${id}`) }
    ),
    steps: FastCheck.oneof(
      { weight: 5, arbitrary: FastCheck.array(step, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: anything }
    ),
    method: good(FastCheck.constant("POST")),
    path: FastCheck.oneof(text, FastCheck.constantFrom("/v1/{a=**}", "/v1/{a}{b}", "/v1/{b}", "/{a=**}/{b=**}"))
  }, { requiredKeys: ["name", "steps"] })
)

const survives =
  ({ emulator, get, post }: Context, counts: { accepted: number; refused: number }) => (input: unknown) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/good", [{ type: "succeeded", response: { intact: true } }])
      for (const path of ["/emulator/operations", "/emulator/starts"]) {
        const { status } = yield* post(path, JSON.stringify(input))
        assert.include([200, 400], status)
        if (status === 200) counts.accepted++
        else counts.refused++
      }
      // Whatever it was, each of its responses is one, or a connection that was cut.
      for (const path of ["/v1/operations/any", "/v1/operations/any", "/v1/operations/any", "/v1/operations"]) {
        yield* Effect.either(get(path))
      }
      yield* Effect.either(post("/v1/things", "{}"))
      assert.deepStrictEqual((yield* get("/v1/operations/good")).json, {
        name: "operations/good",
        done: true,
        response: { intact: true }
      })
      yield* get("/emulator/stats")
    })

const manyTimes = (context: Context, numRuns: number) =>
  Effect.gen(function*() {
    const runtime = yield* Effect.runtime<never>()
    const counts = { accepted: 0, refused: 0 }
    const check = survives(context, counts)
    yield* Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(body, (input) => Effect.runPromise(Effect.provide(check(input), runtime))),
        { numRuns }
      )
    )
    assert.isAbove(counts.accepted, numRuns / 10)
    assert.isAbove(counts.refused, numRuns / 4)
  })

describe("any JSON as a script breaks no later request", () => {
  it.effect("in memory", () => manyTimes(inMemory(), 300), 30_000)
  it.scopedLive("over a loopback socket", () => Effect.flatMap(onSocket, (context) => manyTimes(context, 60)), 30_000)
})
