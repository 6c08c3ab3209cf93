// Checks the examples of the doc comments: each compiles, and prints what the comments after its `console.log` say.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import { inspect } from "node:util"
import ts from "typescript"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = `${root}docs/reference/.examples`

const report = (source: string, line: number, text: string): void => {
  console.error(`${source}:${line} example: ${text}`)
  process.exitCode = 1
}

// One file for each example. Its lines have the same numbers as in the source file.
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const examples = readdirSync(`${root}src`).filter((name) => name.endsWith(".ts")).flatMap((name) => {
  const text = readFileSync(`${root}src/${name}`, "utf8")
  return [...text.matchAll(/^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm)].map(([, block], index, matches) => {
    const line = text.slice(0, matches[index]!.index).split("\n").length + 1
    const code = block!.replaceAll(/^ *\* ?/gm, "")
    const file = `${folder}/${name.slice(0, -3)}-${line}.mts`
    writeFileSync(file, "\n".repeat(line - 1) + code)
    return { source: `src/${name}`, line, file, code }
  })
})

const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path))
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
const program = ts.createProgram(examples.map(({ file }) => file), options)
const unused = new Set([6133, 6192, 6196, 6198])
for (const { file, source } of examples) {
  const sourceFile = program.getSourceFile(file)!
  for (const { code, messageText, start = 0 } of ts.getPreEmitDiagnostics(program, sourceFile)) {
    const { line } = sourceFile.getLineAndCharacterOfPosition(start)
    // An example may declare a value that it does not use. It may not import one.
    if (unused.has(code) && !sourceFile.text.split("\n")[line]!.startsWith("import")) continue
    report(source, line + 1, ts.flattenDiagnosticMessageText(messageText, "\n"))
  }
}

// Strings are in double quotes in the comments.
const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Infinity }).replaceAll("'", "\"")

const { log } = console
for (const { code, file, line, source } of examples) {
  const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, text]) => text)
  if (expected.length === 0) continue
  const printed: Array<string> = []
  console.log = (...values: ReadonlyArray<unknown>) => {
    printed.push(values.map(shown).join(" "))
  }
  await import(pathToFileURL(file).href).catch((error: unknown) => printed.push(String(error)))
  if (printed.join("\n") !== expected.join("\n")) {
    report(source, line, `its comments say\n${expected.join("\n")}\nand it prints\n${printed.join("\n")}`)
  }
}
console.log = log
console.log(`${examples.length} examples`)
