import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { inOrder, json, type MockHttp } from "./support/http.js"
import { assertOutcome } from "./support/outcome.js"
import {
  after,
  fetchHttp,
  googleError,
  httpError,
  name,
  pending,
  service,
  succeeded,
  type TimedHttp,
  timedHttp,
  timedInOrder,
  unavailable
} from "./support/service.js"
import { responses } from "./support/vectors.js"

const origin = "https://accesscontextmanager.googleapis.com"
const every = (duration: Duration.DurationInput) => Schedule.spaced(duration)
const seconds = (http: TimedHttp) => http.times.map((time) => time / 1000)
const html = (status: number) => () => new Response("<html>no</html>", { status })
const without = (methods: Partial<GoogleApi.Methods>) =>
  GoogleApi.make({
    ...GoogleApi.accessContextManager,
    methods: { ...GoogleApi.accessContextManager.methods, ...methods }
  })

const bodyOf = (request: HttpClientRequest.HttpClientRequest | undefined): unknown =>
  request?.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : request?.body._tag

/** What was sent, as `GET /v1/operations/x`. */
const sent = (http: MockHttp) =>
  http.requests.map(({ method, url }) => `${method} ${url.startsWith(origin) ? url.slice(origin.length) : url}`)

/** The lines that an effect logs, as `WARN …`. */
const logging = <A, E, R>(lines: Array<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provide(
    effect,
    Logger.add(Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel.label} ${Array.isArray(message) ? message.join(" ") : String(message)}`)
    }))
  )

const namesOf = (pages: Iterable<OperationsService.Page>) =>
  Array.from(pages, ({ operations }) => operations.map(({ name }) => name))

describe("listPages", () => {
  const lists = responses.filter((vector) => vector.want?.call === "list")
  it("has vectors", () => assert.isAbove(lists.length, 3))

  for (const vector of lists) {
    it.scoped(`${vector.id}: ${vector.expect}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => new Response(vector.body, { status: vector.httpStatus, headers: vector.headers }))
        const operations = yield* service(http)
        const pages = yield* Stream.runCollect(Stream.take(operations.listPages(), 1))
        const page = Chunk.unsafeHead(pages)
        assert.deepStrictEqual(
          {
            names: page.operations.map(({ name }) => name),
            nextPageToken: page.nextPageToken,
            unreachable: page.unreachable
          },
          {
            names: vector.want!["names"],
            nextPageToken: vector.want!["nextPageToken"],
            unreachable: vector.want!["unreachable"]
          }
        )
        assert.deepStrictEqual(sent(http), ["GET /v1/operations"])
      }))
  }

  const page = (token: string | undefined, ...names: ReadonlyArray<string>) => () =>
    json({
      ...(names.length === 0 ? undefined : { operations: names.map((name) => ({ name })) }),
      ...(token === undefined ? undefined : { nextPageToken: token })
    })

  it.scoped("goes from page to page, an empty one in the middle included", () =>
    Effect.gen(function*() {
      const http = inOrder(
        page("one", "operations/a"),
        page("two"),
        page("three", "operations/b", "operations/c"),
        page(undefined, "operations/d")
      )
      const operations = yield* service(http)
      const pages = yield* Stream.runCollect(operations.listPages())
      assert.deepStrictEqual(namesOf(pages), [["operations/a"], [], ["operations/b", "operations/c"], ["operations/d"]])
      assert.deepStrictEqual(sent(http), [
        "GET /v1/operations",
        "GET /v1/operations?pageToken=one",
        "GET /v1/operations?pageToken=two",
        "GET /v1/operations?pageToken=three"
      ])
    }))

  it.scoped("an empty token ends it, as null and no token do", () =>
    Effect.gen(function*() {
      for (const end of [{ nextPageToken: "" }, { nextPageToken: null, operations: null, unreachable: null }, {}]) {
        const http = inOrder(() => json(end))
        const operations = yield* service(http)
        const pages = yield* Stream.runCollect(operations.listPages())
        assert.deepStrictEqual(Chunk.toReadonlyArray(pages), [{ operations: [], nextPageToken: "", unreachable: [] }])
        assert.strictEqual(http.requests.length, 1)
      }
    }))

  const loops: ReadonlyArray<readonly [string, ReadonlyArray<string>, number]> = [
    ["the same token again", ["a", "a"], 2],
    ["a token of two pages ago", ["a", "b", "a"], 3]
  ]
  for (const [what, tokens, requests] of loops) {
    it.scoped(`${what} ends it as Decode`, () =>
      Effect.gen(function*() {
        const http = inOrder(...tokens.map((token) => page(token, "operations/a")))
        const operations = yield* service(http)
        for (const run of [Stream.runDrain(operations.listPages()), Stream.runDrain(operations.list())]) {
          http.requests.length = 0
          const error = yield* httpError(run)
          assert.strictEqual(error.reason, "Decode")
          assert.isFalse(error.isTransient)
          assert.match(error.message, /GET \/v1\/operations .*page token a\b.*never end/)
          assert.strictEqual(http.requests.length, requests)
        }
      }))
  }

  it.scoped("the token that it began with must not come again either", () =>
    Effect.gen(function*() {
      const http = inOrder(page("begin", "operations/a"))
      const operations = yield* service(http)
      const error = yield* httpError(Stream.runDrain(operations.listPages({ pageToken: "begin" })))
      assert.strictEqual(error.reason, "Decode")
      assert.strictEqual(http.requests.length, 1)
    }))

  it.scoped("one stream can be run again and again", () =>
    Effect.gen(function*() {
      const http = inOrder(page("a", "operations/a"), page(""), page("a", "operations/a"), page(""))
      const operations = yield* service(http)
      const pages = operations.listPages()
      yield* Stream.runDrain(pages)
      assert.deepStrictEqual(namesOf(yield* Stream.runCollect(pages)), [["operations/a"], []])
      assert.strictEqual(http.requests.length, 4)
    }))

  it.scoped("the run after a failure begins anew", () =>
    Effect.gen(function*() {
      const http = inOrder(page("a", "operations/a"), unavailable, page("a", "operations/a"), page("", "operations/b"))
      const operations = yield* service(http)
      const pages = yield* Stream.runCollect(Stream.retry(operations.list(), Schedule.recurs(1)))
      assert.deepStrictEqual(Array.from(pages, ({ name }) => name), ["operations/a", "operations/a", "operations/b"])
    }))

  it.scoped("its parameters are encoded, and go with every page", () =>
    Effect.gen(function*() {
      const http = inOrder(page("t/2 +&=é", "operations/a"), page(""))
      const operations = yield* service(http, { xgafv: "1" })
      const filter = "done=true AND metadata.target=\"a&b #1\" é"
      yield* Stream.runDrain(
        operations.list({ filter, pageSize: 5, pageToken: "t/1 +&=", returnPartialSuccess: true })
      )
      const common = { filter, pageSize: "5", returnPartialSuccess: "true", "$.xgafv": "1" }
      assert.deepStrictEqual(
        http.requests.map(({ url }) => Object.fromEntries(new URL(url).searchParams)),
        [{ ...common, pageToken: "t/1 +&=" }, { ...common, pageToken: "t/2 +&=é" }]
      )
      for (const { url } of http.requests) assert.match(url, /^[!-~]+\/v1\/operations\?[-_.!~*'()%&=0-9a-zA-Z]+$/)
    }))

  it.scoped("parameters that are undefined are not sent", () =>
    Effect.gen(function*() {
      const http = inOrder(page(""))
      const operations = yield* service(http)
      yield* Stream.runDrain(operations.list({ filter: undefined, pageSize: 0, returnPartialSuccess: false }))
      assert.deepStrictEqual(sent(http), ["GET /v1/operations?pageSize=0&returnPartialSuccess=false"])
    }))

  it.scoped("another collection", () =>
    Effect.gen(function*() {
      const http = inOrder(page("", "projects/p/locations/l/operations/a"))
      const operations = yield* service(http)
      const collection = "projects/p q/locations/é/operations"
      yield* Stream.runDrain(operations.list({ collection }))
      assert.deepStrictEqual(sent(http), ["GET /v1/projects/p%20q/locations/%C3%A9/operations"])
    }))

  for (
    const collection of [
      "",
      "/operations",
      "operations/",
      "v1/operations",
      "a/../operations",
      `${origin}/v1/x`,
      "\ud800"
    ]
  ) {
    it.scoped(`the collection ${JSON.stringify(collection)} is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(page(""))
        const operations = yield* service(http)
        const error = yield* httpError(Stream.runDrain(operations.list({ collection })))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.match(error.message, /not sent: .* is not the name of a collection/)
        assert.strictEqual(http.requests.length, 0)
      }))
  }

  for (const options of [{ filter: "\ud800" }, { pageToken: "a\udc00" }]) {
    it.scoped(`half a surrogate pair in ${Object.keys(options).join("")} is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(page(""))
        const operations = yield* service(http)
        assert.strictEqual((yield* httpError(Stream.runDrain(operations.list(options)))).reason, "InvalidRequest")
        assert.strictEqual(http.requests.length, 0)
      }))
  }

  it.scoped("an API without it: refused", () =>
    Effect.gen(function*() {
      const http = inOrder(page(""))
      const operations = yield* service(http, { api: without({ list: false }) })
      const error = yield* httpError(Stream.runDrain(operations.list()))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.match(error.message, /no method to list/)
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("is lazy: no more pages are asked for than are taken", () =>
    Effect.gen(function*() {
      const http = inOrder(page("a", "operations/a", "operations/b"), page("b", "operations/c"), page("c"))
      const operations = yield* service(http)
      const [pages, list] = [operations.listPages(), operations.list()]
      assert.strictEqual(http.requests.length, 0)
      yield* Stream.runDrain(Stream.take(pages, 1))
      assert.strictEqual(http.requests.length, 1)
      http.requests.length = 0
      assert.strictEqual(Chunk.size(yield* Stream.runCollect(Stream.take(list, 2))), 2)
      assert.strictEqual(http.requests.length, 1)
    }))

  it.scoped("a page is given before the next one is asked for", () =>
    Effect.gen(function*() {
      const http = inOrder(page("a", "operations/a"), page("", "operations/b"))
      const operations = yield* service(http)
      const counts: Array<number> = []
      yield* Stream.runForEach(operations.list(), () => Effect.sync(() => counts.push(http.requests.length)))
      assert.deepStrictEqual(counts, [1, 2])
    }))

  it.scoped("unreachable is kept by listPages and logged by list", () =>
    Effect.gen(function*() {
      const unreachable = ["projects/p/locations/us-east9", "projects/p/locations/asia-x"]
      const answer = () => json({ operations: [{ name: "operations/a" }], unreachable })
      const http = inOrder(answer)
      const operations = yield* service(http)
      const lines: Array<string> = []
      const pages = yield* logging(lines, Stream.runCollect(operations.listPages()))
      assert.deepStrictEqual(Chunk.unsafeHead(pages).unreachable, unreachable)
      assert.deepStrictEqual(lines, [])
      const listed = yield* logging(lines, Stream.runCollect(operations.list({ returnPartialSuccess: true })))
      assert.deepStrictEqual(Chunk.toReadonlyArray(listed), [Operation.pending({ name: "operations/a" })])
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /^WARN .*locations\/us-east9, .*locations\/asia-x/)
    }))

  it.scoped("a page without unreachable logs nothing", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const operations = yield* service(inOrder(page("", "operations/a")))
      yield* logging(lines, Stream.runDrain(operations.list()))
      assert.deepStrictEqual(lines, [])
    }))

  it.scoped("finished operations are elements like others, failed ones too", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(() =>
        json({
          operations: [{ name }, { name, done: true }, { name, done: true, error: { code: 5, message: "gone" } }]
        })
      ))
      const list = yield* Stream.runCollect(operations.list())
      assert.deepStrictEqual(Array.from(list, ({ _tag }) => _tag), ["Pending", "Succeeded", "Failed"])
    }))

  const malformed: ReadonlyArray<readonly [string, () => Response, RegExp]> = [
    ["HTML", html(200), /not JSON/],
    ["a list", () => json([]), /must be an object/],
    ["null", () => json(null), /must be an object/],
    ["operations that are no list", () => json({ operations: {} }), /"operations" must be a list/],
    ["a token that is a number", () => json({ nextPageToken: 5 }), /"nextPageToken" must be a string/],
    ["unreachable of numbers", () => json({ unreachable: [5] }), /"unreachable" must be a list of strings/],
    [
      "an element that is no operation",
      () => json({ operations: [{ name }, { kind: "x" }] }),
      /none of an operation's/
    ],
    ["an element that is null", () => json({ operations: [null] }), /must be an object/]
  ]
  for (const [what, answer, words] of malformed) {
    it.scoped(`${what}: Decode`, () =>
      Effect.gen(function*() {
        const operations = yield* service(inOrder(answer))
        const error = yield* httpError(Stream.runDrain(operations.list()))
        assert.strictEqual(error.reason, "Decode")
        assert.match(error.message, words)
      }))
  }

  it.scoped("an error of a later page comes after the earlier pages", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(page("a", "operations/a"), () => googleError(403, "PERMISSION_DENIED")))
      const seen: Array<string> = []
      const error = yield* httpError(
        Stream.runForEach(operations.list(), ({ name }) => Effect.sync(() => seen.push(name)))
      )
      assert.strictEqual(error.code, "PERMISSION_DENIED")
      assert.deepStrictEqual(seen, ["operations/a"])
    }))

  it.scoped("a closed service: Closed", () =>
    Effect.gen(function*() {
      const http = timedHttp((_, index) => index === 0 ? Effect.sync(page("a", "operations/a")) : Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(Stream.runDrain(operations.list()))
      yield* TestClock.adjust(0)
      yield* operations.close
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      assert.strictEqual((yield* httpError(Stream.runDrain(operations.list()))).reason, "Closed")
      assert.strictEqual(http.times.length, 2)
      assert.strictEqual(http.aborts(), 1)
    }))
})

describe("cancel and delete", () => {
  const verbs = [["cancel", "POST", "/v1/operations/x%20y:cancel"], [
    "delete",
    "DELETE",
    "/v1/operations/x%20y"
  ]] as const
  for (const [verb, method, path] of verbs) {
    it.scoped(`${verb} is ${method} ${path}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http, { quotaProject: "p" })
        assert.strictEqual(yield* operations[verb]("operations/x y"), undefined)
        assert.deepStrictEqual(sent(http), [`${method} ${path}`])
        assert.deepStrictEqual(bodyOf(http.requests[0]), verb === "cancel" ? {} : "Empty")
        assert.strictEqual(http.requests[0]?.headers["x-goog-user-project"], "p")
      }))

    it.scoped(`${verb} of an API without it is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http, { api: without({ [verb]: false }) })
        const error = yield* httpError(operations[verb](name))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.include(error.message, `no method to ${verb}`)
        assert.strictEqual(http.requests.length, 0)
      }))

    it.scoped(`${verb} of a name that is none is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({}))
        const operations = yield* service(http)
        for (const bad of ["", "accessPolicies/1", "operations/..", "v1/operations/x"]) {
          assert.strictEqual((yield* httpError(operations[verb](bad))).reason, "InvalidRequest")
        }
        assert.strictEqual(http.requests.length, 0)
      }))

    const answers: ReadonlyArray<readonly [string, () => Response, string]> = [
      ["HTML with 200", html(200), "Decode"],
      ["a list", () => json([]), "Decode"],
      ["404", () => googleError(404, "NOT_FOUND"), "StatusCode"],
      ["503", unavailable, "StatusCode"]
    ]
    for (const [what, answer, reason] of answers) {
      it.scoped(`${verb} answered with ${what}: ${reason}, not repeated`, () =>
        Effect.gen(function*() {
          const http = inOrder(answer)
          const operations = yield* service(http)
          const error = yield* httpError(operations[verb](name))
          assert.strictEqual(error.reason, reason)
          assert.include(error.message, `${method} /v1/operations/x`)
          assert.strictEqual(http.requests.length, 1)
        }))
    }

    it.scoped(`${verb} is aborted by interruption, and bounded by requestTimeout`, () =>
      Effect.gen(function*() {
        const http = timedHttp(() => Effect.never)
        const operations = yield* service(http, { requestTimeout: "3 seconds" })
        const error = yield* httpError(after("3 seconds", operations[verb](name)))
        assert.strictEqual(error.reason, "Timeout")
        const fiber = yield* Effect.fork(operations[verb](name))
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(http.aborts(), 2)
      }))
  }

  const cancels = responses.filter((vector) => vector.want?.call === "cancel")
  it("has vectors", () => assert.isAbove(cancels.length, 0))
  for (const vector of cancels) {
    it.scoped(`${vector.id}: ${vector.expect}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => new Response(vector.body, { status: vector.httpStatus, headers: vector.headers }))
        const operations = yield* service(http)
        const cancelled = Effect.zipRight(operations.cancel(name), Effect.dieMessage("it was cancelled"))
        assertOutcome(yield* Effect.either(cancelled), vector.want!)
        assert.strictEqual(http.requests.length, 1)
      }))
  }
})

describe("start", () => {
  const post = (url: string) =>
    HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ title: "a policy" }))
  const path = "/v1/accessPolicies"
  const unauthenticated = () => googleError(401, "UNAUTHENTICATED")

  for (const url of [path, `${origin}${path}`, `${origin}:443${path}`]) {
    it.scoped(`POST ${url}`, () =>
      Effect.gen(function*() {
        const http = inOrder(() => json({ name, metadata: { step: 1 } }))
        const operations = yield* service(http)
        const operation = yield* operations.start(post(url))
        assert.deepStrictEqual(operation, Operation.pending({ name, metadata: { step: 1 } }))
        assert.deepStrictEqual(sent(http), [`POST ${path}`])
        assert.deepStrictEqual(bodyOf(http.requests[0]), { title: "a policy" })
        assert.strictEqual(http.requests[0]?.headers["content-type"], "application/json")
        assert.strictEqual(http.requests[0]?.headers["accept"], "application/json")
      }))
  }

  it.scoped("other methods, and the request's own parameters, each once", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const http = fetchHttp((input, init) => {
        seen.push(`${init?.method} ${String(input)}`)
        return Promise.resolve(pending())
      })
      const operations = yield* service(http)
      yield* operations.start(HttpClientRequest.patch(`${path}/1?a=1`, { urlParams: { updateMask: "a,b c" } }))
      assert.deepStrictEqual(seen, [`PATCH ${origin}${path}/1?a=1&updateMask=a%2Cb+c`])
    }))

  const elsewhere = [
    `https://elsewhere.example${path}`,
    `http://accesscontextmanager.googleapis.com${path}`,
    `${origin}.elsewhere.example${path}`,
    `${origin}:8443${path}`,
    `https://user:password@accesscontextmanager.googleapis.com${path}`,
    "v1/accessPolicies",
    "",
    "https://"
  ]
  for (const url of elsewhere) {
    it.scoped(`${JSON.stringify(url)} is refused`, () =>
      Effect.gen(function*() {
        const http = inOrder(pending)
        let asked = 0
        const credentials = Credentials.make({ headers: () => Effect.sync(() => ({ a: Redacted.make(`${asked++}`) })) })
        const operations = yield* service(http, { credentials })
        const error = yield* httpError(operations.start(post(url)))
        assert.strictEqual(error.reason, "InvalidRequest")
        assert.notInclude(error.message, "password")
        assert.strictEqual(http.requests.length, 0)
        assert.strictEqual(asked, 0)
      }))
  }

  it.scoped("a path that looks like a host stays at the API's origin", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http)
      yield* Effect.exit(operations.start(post("//elsewhere.example/v1")))
      for (const { url } of http.requests) assert.strictEqual(new URL(url).origin, origin)
    }))

  it.scoped("credentials, quota project and the user's own headers are sent; the credentials win", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const credentials = Credentials.accessToken(Redacted.make("a-token-of-this-test"))
      const operations = yield* service(http, { credentials, quotaProject: "my-project" })
      yield* operations.start(
        post(path).pipe(HttpClientRequest.setHeaders({ "X-Own": "1", Authorization: "Bearer of-the-user" }))
      )
      const { authorization, "x-goog-user-project": project, "x-own": own } = http.requests[0]!.headers
      assert.deepStrictEqual({ authorization, project, own }, {
        authorization: "Bearer a-token-of-this-test",
        project: "my-project",
        own: "1"
      })
    }))

  it.scoped("is sent once more after a 401 with new credentials, its body too", () =>
    Effect.gen(function*() {
      const http = inOrder(unauthenticated)
      const asked: Array<boolean> = []
      const credentials = Credentials.make({
        headers: ({ refresh }) =>
          Effect.sync(() => ({ authorization: Redacted.make(`Bearer token-${asked.push(refresh)}`) }))
      })
      const operations = yield* service(http, { credentials })
      assert.strictEqual((yield* httpError(operations.start(post(path)))).httpStatus, 401)
      assert.deepStrictEqual(asked, [false, true])
      assert.deepStrictEqual(http.requests.map(({ headers }) => headers["authorization"]), [
        "Bearer token-1",
        "Bearer token-2"
      ])
      assert.deepStrictEqual(http.requests.map(bodyOf), [{ title: "a policy" }, { title: "a policy" }])
    }))

  it.scoped("an operation that is done at once is given", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(() => json({ name: "", done: true, response: { id: "1" } })))
      const operation = yield* operations.start(post(path))
      assert.deepStrictEqual(operation, Operation.succeeded({ name: "", response: { id: "1" } }))
      assert.strictEqual(yield* operations.wait(operation), operation)
    }))

  it.scoped("an operation that has failed at once is an OperationError", () =>
    Effect.gen(function*() {
      const operations = yield* service(
        inOrder(() => json({ name, done: true, error: { code: 6, message: "there already" } }))
      )
      const error = yield* Effect.flip(operations.start(post(path)))
      assert(OperationError.isOperationError(error))
      assert.strictEqual(error.code, "ALREADY_EXISTS")
      assert.strictEqual(error.operation.name, name)
    }))

  const failures: ReadonlyArray<readonly [string, () => Response, string]> = [
    ["no operation", () => json({ title: "a policy" }), "Decode"],
    ["a list", () => json([]), "Decode"],
    ["HTML", html(200), "Decode"],
    ["503", unavailable, "StatusCode"],
    ["400", () => googleError(400, "INVALID_ARGUMENT"), "StatusCode"],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://e.example/" } }), "StatusCode"]
  ]
  for (const [what, answer, reason] of failures) {
    it.scoped(`${what}: ${reason}, sent once`, () =>
      Effect.gen(function*() {
        const http = inOrder(answer)
        const operations = yield* service(http)
        const error = yield* httpError(operations.start(post(path)))
        assert.strictEqual(error.reason, reason)
        assert.include(error.message, `POST ${path}`)
        assert.strictEqual(http.requests.length, 1)
      }))
  }

  /** Interrupts a start whose answer comes after 5 seconds, one second after it began. */
  const interrupted = (
    answer: () => Response,
    options?: { readonly onInterrupt?: "detach" | "cancel" },
    serviceOptions?: OperationsService.Options
  ) =>
    Effect.gen(function*() {
      const http = timedHttp((request) =>
        request.url.endsWith(path)
          ? Effect.delay(Effect.sync(answer), "5 seconds")
          : Effect.sync(() => json({}))
      )
      const lines: Array<string> = []
      const operations = yield* service(http, serviceOptions)
      const fiber = yield* Effect.fork(logging(lines, operations.start(post(path), options)))
      yield* TestClock.adjust("1 second")
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust(3999)
      assert.strictEqual((yield* Fiber.poll(interruption))._tag, "None")
      assert.strictEqual(http.aborts(), 0)
      yield* TestClock.adjust(1)
      const exit = yield* Fiber.join(interruption)
      return { exit, http, lines }
    })

  it.scoped("interrupted in flight: waits for the answer, and says which operation goes on", () =>
    Effect.gen(function*() {
      const { exit, http, lines } = yield* interrupted(pending)
      assert(Exit.isInterrupted(exit))
      assert.deepStrictEqual(sent(http), [`POST ${path}`])
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /^WARN .*operations\/x/)
    }))

  it.scoped("interrupted with onInterrupt cancel: one cancel", () =>
    Effect.gen(function*() {
      const { exit, http, lines } = yield* interrupted(pending, { onInterrupt: "cancel" })
      assert(Exit.isInterrupted(exit))
      assert.deepStrictEqual(sent(http), [`POST ${path}`, "POST /v1/operations/x:cancel"])
      assert.match(lines.join("\n"), /WARN .*operations\/x/)
    }))

  it.scoped("interrupted with onInterrupt cancel: an operation that is done already is not cancelled", () =>
    Effect.gen(function*() {
      const { http, lines } = yield* interrupted(succeeded, { onInterrupt: "cancel" })
      assert.deepStrictEqual(sent(http), [`POST ${path}`])
      assert.notMatch(lines.join("\n"), /goes on/)
    }))

  it.scoped("interrupted, a cancel that fails does not hide the interruption", () =>
    Effect.gen(function*() {
      const http = timedHttp((request) =>
        request.url.endsWith(path) ? Effect.delay(Effect.sync(pending), "5 seconds") : Effect.sync(unavailable)
      )
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.start(post(path), { onInterrupt: "cancel" }))
      yield* TestClock.adjust(0)
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("5 seconds")
      const exit = yield* Fiber.join(interruption)
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("onInterrupt cancel is refused where the API cannot cancel", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
      const operations = yield* service(http, { api: without({ cancel: false }) })
      const error = yield* httpError(operations.start(post(path), { onInterrupt: "cancel" }))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("interrupted without ever an answer: bounded by requestTimeout, and said", () =>
    Effect.gen(function*() {
      const http = timedHttp(() => Effect.never)
      const lines: Array<string> = []
      const operations = yield* service(http, { requestTimeout: "7 seconds" })
      const fiber = yield* Effect.fork(logging(lines, operations.start(post(path))))
      yield* TestClock.adjust("1 second")
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust(5999)
      assert.strictEqual((yield* Fiber.poll(interruption))._tag, "None")
      yield* TestClock.adjust(1)
      assert(Exit.isFailure(yield* Fiber.join(interruption)))
      assert.strictEqual(http.aborts(), 1)
      // Nobody sees the failure of an interrupted fiber, and something may have been started.
      assert.match(lines.join("\n"), /WARN .*\/v1\/accessPolicies/)
    }))

  it.scoped("interrupted before it is sent, in the queue of the budget: at once, nothing is sent", () =>
    Effect.gen(function*() {
      for (const requestBudget of [{ perSecond: 1 / 600 }, { concurrent: 1 }]) {
        const http = timedHttp((request) => request.method === "GET" ? Effect.never : Effect.sync(pending))
        const operations = yield* service(http, { requestBudget, requestTimeout: "5 minutes" })
        yield* Effect.fork(operations.get(name))
        yield* TestClock.adjust(0)
        const fiber = yield* Effect.fork(operations.start(post(path)))
        yield* TestClock.adjust("1 second")
        const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.poll(interruption))._tag, "Some", JSON.stringify(requestBudget))
        assert.strictEqual(http.times.length, 1)
      }
    }))

  it.scoped("a closed service: Closed, also in flight", () =>
    Effect.gen(function*() {
      const http = timedHttp(() => Effect.never)
      const operations = yield* service(http)
      const fiber = yield* Effect.fork(operations.start(post(path)))
      yield* TestClock.adjust(0)
      yield* operations.close
      assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
      assert.strictEqual((yield* httpError(operations.start(post(path)))).reason, "Closed")
      assert.strictEqual(http.times.length, 1)
    }))
})

describe("handles", () => {
  const stored = (handle: OperationHandle.OperationHandle): unknown =>
    JSON.parse(JSON.stringify(OperationHandle.toJson(handle)))

  it.effect.prop("go through JSON unchanged", [OperationHandle.OperationHandle], ([handle]) =>
    Effect.gen(function*() {
      const read = yield* OperationHandle.fromJson(stored(handle))
      assert.isTrue(OperationHandle.isOperationHandle(read))
      const fields = Object.entries(handle).filter(([, value]) => value !== undefined)
      assert.deepStrictEqual({ ...read }, Object.fromEntries(fields))
    }))

  it.scoped("are small, and say what they were made with", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 23))
      const http = inOrder(pending)
      const operations = yield* service(http)
      const types = { responseType: "type.googleapis.com/a.B", metadataType: "type.googleapis.com/a.M" }
      const full = yield* operations.handle(Operation.pending({ name, metadata: { large: "x".repeat(9999) } }), {
        timeout: "1 minute",
        ...types
      })
      const api = { baseUrl: origin, version: "v1" }
      assert.deepStrictEqual(stored(full), {
        version: 1,
        name,
        api,
        startedAt: "2026-11-23T00:00:00.000Z",
        deadline: "2026-11-23T00:01:00.000Z",
        ...types
      })
      const startedAt = "2026-11-23T00:00:00.000Z"
      assert.deepStrictEqual(stored(yield* operations.handle(name)), { version: 1, name, api, startedAt })
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("a name that is none has no handle", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(pending))
      for (const bad of ["", "accessPolicies/1", Operation.pending({ name: "" })]) {
        assert.strictEqual((yield* httpError(operations.handle(bad))).reason, "InvalidRequest")
      }
    }))

  it.scoped("a timeout without an end is no deadline", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 23))
      const operations = yield* service(inOrder(pending))
      for (const timeout of [Duration.infinity, Duration.days(1e9)]) {
        assert.notProperty(stored(yield* operations.handle(name, { timeout })), "deadline")
      }
    }))

  const good = {
    version: 1,
    name,
    api: { baseUrl: origin, version: "v1" },
    startedAt: "2026-11-23T00:00:00.000Z"
  }
  const bad: ReadonlyArray<readonly [string, unknown, RegExp]> = [
    ["version 2", { ...good, version: 2 }, /version[^]*2/],
    ["no version", { ...good, version: undefined }, /version/],
    ["version \"1\"", { ...good, version: "1" }, /version/],
    ["no API", { ...good, api: undefined }, /api/],
    ["an empty name", { ...good, name: "" }, /name/],
    ["a deadline that is no time", { ...good, deadline: "soon" }, /deadline/],
    ["an error instead", { _tag: "HttpError", reason: "Transport" }, /version|name/],
    ["null", null, /null/]
  ]
  for (const [what, value, words] of bad) {
    it.effect(`${what} is refused`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(OperationHandle.fromJson(value))
        assert.isTrue(ParseResult.isParseError(error))
        assert.match(error.message, words)
      }))
  }

  const others: ReadonlyArray<readonly [string, GoogleApi.GoogleApi]> = [
    ["another server", GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "https://run.googleapis.com" })],
    ["another version", GoogleApi.make({ ...GoogleApi.accessContextManager, version: "v2" })]
  ]
  for (const [what, api] of others) {
    it.scoped(`one of ${what} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const http = timedInOrder(succeeded)
        const handle = yield* (yield* service(http)).handle(name)
        const operations = yield* service(http, { api })
        const outcomes = yield* Stream.runCollect(operations.waitAll([handle]))
        const result = Chunk.unsafeHead(outcomes).result
        const errors = [
          yield* httpError(operations.wait(handle)),
          yield* httpError(Stream.runDrain(operations.updates(handle))),
          yield* httpError(result)
        ]
        for (const error of errors) {
          assert.strictEqual(error.reason, "InvalidRequest")
          assert.include(error.message, `${origin}/v1`)
          assert.include(error.message, `${api.baseUrl}/${api.version}`)
        }
        assert.strictEqual(http.times.length, 0)
      }))
  }

  it.scoped("the deadline stands, wherever the wait goes on", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 23))
      const http = timedInOrder(pending)
      const start = Date.UTC(2026, 10, 23)
      const json = stored(yield* (yield* service(http)).handle(name, { timeout: "60 seconds" }))
      yield* TestClock.adjust("40 seconds")
      const operations = yield* service(http, { schedule: every("7 seconds") })
      const handle = yield* OperationHandle.fromJson(json)
      const error = yield* Effect.flip(after("20 seconds", operations.wait(handle)))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 20_000)
      assert.deepStrictEqual(http.times.map((time) => (time - start) / 1000), [40, 47, 54, 60])
    }))

  it.scoped("one whose deadline has passed is polled once", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, succeeded)
      const operations = yield* service(http)
      const handle = yield* operations.handle(name, { timeout: "1 second" })
      yield* TestClock.adjust("1 hour")
      assert(WaitTimeoutError.isWaitTimeoutError(yield* Effect.flip(operations.wait(handle))))
      assert.strictEqual((yield* operations.wait(handle))._tag, "Succeeded")
      assert.strictEqual(http.times.length, 2)
    }))

  it.scoped("one without a deadline waits without one; the wait's own timeout goes first", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending)
      const operations = yield* service(http, { schedule: every("1 hour") })
      const fiber = yield* Effect.fork(operations.wait(yield* operations.handle(name)))
      yield* TestClock.adjust("30 hours")
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* Fiber.interrupt(fiber)
      const handle = yield* operations.handle(name, { timeout: "1 hour" })
      const error = yield* Effect.flip(after("5 seconds", operations.wait(handle, { timeout: "5 seconds" })))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
    }))
})

describe("NOT_FOUND, by phase", () => {
  const notFound = () => googleError(404, "NOT_FOUND", { message: "no such operation" })
  const options = { schedule: every("10 seconds"), transient: every("10 seconds") }
  const known = Operation.pending({ name })

  const run = (
    operation: OperationsService.Waitable,
    duration: Duration.DurationInput,
    ...answers: ReadonlyArray<() => Response>
  ) =>
    Effect.gen(function*() {
      const http = timedInOrder(...answers)
      const operations = yield* service(http, options)
      const start = (yield* Clock.currentTimeMillis) / 1000
      const result = yield* Effect.either(after(duration, operations.wait(operation)))
      return { result, times: seconds(http).map((time) => time - start) }
    })

  const failing = (
    operation: OperationsService.Waitable,
    expected: ReadonlyArray<number>,
    ...answers: ReadonlyArray<() => Response>
  ) =>
    Effect.gen(function*() {
      const { result, times } = yield* run(operation, "5 minutes", ...answers)
      const error = yield* httpError(result)
      assert.strictEqual(error.httpStatus, 404)
      assert.deepStrictEqual(times, expected)
      return error
    })

  it.scoped("a bare name: at once", () =>
    Effect.gen(function*() {
      const error = yield* failing(name, [0], notFound)
      assert.notInclude(error.message, "expired")
    }))

  it.scoped("a pending operation: tolerated for 30 seconds at most", () => failing(known, [10, 20, 30], notFound))

  it.scoped("a pending operation that appears in time: no failure", () =>
    Effect.gen(function*() {
      const { result, times } = yield* run(known, "30 seconds", notFound, notFound, succeeded)
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(times, [10, 20, 30])
    }))

  it.scoped("one that started: tolerated as well", () =>
    Effect.gen(function*() {
      const http = timedInOrder(pending, notFound, succeeded)
      const operations = yield* service(http, options)
      const started = yield* operations.start(HttpClientRequest.post("/v1/accessPolicies"))
      assert.strictEqual((yield* after("20 seconds", operations.wait(started)))._tag, "Succeeded")
    }))

  it.scoped("a pending operation, once it has been seen: at once", () => failing(known, [10, 20], pending, notFound))

  it.scoped("an outage does not count as having been seen", () => failing(known, [10, 20, 30], unavailable, notFound))

  it.scoped("a 404 that is not Google's: never tolerated", () => failing(known, [10], html(404)))

  it.scoped("a resumed handle: at once, and it may have expired", () =>
    Effect.gen(function*() {
      const handle = yield* (yield* service(inOrder(pending))).handle(known)
      yield* TestClock.adjust("31 seconds")
      const error = yield* failing(handle, [0], notFound)
      assert.strictEqual(error.code, "NOT_FOUND")
      assert.match(error.message, /no such operation.*may have expired/)
      assert.strictEqual(error.status?.message, "no such operation")
      const other = yield* failing(handle, [0], html(404))
      assert.notInclude(other.message, "expired")
    }))

  it.scoped("a handle that was just made: tolerated as for an operation that was just started", () =>
    Effect.gen(function*() {
      const operations = yield* service(timedInOrder(notFound, succeeded), options)
      const handle = yield* operations.handle(known)
      assert.strictEqual((yield* after("20 seconds", operations.wait(handle)))._tag, "Succeeded")
    }))

  it.scoped("a handle is for an API, however its base URL is spelled", () =>
    Effect.gen(function*() {
      const at = (baseUrl: string) => ({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl }) })
      const handle = yield* (yield* service(inOrder(pending), at("https://example.com/"))).handle(known)
      const operations = yield* service(timedInOrder(succeeded), at("https://example.com"))
      assert.strictEqual((yield* after("1 second", operations.wait(handle)))._tag, "Succeeded")
    }))
})
