import { assert, describe, it } from "@effect/vitest"
import type * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { googleError, html, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, seconds } from "./support/http.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

const forbidden = () => googleError(403, "PERMISSION_DENIED")
const notFound = () => googleError(404, "NOT_FOUND")
const paces: OperationsService.Options = { schedule: every("1 second"), retrySchedule: every("1 second") }

/** Also an error that is not transient by itself. */
const alsoCode = (code: string) => (error: HttpError.HttpError) => error.isTransient || error.code === code

const never = () => false

/** The ways to wait for one operation, with the end of each as a `wait` has it. */
const ways: Record<
  string,
  (
    service: OperationsService.Service,
    options?: OperationsService.WaitOptions
  ) => Effect.Effect<
    Operation.Pending | Operation.Succeeded,
    OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError
  >
> = {
  wait: (service, options) => service.wait(name, options),
  updates: (service, options) => Effect.flatMap(Stream.runLast(service.updates(name, options)), Effect.orDie),
  waitAll: (service, options) =>
    Effect.flatMap(
      Stream.runCollect(service.waitAll([name], options)),
      (outcomes) => Chunk.unsafeHead(outcomes).result
    )
}

for (const [way, wait] of Object.entries(ways)) {
  describe(`isTransient, in ${way}`, () => {
    for (
      const [what, answer, code] of [["403", forbidden, "PERMISSION_DENIED"], ["404", notFound, "NOT_FOUND"]] as const
    ) {
      it.scoped(`makes ${what} transient, as an option of the wait`, () =>
        Effect.gen(function*() {
          const http = inOrder(pending, answer, answer, pending, answer, succeeded)
          const operations = yield* service(http, paces)
          const end = yield* after("1 minute", wait(operations, { isTransient: alsoCode(code) }))
          assert.strictEqual(end._tag, "Succeeded")
          assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4, 5])
        }))

      it.scoped(`makes ${what} transient, as an option of the service`, () =>
        Effect.gen(function*() {
          const http = inOrder(pending, answer, succeeded)
          const operations = yield* service(http, { ...paces, isTransient: alsoCode(code) })
          yield* after("1 minute", wait(operations))
          assert.deepStrictEqual(seconds(http), [0, 1, 2])
        }))

      it.scoped(`has a default for which ${what} is not transient`, () =>
        Effect.gen(function*() {
          const http = inOrder(pending, answer, succeeded)
          const operations = yield* service(http, paces)
          assert.strictEqual((yield* httpError(after("1 minute", wait(operations)))).code, code)
          assert.deepStrictEqual(seconds(http), [0, 1])
        }))
    }

    it.scoped("overrides that of the service", () =>
      Effect.gen(function*() {
        const http = inOrder(pending, forbidden, succeeded)
        const operations = yield* service(http, { ...paces, isTransient: alsoCode("PERMISSION_DENIED") })
        const error = yield* httpError(
          after("1 minute", wait(operations, { isTransient: (error) => error.isTransient }))
        )
        assert.strictEqual(error.code, "PERMISSION_DENIED")
        assert.deepStrictEqual(seconds(http), [0, 1])
      }))

    it.scoped("can end a wait after a failure that is transient by default", () =>
      Effect.gen(function*() {
        const http = inOrder(pending, unavailable, succeeded)
        const operations = yield* service(http, paces)
        const error = yield* httpError(after("1 minute", wait(operations, { isTransient: never })))
        assert.strictEqual(error.httpStatus, 503)
        assert.deepStrictEqual(seconds(http), [0, 1])
      }))

    it.scoped("does not change the limits of `retrySchedule` and `timeout`", () =>
      Effect.gen(function*() {
        const isTransient = () => true
        const retrySchedule = Schedule.intersect(every("1 second"), Schedule.recurs(3))
        const http = inOrder(pending, forbidden)
        const operations = yield* service(http, paces)
        const error = yield* httpError(after("1 minute", wait(operations, { isTransient, retrySchedule })))
        assert.strictEqual(error.httpStatus, 403)
        assert.deepStrictEqual(seconds(http), [0, 1, 2, 3, 4])
        const timeout = yield* Effect.flip(after("1 minute", wait(operations, { isTransient, timeout: "4.5 seconds" })))
        assert(WaitTimeoutError.isWaitTimeoutError(timeout))
        assert.strictEqual(timeout.lastError?.httpStatus, 403)
      }))

    it.scoped("is called for each failed poll, with the `isTransient` that the error has in a wait", () =>
      Effect.gen(function*() {
        const seen: Array<readonly [string | number | undefined, boolean]> = []
        const isTransient = (error: HttpError.HttpError) => {
          seen.push([error.httpStatus, error.isTransient])
          return true
        }
        const http = inOrder(
          html(200),
          unavailable,
          pending,
          html(200),
          () => googleError(409, "ABORTED"),
          forbidden,
          () => json({ kind: "storage#bucket" }),
          succeeded
        )
        const operations = yield* service(http, paces)
        yield* after("1 minute", wait(operations, { isTransient }))
        assert.deepStrictEqual(seen, [
          [200, false],
          [503, true],
          [200, true],
          [409, true],
          [403, false],
          [200, false]
        ])
      }))

    it.scoped("is not called for a failed operation", () =>
      Effect.gen(function*() {
        const http = inOrder(pending, () => json({ name, done: true, error: { code: 14, message: "no" } }), succeeded)
        const operations = yield* service(http, paces)
        const error = yield* Effect.flip(after("1 minute", wait(operations, { isTransient: () => true })))
        assert(OperationError.isOperationError(error))
        assert.strictEqual(http.requests.length, 2)
      }))

    it.scoped("does not continue a wait in a service that is closed", () =>
      Effect.gen(function*() {
        const http = inOrder(pending)
        const operations = yield* service(http, paces)
        const fiber = yield* Effect.fork(wait(operations, { isTransient: () => true }))
        yield* TestClock.adjust("2 seconds")
        yield* operations.close
        assert.strictEqual((yield* httpError(Fiber.join(fiber))).reason, "Closed")
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(seconds(http), [0, 1, 2])
      }))
  })
}

describe("isTransient", () => {
  it.scoped("of each wait is used, even if waits share a poll", () =>
    Effect.gen(function*() {
      const http = inOrder(pending, forbidden, succeeded)
      const operations = yield* service(http, paces)
      const tolerant = yield* Effect.fork(operations.wait(name, { isTransient: alsoCode("PERMISSION_DENIED") }))
      const strict = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* httpError(Fiber.join(strict))).httpStatus, 403)
      assert.strictEqual((yield* Fiber.join(tolerant))._tag, "Succeeded")
      assert.deepStrictEqual(seconds(http), [0, 1, 2])
    }))

  it.scoped("is not used by `get`", () =>
    Effect.gen(function*() {
      const http = inOrder(unavailable, succeeded)
      const operations = yield* service(http, { ...paces, isTransient: () => true })
      assert.strictEqual((yield* httpError(operations.get(name))).httpStatus, 503)
      assert.strictEqual(http.requests.length, 1)
    }))

  it.scoped("can make a 404 of a name transient from the first poll on", () =>
    Effect.gen(function*() {
      const http = inOrder(notFound, notFound, pending, succeeded)
      const operations = yield* service(http, paces)
      yield* after("1 minute", operations.wait(name, { isTransient: alsoCode("NOT_FOUND") }))
      assert.deepStrictEqual(seconds(http), [0, 1, 2, 3])
    }))

  it.scoped("is not called for NOT_FOUND while a new operation may not be visible yet", () =>
    Effect.gen(function*() {
      const http = inOrder(notFound, pending, succeeded)
      const operations = yield* service(http, paces)
      yield* after("1 minute", operations.wait(Operation.pending({ name }), { isTransient: never }))
      assert.deepStrictEqual(seconds(http), [1, 2, 3])
    }))
})
