import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Barrel from "effect-google-operations"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { readFileSync } from "node:fs"
import { httpError } from "./support/service.js"
import { after } from "./support/time.js"

const name = "operations/a"
const everySecond = { schedule: Schedule.spaced("1 second"), retrySchedule: Schedule.spaced("1 second") }
const progress = { "@type": "type.googleapis.com/example.Progress", percent: 10 }

const wait = Effect.flatMap(OperationsService.OperationsService, (operations) => operations.wait(name, everySecond))

const timesOf = (of: string) =>
  Effect.flatMap(
    OperationsEmulator.OperationsEmulator,
    (emulator) => Effect.map(emulator.callsOf(of), (calls) => calls.map(({ at, method }) => [method, at]))
  )

describe("the constructors of steps", () => {
  it("give what the emulator takes", () => {
    const steps: ReadonlyArray<OperationsEmulator.Step> = [
      OperationsEmulator.pending(),
      OperationsEmulator.pending({
        times: 2,
        duration: "2 seconds",
        metadata: progress,
        headers: { "retry-after": "1" }
      }),
      OperationsEmulator.succeeded({ response: progress, metadata: progress, delay: Duration.seconds(1) }),
      OperationsEmulator.failed({ code: "FAILED_PRECONDITION" }),
      OperationsEmulator.failed({ code: 99, message: "no", details: [progress], metadata: progress, delay: 5 }),
      OperationsEmulator.httpFault({ status: 503, times: 2, headers: { a: "b" }, body: "c" }),
      OperationsEmulator.cut(),
      OperationsEmulator.cut({ at: "withinBody", times: 3 }),
      OperationsEmulator.gone({ times: 4, delay: "1 minute" })
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
      const { url } = yield* NodeOperationsEmulator.make()
      const steps = [
        OperationsEmulator.pending(),
        OperationsEmulator.failed({ code: 9 }),
        OperationsEmulator.httpFault({ status: 500 }),
        OperationsEmulator.cut(),
        OperationsEmulator.gone()
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
    }).pipe(Effect.provide(OperationsEmulator.layerTest({
      [name]: [
        OperationsEmulator.pending({ metadata: progress }),
        OperationsEmulator.httpFault({ status: 503 }),
        OperationsEmulator.cut(),
        OperationsEmulator.cut({ at: "withinBody" }),
        OperationsEmulator.succeeded({ response: progress })
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
    }).pipe(Effect.provide(OperationsEmulator.layerTest({
      [name]: [
        OperationsEmulator.failed({
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
    }).pipe(Effect.provide(OperationsEmulator.layerTest({
      [name]: [OperationsEmulator.gone(), OperationsEmulator.succeeded(), OperationsEmulator.gone()]
    }))))

  it.effect("gives way to a new one", () =>
    Effect.gen(function*() {
      const emulator = yield* OperationsEmulator.OperationsEmulator
      const fiber = yield* Effect.fork(wait)
      yield* TestClock.adjust("1 minute")
      yield* emulator.script(name, [
        OperationsEmulator.pending({ duration: "2 seconds" }),
        OperationsEmulator.succeeded()
      ])
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* emulator.callsOf(name)).at(-1)?.at, 62_000)
    }).pipe(Effect.provide(OperationsEmulator.layerTest({ [name]: [OperationsEmulator.pending()] }))))

  it.effect("may answer later than requestTimeout", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const fiber = yield* Effect.fork(httpError(operations.get(name)))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "Timeout")
    }).pipe(Effect.provide(OperationsEmulator.layerTest(
      { [name]: [OperationsEmulator.succeeded({ delay: "6 seconds" })] },
      { requestTimeout: "5 seconds" }
    ))))
})

describe("the constructors take what the types exclude, and the script is refused", () => {
  it.effect("for a duration that is none", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const message = (step: OperationsEmulator.Step) =>
        Effect.map(Effect.flip(emulator.script(name, [step])), (error) => error.message)
      const never = "soon" as never
      assert.strictEqual(
        yield* message(OperationsEmulator.pending({ duration: never })),
        "steps[0].duration: Expected a finite number, actual NaN"
      )
      assert.strictEqual(
        yield* message(OperationsEmulator.gone({ delay: Duration.infinity })),
        "steps[0].delay: Expected a finite number, actual Infinity"
      )
      assert.strictEqual(
        yield* message(OperationsEmulator.failed({ code: "NO_CODE" as never })),
        "steps[0].error.code: Expected a number between 0 and 2147483647, actual -1"
      )
    }))

  it.effect("in the layer as well", () =>
    Effect.gen(function*() {
      const layer = OperationsEmulator.layerTest({ [name]: [OperationsEmulator.httpFault({ status: 1 })] })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.strictEqual(error.message, "steps[0].status: Expected a number between 200 and 599, actual 1")
    }))
})

describe("the layer", () => {
  it.effect("provides an HttpClient, for what the program reads beside the operations", () =>
    Effect.gen(function*() {
      const { response } = yield* after(
        "1 minute",
        Effect.flatMap(OperationsService.OperationsService, (operations) =>
          Effect.flatMap(
            operations.start(HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/v1/accessPolicies"), {
              parent: "organizations/1",
              title: "corp"
            })),
            (started) => operations.wait(started)
          ))
      )
      const policy = yield* HttpClient.get(`https://accesscontextmanager.googleapis.com/v1/${response?.["name"]}`)
      assert.deepStrictEqual((yield* policy.json) as unknown, {
        name: response?.["name"],
        parent: "organizations/1",
        title: "corp",
        etag: response?.["etag"]
      })
    }).pipe(Effect.provide(OperationsEmulator.layerTest())))

  it.effect("takes the options of the emulator", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const error = yield* httpError(operations.cancel(name))
      assert.strictEqual(error.code, "UNIMPLEMENTED")
      const beta = yield* HttpClient.get(`https://example.com/v1beta1/${name}`)
      assert.strictEqual(beta.status, 200)
    }).pipe(Effect.provide(OperationsEmulator.layerTest({ [name]: [OperationsEmulator.pending()] }, {
      emulator: { versions: ["v1", "v1beta1"], methods: { cancel: "unimplemented" } }
    }))))

  it.effect("serves every verb, and records the calls of each operation", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      const emulator = yield* OperationsEmulator.OperationsEmulator
      const listed = yield* Stream.runCollect(operations.list())
      assert.deepStrictEqual(Chunk.toReadonlyArray(listed).map((operation) => operation.name), [name, "operations/b"])
      yield* operations.cancel(name)
      const error = yield* Effect.flip(wait)
      assert.strictEqual(error._tag === "OperationError" && error.code, "CANCELLED")
      yield* operations.delete("operations/b")
      assert.strictEqual((yield* httpError(operations.get("operations/b"))).code, "NOT_FOUND")
      assert.deepStrictEqual(yield* emulator.calls, [
        { method: "list", name: "operations", at: 0 },
        { method: "cancel", name, at: 0 },
        { method: "get", name, at: 0 },
        { method: "delete", name: "operations/b", at: 0 },
        { method: "get", name: "operations/b", at: 0 }
      ])
      assert.deepStrictEqual(yield* timesOf(name), [["cancel", 0], ["get", 0]])
      assert.deepStrictEqual(yield* timesOf("operations/c"), [])
    }).pipe(Effect.provide(OperationsEmulator.layerTest({
      [name]: [OperationsEmulator.pending()],
      "operations/b": [OperationsEmulator.pending()]
    }))))

  it.effect("takes the service's options: another API, with :wait", () =>
    Effect.gen(function*() {
      const operations = yield* OperationsService.OperationsService
      yield* after("1 minute", operations.wait("projects/p/operations/a"))
      assert.deepStrictEqual(yield* timesOf("projects/p/operations/a"), [["wait", 0]])
      assert.strictEqual((yield* httpError(operations.get("jobs/a"))).reason, "InvalidRequest")
    }).pipe(Effect.provide(OperationsEmulator.layerTest(
      { "projects/p/operations/a": [OperationsEmulator.pending({ duration: 5_000 }), OperationsEmulator.succeeded()] },
      { api: GoogleApi.make({ baseUrl: "https://example.com/drive", version: "v3", methods: { wait: "body" } }) }
    ))))

  it.effect("begins its scripts anew each time it is built", () =>
    Effect.gen(function*() {
      const layer = OperationsEmulator.layerTest({
        [name]: [OperationsEmulator.pending(), OperationsEmulator.succeeded()]
      })
      const tag = Effect.provide(
        Effect.flatMap(OperationsService.OperationsService, (operations) => operations.get(name)),
        layer
      )
      assert.deepStrictEqual([(yield* tag)._tag, (yield* tag)._tag], ["Pending", "Pending"])
    }))
})

it("is in the barrel, and loads neither Node's modules nor platform-node", () => {
  assert.strictEqual(Barrel.OperationsEmulator.layer, OperationsEmulator.layer)
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
  visit(new URL("../src/OperationsEmulator.ts", import.meta.url))
  assert.isTrue(ours.size > 10 && others.size > 10)
  assert.deepStrictEqual([...others].filter((from) => !/^(?:effect|@effect\/platform)\//.test(from)), [])
})
