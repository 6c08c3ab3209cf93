/**
 * The exit codes of the program.
 */
import * as Either from "effect/Either"
import { constants } from "node:os"
import type { Outcome } from "./outcome.js"

export const succeeded = 0
/** An operation failed or was cancelled. */
const operationFailed = 1
/** The command line or the environment is invalid. No request was sent. */
export const usage = 2
/** The state of an operation could not be read, or the server rejected a request. */
export const unknown = 3
/** Waiting ended before the operation was done. */
const gaveUp = 4

/** Returns the exit code for one outcome. */
export const of = (outcome: Outcome): number => {
  if (Either.isRight(outcome)) return outcome.right?._tag === "Failed" ? operationFailed : succeeded
  const error = outcome.left
  switch (error._tag) {
    case "OperationError":
      return operationFailed
    case "WaitTimeoutError":
      return gaveUp
    case "HttpError":
      return error.reason === "InvalidRequest" ? usage : unknown
  }
}

// The exit code for several outcomes is the first code in this list that any of the outcomes has.
const worstFirst = [operationFailed, usage, unknown, gaveUp]

/** Returns the exit code for several outcomes. It is 0 only if the codes of all outcomes are 0. */
export const worst = (codes: ReadonlyArray<number>): number =>
  worstFirst.find((code) => codes.includes(code)) ?? succeeded

/** The signals that end a command. */
export const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const

/** Returns the exit code of a process that a signal ended. */
export const ofSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
