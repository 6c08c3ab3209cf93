/**
 * Asks the server to cancel operations.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as GoogleApi from "../../GoogleApi.js"
import type * as HttpError from "../../HttpError.js"
import type { Caller } from "../caller.js"
import type { ApiClient } from "../http/client.js"
import { invalidRequest, timeoutError } from "../http/errors.js"
import { type ApiRequest, apiRequest } from "../http/request.js"
import * as Response from "../http/response.js"
import type { Settings } from "../settings.js"
import { liveClock } from "../time/clock.js"
import { timerOf } from "../time/timer.js"

// How long the cancels that the end of waits asks for may take, all together, in ms.
const cancelMillis = 5_000
const cancelsAtATime = 64
const namesInLog = 10

/** @internal */
export const cancelRequest = (settings: Settings, name: string): Either.Either<ApiRequest, HttpError.HttpError> => {
  const request = GoogleApi.cancelRequest(settings.api, name)
  return request === undefined
    ? Either.left(invalidRequest("this API has no method to cancel an operation"))
    : apiRequest(settings, request)
}

/**
 * Cancels operations when the waits for them have ended: each once, all of them within 5 seconds on the clock of the machine.
 * Never fails. What could not be cancelled is logged as a warning; the result is the first error.
 *
 * @internal
 */
export const cancelAbandoned = (
  client: ApiClient,
  caller: Caller,
  names: ReadonlyArray<string>
): Effect.Effect<HttpError.HttpError | undefined> => {
  if (names.length === 0) return Effect.succeed(undefined)
  return Effect.suspend(() => {
    const timer = timerOf(liveClock)
    const deadline = timer.now() + cancelMillis
    const failed: Array<readonly [name: string, message: string]> = []
    let first: HttpError.HttpError | undefined
    const cancelOne = (name: string): Effect.Effect<void> =>
      Effect.flatMap(cancelRequest(client.settings, name), (request) => {
        const millis = deadline - timer.now()
        return millis > 0
          ? client.execute({ request, decode: Response.toVoid, caller, timeLimit: millis, urgentTimer: timer })
          : Effect.fail(timeoutError(client.errorContext(request)))
      }).pipe(
        Effect.catchAllCause((cause) =>
          Effect.sync(() => {
            const error = Either.getOrUndefined(Either.flip(Cause.failureOrCause(cause)))
            first ??= error
            failed.push([name, error?.message ?? Cause.pretty(cause)])
          })
        )
      )
    return Effect.forEach(names, cancelOne, { concurrency: cancelsAtATime, discard: true }).pipe(
      Effect.zipRight(Effect.suspend(() => failed.length === 0 ? Effect.void : warn(failed, names.length))),
      Effect.map(() => first)
    )
  })
}

const warn = (
  failed: ReadonlyArray<readonly [name: string, message: string]>,
  count: number
): Effect.Effect<void> => {
  const [[name, message]] = failed as [readonly [string, string]]
  if (count === 1) return Effect.logWarning(`Could not cancel operation ${name}. It may still be running. ${message}`)
  const names = failed.slice(0, namesInLog).map(([name]) => name).join(", ")
  const more = failed.length > namesInLog ? `, and ${failed.length - namesInLog} more` : ""
  return Effect.logWarning(
    `Could not cancel ${failed.length} of ${count} operations. They may still be running: ${names}${more}. ${message}`
  )
}
