// The figures as Markdown, for a terminal and for the docs.
import { markdownTable } from "markdown-table"
import type { OtherClient } from "./clients.js"
import { durations, type Figures, type Row, type Settings } from "./simulation.js"

// Two digits, or all digits before the decimal point.
const short = (value: number, mostDecimals: number): string =>
  value.toFixed(Math.min(mostDecimals, value < 0.995 ? 2 : value < 9.95 ? 1 : 0))

const cells = ({ figures }: Row): ReadonlyArray<readonly [delay: string, polls: string]> =>
  Object.values(figures).map(({ delay, polls }) => [short(delay.mean, 2), short(polls.mean, 1)])

/** The figures: mean delay / mean number of polls. */
export const figuresTable = (rows: ReadonlyArray<Row>): string =>
  markdownTable([
    ["", ...Object.keys(durations)],
    ...rows.map((row) => [row.client.name, ...cells(row).map((pair) => pair.join(" / "))])
  ])

/** The schedules of the other clients, with their sources. */
export const clientsTable = (clients: ReadonlyArray<OtherClient>): string =>
  markdownTable([
    ["client", "first poll", "poll interval", "jitter", "gives up", "source"],
    ...clients.map(({ factor, givesUp, initial, jitter, lead, max, name, pollsAtOnce, source }) => [
      name,
      pollsAtOnce ? "immediately" : lead === undefined ? "after the first interval" : `after ${lead} s`,
      factor === 1 ? `${initial} s` : `${initial} s × ${factor} up to ${max} s`,
      jitter,
      givesUp,
      source
    ])
  ])

/** The precision of the figures. */
export const precision = (rows: ReadonlyArray<Row>, { runs, seed }: Settings): string => {
  const all = rows.flatMap(({ figures }) => Object.values(figures))
  const worst = (which: keyof Figures) =>
    `${(100 * Math.max(...all.map(({ [which]: { error, mean } }) => error / mean))).toFixed(1)} %`
  return `Each cell is the mean of ${runs} runs with seed ${seed}. The standard error is at most ${
    worst("delay")
  } of the mean delay and ` +
    `${worst("polls")} of the mean number of polls.`
}
