import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Operation from "effect-google-operations/Operation"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as ParseResult from "effect/ParseResult"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { name, pending, succeeded } from "./support/answers.js"
import { inOrder, origin } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"
import { nested } from "./support/untrusted.js"

describe("handles", () => {
  const stored = (handle: OperationHandle.OperationHandle): unknown =>
    JSON.parse(JSON.stringify(OperationHandle.toJson(handle)))

  it.effect.prop(
    "are unchanged after encoding to JSON and decoding",
    [OperationHandle.OperationHandle],
    ([handle]) =>
      Effect.gen(function*() {
        const read = yield* OperationHandle.fromJson(stored(handle))
        assert.isTrue(OperationHandle.isOperationHandle(read))
        const fields = Object.entries(handle).filter(([, value]) => value !== undefined)
        assert.deepStrictEqual({ ...read }, Object.fromEntries(fields))
      })
  )

  it.scoped("are small, and contain their options", () =>
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

  it.scoped("an invalid name is refused", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(pending))
      for (const bad of ["", "accessPolicies/1", Operation.pending({ name: "" })]) {
        assert.strictEqual((yield* httpError(operations.handle(bad))).reason, "InvalidRequest")
      }
    }))

  it.scoped("an infinite timeout is no deadline", () =>
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

  it("deeply nested JSON is refused with a message that can be formatted", () => {
    for (const value of [nested(5_000), { ...good, name: nested(5_000, "arrays") }]) {
      const error = Either.getOrThrow(Either.flip(OperationHandle.fromJson(value)))
      assert.isAbove(error.message.length, 0)
    }
  })

  it("the guards distinguish a handle and its JSON from everything else", () => {
    const handle = Either.getOrThrow(OperationHandle.fromJson(good))
    assert.isTrue(OperationHandle.isOperationHandle(handle))
    assert.isFalse(OperationHandle.isEncodedHandle(handle))
    for (const json of [good, { ...good, version: 2 }, { ...good, deadline: "soon" }, stored(handle)]) {
      assert.isFalse(OperationHandle.isOperationHandle(json))
      assert.isTrue(OperationHandle.isEncodedHandle(json))
    }
    const others = [
      null,
      undefined,
      name,
      [],
      {},
      { name },
      { name, api: "x", version: 1 },
      Operation.pending({ name })
    ]
    for (const other of others) {
      assert.isFalse(OperationHandle.isOperationHandle(other))
      assert.isFalse(OperationHandle.isEncodedHandle(other))
    }
  })

  it("a handle of another copy of this package is accepted, and encoded", async () => {
    const path = new URL("../src/OperationHandle.ts?copy", import.meta.url).href
    const copy: typeof OperationHandle = await import(/* @vite-ignore */ path)
    const handle = Either.getOrThrow(copy.fromJson(good))
    assert.notInstanceOf(handle, OperationHandle.OperationHandle)
    assert.isTrue(OperationHandle.isOperationHandle(handle))
    assert.deepStrictEqual(stored(handle), good)
  })

  const others: ReadonlyArray<readonly [string, GoogleApi.GoogleApi]> = [
    ["another server", GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "https://run.googleapis.com" })],
    ["another version", GoogleApi.make({ ...GoogleApi.accessContextManager, version: "v2" })]
  ]
  for (const [what, api] of others) {
    it.scoped(`one of ${what} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const http = inOrder(succeeded)
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

  it.scoped("the deadline is the same for all waits", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 23))
      const http = inOrder(pending)
      const start = Date.UTC(2026, 10, 23)
      const json = stored(yield* (yield* service(http)).handle(name, { timeout: "60 seconds" }))
      yield* TestClock.adjust("40 seconds")
      const operations = yield* service(http, { schedule: every("7 seconds") })
      const handle = yield* OperationHandle.fromJson(json)
      const error = yield* Effect.flip(after("20 seconds", operations.wait(handle)))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(Duration.toMillis(error.elapsed), 20_000)
      assert.deepStrictEqual(http.times.map((time) => (time - start) / 1000), [40, 47, 54, 59])
    }))

  it.scoped("a wait for a handle whose deadline has passed fails at once, without a request", () =>
    Effect.gen(function*() {
      const http = inOrder(succeeded)
      const operations = yield* service(http)
      const handle = yield* operations.handle(name, { timeout: "1 second" })
      yield* TestClock.adjust("1 hour")
      const error = yield* Effect.flip(operations.wait(handle))
      assert(WaitTimeoutError.isWaitTimeoutError(error))
      assert.strictEqual(error.reason, "Timeout")
      assert.strictEqual(error.polls, 0)
      assert.strictEqual(http.times.length, 0)
      assert.strictEqual((yield* operations.get(handle.name))._tag, "Succeeded")
    }))

  it.scoped("a handle without a deadline has none; the timeout of the wait takes precedence", () =>
    Effect.gen(function*() {
      const http = inOrder(pending)
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
