// The figures as text, for a terminal and for the docs.
import { markdownTable, widest } from "../markdown.js"
import type { OtherClient } from "./clients.js"
import { durations, type Figures, type Row, type Settings } from "./simulation.js"

// Two digits, or all that are before the point.
const short = (value: number, mostDecimals: number): string =>
  value.toFixed(Math.min(mostDecimals, value < 0.995 ? 2 : value < 9.95 ? 1 : 0))

const cells = ({ figures }: Row): ReadonlyArray<readonly [delay: string, polls: string]> =>
  Object.values(figures).map(({ delay, polls }) => [short(delay.mean, 2), short(polls.mean, 1)])

/** For a terminal. Within a column, delays are below delays and polls are below polls. */
export const textTable = (rows: ReadonlyArray<Row>): string => {
  const names = ["", ...rows.map(({ client }) => client.name)]
  const columns = Object.keys(durations).map((duration, column) => {
    const pairs = rows.map((row) => cells(row)[column]!)
    const delayWidth = widest(pairs.map(([delay]) => delay))
    const pollsWidth = widest(pairs.map(([, polls]) => polls))
    const lines = [
      duration,
      ...pairs.map(([delay, polls]) => `${delay.padStart(delayWidth)} / ${polls.padStart(pollsWidth)}`)
    ]
    return lines.map((line) => line.padStart(widest(lines)))
  })
  return names
    .map((name, line) => [name.padEnd(widest(names)), ...columns.map((column) => column[line])].join("  "))
    .join("\n")
}

/** For the docs. */
export const figuresTable = (rows: ReadonlyArray<Row>): string =>
  markdownTable([
    ["", ...Object.keys(durations)],
    ...rows.map((row) => [row.client.name, ...cells(row).map((pair) => pair.join(" / "))])
  ])

/** What schedules the others have, and where that is written. */
export const clientsTable = (clients: ReadonlyArray<OtherClient>): string =>
  markdownTable([
    ["client", "first poll", "delays", "jitter", "gives up", "source"],
    ...clients.map(({ factor, givesUp, initial, jitter, lead, max, name, pollsAtOnce, source }) => [
      name,
      pollsAtOnce ? "at once" : lead === undefined ? "after the first delay" : `after ${lead} s`,
      factor === 1 ? `${initial} s` : `${initial} s × ${factor} up to ${max} s`,
      jitter,
      givesUp,
      source
    ])
  ])

/** How far to trust the figures. */
export const precision = (rows: ReadonlyArray<Row>, { runs, seed }: Settings): string => {
  const all = rows.flatMap(({ figures }) => Object.values(figures))
  const worst = (which: keyof Figures) =>
    `${(100 * Math.max(...all.map(({ [which]: { error, mean } }) => error / mean))).toFixed(1)} %`
  return `${runs} runs each, seed ${seed}; the standard error is at most ${worst("delay")} of a delay and ` +
    `${worst("polls")} of a number of polls.`
}
