import { assert, describe, it } from "@effect/vitest"
import * as Barrel from "effect-google-operations"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as TestOperations from "effect-google-operations/TestOperations"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { readFileSync } from "node:fs"
import { httpError } from "./support/service.js"
import { after } from "./support/time.js"

const name = "operations/a"
const everySecond = { schedule: Schedule.spaced("1 second"), transient: Schedule.spaced("1 second") }
const progress = { "@type": "type.googleapis.com/example.Progress", percent: 10 }

const wait = Effect.flatMap(OperationsService.OperationsService, (operations) => operations.wait(name, everySecond))

const timesOf = (of: string) =>
  Effect.flatMap(
    TestOperations.TestOperations,
    (test) => Effect.map(test.callsOf(of), (calls) => calls.map(({ at, method }) => [method, at]))
  )

describe("the constructors of steps", () => {
  it("give what the emulator takes", () => {
    const steps: ReadonlyArray<OperationsEmulator.Step> = [
      TestOperations.pending(),
      TestOperations.pending({ times: 2, duration: "2 seconds", metadata: progress, headers: { "retry-after": "1" } }),
      TestOperations.succeeded({ response: progress, metadata: progress, delay: Duration.seconds(1) }),
      TestOperations.failed({ code: "FAILED_PRECONDITION" }),
      TestOperations.failed({ code: 99, message: "no", details: [progress], metadata: progress, delay: 5 }),
      TestOperations.httpFault({ status: 503, times: 2, headers: { a: "b" }, body: "c" }),
      TestOperations.cut(),
      TestOperations.cut({ at: "withinBody", times: 3 }),
      TestOperations.gone({ times: 4, delay: "1 minute" })
    ]
    assert.deepStrictEqual(JSON.parse(JSON.stringify(steps)), [
      { type: "pending" },
      { type: "pending", times: 2, duration: 2_000, metadata: progress, headers: { "retry-after": "1" } },
      { type: "succeeded", response: progress, metadata: progress, delay: 1_000 },
      { type: "failed", error: { code: 9, message: "" } },
      { type: "failed", error: { code: 99, message: "no", details: [progress] }, metadata: progress, delay: 5 },
      { type: "http", status: 503, times: 2, headers: { a: "b" }, body: "c" },
      { type: "cut", at: "beforeHeaders" },
      { type: "cut", at: "withinBody", times: 3 },
      { type: "gone", times: 4, delay: 60_000 }
    ])
  })

  it.scopedLive("give what the emulator takes over HTTP", () =>
    Effect.gen(function*() {
      const { url } = yield* OperationsEmulator.make().serve()
      const steps = [
        TestOperations.pending(),
        TestOperations.failed({ code: 9 }),
        TestOperations.httpFault({ status: 500 }),
        TestOperations.cut(),
        TestOperations.gone()
      ]
      const body = JSON.stringify({ name: "projects/p/operations/a", steps })
      const status = yield* Effect.promise(async () =>
        (await fetch(`${url}/emulator/operations`, { method: "POST", body })).status
      )
      assert.strictEqual(status, 200)
    }))
})

describe("a script", () => {
  it.effect("is followed by the real client on the test's clock", () =>
    Effect.gen(function*() {
      const { response } = yield* after("1 minute", wait)
      assert.deepStrictEqual(response, progress)
      assert.deepStrictEqual(yield* timesOf(name), [0, 1, 2, 3, 4].map((second) => ["get", second * 1_000]))
    }).pipe(Effect.provide(TestOperations.layer({
      [name]: [
        TestOperations.pending({ metadata: progress }),
        TestOperations.httpFault({ status: 503 }),
        TestOperations.cut(),
        TestOperations.cut({ at: "withinBody" }),
        TestOperations.succeeded({ response: progress })
      ]
    }))))

  it.effect("that fails gives an OperationError with everything", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(wait)
      assert.isTrue(error._tag === "OperationError")
      if (error._tag !== "OperationError") return
      assert.strictEqual(error.code, "ABORTED")
      assert.strictEqual(error.status.message, "no")
      assert.strictEqual(error.status.errorInfo?.reason, "BUSY")
    }).pipe(Effect.provide(TestOperations.layer({
      [name]: [
        TestOperations.failed({
          code: "ABORTED",
          message: "no",
          details: [ProtobufAny.pack("google.rpc.ErrorInfo", { reason: "BUSY", domain: "example.com" })]
        })
      ]
    }))))

  it.effect("of an operation that is not visible yet, and then expires", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      assert.strictEqual((yield* httpError(operations.get(name))).code, "NOT_FOUND")
      assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
      assert.strictEqual((yield* httpError(operations.get(name))).code, "NOT_FOUND")
    }).pipe(Effect.provide(TestOperations.layer({
      [name]: [TestOperations.gone(), TestOperations.succeeded(), TestOperations.gone()]
    }))))

  it.effect("gives way to a new one", () =>
    Effect.gen(function*() {
      const test = yield* TestOperations.TestOperations
      const fiber = yield* Effect.fork(wait)
      yield* TestClock.adjust("1 minute")
      yield* test.script(name, [TestOperations.pending({ duration: "2 seconds" }), TestOperations.succeeded()])
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* test.callsOf(name)).at(-1)?.at, 62_000)
    }).pipe(Effect.provide(TestOperations.layer({ [name]: [TestOperations.pending()] }))))

  it.effect("may answer later than requestTimeout", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const fiber = yield* Effect.fork(httpError(operations.get(name)))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "Timeout")
    }).pipe(Effect.provide(TestOperations.layer(
      { [name]: [TestOperations.succeeded({ delay: "6 seconds" })] },
      { requestTimeout: "5 seconds" }
    ))))
})

describe("the layer", () => {
  it.effect("serves every verb, and records the calls of each operation", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const test = yield* TestOperations.TestOperations
      const listed = yield* Stream.runCollect(operations.list())
      assert.deepStrictEqual(Chunk.toReadonlyArray(listed).map((operation) => operation.name), [name, "operations/b"])
      yield* operations.cancel(name)
      const error = yield* Effect.flip(wait)
      assert.strictEqual(error._tag === "OperationError" && error.code, "CANCELLED")
      yield* operations.delete("operations/b")
      assert.strictEqual((yield* httpError(operations.get("operations/b"))).code, "NOT_FOUND")
      assert.deepStrictEqual(yield* test.calls, [
        { method: "list", name: "operations", at: 0 },
        { method: "cancel", name, at: 0 },
        { method: "get", name, at: 0 },
        { method: "delete", name: "operations/b", at: 0 },
        { method: "get", name: "operations/b", at: 0 }
      ])
      assert.deepStrictEqual(yield* timesOf(name), [["cancel", 0], ["get", 0]])
      assert.deepStrictEqual(yield* timesOf("operations/c"), [])
    }).pipe(Effect.provide(TestOperations.layer({
      [name]: [TestOperations.pending()],
      "operations/b": [TestOperations.pending()]
    }))))

  it.effect("takes the service's options: another API, with :wait", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      yield* after("1 minute", operations.wait("projects/p/operations/a"))
      assert.deepStrictEqual(yield* timesOf("projects/p/operations/a"), [["wait", 0]])
      assert.strictEqual((yield* httpError(operations.get("jobs/a"))).reason, "InvalidRequest")
    }).pipe(Effect.provide(TestOperations.layer(
      { "projects/p/operations/a": [TestOperations.pending({ duration: 5_000 }), TestOperations.succeeded()] },
      { api: GoogleApi.make({ baseUrl: "https://example.com/drive", version: "v3", methods: { wait: "body" } }) }
    ))))

  it.effect("begins its scripts anew each time it is built", () =>
    Effect.gen(function*() {
      const layer = TestOperations.layer({ [name]: [TestOperations.pending(), TestOperations.succeeded()] })
      const tag = Effect.provide(
        Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get(name)),
        layer
      )
      assert.deepStrictEqual([(yield* tag)._tag, (yield* tag)._tag], ["Pending", "Pending"])
    }))
})

it("is in the barrel, and loads neither Node's modules nor platform-node", () => {
  assert.strictEqual(Barrel.TestOperations.layer, TestOperations.layer)
  const ours = new Set<string>()
  const others = new Set<string>()
  const visit = (url: URL) => {
    if (ours.has(url.href)) return
    ours.add(url.href)
    const source = readFileSync(url, "utf8")
    for (const [, from] of source.matchAll(/^(?:import|export) (?!type ).*? ?from "([^"]+)"/gm)) {
      if (from!.startsWith(".")) visit(new URL(from!.replace(/\.js$/, ".ts"), url))
      else others.add(from!)
    }
  }
  visit(new URL("../src/TestOperations.ts", import.meta.url))
  assert.isTrue(ours.size > 10 && others.size > 10)
  assert.deepStrictEqual([...others].filter((from) => !/^(?:effect|@effect\/platform)\//.test(from)), [])
})
