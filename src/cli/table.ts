/**
 * Formats plain text tables.
 */
import { cutEnd, cutStart, padEnd, plain, singleLine, type Style, width } from "./text.js"

/** A table column. */
export interface Column {
  readonly title: string
  /** Whether the column may be truncated so that the table fits. Its text is truncated at the start. */
  readonly isFlexible?: boolean
  /** Whether the column may be omitted if the table would otherwise not fit. */
  readonly isOptional?: boolean
}

/** The text of a cell, optionally with markup for the text. */
export type Cell = string | { readonly text: string; readonly markup: (text: string) => string }

const textOf = (cell: Cell | undefined): string => singleLine(typeof cell === "object" ? cell.text : cell ?? "")

// Below this width, a flexible column is not useful, so optional columns are omitted first.
const leastFlexible = 12

const gap = 2

const total = (widths: ReadonlyArray<number>): number =>
  widths.reduce((sum, columns) => sum + columns, gap * Math.max(0, widths.length - 1))

/** Formats rows, and the titles above them. */
export interface Layout {
  readonly titles: string
  readonly row: (cells: ReadonlyArray<Cell>) => string
}

/**
 * Computes the layout of a table from the given rows. Rows that are added later use the same column widths.
 *
 * Without `columns`, no text is truncated. With `columns`, no line is wider: flexible columns are truncated first, and
 * if this is not enough, optional columns are omitted, starting with the rightmost one.
 */
export const layout = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  options: { readonly columns?: number | undefined; readonly style?: Style | undefined } = {}
): Layout => {
  const { columns: available = Infinity, style = plain } = options
  const natural = columns.map(({ title }, index) =>
    Math.max(width(title), ...rows.map((cells) => width(textOf(cells[index]))))
  )
  const least = columns.map(({ isFlexible }, index) =>
    isFlexible === true ? Math.min(natural[index]!, leastFlexible) : natural[index]!
  )
  const shown = columns.map((_, index) => index)
  const sum = (widths: ReadonlyArray<number>) => total(shown.map((index) => widths[index]!))
  for (let index = columns.length - 1; index >= 0 && sum(least) > available; index--) {
    if (columns[index]!.isOptional === true) shown.splice(shown.indexOf(index), 1)
  }
  const widths = [...natural]
  const shrink = (indexes: ReadonlyArray<number>, least: (index: number) => number): void => {
    for (const index of indexes) {
      const excess = sum(widths) - available
      if (excess > 0) widths[index] = Math.max(least(index), widths[index]! - excess)
    }
  }
  const flexible = shown.filter((index) => columns[index]!.isFlexible === true)
  shrink(flexible, (index) => least[index]!)
  // If the table still does not fit, truncate all columns.
  shrink([...flexible, ...shown.toReversed()], () => 1)

  const line = (cells: ReadonlyArray<Cell>, markup?: (text: string) => string): string =>
    shown.map((index, position) => {
      const cell = cells[index] ?? ""
      const columnsOfCell = widths[index]!
      const isLast = position === shown.length - 1
      const cut = columns[index]!.isFlexible === true ? cutStart : cutEnd
      const text = available === Infinity ? textOf(cell) : cut(textOf(cell), columnsOfCell)
      const marked = (markup ?? (typeof cell === "object" ? cell.markup : (text: string) => text))(text)
      return isLast ? marked : padEnd(marked, columnsOfCell)
    }).join(" ".repeat(gap)).trimEnd()

  return { titles: line(columns.map(({ title }) => title), style.dim), row: (cells) => line(cells) }
}
