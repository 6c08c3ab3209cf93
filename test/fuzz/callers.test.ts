// Random names, base URLs, handles and options of a caller who writes plain JavaScript: the outcome of every method is always a
// declared one, in time, with bounded memory.
//
// All cases run over the transports in memory and in virtual time that `test/fuzz/untrusted.test.ts` describes: what is wrong
// with these inputs is found before a transport is used.
import { describe } from "@effect/vitest"
import { ofCallers, testInMemory } from "../support/fuzz.js"

describe("data of a caller", () => {
  testInMemory(ofCallers)
})
