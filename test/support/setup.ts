import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"

// The same cases in every run; FAST_CHECK_SEED=N tries others.
FastCheck.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? 20261123) })

// Before each sleep that ends, TestClock waits for three timers of at least one millisecond each, so that all fibers
// suspend. Three turns of the event loop do the same, and a test with thousands of sleeps does not idle for seconds.
const suspended = Effect.async<void>((resume) => {
  setImmediate(() => setImmediate(() => setImmediate(() => resume(Effect.void))))
})
// The class is not part of the types of Effect.
const { prototype } = Reflect.get(TestClock, "TestClockImpl")
if (typeof prototype.awaitSuspended !== "function") {
  throw new Error("TestClock has no method awaitSuspended to replace.")
}
prototype.awaitSuspended = () => suspended
