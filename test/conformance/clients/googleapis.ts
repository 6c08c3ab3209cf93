/**
 * googleapis, Google's generated client for Node. It has no waiter: its documentation shows a loop over `operations.get`.
 */
import * as Effect from "effect/Effect"
import { installedVersion, loadInstalled } from "../../support/otherClients.js"
import { type Adapter, fromPromises, messageOf, ofDone, type OperationJson, sleep } from "./adapter.js"

interface Module {
  readonly auth: { readonly OAuth2: new() => OAuth2Client }
  accesscontextmanager(options: {
    version: "v1"
    rootUrl: string
    auth: OAuth2Client | undefined
    timeout: number | undefined
  }): {
    readonly operations: {
      get(params: { readonly name: string | undefined }, options: {
        readonly signal: AbortSignal
        readonly retryConfig: { readonly retryBackoff: () => Promise<void> }
      }): Promise<{ readonly data: OperationJson }>
    }
  }
}

export interface OAuth2Client {
  setCredentials(credentials: { readonly access_token: string }): void
  refreshHandler: () => Promise<{ readonly access_token: string }>
}

/** Makes a client of google-auth-library hand out `token-1` and so on. */
export const authorize = (client: OAuth2Client, kind: "fixed" | "renewable"): OAuth2Client => {
  let current = 1
  const credentials = () => ({ access_token: `token-${current}` })
  client.setCredentials(credentials())
  if (kind === "renewable") {
    client.refreshHandler = async () => {
      current++
      return credentials()
    }
  }
  return client
}

interface GaxiosError {
  readonly status?: number
  readonly cause?: { readonly status?: string }
}

export const googleapis: Adapter = {
  title: "googleapis with a loop",
  version: installedVersion("googleapis"),
  install: "npm ci --prefix bench",
  make: ({ baseUrl, settings }) =>
    Effect.sync(() => {
      const { accesscontextmanager, auth } = loadInstalled<Module>("googleapis/build/src/apis/accesscontextmanager")
      const { operations } = accesscontextmanager({
        version: "v1",
        rootUrl: `${baseUrl}/`,
        auth: settings.token === undefined ? undefined : authorize(new auth.OAuth2(), settings.token),
        timeout: settings.requestTimeout
      })
      return fromPromises(async ({ from, interval, name, retryInterval }, signal) => {
        const known = typeof from === "object" && "operation" in from ? from.operation as OperationJson : undefined
        const get = async () => {
          // The delays of gaxios are fixed; its other rules for retries are the defaults.
          const retryConfig = { retryBackoff: () => sleep(retryInterval) }
          return (await operations.get({ name: known === undefined ? name : known.name }, { signal, retryConfig })).data
        }
        try {
          let operation = known ?? await get()
          while (operation.done !== true) {
            await sleep(interval)
            if (signal.aborted) break
            operation = await get()
          }
          return ofDone(operation)
        } catch (error) {
          const { cause, status } = error as GaxiosError
          return { end: "unreadable", httpStatus: status, code: cause?.status, message: messageOf(error) }
        }
      })
    }),
  lacks: {
    limit: "the loop has no time limit",
    cancelAtTheEnd: "the loop never cancels an operation",
    save: "the loop cannot save a wait",
    retries: "gaxios limits the retries of one request, not the retries of a wait",
    serverHolds: "the client has no `wait` method",
    types: "the client does not check response types at run time"
  }
}
