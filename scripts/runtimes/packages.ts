/**
 * Packages with the binaries of other runtimes. They are installed when they are needed, because few checks need them.
 */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url))

/** A runtime is not on this machine, and cannot be installed. */
export class Unavailable extends Error {}

/** Installs a package in a separate folder, unless it is installed there. Returns the folder of the package. */
export const installed = (name: string, version: string): string => {
  const prefix = join(cache, `${name.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}-${version}`)
  const folder = join(prefix, "node_modules", name)
  if (!existsSync(folder)) {
    const options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    try {
      execFileSync("npm", ["install", "--prefix", prefix, ...options, `${name}@${version}`], {
        stdio: ["ignore", "ignore", "inherit"],
        shell: process.platform === "win32",
        timeout: 300_000
      })
    } catch (cause) {
      throw new Unavailable(`npm could not install ${name}@${version}`, { cause })
    }
  }
  return folder
}

const isWindows = process.platform === "win32"

/** The path of a program in a package. */
const program = (name: string, version: string, path: string): string =>
  join(installed(name, version), isWindows ? `${path}.exe` : path)

/** Installs Node, in a version such as 22 or 24.9.0. Returns the path of the program. */
export const node = (version: string): string =>
  // The package `node` picks one of these by an install script.
  program(`node-${isWindows ? "win" : process.platform}-${process.arch}`, version, "bin/node")

/** Installs Bun. Returns the path of the program. */
export const bun = (version: string): string =>
  program(
    `@oven/bun-${isWindows ? "windows" : process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`,
    version,
    "bin/bun"
  )

/** Installs Deno. Returns the path of the program. */
export const deno = (version: string): string =>
  program(
    `@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`,
    version,
    "deno"
  )

/** Installs workerd. Returns the path of the program. */
export const workerd = (version: string): string =>
  program(
    `@cloudflare/workerd-${isWindows ? "windows" : process.platform}-${process.arch === "x64" ? "64" : process.arch}`,
    version,
    "bin/workerd"
  )
