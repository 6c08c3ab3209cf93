/**
 * How many requests a service may send: so many a second, so many at a time, first come, first served.
 */
import * as Effect from "effect/Effect"
import type * as HttpError from "../../HttpError.js"
import type { Options } from "../../OperationsService.js"
import { now } from "../time/clock.js"

/** @internal */
export interface Budget {
  /** Waits for its turn. What is interrupted meanwhile takes nobody's place. */
  readonly acquire: (
    sleep: (due: number) => Effect.Effect<unknown, HttpError.HttpError>
  ) => Effect.Effect<void, HttpError.HttpError>
  readonly release: Effect.Effect<void>
}

/** @internal */
export const make = ({ concurrent, perSecond }: NonNullable<Options["requestBudget"]>): Budget => {
  if (perSecond !== undefined && !(perSecond > 0)) {
    throw new RangeError("requestBudget: perSecond must be above zero")
  }
  if (concurrent !== undefined && !(Number.isInteger(concurrent) && concurrent > 0)) {
    throw new RangeError("requestBudget: concurrent must be a whole number above zero")
  }
  const permits = concurrent === undefined ? undefined : Effect.unsafeMakeSemaphore(concurrent)
  const release = permits === undefined ? Effect.void : Effect.asVoid(permits.release(1))
  // Whose turn it is waits here for its place in time, `1 / perSecond` after the one before it.
  const turn = Effect.unsafeMakeSemaphore(1)
  let nextPlace = -Infinity
  return {
    acquire: (sleep) => {
      const place = perSecond === undefined ? Effect.void : turn.withPermits(1)(
        Effect.gen(function*() {
          if (nextPlace > (yield* now)) yield* sleep(nextPlace)
          nextPlace = Math.max(nextPlace, yield* now) + 1000 / perSecond
        })
      )
      return permits === undefined ?
        place :
        Effect.uninterruptibleMask((restore) =>
          Effect.andThen(restore(permits.take(1)), Effect.onError(restore(place), () => release))
        )
    },
    release
  }
}
