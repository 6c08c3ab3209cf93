/**
 * The error with which a request fails. The operation may be in any state.
 *
 * @since 0.1.0
 * @module
 */
import type * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Code from "./Code.js"
import { maxMessage, oneLine } from "./internal/text.js"
import { errorFields } from "./internal/values.js"
import { type Status, StatusFromJson } from "./Status.js"

/**
 * The key of the property that marks an `HttpError`. The key is the same in all copies and versions of this package.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~effect-google-operations/HttpError"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~effect-google-operations/HttpError"

/**
 * The kinds of failure:
 *
 * - `"InvalidRequest"`: the request is not valid and was not sent.
 * - `"Authentication"`: no credentials are available, or the request for credentials failed.
 * - `"Transport"`: the connection failed before the response was complete.
 * - `"Timeout"`: no complete response arrived before `requestTimeout` passed.
 * - `"StatusCode"`: the response is a Google error, or its HTTP status is not 2xx.
 * - `"Decode"`: the response status is 2xx, but the body is not the expected message.
 * - `"Closed"`: the service is closed.
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
 * Checks whether a value is an `HttpError`.
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
  /** A description of the failure. */
  readonly description: string
  /** The HTTP method of the request. Absent if the failure does not concern a single request. */
  readonly method?: string | undefined
  /** The path of the request URL, without the query. */
  readonly path?: string | undefined
  /**
   * The name of the operation that the call had started before this request failed. The operation may still be running.
   *
   * @since 0.4.0
   */
  readonly operationName?: string | undefined
  /** The HTTP status of the response. It is 0 if a browser hides the status of a redirect (an opaque redirect response). */
  readonly httpStatus?: number | undefined
  /** The Google error in the response, decoded from either error format (AIP-193). */
  readonly status?: Status | undefined
  /** The values of `errors[].reason` in the older error format (`xgafv` 1), such as `"rateLimitExceeded"`. Default: none. */
  readonly reasons?: ReadonlyArray<string> | undefined
  /** The first 16,384 characters of the response body, if the body could not be decoded. */
  readonly body?: string | undefined
  /** How long the server asks clients to wait before the next request, measured from the response. */
  readonly retryAfter?: Duration.Duration | undefined
  /** Whether the request may succeed if the client retries it later. Default: false. */
  readonly isTransient?: boolean | undefined
  /** The underlying failure, without credentials. */
  readonly cause?: unknown
}

/**
 * A request failed. The operation may be in any state.
 *
 * No field contains the request credentials. If the response repeats the credentials, they are replaced by
 * `<redacted>`. This replacement recognizes credentials in upper or lower case, in base64 or hexadecimal, and with URL,
 * JSON or HTML escapes. It does not recognize credentials that the server has split, hashed, compressed or encrypted.
 *
 * Response values that are nested deeper than 100 levels are removed. The class is also a schema, so a program can send
 * the error to another process as JSON.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * ```ts
 * import * as HttpError from "effect-google-operations/HttpError"
 *
 * // For example, fail with this error in the `headers` effect of custom credentials:
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
 * // The operation may have expired:
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
  /** A description of the failure. */
  description: Schema.String,
  /** The HTTP method of the request. Absent if the failure does not concern a single request. */
  method: Schema.optional(Schema.String),
  /** The path of the request URL, without the query. */
  path: Schema.optional(Schema.String),
  /** The HTTP status of the response. The value is 0 for a redirect response whose status a browser hides. */
  httpStatus: Schema.optional(Schema.Number),
  /**
   * The name of the operation that the call had started before this request failed. The operation may still be running.
   */
  operationName: Schema.optional(Schema.String),
  /** The Google error in the response, decoded from either error format (AIP-193). */
  status: Schema.optional(StatusFromJson),
  /** The reasons in error format 1 (`errors[].reason`), such as `"rateLimitExceeded"`. */
  reasons: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  /** The first 16,384 characters of the response body, if the body could not be decoded. */
  body: Schema.optional(Schema.String),
  /** How long the server asks clients to wait before the next request, measured from the response. */
  retryAfter: Schema.optional(Schema.Duration),
  /** Whether the request may succeed if the client retries it later. */
  isTransient: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** The underlying failure, without credentials. */
  cause: Schema.optional(Schema.Defect)
}) {
  // The constructor takes the same fields as the schema class's own constructor, because decoding calls it.
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

  /**
   * The code in the Google error, or else the code that corresponds to the HTTP status. Undefined if there is no
   * response, or if the status is 2xx and the response contains no Google error.
   */
  get code(): Code.Code | undefined {
    if (this.status !== undefined) return this.status.codeName
    return this.httpStatus === undefined || (this.httpStatus >= 200 && this.httpStatus < 300)
      ? undefined
      : Code.fromHttpStatus(this.httpStatus)
  }

  /** Says what failed, for which request, and why. The message is one line of at most 4,000 characters. */
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
