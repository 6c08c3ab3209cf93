/**
 * The exit codes of the command.
 */
import * as Either from "effect/Either"
import { constants } from "node:os"
import type { Outcome } from "./outcome.js"

export const succeeded = 0
/** An operation failed, or was cancelled. */
const operationFailed = 1
/** The command line or the environment is invalid. No request was sent. */
export const usage = 2
/** The state of an operation could not be read, or a request was refused. */
export const unknown = 3
/** The wait ended before the operation was done. */
const gaveUp = 4

/** The exit code of one outcome. */
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

// The exit code of several outcomes is the first of these codes that one of the outcomes has.
const worstFirst = [operationFailed, usage, unknown, gaveUp]

/** The exit code of several outcomes. It is 0 only if all of them are 0. */
export const worst = (codes: ReadonlyArray<number>): number =>
  worstFirst.find((code) => codes.includes(code)) ?? succeeded

/** The signals that end a command. */
export const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const

/** The exit code of a process that a signal ended. */
export const ofSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
