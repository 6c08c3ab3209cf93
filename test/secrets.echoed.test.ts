import { assert, describe, it } from "@effect/vitest"
import * as Credentials from "effect-google-operations/Credentials"
import { isSecret, Redactor } from "effect-google-operations/internal/http/redaction"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { name } from "./support/answers.js"
import { mockHttp, transportError } from "./support/http.js"
import { shown } from "./support/secrets.js"
import { service } from "./support/service.js"
import { untrusted } from "./support/untrusted.js"

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
