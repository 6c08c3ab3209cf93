import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as Effect from "effect/Effect"
const N = 20000, C = 64
const program = Effect.scoped(Effect.gen(function*() {
  const ops = yield* NodeOperations.make({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: "http://127.0.0.1:8799" }) })
  const e = ops.get("operations/accessPolicies/123/create/1700000000000001")
  const run = (n0: number) => { let n = 0; const loop = Effect.whileLoop({ while: () => n++ < n0, body: () => e, step: () => {} }); return Effect.all(Array.from({ length: C }, () => loop), { concurrency: "unbounded" }) }
  yield* run(3000)
  const a = process.cpuUsage(); yield* run(N); const b = process.cpuUsage(a)
  console.log("ours", ((b.user + b.system) / N).toFixed(1), "µs/get")
}))
Effect.runPromise(process.argv[2] === "notrace" ? Effect.withTracerEnabled(program, false) : program)
