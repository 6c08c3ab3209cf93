/**
 * What a doc comment has to have, as rules over TypeDoc's model.
 */
import { type Comment, DeclarationReflection, type ProjectReflection, type Reflection, ReflectionKind } from "typedoc"
import ts from "typescript"

/** Something to mend, at a place in the project. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The categories, in the order in which a module's page has them. */
export const categories: ReadonlyArray<string> = [
  "errors",
  "tags",
  "layers",
  "constructors",
  "workflows",
  "waiting",
  "events",
  "retention",
  "apis",
  "schedules",
  "steps",
  "metrics",
  "models",
  "schemas",
  "pattern matching",
  "guards",
  "accessors",
  "conversions",
  "decoding",
  "encoding",
  "type ids"
]

/** An example says nothing here: a guard is the condition of an `if`, and a type id is not for callers. */
const withoutExample: ReadonlySet<string> = new Set(["guards", "type ids"])

/** What says all by its name: the tag of a union (in plain data, `type`), and the cases of `match`, named after states. */
const saysAll = /^(?:_tag|type|onPending|onSucceeded|onFailed)$/

const values = ReflectionKind.Function | ReflectionKind.Class | ReflectionKind.Variable

const members = ReflectionKind.Property | ReflectionKind.Accessor | ReflectionKind.Method

const textOf = (parts: Comment["summary"]): string => parts.map((part) => part.text).join("").trim()

const isSentence = (text: string): boolean => /^[A-Z`"].*?[.:](?:\s|$)/s.test(text)

// A function's comment is with its signature.
const commentOf = (reflection: DeclarationReflection): Comment | undefined => {
  const signatures = reflection.signatures ??
    (reflection.type?.type === "reflection" ? reflection.type.declaration.signatures : undefined)
  return reflection.comment ?? reflection.getSignature?.comment ?? signatures?.[0]?.comment
}

/** Where it is in the sources; nothing for what is declared elsewhere. */
const placeOf = (reflection: DeclarationReflection): Omit<Problem, "text"> | undefined => {
  const source = reflection.sources?.find(({ fileName }) => fileName.startsWith("src/"))
  return source === undefined ? undefined : { file: source.fileName, line: source.line }
}

const tags = (comment: Comment, tag: `@${string}`): ReadonlyArray<string> =>
  comment.getTags(tag).map(({ content }) => textOf(content))

const categoryOf = (reflection: DeclarationReflection): string | undefined => {
  const comment = commentOf(reflection)
  return comment === undefined ? undefined : tags(comment, "@category")[0]
}

const ofExport = (reflection: DeclarationReflection): ReadonlyArray<string> => {
  const comment = commentOf(reflection)
  if (comment === undefined) return ["no comment"]
  const missing: Array<string> = []
  const text = textOf(comment.summary)
  if (text === "") missing.push("no description")
  else if (!isSentence(text)) missing.push("no first sentence")
  if (!tags(comment, "@since").every((version) => /^\d+\.\d+\.\d+$/.test(version)) || !comment.getTag("@since")) {
    missing.push("no @since with a version")
  }
  const [category, ...others] = tags(comment, "@category")
  if (category === undefined) missing.push("no @category")
  else if (others.length > 0) missing.push("more than one @category")
  else if (!categories.includes(category)) missing.push(`@category ${category}, which is none of ours`)
  if (reflection.kindOf(values) && category !== undefined && !withoutExample.has(category)) {
    const examples = tags(comment, "@example")
    const code = examples.join("\n").replaceAll(/^import .*$/gm, "")
    if (examples.length === 0) missing.push("no @example")
    else if (!examples.every((example) => example.includes("```ts\n"))) {
      missing.push("an @example without a block of ts")
    } else if (!new RegExp(`\\b${reflection.name}\\b`).test(code)) missing.push("no @example that uses it")
  }
  return missing
}

const ancestors = (reflection: Reflection): ReadonlyArray<Reflection> =>
  reflection.parent === undefined ? [] : [reflection.parent, ...ancestors(reflection.parent)]

// Whether a reader sees it as something of its own that has to be told.
const isToBeDescribed = (reflection: DeclarationReflection): boolean => {
  if (saysAll.test(reflection.name)) return false
  const above = ancestors(reflection)
  // What a constructor or a base class takes is there again as the class's own.
  if (above.some((parent) => parent.kindOf(ReflectionKind.ConstructorSignature))) return false
  if (
    above.some((parent) => parent.kindOf(ReflectionKind.TypeLiteral) && parent.parent?.kindOf(ReflectionKind.Class))
  ) {
    return false
  }
  // The type of a schema is derived: its fields are those of the model beside it.
  const top = above.find((parent) => parent.parent?.kindOf(ReflectionKind.Module))
  return !(top instanceof DeclarationReflection && top.kindOf(ReflectionKind.Variable) && categoryOf(top) === "schemas")
}

// As a reader would say it: without the signatures and nameless types between.
const nameOf = (reflection: Reflection): string =>
  [reflection, ...ancestors(reflection)].toReversed()
    .map(({ name }) => name)
    .filter((name, index, names) => index > 0 && name !== "__type" && (index === 2 || name !== names[index - 1]))
    .join(".")

/** What the comments of a project lack. */
export const check = (project: ProjectReflection): ReadonlyArray<Problem> => {
  // By place and text, for what is inherited has one comment.
  const problems = new Map<string, Problem>()
  const report = (reflection: DeclarationReflection, text: string): void => {
    const { file, line } = placeOf(reflection) ?? { file: nameOf(reflection), line: 0 }
    const key = `${file}:${line} ${reflection.name} ${text}`
    if (!problems.has(key)) problems.set(key, { file, line, text: `${nameOf(reflection)}: ${text}` })
  }
  for (const module of project.children ?? []) {
    const comment = module.comment
    if (comment === undefined || !isSentence(textOf(comment.summary))) report(module, "no first sentence")
    if (comment === undefined || tags(comment, "@since").length !== 1) report(module, "no @since")
    for (const reflection of module.children ?? []) {
      if (reflection.isReference()) continue
      for (const missing of ofExport(reflection)) report(reflection, missing)
    }
  }
  for (const reflection of project.getReflectionsByKind(members)) {
    if (
      reflection instanceof DeclarationReflection && placeOf(reflection) !== undefined && isToBeDescribed(reflection) &&
      !isSentence(textOf(commentOf(reflection)?.summary ?? []))
    ) report(reflection, "no description")
  }
  return [...problems.values()]
}

const lineOf = (symbol: ts.Symbol): number => {
  const [declaration] = symbol.declarations ?? []
  if (declaration === undefined) return 1
  return declaration.getSourceFile().getLineAndCharacterOfPosition(declaration.getStart()).line + 1
}

/** Which exports of the modules are not in the model. */
export const missing = (
  program: ts.Program,
  project: ProjectReflection,
  files: ReadonlyMap<string, string>
): ReadonlyArray<Problem> => {
  const checker = program.getTypeChecker()
  return [...files].flatMap(([name, file]) => {
    const sourceFile = program.getSourceFile(file)
    const symbol = sourceFile === undefined ? undefined : checker.getSymbolAtLocation(sourceFile)
    if (symbol === undefined) throw new Error(`${file} is no module`)
    const documented = project.children?.find((child) => child.name === name)?.children ?? []
    return checker.getExportsOfModule(symbol)
      .filter((exported) => !exported.getJsDocTags().some((tag) => tag.name === "internal"))
      .flatMap((exported) => {
        const { flags } = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
        const kinds = documented.filter((child) => child.name === exported.name)
        const isThere = (flag: ts.SymbolFlags, kind: ReflectionKind): boolean =>
          (flags & flag) === 0 || kinds.some((child) => child.kindOf(kind | ReflectionKind.Reference))
        return isThere(ts.SymbolFlags.Value, values) &&
            isThere(ts.SymbolFlags.Type, ReflectionKind.SomeType | ReflectionKind.Class)
          ? []
          : [{ file: `src/${name}.ts`, line: lineOf(exported), text: `${name}.${exported.name}: not in the reference` }]
      })
  })
}

/** Where the barrel does not say of a module what the module says itself. */
export const barrel = (index: string, moduleText: (name: string) => string): ReadonlyArray<Problem> =>
  [...index.matchAll(/(\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?export \* as (\w+)/g)].flatMap((match) => {
    const [, comment, name = ""] = match
    return comment !== undefined && moduleText(name).startsWith(comment)
      ? []
      : [{
        file: "src/index.ts",
        line: index.slice(0, match.index).split("\n").length,
        text: `${name}: not the comment at the beginning of src/${name}.ts`
      }]
  })
