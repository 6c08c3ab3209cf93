import * as FastCheck from "effect/FastCheck"

// The same cases in every run; FAST_CHECK_SEED=N tries others.
FastCheck.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? 20261123) })
