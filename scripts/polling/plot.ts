// The detection delay against the number of polls, as an SVG. Both axes are logarithmic, and every mark has a label.
import * as Array from "effect/Array"
import { type EncodeEntry, type GroupMark, parse, View } from "vega"

/** The figures of a schedule for one duration. */
export interface Mark {
  readonly label: string
  readonly polls: number
  readonly delay: number
  readonly kind: "ours" | "other" | "step"
}

/** One duration. A line joins the marks that are `step`s. */
export interface Panel {
  readonly title: string
  readonly marks: ReadonlyArray<Mark>
}

const width = 700
const height = 330
const gray = "#71717a"
const blue = "#1d4ed8"

// Schedules with the same figures share a mark.
const merged = (marks: ReadonlyArray<Mark>) =>
  Object.values(Array.groupBy(marks, ({ delay, polls }) => `${delay} ${polls}`)).map((same) => ({
    ...same[0],
    label: same.map(({ label }) => label).join("; "),
    dx: 0,
    dy: 0
  }))

// Vega puts no label over a point of the data. These points cover the symbols and the line.
const covering = (marks: ReadonlyArray<Mark>, steps: ReadonlyArray<Mark>): ReadonlyArray<object> => {
  const grid = [-7, -3.5, 0, 3.5, 7]
  const between = (from: number, to: number, part: number): number => from * (to / from) ** part
  return [
    ...marks.flatMap(({ delay, polls }) => grid.flatMap((dx) => grid.map((dy) => ({ delay, polls, dx, dy })))),
    ...Array.zip(steps, steps.slice(1)).flatMap(([from, to]) =>
      Array.makeBy(100, (step) => ({
        polls: between(from.polls, to.polls, step / 100),
        delay: between(from.delay, to.delay, step / 100),
        dx: 0,
        dy: 0
      }))
    )
  ]
}

const draw = ({ marks, title }: Panel): GroupMark => {
  const symbols = merged(marks)
  const steps = marks.filter(({ kind }) => kind === "step")
  const axis = { grid: true, gridColor: "#e4e4e7", domainColor: gray, ticks: false, labelPadding: 6, tickCount: 5 }
  const color = [{ test: "datum.kind === 'other'", value: gray }, { value: blue }]
  const encode = (enter: EncodeEntry) => ({
    encode: { enter: { x: { scale: "x", field: "polls" }, y: { scale: "y", field: "delay" }, ...enter } }
  })
  return {
    type: "group",
    encode: { enter: { width: { value: width }, height: { value: height } } },
    title: { text: title, anchor: "start", frame: "group" },
    data: [
      { name: "symbols", values: symbols },
      { name: "steps", values: steps },
      { name: "labels", values: [...symbols, ...covering(symbols, steps)] }
    ],
    scales: [
      { name: "x", type: "log", domain: { data: "symbols", field: "polls" }, range: "width", padding: 60 },
      { name: "y", type: "log", domain: { data: "symbols", field: "delay" }, range: "height", padding: 40 }
    ],
    axes: [
      { ...axis, orient: "bottom", scale: "x", title: "mean number of polls" },
      { ...axis, orient: "left", scale: "y", title: "mean detection delay in seconds" }
    ],
    marks: [
      { type: "line", from: { data: "steps" }, ...encode({ stroke: { value: blue }, strokeDash: { value: [5, 4] } }) },
      {
        type: "symbol",
        from: { data: "symbols" },
        ...encode({
          size: [{ test: "datum.kind === 'step'", value: 20 }, { value: 90 }],
          stroke: color,
          strokeWidth: { value: 2 },
          fill: [{ test: "datum.kind === 'other'", value: "white" }, { value: blue }]
        })
      },
      {
        type: "text",
        from: { data: "labels" },
        ...encode({
          text: { field: "label" },
          x: { scale: "x", field: "polls", offset: { field: "dx" } },
          y: { scale: "y", field: "delay", offset: { field: "dy" } },
          fontSize: { value: 12 },
          fill: color
        }),
        transform: [{ type: "label", size: [width, height], offset: [11] }]
      }
    ]
  }
}

/** Draws the panels, one below the other. Fails if a label has no place. */
export const plot = async (
  title: string,
  legend: ReadonlyArray<string>,
  panels: ReadonlyArray<Panel>
): Promise<string> => {
  const spec = parse({
    width,
    height,
    background: "white",
    padding: 12,
    config: {
      axis: { labelFontSize: 12, titleFontSize: 12 },
      title: { fontSize: 16, subtitleFontSize: 14, offset: 20 },
      text: { font: "Helvetica, Arial, sans-serif" }
    },
    title: { text: title, subtitle: [...legend], anchor: "start" },
    layout: { columns: 1, padding: 24 },
    marks: panels.map(draw)
  })
  const svg = await new View(spec, { renderer: "none" }).toSVG()
  const [, hidden] = /<text[^>]* opacity="0">([^<]+)</.exec(svg) ?? []
  if (hidden !== undefined) throw new Error(`The plot has no place for the label ${hidden}.`)
  const lines = svg.replaceAll("><", ">\n<").split("\n").filter((line) => !/^<text .*\/>$/.test(line))
  // Versions of Node differ in the last digits of logarithms.
  return `${lines.join("\n").replace(/\d+\.\d+/g, (number) => String(Number(Number(number).toFixed(1))))}\n`
}
