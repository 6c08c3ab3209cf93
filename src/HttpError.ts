/**
 * The failure of a request. It says nothing new about the operation.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Code from "./Code.js"
import { maxMessage, oneLine } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import { type Status, StatusFromJson } from "./Status.js"

/**
 * The property that marks an `HttpError`, whichever copy of this package made it.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/HttpError"

/**
 * The name of that property, as a type.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/HttpError"

/**
 * The kinds of failure:
 *
 * - `"InvalidRequest"`: the request is wrong and was not sent
 * - `"Authentication"`: there are no credentials, or the request for them failed
 * - `"Transport"`: the connection failed, or broke off
 * - `"Timeout"`: no response within `requestTimeout`
 * - `"StatusCode"`: the server responded with a Google error, or with an HTTP status other than 2xx
 * - `"Decode"`: the server responded with 2xx, but not with what was asked for
 * - `"Closed"`: the service is closed
 *
 * @since 0.1.0
 * @category models
 */
export type Reason =
  | "InvalidRequest"
  | "Authentication"
  | "Transport"
  | "Timeout"
  | "StatusCode"
  | "Decode"
  | "Closed"

/**
 * Tells whether a value is an `HttpError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isHttpError = (u: unknown): u is HttpError => hasProperty(u, TypeId)

/**
 * The fields of an {@link HttpError}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fields {
  /** The kind of failure. */
  readonly reason: Reason
  /** What happened, in words. */
  readonly description: string
  /** The HTTP method, if there was a request. */
  readonly method?: string | undefined
  /** The path of the request's URL, without the query. */
  readonly path?: string | undefined
  /**
   * The operation that the call had started before this request failed. It may still be running.
   *
   * @since 0.4.0
   */
  readonly operationName?: string | undefined
  /** The HTTP status, if the server responded; 0 for a redirect that a browser hides. */
  readonly httpStatus?: number | undefined
  /** The Google error that the server responded with, in either format (AIP-193). */
  readonly status?: Status | undefined
  /** The reasons of error format 1 (`errors[].reason`), such as `"rateLimitExceeded"`. Default: none. */
  readonly reasons?: ReadonlyArray<string> | undefined
  /** The first 16,384 characters of the response's body, if it is not what was asked for. */
  readonly body?: string | undefined
  /** How long the server wants no further request, counted from the response. */
  readonly retryAfter?: Duration.Duration | undefined
  /** Whether the same request may succeed a little later. Default: false. */
  readonly isTransient?: boolean | undefined
  /** The underlying failure, without any credentials in it. */
  readonly cause?: unknown
}

/**
 * A request failed. The operation may be in any state.
 *
 * No field and no message holds the credentials of the request. In what the server sent they are replaced by `<redacted>`: as
 * they are, in any case, in base64 or hexadecimal, and behind escapes of URLs, JSON or HTML. They are not found if the server
 * splits, hashes, compresses or encrypts them.
 *
 * What a server nested deeper than 100 levels is cut off. The error is a schema as well, so it can cross processes.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as HttpError from "effect-google-operations/HttpError"
 *
 * // For instance in credentials of your own:
 * const error = new HttpError.HttpError({
 *   reason: "Authentication",
 *   description: "the key file does not exist"
 * })
 *
 * console.log(error.message) // "Could not get credentials: the key file does not exist"
 * ```
 * @example
 * ```ts
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 *
 * // An operation that may have expired:
 * const find = (name: string) =>
 *   Effect.gen(function*() {
 *     const operations = yield* OperationsService.OperationsService
 *     return Option.some(yield* operations.get(name))
 *   }).pipe(
 *     Effect.catchTag("HttpError", (error) => error.code === "NOT_FOUND" ? Effect.succeedNone : Effect.fail(error))
 *   )
 * ```
 */
export class HttpError extends Schema.TaggedError<HttpError>("effect-google-operations/HttpError")("HttpError", {
  /** The kind of failure. */
  reason: Schema.Literal(
    "InvalidRequest",
    "Authentication",
    "Transport",
    "Timeout",
    "StatusCode",
    "Decode",
    "Closed"
  ),
  /** What happened, in words. */
  description: Schema.String,
  /** The HTTP method, if there was a request. */
  method: Schema.optional(Schema.String),
  /** The path of the request's URL, without the query. */
  path: Schema.optional(Schema.String),
  /** The HTTP status, if the server responded; 0 for a redirect that a browser hides. */
  httpStatus: Schema.optional(Schema.Number),
  /** The operation that the call had started before this request failed. It may still be running. */
  operationName: Schema.optional(Schema.String),
  /** The Google error that the server responded with, in either format (AIP-193). */
  status: Schema.optional(StatusFromJson),
  /** The reasons of error format 1 (`errors[].reason`), such as `"rateLimitExceeded"`. */
  reasons: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  /** The first 16,384 characters of the response's body, if it is not what was asked for. */
  body: Schema.optional(Schema.String),
  /** How long the server wants no further request, counted from the response. */
  retryAfter: Schema.optional(Schema.Duration),
  /** Whether the same request may succeed a little later. */
  isTransient: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** The underlying failure, without any credentials in it. */
  cause: Schema.optional(Schema.Defect)
}) {
  // The class's own constructor takes the same fields, so decoding works.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(fields: Fields) {
    const { isTransient = false, reasons = [], ...given } = errorFields(HttpError.fields, fields)
    super({ ...given, isTransient, reasons }, true)
  }

  /**
   * @since 0.1.0
   */
  get [TypeId](): TypeId {
    return TypeId
  }

  /** The server's code; if it named none, the one that the HTTP status stands for. None without an error status. */
  get code(): Code.Code | undefined {
    if (this.status !== undefined) return this.status.codeName
    return this.httpStatus === undefined || (this.httpStatus >= 200 && this.httpStatus < 300)
      ? undefined
      : Code.fromHttpStatus(this.httpStatus)
  }

  /** What failed, for which request, and why. At most 4,000 characters on one line. */
  override get message(): string {
    const { code, description, httpStatus, method, path, reason } = this
    const known = path === undefined ? undefined : oneLine(method === undefined ? path : `${method} ${path}`)
    const request = known ?? "The request"
    const status = [httpStatus ? `HTTP ${httpStatus}` : undefined, code].filter((part) => part !== undefined).join(" ")
    const failures: Record<Reason, string> = {
      InvalidRequest: `${request} was not sent`,
      Authentication: `Could not get credentials${known === undefined ? "" : ` for ${known}`}`,
      Transport: `${request} failed`,
      Timeout: `${request} timed out`,
      StatusCode: `${request} failed${status === "" ? "" : ` with ${status}`}`,
      Decode: `${request} got an unexpected response${status === "" ? "" : ` (${status})`}`,
      Closed: `${known ?? "The call"} did not complete`
    }
    return oneLine(`${failures[reason]}: ${description}`, maxMessage)
  }
}
