import { assert, describe, it } from "@effect/vitest"
import type * as Dialect from "effect-google-operations/Dialect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { dialects } from "./support/dialects.js"
import { dialects as vectors } from "./support/vectors.js"

// FAST_CHECK_RUNS=20000 npx vitest run test/Dialect.properties.test.ts is the long form.
const numRuns = Number(process.env["FAST_CHECK_RUNS"] ?? 400)

// ---------------------------------------------------------------------------------------------------------------------
// The rules, written a second time: which responses are pending, in each dialect
// ---------------------------------------------------------------------------------------------------------------------

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
type Fields = { readonly [key: string]: Json }

const isFields = (json: Json | undefined): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const isNone = (json: Json | undefined): json is null | undefined => json === undefined || json === null

const isOptional = (json: Json | undefined, is: (json: Json) => boolean): boolean => isNone(json) || is(json)

const isText = (json: Json): boolean => typeof json === "string"

const isStatus = (json: Json): boolean =>
  isFields(json) && isOptional(json["message"], isText) &&
  isOptional(
    json["code"],
    (code) =>
      /^-?\d{1,10}$/.test(String(code)) && !isFields(code) && !Array.isArray(code) && Number(code) >= -(2 ** 31) &&
      Number(code) < 2 ** 31 && !Object.is(code, "-0")
  )

interface Question {
  readonly json: Json
  readonly asked: string | undefined
  readonly pattern: RegExp
}

const longRunningIsPending = ({ asked, json, pattern }: Question): boolean => {
  if (!isFields(json)) return false
  const { done, error, jobReference, kind, metadata, name, response, status } = json
  const isWellFormed = isOptional(name, isText) && isOptional(metadata, isFields) && isOptional(response, isFields) &&
    isOptional(error, isStatus)
  if (!isWellFormed) return false
  if (typeof done === "boolean") return !done
  if (!isNone(done)) return false
  const saysOtherwise = typeof status === "string" || isFields(jobReference) ||
    (typeof kind === "string" && kind !== "storage#operation" && /#operation$|^bigquery#job$/.test(kind))
  return !saysOtherwise && typeof name === "string" && name !== "" && (name === asked || pattern.test(name))
}

const linked = (link: Json | undefined, pattern: RegExp): boolean => {
  const path = typeof link === "string" && link.startsWith("https://")
    ? link.replace(/[?#].*/s, "").split("/").slice(3)
    : []
  const start = path.findIndex((part) => ["projects", "locations", "organizations", "folders"].includes(part))
  const isUsable = start !== -1 &&
    path.every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("%"))
  return isUsable && pattern.test(path.slice(start).join("/"))
}

interface Rules {
  readonly kinds: ReadonlyArray<string>
  readonly states: ReadonlyArray<string>
}

const stateIsPending = ({ kinds, states }: Rules) => ({ asked, json, pattern }: Question): boolean => {
  if (!isFields(json)) return false
  const { done, id, jobReference, kind, name, selfLink, status } = json
  if (typeof kind === "string" && !kinds.includes(kind)) return false
  if (isFields(jobReference)) return false
  if (typeof done === "boolean" && typeof status !== "string") return false
  if (
    !isOptional(name, isText) || !isOptional(status, (state) => typeof state === "string" && states.includes(state))
  ) {
    return false
  }
  const own = typeof name === "string" ? name : ""
  const last = asked?.split("/").at(-1)
  const isAsked = asked !== undefined && (
    (own !== "" && own === last) ||
    ((typeof id === "string" || typeof id === "number") && last !== "" && String(id) === last) ||
    (own === "" && typeof kind === "string" && typeof status === "string")
  )
  return isAsked || linked(selfLink, pattern) || (own !== "" && pattern.test(own))
}

const jobIsPending = ({ asked, json, pattern }: Question): boolean => {
  if (!isFields(json)) return false
  const { done, id, kind, status } = json
  if (typeof kind === "string" && kind !== "bigquery#job") return false
  if (typeof done === "boolean" || typeof status === "string") return false
  const { jobId, location, projectId } = isFields(json["jobReference"]) ? json["jobReference"] : {}
  const state = isFields(status) ? status["state"] : json["state"]
  if (!isOptional(jobId, isText) || !isOptional(state, (state) => state === "PENDING" || state === "RUNNING")) {
    return false
  }
  const own = typeof jobId === "string" ? jobId : ""
  const last = asked?.split("/").at(-1)
  const isAsked = asked !== undefined && (
    (own !== "" && own === last) ||
    ((typeof id === "string" || typeof id === "number") && last !== "" && String(id) === last) ||
    (own === "" && typeof kind === "string" && typeof state === "string")
  )
  const place = typeof location === "string" && location !== "" ? `locations/${location}/` : ""
  return isAsked || pattern.test(own) ||
    (typeof jobId === "string" && typeof projectId === "string" &&
      pattern.test(`projects/${projectId}/${place}jobs/${jobId}`))
}

const isPendingByRules: Record<string, (question: Question) => boolean> = {
  longRunning: longRunningIsPending,
  predict: longRunningIsPending,
  compute: stateIsPending({
    kinds: ["compute#operation", "deploymentmanager#operation"],
    states: ["PENDING", "RUNNING"]
  }),
  sqlAdmin: stateIsPending({
    kinds: ["sql#operation"],
    states: ["SQL_OPERATION_STATUS_UNSPECIFIED", "PENDING", "RUNNING"]
  }),
  container: stateIsPending({ kinds: [], states: ["STATUS_UNSPECIFIED", "PENDING", "RUNNING", "ABORTING"] }),
  bigQuery: jobIsPending
}

// What ends an operation, whatever else is in the response.
const isDoneByRules = (dialect: string, json: Json): boolean => {
  if (!isFields(json)) return false
  if (dialect === "longRunning" || dialect === "predict") return json["done"] === true
  const { status } = json
  return dialect === "bigQuery"
    ? (isFields(status) ? status["state"] : json["state"]) === "DONE"
    : status === "DONE"
}

// ---------------------------------------------------------------------------------------------------------------------
// Mutations of responses that are valid in some dialect
// ---------------------------------------------------------------------------------------------------------------------

interface Sample {
  readonly json: Json
  readonly asked: string | undefined
}

const samples: ReadonlyArray<Sample> = vectors.map(({ asked, body }) => ({ json: JSON.parse(body) as Json, asked }))

// Strings that mean something somewhere.
const words = [
  "",
  "DONE",
  "RUNNING",
  "PENDING",
  "ABORTING",
  "FAILED",
  "done",
  "operations/x",
  "x",
  "compute#operation",
  "storage#operation",
  "sql#operation",
  "bigquery#job",
  "dns#operation",
  "compute#instance",
  "projects/p/operations/o",
  "projects/p/zones/z/operations/o",
  "https://container.googleapis.com/v1/projects/p/locations/l/operations/o",
  "https://container.googleapis.com/v1/projects/p/locations/l/clusters/o"
]

const keys = [
  "name",
  "done",
  "error",
  "response",
  "metadata",
  "kind",
  "status",
  "state",
  "selfLink",
  "operationType",
  "id",
  "jobReference",
  "jobId",
  "projectId",
  "location",
  "errors",
  "errorResult",
  "errorDetails",
  "code",
  "message",
  "@type",
  "__proto__",
  "title"
]

const leaf = FastCheck.oneof(
  FastCheck.constantFrom<Json>(null, true, false, 0, 5, -1, 404, 1.5, ...words),
  FastCheck.constantFrom<Json>({}, [], [{}], { code: 5, message: "m" }, { state: "RUNNING" }, {
    jobId: "x",
    projectId: "p"
  }),
  FastCheck.jsonValue({ maxDepth: 2 }) as FastCheck.Arbitrary<Json>
)

// With a key that the prototype has, as `JSON.parse` would make it.
const withField = (fields: Fields, key: string, value: Json | undefined): Fields => {
  const entries = Object.entries(fields).filter(([other]) => other !== key)
  return Object.fromEntries(value === undefined ? entries : [...entries, [key, value]])
}

interface Mutation {
  readonly path: ReadonlyArray<number>
  readonly kind: "drop" | "set" | "add" | "wrap" | "graft"
  readonly key: string
  readonly value: Json
}

const mutation: FastCheck.Arbitrary<Mutation> = FastCheck.record({
  path: FastCheck.array(FastCheck.nat(20), { maxLength: 3 }),
  kind: FastCheck.constantFrom("drop", "set", "set", "add", "wrap", "graft"),
  key: FastCheck.constantFrom(...keys),
  value: leaf
})

// At the object that the path leads to, by the places of its fields.
const mutate = (json: Json, { key, kind, path, value }: Mutation): Json => {
  const [step, ...rest] = path
  if (step !== undefined && isFields(json) && Object.keys(json).length > 0) {
    const chosen = Object.keys(json)[step % Object.keys(json).length]!
    if (rest.length > 0) return withField(json, chosen, mutate(json[chosen]!, { key, kind, path: rest, value }))
    if (kind === "drop") return withField(json, chosen, undefined)
    if (kind === "set") return withField(json, chosen, value)
  }
  if (Array.isArray(json) && step !== undefined && json.length > 0) {
    return json.map((item: Json, index) =>
      index === step % json.length ? mutate(item, { key, kind, path: rest, value }) : item
    )
  }
  switch (kind) {
    case "wrap":
      return [json]
    case "graft":
      return isFields(json) && isFields(value) ? { ...json, ...value } : value
    default:
      return isFields(json) ? withField(json, key, value) : value
  }
}

const mutated: FastCheck.Arbitrary<Sample> = FastCheck.tuple(
  FastCheck.constantFrom(...samples),
  FastCheck.constantFrom(...samples),
  FastCheck.array(mutation, { maxLength: 4 }),
  FastCheck.constantFrom("own", "other", "none", "word")
).map(([sample, other, mutations, asked]) => ({
  json: mutations.reduce(mutate, sample.json),
  asked: { own: sample.asked, other: other.asked, none: undefined, word: "operations/x" }[asked]
}))

const anything: FastCheck.Arbitrary<Sample> = FastCheck.record({
  json: FastCheck.jsonValue() as FastCheck.Arbitrary<Json>,
  asked: FastCheck.option(FastCheck.string(), { nil: undefined })
})

const check = (dialect: Dialect.Dialect, { asked, json }: Sample): void => {
  const question = { json, asked, pattern: dialect.operationName }
  const decoded = dialect.decode(json, { name: asked, operationName: dialect.operationName })
  const isPending = isPendingByRules[dialect.name]!(question)
  if (Either.isLeft(decoded)) {
    assert.isFalse(isPending, `${dialect.name} refuses what is pending: ${decoded.left}`)
    assert.notMatch(decoded.left, /[\r\n]/)
    assert.isAtMost(decoded.left.length, 400)
    return
  }
  const operation = decoded.right
  assert.strictEqual(operation._tag === "Pending", isPending, `${dialect.name}: ${operation._tag}`)
  if (operation._tag !== "Pending") {
    assert.isTrue(isDoneByRules(dialect.name, json), `${dialect.name}: ${operation._tag}`)
  } else if (operation.name === "") {
    assert.strictEqual((json as Fields)["done"], false)
  }
}

describe("for any response, each dialect", () => {
  it(`is pending exactly where the rules say so (${numRuns} mutations of valid responses)`, () => {
    let pending = 0
    FastCheck.assert(
      FastCheck.property(mutated, (sample) => {
        for (const dialect of dialects) {
          check(dialect, sample)
          if (isPendingByRules[dialect.name]!({ ...sample, pattern: dialect.operationName })) pending++
        }
      }),
      { numRuns }
    )
    // The property says something only if both sides are met often.
    assert.isAbove(pending, numRuns / 20)
    assert.isBelow(pending, numRuns * dialects.length / 2)
  }, 600_000)

  it("reads any JSON value without throwing", () => {
    FastCheck.assert(
      FastCheck.property(anything, (sample) => {
        for (const dialect of dialects) {
          check(dialect, sample)
          const { list, operationName } = dialect
          const page = list?.decode(sample.json, { collection: "projects/p/operations", operationName })
          assert.isTrue(page === undefined || Either.isEither(page))
        }
      }),
      { numRuns }
    )
  }, 600_000)

  it("takes time in proportion to the size of the response", () => {
    const long = "a/".repeat(500_000)
    const error = { code: "C", message: "m", errorDetails: [{ help: { links: [] } }, { unknown: 1 }] }
    const errors = Array.from({ length: 20_000 }, () => error)
    const bodies: ReadonlyArray<Json> = [
      { name: `operations/${long}`, status: long, kind: long, selfLink: long },
      { name: long, kind: "compute#operation", status: "RUNNING", selfLink: `https://x/projects/${long}` },
      { name: long, status: "RUNNING", selfLink: `https://x/${"projects/".repeat(200_000)}` },
      { name: "x", kind: "compute#operation", status: "DONE", error: { errors } },
      { kind: "bigquery#job", jobReference: { jobId: long, projectId: long }, status: { state: "DONE", errors } },
      { jobReference: { jobId: "x" }, status: { state: "DONE", errorResult: { reason: "invalid" }, errors } }
    ]
    const started = performance.now()
    for (const json of bodies) {
      for (const dialect of dialects) {
        dialect.decode(json, { name: `publishers/${"models/".repeat(100_000)}x`, operationName: dialect.operationName })
        dialect.poll(`publishers/${"a/models/".repeat(100_000)}x`)
      }
    }
    // About 0.3 s. A decode that is quadratic in a million characters takes minutes.
    assert.isBelow(performance.now() - started, 10_000)
  }, 120_000)
})
