import { fileURLToPath } from "node:url"

/** Tells whether a module is the main program, and not an imported module. */
export const isMain = (url: string): boolean => process.argv[1] === fileURLToPath(url)
