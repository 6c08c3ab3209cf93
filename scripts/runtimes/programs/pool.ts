// Runs the scenario over NodeOperations: pool.js ORIGIN RUN. Prints the results as JSON.
import * as NodeOperations from "effect-google-operations/NodeOperations"
import { runScenario } from "../scenario.js"

const [origin = "", run = ""] = process.argv.slice(2)
console.log(JSON.stringify(await runScenario(origin, run, NodeOperations.make)))
process.exit()
