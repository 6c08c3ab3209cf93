/**
 * Reads the methods and schemas of Google's APIs from the npm package `googleapis`, which is generated from their
 * discovery documents and does not contain them.
 *
 * For each method, the package's JavaScript has the URL's template and the HTTP method. Its declarations have the
 * parameters, the types of the request and the response, and a sample whose values come from the parameters' patterns.
 * The files are parsed, not run.
 */
import * as Array from "effect/Array"
import * as Predicate from "effect/Predicate"
import { readdirSync, readFileSync } from "node:fs"
import ts from "typescript"

/** A method of an API. */
export interface Method {
  /** The collections of its resource: `["projects", "locations", "operations"]`. */
  readonly resource: ReadonlyArray<string>
  readonly httpMethod: string
  /** `https://run.googleapis.com` */
  readonly rootUrl: string
  /** `/v2/{+name}` */
  readonly path: string
  /** The parameters of the sample that are strings. */
  readonly sample: Readonly<Record<string, string>>
  /** The names of the parameters, in the path and in the query. */
  readonly parameters: ReadonlyArray<string>
  /** The schema of the request's body. */
  readonly request: string | undefined
  /** The schema of the response. */
  readonly response: string | undefined
}

/** The properties of a schema: name and type. */
export type Schema = Readonly<Record<string, string>>

/** One version of an API. */
export interface Api {
  readonly name: string
  readonly version: string
  readonly methods: ReadonlyArray<Method>
  readonly schemas: ReadonlyMap<string, Schema>
}

const parse = (file: string, text: string): ts.SourceFile => ts.createSourceFile(file, text, ts.ScriptTarget.ES2022)

/** The first value that `pick` returns for a node of a tree, from the top. */
const first = <A>(node: ts.Node, pick: (node: ts.Node) => A | undefined): A | undefined =>
  pick(node) ?? ts.forEachChild(node, (child) => first(child, pick))

const nameOf = (node: ts.Node & { readonly name?: ts.Node }): string =>
  node.name !== undefined && (ts.isIdentifier(node.name) || ts.isStringLiteralLike(node.name)) ? node.name.text : ""

const literalIn = (node: ts.Node): string | undefined =>
  first(node, (child) => ts.isStringLiteralLike(child) ? child.text : undefined)

// ---------------------------------------------------------------------------------------------------------------------
// The JavaScript: requests
// ---------------------------------------------------------------------------------------------------------------------

type Request = Pick<Method, "httpMethod" | "path" | "rootUrl">

const property = (node: ts.Node, name: string): string | undefined =>
  first(
    node,
    (child) => ts.isPropertyAssignment(child) && nameOf(child) === name ? literalIn(child.initializer) : undefined
  )

const requestOf = (method: ts.MethodDeclaration): Request | undefined => {
  const rootUrl = first(
    method,
    (node) => ts.isVariableDeclaration(node) && nameOf(node) === "rootUrl" ? literalIn(node) : undefined
  )
  const path = property(method, "url")
  const httpMethod = property(method, "method")
  return rootUrl === undefined || path === undefined || httpMethod === undefined
    ? undefined
    : { rootUrl: rootUrl.replace(/\/$/, ""), path: path.replaceAll(/\/+/g, "/"), httpMethod }
}

/** The classes of a file. They are in a namespace. */
const classesIn = (file: ts.SourceFile): ReadonlyArray<ts.ClassLikeDeclaration> => {
  const classes: globalThis.Array<ts.ClassLikeDeclaration> = []
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) classes.push(node)
    else ts.forEachChild(node, visit)
  }
  visit(file)
  return classes
}

const idOf = (owner: ts.ClassLikeDeclaration, method: ts.MethodDeclaration): string =>
  `${nameOf(owner)}.${nameOf(method)}`

const requestsIn = (file: ts.SourceFile): ReadonlyMap<string, Request> =>
  new Map(
    classesIn(file).flatMap((owner) =>
      owner.members.filter(ts.isMethodDeclaration).flatMap((method): ReadonlyArray<[string, Request]> => {
        const request = requestOf(method)
        return request === undefined ? [] : [[idOf(owner, method), request]]
      })
    )
  )

// ---------------------------------------------------------------------------------------------------------------------
// The declarations: types and samples
// ---------------------------------------------------------------------------------------------------------------------

const typeOf = (node: { readonly type?: ts.TypeNode | undefined }, text: string): string =>
  node.type === undefined ? "" : text.slice(node.type.pos, node.type.end).trim()

const interfacesIn = (file: ts.SourceFile, text: string): ReadonlyMap<string, Schema> => {
  const interfaces = new Map<string, Schema>()
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node)) {
      const members = node.members.filter(ts.isPropertySignature)
      interfaces.set(
        node.name.text,
        Object.fromEntries(members.map((member) => [nameOf(member), typeOf(member, text)]))
      )
    } else {
      ts.forEachChild(node, visit)
    }
  }
  visit(file)
  return interfaces
}

const schemaName = (type: string | undefined): string | undefined => /^Schema\$(\w+)$/.exec(type ?? "")?.[1]

// The parameters of the last call in the sample with `await`.
const sampleIn = (comment: string): Readonly<Record<string, string>> => {
  const code = /```js\n(.*?)^ *\* ```$/ms.exec(comment)?.[1]?.replaceAll(/^ *\* ?/gm, "")
  const main = code === undefined ? undefined : first(
    parse("sample.js", code),
    (node) => ts.isFunctionDeclaration(node) && nameOf(node) === "main" ? node : undefined
  )
  const calls: globalThis.Array<ts.ObjectLiteralExpression> = []
  const visit = (node: ts.Node): void => {
    if (ts.isAwaitExpression(node) && ts.isCallExpression(node.expression)) {
      const [parameters] = node.expression.arguments
      if (parameters !== undefined && ts.isObjectLiteralExpression(parameters)) calls.push(parameters)
    }
    ts.forEachChild(node, visit)
  }
  if (main !== undefined) visit(main)
  return Object.fromEntries(
    (calls.at(-1)?.properties ?? []).flatMap((member) =>
      ts.isPropertyAssignment(member) && ts.isStringLiteralLike(member.initializer)
        ? [[nameOf(member), member.initializer.text]]
        : []
    )
  )
}

// The class of an API has a property for each of its collections. So has the class of a collection.
const resourcesIn = (
  classes: ReadonlyArray<ts.ClassLikeDeclaration>,
  text: string
): ReadonlyMap<string, ReadonlyArray<string>> => {
  const resources = new Map<string, ReadonlyArray<string>>()
  const visit = (owner: ts.ClassLikeDeclaration, path: ReadonlyArray<string>): void => {
    resources.set(nameOf(owner), path)
    for (const member of owner.members.filter(ts.isPropertyDeclaration)) {
      const type = typeOf(member, text)
      const inner = classes.find((candidate) => nameOf(candidate) === type)
      if (inner !== undefined) visit(inner, [...path, nameOf(member)])
    }
  }
  for (const root of classes.filter((candidate) => !nameOf(candidate).startsWith("Resource$"))) visit(root, [])
  return resources
}

const readApi = (folder: string, name: string, version: string): Api => {
  const file = `${folder}/${name}/${version}`
  const requests = requestsIn(parse("api.js", readFileSync(`${file}.js`, "utf8")))
  const text = readFileSync(`${file}.d.ts`, "utf8")
  const declarations = parse("api.d.ts", text)
  const interfaces = interfacesIn(declarations, text)
  const classes = classesIn(declarations)
  const resources = resourcesIn(classes, text)
  const methods = classes.flatMap((owner) => {
    // A method has six overloads. The first has the comment, the second the type of the response.
    const overloads = Array.groupBy(owner.members.filter(ts.isMethodDeclaration), (method) => idOf(owner, method))
    return Object.entries(overloads).flatMap(([id, [commented, typed]]): ReadonlyArray<Method> => {
      const request = requests.get(id)
      const [parameters] = commented.parameters
      if (request === undefined || parameters === undefined || typed === undefined) return []
      const declared = interfaces.get(typeOf(parameters, text)) ?? {}
      return [{
        resource: resources.get(nameOf(owner)) ?? [],
        ...request,
        sample: sampleIn(text.slice(commented.pos, commented.name.end)),
        parameters: Object.keys(declared).filter((parameter) => parameter !== "requestBody"),
        request: schemaName(declared.requestBody),
        response: schemaName(/^Promise<GaxiosResponseWithHTTP2<(.*)>>$/.exec(typeOf(typed, text))?.[1])
      }]
    })
  })
  const schemas = new Map(
    [...interfaces].flatMap(([key, schema]) => {
      const schemaKey = schemaName(key)
      return schemaKey === undefined ? [] : [[schemaKey, schema] as const]
    })
  )
  return { name, version, methods, schemas }
}

const filesIn = (folder: string): ReadonlyArray<string> => readdirSync(folder).sort()

/** Reads every version of every API of the package that is installed in a folder, by name and version. */
export const readApis = function*(googleapis: string): Generator<Api> {
  const folder = `${googleapis}/build/src/apis`
  for (const name of filesIn(folder).filter((file) => !file.startsWith("index."))) {
    for (const file of filesIn(`${folder}/${name}`)) {
      const version = /^(.+)(?<!^index)\.js$/.exec(file)?.[1]
      if (version !== undefined) yield readApi(folder, name, version)
    }
  }
}

/** The version of the package that is installed in a folder. */
export const versionOf = (googleapis: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(`${googleapis}/package.json`, "utf8"))
  return Predicate.hasProperty(manifest, "version") ? String(manifest.version) : "of no version"
}
