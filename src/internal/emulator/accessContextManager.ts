/**
 * Emulates the Access Context Manager resources: policies, access levels and service perimeters.
 *
 * Sources: `google/identity/accesscontextmanager/v1/*.proto`, and the discovery document of `accesscontextmanager.v1`.
 * If the sources do not define the response to an invalid request, the emulator responds as the AIPs require.
 */
import * as Either from "effect/Either"
import * as ProtobufAny from "../../ProtobufAny.js"
import { isJsonObject, type Json, type JsonObject, parseJson } from "./json.js"
import { applyMask, invalid, type Mask, type Message, omit, readMask, readMessage, type Result } from "./messages.js"
import { paginate } from "./pages.js"
import { type Params, parseTemplate, type Template } from "./path.js"
import type { Failure } from "./reply.js"

// The maximum number of policies, and the maximum numbers of levels and of perimeters in each policy.
const maxPolicies = 1_000
const maxMembers = 1_000

// ---------------------------------------------------------------------------------------------------------------------
// Messages
// ---------------------------------------------------------------------------------------------------------------------

const times: Message = { createTime: "ignored", updateTime: "ignored" }

const accessPolicy: Message = {
  name: "string",
  parent: "string",
  title: "string",
  scopes: "strings",
  etag: "string",
  ...times
}

const condition: Message = {
  ipSubnetworks: "strings",
  devicePolicy: "object",
  requiredAccessLevels: "strings",
  negate: "bool",
  members: "strings",
  regions: "strings",
  vpcNetworkSources: "objects"
}

const accessLevel: Message = {
  name: "string",
  title: "string",
  description: "string",
  basic: { message: { conditions: { messages: condition }, combiningFunction: { enum: ["AND", "OR"] } } },
  custom: {
    message: {
      expr: { message: { expression: "string", title: "string", description: "string", location: "string" } }
    }
  },
  ...times
}

const perimeterConfig: Message = {
  resources: "strings",
  accessLevels: "strings",
  restrictedServices: "strings",
  vpcAccessibleServices: { message: { enableRestriction: "bool", allowedServices: "strings" } },
  ingressPolicies: "objects",
  egressPolicies: "objects"
}

const servicePerimeter: Message = {
  name: "string",
  title: "string",
  description: "string",
  perimeterType: { enum: ["PERIMETER_TYPE_REGULAR", "PERIMETER_TYPE_BRIDGE"] },
  status: { message: perimeterConfig },
  spec: { message: perimeterConfig },
  useExplicitDryRunSpec: "bool",
  etag: "string",
  ...times
}

// ---------------------------------------------------------------------------------------------------------------------
// State
// ---------------------------------------------------------------------------------------------------------------------

type Members = ReadonlyMap<string, JsonObject>

interface Policy {
  readonly resource: JsonObject
  /** Counts changes to the policy and to its levels and perimeters. */
  readonly version: number
  readonly levels: Members
  readonly perimeters: Members
}

// A kind of resource that a policy contains.
interface Kind {
  readonly collection: "accessLevels" | "servicePerimeters"
  readonly members: "levels" | "perimeters"
  readonly typeName: "AccessLevel" | "ServicePerimeter"
  readonly message: Message
  /** The path to the message, as Google's error descriptions state it. */
  readonly at: string
  readonly mutable: ReadonlyArray<string>
}

const levelKind: Kind = {
  collection: "accessLevels",
  members: "levels",
  typeName: "AccessLevel",
  message: accessLevel,
  at: "access_level",
  mutable: ["title", "description", "basic", "custom"]
}

const perimeterKind: Kind = {
  collection: "servicePerimeters",
  members: "perimeters",
  typeName: "ServicePerimeter",
  message: servicePerimeter,
  at: "service_perimeter",
  mutable: ["name", "title", "description", "perimeterType", "status", "spec", "useExplicitDryRunSpec", "etag"]
}

const failure = (code: Failure["code"], message: string): Either.Either<never, Failure> =>
  Either.left({ code, message })

const textOf = (object: JsonObject, field: string): string => {
  const value = object[field]
  return typeof value === "string" ? value : ""
}

const stringsAt = (json: Json | undefined, field: string): ReadonlyArray<string> => {
  const strings = isJsonObject(json) ? json[field] : undefined
  return Array.isArray(strings) ? strings.filter((item): item is string => typeof item === "string") : []
}

// Returns the names of the access levels to which a level or perimeter refers.
const references = (member: JsonObject): ReadonlyArray<string> => {
  const { basic, spec, status } = member
  const conditions = isJsonObject(basic) && Array.isArray(basic["conditions"]) ? basic["conditions"] : []
  return [
    ...conditions.flatMap((condition: Json) => stringsAt(condition, "requiredAccessLevels")),
    ...stringsAt(status, "accessLevels"),
    ...stringsAt(spec, "accessLevels")
  ]
}

// Referenced access levels must exist. A level cannot be removed while it is referenced.
const checkReferences = (before: Policy, after: Policy): Result<Policy> => {
  for (const [name, member] of [...after.levels, ...after.perimeters]) {
    const missing = references(member).find((level) => !after.levels.has(level))
    if (missing === undefined) continue
    return before.levels.has(missing)
      ? failure("FAILED_PRECONDITION", `Access level ${missing} is referenced by ${name}.`)
      : invalid("access_levels", `Access level ${missing} does not exist; it is referenced by ${name}.`)
  }
  return Either.right(after)
}

const checkLevel = (level: JsonObject): Result<JsonObject> =>
  level["basic"] !== undefined && level["custom"] !== undefined
    ? invalid("access_level", "An access level is either basic or custom.")
    : Either.right(level)

const checkPerimeter = (perimeter: JsonObject): Result<JsonObject> => {
  const { perimeterType, spec, status, useExplicitDryRunSpec } = perimeter
  if (spec !== undefined && useExplicitDryRunSpec !== true) {
    return invalid("service_perimeter.spec", "spec can be set only if use_explicit_dry_run_spec is set.")
  }
  const restricts = [status, spec].some((config) =>
    stringsAt(config, "restrictedServices").length > 0 || stringsAt(config, "accessLevels").length > 0
  )
  return perimeterType === "PERIMETER_TYPE_BRIDGE" && restricts
    ? invalid("service_perimeter", "The restricted services and the access levels of a perimeter bridge must be empty.")
    : Either.right(perimeter)
}

const check = (kind: Kind, member: JsonObject): Result<JsonObject> =>
  kind === levelKind ? checkLevel(member) : checkPerimeter(member)

// Encodes eight bytes in base64. The value changes with each change to the policy.
const etagOf = ({ resource, version }: Policy): string => {
  let hash = 0x811c9dc5
  for (const character of textOf(resource, "name")) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setInt32(0, hash)
  bytes.setUint32(4, Math.imul(version + 1, 0x9e3779b1) >>> 0)
  return btoa(String.fromCharCode(...new Uint8Array(bytes.buffer)))
}

// ---------------------------------------------------------------------------------------------------------------------
// Methods
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The planned result of a mutation: the change, and the response of the resulting operation.
 *
 * @internal
 */
export interface Plan {
  readonly response: ProtobufAny.ProtobufAny
  readonly apply: () => void
}

/**
 * A call to an Access Context Manager method. Methods that change a resource start an operation. The change is planned
 * twice: when the operation starts, so that an invalid request fails immediately, and when the operation ends.
 *
 * @internal
 */
export type Call =
  | { readonly _tag: "Read"; readonly read: () => Result<JsonObject> }
  | {
    readonly _tag: "Mutation"
    /** The part of the operation name that describes the change, such as `accessPolicies/1/create`. */
    readonly subject: string
    readonly plan: () => Result<Plan>
  }

interface Input {
  readonly params: Params
  readonly query: URLSearchParams
  readonly body: string
}

type Method = (input: Input) => Call

const typePrefix = "google.identity.accesscontextmanager.v1"
const empty: ProtobufAny.ProtobufAny = { "@type": "type.googleapis.com/google.protobuf.Empty" }

/**
 * The operation metadata, which is an empty message.
 *
 * @internal
 */
export const metadata: ProtobufAny.ProtobufAny = {
  "@type": `type.googleapis.com/${typePrefix}.AccessContextManagerOperationMetadata`
}

const pack = (typeName: string, message: JsonObject): ProtobufAny.ProtobufAny =>
  ProtobufAny.pack(`${typePrefix}.${typeName}`, message)

const readBody = (message: Message, at: string, body: string): Result<JsonObject> =>
  Either.flatMap(
    body.trim() === "" ? Either.right({}) : parseJson(body),
    (json) => readMessage(message, at, json)
  ).pipe(Either.mapLeft((problem) =>
    typeof problem === "string"
      ? { code: "INVALID_ARGUMENT", message: `Invalid JSON payload received. ${problem}` }
      : problem
  ))

const read = (read: () => Result<JsonObject>): Call => ({ _tag: "Read", read })

const mutation = (subject: string, plan: () => Result<Plan>): Call => ({ _tag: "Mutation", subject, plan })

// Returns the name of the policy that contains a resource.
const policyOf = (name: string): string => name.split("/", 2).join("/")

// Validates the requested format. Requests can ask for basic levels to be returned as expressions, which the emulator
// does not support.
const checkFormat = (kind: Kind, query: URLSearchParams): Result<void> => {
  const format = query.get("accessLevelFormat")
  return kind === levelKind && format === "CEL"
    ? failure("UNIMPLEMENTED", "The emulator returns access levels as they are defined, and not in CEL.")
    : Either.void
}

const idPattern = /^[A-Za-z][A-Za-z0-9_]{0,49}$/

const checkName = (kind: Kind, policy: string, name: string): Result<string> => {
  const prefix = `${policy}/${kind.collection}/`
  return name.startsWith(prefix) && idPattern.test(name.slice(prefix.length))
    ? Either.right(name)
    : invalid(
      `${kind.at}.name`,
      `Expected a name such as ${prefix}a_name, at most 50 letters, digits and underscores after the last slash, ` +
        `actual ${JSON.stringify(name.slice(0, 200))}`
    )
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => a < b ? -1 : a > b ? 1 : 0

const membersOf = (kind: Kind, policy: Policy): JsonObject =>
  listResponse(kind.collection, {
    items: [...policy[kind.members]].sort(byName).map(([, member]) => renderMember(kind, policy, member))
  })

const withMembers = (policy: Policy, kind: Kind, members: Members): Policy =>
  kind === levelKind ? { ...policy, levels: members } : { ...policy, perimeters: members }

const checkCount = (members: Members): Result<Members> =>
  members.size > maxMembers
    ? failure("RESOURCE_EXHAUSTED", `The emulator keeps at most ${maxMembers} resources of a kind in an access policy.`)
    : Either.right(members)

const notFound = (name: string): Either.Either<never, Failure> => failure("NOT_FOUND", `${name} was not found.`)

// A perimeter uses the etag of its policy, so any change to the policy or to its members changes the perimeter's etag.
const renderMember = (kind: Kind, policy: Policy, member: JsonObject): JsonObject =>
  kind === perimeterKind ? { ...member, etag: etagOf(policy) } : member

const renderPolicy = (policy: Policy): JsonObject => ({ ...policy.resource, etag: etagOf(policy) })

const page = (
  collection: string,
  query: URLSearchParams,
  resources: Iterable<readonly [string, JsonObject]>
): Result<{ readonly items: ReadonlyArray<JsonObject>; readonly nextPageToken: Json | undefined }> =>
  Either.map(
    paginate(collection, query, [...resources].sort(byName), {
      key: ([name]) => name,
      item: ([, resource]) => resource
    }),
    ({ items, nextPageToken }) => ({ items: items.map(([, item]) => item), nextPageToken })
  )

// ProtoJSON omits empty values.
const listResponse = (
  field: string,
  { items, nextPageToken }: { readonly items: ReadonlyArray<JsonObject>; readonly nextPageToken?: Json | undefined }
): JsonObject => ({
  ...items.length > 0 ? { [field]: items } : {},
  ...nextPageToken !== undefined ? { nextPageToken } : {}
})

/** @internal */
export class AccessContextManager {
  readonly #policies = new Map<string, Policy>()
  readonly #routes: ReadonlyArray<{ readonly verb: string; readonly template: Template; readonly method: Method }>
  #created = 0

  constructor() {
    const methods: Readonly<Record<string, Method>> = {
      "GET /accessPolicies": ({ query }) => this.#listPolicies(query),
      "POST /accessPolicies": ({ body }) => this.#createPolicy(readBody(accessPolicy, "access_policy", body)),
      "GET /{name=accessPolicies/*}": ({ params: { name = "" } }) =>
        read(() => Either.map(this.#policy(name), renderPolicy)),
      "PATCH /{name=accessPolicies/*}": ({ body, params: { name = "" }, query }) =>
        this.#patchPolicy(name, readBody(accessPolicy, "access_policy", body), query),
      "DELETE /{name=accessPolicies/*}": ({ params: { name = "" } }) => this.#deletePolicy(name),
      ...this.#memberMethods(levelKind),
      ...this.#memberMethods(perimeterKind),
      "POST /{parent=accessPolicies/*}/servicePerimeters:commit": ({ body, params: { parent = "" } }) =>
        this.#commit(parent, readBody({ etag: "string" }, "commit_service_perimeters_request", body))
    }
    this.#routes = Object.entries(methods).map(([route, method]) => {
      const [verb = "", path = ""] = route.split(" ")
      return { verb, method, template: Either.getOrThrow(parseTemplate(path)) }
    })
  }

  #memberMethods(kind: Kind): Readonly<Record<string, Method>> {
    const collection = `/{parent=accessPolicies/*}/${kind.collection}`
    const member = `/{name=accessPolicies/*/${kind.collection}/*}`
    const request: Message = { [kind.collection]: { messages: kind.message }, etag: "string" }
    return {
      [`GET ${collection}`]: ({ params: { parent = "" }, query }) => this.#listMembers(kind, parent, query),
      [`POST ${collection}`]: ({ body, params: { parent = "" } }) =>
        this.#createMember(kind, parent, readBody(kind.message, kind.at, body)),
      [`POST ${collection}:replaceAll`]: ({ body, params: { parent = "" } }) =>
        this.#replaceMembers(kind, parent, readBody(request, "replace_request", body)),
      [`GET ${member}`]: ({ params: { name = "" }, query }) => this.#getMember(kind, name, query),
      [`PATCH ${member}`]: ({ body, params: { name = "" }, query }) =>
        this.#patchMember(kind, name, readBody(kind.message, kind.at, body), query),
      [`DELETE ${member}`]: ({ params: { name = "" } }) => this.#deleteMember(kind, name)
    }
  }

  /**
   * Returns the call that a request makes. Returns `undefined` if the request does not match a method of this API.
   * `path` starts with the slash after the version.
   */
  route(verb: string, path: string, query: URLSearchParams, body: string): Call | undefined {
    for (const { method, template, verb: expected } of this.#routes) {
      const params = verb === expected ? template.match(path) : undefined
      if (params === undefined) continue
      return Either.match(params, {
        onLeft: (problem) => read(() => invalid("name", problem)),
        onRight: (params) => method({ params, query, body })
      })
    }
    return undefined
  }

  #policy(name: string): Result<Policy> {
    const policy = this.#policies.get(name)
    return policy === undefined ? notFound(name) : Either.right(policy)
  }

  #listPolicies(query: URLSearchParams): Call {
    const parent = query.get("parent") ?? ""
    return read(() =>
      /^organizations\/\d+$/.test(parent)
        ? Either.map(
          page(
            `${parent}/accessPolicies`,
            query,
            [...this.#policies]
              .filter(([, { resource }]) => resource["parent"] === parent)
              .map(([name, policy]) => [name, renderPolicy(policy)] as const)
          ),
          (found) => listResponse("accessPolicies", found)
        )
        : invalid("parent", "parent must be the name of an organization, such as organizations/1.")
    )
  }

  #createPolicy(body: Result<JsonObject>): Call {
    // Generates nine-digit numbers. The factor and the range have no common divisor, so numbers do not repeat.
    const id = 100_000_000 + ++this.#created * 618_033_989 % 900_000_000
    const name = `accessPolicies/${id}`
    return mutation(`${name}/create`, () =>
      Either.gen(this, function*() {
        const resource = { ...omit(yield* body, "etag"), name }
        yield* this.#checkNewPolicy(resource)
        const policy: Policy = { resource, version: 0, levels: new Map(), perimeters: new Map() }
        return {
          response: pack("AccessPolicy", renderPolicy(policy)),
          apply: () => this.#policies.set(name, policy)
        }
      }))
  }

  #checkNewPolicy(resource: JsonObject): Result<void> {
    const parent = textOf(resource, "parent")
    const [scope, ...more] = stringsAt(resource, "scopes")
    if (!/^organizations\/\d+$/.test(parent)) {
      return invalid("access_policy.parent", "parent must be the name of an organization, such as organizations/1.")
    }
    if (textOf(resource, "title") === "") return invalid("access_policy.title", "title must not be empty.")
    if (more.length > 0 || (scope !== undefined && !/^(?:folders|projects)\/\d+$/.test(scope))) {
      return invalid("access_policy.scopes", "scopes must contain at most one folder or project, such as folders/1.")
    }
    for (const { resource: other } of this.#policies.values()) {
      if (other["parent"] === parent && stringsAt(other, "scopes")[0] === scope) {
        const whose = scope === undefined ? `parent ${parent}` : `scope ${scope}`
        return failure("ALREADY_EXISTS", `Policy already exists with ${whose}.`)
      }
    }
    return this.#policies.size >= maxPolicies
      ? failure("RESOURCE_EXHAUSTED", `The emulator keeps at most ${maxPolicies} access policies.`)
      : Either.void
  }

  #patchPolicy(name: string, body: Result<JsonObject>, query: URLSearchParams): Call {
    return mutation(`${name}/update`, () =>
      Either.gen(this, function*() {
        const patch = yield* body
        const mask = yield* readMask(accessPolicy, ["title"], query.get("updateMask"))
        return yield* this.#plan(
          name,
          textOf(patch, "etag"),
          (policy) => {
            const resource = applyMask(policy.resource, patch, mask)
            return textOf(resource, "title") === ""
              ? invalid("access_policy.title", "title must not be empty.")
              : Either.right({ ...policy, resource })
          },
          (policy) => pack("AccessPolicy", renderPolicy(policy))
        )
      }))
  }

  #deletePolicy(name: string): Call {
    return mutation(
      `${name}/delete`,
      () => Either.map(this.#policy(name), () => ({ response: empty, apply: () => this.#policies.delete(name) }))
    )
  }

  /** Plans a change to a policy, or to a resource in a policy. */
  #plan(
    name: string,
    etag: string,
    change: (policy: Policy) => Result<Policy>,
    response: (after: Policy) => ProtobufAny.ProtobufAny
  ): Result<Plan> {
    return Either.gen(this, function*() {
      const before = yield* this.#policy(name)
      if (etag !== "" && etag !== etagOf(before)) {
        return yield* failure("ABORTED", `The etag ${JSON.stringify(etag.slice(0, 200))} is not the etag of ${name}.`)
      }
      const changed = yield* Either.flatMap(change(before), (after) => checkReferences(before, after))
      const after = { ...changed, version: before.version + 1 }
      return { response: response(after), apply: () => this.#policies.set(name, after) }
    })
  }

  #getMember(kind: Kind, name: string, query: URLSearchParams): Call {
    return read(() =>
      Either.gen(this, function*() {
        yield* checkFormat(kind, query)
        const policy = yield* this.#policy(policyOf(name))
        const member = policy[kind.members].get(name)
        return member === undefined ? yield* notFound(name) : renderMember(kind, policy, member)
      })
    )
  }

  #listMembers(kind: Kind, parent: string, query: URLSearchParams): Call {
    return read(() =>
      Either.gen(this, function*() {
        yield* checkFormat(kind, query)
        const policy = yield* this.#policy(parent)
        const members = [...policy[kind.members]].map(([name, member]) =>
          [name, renderMember(kind, policy, member)] as const
        )
        return listResponse(kind.collection, yield* page(`${parent}/${kind.collection}`, query, members))
      })
    )
  }

  #createMember(kind: Kind, parent: string, body: Result<JsonObject>): Call {
    const name = Either.flatMap(body, (member) => checkName(kind, parent, textOf(member, "name")))
    return mutation(
      `${Either.getOrElse(name, () => `${parent}/${kind.collection}`)}/create`,
      () =>
        Either.gen(this, function*() {
          const key = yield* name
          const member = yield* check(kind, omit(yield* body, "etag"))
          return yield* this.#plan(
            parent,
            "",
            (policy) =>
              policy[kind.members].has(key)
                ? failure("ALREADY_EXISTS", `${key} already exists.`)
                : this.#put(kind, policy, key, member),
            (after) => pack(kind.typeName, renderMember(kind, after, member))
          )
        })
    )
  }

  #put(kind: Kind, policy: Policy, name: string, member: JsonObject): Result<Policy> {
    const members = checkCount(new Map(policy[kind.members]).set(name, member))
    return Either.map(members, (members) => withMembers(policy, kind, members))
  }

  // If a perimeter does not exist, it is created if the mask contains `name`.
  #patchMember(kind: Kind, name: string, body: Result<JsonObject>, query: URLSearchParams): Call {
    const parent = policyOf(name)
    const patched = (policy: Policy, patch: JsonObject, mask: Mask): Result<JsonObject> => {
      const isUpsert = kind === perimeterKind && mask.some(([field]) => field === "name")
      const existing = policy[kind.members].get(name) ?? (isUpsert ? {} : undefined)
      if (existing === undefined) return notFound(name)
      // A level has one of two alternative definitions. Setting one removes the other.
      const replaced = mask.flatMap(([field]) => field === "basic" ? ["custom"] : field === "custom" ? ["basic"] : [])
      const resource = applyMask(omit(existing, ...replaced), patch, mask)
      return check(kind, { ...omit(resource, "etag"), name })
    }
    return mutation(`${name}/update`, () =>
      Either.gen(this, function*() {
        const patch = yield* body
        const mask = yield* readMask(kind.message, kind.mutable, query.get("updateMask"))
        yield* checkName(kind, parent, name)
        const member = yield* Either.flatMap(this.#policy(parent), (policy) => patched(policy, patch, mask))
        return yield* this.#plan(
          parent,
          textOf(patch, "etag"),
          (policy) => this.#put(kind, policy, name, member),
          (after) => pack(kind.typeName, renderMember(kind, after, member))
        )
      }))
  }

  #deleteMember(kind: Kind, name: string): Call {
    return mutation(`${name}/delete`, () =>
      this.#plan(
        policyOf(name),
        "",
        (policy) => {
          const members = new Map(policy[kind.members])
          return members.delete(name) ? Either.right(withMembers(policy, kind, members)) : notFound(name)
        },
        () => empty
      ))
  }

  #replaceMembers(kind: Kind, parent: string, body: Result<JsonObject>): Call {
    const subject = kind === levelKind ? "replaceLevels" : "replacePerimeters"
    return mutation(`${parent}/${subject}`, () =>
      Either.gen(this, function*() {
        const request = yield* body
        const given = request[kind.collection]
        const members = new Map<string, JsonObject>()
        for (const member of Array.isArray(given) ? given.filter(isJsonObject) : []) {
          const name = yield* checkName(kind, parent, textOf(member, "name"))
          if (members.has(name)) return yield* invalid(kind.collection, `${name} occurs twice.`)
          members.set(name, yield* check(kind, omit(member, "etag")))
        }
        yield* checkCount(members)
        return yield* this.#plan(
          parent,
          textOf(request, "etag"),
          (policy) => Either.right(withMembers(policy, kind, members)),
          (after) => pack(`Replace${kind.typeName}sResponse`, membersOf(kind, after))
        )
      }))
  }

  // For each perimeter that has a dry-run configuration, makes that configuration the enforced one.
  #commit(parent: string, body: Result<JsonObject>): Call {
    const committed = (perimeter: JsonObject): JsonObject =>
      perimeter["useExplicitDryRunSpec"] === true
        ? applyMask(omit(perimeter, "spec", "useExplicitDryRunSpec"), { status: perimeter["spec"] ?? {} }, [["status"]])
        : perimeter
    return mutation(`${parent}/commitPerimeters`, () =>
      Either.flatMap(body, (request) =>
        this.#plan(
          parent,
          textOf(request, "etag"),
          (policy) =>
            Either.right({
              ...policy,
              perimeters: new Map([...policy.perimeters].map(([name, member]) => [name, committed(member)]))
            }),
          (after) => pack("CommitServicePerimetersResponse", membersOf(perimeterKind, after))
        )))
  }
}
