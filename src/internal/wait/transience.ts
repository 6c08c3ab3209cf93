/**
 * Decides which failures of a poll do not end a wait.
 */
import * as HttpError from "../../HttpError.js"
import { saysNothing } from "../http/response.js"
import type { Waiter } from "./state.js"

/**
 * How long NOT_FOUND can mean that an operation is not visible yet, in ms.
 *
 * @internal
 */
export const notFoundGrace = 30_000

/**
 * Tells whether a failure is Google's own NOT_FOUND. A 404 without a Google error means that the path has no route.
 *
 * @internal
 */
export const isNotFound = (error: HttpError.HttpError): boolean =>
  error.status !== undefined && error.code === "NOT_FOUND"

/**
 * Tells whether the operation may not be visible yet.
 *
 * @internal
 */
export const mayAppear = (waiter: Waiter, error: HttpError.HttpError): boolean =>
  !waiter.hasRead && isNotFound(error) && waiter.now() < waiter.graceEnd

// The request was cancelled, or conflicts with another request. Such an error contains no information about the
// operation.
const isOfRequest = ({ code, reason }: HttpError.HttpError): boolean =>
  reason === "StatusCode" && (code === "CANCELLED" || code === "ABORTED")

/**
 * Returns the failure of a poll with the `isTransient` that applies in a wait. In a wait, more failures are transient
 * than in a single read.
 *
 * @internal
 */
export const inWait = (waiter: Waiter, error: HttpError.HttpError): HttpError.HttpError => {
  // The API has responded before, so this response comes from another server between the client and the API.
  const isFromElsewhere = waiter.hasRead && saysNothing(error)
  return !error.isTransient && (isOfRequest(error) || isFromElsewhere)
    ? new HttpError.HttpError({ ...error, cause: error.cause, isTransient: true })
    : error
}
