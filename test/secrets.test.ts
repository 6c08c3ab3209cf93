import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import { isSecret, Redactor } from "effect-google-operations/internal/http/redaction"
import type * as OperationError from "effect-google-operations/OperationError"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import type * as OperationsService from "effect-google-operations/OperationsService"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { googleError, json, name, pending } from "./support/answers.js"
import { mockHttp, type Respond, transportError } from "./support/http.js"
import { service } from "./support/service.js"
import { untrusted } from "./support/untrusted.js"

// What is searched for is its beginning, so that a part of it is found as well.
const needle = "planted-secret"
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

/** Everything that a value shows of itself to whoever prints it. */
const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value),
  inspect(value, { depth: Infinity, showHidden: true, getters: true }),
  ...(value instanceof Error ? [value.message, value.stack ?? ""] : [])
]

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

// ---------------------------------------------------------------------------------------------------------------------
// Every place and every form
// ---------------------------------------------------------------------------------------------------------------------

// With the characters that encodings change.
const token = "ya29.planted-secret/4f1c9a7b+e2d~~~05836_Qx=="

const percent = (text: string, digits: (hex: string) => string = (hex) => hex): string =>
  Array.from(text, (char) => `%${digits(char.charCodeAt(0).toString(16))}`).join("")
const unicode = (text: string): string =>
  Array.from(text, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
const urlSafe = (base64: string): string => base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
const upper = (text: string): string => text.toUpperCase()

/** What a server may make of a token before it puts it into a text. */
const forms: Record<string, (token: string) => string> = {
  "as it is": (token) => token,
  "with the scheme": (token) => `Bearer ${token}`,
  "in upper case": upper,
  "in lower case": (token) => token.toLowerCase(),
  "URL-encoded": encodeURIComponent,
  "URL-encoded twice": (token) => encodeURIComponent(encodeURIComponent(token)),
  "URL-encoded, every character": (token) => percent(token),
  "URL-encoded, every character, in upper case": (token) => percent(token, upper),
  "with escaped slashes": (token) => token.replaceAll("/", "\\/"),
  "with escaped equals signs": (token) => token.replaceAll("=", "\\u003d"),
  "with every character escaped": unicode,
  "in JSON": (token) => JSON.stringify({ token }),
  "in JSON in JSON": (token) => JSON.stringify({ json: JSON.stringify({ token }).replaceAll("/", "\\/") }),
  "with references of HTML": (token) =>
    token.replaceAll("/", "&#x2F;").replaceAll("=", "&#61;").replaceAll("+", "&#043;"),
  "in base64": btoa,
  "in base64 without padding, for URLs": (token) => urlSafe(btoa(token)),
  "in base64 with the scheme": (token) => btoa(`Bearer ${token}`),
  "in base64 after one byte": (token) => btoa(`x${token}y`),
  "in base64 after two bytes, for URLs": (token) => urlSafe(btoa(`xy${token}`)),
  "in base64 that is URL-encoded": (token) => encodeURIComponent(btoa(`x:${token}`)),
  "in base64 of JSON": (token) => btoa(JSON.stringify({ authorization: `Bearer ${token}` })),
  "in hexadecimal": (token) => percent(token).replaceAll("%", ""),
  "twice": (token) => `${token}${token.toUpperCase()}`
}

// Each part of a form that is not shared with the form of another token.
const partsOf = (form: (token: string) => string, length = 14): ReadonlyArray<string> => {
  const text = form(token)
  const other = form("!".repeat(token.length))
  const parts: Array<string> = []
  for (let at = 0; at + length <= text.length; at += 2) {
    const part = text.slice(at, at + length)
    if (!other.includes(part.slice(0, length / 2)) && !other.includes(part.slice(length / 2))) {
      parts.push(part.toLowerCase())
    }
  }
  return parts
}

const deep = (text: string): string => `${"[".repeat(10_000)}${text}${"]".repeat(10_000)}`
const details = (fields: object): object => ({ error: { code: 7, message: "no", details: [fields] } })
const ErrorInfo = { "@type": "type.googleapis.com/google.rpc.ErrorInfo" }

type Place = readonly [call: "get" | "wait" | "list" | "result", status: number, body: (text: string) => string]

/** Where a server may put it. */
const bodies: Record<string, Place> = {
  "the message of a Google error": ["get", 403, (text) => JSON.stringify({ error: { code: 403, message: text } })],
  "a reason of a Google error": [
    "get",
    403,
    (text) => JSON.stringify({ error: { code: 403, message: "no", errors: [{ reason: text }] } })
  ],
  "a decoded detail": ["get", 403, (text) => JSON.stringify(details({ ...ErrorInfo, metadata: { a: text } }))],
  "a key of a decoded detail": [
    "get",
    403,
    (text) => JSON.stringify(details({ ...ErrorInfo, metadata: { [text]: "a" } }))
  ],
  "a raw detail": ["get", 403, (text) => JSON.stringify(details({ a: [text] }))],
  "a key of a raw detail": ["get", 403, (text) => JSON.stringify(details({ [text]: 1 }))],
  "the type of a detail": ["get", 403, (text) => JSON.stringify(details({ "@type": text }))],
  "the _tag of a detail": ["get", 403, (text) => JSON.stringify(details({ _tag: text }))],
  "an error page": ["get", 502, (text) => `<html>${text}</html>`],
  "a body that is not JSON": ["get", 200, (text) => text],
  "an error that is nested deep": ["get", 403, (text) => `{"error":{"details":${deep(JSON.stringify(text))}}}`],
  "an operation that is none": ["get", 200, (text) => JSON.stringify({ [text]: text })],
  "a name that is no text": ["get", 200, (text) => JSON.stringify({ name: { [text]: text } })],
  "the error of a failed operation": [
    "get",
    200,
    (text) => JSON.stringify({ done: true, error: { code: 5, message: text, details: [{ [text]: text }] } })
  ],
  "the metadata of a failed operation": [
    "get",
    200,
    (text) => JSON.stringify({ done: true, metadata: { [text]: [text] }, error: { code: 5 } })
  ],
  "the name of a failed operation": ["get", 200, (text) => JSON.stringify({ name: text, done: true, error: {} })],
  "the metadata of a pending operation": [
    "wait",
    200,
    (text) => JSON.stringify({ name, metadata: { [text]: [text] } })
  ],
  "metadata that is nested deep": [
    "wait",
    200,
    (text) => `{"name":"${name}","metadata":{"a":${deep(JSON.stringify(text))}}}`
  ],
  "an early response and error": [
    "wait",
    200,
    (text) => JSON.stringify({ name, response: { a: text }, error: { message: text } })
  ],
  "a transient error": ["wait", 503, (text) => JSON.stringify({ error: { code: 503, message: text } })],
  "a response of another type": [
    "result",
    200,
    (text) => JSON.stringify({ name, done: true, response: { "@type": `a/${text}`, [text]: text } })
  ],
  "a response that does not decode": [
    "result",
    200,
    (text) => JSON.stringify({ name, done: true, response: { "@type": "a/x.Policy", title: { [text]: text } } })
  ],
  "a page token": ["list", 200, (text) => JSON.stringify({ nextPageToken: text })]
}

const Policy = OperationInfo.make({
  response: { typeName: "x.Policy", schema: Schema.Struct({ title: Schema.String }) }
})

const assertAbsent = (parts: ReadonlyArray<string>, texts: ReadonlyArray<string>): void => {
  for (const text of texts) {
    const lower = text.toLowerCase()
    const part = parts.find((part) => lower.includes(part))
    if (part !== undefined) assert.fail(`${part} is in ${text.slice(0, 1_000)}`)
  }
}

describe("a token that the server echoes does not show, whatever the form", () => {
  for (const [place, [call, status, body]] of Object.entries(bodies)) {
    it.scoped(`in ${place}`, () =>
      Effect.forEach(Object.values(forms), (form) =>
        Effect.gen(function*() {
          const operations = yield* service(
            mockHttp(() => Effect.sync(() => new Response(body(form(token)), { status }))),
            { credentials: Credentials.accessToken(Redacted.make(token)), schedule: Schedule.spaced("1 second") }
          )
          const effect: Effect.Effect<unknown, unknown> = call === "get"
            ? operations.get(name)
            : call === "wait"
            ? operations.wait(name, { timeout: "1 second" })
            : call === "list"
            ? Stream.runDrain(operations.listPages())
            : Policy.using(operations).result(name)
          const fiber = yield* Effect.fork(Effect.flip(effect))
          yield* TestClock.adjust("5 seconds")
          const error = yield* Fiber.join(fiber)
          assertAbsent(partsOf(form), shown(error))
        }), { discard: true }))
  }

  const failures: Record<string, (text: string) => unknown> = {
    "the message of a failed connection": (text) => new Error(text),
    "the code of a failed connection": (text) => Object.assign(new Error("a"), { code: text }),
    "the name of a failed connection": (text) => Object.assign(new Error("a"), { name: text }),
    "a cause that is text": (text) => text,
    "a cause beneath others": (text) => new TypeError("a", { cause: new AggregateError([new Error(text)], text) })
  }
  for (const [place, failure] of Object.entries(failures)) {
    it.scoped(`in ${place}`, () =>
      Effect.forEach(Object.values(forms), (form) =>
        Effect.gen(function*() {
          const operations = yield* service(
            mockHttp((request) => Effect.suspend(() => Effect.fail(transportError(request, failure(form(token)))))),
            { credentials: Credentials.accessToken(Redacted.make(token)) }
          )
          assertAbsent(partsOf(form), shown(yield* Effect.flip(operations.get(name))))
        }), { discard: true }))
  }

  it("at the end of a body that was cut off, wherever it was cut", () => {
    const redactor = new Redactor([token])
    for (const form of Object.values(forms)) {
      // A few characters tell nothing; escaped they are long.
      const parts = partsOf(form, 30)
      const text = `<html>${form(token)}`
      const cut = Array.from({ length: text.length + 1 }, (_, end) => redactor.cleanCut(text.slice(0, end)))
      assert.isTrue(cut.every((text) => text.startsWith("<html>".slice(0, text.length))))
      assertAbsent(parts, cut)
    }
  })

  it("and nothing else is lost", () => {
    const redactor = new Redactor([token])
    for (const form of Object.values(forms)) {
      const cleaned = redactor.clean(`before ${form("x")} ${form(token)} after`)
      assert.isTrue(cleaned.startsWith(`before ${form("x")} `))
      assert.isTrue(cleaned.endsWith(" after"))
      assert.include(cleaned, "<redacted>")
      assert.strictEqual(
        redactor.clean(form("another token, of the same form")),
        form("another token, of the same form")
      )
    }
  })

  it.prop("and JSON stays JSON", [untrusted, FastCheck.constantFrom(...Object.values(forms))], ([json, form]) => {
    const text = JSON.stringify({ [form(token)]: json, a: form(token) })
    const cleaned = new Redactor([token]).clean(text)
    assertAbsent(partsOf(form), [cleaned])
    assert.isObject(JSON.parse(cleaned))
  })

  it("a secret is neither short nor a number", () => {
    for (const text of ["", "short", "1234567", "1234567890"]) {
      assert.isFalse(isSecret(text))
      assert.strictEqual(new Redactor([text]).clean(`a ${text} b`), `a ${text} b`)
    }
    assert.isTrue(isSecret("12345678x"))
  })

  it("the parts that are searched for would be found", () => {
    for (const form of Object.values(forms)) {
      assert.isAbove(partsOf(form).length, 3)
      assert.throws(() => assertAbsent(partsOf(form), [`a ${form(token)}`]))
    }
  })
})

describe("credentials that were renewed", () => {
  const tokens = [1, 2, 3, 4].map((index) => `${needle}-${index}-4f1c9a7be2d05836`)

  /** Credentials with the next token at each refresh. */
  const renewed = () => {
    let index = 0
    return Credentials.make({
      headers: ({ refresh }) =>
        Effect.sync(() => ({ Authorization: Redacted.make(`Bearer ${tokens[refresh ? ++index : index]}`) }))
    })
  }
  const assertClean = (value: unknown): void => {
    for (const text of shown(value)) assert.notInclude(text, needle)
  }

  it.scoped("the token that was refused with 401 does not show in the error of the second attempt", () =>
    Effect.gen(function*() {
      const answers: Record<string, (text: string) => Effect.Effect<Response, HttpClientError.HttpClientError>> = {
        "a Google error": (text) => Effect.succeed(googleError(403, "PERMISSION_DENIED", { message: text })),
        "a page": (text) => Effect.succeed(new Response(`<html>${text}</html>`)),
        "a failed operation": (text) =>
          Effect.succeed(json({ name, done: true, metadata: { [text]: text }, error: { code: 7, message: text } }))
      }
      for (const [what, answer] of Object.entries(answers)) {
        const http = mockHttp((_, index) =>
          index === 0
            ? Effect.succeed(googleError(401, "UNAUTHENTICATED"))
            : answer(`not ${tokens[0]} nor ${tokens[1]}`)
        )
        const operations = yield* service(http, { credentials: renewed() })
        const error = yield* Effect.flip(operations.get(name))
        assert.strictEqual(http.requests.length, 2, what)
        assertClean(error)
      }
      const http = mockHttp((request, index) =>
        index === 0
          ? Effect.succeed(googleError(401, "UNAUTHENTICATED"))
          : Effect.fail(transportError(request, new Error(`not ${tokens[0]}`)))
      )
      const operations = yield* service(http, { credentials: renewed() })
      assertClean(yield* Effect.flip(operations.get(name)))
      const client = Effect.provide(HttpClient.HttpClient, http.layer)
      const authorized = Credentials.authorize(yield* client, {
        api: GoogleApi.accessContextManager,
        credentials: renewed()
      })
      http.requests.splice(0)
      assertClean(yield* Effect.flip(authorized.get("/v1/x")))
      assert.strictEqual(http.requests.length, 2)
    }))

  it.scoped("nor do the tokens of earlier requests of the service", () =>
    Effect.gen(function*() {
      let isRefused = false
      const http = mockHttp(() =>
        Effect.sync(() => {
          isRefused = !isRefused
          return isRefused ? googleError(401, "UNAUTHENTICATED") : googleError(403, "PERMISSION_DENIED", {
            message: tokens.join(" ")
          })
        })
      )
      const operations = yield* service(http, { credentials: renewed() })
      yield* Effect.flip(operations.get(name))
      yield* Effect.flip(operations.get(name))
      const error = yield* Effect.flip(operations.get(name))
      assert.include(http.requests.at(-1)?.headers["authorization"], tokens[3])
      assertClean(error)
    }))
})

it("what is searched for would be found", () => {
  const leak = Object.assign(new Error("x"), { headers: { authorization: secret } })
  assert.isTrue(shown(leak).some((text) => text.includes(needle)))
})
