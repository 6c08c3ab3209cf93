// The call of a case, over each transport, with the responses of the case instead of a network.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Credentials from "effect-google-operations/Credentials"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Dispatcher } from "undici"
import { type Case, defaultOperation, isObject, type Reply, untyped } from "./cases.js"

const inTurn = (replies: ReadonlyArray<Reply>): () => Reply => {
  let index = 0
  return () => replies[Math.min(index++, replies.length - 1)]!
}

const toResponse = ({ body, headers, status }: Reply): Response => {
  const all = new Headers()
  for (const [name, value] of headers) {
    try {
      all.append(name, value)
    } catch {
      // No response can have this header.
    }
  }
  // A Response of 204 and the like cannot be made with a body, nor one of a status above 599.
  return Object.defineProperty(new Response(body === "" ? null : Buffer.from(body), { headers: all }), "status", {
    value: status
  })
}

// What undici 7 calls of a handler. Its own API, which platform's client uses, still takes the older one.
interface OlderHandler {
  readonly onConnect: (abort: () => void) => void
  readonly onHeaders: (status: number, headers: ReadonlyArray<Buffer>, resume: () => void, text: string) => void
  readonly onData: (chunk: Buffer) => void
  readonly onComplete: (trailers: ReadonlyArray<Buffer>) => void
}

const isOlder = (handler: object): handler is OlderHandler => "onConnect" in handler

/** A dispatcher of undici without connections. */
class MemoryDispatcher extends Dispatcher {
  readonly #next: () => Reply

  constructor(replies: ReadonlyArray<Reply>) {
    super()
    this.#next = inTurn(replies)
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { body, headers, status } = this.#next()
    // A server cannot send these.
    const sendable = headers.filter(([, value]) => !/[\0\r\n]/.test(value))
    const bytes = Buffer.from(body)
    let isAborted = false
    if (isOlder(handler)) {
      handler.onConnect(() => void (isAborted = true))
      queueMicrotask(() => {
        if (isAborted) return
        handler.onHeaders(status, sendable.flat().map((text) => Buffer.from(text, "latin1")), () => {}, "")
        if (!isAborted && bytes.length > 0) handler.onData(bytes)
        if (!isAborted) handler.onComplete([])
      })
      return true
    }
    const grouped = new Map<string, Array<string>>()
    for (const [name, value] of sendable) grouped.set(name, [...grouped.get(name) ?? [], value])
    const controller: Dispatcher.DispatchController = {
      get aborted() {
        return isAborted
      },
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: (reason) => {
        if (isAborted) return
        isAborted = true
        handler.onResponseError?.(controller, reason)
      },
      pause: () => {},
      resume: () => {}
    }
    handler.onRequestStart?.(controller, {})
    queueMicrotask(() => {
      if (isAborted) return
      const byName = Object.fromEntries(
        [...grouped].map(([name, values]) => [name, values.length === 1 ? values[0] : values])
      )
      handler.onResponseStart?.(controller, status, byName, "")
      if (!isAborted && bytes.length > 0) handler.onResponseData?.(controller, bytes)
      if (!isAborted) handler.onResponseEnd?.(controller, {})
    })
    return true
  }
}

type Make = (options: object | undefined) => Effect.Effect<OperationsService.Service, never, Scope.Scope>

interface InMemory {
  readonly make: Make
  /** What the calls need. */
  readonly provide: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

const over = (client: HttpClient.HttpClient): Make => (options) =>
  Effect.provideService(OperationsService.make(untyped(options)), HttpClient.HttpClient, client)

// Platform's client takes its `fetch` from the context of the call.
const fetchClient = Effect.runSync(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer))

/** The transports, each with these responses instead of a network. */
export const inMemory: Record<string, (replies: ReadonlyArray<Reply>) => InMemory> = {
  "an HttpClient": (replies) => {
    const next = inTurn(replies)
    const client = HttpClient.make((request) =>
      Effect.sync(() => HttpClientResponse.fromWeb(request, toResponse(next())))
    )
    return { make: over(client), provide: identity }
  },
  "platform's fetch client": (replies) => {
    const next = inTurn(replies)
    return {
      make: over(fetchClient),
      provide: Effect.provideService(FetchHttpClient.Fetch, () => Promise.resolve(toResponse(next())))
    }
  },
  "platform's undici client": (replies) => ({
    make: over(NodeHttpClient.makeUndici(new MemoryDispatcher(replies))),
    provide: identity
  }),
  "NodeOperations": (replies) => {
    const dispatcher = new MemoryDispatcher(replies)
    return {
      make: (options) =>
        NodeOperations.make(untyped(options === undefined || isObject(options) ? { ...options, dispatcher } : options)),
      provide: identity
    }
  }
}

export const credentials = Credentials.accessToken(Redacted.make("fuzz-token-0123456789"))

const info = OperationInfo.make({
  response: { typeName: "google.protobuf.Struct", schema: Schema.Struct({ a: Schema.String }) },
  metadata: { typeName: "x.Metadata", schema: Schema.Struct({ a: Schema.String }) }
})

const outcomes = <A, E>(stream: Stream.Stream<{ readonly result: Either.Either<A, E> }>) =>
  Effect.flatMap(Stream.runCollect(stream), Effect.forEach(({ result }) => result))

/** Calls the method of a case. `prefix` is the path of the base URL. */
export const call = (
  service: OperationsService.Service,
  { callOptions, method, operation }: Case,
  { prefix = "", timeout = "3 seconds" }: {
    readonly prefix?: string
    readonly timeout?: Duration.DurationInput
  } = {}
): Effect.Effect<unknown, unknown> => {
  const of = untyped(operation)
  const options = untyped(callOptions)
  const waitOptions = untyped(isObject(callOptions) ? { timeout, ...callOptions } : callOptions)
  const request = operation === defaultOperation
    ? HttpClientRequest.post(`${prefix}/v1/things`)
    : typeof operation === "string"
    ? HttpClientRequest.post(operation)
    : of
  switch (method) {
    case "get":
      return service.get(of, options)
    case "wait":
      return service.wait(of, waitOptions)
    case "updates":
      return Stream.runCollect(service.updates(of, waitOptions))
    case "waitAll":
      return outcomes(service.waitAll([of, "operations/other"], waitOptions))
    case "waitAll of anything":
      return outcomes(service.waitAll(of, waitOptions))
    case "list":
      return Stream.runCollect(Stream.take(service.list(options), 100))
    case "listPages":
      return Stream.runCollect(Stream.take(service.listPages(options), 100))
    case "cancel":
      return service.cancel(of)
    case "delete":
      return service.delete(of)
    case "start":
      return service.start(request, options)
    case "handle":
      return Effect.map(service.handle(of, options), OperationHandle.toJson)
    case "OperationInfo.execute":
      return info.using(service).execute(request, waitOptions)
    case "OperationInfo.result":
      return info.using(service).result(of, waitOptions)
    case "OperationInfo.updates":
      return Stream.runCollect(info.using(service).updates(of, waitOptions))
  }
}
