// Defines the scenario for the edge runtime, which calls the function.
import { overFetch, runScenario } from "../scenario.js"

Object.assign(globalThis, {
  scenario: async (origin: string, run: string) => JSON.stringify(await runScenario(origin, run, overFetch))
})
