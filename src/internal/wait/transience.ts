/**
 * Which failures of a poll do not end a wait.
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
 * Google's own NOT_FOUND. A 404 without it says that the path has no route.
 *
 * @internal
 */
export const isNotFound = (error: HttpError.HttpError): boolean =>
  error.status !== undefined && error.code === "NOT_FOUND"

/**
 * Whether the operation may not be visible yet.
 *
 * @internal
 */
export const mayAppear = (waiter: Waiter, error: HttpError.HttpError): boolean =>
  !waiter.hasRead && isNotFound(error) && waiter.now() < waiter.graceEnd

// The request was cancelled, or conflicts with another one. That says nothing of the operation.
const isOfRequest = ({ code, reason }: HttpError.HttpError): boolean =>
  reason === "StatusCode" && (code === "CANCELLED" || code === "ABORTED")

/**
 * The failure of a poll with its `isTransient` as it is in a wait: more is transient there than in a single read.
 *
 * @internal
 */
export const inWait = (waiter: Waiter, error: HttpError.HttpError): HttpError.HttpError => {
  // Something between here and the server answered, where the API has answered before.
  const isFromElsewhere = waiter.hasRead && saysNothing(error)
  return !error.isTransient && (isOfRequest(error) || isFromElsewhere)
    ? new HttpError.HttpError({ ...error, cause: error.cause, isTransient: true })
    : error
}
