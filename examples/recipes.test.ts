import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { createAfterOthers, createAgain, createWhenPossible } from "./recipes.js"

const policy = {
  "@type": "x/google.identity.accesscontextmanager.v1.AccessPolicy",
  name: "accessPolicies/1",
  title: "t"
}
const done = (id: number) => ({ name: `operations/${id}`, done: true, response: policy })
const failed = (id: number, code: number) => ({ name: `operations/${id}`, done: true, error: { code, message: "no" } })
const refused = (code: number, status: string) =>
  Response.json({ error: { code, status, message: "another operation is in progress" } }, { status: code })

/** Runs an effect for up to an hour, and returns its result and the requests that it sent. */
const run = <A, E>(
  effect: Effect.Effect<A, E, OperationsService.OperationsService>,
  respond: (request: string, starts: number) => object
) =>
  Effect.gen(function*() {
    const requests: Array<string> = []
    let starts = 0
    const client = HttpClient.make((request, url) =>
      Effect.sync(() => {
        const line = `${request.method} ${url.pathname}${url.search}`
        requests.push(line)
        if (request.method === "POST") starts++
        const answer = respond(line, starts)
        return HttpClientResponse.fromWeb(request, answer instanceof Response ? answer : Response.json(answer))
      })
    )
    const layer = OperationsService.layer().pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
    const fiber = yield* Effect.fork(Effect.either(Effect.provide(effect, layer)))
    yield* TestClock.adjust("1 hour")
    const result = yield* Fiber.join(fiber)
    return { requests, starts, result }
  })

describe("an operation that failed with ABORTED", () => {
  it.effect("is followed by a new operation", () =>
    Effect.gen(function*() {
      const { requests, result } = yield* run(
        createAgain,
        (_, starts) => starts < 3 ? failed(starts, 10) : done(starts)
      )
      assert.deepStrictEqual(requests, Array(3).fill("POST /v1/accessPolicies"))
      assert(result._tag === "Right")
      assert.strictEqual(result.right.name, "accessPolicies/1")
    }))

  it.effect("is not retried after five starts, nor is another error or a refused start", () =>
    Effect.gen(function*() {
      const endless = yield* run(createAgain, (_, starts) => failed(starts, 10))
      assert.strictEqual(endless.starts, 5)
      assert(endless.result._tag === "Left" && endless.result.left._tag === "OperationError")
      assert.strictEqual(endless.result.left.operation.name, "operations/5")
      for (const other of [failed(1, 9), refused(409, "ABORTED")]) {
        assert.strictEqual((yield* run(createAgain, () => other)).starts, 1)
      }
    }))
})

describe("a start that conflicts with an operation in progress", () => {
  for (const conflict of [refused(409, "ABORTED"), refused(400, "FAILED_PRECONDITION")]) {
    it.effect(`is sent again later: ${conflict.status}`, () =>
      Effect.gen(function*() {
        const { result, starts } = yield* run(
          createWhenPossible,
          (_, starts) => starts < 4 ? conflict.clone() : done(starts)
        )
        assert.deepStrictEqual([starts, result._tag], [4, "Right"])
      }))
  }

  it.effect("is not sent again without limit, nor after another error", () =>
    Effect.gen(function*() {
      const endless = yield* run(createWhenPossible, () => refused(409, "ABORTED"))
      assert(endless.result._tag === "Left" && endless.result.left._tag === "HttpError")
      assert.isAbove(endless.starts, 10)
      assert.isBelow(endless.starts, 50)
      for (const other of [refused(403, "PERMISSION_DENIED"), failed(1, 10)]) {
        assert.strictEqual((yield* run(createWhenPossible, () => other)).starts, 1)
      }
    }))

  it.effect("is not sent again if the operation that it started cannot be read", () =>
    Effect.gen(function*() {
      const { result, starts } = yield* run(createWhenPossible, (request) =>
        request.startsWith("POST") ? { name: "operations/1" } : refused(400, "FAILED_PRECONDITION"))
      assert(result._tag === "Left" && result.left._tag === "HttpError")
      assert.deepStrictEqual([starts, result.left.operationName], [1, "operations/1"])
    }))

  it.effect("is sent again when the other operation has ended", () =>
    Effect.gen(function*() {
      let polls = 0
      const { requests, result } = yield* run(createAfterOthers, (request, starts) => {
        if (request.startsWith("POST")) return starts === 1 ? refused(409, "ABORTED") : done(2)
        if (request.includes("?")) return { operations: [{ name: "operations/other" }, done(0)] }
        return ++polls < 3 ? { name: "operations/other" } : failed(3, 9)
      })
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(requests, [
        "POST /v1/accessPolicies",
        "GET /v1/operations?filter=done%3Dfalse",
        ...Array(3).fill("GET /v1/operations/other"),
        "POST /v1/accessPolicies"
      ])
    }))
})
