/**
 * Which failures of a poll do not end a wait.
 */
import * as HttpError from "../../HttpError.js"
import type { Waiter } from "./state.js"

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

// Not JSON: empty, cut, or a page for people.
const isUnreadable = ({ body, reason }: HttpError.HttpError): boolean => {
  if (reason !== "Decode") return false
  try {
    return JSON.parse(body ?? "") === undefined
  } catch {
    return true
  }
}

const isRedirect = ({ httpStatus }: HttpError.HttpError): boolean =>
  httpStatus !== undefined && (httpStatus === 0 || (httpStatus >= 300 && httpStatus < 400))

/**
 * The failure of a poll with its `isTransient` as it is in a wait: more is transient there than in a single read.
 *
 * @internal
 */
export const inWait = (waiter: Waiter, error: HttpError.HttpError): HttpError.HttpError => {
  // Something between here and the server answered, where the API has answered before.
  const isFromElsewhere = waiter.hasRead && (isUnreadable(error) || isRedirect(error))
  return !error.isTransient && (isOfRequest(error) || isFromElsewhere)
    ? new HttpError.HttpError({ ...error, isTransient: true })
    : error
}
