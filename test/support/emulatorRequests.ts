// Raw requests to an emulator, and their responses.
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"

type Method = "GET" | "POST" | "DELETE"

export interface Seen {
  readonly status: number
  readonly type: string | undefined
  /** The body as JSON if it is JSON, otherwise as text. */
  readonly body: unknown
}

/** Sends a request. A body that is text is sent as it is, any other body as JSON. */
export type Send = (
  method: Method,
  target: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>
) => Effect.Effect<Seen, unknown>

export interface Context {
  readonly emulator: OperationsEmulator.Service
  readonly send: Send
}

export const seen = (status: number, type: string | null | undefined, text: string): Seen => ({
  status,
  type: type?.split(";")[0],
  body: type?.startsWith("application/json") === true ? JSON.parse(text) : text
})

export const textOf = (body: unknown): string => typeof body === "string" ? body : JSON.stringify(body)

const sendBy = (client: HttpClient.HttpClient): Send => (method, target, body, headers = {}) => {
  const request = HttpClientRequest.make(method)(`https://example.com${target}`, { headers })
  return client.execute(body === undefined ? request : HttpClientRequest.bodyText(request, textOf(body))).pipe(
    Effect.flatMap((response) =>
      Effect.map(response.text, (text) => seen(response.status, response.headers["content-type"], text))
    )
  )
}

export const inMemory = (options?: OperationsEmulator.Options): Context => {
  const emulator = OperationsEmulator.make(options)
  return { emulator, send: sendBy(emulator.httpClient) }
}

/** The calls that the emulator has seen, as `get operations/a`. */
export const callsOf = (emulator: OperationsEmulator.Service) =>
  Effect.map(emulator.calls, (calls) => calls.map(({ method, name }) => `${method} ${name}`))

/** The error of an operation that was cancelled. */
export const cancelled = { code: 1, message: "Operation was cancelled." }
export const metadata = { "@type": "type.googleapis.com/example.Progress", percent: 10 }
