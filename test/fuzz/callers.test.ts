// Random names, base URLs, handles and options of a caller who writes plain JavaScript: the outcome of every method is always a
// declared one, in time, with bounded memory.
//
// All cases run over the transports in memory and in virtual time that `test/fuzz/untrusted.test.ts` describes: an
// input that is wrong is refused before a transport is used.
import { describe } from "@effect/vitest"
import { ofCallers } from "../support/fuzz/cases.js"
import { testInMemory } from "../support/fuzz/run.js"

describe("data of a caller", () => {
  testInMemory(ofCallers)
})
