/**
 * Tracks the progress of waiting for operations, and formats it as text.
 */
import * as Either from "effect/Either"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import { percentageOf, stateOf } from "./metadata.js"
import type { Failure } from "./outcome.js"
import type { Size } from "./output.js"
import { type Cell, layout } from "./table.js"
import { count, cutEnd, cutStart, duration, plain, singleLine, type Style, width } from "./text.js"

/** The progress of waiting for one operation. Times are in milliseconds on one monotonic clock. */
export interface Row {
  readonly name: string
  readonly status: "pending" | "failing" | "succeeded" | "failed" | "unknown" | "timed out"
  /** The code of the failed operation, or of the failed request that should have read it. */
  readonly code: string | undefined
  /** The state in the metadata as a word, such as `RUNNING`. */
  readonly state: string | undefined
  readonly percentage: number | undefined
  readonly polls: number
  readonly startedAt: number
  /** When the next poll is due. It is `undefined` while a poll is in flight, and after waiting has ended. */
  readonly nextPollAt: number | undefined
  readonly endedAt: number | undefined
}

/** Creates the row for an operation when waiting begins. */
export const begin = (name: string, now: number): Row => ({
  name,
  status: "pending",
  code: undefined,
  state: undefined,
  percentage: undefined,
  polls: 0,
  startedAt: now,
  nextPollAt: undefined,
  endedAt: undefined
})

const codeOf = (error: HttpError.HttpError): string => error.code ?? error.reason

/** Updates the row after a poll has read a pending operation. */
export const onPending = (row: Row, operation: Operation.Pending): Row => ({
  ...row,
  status: "pending",
  code: undefined,
  state: stateOf(operation),
  percentage: percentageOf(operation),
  polls: row.polls + 1,
  nextPollAt: undefined
})

/** Updates the row after a poll has failed and another poll will follow. */
export const onFailure = (row: Row, error: HttpError.HttpError): Row => ({
  ...row,
  status: "failing",
  code: codeOf(error),
  polls: row.polls + 1,
  nextPollAt: undefined
})

/** Updates the row when the next poll has been scheduled. */
export const onDelay = (row: Row, now: number, delay: number): Row => ({ ...row, nextPollAt: now + delay })

// Returns whether a poll preceded the final error. If no request was sent, there was no poll. If the error is the final
// one of several transient failures, its poll has already been counted.
const isPoll = ({ isTransient, reason }: HttpError.HttpError): boolean =>
  !isTransient && reason !== "InvalidRequest" && reason !== "Authentication" && reason !== "Closed"

/** Updates the row when waiting has ended. */
export const onEnd = (row: Row, outcome: Either.Either<Operation.Succeeded, Failure>, now: number): Row => {
  const ended = { ...row, nextPollAt: undefined, endedAt: now }
  if (Either.isRight(outcome)) {
    return { ...ended, status: "succeeded", code: undefined, state: undefined, polls: row.polls + 1 }
  }
  const error = outcome.left
  switch (error._tag) {
    case "OperationError":
      return { ...ended, status: "failed", code: error.code, polls: row.polls + 1 }
    case "WaitTimeoutError":
      return { ...ended, status: "timed out", code: undefined, polls: error.polls }
    case "HttpError":
      return { ...ended, status: "unknown", code: codeOf(error), polls: row.polls + (isPoll(error) ? 1 : 0) }
  }
}

/** Returns whether waiting has ended. */
export const isEnded = ({ endedAt }: Row): boolean => endedAt !== undefined

const isDone = ({ status }: Row): boolean => status === "succeeded" || status === "failed"

// ---------------------------------------------------------------------------------------------------------------------
// Text
// ---------------------------------------------------------------------------------------------------------------------

/** The symbols in a live display, for terminals with or without Unicode support. */
export interface Signs {
  readonly spinner: ReadonlyArray<string>
  readonly done: string
  readonly failed: string
  readonly separator: string
}

export const unicode: Signs = {
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
  done: "✓",
  failed: "✗",
  separator: " · "
}

export const ascii: Signs = { spinner: ["-", "\\", "|", "/"], done: "+", failed: "x", separator: ", " }

const statusOf = ({ code, percentage, state, status }: Row): string => {
  if (code !== undefined) return `${status} (${code})`
  if (status !== "pending") return status
  return `${singleLine(state ?? "pending")}${percentage === undefined ? "" : ` ${percentage} %`}`
}

const elapsed = ({ endedAt, startedAt }: Row, now: number): number => (endedAt ?? now) - startedAt

const markupOf = ({ status }: Row, style: Style): (text: string) => string => {
  switch (status) {
    case "succeeded":
      return style.green
    case "failed":
      return style.red
    case "pending":
      return plain.bold
    default:
      return style.yellow
  }
}

/**
 * Returns the content of {@link changeLine} without the elapsed time and poll count. If the content is the same as
 * before, the row has not changed.
 */
export const key = (row: Row): string => statusOf(row)

/** Formats a change of one operation as a line, for an output that is not a terminal. */
export const changeLine = (row: Row, now: number): string =>
  `${singleLine(row.name)}: ${statusOf(row)}, ${duration(elapsed(row, now))}, ${count(row.polls, "poll")}`

/** Formats the permanent line for an operation when waiting has ended, for a terminal. */
export const endLine = (row: Row, { columns }: Size, signs: Signs, style: Style): string => {
  const sign = row.status === "succeeded" ? signs.done : signs.failed
  const rest = ` ${statusOf(row)}, ${duration(elapsed(row, 0))}, ${count(row.polls, "poll")}`
  const name = cutStart(singleLine(row.name), Math.max(12, columns - width(rest) - width(sign) - 2))
  return `${markupOf(row, style)(sign)} ${name}${style.dim(rest)}`
}

const nextPoll = (due: number | undefined, now: number): string =>
  due === undefined || due <= now ? "polling" : `next poll in ${Math.ceil((due - now) / 1000)}s`

const spinner = (signs: Signs, now: number): string => signs.spinner[Math.floor(now / 100) % signs.spinner.length]!

const least = (numbers: ReadonlyArray<number | undefined>): number | undefined => {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === 0 || known.length < numbers.length ? undefined : Math.min(...known)
}

/** Returns the parts of the status line that summarizes all operations. */
const summary = (rows: ReadonlyArray<Row>, now: number): ReadonlyArray<string> => {
  const left = rows.filter((row) => !isEnded(row))
  const failed = rows.filter(({ status }) => status === "failed").length
  const polls = rows.reduce((sum, row) => sum + row.polls, 0)
  return [
    `${rows.filter(isDone).length} of ${rows.length} done${failed === 0 ? "" : ` (${failed} failed)`}`,
    duration(Math.max(...rows.map((row) => elapsed(row, now)))),
    count(polls, "poll"),
    ...(left.length === 0 ? [] : [nextPoll(least(left.map((row) => row.nextPollAt)), now)])
  ]
}

// Joins as many parts as fit. The most important parts come first.
const fitted = (start: string, parts: ReadonlyArray<string>, columns: number, separator: string): string => {
  let shown = parts.length
  const line = () => start + parts.slice(0, shown).join(separator)
  while (shown > 1 && width(line()) >= columns) shown--
  return cutEnd(line(), columns - 1)
}

/** Formats the live status as one line with a spinner. */
export const statusLine = (rows: ReadonlyArray<Row>, now: number, { columns }: Size, signs: Signs): string => {
  const sign = `${spinner(signs, now)} `
  const [row] = rows
  if (row === undefined || rows.length > 1) return fitted(sign, summary(rows, now), columns, signs.separator)
  const parts = [
    statusOf(row),
    duration(elapsed(row, now)),
    count(row.polls, "poll"),
    nextPoll(row.nextPollAt, now)
  ]
  const rest = parts.join(signs.separator)
  const room = columns - 1 - width(sign) - width(rest) - 2
  // In a narrow window, the state is more important than the name, which the user knows.
  return room < 12
    ? fitted(sign, parts, columns, signs.separator)
    : `${sign}${cutStart(singleLine(row.name), room)}: ${rest}`
}

// Sorts failures first, because they are most important, and finished operations last.
const order = (row: Row): number => isDone(row) ? row.status === "failed" ? 0 : 2 : row.status === "pending" ? 1 : 0

const cells = (row: Row, now: number, style: Style): ReadonlyArray<Cell> => [
  { text: statusOf(row), markup: markupOf(row, style) },
  row.name,
  duration(elapsed(row, now)),
  String(row.polls)
]

/**
 * Formats the live table for `watch`. If there is not enough room for all operations, it shows only the most important
 * ones.
 */
export const watchTable = (
  rows: ReadonlyArray<Row>,
  now: number,
  { columns, rows: height }: Size,
  signs: Signs,
  style: Style
): ReadonlyArray<string> => {
  // Three rows are not available for operations: the titles, the status line, and the cursor row.
  const room = Math.max(1, height - 3)
  const isComplete = rows.length <= room
  const shown = isComplete
    ? rows
    : rows.map((row, index) => ({ row, index }))
      .sort((a, b) => order(a.row) - order(b.row) || a.index - b.index)
      .slice(0, Math.max(1, room - 1))
      .map(({ row }) => row)
  const all = shown.map((row) => cells(row, now, style))
  const { row, titles } = layout(
    [
      { title: "STATUS" },
      { title: "NAME", isFlexible: true },
      { title: "TIME", isOptional: true },
      { title: "POLLS", isOptional: true }
    ],
    all,
    { columns: columns - 1, style }
  )
  return [
    titles,
    ...all.map(row),
    ...(isComplete ? [] : [cutEnd(`and ${rows.length - shown.length} more`, columns - 1)]),
    fitted(rows.every(isEnded) ? "" : `${spinner(signs, now)} `, summary(rows, now), columns, signs.separator)
  ]
}
