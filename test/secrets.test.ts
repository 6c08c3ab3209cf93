import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import type * as OperationError from "effect-google-operations/OperationError"
import type * as OperationsService from "effect-google-operations/OperationsService"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { googleError, json, name, pending } from "./support/answers.js"
import { mockHttp, type Respond, transportError } from "./support/http.js"
import { needle, shown } from "./support/secrets.js"
import { service } from "./support/service.js"

const secret = `${needle}-4f1c9a7be2d05836`

const kinds: Record<string, (value: string) => Credentials.Credentials> = {
  accessToken: (value) => Credentials.accessToken(Redacted.make(value)),
  apiKey: (value) => Credentials.apiKey(Redacted.make(value)),
  make: (value) =>
    Credentials.make({
      headers: () =>
        Effect.succeed({ Authorization: Redacted.make(`Bearer ${value}`), "X-Other": Redacted.make(value) })
    })
}

class RecordedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId = "0000000000000001"
  readonly traceId = "00000000000000000000000000000001"
  readonly sampled = true
  readonly links: Array<Tracer.SpanLink> = []
  readonly attributes = new Map<string, unknown>()
  readonly events: Array<unknown> = []
  status: Tracer.SpanStatus
  readonly name: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly context: Context.Context<never>
  readonly kind: Tracer.SpanKind

  constructor(
    name: string,
    parent: Option.Option<Tracer.AnySpan>,
    context: Context.Context<never>,
    startTime: bigint,
    kind: Tracer.SpanKind
  ) {
    this.name = name
    this.parent = parent
    this.context = context
    this.kind = kind
    this.status = { _tag: "Started", startTime }
  }
  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }
  event(name: string, _: bigint, attributes?: Record<string, unknown>): void {
    this.events.push([name, attributes])
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.links.push(...links)
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: 0n, endTime, exit }
  }
}

/** Keeps the spans and the log lines of an effect. */
const recorder = () => {
  const spans: Array<RecordedSpan> = []
  const logs: Array<string> = []
  const tracer = Tracer.make({
    span: (name, parent, context, _, startTime, kind, options) => {
      const span = new RecordedSpan(name, parent, context, startTime, kind)
      for (const [key, value] of Object.entries(options?.attributes ?? {})) span.attribute(key, value)
      spans.push(span)
      return span
    },
    context: (f) => f()
  })
  const logger = Logger.make((options) => {
    logs.push(
      Logger.stringLogger.log(options),
      Logger.logfmtLogger.log(options),
      Logger.jsonLogger.log(options),
      inspect(Logger.structuredLogger.log(options), { depth: Infinity }),
      inspect(options.message, { depth: Infinity, showHidden: true })
    )
  })
  return {
    spans,
    logs,
    record: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      effect.pipe(
        Effect.withTracer(tracer),
        Logger.withMinimumLogLevel(LogLevel.All),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      ),
    /** What an exporter would send: attributes, events, and how the spans ended. */
    exported: () =>
      spans.flatMap((span) => [
        inspect([span.name, span.attributes, span.events], { depth: Infinity, showHidden: true }),
        span.status._tag === "Ended" && span.status.exit._tag === "Failure"
          ? Cause.pretty(span.status.exit.cause, { renderErrorCause: true })
          : ""
      ])
  }
}

type Request = HttpClientRequest.HttpClientRequest

/** The credentials as the server sees them. */
const received = (request: Request): string => {
  const values = Object.values(request.headers).filter((value) => value.includes(secret))
  assert.isAbove(values.length, 0, "the secret was never sent")
  return values.join(" ")
}

const stream = (chunks: ReadonlyArray<string>, failure?: Error) => {
  const left = [...chunks]
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift()
      if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk))
      else if (failure === undefined) controller.close()
      else controller.error(failure)
    }
  })
}

type Failure = HttpError.HttpError | OperationError.OperationError | WaitTimeoutError.WaitTimeoutError

interface Scenario {
  readonly what: string
  readonly expect: HttpError.Reason | "OperationError" | "WaitTimeoutError"
  readonly respond: (request: Request) => ReturnType<Respond>
  readonly options?: OperationsService.Options
  /** What the credentials are made with, when not with the secret alone. */
  readonly value?: string
  readonly call?: "get" | "wait"
  /** Whether the service is closed in the midst of it. */
  readonly isClosed?: boolean
}

const answer = (make: (echo: string) => Response) => (request: Request) => Effect.sync(() => make(received(request)))
const never = (request: Request) => Effect.zipRight(Effect.sync(() => received(request)), Effect.never)
const unreachable = () => Effect.die(new Error("a request that must not be sent"))
const leakyError = (request: Request) =>
  Object.assign(new Error(`write failed: authorization: ${received(request)}`), {
    request,
    headers: { ...request.headers },
    cause: Object.assign(new Error(`socket of ${received(request)}`), { headers: { ...request.headers } })
  })

const scenarios: ReadonlyArray<Scenario> = [
  {
    what: "no loopback address and no https",
    expect: "InvalidRequest",
    respond: unreachable,
    options: { api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "http://example.com" }) }
  },
  {
    what: "a request that the client cannot make",
    expect: "InvalidRequest",
    respond: (request) =>
      Effect.suspend(() =>
        Effect.fail(new HttpClientError.RequestError({ request, reason: "Encode", cause: leakyError(request) }))
      )
  },
  { what: "a header that cannot be", expect: "Authentication", respond: unreachable, value: `${secret}\r\nx-evil: 1` },
  {
    what: "an error whose cause holds the request",
    expect: "Transport",
    respond: (request) => Effect.suspend(() => Effect.fail(transportError(request, leakyError(request))))
  },
  {
    what: "an error whose cause is text",
    expect: "Transport",
    respond: (request) => Effect.suspend(() => Effect.fail(transportError(request, `no way for ${received(request)}`)))
  },
  {
    what: "a body that is cut off with the headers in the error",
    expect: "Transport",
    respond: answer((echo) => new Response(stream(["{\"name\": "], new Error(`cut: ${echo}`))))
  },
  { what: "no answer in time", expect: "Timeout", respond: never, options: { requestTimeout: "1 second" } },
  {
    what: "a Google error that echoes the headers",
    expect: "StatusCode",
    respond: answer((echo) =>
      googleError(401, "UNAUTHENTICATED", {
        message: `refused: ${echo}`,
        headers: { "www-authenticate": "Bearer" },
        details: [
          { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "BAD_TOKEN", metadata: { header: echo } },
          { "@type": "type.googleapis.com/google.rpc.Novelty", header: echo }
        ]
      })
    )
  },
  {
    what: "a Google error that echoes the headers with escapes",
    expect: "StatusCode",
    respond: answer((echo) =>
      new Response(
        JSON.stringify({ error: { code: 403, status: "PERMISSION_DENIED", message: echo } })
          .replaceAll("planted", "\\u0070lanted"),
        { status: 403 }
      )
    )
  },
  {
    what: "an error page that echoes the headers",
    expect: "StatusCode",
    respond: answer((echo) => new Response(`<html><pre>${echo}</pre></html>`, { status: 502 }))
  },
  {
    what: "an error page that is cut off within the echo",
    expect: "StatusCode",
    respond: answer((echo) => {
      const start = "x".repeat(1000 - echo.indexOf(secret) - secret.length + 2)
      return new Response(stream([`${start}${echo}`, "y".repeat(1000)]), { status: 502 })
    }),
    options: { maxBodySize: 1000 }
  },
  {
    what: "a page with 200 that echoes the headers",
    expect: "Decode",
    respond: answer((echo) => new Response(`<html><pre>${echo}</pre></html>`))
  },
  { what: "the headers with 200", expect: "Decode", respond: answer((echo) => new Response(echo)) },
  {
    what: "JSON of something else that echoes the headers",
    expect: "Decode",
    respond: answer((echo) => json({ name: { [echo]: echo } }))
  },
  {
    what: "a page with 200 that is cut off within the echo",
    expect: "Decode",
    respond: answer((echo) => {
      const start = "x".repeat(1000 - echo.indexOf(secret) - secret.length + 2)
      return new Response(stream([`${start}${echo}`, "y".repeat(1000)]))
    }),
    options: { maxBodySize: 1000 }
  },
  { what: "a service that closes", expect: "Closed", respond: never, isClosed: true },
  {
    what: "a failed operation",
    expect: "OperationError",
    respond: answer(() => json({ name, done: true, error: { code: 7, message: "no" } }))
  },
  {
    what: "a failed operation that echoes the headers",
    expect: "OperationError",
    respond: answer((echo) => json({ name, done: true, metadata: { echo }, error: { code: 7, message: echo } }))
  },
  {
    what: "a timeout after a pending operation",
    expect: "WaitTimeoutError",
    respond: answer(() => pending()),
    call: "wait"
  },
  {
    what: "a timeout after failures that echo the headers",
    expect: "WaitTimeoutError",
    respond: answer((echo) => googleError(503, "UNAVAILABLE", { message: `overloaded by ${echo}` })),
    call: "wait"
  }
]

for (const [kind, make] of Object.entries(kinds)) {
  describe(`a secret given to Credentials.${kind}`, () => {
    for (const scenario of scenarios) {
      it.scoped(`does not show after ${scenario.what}: ${scenario.expect}`, () =>
        Effect.gen(function*() {
          const recorded = recorder()
          const credentials = make(scenario.value ?? secret)
          const operations = yield* service(mockHttp(scenario.respond), {
            schedule: Schedule.spaced("1 second"),
            retrySchedule: Schedule.spaced("1 second"),
            ...scenario.options,
            credentials
          })
          const call: Effect.Effect<unknown, Failure> = scenario.call === "wait"
            ? operations.wait(name, { timeout: "2 seconds" })
            : operations.get(name)
          const fiber = yield* call.pipe(
            Effect.tapErrorCause((cause) => Effect.logError("it failed", cause)),
            Effect.tapError((error) => Effect.logDebug(error)),
            Effect.sandbox,
            Effect.flip,
            recorded.record,
            Effect.fork
          )
          yield* TestClock.adjust(0)
          if (scenario.isClosed) yield* operations.close
          yield* TestClock.adjust("2 seconds")
          const cause = yield* Fiber.join(fiber)
          assert(Cause.isFailType(cause), Cause.pretty(cause))
          const { error } = cause
          assert.strictEqual(error._tag === "HttpError" ? error.reason : error._tag, scenario.expect)

          const wasSent = scenario.respond !== unreachable
          assert.deepStrictEqual(
            recorded.spans.map((span) => span.name).slice(0, 2),
            [`OperationsService.${scenario.call ?? "get"}`, ...(wasSent ? ["GET /v1/{name}"] : [])]
          )
          assert.isAbove(recorded.logs.length, 8)
          const places = {
            error: shown(error),
            cause: [Cause.pretty(cause, { renderErrorCause: true }), ...shown(cause)],
            service: shown(operations),
            logs: recorded.logs,
            spans: recorded.exported()
          }
          for (const [place, texts] of Object.entries(places)) {
            for (const text of texts) assert.notInclude(text, needle, `${place}: ${text}`)
          }
        }))
    }

    it("does not show in the credentials and options themselves", () => {
      const credentials = make(secret)
      for (const text of [...shown(credentials), ...shown({ credentials })]) assert.notInclude(text, needle)
    })
  })
}

it("what is searched for would be found", () => {
  const leak = Object.assign(new Error("x"), { headers: { authorization: secret } })
  assert.isTrue(shown(leak).some((text) => text.includes(needle)))
})
