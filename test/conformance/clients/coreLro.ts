/**
 * @azure/core-lro. It knows Azure's protocol, so the adapter translates each response of Google's into it: `done` and
 * `error` to `status`. It has no HTTP client of its own; the adapter gives it Node's `fetch`.
 */
import * as Effect from "effect/Effect"
import { installedVersion, loadInstalled } from "../../support/otherClients.js"
import { type Adapter, codeName, fromPromises, messageOf, type OperationJson } from "./adapter.js"

interface Response {
  readonly flatResponse: unknown
  readonly rawResponse: {
    readonly statusCode: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: unknown
    readonly request: { readonly method: string; readonly url: string }
  }
}

interface Poller {
  readonly operationState: { readonly status: string } | undefined
  pollUntilDone(options: { readonly abortSignal: AbortSignal }): Promise<OperationJson>
  serialize(): Promise<string>
  submitted(): Promise<void>
}

interface Module {
  createHttpPoller(operation: {
    sendInitialRequest(): Promise<Response>
    sendPollRequest(path: string, options?: { readonly abortSignal?: AbortSignal }): Promise<Response>
  }, options: {
    readonly intervalInMs: number
    readonly resourceLocationConfig: "operation-location"
    readonly restoreFrom: string | undefined
  }): Poller
}

/** As in @azure/core-rest-pipeline, which core-lro tells by the name. */
class RestError extends Error {
  override readonly name = "RestError"
  readonly status: number | undefined
  readonly code: string | undefined
  constructor(
    status: number | undefined,
    body: { readonly error?: { readonly message?: string; readonly status?: string } }
  ) {
    super(body.error?.message ?? `HTTP ${status}`)
    this.status = status
    this.code = body.error?.status
  }
}

const statusOf = ({ done, error }: OperationJson): string =>
  done !== true ? "Running" : error === undefined || error === null ? "Succeeded" : "Failed"

export const coreLro: Adapter = {
  title: "@azure/core-lro",
  version: installedVersion("@azure/core-lro"),
  install: "npm ci --prefix bench",
  make: ({ baseUrl }) =>
    Effect.sync(() => {
      const { createHttpPoller } = loadInstalled<Module>("@azure/core-lro")
      const send = async (path: string, signal: AbortSignal | undefined): Promise<Response> => {
        const url = `${baseUrl}/v1/${path}`
        const response = await fetch(url, { signal: signal ?? null }).catch((error: Error) => {
          if (error.name === "AbortError") throw error
          throw new RestError(undefined, { error: { message: messageOf(error.cause ?? error) } })
        })
        const text = await response.text().catch((error: Error) => {
          throw new RestError(undefined, { error: { message: messageOf(error.cause ?? error) } })
        })
        if (!response.ok) {
          throw new RestError(response.status, text.startsWith("{") ? JSON.parse(text) : {})
        }
        const operation = JSON.parse(text) as OperationJson
        return {
          flatResponse: operation,
          rawResponse: {
            statusCode: response.status,
            headers: Object.fromEntries(response.headers),
            body: { ...operation, status: statusOf(operation) },
            request: { method: "GET", url }
          }
        }
      }
      // As the response to the method that starts the operation. A done operation is the resource itself, in Azure's terms.
      const initial = (path: string, operation: OperationJson): Response => ({
        flatResponse: operation,
        rawResponse: {
          statusCode: operation.done === true ? 200 : 202,
          headers: operation.done === true ? {} : { "operation-location": path },
          body: { ...operation, provisioningState: statusOf(operation) },
          request: { method: operation.done === true ? "PUT" : "POST", url: path }
        }
      })
      const create = (path: string, operation: OperationJson, intervalInMs: number, restoreFrom: string | undefined) =>
        createHttpPoller({
          sendInitialRequest: async () => initial(path, operation),
          sendPollRequest: (path, options) => send(path, options?.abortSignal)
        }, { intervalInMs, resourceLocationConfig: "operation-location", restoreFrom })

      // A poller stands for an operation, and every wait for this operation uses it.
      const pollers = new Map<string, Poller>()
      return fromPromises(async ({ from, interval, name, timeout }, signal) => {
        const known = typeof from === "object" && "operation" in from ? from.operation as OperationJson : undefined
        const ticket = typeof from === "object" && "ticket" in from ? from.ticket : undefined
        const path = known === undefined ? name : String(known.name)
        const poller = pollers.get(path) ?? create(path, known ?? {}, interval, ticket)
        pollers.set(path, poller)
        const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
        try {
          const { metadata, response } = await poller.pollUntilDone({
            abortSignal: limit === undefined ? signal : AbortSignal.any([signal, limit])
          })
          return { end: "succeeded", response: response ?? null, metadata: metadata ?? null }
        } catch (error) {
          const message = messageOf(error)
          if (limit?.aborted === true) return { end: "gaveUp", message }
          if (error instanceof RestError) {
            return { end: "unreadable", httpStatus: error.status, code: error.code, message }
          }
          if (poller.operationState?.status !== "failed") return { end: "unreadable", message }
          // The message is all that it tells: "The long-running operation has failed. 9. The level is in use."
          return { end: "failed", code: codeName(Number(/ (\d+)\. /.exec(message)?.[1])), message }
        }
      }, async (name) => {
        const poller = create(name, {}, 1_000, undefined)
        await poller.submitted()
        return poller.serialize()
      })
    }),
  lacks: {
    cancelAtTheEnd: "the client never cancels an operation",
    savedLimit: "a serialized poller does not contain a deadline",
    serverHolds: "the client does not support `wait`",
    types: "the client does not check response types at run time",
    transport: "an HTTP pipeline outside the client handles retries and credentials",
    renewal: "an HTTP pipeline outside the client handles retries and credentials"
  },
  playedAnyway: ["failure-is-no-verdict", "resume-after-a-transport-error"]
}
