// The form of a case.
import type { Methods, Step } from "effect-google-operations/OperationsEmulator"
import type { Outcome, Settings, Wait } from "../client.js"

/** What an outcome must hold: every key that is here. */
interface Expected extends Partial<Omit<Outcome, "end" | "message">> {
  /** As in `Outcome`; `"aborted"` when the caller did not let it come to an end. */
  readonly end: Outcome["end"] | "aborted"
  /** When, in milliseconds. */
  readonly at?: number
  /** What the error's message must hold, in any case of letters. */
  readonly says?: ReadonlyArray<string>
}

/** One call of the client, and how it must end. */
export interface Call extends Partial<Omit<Wait, "from">> {
  /** Default: the name. The ticket is the one that was saved at the time 0. */
  readonly from?: "name" | "ticket" | { readonly operation: unknown }
  /** When the call is made. Default: 0. */
  readonly startAt?: number
  /** When the caller aborts it. */
  readonly abortAt?: number
  /** Whether another client makes the call, as if in another process. */
  readonly elsewhere?: boolean
  readonly expect: Expected
}

/** A request that the server must see: when a poll comes, or another method and when that comes. */
export type Request = number | readonly ["wait" | "cancel", number]

/** All times are in milliseconds. */
export interface Case {
  readonly id: string
  readonly shows: string
  /** Default: `operations/x`. */
  readonly name?: string
  /** What each poll answers. */
  readonly script: readonly [Step, ...ReadonlyArray<Step>]
  readonly server?: Methods
  readonly settings?: Settings
  /** A ticket is saved at the time 0, with this limit. */
  readonly save?: { readonly timeout?: number }
  readonly calls: readonly [Call, ...ReadonlyArray<Call>]
  /** All requests, in order. There are no other requests, and none after the end. */
  readonly requests: ReadonlyArray<Request>
  /** The path of every poll, as it is on the wire. */
  readonly path?: string
  /** How many requests are aborted on the way. Default: 0. */
  readonly abortedRequests?: number
  /** How much time passes in all. Default: 10 minutes. */
  readonly horizon?: number
  /**
   * Why it cannot be played over a socket, at a fraction of its time: it counts on exact times, on seconds, or on the failure
   * of a connection that was used before, which a client may make up for.
   */
  readonly inMemoryOnly?: "times" | "seconds" | "connections"
  /** Whether it is about times even so: other clients play it in real time, and the times are compared. */
  readonly timed?: true
}

export const defaultName = "operations/x"
/** The delay between two polls, and after a transient failure, where a call says nothing else. */
export const second = 1_000
export const minute = 60 * second
export const day = 24 * 60 * minute
