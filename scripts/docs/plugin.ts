/**
 * A plugin of TypeDoc: shows functions with their parameters, and checks the doc comments.
 */
import { readFileSync } from "node:fs"
import {
  Application,
  ArrayType,
  type Comment,
  Converter,
  DeclarationReflection,
  makeRecursiveVisitor,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  RestType
} from "typedoc"

// ---------------------------------------------------------------------------------------------------------------------
// Types
// ---------------------------------------------------------------------------------------------------------------------

/** Shows a property or a variable that is a function with its parameters and their options. */
const showAsFunction = (project: ProjectReflection, reflection: DeclarationReflection): void => {
  const { comment, parent, type } = reflection
  if (type?.type !== "reflection" || type.declaration.children !== undefined) return
  const { signatures } = type.declaration
  if (signatures === undefined) return
  if (reflection.kindOf(ReflectionKind.Variable)) reflection.kind = ReflectionKind.Function
  else if (parent?.kindOf(ReflectionKind.Interface)) reflection.kind = ReflectionKind.Method
  else return
  for (const signature of signatures) {
    signature.name = reflection.name
    signature.parent = reflection
  }
  if (comment !== undefined) signatures[0]!.comment = comment
  reflection.signatures = signatures
  delete reflection.comment
  delete reflection.type
  delete type.declaration.signatures
  project.removeReflection(type.declaration)
}

// TypeDoc 0.28 shows a parameter of the type `readonly [A, ...Array<A>]` as `readonly [A, A]`.
const restOfTuples = makeRecursiveVisitor({
  typeOperator: ({ target }) => {
    if (target.type !== "tuple") return
    const [first, rest, ...others] = target.elements
    if (first === undefined || others.length > 0 || first.toString() !== rest?.toString()) return
    target.elements = [first, new RestType(new ArrayType(first))]
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Doc comments
// ---------------------------------------------------------------------------------------------------------------------

const textOf = (parts: Comment["summary"]): string => parts.map((part) => part.text).join("").trim()

const isSentence = (comment: Comment | undefined): boolean =>
  comment !== undefined && /^[A-Z`"].*?[.:](?:\s|$)/s.test(textOf(comment.summary))

const tagsOf = (comment: Comment | undefined, tag: `@${string}`): ReadonlyArray<string> =>
  comment?.getTags(tag).map(({ content }) => textOf(content)) ?? []

// The comment of a function is at its signature.
const commentOf = (reflection: DeclarationReflection): Comment | undefined =>
  reflection.comment ?? reflection.getSignature?.comment ?? reflection.signatures?.[0]?.comment

/** The faults of the comment of a module or an export. */
const faultsOf = (reflection: DeclarationReflection, categories: ReadonlyArray<string>): ReadonlyArray<string> => {
  const comment = commentOf(reflection)
  const versions = tagsOf(comment, "@since")
  const [category, ...others] = tagsOf(comment, "@category")
  const examples = tagsOf(comment, "@example")
  const code = examples.join("\n").replaceAll(/^import .*$/gm, "")
  const isModule = reflection.kindOf(ReflectionKind.Module)
  // A guard is the condition of an `if`, and a type id is not for callers.
  const hasExample = reflection.kindOf(ReflectionKind.Function | ReflectionKind.Class | ReflectionKind.Variable) &&
    category !== "guards" && category !== "type ids"
  const isKnown = category !== undefined && others.length === 0 && categories.includes(category)
  const isUsed = examples.every((example) => example.includes("```ts\n")) &&
    new RegExp(`\\b${reflection.name}\\b`).test(code)
  const rules: ReadonlyArray<readonly [isKept: boolean, fault: string]> = [
    [isSentence(comment), isModule ? "needs a comment with a first sentence and @module" : "needs a first sentence"],
    [versions.length === 1 && /^\d+\.\d+\.\d+$/.test(versions[0]!), "needs one @since with a version"],
    [isModule || isKnown, "needs one @category of typedoc.json"],
    [!hasExample || isUsed, "needs an @example in TypeScript that uses it"]
  ]
  return rules.flatMap(([isKept, fault]) => isKept ? [] : [fault])
}

const ancestorsOf = ({ parent }: Reflection): ReadonlyArray<Reflection> =>
  parent === undefined ? [] : [parent, ...ancestorsOf(parent)]

/** Whether a member needs a description. */
const needsDescription = (member: DeclarationReflection): boolean => {
  // The tag of a union, and the cases of `match`.
  if (/^(?:_tag|type|onPending|onSucceeded|onFailed)$/.test(member.name)) return false
  const above = ancestorsOf(member)
  // The class has the same members.
  if (above.some((parent) => parent.kindOf(ReflectionKind.ConstructorSignature))) return false
  // The model of a schema has the same members.
  return !above.some((parent) =>
    parent instanceof DeclarationReflection && tagsOf(commentOf(parent), "@category")[0] === "schemas"
  )
}

/** The modules whose comment in the barrel is not the comment of the module. */
const differingInBarrel = (): ReadonlyArray<string> =>
  [...readFileSync("src/index.ts", "utf8").matchAll(/(\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?export \* as (\w+)/g)]
    .filter(([, comment, name]) =>
      comment === undefined || !readFileSync(`src/${name}.ts`, "utf8").replace("\n * @module", "").startsWith(comment)
    )
    .map(([, , name]) => name!)

const members = ReflectionKind.Property | ReflectionKind.Accessor | ReflectionKind.Method

export const load = (app: Application): void => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Variable | members)) {
      // The type ids of classes are not for callers.
      if (reflection.name.startsWith("~")) project.removeReflection(reflection)
      else if (reflection instanceof DeclarationReflection) showAsFunction(project, reflection)
    }
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (reflection.isParameter()) reflection.type?.visit(restOfTuples)
    }
  })
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    const report = (reflection: DeclarationReflection, fault: string): void => {
      const [source] = reflection.sources ?? []
      app.logger.warn(`${source?.fileName}:${source?.line} ${reflection.getFullName()}: ${fault}`)
    }
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      if (!(module instanceof DeclarationReflection)) continue
      for (const reflection of [module, ...module.children ?? []]) {
        if (reflection.isReference()) continue
        for (const fault of faultsOf(reflection, app.options.getValue("categoryOrder"))) report(reflection, fault)
      }
    }
    for (const member of project.getReflectionsByKind(members)) {
      if (!(member instanceof DeclarationReflection)) continue
      if (needsDescription(member) && !isSentence(commentOf(member))) report(member, "needs a description")
    }
    for (const name of differingInBarrel()) {
      app.logger.warn(`src/index.ts: the comment of ${name} is not the comment of src/${name}.ts`)
    }
  })
}
