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
import { annotated } from "../http/requestTelemetry.js"
import * as Response from "../http/response.js"
import type { Settings } from "../settings.js"
import { listNames, namesInLog } from "../text.js"
import { liveClock } from "../time/clock.js"

// The time limit for all cancel requests that ending waiters send together, in ms.
const cancelMillis = 5_000
const cancelsAtATime = 64

/** @internal */
export const cancelRequest = (settings: Settings, name: string): Either.Either<ApiRequest, HttpError.HttpError> => {
  const request = GoogleApi.cancelRequest(settings.api, name)
  return request === undefined
    ? Either.left(invalidRequest("this API has no method to cancel an operation"))
    : apiRequest(settings, request)
}

/**
 * Logs the failed cancel requests of one call. Requests that are in flight at the same time share one log line.
 *
 * @internal
 */
export class CancelReport {
  readonly #address: string
  #running = 0
  #count = 0
  #failures = 0
  #names: Array<string> = []
  #first = ""

  constructor(address: string) {
    this.#address = address
  }

  onBegin(count: number): void {
    this.#running++
    this.#count += count
  }

  onFailure(name: string, message: string): void {
    if (this.#failures++ === 0) this.#first = message
    if (this.#names.length < namesInLog) this.#names.push(name)
  }

  /** Logs the failures when the final cancel request in flight has ended. */
  onEnd(): Effect.Effect<void> {
    return --this.#running > 0 ? Effect.void : this.#log()
  }

  #log(): Effect.Effect<void> {
    const count = this.#count
    const failures = this.#failures
    const names = this.#names
    this.#count = this.#failures = 0
    this.#names = []
    if (failures === 0) return Effect.void
    if (count === 1) {
      return annotated(
        Effect.logWarning(`Could not cancel operation ${names[0]}. The operation may still be running. ${this.#first}`),
        this.#address,
        names[0]
      )
    }
    return annotated(
      Effect.logWarning(
        `Could not cancel ${failures} of ${count} operations. They may still be running: ${
          listNames(names, failures)
        }. ${this.#first}`
      ),
      this.#address
    )
  }
}

/**
 * Cancels operations whose waiters have ended. Sends one request per operation. All requests together take at most 5
 * seconds, measured with the live clock. The effect never fails. The report logs the failures as a warning, and the
 * result is the first error.
 *
 * @internal
 */
export const cancelAbandoned = (
  client: ApiClient,
  caller: Caller,
  names: ReadonlyArray<string>,
  report: CancelReport
): Effect.Effect<HttpError.HttpError | undefined> => {
  if (names.length === 0) return Effect.succeed(undefined)
  return Effect.suspend(() => {
    const timer = client.timers.of(liveClock)
    const deadline = timer.now() + cancelMillis
    let first: HttpError.HttpError | undefined
    report.onBegin(names.length)
    const cancelOne = (name: string): Effect.Effect<void> =>
      Effect.flatMap(cancelRequest(client.settings, name), (request) => {
        const timeLimit = deadline - timer.now()
        const trace = { operationName: name }
        return timeLimit > 0
          ? client.execute({ request, decode: Response.toVoid, caller, timeLimit, urgentTimer: timer, trace })
          : Effect.fail(timeoutError(client.errorContext(request)))
      }).pipe(
        Effect.catchAllCause((cause) =>
          Effect.sync(() => {
            const error = Either.getOrUndefined(Either.flip(Cause.failureOrCause(cause)))
            first ??= error
            report.onFailure(name, error?.message ?? Cause.pretty(cause))
          })
        )
      )
    return Effect.forEach(names, cancelOne, { concurrency: cancelsAtATime, discard: true }).pipe(
      Effect.zipRight(Effect.suspend(() => report.onEnd())),
      Effect.map(() => first)
    )
  })
}
