/**
 * The examples of doc comments: each is a file of its own that has to compile, and to print what it says that it prints.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { inspect } from "node:util"
import ts from "typescript"
import type { Problem } from "./rules.js"

/** A block of code, in a file whose lines have the numbers that they have where they come from. */
export interface Example {
  /** Where it comes from, relative to the project. */
  readonly source: string
  /** The line of its first line there. */
  readonly line: number
  /** The file that holds it. */
  readonly file: string
  readonly code: string
}

/** Finds the blocks of TypeScript in a source file's doc comments. */
export const extract = (source: string, text: string, folder: string): ReadonlyArray<Example> => {
  const examples: Array<Example> = []
  let block: Array<string> | undefined
  text.split("\n").forEach((whole, index) => {
    const line = /^\s*\* ?(.*)$/.exec(whole)?.[1]
    if (block === undefined) {
      if (line === "```ts") block = []
    } else if (line === "```") {
      const first = index - block.length + 1
      const code = block.join("\n")
      const file = `${folder}/${source.replaceAll(/\W/g, "-")}-${first}.mts`
      examples.push({ source, line: first, file, code })
      block = undefined
    } else {
      block.push(line ?? whole)
    }
  })
  return examples
}

/** Writes each example to its file, in a folder that holds nothing else. */
export const write = (folder: string, examples: ReadonlyArray<Example>): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { code, file, line } of examples) writeFileSync(file, `${"\n".repeat(line - 1)}${code}\n`)
}

const unused = new Set([6133, 6192, 6196, 6198])

/** What does not compile. */
export const check = (program: ts.Program, examples: ReadonlyArray<Example>): ReadonlyArray<Problem> =>
  examples.flatMap(({ file, source }) => {
    const sourceFile = program.getSourceFile(file)
    if (sourceFile === undefined) throw new Error(`${file} is not in the program`)
    return [...program.getSyntacticDiagnostics(sourceFile), ...program.getSemanticDiagnostics(sourceFile)]
      .map(({ code, messageText, start = 0 }) => ({
        code,
        line: sourceFile.getLineAndCharacterOfPosition(start).line,
        text: ts.flattenDiagnosticMessageText(messageText, "\n")
      }))
      // An example may show a value and leave its use to the reader, but it imports nothing in vain.
      .filter(({ code, line }) => !unused.has(code) || sourceFile.text.split("\n")[line]?.startsWith("import"))
      .map(({ line, text }) => ({ file: source, line: line + 1, text: `example: ${text}` }))
  })

const claim = /console\.log\(.*\) \/\/ (.+)$/

// As a claim is written: strings in double quotes.
const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Infinity }).replaceAll("'", "\"")

/** Runs the examples that say what they print, and compares. */
export const run = async (examples: ReadonlyArray<Example>): Promise<ReadonlyArray<Problem>> => {
  const problems: Array<Problem> = []
  const { log } = console
  for (const { code, file, line, source } of examples) {
    const claims = code.split("\n").flatMap((text) => claim.exec(text)?.[1] ?? [])
    if (claims.length === 0) continue
    const printed: Array<string> = []
    console.log = (...values: ReadonlyArray<unknown>) => {
      printed.push(values.map(shown).join(" "))
    }
    try {
      await import(pathToFileURL(file).href)
    } catch (cause) {
      printed.push(String(cause))
    } finally {
      console.log = log
    }
    if (printed.join("\n") !== claims.join("\n")) {
      const text = `example: says that it prints\n${claims.join("\n")}\nand prints\n${printed.join("\n")}`
      problems.push({ file: source, line, text })
    }
  }
  return problems
}
