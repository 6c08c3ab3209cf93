/**
 * What a client must offer to be put behind the cases, in plain data; and this package as such a client.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Credentials from "effect-google-operations/Credentials"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as Operation from "effect-google-operations/Operation"
import * as OperationHandle from "effect-google-operations/OperationHandle"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** How a client is set up for a case. All times are in milliseconds. */
export interface Settings {
  /** How long one exchange may take. */
  readonly requestTimeout?: number
  /** Requests carry a token. `"renewable"`: a new one can be had when the server refuses it. */
  readonly token?: "fixed" | "renewable"
  /** The API has `:wait`, which takes its timeout in the body. */
  readonly serverHolds?: boolean
}

/** One wait. All times are in milliseconds. */
export interface Wait {
  /** The operation's name. */
  readonly name: string
  /** What the caller has: a name, the operation as the starting call answered it (JSON), or what `save` gave. */
  readonly from: "name" | { readonly operation: unknown } | { readonly ticket: string }
  /** How long to wait at most; without it there is no limit. */
  readonly timeout?: number
  /** The delay between two polls, always the same. */
  readonly interval: number
  /** The delay after a transient failure, always the same. */
  readonly retryInterval: number
  /** How many transient failures in a row are put up with; without it, any number. */
  readonly retries?: number
  /** The full names of the types that the method returns; the result is then read as such. */
  readonly result?: { readonly response: string; readonly metadata?: string }
  /** Whether the operation is to be cancelled when the wait is aborted or gives up. */
  readonly cancelOn?: "abort" | "timeout"
}

/** How a wait has ended. What a client cannot tell is absent. */
export interface Outcome {
  /**
   * - `succeeded`: the operation ended well
   * - `failed`: the operation ended with an error
   * - `gaveUp`: the caller's limit passed, the operation goes on
   * - `unreadable`: the operation's state could not be read
   * - `wrongResult`: the operation ended well, and its response is not of the type that the method returns
   */
  readonly end: "succeeded" | "failed" | "gaveUp" | "unreadable" | "wrongResult"
  /** The response, or the decoded result of a typed wait; null when there is none. */
  readonly response?: unknown
  /** The latest metadata as it came, or decoded by a typed wait; null when there is none. */
  readonly metadata?: unknown
  /** The operation's error, raw. */
  readonly error?: { readonly code: number; readonly message: string; readonly details: ReadonlyArray<unknown> }
  /** The name of a `google.rpc.Code`. */
  readonly code?: string | undefined
  /** Why the state could not be read. */
  readonly why?: "refused" | "noCredentials" | "transport" | "timeout" | "status" | "body" | "closed"
  readonly httpStatus?: number | undefined
  /** The last state that was seen before giving up, as JSON; null when there was none. */
  readonly last?: unknown
  /** The last failure before giving up: an HTTP status, or the name of what happened; null when there was none. */
  readonly lastFailure?: number | string | null
  /** What the error says. */
  readonly message?: string
}

/** A client of one API. Interrupting `wait` is how a case aborts it. */
export interface Client {
  readonly wait: (wait: Wait) => Effect.Effect<Outcome>
  /** A text by which any other client can go on waiting, until the same deadline. */
  readonly save: (name: string, options: { readonly timeout?: number }) => Effect.Effect<string>
}

/** Makes a client of the API at `baseUrl` (version `v1`, any operation name); without `http`, over a socket of its own. */
export type MakeClient = (target: {
  readonly baseUrl: string
  readonly http?: HttpClient.HttpClient
  readonly settings: Settings
}) => Effect.Effect<Client, never, Scope.Scope>

// ---------------------------------------------------------------------------------------------------------------------
// effect-google-operations
// ---------------------------------------------------------------------------------------------------------------------

const whys: Record<HttpError.Reason, NonNullable<Outcome["why"]>> = {
  InvalidRequest: "refused",
  Authentication: "noCredentials",
  Transport: "transport",
  Timeout: "timeout",
  StatusCode: "status",
  Decode: "body",
  Closed: "closed"
}

type Failure = Effect.Effect.Error<ReturnType<OperationInfo.Methods<unknown, unknown>["wait"]>>

const ofFailure = (failure: Failure): Outcome => {
  const { message } = failure
  switch (failure._tag) {
    case "OperationError": {
      const { details, ...error } = Operation.toJson(failure.operation)["error"] as NonNullable<Outcome["error"]>
      return {
        end: "failed",
        code: failure.code,
        error: { ...error, details: details ?? [] },
        metadata: failure.operation.metadata ?? null,
        message
      }
    }
    case "HttpError":
      return {
        end: "unreadable",
        why: whys[failure.reason],
        httpStatus: failure.httpStatus,
        code: failure.code,
        message
      }
    case "WaitTimeoutError":
      return {
        end: "gaveUp",
        last: failure.last === undefined ? null : Operation.toJson(failure.last),
        lastFailure: failure.lastError === undefined
          ? null
          : failure.lastError.httpStatus ?? whys[failure.lastError.reason],
        message
      }
    case "ResultError":
      return { end: "wrongResult", response: failure.response ?? null, message }
  }
}

const fields = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const messageType = (typeName: string): OperationInfo.MessageType<unknown, unknown> =>
  typeName === OperationInfo.empty.typeName
    ? { typeName, schema: Schema.Unknown }
    : { typeName, schema: fields as Schema.Schema<unknown, unknown> }

const token = (kind: "fixed" | "renewable"): Credentials.Credentials => {
  let current = 1
  return Credentials.make({
    headers: ({ refresh }) =>
      Effect.sync(() => {
        if (refresh && kind === "renewable") current++
        return { authorization: Redacted.make(`Bearer token-${current}`) }
      })
  })
}

/** The client of this package. */
export const makeClient: MakeClient = ({ baseUrl, http, settings }) =>
  Effect.gen(function*() {
    const options: OperationsService.Options = {
      api: GoogleApi.make({
        baseUrl,
        version: "v1",
        methods: { wait: settings.serverHolds === true ? "body" : false }
      }),
      credentials: settings.token === undefined ? undefined : token(settings.token),
      requestTimeout: settings.requestTimeout
    }
    const service = http === undefined
      ? yield* NodeOperations.make(options)
      : yield* Effect.provideService(OperationsService.make(options), HttpClient.HttpClient, http)

    const wait: Client["wait"] = (wait) =>
      Effect.gen(function*() {
        const waitOptions: Omit<OperationsService.WaitOptions, "onUpdate"> = {
          timeout: wait.timeout,
          schedule: Polling.spaced(wait.interval),
          retrySchedule: wait.retries === undefined
            ? Polling.spaced(wait.retryInterval)
            : Schedule.intersect(Polling.spaced(wait.retryInterval), Schedule.recurs(wait.retries)),
          onInterrupt: wait.cancelOn === "abort" ? "cancel" : "detach",
          onTimeout: wait.cancelOn === "timeout" ? "cancel" : "detach"
        }
        const from = wait.from
        const operation: OperationsService.Waitable = from === "name"
          ? wait.name
          : "ticket" in from
          ? yield* Effect.orDie(OperationHandle.fromJson(JSON.parse(from.ticket)))
          : Either.getOrThrow(Operation.fromJson(from.operation))
        if (wait.result === undefined) {
          return yield* service.wait(operation, waitOptions).pipe(
            Effect.map(({ metadata, response }): Outcome => ({
              end: "succeeded",
              response: response ?? null,
              metadata: metadata ?? null
            })),
            Effect.catchAll((failure) => Effect.succeed(ofFailure(failure)))
          )
        }
        const info = OperationInfo.make({
          response: messageType(wait.result.response),
          metadata: wait.result.metadata === undefined ? undefined : messageType(wait.result.metadata)
        })
        return yield* info.using(service).wait(operation, waitOptions).pipe(
          Effect.map(({ metadata, result }): Outcome => ({
            end: "succeeded",
            response: result,
            metadata: Option.getOrNull(metadata)
          })),
          Effect.catchAll((failure) => Effect.succeed(ofFailure(failure)))
        )
      })

    return {
      wait,
      save: (name, { timeout }) =>
        service.handle(name, { timeout: timeout === undefined ? undefined : Duration.millis(timeout) }).pipe(
          Effect.map((handle) => JSON.stringify(OperationHandle.toJson(handle))),
          Effect.orDie
        )
    }
  })
