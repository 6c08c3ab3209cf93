import { assert, describe, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import {
  callsOf,
  cancelled,
  type Context,
  inMemory,
  metadata,
  type Seen,
  seen,
  type Send,
  textOf
} from "./support/emulatorRequests.js"
import { eventually, startEmulator } from "./support/sockets.js"

const onSocket = (options?: OperationsEmulator.Options) =>
  Effect.gen(function*() {
    const emulator = yield* startEmulator(options)
    const send: Send = (method, target, body, headers = {}) =>
      Effect.tryPromise(async (signal) => {
        const init = body === undefined ? {} : { body: textOf(body) }
        const response = await fetch(`${emulator.url}${target}`, { method, signal, headers, ...init })
        return seen(response.status, response.headers.get("content-type"), await response.text())
      })
    return { emulator, send }
  })

const googleErrorOf = ({ body, status }: Seen): readonly [number, string, boolean] => {
  const { error } = body as { readonly error: { readonly code: number; readonly status: string } }
  assert.strictEqual(error.code, status)
  return [status, error.status, "errors" in error]
}

const names = ({ body }: Seen): ReadonlyArray<string> =>
  ((body as { readonly operations?: ReadonlyArray<{ readonly name: string }> }).operations ?? []).map(({ name }) =>
    name
  )

// What holds on both transports, without any time passing.
const verbs: Record<string, (context: Context) => Effect.Effect<void, unknown>> = {
  "list shows what is, and takes no answer from a script": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [
        { type: "pending", metadata },
        { type: "http", status: 503 },
        { type: "succeeded" }
      ])
      yield* emulator.script("operations/b", [{ type: "failed", error: { code: 9, message: "no" } }])
      yield* emulator.script("operations/gone", [{ type: "gone" }, { type: "pending" }])
      yield* emulator.script("operations/faulty", [{ type: "cut", at: "beforeHeaders" }, { type: "succeeded" }])
      const before = {
        operations: [
          { name: "operations/a", metadata },
          { name: "operations/b", done: true, error: { code: 9, message: "no" } },
          { name: "operations/faulty" }
        ]
      }
      for (let times = 0; times < 3; times++) {
        assert.deepStrictEqual((yield* send("GET", "/v1/operations")).body, before)
      }
      const poll = send("GET", "/v1/operations/a")
      const firstListed = Effect.map(
        send("GET", "/v1/operations"),
        ({ body }) => (body as typeof before).operations[0]
      )
      assert.deepStrictEqual((yield* poll).body, { name: "operations/a", metadata })
      assert.strictEqual((yield* poll).status, 503)
      assert.deepStrictEqual(yield* firstListed, { name: "operations/a", metadata })
      assert.deepStrictEqual((yield* poll).body, { name: "operations/a", done: true })
      assert.deepStrictEqual(yield* firstListed as Effect.Effect<unknown>, { name: "operations/a", done: true })
    }),

  "list in pages": ({ emulator, send }) =>
    Effect.gen(function*() {
      for (const [index, id] of ["a", "b", "c", "d", "e"].entries()) {
        yield* emulator.script(`operations/${id}`, [{ type: index === 0 || index > 3 ? "succeeded" : "pending" }])
      }
      const pages = (query: string) =>
        Effect.gen(function*() {
          const found: Array<ReadonlyArray<string>> = []
          let token = ""
          do {
            const page = yield* send("GET", `/v1/operations?pageSize=2${query}&pageToken=${encodeURIComponent(token)}`)
            found.push(names(page))
            token = (page.body as { readonly nextPageToken?: string }).nextPageToken ?? ""
          } while (token !== "")
          return found
        })
      assert.deepStrictEqual(yield* pages(""), [
        ["operations/a", "operations/b"],
        ["operations/c", "operations/d"],
        ["operations/e"]
      ])
      // A filter can leave a page empty.
      assert.deepStrictEqual(yield* pages("&filter=done%3Dtrue"), [["operations/a"], [], ["operations/e"]])
      const { body } = yield* send("GET", "/v1/operations?pageSize=1")
      const token = encodeURIComponent((body as { readonly nextPageToken: string }).nextPageToken)
      const foreign = yield* send("GET", `/v1/projects/p/operations?pageToken=${token}`)
      assert.deepStrictEqual(googleErrorOf(foreign), [400, "INVALID_ARGUMENT", false])
      for (const query of ["pageToken=nonsense", "pageToken=%25", "pageSize=-1", "pageSize=x"]) {
        const answer = yield* send("GET", `/v1/operations?${query}`)
        assert.deepStrictEqual(googleErrorOf(answer), [400, "INVALID_ARGUMENT", false], query)
      }
    }),

  "cancel: pending becomes CANCELLED, done stays": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending", metadata }, { type: "succeeded" }])
      yield* emulator.script("operations/done", [{ type: "succeeded" }, { type: "http", status: 500 }])
      yield* emulator.script("operations/faulty", [{ type: "http", status: 503, times: 9 }, { type: "succeeded" }])
      yield* send("GET", "/v1/operations/a")
      yield* send("GET", "/v1/operations/done")
      yield* send("GET", "/v1/operations/faulty")
      for (const id of ["a", "done", "faulty", "a"]) {
        const answer = yield* send("POST", `/v1/operations/${id}:cancel`, {})
        assert.deepStrictEqual(answer, { status: 200, type: "application/json", body: {} })
      }
      const get = (id: string) => send("GET", `/v1/operations/${id}`)
      for (let times = 0; times < 2; times++) {
        assert.deepStrictEqual((yield* get("a")).body, {
          name: "operations/a",
          metadata,
          done: true,
          error: cancelled
        })
      }
      assert.strictEqual((yield* get("done")).status, 500)
      assert.deepStrictEqual((yield* get("faulty")).body, { name: "operations/faulty", done: true, error: cancelled })
    }),

  "delete: the name is gone": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending" }])
      assert.deepStrictEqual((yield* send("DELETE", "/v1/operations/a")).body, {})
      for (const method of ["GET", "DELETE"] as const) {
        assert.strictEqual((yield* send(method, "/v1/operations/a")).status, 404)
      }
      assert.deepStrictEqual((yield* send("GET", "/v1/operations")).body, {})
      yield* emulator.script("operations/a", [{ type: "succeeded" }])
      assert.strictEqual((yield* send("GET", "/v1/operations/a")).status, 200)
    }),

  "an unknown name is NOT_FOUND for every verb, in both error formats": ({ send }) =>
    Effect.gen(function*() {
      for (const [query, hasErrors] of [["", false], ["?$.xgafv=2", false], ["?%24.xgafv=1", true]] as const) {
        const answers = yield* Effect.all([
          send("GET", `/v1/operations/x${query}`),
          send("DELETE", `/v1/operations/x${query}`),
          send("POST", `/v1/operations/x:cancel${query}`, {}),
          send("POST", `/v1/operations/x:wait${query}`, { timeout: "1s" })
        ])
        for (const answer of answers) assert.deepStrictEqual(googleErrorOf(answer), [404, "NOT_FOUND", hasErrors])
      }
      const answer = yield* send("GET", "/v1/operations?$.xgafv=3")
      assert.deepStrictEqual(googleErrorOf(answer), [400, "INVALID_ARGUMENT", false])
    }),

  "gone: not visible yet, and expired": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "gone", times: 2 }, { type: "succeeded" }, { type: "gone" }])
      const statuses: Array<number> = []
      const cancel = send("POST", "/v1/operations/a:cancel", {})
      assert.strictEqual((yield* cancel).status, 404)
      for (let times = 0; times < 5; times++) statuses.push((yield* send("GET", "/v1/operations/a")).status)
      assert.deepStrictEqual(statuses, [404, 404, 200, 404, 404])
      const answer = yield* send("GET", "/v1/operations/a?$.xgafv=1")
      assert.deepStrictEqual(googleErrorOf(answer), [404, "NOT_FOUND", true])
      assert.deepStrictEqual(
        yield* Effect.all([cancel, send("DELETE", "/v1/operations/a")]).pipe(
          Effect.map((answers) => answers.map(({ status }) => status))
        ),
        [404, 404]
      )
    }),

  "wait answers at once what is not pending, faults too": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [
        { type: "http", status: 503, body: "busy" },
        { type: "gone" },
        { type: "failed", error: { code: 10, message: "no" } }
      ])
      const wait = send("POST", "/v1/operations/a:wait", { timeout: "10s" })
      assert.deepStrictEqual(yield* Effect.map(wait, ({ body, status }) => [status, body]), [503, "busy"])
      assert.strictEqual((yield* wait).status, 404)
      const done = { name: "operations/a", done: true, error: { code: 10, message: "no" } }
      assert.deepStrictEqual((yield* wait).body, done)
      yield* emulator.script("operations/b", [{ type: "pending" }])
      assert.deepStrictEqual((yield* send("POST", "/v1/operations/b:wait?timeout=0s")).body, { name: "operations/b" })
      yield* emulator.script("operations/c", [{ type: "cut", at: "beforeHeaders" }, { type: "succeeded" }])
      yield* Effect.flip(send("POST", "/v1/operations/c:wait"))
      for (const body of [{ timeout: "ten" }, { timeout: 10 }, { timeout: "-1s" }]) {
        const answer = yield* send("POST", "/v1/operations/b:wait", body)
        assert.deepStrictEqual(googleErrorOf(answer), [400, "INVALID_ARGUMENT", false])
      }
    }),

  "a colon in a name may be sent as it is: only the last one can begin a verb": ({ emulator, send }) =>
    Effect.gen(function*() {
      const name = "projects/example.com:p/operations/rollouts.example.com:2016-07-16r2"
      yield* emulator.script(name, [{ type: "pending" }])
      assert.deepStrictEqual((yield* send("GET", `/v1/${name}`)).body, { name })
      assert.deepStrictEqual((yield* send("POST", `/v1/${name}:wait?timeout=0s`)).body, { name })
      assert.deepStrictEqual(names(yield* send("GET", "/v1/projects/example.com:p/operations")), [name])
      assert.deepStrictEqual((yield* send("POST", `/v1/${name}:cancel`)).body, {})
      assert.deepStrictEqual((yield* send("GET", `/v1/${name}`)).body, { name, done: true, error: cancelled })
      assert.deepStrictEqual((yield* send("DELETE", `/v1/${name}`)).body, {})
      assert.deepStrictEqual(googleErrorOf(yield* send("GET", `/v1/${name}`)), [404, "NOT_FOUND", false])
    }),

  "a verb in a name: encoded or of another method, it is a part of the name": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending" }])
      yield* emulator.script("operations/a:cancel", [{ type: "succeeded" }])
      for (const target of ["/v1/operations/a%3Acancel", "/v1/operations/a:cancel"]) {
        assert.deepStrictEqual((yield* send("GET", target)).body, { name: "operations/a:cancel", done: true })
      }
      assert.deepStrictEqual((yield* send("DELETE", "/v1/operations/a%3Acancel")).body, {})
      assert.deepStrictEqual((yield* send("GET", "/v1/operations/a")).body, { name: "operations/a" })
    }),

  "an encoded slash is no separator": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a%2Fb", [{ type: "succeeded" }])
      assert.deepStrictEqual((yield* send("GET", "/v1/operations/a%2Fb")).body, {
        name: "operations/a%2Fb",
        done: true
      })
      yield* emulator.script("operations/c/d", [{ type: "succeeded" }])
      assert.strictEqual((yield* send("GET", "/v1/operations/c/d")).status, 200)
      assert.strictEqual((yield* send("GET", "/v1/operations/c%2Fd")).status, 404)
      assert.strictEqual((yield* send("GET", "/v1/operations%2Fc")).type, "text/html")
    }),

  "a path with malformed percent-encoding is INVALID_ARGUMENT": ({ send }) =>
    Effect.gen(function*() {
      for (const target of ["/v1/operations/%", "/v1/operations/%E4", "/v1/accessPolicies/%C3%28"]) {
        assert.deepStrictEqual(googleErrorOf(yield* send("GET", target)), [400, "INVALID_ARGUMENT", false], target)
      }
    }),

  "a path that leads nowhere gets the page of Google's front end": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending" }])
      const unrouted = [
        ["POST", "/v1/operations/a:stop"],
        ["POST", "/v1/operations/a"],
        ["DELETE", "/v1/operations"],
        ["POST", "/v1/operations:wait"],
        ["GET", "/v1/operations/"],
        ["GET", "/v2/operations/a"],
        ["GET", "/v1beta1/operations/a"],
        ["GET", "/drive/v1/operations/a"],
        ["GET", "/v1//operations/a"],
        ["GET", "/operations/a"],
        ["GET", "/v1"],
        ["GET", "/"],
        ["GET", "/emulator/unknown"],
        ["POST", "/emulator/stats"]
      ] as const
      for (const [method, target] of unrouted) {
        const { body, status, type } = yield* send(method, target)
        assert.deepStrictEqual([status, type], [404, "text/html"], `${method} ${target}`)
        assert.include(body, "Error 404 (Not Found)!!1")
      }
      const page = (yield* send("GET", "/<script>")).body
      assert.notInclude(page, "<script>")
    }),

  "x-http-method-override: the method that it names, with the body as a query for GET": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending" }])
      const override = (method: string, target: string, body?: string) =>
        send("POST", target, body, { "x-http-method-override": method })
      assert.deepStrictEqual((yield* override("GET", "/v1/operations/a", "alt=json")).body, { name: "operations/a" })
      const refused = yield* override("get", "/v1/operations/missing?alt=json", "%24.xgafv=1")
      assert.deepStrictEqual(googleErrorOf(refused), [404, "NOT_FOUND", true])
      assert.deepStrictEqual(names(yield* override("GET", "/v1/operations", "filter=done%3Dtrue&pageSize=5")), [])
      assert.deepStrictEqual((yield* override("DELETE", "/v1/operations/a")).body, {})
      // Only a POST can be overridden.
      const get = yield* send("GET", "/v1/operations/a", undefined, { "x-http-method-override": "DELETE" })
      assert.deepStrictEqual(googleErrorOf(get), [404, "NOT_FOUND", false])
      assert.deepStrictEqual(yield* callsOf(emulator), [
        "get operations/a",
        "get operations/missing",
        "list operations",
        "delete operations/a",
        "get operations/a"
      ])
    }),

  "its calls": ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/ü", [{ type: "pending" }])
      yield* send("GET", "/v1/operations/%C3%BC?$.xgafv=1")
      yield* send("POST", "/v1/operations/%C3%BC:wait?timeout=0s")
      yield* send("POST", "/v1/operations/%C3%BC:cancel")
      yield* send("GET", "/v1/operations?pageSize=3")
      yield* send("DELETE", "/v1/operations/%C3%BC")
      const started = yield* send("POST", "/v1/accessPolicies", { parent: "organizations/1", title: "t" })
      const expected = [
        "get operations/ü",
        "wait operations/ü",
        "cancel operations/ü",
        "list operations",
        "delete operations/ü",
        `start ${(started.body as { readonly name: string }).name}`
      ]
      assert.deepStrictEqual(yield* callsOf(emulator), expected)
      assert.strictEqual((yield* emulator.stats).requests, expected.length)
      yield* send("GET", "/v1/nonsense")
      yield* send("GET", "/emulator/stats")
      assert.deepStrictEqual(yield* callsOf(emulator), expected)
      assert.strictEqual((yield* emulator.stats).requests, expected.length + 1)
    })
}

const switchedOff = (kind: "unimplemented" | "unrouted") => ({ list: kind, cancel: kind, delete: kind, wait: kind })

const all = (send: Send, query = "") =>
  Effect.all([
    send("GET", `/v1/operations${query}`),
    send("POST", `/v1/operations/a:cancel${query}`, {}),
    send("DELETE", `/v1/operations/a${query}`),
    send("POST", `/v1/operations/a:wait${query}`, {})
  ])

const versions = ["v1", "v2", "v2beta1", "drive/v3"]

const withOptions: Record<
  string,
  readonly [OperationsEmulator.Options, (context: Context) => Effect.Effect<void, unknown>]
> = {
  "operations of other APIs, and their collections, in the versions that it was told": [
    { versions },
    ({ emulator, send }) =>
      Effect.gen(function*() {
        const name = "projects/p/locations/l/operations/x"
        yield* emulator.script(name, [{ type: "succeeded" }])
        yield* emulator.script("projects/p/locations/m/operations/y", [{ type: "pending" }])
        yield* emulator.script("transferOperations/t", [{ type: "pending" }])
        for (const version of versions) {
          assert.deepStrictEqual((yield* send("GET", `/${version}/${name}`)).body, { name, done: true })
        }
        for (const version of ["v3", "v2beta2", "drive/v2", "drive"]) {
          assert.strictEqual((yield* send("GET", `/${version}/${name}`)).type, "text/html", version)
        }
        assert.deepStrictEqual((yield* send("GET", "/v2/transferOperations/t")).body, { name: "transferOperations/t" })
        const listed = (collection: string) => Effect.map(send("GET", `/v2/${collection}`), names)
        assert.deepStrictEqual(yield* listed("projects/p/locations/l/operations"), [name])
        assert.deepStrictEqual(yield* listed("projects/p/locations/-/operations"), [
          name,
          "projects/p/locations/m/operations/y"
        ])
        assert.deepStrictEqual((yield* send("GET", "/v2/operations")).body, {})
        assert.deepStrictEqual((yield* send("POST", "/v2/projects/p/locations/m/operations/y:cancel", {})).body, {})
        assert.strictEqual((yield* send("GET", "/v2/projects/p/locations/l/jobs/x")).type, "text/html")
      })
  ],

  "methods that are not implemented": [
    { methods: switchedOff("unimplemented") },
    ({ emulator, send }) =>
      Effect.gen(function*() {
        yield* emulator.script("operations/a", [{ type: "pending" }])
        for (const answer of yield* all(send)) {
          assert.deepStrictEqual(googleErrorOf(answer), [501, "UNIMPLEMENTED", false])
        }
        for (const answer of yield* all(send, "?$.xgafv=1")) {
          assert.deepStrictEqual(googleErrorOf(answer), [501, "UNIMPLEMENTED", true])
        }
        assert.deepStrictEqual((yield* send("GET", "/v1/operations/a")).body, { name: "operations/a" })
      })
  ],

  "methods that are not routed": [{ methods: switchedOff("unrouted") }, ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending" }])
      for (const { status, type } of yield* all(send)) assert.deepStrictEqual([status, type], [404, "text/html"])
      assert.deepStrictEqual((yield* send("GET", "/v1/operations/a")).body, { name: "operations/a" })
    })],

  "a :wait that does not hold": [{ methods: { wait: "atOnce" } }, ({ emulator, send }) =>
    Effect.gen(function*() {
      yield* emulator.script("operations/a", [{ type: "pending", times: 2 }, { type: "succeeded" }])
      const wait = Effect.map(send("POST", "/v1/operations/a:wait", { timeout: "60s" }), ({ body }) => body)
      assert.deepStrictEqual(yield* Effect.all([wait, wait, wait]), [
        { name: "operations/a" },
        { name: "operations/a" },
        { name: "operations/a", done: true }
      ])
    })],

  "a list that cannot reach everything": [
    { unreachable: ["locations/m"] },
    ({ emulator, send }) =>
      Effect.gen(function*() {
        yield* emulator.script("operations/a", [{ type: "pending" }])
        const refused = yield* send("GET", "/v1/operations?$.xgafv=1")
        assert.deepStrictEqual(googleErrorOf(refused), [503, "UNAVAILABLE", true])
        assert.deepStrictEqual((yield* send("GET", "/v1/operations?returnPartialSuccess=true")).body, {
          operations: [{ name: "operations/a" }],
          unreachable: ["locations/m"]
        })
      })
  ]
}

describe("in memory", () => {
  for (const [what, check] of Object.entries(verbs)) it.effect(what, () => check(inMemory()))
  for (const [what, [options, check]] of Object.entries(withOptions)) it.effect(what, () => check(inMemory(options)))
})

describe("over a loopback socket", () => {
  for (const [what, check] of Object.entries(verbs)) {
    it.scopedLive(what, () => Effect.flatMap(onSocket(), check))
  }
  for (const [what, [options, check]] of Object.entries(withOptions)) {
    it.scopedLive(what, () => Effect.flatMap(onSocket(options), check))
  }

  it.scopedLive(":wait holds its answer, and tells when the client leaves", () =>
    Effect.gen(function*() {
      const { emulator, send } = yield* onSocket()
      yield* emulator.script("operations/a", [{ type: "pending", duration: 200 }, { type: "succeeded" }])
      const wait = send("POST", "/v1/operations/a:wait", { timeout: "30s" })
      const [took, { body }] = yield* Effect.timed(wait)
      assert.deepStrictEqual(body, { name: "operations/a", done: true })
      assert.isTrue(Duration.toMillis(took) >= 190, Duration.format(took))

      yield* emulator.script("operations/a", [{ type: "pending" }])
      const fiber = yield* Effect.fork(wait)
      yield* eventually("the wait arrives", Effect.map(emulator.calls, ({ length }) => length === 2))
      yield* Fiber.interrupt(fiber)
      yield* eventually("the server sees it", Effect.map(emulator.stats, ({ aborted }) => aborted === 1))

      const held = yield* Effect.fork(wait)
      yield* eventually("the wait arrives again", Effect.map(emulator.calls, ({ length }) => length === 3))
      yield* send("POST", "/v1/operations/a:cancel", {})
      assert.deepStrictEqual((yield* Fiber.join(held)).body, { name: "operations/a", done: true, error: cancelled })
    }))
})

it("make throws a RangeError for options that the types cannot exclude", () => {
  const refused = (options: unknown) => {
    try {
      OperationsEmulator.make(options as OperationsEmulator.Options)
      return "accepted"
    } catch (error) {
      return error instanceof RangeError ? error.message : String(error)
    }
  }
  for (const versions of [["/v1"], [""], ["v1/"], ["v1", "a//b"], ["emulator"], ["emulator/v1"], ["a?b"], [5]]) {
    assert.match(refused({ versions }), /^versions: Expected versions such as v1 or drive\/v3, actual /)
  }
  for (const operationDuration of ["soon", null, {}]) {
    assert.match(refused({ operationDuration }), /^operationDuration: Expected a duration such as "2 seconds", actual /)
  }
  assert.strictEqual(refused({ versions: ["drive/v3", "v2beta1"], operationDuration: Infinity }), "accepted")
})
