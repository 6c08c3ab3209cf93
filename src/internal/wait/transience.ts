/**
 * Decides after which poll failures a waiter continues.
 */
import * as HttpError from "../../HttpError.js"
import { saysNothing } from "../http/response.js"
import type { Waiter } from "./state.js"

/**
 * How long NOT_FOUND can mean that an operation is not yet visible, in ms.
 *
 * @internal
 */
export const notFoundGrace = 30_000

/**
 * Returns whether a failure is a NOT_FOUND error from Google. A 404 without a Google error means that no route matches
 * the path.
 *
 * @internal
 */
export const isNotFound = (error: HttpError.HttpError): boolean =>
  error.status !== undefined && error.code === "NOT_FOUND"

/**
 * Returns whether NOT_FOUND can mean that the operation is not yet visible.
 *
 * @internal
 */
export const mayAppear = (waiter: Waiter, error: HttpError.HttpError): boolean =>
  !waiter.hasRead && isNotFound(error) && waiter.now() < waiter.graceEnd

// Returns whether the error concerns only the request: it was cancelled, or conflicts with another request. Such an
// error contains no information about the operation.
const isOfRequest = ({ code, reason }: HttpError.HttpError): boolean =>
  reason === "StatusCode" && (code === "CANCELLED" || code === "ABORTED")

/**
 * Returns a poll failure with the `isTransient` value that applies while waiting. More failures are transient for polls
 * than for a single `get`.
 *
 * @internal
 */
export const inWait = (waiter: Waiter, error: HttpError.HttpError): HttpError.HttpError => {
  // The API has responded before, so this response must come from an intermediate server.
  const isFromElsewhere = waiter.hasRead && saysNothing(error)
  return !error.isTransient && (isOfRequest(error) || isFromElsewhere)
    ? new HttpError.HttpError({ ...error, cause: error.cause, isTransient: true })
    : error
}
