import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as HttpError from "effect-google-operations/HttpError"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { html, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, type MockHttp, mockHttp, posts } from "./support/http.js"
import { idOf, succeeded as succeededOf } from "./support/many.js"
import { httpError, service } from "./support/service.js"
import { after, every } from "./support/time.js"

const boom = new Error("thrown by a function of the user")

/** What an effect has ended with: one defect and nothing else. */
const defectOf = (exit: Exit.Exit<unknown, unknown> | null): unknown => {
  assert(exit !== null, "it has ended")
  assert(Exit.isFailure(exit), "it has failed")
  assert(exit.cause._tag === "Die", `a defect, not ${Cause.pretty(exit.cause)}`)
  return Cause.originalError(exit.cause.defect)
}

/** A function of the user's that throws, or whose effect dies, while `isBroken`. */
interface Fault {
  readonly answers: ReadonlyArray<() => Response>
  readonly options?: OperationsService.Options
  readonly waitOptions?: OperationsService.WaitOptions
  readonly client?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly logger?: Logger.Logger<unknown, void>
}

const anySchedule = (step: () => Effect.Effect<void>): Schedule.Schedule<unknown> => {
  const { initial, step: next } = every("1 second")
  return Schedule.makeWithState(initial, (now, input, state) => Effect.zipRight(step(), next(now, input, state)))
}

// How a user's function breaks: each gives an effect for as long as it does not throw.
const ways: Record<string, Effect.Effect<never>> = {
  dies: Effect.die(boom),
  "dies later": Effect.delay(Effect.die(boom), "10 millis")
}

const faults = (isBroken: () => boolean): Record<string, Fault> => {
  const throwIf = (): void => {
    if (isBroken()) throw boom
  }
  const throwing = (): Effect.Effect<void> => {
    throwIf()
    return Effect.void
  }
  const breaking: Record<string, () => Effect.Effect<void>> = {
    throws: throwing,
    ...Object.fromEntries(
      Object.entries(ways).map(([how, effect]) => [how, () => isBroken() ? effect : Effect.void])
    )
  }
  const body = (response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse =>
    isBroken()
      ? Object.create(response, { text: { value: Effect.die(boom) }, stream: { value: Stream.die(boom) } })
      : response
  const all: Array<readonly [string, Fault]> = [
    ["`isTransient` of the service throws", {
      answers: [unavailable, succeeded],
      options: {
        isTransient: (error) => {
          throwIf()
          return error.isTransient
        }
      }
    }],
    ["`isTransient` of the wait throws", {
      answers: [pending, unavailable, succeeded],
      waitOptions: {
        isTransient: (error) => {
          throwIf()
          return error.isTransient
        }
      }
    }],
    ["the body dies", { answers: [succeeded], client: HttpClient.transformResponse(Effect.map(body)) }],
    ["a logger throws", {
      answers: [unavailable, succeeded],
      logger: Logger.make(throwIf)
    }],
    ["`HttpClient.execute` throws", {
      answers: [succeeded],
      client: (client) => ({
        ...client,
        execute: (request) => {
          throwIf()
          return client.execute(request)
        }
      })
    }]
  ]
  for (const [how, step] of Object.entries(breaking)) {
    all.push(
      [`a step of \`schedule\` ${how}`, {
        answers: [pending, succeeded],
        waitOptions: { schedule: anySchedule(step) }
      }],
      [`a step of \`transient\` ${how}`, {
        answers: [unavailable, succeeded],
        waitOptions: { retrySchedule: anySchedule(step) }
      }],
      [`\`credentials\` ${how}`, {
        answers: [succeeded],
        options: { credentials: Credentials.make({ headers: () => Effect.as(step(), {}) }) }
      }],
      [`the client ${how}`, {
        answers: [succeeded],
        client: (client) => HttpClient.make((request) => Effect.zipRight(step(), client.execute(request)))
      }]
    )
  }
  return Object.fromEntries(all)
}

/** A service with that fault, and its calls with the options and the logger of the fault. */
const withFault = (http: MockHttp, { client, logger, options, waitOptions }: Fault) =>
  Effect.gen(function*() {
    const layer = client === undefined ? http.layer : Layer.map(
      http.layer,
      (context) => Context.make(HttpClient.HttpClient, client(Context.get(context, HttpClient.HttpClient)))
    )
    const operations = yield* service({ layer }, {
      schedule: every("1 second"),
      retrySchedule: every("1 second"),
      ...options
    })
    const logging = logger === undefined ? Layer.empty : Logger.add(logger)
    return {
      operations,
      calls: {
        wait: Effect.provide(operations.wait(name, waitOptions), logging),
        updates: Effect.provide(Stream.runDrain(operations.updates(name, waitOptions)), logging),
        waitAll: Effect.provide(Stream.runDrain(operations.waitAll([name], waitOptions)), logging)
      }
    }
  })

const calls = ["wait", "updates", "waitAll"] as const

describe("a function of the user's", () => {
  for (const what of Object.keys(faults(() => true))) {
    it.scoped(`${what}: a defect of that call, and of no other`, () =>
      Effect.gen(function*() {
        for (const call of calls) {
          let isBroken = true
          const fault = faults(() => isBroken)[what]!
          const http = inOrder(...fault.answers)
          const { calls, operations } = yield* withFault(http, fault)
          const fiber = yield* Effect.fork(calls[call])
          yield* TestClock.adjust("3 seconds")
          assert.strictEqual(defectOf(fiber.unsafePoll()), boom, call)
          const requests = http.requests.length
          yield* TestClock.adjust("1 hour")
          assert.strictEqual(http.requests.length, requests, "no further request")
          isBroken = false
          const next = yield* Effect.fork(calls[call])
          yield* TestClock.adjust("5 seconds")
          assert(next.unsafePoll()?._tag === "Success", `the next ${call} succeeds`)
          assert.strictEqual((yield* operations.get(name))._tag, "Succeeded")
        }
      }))
  }

  it.scoped("a schedule whose step is none is a defect", () =>
    Effect.gen(function*() {
      const operations = yield* service(inOrder(pending))
      for (const step of [undefined, Effect.succeed(undefined), Effect.succeed([0, 0, undefined])]) {
        const schedule = Schedule.makeWithState(0, () => step as never)
        const fiber = yield* Effect.fork(operations.wait(name, { schedule }))
        yield* TestClock.adjust("1 second")
        assert.isDefined(defectOf(fiber.unsafePoll()))
      }
    }))

  it.scoped("a schedule that gives NaN ends the wait with an error that says so", () =>
    Effect.gen(function*() {
      const nan = Schedule.makeWithState(0, () =>
        Effect.succeed([0, 0, ScheduleDecision.continueWith(ScheduleInterval.after(Number.NaN))] as const))
      for (const [option, answer] of [["schedule", pending], ["retrySchedule", unavailable]] as const) {
        const operations = yield* service(inOrder(answer))
        const error = yield* Effect.flip(after("1 minute", operations.wait(name, { [option]: nan })))
        assert(error._tag === "HttpError" && error.reason === "InvalidRequest")
        assert.include(error.message, `the ${option} of the wait returned a delay that is not a number`)
      }
    }))

  it.scoped("a schedule without a delay polls every 10 ms at most", () =>
    Effect.gen(function*() {
      for (const [option, answer] of [["schedule", pending], ["retrySchedule", unavailable]] as const) {
        const http = inOrder(answer)
        const operations = yield* service(http)
        const wait = operations.wait(name, { [option]: Schedule.forever, timeout: "200 millis" })
        yield* Effect.exit(after("1 second", wait))
        assert.isAtMost(http.requests.length, 22)
      }
    }))

  it.scoped("credentials that give no headers, or no effect, end the call", () =>
    Effect.gen(function*() {
      for (const headers of [undefined, null, "a token"]) {
        const http = inOrder(succeeded)
        const credentials = Credentials.make({ headers: () => Effect.succeed(headers as never) })
        const operations = yield* service(http, { credentials })
        for (const call of [operations.get(name), operations.wait(name)]) {
          const error = yield* httpError(call)
          assert.strictEqual(error.reason, "Authentication")
          assert.include(error.message, "headers")
        }
        assert.strictEqual(http.requests.length, 0)
      }
      const operations = yield* service(inOrder(succeeded), {
        credentials: Credentials.make({ headers: () => undefined as never })
      })
      for (const call of [operations.get(name), operations.wait(name)]) {
        assert.isDefined(defectOf(yield* Effect.exit(call)))
      }
    }))

  it.scoped("a failure of the credentials counts also when effects beside it are interrupted", () =>
    Effect.gen(function*() {
      const failure = new HttpError.HttpError({ reason: "Authentication", description: "no", isTransient: true })
      let isDown = true
      const credentials = Credentials.make({
        headers: () =>
          Effect.map(
            Effect.all([Effect.sleep("1 minute"), isDown ? Effect.fail(failure) : Effect.void], {
              concurrency: "unbounded"
            }),
            () => ({ authorization: Redacted.make("Bearer t") })
          )
      })
      const http = inOrder(succeeded)
      const operations = yield* service(http, {
        credentials,
        requestTimeout: "2 minutes",
        retrySchedule: every("1 second")
      })
      const fiber = yield* Effect.fork(httpError(operations.get(name)))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* Fiber.join(fiber)).description, failure.description)
      const waiting = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("10 seconds")
      assert.isNull(waiting.unsafePoll(), "a transient failure does not end the wait")
      isDown = false
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "Succeeded")
    }))

  it.scoped("a defect counts before the failure beside it", () =>
    Effect.gen(function*() {
      const failure = new HttpError.HttpError({ reason: "Authentication", description: "no", isTransient: true })
      const credentials = Credentials.make({ headers: () => Effect.ensuring(Effect.fail(failure), Effect.die(boom)) })
      const operations = yield* service(inOrder(succeeded), { credentials })
      for (const call of [operations.get(name), operations.wait(name)]) {
        assert.strictEqual(defectOf(yield* Effect.exit(call)), boom)
      }
    }))

  it.scoped("a defect of a shared poll is that of the wait which made it; the others poll anew", () =>
    Effect.gen(function*() {
      let polls = 0
      const credentials = Credentials.make({
        headers: () => ++polls === 2 ? Effect.delay(Effect.die(boom), "1 second") : Effect.succeed({})
      })
      const http = inOrder(pending, succeeded)
      const operations = yield* service(http, { credentials, schedule: every("1 second") })
      const leader = yield* Effect.fork(operations.wait(name))
      yield* TestClock.adjust("1500 millis")
      const others = yield* Effect.forEach([1, 2, 3], () => Effect.fork(operations.wait(name)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(defectOf(leader.unsafePoll()), boom)
      for (const other of others) assert.strictEqual((yield* Fiber.join(other))._tag, "Succeeded")
      assert.strictEqual(http.requests.length, 2)
    }))
})

describe("updates", () => {
  it.scoped("gives states that are nested too deeply to be written as JSON", () =>
    Effect.gen(function*() {
      const depth = 100_000
      const deep = (value: number) => () => {
        const nested = `${"{\"a\":".repeat(depth)}${value}${"}".repeat(depth)}`
        return new Response(`{"name":"${name}","metadata":{"@type":"example.com/Deep","a":${nested}}}`)
      }
      const operations = yield* service(inOrder(deep(1), deep(2), succeeded), { schedule: every("1 second") })
      const fiber = yield* Effect.fork(Stream.runCollect(operations.updates(name)))
      yield* TestClock.adjust("5 seconds")
      const states = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
      assert.deepStrictEqual(states.map(({ _tag }) => _tag), ["Pending", "Pending", "Succeeded"])
    }))
})

describe("waitAll in which one operation meets a defect", () => {
  const done = "operations/done"
  const silent = "operations/silent"
  const failing = "operations/failing"
  const bad = "operations/bad"
  const sleeping = "operations/sleeping"

  /** `bad` is pending at first, then what `respond` does. */
  const server = (respond: () => Effect.Effect<Response> = () => Effect.succeed(pending())) => {
    let polls = 0
    return mockHttp((request) => {
      switch (idOf(request.url)) {
        case done:
          return Effect.succeed(succeededOf(done))
        case silent:
          return Effect.never
        case failing:
          return Effect.succeed(unavailable())
        case bad:
          return polls++ === 0 ? Effect.succeed(pending()) : respond()
        default:
          return Effect.succeed(pending())
      }
    })
  }
  const credentials = (respond: () => Effect.Effect<{}>) => {
    let polls = 0
    return Credentials.make({
      headers: ({ url }) => idOf(url) === bad && polls++ === 1 ? respond() : Effect.succeed({})
    })
  }
  const throwing = (): never => {
    throw boom
  }
  const dying = () => Effect.die(boom)
  const faults: Record<string, () => { readonly http: MockHttp; readonly options?: OperationsService.Options }> = {
    "a client that throws": () => ({ http: server(throwing) }),
    "a client that dies": () => ({ http: server(dying) }),
    "credentials that throw": () => ({ http: server(), options: { credentials: credentials(throwing) } }),
    "credentials that die": () => ({ http: server(), options: { credentials: credentials(dying) } }),
    "a schedule that throws": () => ({
      http: server(() => Effect.succeed(json({ name: bad, metadata: { "@type": "example.com/Progress" } }))),
      options: {
        schedule: Schedule.whileInput(
          every("5 seconds"),
          ({ metadata }: Operation.Pending) => metadata === undefined || throwing()
        )
      }
    }),
    "isTransient that throws": () => ({
      http: server(() => Effect.succeed(html(403)())),
      options: { isTransient: (error) => error.httpStatus === 403 ? throwing() : error.isTransient }
    })
  }
  for (const [what, make] of Object.entries(faults)) {
    it.scoped(`${what}: the stream dies with it at once, and every other wait ends`, () =>
      Effect.gen(function*() {
        const { http, options } = make()
        const operations = yield* service(http, {
          schedule: every("5 seconds"),
          retrySchedule: every("2 seconds"),
          requestTimeout: "1 hour",
          ...options
        })
        const seen: Array<string> = []
        const fiber = yield* Effect.fork(
          Stream.runForEach(
            operations.waitAll([done, silent, sleeping, failing, bad], { onInterrupt: "cancel", onTimeout: "cancel" }),
            ({ operation }) => Effect.sync(() => seen.push(operation))
          )
        )
        const other = yield* Effect.fork(operations.wait(sleeping))
        yield* TestClock.adjust("4999 millis")
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(defectOf(fiber.unsafePoll()), boom)
        assert.deepStrictEqual(seen, [done])
        assert.strictEqual(http.aborts(), 1, "the poll in flight is aborted")
        const requests = http.requests.length
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(
          new Set(http.requests.slice(requests).map(({ url }) => idOf(url))),
          new Set([sleeping]),
          "only the other wait goes on"
        )
        assert.deepStrictEqual(posts(http), [])
        yield* Fiber.interrupt(other)
      }))
  }
})
