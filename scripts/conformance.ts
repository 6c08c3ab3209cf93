// npm run conformance -- google-gax core-lro: puts other clients behind the conformance cases, over sockets.
// With --write, the tables of test/conformance/ are made from the runs.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { parseArgs } from "node:util"
import { groups } from "../test/conformance/cases.js"
import { type Adapter, unfairness } from "../test/conformance/clients/adapter.js"
import { clients, own } from "../test/conformance/clients/index.js"
import { type Difference, ownRules, playOverASocket, takesTooLong } from "../test/conformance/sockets.js"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false }, case: { type: "string", multiple: true } }
})
const cases = Object.values(groups).flat().filter(({ id }) => values.case === undefined || values.case.includes(id))

type Verdict =
  | { readonly type: "passes" }
  | { readonly type: "fails"; readonly differences: ReadonlyArray<Difference> }
  | { readonly type: "unfair" | "notComparable"; readonly why: string }

const judge = (name: string, adapter: Adapter) =>
  Effect.forEach(cases, (case_, index) => {
    const verdict: Effect.Effect<Verdict> = Effect.suspend(() => {
      if (takesTooLong.has(case_.id)) return Effect.succeed({ type: "notComparable", why: "it takes hours" })
      const why = name === own
        ? undefined
        : ownRules.has(case_.id)
        ? "a rule of this package"
        : unfairness(adapter, case_)
      if (why !== undefined) return Effect.succeed({ type: "unfair", why })
      return Effect.map(
        Effect.delay(Effect.orDie(playOverASocket(case_, adapter.make, name !== own)), index * 40),
        (differences): Verdict => differences.length === 0 ? { type: "passes" } : { type: "fails", differences }
      )
    })
    return Effect.map(verdict, (verdict) => [case_.id, verdict] as const)
  }, { concurrency: "unbounded" })

const names = positionals.length === 0 ? Object.keys(clients) : positionals
const main = Effect.forEach(names, (name) =>
  Effect.gen(function*() {
    const adapter = clients[name]!
    yield* playOverASocket(cases[0]!, adapter.make, true)
    const verdicts = yield* judge(name, adapter)
    const of = (type: Verdict["type"]) => verdicts.filter(([, verdict]) => verdict.type === type).length
    yield* Console.log(`${adapter.title}: passes ${of("passes")}, fails ${of("fails")}, unfair ${of("unfair")}`)
    for (const [id, verdict] of verdicts) {
      if (verdict.type === "fails") {
        yield* Console.log(`  ${id}: ${verdict.differences.map(({ kind, text }) => `[${kind}] ${text}`).join("; ")}`)
      }
    }
  }), { concurrency: 4 })

NodeRuntime.runMain(main.pipe(Logger.withMinimumLogLevel(LogLevel.None)))
