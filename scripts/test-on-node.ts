// npm run test:node -- 22 24: runs the tests on other versions of Node, whose binaries come from npm.
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const versions = process.argv.slice(2)
if (versions.length === 0 || !versions.every((version) => /^\d+(?:\.\d+\.\d+)?$/.test(version))) {
  console.error("usage: npm run test:node -- VERSION…, such as 22 or 24.9.0")
  process.exit(1)
}

// The packages that the package `node` picks from by an install script.
const packageName = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`
const vitest = join(root, "node_modules/vitest/vitest.mjs")

for (const version of versions) {
  const folder = join(root, "node_modules/.cache", `node-${version}`)
  const binary = join(folder, "node_modules", packageName, "bin", process.platform === "win32" ? "node.exe" : "node")
  if (!existsSync(binary)) {
    execFileSync("npm", [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      `${packageName}@${version}`
    ], {
      stdio: "inherit",
      shell: process.platform === "win32"
    })
  }
  console.log(`Node ${execFileSync(binary, ["--version"], { encoding: "utf8" }).trim()}`)
  try {
    execFileSync(binary, [vitest, "run", "--project", "main", "--project", "programs"], { cwd: root, stdio: "inherit" })
  } catch {
    console.error(`The tests failed on Node ${version}.`)
    process.exit(1)
  }
}
