// npm run docs: writes the API reference to docs/reference, made of the doc comments in src. It fails with a list of what
// is to be mended: an export that is not there, a comment that lacks something, an example that does not compile or prints
// something else than it says.
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import {
  Application,
  ArrayType,
  type CommentDisplayPart,
  Converter,
  DeclarationReflection,
  DocumentReflection,
  Logger,
  LogLevel,
  makeRecursiveVisitor,
  type MinimalNode,
  type MinimalSourceFile,
  normalizePath,
  type ProjectReflection,
  ReflectionFlag,
  ReflectionKind,
  RestType,
  type SomeType
} from "typedoc"
import ts from "typescript"
import * as Examples from "./docs/examples.js"
import * as Rules from "./docs/rules.js"

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "")
const out = `${root}/docs/reference`
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8")

const filesIn = (folder: string, ending: string): ReadonlyArray<string> =>
  readdirSync(`${root}/${folder}`).filter((file) => file.endsWith(ending)).sort().map((file) => `${folder}/${file}`)

const nameOf = (file: string): string => file.slice(file.lastIndexOf("/") + 1, file.lastIndexOf("."))

// ---------------------------------------------------------------------------------------------------------------------
// What is public
// ---------------------------------------------------------------------------------------------------------------------

const pages = filesIn("docs", ".md")

/** The public modules: name and absolute path. */
const modules: ReadonlyMap<string, string> = new Map(
  filesIn("src", ".ts").filter((file) => file !== "src/index.ts").map((file) => [nameOf(file), `${root}/${file}`])
)

const problems: Array<Rules.Problem> = [...Rules.barrel(read("src/index.ts"), (name) => read(`src/${name}.ts`))]

const published: Readonly<Record<string, unknown>> = JSON.parse(read("package.json")).exports
for (const [path, target] of Object.entries(published)) {
  if (target === null || path.includes("*") || path === "." || path.endsWith(".json")) continue
  if (!modules.has(path.slice("./".length))) {
    problems.push({ file: "package.json", line: 1, text: `${path}: no such module` })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// One program of the modules and the examples
// ---------------------------------------------------------------------------------------------------------------------

// Those of README and docs/*.md are quotations of examples/, which are compiled as they are.
const examples = [...modules.keys()].map((name) => `src/${name}.ts`)
  .flatMap((source) => Examples.extract(source, read(source), `${out}/.examples`))
Examples.write(`${out}/.examples`, examples)

const config = ts.getParsedCommandLineOfConfigFile(`${root}/tsconfig.json`, undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
    throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"))
  }
})
const options = config?.options ?? {}
const host = ts.createCompilerHost(options, true)
const { readFile } = host
const isModule = new Set(modules.values())
// The first comment of a module is the module's; TypeDoc wants to be told so.
host.readFile = (file) =>
  isModule.has(file) ? readFile(file)?.replace(/^\/\*\*/, "/** @packageDocumentation") : readFile(file)
const program = ts.createProgram([...modules.values(), ...examples.map(({ file }) => file)], options, host)

problems.push(...Examples.check(program, examples))
problems.push(...await Examples.run(examples))

// ---------------------------------------------------------------------------------------------------------------------
// TypeDoc's model
// ---------------------------------------------------------------------------------------------------------------------

/** Takes TypeDoc's warnings for what they are here: something to mend. */
class Problems extends Logger {
  override log(text: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) problems.push({ file: "typedoc", line: 0, text })
  }
  protected override addContext(
    text: string,
    _level: Exclude<LogLevel, LogLevel.None>,
    ...[at, file]: [MinimalNode?] | [number, MinimalSourceFile]
  ): string {
    return file === undefined || typeof at !== "number"
      ? text
      : `${text} (${file.fileName.slice(root.length + 1)}:${file.getLineAndCharacterOfPosition(at).line + 1})`
  }
}

const app = await Application.bootstrap({
  name: "effect-google-operations",
  readme: `${root}/README.md`,
  projectDocuments: pages.map((page) => `${root}/${page}`),
  basePath: root,
  disableGit: true,
  excludeInternal: true,
  excludePrivate: true,
  // A table of literals: GoogleApiCatalog.names and versions say what is in it.
  intentionallyNotExported: ["src/internal/catalog.ts:Apis"],
  sort: ["source-order"],
  categoryOrder: [...Rules.categories],
  groupOrder: ["Methods", "Properties", "Accessors", "Constructors"],
  navigation: { includeCategories: true, includeGroups: false, includeFolders: false, excludeReferences: false },
  visibilityFilters: {},
  useFirstParagraphOfCommentAsSummary: true,
  searchInComments: true,
  searchInDocuments: true,
  includeHierarchySummary: false,
  sourceLinkExternal: false,
  hideGenerator: true,
  headings: { readme: false, document: true },
  customCss: `${root}/scripts/docs/style.css`,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: false }
})
app.logger = new Problems()

// A property or a variable that is a function is shown as one: with its parameters and what there is to say of them.
const asFunction = (project: ProjectReflection, reflection: DeclarationReflection): void => {
  const { parent, type } = reflection
  if (type?.type !== "reflection" || type.declaration.children !== undefined) return
  const { signatures } = type.declaration
  if (signatures === undefined) return
  if (reflection.kindOf(ReflectionKind.Property) && parent?.kindOf(ReflectionKind.Interface)) {
    reflection.kind = ReflectionKind.Method
  } else if (reflection.kindOf(ReflectionKind.Variable)) {
    reflection.kind = ReflectionKind.Function
  } else return
  for (const signature of signatures) {
    signature.name = reflection.name
    signature.parent = reflection
  }
  const [first] = signatures
  if (first !== undefined && reflection.comment !== undefined) first.comment = reflection.comment
  reflection.signatures = signatures
  delete reflection.comment
  delete reflection.type
  delete type.declaration.signatures
  project.removeReflection(type.declaration)
}

app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
  const [first] = page.content
  const title = /^# (.+)\n+/.exec(first?.text ?? "")
  if (first === undefined || title?.[1] === undefined) {
    problems.push({ file: `${page.name}.md`, line: 1, text: "does not begin with a title" })
  } else {
    page.name = title[1]
    first.text = first.text.slice(title[0].length)
  }
})

// The programs in examples/ as a page, for the README links the folder.
app.converter.on(Converter.EVENT_CREATE_PROJECT, ({ project }) => {
  const content = filesIn("examples", ".ts").flatMap((file): ReadonlyArray<CommentDisplayPart> => [
    { kind: "text", text: `\n\n## ${nameOf(file)}\n\n` },
    { kind: "code", text: `\`\`\`ts\n${read(file).trimEnd()}\n\`\`\`` }
  ])
  const page = new DocumentReflection("Examples", project, [...content], {})
  project.addChild(page)
  project.registerReflection(page, undefined, normalizePath(`${root}/examples`))
})

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    // What a class inherits from Effect says nothing of it, but for the tag to catch it by.
    const isEffects = reflection.name.startsWith("~") || (reflection.flags.isExternal && reflection.name !== "_tag")
    if (isEffects && reflection.parent?.kindOf(ReflectionKind.Class)) project.removeReflection(reflection)
    else if (reflection instanceof DeclarationReflection) asFunction(project, reflection)
  }
})

const project = app.converter.convert([...modules].map(([displayName, file]) => {
  const sourceFile = program.getSourceFile(file)
  if (sourceFile === undefined) throw new Error(`${file} is not in the program`)
  return { displayName, program, sourceFile }
}))

// Where a type and a value have one name, each has its own place.
for (const reflection of project.getReflectionsByKind(ReflectionKind.SomeExport)) {
  if (!(reflection instanceof DeclarationReflection) || reflection.sources === undefined) continue
  const isType = reflection.kindOf(ReflectionKind.Interface | ReflectionKind.TypeAlias)
  const [own = reflection.sources[0]] = reflection.sources.filter(({ fileName, line }) =>
    /^export (?:interface|type) /.test(read(fileName).split("\n")[line - 1] ?? "") === isType
  )
  if (own !== undefined) reflection.sources = [own]
}

problems.push(...Rules.missing(program, project, modules), ...Rules.check(project))
app.validate(project)

// ---------------------------------------------------------------------------------------------------------------------
// What a reader sees
// ---------------------------------------------------------------------------------------------------------------------

// TypeDoc 0.28 drops the dots of `readonly [A, ...Array<A>]`.
const dots = makeRecursiveVisitor({
  typeOperator: ({ target }) => {
    if (target.type !== "tuple") return
    const [first, rest, ...others] = target.elements
    if (first === undefined || others.length > 0 || first.toString() !== rest?.toString()) return
    target.elements = [first, new RestType(new ArrayType(first))]
  }
})

const isInReference = (type: SomeType): boolean => type.type === "reference" && type.reflection !== undefined

for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
  if (reflection.isParameter()) reflection.type?.visit(dots)
  if (!(reflection instanceof DeclarationReflection)) continue
  if (reflection.parent?.isProject()) {
    reflection.comment?.summary.push({
      kind: "code",
      text: `\n\n\`\`\`ts\nimport * as ${reflection.name} from "effect-google-operations/${reflection.name}"\n\`\`\``
    })
    continue
  }
  // All is readonly and const here.
  reflection.setFlag(ReflectionFlag.Readonly, false)
  reflection.setFlag(ReflectionFlag.Const, false)
  if (reflection.type?.type === "typeOperator") reflection.type = reflection.type.target
  // Nor does it say anything from which of Effect's classes, or of our own types that are not public, something comes.
  if (!reflection.extendedTypes?.every(isInReference)) {
    delete reflection.extendedTypes
    delete reflection.typeHierarchy
  }
  if (reflection.inheritedFrom?.reflection === undefined || reflection.parent?.kindOf(ReflectionKind.Class)) {
    delete reflection.inheritedFrom
    delete reflection.overwrites
    reflection.setFlag(ReflectionFlag.Inherited, false)
    if (reflection.kindOf(ReflectionKind.Property)) delete reflection.defaultValue
    for (const signature of reflection.getAllSignatures()) {
      delete signature.inheritedFrom
      delete signature.overwrites
    }
  }
  // A module's export tells where it is; its members are beside it.
  if (!reflection.parent?.kindOf(ReflectionKind.Module)) {
    delete reflection.sources
    for (const signature of reflection.getAllSignatures()) delete signature.sources
  }
}

await app.generateDocs(project, out)

for (const { file, line, text } of problems) console.error(`${file}${line === 0 ? "" : `:${line}`} ${text}`)
if (problems.length > 0) process.exitCode = 1
else console.log(`docs/reference: ${modules.size} modules, ${examples.length} examples`)
