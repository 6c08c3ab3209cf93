import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Manner, manners, quick, soak } from "./support/soak.js"
import { startEmulator } from "./support/sockets.js"

it.live.each(Object.keys(manners) as Array<Manner>)(
  "hundreds of waits over sockets and through faults end as they should and leave nothing, by %s",
  (manner) =>
    Effect.gen(function*() {
      const { api, script, stats } = yield* startEmulator()
      const report = yield* soak({
        api,
        stats,
        script: (operations) =>
          Effect.orDie(Effect.forEach(operations, ({ name, steps }) => script(name, steps), { discard: true }))
      }, {
        manner,
        operations: 300,
        seed: 1,
        limit: "20 seconds",
        service: quick,
        // The emulator is in this process as well, and so is vitest.
        tolerance: Infinity
      })
      assert.deepStrictEqual(report.misses, [])
      assert.isAbove(report.faults, 0)
    }).pipe(Effect.scoped),
  30_000
)
