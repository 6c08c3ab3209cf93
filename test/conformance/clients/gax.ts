/**
 * google-gax, the runtime of Google's Cloud clients for Node, over REST (`fallback`).
 */
import * as Effect from "effect/Effect"
import { installedVersion, loadInstalled } from "../../support/otherClients.js"
import type { Outcome } from "../client.js"
import { type Adapter, codeName, fromPromises, messageOf, type OperationJson } from "./adapter.js"
import { authorize, type OAuth2Client } from "./googleapis.js"
import { typeDefinitions } from "./types.js"

interface Any {
  readonly type_url: string
  readonly value: Uint8Array
}

interface RawOperation {
  readonly name?: string
  readonly done?: boolean
  readonly result?: string
  readonly metadata?: Any | null
  readonly response?: Any | null
  readonly error?: { readonly code: number; readonly message: string; readonly details: ReadonlyArray<unknown> } | null
}

interface GoogleError extends Error {
  readonly code?: number
  /** Of gaxios, which sends the requests. */
  readonly status?: number
}

type Decoder = (value: Uint8Array) => unknown

interface Operation {
  readonly latestResponse: RawOperation
  promise(): Promise<readonly [unknown, unknown, RawOperation]>
  removeAllListeners(event: "complete"): void
}

interface Type {
  decode(value: Uint8Array): unknown
  toObject(message: unknown, options: object): unknown
}

interface Root {
  readonly nested?: Readonly<Record<string, unknown>>
  addJSON(json: object): Root
  lookupType(name: string): Type
  resolveAll(): Root
}

interface Fallback {
  readonly GrpcClient: new(options: object) => { readonly auth: unknown; loadProtoJSON(json: object): Root }
  readonly LongrunningDescriptor: new(client: object, response: Decoder, metadata: Decoder) => object
  readonly Operation: new(operation: object, descriptor: object, backoff: object) => Operation
  readonly defaultToObjectOptions: object
  lro(options: object): { operationsClient(options: object): object }
}

interface Serializer {
  fromProto3JSON(type: Type, json: unknown): unknown
}

const loadOnce = () => {
  const { fallback } = loadInstalled<{ readonly fallback: Fallback }>("google-gax")
  const { GoogleAuth, OAuth2Client, PassThroughClient } = loadInstalled<{
    readonly GoogleAuth: new(options: { readonly authClient: object }) => object
    readonly OAuth2Client: new() => OAuth2Client
    readonly PassThroughClient: new() => object
  }>("google-auth-library")
  const serializer = loadInstalled<Serializer>("proto3-json-serializer")
  const protos = new fallback.GrpcClient({ fallback: true, auth: new PassThroughClient() })
    .loadProtoJSON(loadInstalled<object>("./node_modules/google-gax/build/protos/operations.json"))
    .addJSON(typeDefinitions.nested)
    .resolveAll()
  return { GoogleAuth, OAuth2Client, PassThroughClient, fallback, protos, serializer }
}
let loaded: ReturnType<typeof loadOnce> | undefined
const load = () => loaded ??= loadOnce()

export const gax: Adapter = {
  title: "google-gax",
  version: installedVersion("google-gax"),
  install: "npm ci --prefix bench",
  make: ({ baseUrl, settings }) =>
    Effect.sync(() => {
      const { GoogleAuth, OAuth2Client, PassThroughClient, fallback, protos, serializer } = load()
      const operationType = protos.lookupType("google.longrunning.Operation")
      const { hostname, port } = new URL(baseUrl)
      const builder = fallback.lro({
        auth: new GoogleAuth({
          authClient: settings.token === undefined
            ? new PassThroughClient()
            : authorize(new OAuth2Client(), settings.token)
        }),
        fallback: true,
        protoJson: protos,
        httpRules: [{ selector: "google.longrunning.Operations.GetOperation", get: "/v1/{name=**}" }]
      })
      // What is retried is gax's own choice; the delay is that of the cases.
      const makeOperations = (retryInterval: number) =>
        builder.operationsClient({
          protocol: "http",
          servicePath: hostname,
          port: Number(port),
          fallback: true,
          clientConfig: {
            interfaces: {
              "google.longrunning.Operations": {
                retry_params: {
                  default: {
                    initial_retry_delay_millis: retryInterval,
                    retry_delay_multiplier: 1,
                    max_retry_delay_millis: retryInterval,
                    initial_rpc_timeout_millis: settings.requestTimeout ?? 90_000,
                    rpc_timeout_multiplier: 1,
                    max_rpc_timeout_millis: settings.requestTimeout ?? 90_000,
                    total_timeout_millis: 600_000
                  }
                }
              }
            }
          }
        })
      const plain = (type: Type, value: Uint8Array) => type.toObject(type.decode(value), {})
      const typeOf = ({ type_url }: Any) => protos.lookupType(type_url.slice(type_url.lastIndexOf("/") + 1))
      const withType = (any: Any | null | undefined) =>
        any === null || any === undefined ? null : { "@type": any.type_url, ...plain(typeOf(any), any.value) as object }

      return fromPromises(async ({ from, interval, name, result, retryInterval, timeout }, signal) => {
        const decoder = (typeName: string): Decoder => (value) => plain(protos.lookupType(typeName), value)
        const descriptor = new fallback.LongrunningDescriptor(
          makeOperations(retryInterval),
          decoder(result?.response ?? "google.identity.accesscontextmanager.v1.AccessPolicy"),
          decoder(result?.metadata ?? "example.Progress")
        )
        const started = typeof from === "object" && "operation" in from ? from.operation as OperationJson : { name }
        let operation: Operation | undefined
        try {
          const raw = operationType.toObject(serializer.fromProto3JSON(operationType, started), {
            ...fallback.defaultToObjectOptions
          }) as object
          operation = new fallback.Operation(raw, descriptor, {
            initialRetryDelayMillis: interval,
            retryDelayMultiplier: 1,
            maxRetryDelayMillis: interval,
            totalTimeoutMillis: timeout ?? null
          })
          // "When there are no more listeners, the polling stops."
          signal.addEventListener("abort", () => operation?.removeAllListeners("complete"))
          const [decoded, decodedMetadata, rawResponse] = await operation.promise()
          return {
            end: "succeeded",
            response: result === undefined ? withType(rawResponse.response) : decoded,
            metadata: result?.metadata === undefined ? withType(rawResponse.metadata) : decodedMetadata ?? null
          }
        } catch (error) {
          const { code, message, status } = error as GoogleError
          const failure = operation?.latestResponse.error
          if (failure !== undefined && failure !== null && failure.message === message) {
            const outcome: Outcome = { end: "failed", code: codeName(code), message }
            const { details = [] } = error as { readonly details?: ReadonlyArray<unknown> }
            return { ...outcome, error: { code: code ?? 0, message, details } }
          }
          if (code === 4 && timeout !== undefined) return { end: "gaveUp", message }
          return { end: "unreadable", httpStatus: status, code: codeName(code), message: messageOf(error) }
        }
      })
    }),
  lacks: {
    cancelAtTheEnd: "the client cancels an operation only when the caller asks it to, not when a wait ends",
    retries: "the client limits the duration of retries for one request, but not their number",
    save: "the client saves only the name of an operation",
    serverHolds: "the client does not call `wait`"
  }
}
