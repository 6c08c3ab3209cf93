/**
 * The exchange with the server failed, so nothing new is known of the operation.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Code from "./Code.js"
import type * as Status from "./Status.js"

/**
 * The property that marks an `HttpError`, whichever copy of this package has made it.
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
 * Why there is no answer to go on with:
 *
 * - `"InvalidRequest"`: refused here, before anything was sent
 * - `"Authentication"`: no credentials were to be had
 * - `"Transport"`: no connection, or one that broke off
 * - `"Timeout"`: no answer within `requestTimeout`
 * - `"StatusCode"`: the server answered with an HTTP status other than 2xx
 * - `"Decode"`: the server answered 2xx with something that is not what was asked for
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
 * What an {@link HttpError} is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fields {
  /** What kind of failure it is. */
  readonly reason: Reason
  /** What happened, in words. */
  readonly description: string
  /** The HTTP method of the exchange, when there was one. */
  readonly method?: string | undefined
  /** The URL's path, without query. */
  readonly path?: string | undefined
  /**
   * The operation that the call had started before this request failed. It may still be running.
   *
   * @since 0.4.0
   */
  readonly operationName?: string | undefined
  /** The HTTP status, when the server answered. */
  readonly httpStatus?: number | undefined
  /** What the server says is wrong, when it answered with a Google error in either format (AIP-193). */
  readonly status?: Status.Status | undefined
  /** The answer's body as text, its first 16,384 characters, when it was not what was asked for. */
  readonly body?: string | undefined
  /** How long the server wants to be left alone, from now. */
  readonly retryAfter?: Duration.Duration | undefined
  /** Whether the same request may well succeed a little later. Default: false. */
  readonly isTransient?: boolean | undefined
  /** What failed underneath, without any credentials in it. */
  readonly cause?: unknown
}

/**
 * The exchange failed; the operation may be in any state.
 *
 * No field and no message of it ever holds a credential.
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
 *   description: "the key file is gone"
 * })
 *
 * console.log(error.message) // "No credentials to be had: the key file is gone"
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
export class HttpError extends Data.TaggedError("HttpError")<Fields & { readonly isTransient: boolean }> {
  /**
   * @since 0.1.0
   */
  readonly [TypeId]: TypeId = TypeId

  constructor(fields: Fields) {
    super({ ...fields, isTransient: fields.isTransient ?? false })
  }

  /** The code's name: the server's, else the one that the HTTP status stands for; none when no error status came. */
  get code(): Code.Code | undefined {
    if (this.status !== undefined) return this.status.codeName
    return this.httpStatus === undefined || (this.httpStatus >= 200 && this.httpStatus < 300)
      ? undefined
      : Code.fromHttpStatus(this.httpStatus)
  }

  /** What happened, in a sentence: which request, and how it was answered, if it was. */
  override get message(): string {
    const known = this.path === undefined ? undefined : `${this.method ?? "The request for"} ${this.path}`
    const request = known ?? "The request"
    switch (this.reason) {
      case "InvalidRequest":
        return `The request was not sent: ${this.description}`
      case "Authentication":
        return `No credentials to be had${known === undefined ? "" : ` for ${known}`}: ${this.description}`
      case "Transport":
        return `${request} got no answer: ${this.description}`
      case "Timeout":
        return `${request} got no answer in time: ${this.description}`
      case "StatusCode":
        return `${request} was answered with HTTP ${this.httpStatus} ${this.code}: ${this.description}`
      case "Decode":
        return `${request} was answered with HTTP ${this.httpStatus}, but not with what was asked for: ${this.description}`
      case "Closed":
        return `${known ?? "The call"} has no answer: ${this.description}`
    }
  }
}
