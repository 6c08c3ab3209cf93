import { fileURLToPath } from "node:url"

/** Whether a module is the program that was started, rather than one that is imported. */
export const isMain = (url: string): boolean => process.argv[1] === fileURLToPath(url)
