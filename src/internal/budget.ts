/**
 * How many requests a service may send: so many a second, so many at a time, first come, first served.
 */
import * as Effect from "effect/Effect"
import type * as HttpError from "../HttpError.js"
import { now } from "./waiting.js"

/** @internal */
export interface BudgetOptions {
  readonly perSecond?: number | undefined
  readonly concurrent?: number | undefined
}

/** @internal */
export type Budget = <A, E>(
  request: Effect.Effect<A, E>,
  sleep: (due: number) => Effect.Effect<unknown, HttpError.HttpError>
) => Effect.Effect<A, E | HttpError.HttpError>

const unlimited: Budget = (request) => request

/** @internal */
export const make = (options: BudgetOptions | undefined): Budget => {
  if (options === undefined) return unlimited
  const { concurrent, perSecond } = options
  for (const limit of [perSecond, concurrent]) {
    if (limit !== undefined && !(limit > 0)) throw new RangeError("requestBudget: a limit must be above zero")
  }
  const permits = concurrent === undefined ? undefined : Effect.unsafeMakeSemaphore(concurrent)
  // Each request has a place in time, `1 / perSecond` after the one before it.
  let nextPlace = -Infinity
  return (request, sleep) => {
    const inPlace = perSecond === undefined ? request : Effect.flatMap(now, (at) => {
      const place = Math.max(at, nextPlace)
      nextPlace = place + 1000 / perSecond
      return place === at ? request : Effect.zipRight(sleep(place), request)
    })
    return permits === undefined ? inPlace : permits.withPermits(1)(inPlace)
  }
}
