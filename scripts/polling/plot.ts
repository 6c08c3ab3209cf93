// Detection delay against number of polls, as an SVG: both axes logarithmic, every mark labelled where there is room.
// The bytes depend on the figures alone.

/** A schedule's figures for one duration. */
export interface Mark {
  readonly label: string
  readonly polls: number
  readonly delay: number
  readonly kind: "ours" | "other" | "step"
}

/** One duration. The marks that are `step`s are joined by a line. */
export interface Panel {
  readonly title: string
  readonly marks: ReadonlyArray<Mark>
}

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const width = 760
const panelHeight = 430
const margin = { left: 66, right: 20, top: 58, bottom: 56 }
const head = 44
const fontSize = 14
const ink = { background: "#ffffff", grid: "#e4e4e7", text: "#27272a", other: "#71717a", ours: "#1d4ed8" }

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

const px = (value: number): string => String(Math.round(value * 10) / 10)

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${px(x)}" y="${px(y)}"${attributes && ` ${attributes}`}>${escape(content)}</text>`

// 1, 2, 5, 10, … between the two.
const ticks = (least: number, most: number): ReadonlyArray<number> =>
  [-2, -1, 0, 1, 2, 3, 4]
    .flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
    .filter((tick) => tick >= least && tick <= most)

const scale = (values: ReadonlyArray<number>, room: number, from: number, to: number) => {
  const least = Math.min(...values) / room
  const most = Math.max(...values) * room
  return {
    ticks: ticks(least, most),
    at: (value: number) => from + (to - from) * Math.log(value / least) / Math.log(most / least)
  }
}

const overlaps = (one: Box, other: Box): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom

const around = (x: number, y: number, radius: number): Box => ({
  left: x - radius,
  top: y - radius,
  right: x + radius,
  bottom: y + radius
})

const along = (from: { x: number; y: number }, to: { x: number; y: number }): ReadonlyArray<Box> =>
  Array.from(
    { length: 40 },
    (_, step) => around(from.x + (to.x - from.x) * (step + 0.5) / 40, from.y + (to.y - from.y) * (step + 0.5) / 40, 2)
  )

// No font is known here: letters are taken to be as wide as those of a wide one.
const textWidth = (label: string): number => label.length * fontSize * 0.6

interface Placed {
  readonly x: number
  readonly y: number
  readonly anchor: "start" | "middle" | "end"
  readonly box: Box
}

// Where a label can be: right of its mark, left, above, below, and between these; near before far.
const places = function*(x: number, y: number, label: string): Generator<Placed> {
  const wide = textWidth(label)
  for (const gap of [10, 16, 24]) {
    for (
      const [dx, dy, anchor] of [
        [gap, 0, "start"],
        [-gap, 0, "end"],
        [0, -gap - 5, "middle"],
        [0, gap + 5, "middle"],
        [gap * 0.7, -gap, "start"],
        [gap * 0.7, gap, "start"],
        [-gap * 0.7, -gap, "end"],
        [-gap * 0.7, gap, "end"]
      ] as const
    ) {
      const left = x + dx - (anchor === "start" ? 0 : anchor === "end" ? wide : wide / 2)
      const middle = y + dy
      yield {
        x: x + dx,
        y: middle + fontSize * 0.35,
        anchor,
        box: { left, right: left + wide, top: middle - fontSize * 0.6, bottom: middle + fontSize * 0.6 }
      }
    }
  }
}

const place = (x: number, y: number, label: string, within: Box, taken: ReadonlyArray<Box>): Placed => {
  for (const placed of places(x, y, label)) {
    const { box } = placed
    const isWithin = box.left >= within.left && box.right <= within.right && box.top >= within.top &&
      box.bottom <= within.bottom
    if (isWithin && !taken.some((other) => overlaps(box, other))) return placed
  }
  throw new Error(`There is no room for the label ${label}`)
}

const radius = { ours: 6, other: 5, step: 2.5 }

const symbol = (x: number, y: number, kind: Mark["kind"]): string =>
  `<circle cx="${px(x)}" cy="${px(y)}" r="${radius[kind]}" ${
    kind === "other" ? `fill="${ink.background}" stroke="${ink.other}" stroke-width="2"` : `fill="${ink.ours}"`
  }/>`

const drawPanel = ({ marks, title }: Panel, top: number): ReadonlyArray<string> => {
  const frame: Box = {
    left: margin.left,
    right: width - margin.right,
    top: top + margin.top,
    bottom: top + panelHeight - margin.bottom
  }
  const x = scale(marks.map(({ polls }) => polls), 1.5, frame.left, frame.right)
  const y = scale(marks.map(({ delay }) => delay), 1.4, frame.bottom, frame.top)

  // Schedules that are one and the same share a mark.
  const points = new Map<string, Mark & { readonly x: number; readonly y: number }>()
  for (const mark of marks) {
    const at = { x: x.at(mark.polls), y: y.at(mark.delay) }
    const key = `${px(at.x)} ${px(at.y)}`
    const same = points.get(key)
    points.set(key, same === undefined ? { ...mark, ...at } : { ...same, label: `${same.label}; ${mark.label}` })
  }
  const line = marks.filter(({ kind }) => kind === "step")
    .map(({ delay, polls }) => ({ x: x.at(polls), y: y.at(delay) }))
  const taken: Array<Box> = [
    ...[...points.values()].map(({ kind, x, y }) => around(x, y, radius[kind] + 2)),
    ...line.slice(1).flatMap((to, index) => along(line[index]!, to))
  ]

  return [
    text(frame.left, frame.top - 16, title, "font-size=\"16\" font-weight=\"bold\""),
    ...x.ticks.flatMap((tick) => [
      `<path d="M${px(x.at(tick))} ${frame.top}V${frame.bottom}" stroke="${ink.grid}"/>`,
      text(x.at(tick), frame.bottom + 20, String(tick), "text-anchor=\"middle\"")
    ]),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${frame.left} ${px(y.at(tick))}H${frame.right}" stroke="${ink.grid}"/>`,
      text(frame.left - 8, y.at(tick) + 5, `${tick} s`, "text-anchor=\"end\"")
    ]),
    `<path d="M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}" fill="none" stroke="${ink.other}"/>`,
    text((frame.left + frame.right) / 2, frame.bottom + 42, "mean number of polls", "text-anchor=\"middle\""),
    text(
      0,
      0,
      "mean detection delay",
      `text-anchor="middle" transform="translate(18 ${px((frame.top + frame.bottom) / 2)}) rotate(-90)"`
    ),
    `<polyline points="${
      line.map(({ x, y }) => `${px(x)},${px(y)}`).join(" ")
    }" fill="none" stroke="${ink.ours}" stroke-width="1.5" stroke-dasharray="5 4"/>`,
    ...[...points.values()].map(({ kind, x, y }) => symbol(x, y, kind)),
    ...[...points.values()].map((point) => {
      const placed = place(point.x, point.y, point.label, frame, taken)
      taken.push(placed.box)
      return text(
        placed.x,
        placed.y,
        point.label,
        `text-anchor="${placed.anchor}"` + (point.kind === "other" ? "" : ` fill="${ink.ours}"`) +
          (point.kind === "ours" ? " font-weight=\"bold\"" : "")
      )
    })
  ]
}

/** Draws the panels, one below the other. */
export const plot = (title: string, legend: string, panels: ReadonlyArray<Panel>): string => {
  const height = head + panels.length * panelHeight
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" font-family="Helvetica, Arial, sans-serif" font-size="${fontSize}" fill="${ink.text}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="${ink.background}"/>`,
    text(margin.left, 30, legend),
    ...panels.flatMap((panel, index) => drawPanel(panel, head + index * panelHeight)),
    "</svg>",
    ""
  ].join("\n")
}
