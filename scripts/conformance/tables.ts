/**
 * The tables of test/conformance/, from the results of the clients.
 */
import { markdownTable } from "markdown-table"
import { groups } from "../../test/conformance/cases.js"
import type { Adapter } from "../../test/conformance/clients/adapter.js"
import type { Difference } from "../../test/conformance/sockets.js"

/** The result of a case for a client. */
export type Verdict =
  | { readonly type: "passes" }
  | { readonly type: "fails"; readonly differences: ReadonlyArray<Difference> }
  | { readonly type: "unfair" | "notComparable"; readonly why: string }

/** A client with its verdicts, by the ids of the cases. */
export interface Run {
  readonly name: string
  readonly adapter: Adapter
  readonly verdicts: ReadonlyMap<string, Verdict>
}

const count = ({ verdicts }: Run, holds: (verdict: Verdict) => boolean): number =>
  [...verdicts.values()].filter(holds).length

/** The most serious kind of difference. The case is counted under it. */
const kindOf = (differences: ReadonlyArray<Difference>): Difference["kind"] =>
  (["end", "requests", "tells"] as const).find((kind) => differences.some((difference) => difference.kind === kind))!

const fails = (kind: Difference["kind"]) => (verdict: Verdict): boolean =>
  verdict.type === "fails" && kindOf(verdict.differences) === kind

const is = (type: Verdict["type"]) => (verdict: Verdict): boolean => verdict.type === type

type Cells = ReadonlyArray<string | number>

// Messages may contain HTML.
const table = (...lines: ReadonlyArray<Cells>): string =>
  markdownTable(
    lines.map((line) => line.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("<", "&lt;"))),
    { alignDelimiters: false }
  )

const ids = (list: ReadonlyArray<string>): string => list.map((id) => `\`${id}\``).join(", ")

/** Groups ids by their text, in the order of the texts. */
const byText = (
  entries: ReadonlyArray<readonly [id: string, text: string]>
): ReadonlyArray<readonly [string, string]> => {
  const found = new Map<string, Array<string>>()
  for (const [id, text] of entries) found.set(text, [...found.get(text) ?? [], id])
  return [...found].map(([text, list]) => [ids(list), text])
}

/** One row for each client. */
export const counts = (runs: ReadonlyArray<Run>): string =>
  table(
    [
      "client",
      "version",
      "passed",
      "different outcome",
      "different requests",
      "less information",
      "unfair",
      "not comparable"
    ],
    ...runs.map((run) => [
      run.adapter.title,
      run.adapter.version ?? "",
      count(run, is("passes")),
      count(run, fails("end")),
      count(run, fails("requests")),
      count(run, fails("tells")),
      count(run, is("unfair")),
      count(run, is("notComparable"))
    ])
  )

/** One row for each failure. Failures of a client with the same text share a row. */
export const failures = (runs: ReadonlyArray<Run>): string =>
  table(
    ["client", "case", "behavior"],
    ...runs.flatMap(({ adapter, verdicts }) =>
      byText([...verdicts].flatMap(([id, verdict]) =>
        verdict.type === "fails"
          ? [[id, verdict.differences.map(({ text }) => text).join("; ")] as const]
          : []
      )).map(([cases, text], index) => [index === 0 ? adapter.title : "", cases, text])
    )
  )

/** One row for each reason why cases are unfair to a client, or cannot be compared. */
export const exceptions = (runs: ReadonlyArray<Run>): string =>
  table(
    ["client", "reason", "cases"],
    ...runs.flatMap(({ adapter, verdicts }) =>
      byText([...verdicts].flatMap(([id, verdict]) => "why" in verdict ? [[id, verdict.why] as const] : []))
        .map(([cases, text], index) => [index === 0 ? adapter.title : "", text, cases])
    )
  )

/** The passes in each group of cases, without the cases that are unfair to a client. */
export const comparison = (runs: ReadonlyArray<Run>): string => {
  const cell = (run: Run, list: ReadonlyArray<string>): string => {
    const verdicts = list.map((id) => run.verdicts.get(id)!)
    const played = verdicts.filter(({ type }) => type === "passes" || type === "fails").length
    return played === 0 ? "–" : `${verdicts.filter(is("passes")).length} of ${played}`
  }
  const all = Object.entries(groups).map(([title, cases]) => [title, cases.map(({ id }) => id)] as const)
  return table(
    ["cases", ...runs.map(({ adapter: { title } }) => title)],
    ...[...all, ["all", all.flatMap(([, list]) => list)] as const].map(([title, list]) => [
      title,
      ...runs.map((run) => cell(run, list))
    ])
  )
}
