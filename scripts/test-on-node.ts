// npm run test:node -- 22 24: runs the tests on other versions of Node, whose binaries come from npm.
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { node } from "./runtimes/packages.js"

const root = fileURLToPath(new URL("..", import.meta.url))
const versions = process.argv.slice(2)
if (versions.length === 0 || !versions.every((version) => /^\d+(?:\.\d+\.\d+)?$/.test(version))) {
  console.error("usage: npm run test:node -- VERSION…, such as 22 or 24.9.0")
  process.exit(1)
}

const vitest = join(root, "node_modules/vitest/vitest.mjs")

for (const version of versions) {
  const binary = node(version)
  console.log(`Node ${execFileSync(binary, ["--version"], { encoding: "utf8" }).trim()}`)
  try {
    execFileSync(binary, [vitest, "run", "--project", "main"], { cwd: root, stdio: "inherit" })
  } catch {
    console.error(`The tests failed on Node ${version}.`)
    process.exit(1)
  }
}
