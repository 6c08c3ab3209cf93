/**
 * Clients that this package does not depend on. They are installed in `bench/` on demand: `npm ci --prefix bench`.
 */
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"

const folder = new URL("../../bench/", import.meta.url)
const require = createRequire(new URL("package.json", folder))

/** The version of a package that is installed in `bench/`; undefined if it is not installed. */
export const installedVersion = (name: string): string | undefined => {
  const file = new URL(`node_modules/${name}/package.json`, folder)
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version : undefined
}

/** Loads a module of a package that is installed in `bench/`. Its types are not available, so the caller describes it. */
export const loadInstalled = <Module>(specifier: string): Module => require(specifier) as Module
