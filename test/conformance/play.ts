/**
 * How a case is played, whatever the client and the transport.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Call, type Case, defaultName, type Request, second } from "./cases/case.js"
import type { Client, Outcome, Wait } from "./client.js"

/** How a call of a case has ended, and when. */
export interface Result {
  readonly ended: Outcome | { readonly end: "aborted" }
  readonly at: number
}

const toWait = (case_: Case, call: Call, ticket: string): Wait => {
  const { abortAt: _abortAt, elsewhere: _elsewhere, expect: _expect, from, startAt: _startAt, ...rest } = call
  return {
    name: case_.name ?? defaultName,
    interval: second,
    retryInterval: second,
    ...rest,
    from: from === "ticket" ? { ticket } : from ?? "name"
  }
}

/** Makes the calls of a case, each when it is due, and returns how they end. */
export const play = (case_: Case, client: Client, another: Client, name: string) =>
  Effect.gen(function*() {
    const ticket = case_.save === undefined ? "" : yield* client.save(name, case_.save)
    return yield* Effect.forEach(case_.calls, (call) =>
      Effect.gen(function*() {
        const { abortAt, elsewhere, startAt = 0 } = call
        if (startAt > 0) yield* Effect.sleep(startAt)
        const fiber = yield* Effect.fork((elsewhere === true ? another : client).wait(toWait(case_, call, ticket)))
        if (abortAt !== undefined) {
          yield* Effect.fork(Effect.delay(Fiber.interruptFork(fiber), abortAt - startAt))
        }
        const exit = yield* Fiber.await(fiber)
        const at = yield* Clock.currentTimeMillis
        if (exit._tag === "Success") return { ended: exit.value, at }
        return abortAt === undefined ? yield* Effect.failCause(exit.cause) : { ended: { end: "aborted" as const }, at }
      }), { concurrency: "unbounded" })
  })

/** The method of a request that a case expects. */
export const methodOf = (request: Request): string => typeof request === "number" ? "get" : request[0]

/** The time of a request that a case expects. */
export const timeOf = (request: Request): number => typeof request === "number" ? request : request[1]

const timeKeys = new Set([
  "delay",
  "duration",
  "timeout",
  "interval",
  "retryInterval",
  "startAt",
  "abortAt",
  "requestTimeout"
])

const scale = (value: unknown, pace: number, key?: string): unknown => {
  if (typeof value === "number") return key !== undefined && timeKeys.has(key) ? Math.round(value * pace) : value
  if (Array.isArray(value)) return value.map((item) => scale(item, pace))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scale(item, pace, key)]))
}

/** The same case at another pace. Its requests and ends keep their order; the times that it expects stay as they are. */
export const paced = (case_: Case, pace: number): Case => {
  const { calls, save, script, settings } = scale(
    {
      script: case_.script,
      calls: case_.calls.map((call) => ({ interval: second, retryInterval: second, ...call })),
      save: case_.save,
      settings: case_.settings
    },
    pace
  ) as Pick<Case, "calls" | "save" | "script" | "settings">
  return {
    ...case_,
    calls,
    script,
    ...(save === undefined ? {} : { save }),
    ...(settings === undefined ? {} : { settings })
  }
}
