import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, name, unavailable } from "./support/answers.js"
import { inOrder, mockHttp, origin, sent } from "./support/http.js"
import { apiWith, httpError, logging, service } from "./support/service.js"
import { responses } from "./support/vectors.js"

const namesOf = (pages: Iterable<OperationsService.Page>) =>
  Array.from(pages, ({ operations }) => operations.map(({ name }) => name))

describe("listPages", () => {
  const lists = responses.filter((vector) => vector.want?.call === "list")
  it("there are vectors", () => assert.isAbove(lists.length, 3))

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

  it.scoped("reads all pages, even after an empty page", () =>
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

  it.scoped("ends at an empty, null or absent token", () =>
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
    it.scoped(`${what} fails with Decode`, () =>
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

  it.scoped("the pageToken option must not be repeated either", () =>
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

  it.scoped("the run after a failure starts again", () =>
    Effect.gen(function*() {
      const http = inOrder(page("a", "operations/a"), unavailable, page("a", "operations/a"), page("", "operations/b"))
      const operations = yield* service(http)
      const pages = yield* Stream.runCollect(Stream.retry(operations.list(), Schedule.recurs(1)))
      assert.deepStrictEqual(Array.from(pages, ({ name }) => name), ["operations/a", "operations/a", "operations/b"])
    }))

  it.scoped("its parameters are encoded, and sent for every page", () =>
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

  it.scoped("an API without list: refused", () =>
    Effect.gen(function*() {
      const http = inOrder(page(""))
      const operations = yield* service(http, { api: apiWith({ list: false }) })
      const error = yield* httpError(Stream.runDrain(operations.list()))
      assert.strictEqual(error.reason, "InvalidRequest")
      assert.match(error.message, /no method to list/)
      assert.strictEqual(http.requests.length, 0)
    }))

  it.scoped("is lazy: no more pages are requested than are consumed", () =>
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

  it.scoped("a page is emitted before the next one is requested", () =>
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

  it.scoped("done operations are elements, even failed ones", () =>
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
      const http = mockHttp((_, index) => index === 0 ? Effect.sync(page("a", "operations/a")) : Effect.never)
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
