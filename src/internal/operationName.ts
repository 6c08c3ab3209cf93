/**
 * Reads the operation name from a reference to an operation.
 */
import * as Either from "effect/Either"
import * as GoogleApi from "../GoogleApi.js"
import type * as HttpError from "../HttpError.js"
import * as Operation from "../Operation.js"
import { isEncodedHandle, isOperationHandle, type OperationHandle } from "../OperationHandle.js"
import { isUrl, quote, quoteUrl } from "./http/endpoint.js"
import { invalidRequest } from "./http/errors.js"
import { nameProblem } from "./http/request.js"
import type { Settings } from "./settings.js"
import { describeValue } from "./text.js"

/**
 * A reference to an operation: its name, its URL, one of its states, or a handle.
 *
 * @internal
 */
export type Waitable = string | Operation.Operation | OperationHandle

const invalid = (description: string): Either.Either<never, HttpError.HttpError> =>
  Either.left(invalidRequest(description))

/**
 * Returns the validated operation name. If the reference is not valid for the service's API, returns a `Left` with the
 * error.
 *
 * @internal
 */
export const operationName = (settings: Settings, operation: Waitable): Either.Either<string, HttpError.HttpError> => {
  const { api } = settings
  if (typeof operation === "string") return isUrl(operation) ? fromUrl(api, operation) : checked(api, operation)
  if (Operation.isOperation(operation)) {
    return operation.name === ""
      ? invalid(`the ${operation._tag.toLowerCase()} operation has no name, so its state cannot be read`)
      : checked(api, operation.name)
  }
  if (isOperationHandle(operation)) {
    return Either.flatMap(checkedHandle(settings, operation), ({ name }) => checked(api, name))
  }
  return invalid(problemOf(operation))
}

/**
 * Returns the handle. If the handle was created for another response type, returns a `Left` with the error. Handles
 * without a type are always accepted.
 *
 * @internal
 */
export const handleOfType = (
  handle: OperationHandle,
  responseType: string
): Either.Either<OperationHandle, HttpError.HttpError> =>
  handle.responseType === undefined || handle.responseType === responseType
    ? Either.right(handle)
    : invalid(
      `the handle of ${handle.name} is for a response of type ${handle.responseType}, and this OperationInfo is for ` +
        `${responseType}; read the handle with the OperationInfo that made it`
    )

// Handles values that the types exclude but plain JavaScript callers can pass.
const problemOf = (operation: unknown): string =>
  isEncodedHandle(operation)
    ? `the handle of ${
      describeValue(operation.name)
    } is still encoded as JSON: decode it with OperationHandle.fromJson first`
    : `an operation must be a name, an Operation or an OperationHandle, not ${describeValue(operation)}`

const checked = (api: GoogleApi.GoogleApi, name: string): Either.Either<string, HttpError.HttpError> => {
  const problem = nameProblem(name, api.operationName)
  return problem === undefined
    ? Either.right(name)
    : invalid(`${quote(name)} is not the name of an operation of this API: ${problem}`)
}

const fromUrl = (api: GoogleApi.GoogleApi, url: string): Either.Either<string, HttpError.HttpError> =>
  Either.match(GoogleApi.nameFromUrl(api, url), {
    onLeft: (problem) => invalid(`${quoteUrl(url)} is not the URL of an operation of this API: ${problem}`),
    onRight: (name) => checked(api, name)
  })

const checkedHandle = (
  { api: { version }, endpoint: { baseUrl } }: Settings,
  handle: OperationHandle
): Either.Either<OperationHandle, HttpError.HttpError> =>
  handle.api.baseUrl === baseUrl && handle.api.version === version
    ? Either.right(handle)
    : invalid(
      `the handle is for ${quoteUrl(`${handle.api.baseUrl}/${handle.api.version}`)}, and this service is for ` +
        quoteUrl(`${baseUrl}/${version}`)
    )
