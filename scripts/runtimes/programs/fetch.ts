// Runs the scenario over fetch in Node, Bun and Deno: fetch.js ORIGIN RUN. Prints the results as JSON.
import { overFetch, runScenario } from "../scenario.js"

const [origin = "", run = ""] = process.argv.slice(2)
console.log(JSON.stringify(await runScenario(origin, run, overFetch)))
process.exit()
