// The runner of `npm run conformance`: it passes a client that does as a case says, and says in words what another one does.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { groups } from "./cases.js"
import type { Case } from "./cases/case.js"
import { type MakeClient, makeClient } from "./client.js"
import { unfairness } from "./clients/adapter.js"
import { effectByHand } from "./clients/effect.js"
import { clients } from "./clients/index.js"
import { notOverSockets, ownRules, playOverASocket } from "./sockets.js"

const all = Object.values(groups).flat()
const caseOf = (id: string): Case => all.find((case_) => case_.id === id)!

const answering = (outcome: { readonly end: "succeeded" | "failed" }): MakeClient => () =>
  Effect.succeed({ wait: () => Effect.succeed(outcome), save: () => Effect.succeed("") })

describe.concurrent("playOverASocket", () => {
  for (const [title, make] of [["this package", makeClient], ["a loop in Effect", effectByHand.make]] as const) {
    it.scopedLive(`${title} passes a case`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* playOverASocket(caseOf("reply-without-name"), make, true), [])
      }))
  }

  it.scopedLive("a client that ends otherwise, tells less and sends no request", () =>
    Effect.gen(function*() {
      const case_ = caseOf("done-at-first-poll")
      assert.deepStrictEqual(yield* playOverASocket(case_, answering({ end: "failed" }), true), [
        { kind: "end", text: "ends as failed, not as succeeded" },
        { kind: "requests", text: "0 polls, not 1 poll" }
      ])
      const [first] = yield* playOverASocket(case_, answering({ end: "succeeded" }), true)
      assert.strictEqual(first?.kind, "tells")
      assert.match(String(first?.text), /^response is nothing, not \{"@type":/)
    }))

  it.scopedLive("requests at other times", () =>
    Effect.gen(function*() {
      const case_: Case = { ...caseOf("done-at-second-poll"), requests: [0, 2_000] }
      const differences = yield* playOverASocket(case_, makeClient, true)
      const last = differences.at(-1)
      assert.strictEqual(last?.kind, "requests")
      assert.match(String(last?.text), /^requests at 0[.\d]*, 1[.\d]* s, not at 0, 2 s$/)
    }))

  it.scopedLive("a client that dies", () =>
    Effect.gen(function*() {
      const dying: MakeClient = () =>
        Effect.succeed({ wait: () => Effect.dieMessage("no"), save: () => Effect.succeed("") })
      const [first] = yield* playOverASocket(caseOf("done-at-first-poll"), dying, true)
      assert.strictEqual(first?.kind, "end")
      assert.include(String(first?.text), "the wait dies")
    }))
})

describe("fairness", () => {
  it("names cases that exist", () => {
    const ids = new Set(all.map(({ id }) => id))
    const named = [
      ...ownRules,
      ...Object.keys(notOverSockets),
      ...Object.values(clients).flatMap(({ playedAnyway = [] }) => playedAnyway)
    ]
    assert.deepStrictEqual(named.filter((id) => !ids.has(id)), [])
  })

  it("a case is unfair to a client that lacks what the caller asks for", () => {
    const { googleapis } = clients
    assert.strictEqual(unfairness(googleapis!, caseOf("limit-passed")), "the loop has no time limit")
    assert.isUndefined(unfairness(googleapis!, caseOf("retry-after-once")))
    assert.isUndefined(unfairness(clients["core-lro"]!, caseOf("failure-is-no-verdict")))
    assert.isString(unfairness(clients["core-lro"]!, caseOf("first-poll-503")))
  })
})
