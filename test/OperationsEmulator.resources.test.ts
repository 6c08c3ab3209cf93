// Access Context Manager's resources in the emulator: what each method gives, and what it refuses.
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"

type Verb = "GET" | "POST" | "PATCH" | "DELETE"
type Json = Readonly<Record<string, unknown>>

interface Answer {
  readonly status: number
  readonly body: Json
}

const prefix = "type.googleapis.com/google.identity.accesscontextmanager.v1"
const metadata = { "@type": `${prefix}.AccessContextManagerOperationMetadata` }
const empty = { "@type": "type.googleapis.com/google.protobuf.Empty" }

const start = (options?: OperationsEmulator.Options) => {
  const emulator = OperationsEmulator.make(options)
  const call = (verb: Verb, path: string, body?: unknown) => {
    const request = HttpClientRequest.make(verb)(`http://localhost/${path}`)
    return emulator.httpClient.execute(body === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, body))
      .pipe(
        Effect.flatMap((response) =>
          Effect.map(response.text, (text): Answer => ({ status: response.status, body: JSON.parse(text) }))
        )
      )
  }
  /** Calls a method that starts an operation, and gives that operation when it is done. */
  const run = (verb: Verb, path: string, body?: unknown) =>
    Effect.gen(function*() {
      const started = yield* call(verb, path, body)
      assert.strictEqual(started.status, 200, JSON.stringify(started.body))
      assert.deepStrictEqual(started.body, { name: started.body["name"], metadata })
      yield* TestClock.adjust("2 seconds")
      const { body: done } = yield* call("GET", `v1/${started.body["name"]}`)
      assert.strictEqual(done["done"], true)
      return done
    })
  const responseOf = (verb: Verb, path: string, body?: unknown) =>
    Effect.map(run(verb, path, body), (done): Json => {
      assert.strictEqual(done["error"], undefined, JSON.stringify(done))
      return done["response"] as Json
    })
  const read = (path: string) =>
    Effect.map(call("GET", path), ({ body, status }) => {
      assert.strictEqual(status, 200, JSON.stringify(body))
      return body
    })
  const refused = (verb: Verb, path: string, body?: unknown) =>
    Effect.map(call(verb, path, body), ({ body, status }) => {
      const { error } = body as {
        readonly error: { readonly code: number; readonly status: string; readonly message: string }
      }
      assert.strictEqual(error.code, status)
      return `${error.status}: ${error.message}`
    })
  const createPolicy = Effect.map(
    responseOf("POST", "v1/accessPolicies", { parent: "organizations/1", title: "corp" }),
    ({ name }) => String(name)
  )
  return { emulator, call, run, responseOf, read, refused, createPolicy }
}

const withoutEtag = ({ etag: _, ...rest }: Json): Json => rest

describe("access policies", () => {
  it.effect("are created, read, listed, changed and deleted", () =>
    Effect.gen(function*() {
      const { call, read, refused, responseOf, run } = start()
      const created = yield* run("POST", "v1/accessPolicies", { parent: "organizations/1", title: "corp" })
      const policy = created["response"] as Json
      const name = String(policy["name"])
      assert.match(name, /^accessPolicies\/\d{9}$/)
      assert.match(String(created["name"]), new RegExp(`^operations/${name}/create/\\d{16}$`))
      assert.deepStrictEqual(created, {
        name: created["name"],
        metadata,
        done: true,
        response: {
          "@type": `${prefix}.AccessPolicy`,
          name,
          parent: "organizations/1",
          title: "corp",
          etag: policy["etag"]
        }
      })
      assert.match(String(policy["etag"]), /^[A-Za-z0-9+/]{11}=$/)
      assert.deepStrictEqual(yield* read(`v1/${name}`), {
        name,
        parent: "organizations/1",
        title: "corp",
        etag: policy["etag"]
      })

      const scoped = yield* responseOf("POST", "v1/accessPolicies", {
        parent: "organizations/1",
        title: "folder",
        scopes: ["folders/5"]
      })
      yield* responseOf("POST", "v1/accessPolicies", { parent: "organizations/2", title: "other" })
      const listed = yield* read("v1/accessPolicies?parent=organizations/1")
      assert.deepStrictEqual(
        (listed["accessPolicies"] as ReadonlyArray<Json>).map(({ title }) => title).sort(),
        ["corp", "folder"]
      )
      assert.deepStrictEqual(yield* read("v1/accessPolicies?parent=organizations/3"), {})

      const patched = yield* responseOf("PATCH", `v1/${name}?updateMask=title`, { title: "new", parent: "ignored" })
      assert.deepStrictEqual(withoutEtag(patched), {
        "@type": `${prefix}.AccessPolicy`,
        name,
        parent: "organizations/1",
        title: "new"
      })
      assert.notStrictEqual(patched["etag"], policy["etag"])
      assert.deepStrictEqual(yield* read(`v1/${name}`), {
        name,
        parent: "organizations/1",
        title: "new",
        etag: patched["etag"]
      })

      assert.deepStrictEqual(yield* responseOf("DELETE", `v1/${scoped["name"]}`), empty)
      assert.strictEqual(yield* refused("GET", `v1/${scoped["name"]}`), `NOT_FOUND: ${scoped["name"]} was not found.`)
      assert.strictEqual((yield* call("GET", `v1/${name}`)).status, 200)
    }))

  it.effect("refuse wrong requests at once, without an operation", () =>
    Effect.gen(function*() {
      const { call, createPolicy, refused, responseOf } = start()
      const name = yield* createPolicy
      yield* responseOf("POST", "v1/accessPolicies", { parent: "organizations/1", title: "t", scopes: ["projects/5"] })
      const policies = "v1/accessPolicies"
      const parent = "organizations/9"
      const cases: ReadonlyArray<readonly [Verb, string, unknown, string]> = [
        [
          "POST",
          policies,
          undefined,
          "INVALID_ARGUMENT: parent must be the name of an organization, such as organizations/1."
        ],
        ["POST", policies, { title: "t", parent: "folders/1" }, "INVALID_ARGUMENT: parent must be"],
        ["POST", policies, { parent }, "INVALID_ARGUMENT: title must not be empty."],
        ["POST", policies, { parent, title: "" }, "INVALID_ARGUMENT: title must not be empty."],
        [
          "POST",
          policies,
          { parent, title: "t", scopes: ["folders/1", "folders/2"] },
          "INVALID_ARGUMENT: scopes must contain"
        ],
        [
          "POST",
          policies,
          { parent, title: "t", scopes: ["organizations/1"] },
          "INVALID_ARGUMENT: scopes must contain"
        ],
        [
          "POST",
          policies,
          { parent, title: 5 },
          "INVALID_ARGUMENT: Invalid value at 'access_policy.title' (TYPE_STRING), 5"
        ],
        [
          "POST",
          policies,
          { parent, title: "t", scopes: "x" },
          "INVALID_ARGUMENT: Invalid value at 'access_policy.scopes' (repeated), \"x\""
        ],
        [
          "POST",
          policies,
          { parent, title: "t", color: 1 },
          "INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"color\" at 'access_policy': Cannot find field."
        ],
        [
          "POST",
          policies,
          { parent, title: "t", constructor: 1 },
          "INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"constructor\""
        ],
        ["POST", policies, [], "INVALID_ARGUMENT: Invalid value at 'access_policy' (TYPE_MESSAGE), []"],
        [
          "POST",
          policies,
          { parent: "organizations/1", title: "t" },
          "ALREADY_EXISTS: Policy already exists with parent organizations/1."
        ],
        [
          "POST",
          policies,
          { parent: "organizations/1", title: "t", scopes: ["projects/5"] },
          "ALREADY_EXISTS: Policy already exists with scope projects/5."
        ],
        ["PATCH", `v1/${name}`, { title: "t" }, "INVALID_ARGUMENT: update_mask must not be empty."],
        [
          "PATCH",
          `v1/${name}?updateMask=title,color`,
          { title: "t" },
          "INVALID_ARGUMENT: update_mask: Cannot find field \"color\"."
        ],
        [
          "PATCH",
          `v1/${name}?updateMask=scopes`,
          {},
          "INVALID_ARGUMENT: update_mask: The field \"scopes\" cannot be changed."
        ],
        ["PATCH", `v1/${name}?updateMask=title`, {}, "INVALID_ARGUMENT: title must not be empty."],
        [
          "PATCH",
          `v1/${name}?updateMask=title`,
          { title: "t", etag: "old" },
          `ABORTED: The etag "old" is not the etag of ${name}.`
        ],
        ["PATCH", "v1/accessPolicies/5?updateMask=title", { title: "t" }, "NOT_FOUND: accessPolicies/5 was not found."],
        ["DELETE", "v1/accessPolicies/5", undefined, "NOT_FOUND: accessPolicies/5 was not found."],
        ["GET", "v1/accessPolicies", undefined, "INVALID_ARGUMENT: parent must be"],
        [
          "GET",
          "v1/accessPolicies?parent=organizations/1&pageToken=x",
          undefined,
          "INVALID_ARGUMENT: The page token is not valid."
        ],
        [
          "GET",
          "v1/accessPolicies?parent=organizations/1&pageSize=-1",
          undefined,
          "INVALID_ARGUMENT: The page size is not valid."
        ]
      ]
      for (const [verb, path, body, reason] of cases) {
        const message = yield* refused(verb, path, body)
        assert.isTrue(message.startsWith(reason), `${message}, for ${verb} ${path} ${JSON.stringify(body)}`)
      }
      // The error says which field is wrong, in both formats.
      const { body } = yield* call("POST", `${policies}?$.xgafv=1`, { parent })
      assert.deepStrictEqual(body, {
        error: {
          code: 400,
          message: "title must not be empty.",
          errors: [{ message: "title must not be empty.", domain: "global", reason: "badRequest" }],
          status: "INVALID_ARGUMENT",
          details: [{
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [{ field: "access_policy.title", description: "title must not be empty." }]
          }]
        }
      })
    }))

  it.effect("are listed in pages", () =>
    Effect.gen(function*() {
      const { read, responseOf } = start()
      const names: Array<unknown> = []
      for (const scope of [1, 2, 3, 4, 5]) {
        const { name } = yield* responseOf("POST", "v1/accessPolicies", {
          parent: "organizations/1",
          title: "t",
          scopes: [`folders/${scope}`]
        })
        names.push(name)
      }
      const found: Array<ReadonlyArray<unknown>> = []
      let token = ""
      do {
        const page = yield* read(
          `v1/accessPolicies?parent=organizations/1&pageSize=2&pageToken=${encodeURIComponent(token)}`
        )
        found.push((page["accessPolicies"] as ReadonlyArray<Json>).map(({ name }) => name))
        token = String(page["nextPageToken"] ?? "")
      } while (token !== "")
      assert.deepStrictEqual(found.map(({ length }) => length), [2, 2, 1])
      assert.deepStrictEqual(found.flat(), names.sort())
    }))
})

describe("access levels", () => {
  it.effect("are created, read, listed, changed and deleted", () =>
    Effect.gen(function*() {
      const { createPolicy, read, refused, responseOf, run } = start()
      const policy = yield* createPolicy
      const levels = `${policy}/accessLevels`
      const { etag } = yield* read(`v1/${policy}`)
      const conditions = [{ ip_subnetworks: ["203.0.113.0/25"], negate: false, members: [] }]
      const created = yield* run("POST", `v1/${levels}`, {
        name: `${levels}/corp`,
        title: "Corp",
        description: "",
        basic: { conditions, combining_function: "AND" }
      })
      assert.match(String(created["name"]), new RegExp(`^operations/${levels}/corp/create/\\d{16}$`))
      const level = {
        name: `${levels}/corp`,
        title: "Corp",
        basic: { conditions: [{ ipSubnetworks: ["203.0.113.0/25"] }] }
      }
      // Defaults are left out: AND, false, and what is empty.
      assert.deepStrictEqual(created["response"], { "@type": `${prefix}.AccessLevel`, ...level })
      assert.deepStrictEqual(yield* read(`v1/${levels}/corp?accessLevelFormat=AS_DEFINED`), level)
      assert.notStrictEqual((yield* read(`v1/${policy}`))["etag"], etag)

      const patched = yield* responseOf(
        "PATCH",
        `v1/${levels}/corp?updateMask=basic.combiningFunction,description`,
        { basic: { combiningFunction: "OR", conditions: [] }, description: "d", title: "ignored" }
      )
      const changed = { ...level, description: "d", basic: { ...level.basic, combiningFunction: "OR" } }
      assert.deepStrictEqual(patched, { "@type": `${prefix}.AccessLevel`, ...changed })

      const custom = { expr: { expression: "origin.region_code in ['US']" } }
      yield* responseOf("POST", `v1/${levels}`, { name: `${levels}/a`, title: "A", custom })
      assert.deepStrictEqual(yield* read(`v1/${levels}`), {
        accessLevels: [{ name: `${levels}/a`, title: "A", custom }, changed]
      })
      // A level is basic or custom: the one takes the place of the other. An absent field is cleared.
      yield* responseOf("PATCH", `v1/${levels}/corp?updateMask=custom,description`, { custom })
      assert.deepStrictEqual(yield* read(`v1/${levels}/corp`), { name: `${levels}/corp`, title: "Corp", custom })

      assert.deepStrictEqual(yield* responseOf("DELETE", `v1/${levels}/corp`), empty)
      assert.strictEqual(yield* refused("GET", `v1/${levels}/corp`), `NOT_FOUND: ${levels}/corp was not found.`)
    }))

  it.effect("refuse wrong requests", () =>
    Effect.gen(function*() {
      const { createPolicy, refused, responseOf } = start()
      const policy = yield* createPolicy
      const levels = `${policy}/accessLevels`
      const name = `${levels}/corp`
      yield* responseOf("POST", `v1/${levels}`, { name, title: "Corp" })
      const cases: ReadonlyArray<readonly [Verb, string, unknown, string]> = [
        ["POST", `v1/${levels}`, { name, title: "again" }, `ALREADY_EXISTS: ${name} already exists.`],
        ["POST", `v1/${levels}`, { title: "no name" }, `INVALID_ARGUMENT: Expected a name such as ${levels}/a_name`],
        ["POST", `v1/${levels}`, { name: `${levels}/9` }, "INVALID_ARGUMENT: Expected a name"],
        ["POST", `v1/${levels}`, { name: `${levels}/${"a".repeat(51)}` }, "INVALID_ARGUMENT: Expected a name"],
        ["POST", `v1/${levels}`, { name: "accessPolicies/1/accessLevels/a" }, "INVALID_ARGUMENT: Expected a name"],
        [
          "POST",
          "v1/accessPolicies/1/accessLevels",
          { name: "accessPolicies/1/accessLevels/a" },
          "NOT_FOUND: accessPolicies/1 was not found."
        ],
        [
          "POST",
          `v1/${levels}`,
          { name: `${levels}/a`, basic: {}, custom: {} },
          "INVALID_ARGUMENT: An access level is either basic or custom."
        ],
        [
          "POST",
          `v1/${levels}`,
          { name: `${levels}/a`, basic: { conditions: [{ color: 1 }] } },
          "INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"color\" at 'access_level.basic.conditions[0]': Cannot find field."
        ],
        [
          "POST",
          `v1/${levels}`,
          { name: `${levels}/a`, basic: { combiningFunction: "XOR" } },
          "INVALID_ARGUMENT: Invalid value at 'access_level.basic.combining_function' (TYPE_ENUM), \"XOR\""
        ],
        ["POST", `v1/${levels}`, {
          name: `${levels}/a`,
          basic: { conditions: [{ requiredAccessLevels: [`${levels}/no`] }] }
        }, `INVALID_ARGUMENT: Access level ${levels}/no does not exist; it is referenced by ${levels}/a.`],
        [
          "PATCH",
          `v1/${name}?updateMask=name`,
          { name: "x" },
          "INVALID_ARGUMENT: update_mask: The field \"name\" cannot be changed."
        ],
        [
          "PATCH",
          `v1/${name}?updateMask=basic.color`,
          {},
          "INVALID_ARGUMENT: update_mask: Cannot find field \"basic.color\"."
        ],
        [
          "PATCH",
          `v1/${name}?updateMask=title.length`,
          {},
          "INVALID_ARGUMENT: update_mask: Cannot find field \"title.length\"."
        ],
        ["PATCH", `v1/${levels}/no?updateMask=title`, {}, `NOT_FOUND: ${levels}/no was not found.`],
        ["DELETE", `v1/${levels}/no`, undefined, `NOT_FOUND: ${levels}/no was not found.`],
        ["GET", "v1/accessPolicies/1/accessLevels", undefined, "NOT_FOUND: accessPolicies/1 was not found."],
        [
          "GET",
          `v1/${name}?accessLevelFormat=CEL`,
          undefined,
          "UNIMPLEMENTED: The emulator returns access levels as they are defined"
        ],
        [
          "POST",
          `v1/${levels}:replaceAll`,
          { accessLevels: [{ name }, { name }] },
          `INVALID_ARGUMENT: ${name} occurs twice.`
        ],
        ["POST", `v1/${levels}:replaceAll`, { etag: "old" }, `ABORTED: The etag "old" is not the etag of ${policy}.`]
      ]
      for (const [verb, path, body, reason] of cases) {
        const message = yield* refused(verb, path, body)
        assert.isTrue(message.startsWith(reason), `${message}, for ${verb} ${path} ${JSON.stringify(body)}`)
      }
    }))

  it.effect("are replaced all together, if the etag of the policy is the latest", () =>
    Effect.gen(function*() {
      const { createPolicy, read, responseOf, run } = start()
      const policy = yield* createPolicy
      const levels = `${policy}/accessLevels`
      yield* responseOf("POST", `v1/${levels}`, { name: `${levels}/old`, title: "Old" })
      const { etag } = yield* read(`v1/${policy}`)
      const accessLevels = [{ name: `${levels}/b`, title: "B" }, { name: `${levels}/a`, title: "A" }]
      const replaced = yield* run("POST", `v1/${levels}:replaceAll`, { accessLevels, etag })
      assert.match(String(replaced["name"]), new RegExp(`^operations/${policy}/replaceLevels/\\d{16}$`))
      const sorted = accessLevels.toReversed()
      assert.deepStrictEqual(replaced["response"], {
        "@type": `${prefix}.ReplaceAccessLevelsResponse`,
        accessLevels: sorted
      })
      assert.deepStrictEqual(yield* read(`v1/${levels}`), { accessLevels: sorted })
    }))
})

describe("service perimeters", () => {
  it.effect("are created, read, listed, changed and deleted, with the etag of their policy", () =>
    Effect.gen(function*() {
      const { createPolicy, read, refused, responseOf } = start()
      const policy = yield* createPolicy
      const perimeters = `${policy}/servicePerimeters`
      const name = `${perimeters}/corp`
      const created = yield* responseOf("POST", `v1/${perimeters}`, {
        name,
        title: "Corp",
        perimeterType: "PERIMETER_TYPE_REGULAR",
        status: {
          resources: ["projects/1"],
          restrictedServices: [],
          vpcAccessibleServices: { enableRestriction: true }
        }
      })
      const status = { resources: ["projects/1"], vpcAccessibleServices: { enableRestriction: true } }
      const { etag } = yield* read(`v1/${policy}`)
      assert.deepStrictEqual(created, { "@type": `${prefix}.ServicePerimeter`, name, title: "Corp", status, etag })
      const patched = yield* responseOf(
        "PATCH",
        `v1/${name}?updateMask=etag,status.restrictedServices,status.vpcAccessibleServices.allowedServices`,
        {
          etag,
          status: { restrictedServices: ["storage.googleapis.com"], vpcAccessibleServices: { allowedServices: ["a"] } }
        }
      )
      const changed = {
        name,
        title: "Corp",
        status: {
          resources: ["projects/1"],
          vpcAccessibleServices: { enableRestriction: true, allowedServices: ["a"] },
          restrictedServices: ["storage.googleapis.com"]
        },
        etag: (yield* read(`v1/${policy}`))["etag"]
      }
      assert.deepStrictEqual(patched, { "@type": `${prefix}.ServicePerimeter`, ...changed })
      assert.deepStrictEqual(yield* read(`v1/${perimeters}`), { servicePerimeters: [changed] })
      assert.strictEqual(
        yield* refused("PATCH", `v1/${name}?updateMask=title`, { title: "late", etag }),
        `ABORTED: The etag ${JSON.stringify(etag)} is not the etag of ${policy}.`
      )
      assert.deepStrictEqual(yield* responseOf("DELETE", `v1/${name}`), empty)
      assert.deepStrictEqual(yield* read(`v1/${perimeters}`), {})
    }))

  it.effect("have a dry run that is set, committed and dropped", () =>
    Effect.gen(function*() {
      const { createPolicy, read, refused, responseOf, run } = start()
      const policy = yield* createPolicy
      const perimeters = `${policy}/servicePerimeters`
      const name = `${perimeters}/corp`
      const other = `${perimeters}/other`
      const spec = { resources: ["projects/1"] }
      // Google's command line creates a perimeter by a patch of its name.
      assert.strictEqual(
        yield* refused("PATCH", `v1/${name}?updateMask=title`, { title: "t" }),
        `NOT_FOUND: ${name} was not found.`
      )
      yield* responseOf("PATCH", `v1/${name}?updateMask=name,title,spec.resources,useExplicitDryRunSpec`, {
        name,
        title: "Corp",
        spec,
        useExplicitDryRunSpec: true
      })
      const perimeter = Effect.map(read(`v1/${name}`), withoutEtag)
      assert.deepStrictEqual(yield* perimeter, { name, title: "Corp", spec, useExplicitDryRunSpec: true })
      assert.match(
        yield* refused("PATCH", `v1/${name}?updateMask=useExplicitDryRunSpec`, {}),
        /^INVALID_ARGUMENT: spec can be set only if use_explicit_dry_run_spec is set\.$/
      )
      yield* responseOf("POST", `v1/${perimeters}`, {
        name: other,
        title: "Other",
        status: { resources: ["projects/2"] }
      })
      assert.match(
        yield* refused("POST", `v1/${perimeters}:commit`, { etag: "old" }),
        /^ABORTED: The etag "old" is not the etag of accessPolicies/
      )
      const { etag } = yield* read(`v1/${policy}`)
      const committed = yield* run("POST", `v1/${perimeters}:commit`, { etag })
      const { servicePerimeters, "@type": type } = committed["response"] as Json
      assert.strictEqual(type, `${prefix}.CommitServicePerimetersResponse`)
      assert.deepStrictEqual((servicePerimeters as ReadonlyArray<Json>).map(withoutEtag), [
        { name, title: "Corp", status: spec },
        { name: other, title: "Other", status: { resources: ["projects/2"] } }
      ])
      assert.deepStrictEqual(yield* perimeter, { name, title: "Corp", status: spec })

      yield* responseOf("PATCH", `v1/${name}?updateMask=spec,useExplicitDryRunSpec`, {
        spec,
        useExplicitDryRunSpec: true
      })
      yield* responseOf("PATCH", `v1/${name}?updateMask=spec,useExplicitDryRunSpec`, { useExplicitDryRunSpec: false })
      assert.deepStrictEqual(yield* perimeter, { name, title: "Corp", status: spec })
      const replaced = yield* responseOf("POST", `v1/${perimeters}:replaceAll`, {
        servicePerimeters: [{ name, title: "Only", perimeterType: "PERIMETER_TYPE_BRIDGE" }]
      })
      assert.strictEqual(replaced["@type"], `${prefix}.ReplaceServicePerimetersResponse`)
      assert.deepStrictEqual(yield* perimeter, { name, title: "Only", perimeterType: "PERIMETER_TYPE_BRIDGE" })
      assert.match(
        yield* refused("PATCH", `v1/${name}?updateMask=status`, { status: { restrictedServices: ["a"] } }),
        /^INVALID_ARGUMENT: The restricted services and the access levels of a perimeter bridge must be empty\.$/
      )
    }))

  it.effect("refer to levels that are there, and these stay until nothing refers to them", () =>
    Effect.gen(function*() {
      const { createPolicy, refused, responseOf } = start()
      const policy = yield* createPolicy
      const [levels, perimeters] = [`${policy}/accessLevels`, `${policy}/servicePerimeters`]
      const level = `${levels}/corp`
      const perimeter = { name: `${perimeters}/corp`, title: "Corp", status: { accessLevels: [level] } }
      assert.strictEqual(
        yield* refused("POST", `v1/${perimeters}`, perimeter),
        `INVALID_ARGUMENT: Access level ${level} does not exist; it is referenced by ${perimeters}/corp.`
      )
      yield* responseOf("POST", `v1/${levels}`, { name: level, title: "Corp" })
      yield* responseOf("POST", `v1/${perimeters}`, perimeter)
      const referenced = `FAILED_PRECONDITION: Access level ${level} is referenced by ${perimeters}/corp.`
      assert.strictEqual(yield* refused("DELETE", `v1/${level}`), referenced)
      assert.strictEqual(yield* refused("POST", `v1/${levels}:replaceAll`, { accessLevels: [] }), referenced)
      yield* responseOf("PATCH", `v1/${perimeters}/corp?updateMask=status.accessLevels`, {})
      yield* responseOf("DELETE", `v1/${level}`)
      // A policy takes with it what is in it.
      yield* responseOf("DELETE", `v1/${policy}`)
      assert.strictEqual(yield* refused("GET", `v1/${perimeters}/corp`), `NOT_FOUND: ${policy} was not found.`)
    }))
})

describe("the operation of a method", () => {
  const policyBody = { parent: "organizations/1", title: "corp" }
  const nameOf = ({ body }: Answer) => String(body["name"])

  it.effect("changes nothing before it has succeeded, which its time brings about without a poll", () =>
    Effect.gen(function*() {
      const { call, emulator, read, refused } = start({ operationDuration: "10 seconds" })
      yield* call("POST", "v1/accessPolicies", policyBody)
      yield* TestClock.adjust(9_999)
      assert.deepStrictEqual(yield* read("v1/accessPolicies?parent=organizations/1"), {})
      yield* TestClock.adjust(1)
      assert.strictEqual(((yield* read("v1/accessPolicies?parent=organizations/1"))["accessPolicies"] as []).length, 1)
      assert.match(yield* refused("POST", "v1/accessPolicies", policyBody), /^ALREADY_EXISTS/)
      assert.deepStrictEqual((yield* emulator.calls).map(({ method }) => method), ["start"])
    }))

  it.effect("that is cancelled changes nothing; one that is deleted does", () =>
    Effect.gen(function*() {
      const { call, read } = start()
      const cancelled = nameOf(yield* call("POST", "v1/accessPolicies", policyBody))
      yield* call("POST", `v1/${cancelled}:cancel`)
      yield* TestClock.adjust("1 minute")
      const { body } = yield* call("GET", `v1/${cancelled}`)
      assert.deepStrictEqual(body, {
        name: cancelled,
        metadata,
        done: true,
        error: { code: 1, message: "Operation was cancelled." }
      })
      assert.deepStrictEqual(yield* read("v1/accessPolicies?parent=organizations/1"), {})

      const deleted = nameOf(yield* call("POST", "v1/accessPolicies", policyBody))
      yield* call("DELETE", `v1/${deleted}`)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(((yield* read("v1/accessPolicies?parent=organizations/1"))["accessPolicies"] as []).length, 1)
    }))

  it.effect("fails when another one has ended first with what excludes it", () =>
    Effect.gen(function*() {
      const { call, createPolicy, read, responseOf } = start()
      const [first, second] = yield* Effect.all([
        call("POST", "v1/accessPolicies", policyBody),
        call("POST", "v1/accessPolicies", policyBody)
      ])
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read(`v1/${nameOf(second)}`))["done"], true)
      const message = "Policy already exists with parent organizations/1."
      assert.deepStrictEqual((yield* read(`v1/${nameOf(second)}`))["error"], { code: 6, message })
      const { response } = yield* read(`v1/${nameOf(first)}`)
      const policy = String((response as Json)["name"])

      // Two patches with the same etag: the second one is too late.
      const { etag } = yield* read(`v1/${policy}`)
      const patches = yield* Effect.forEach(["a", "b"], (title) =>
        Effect.zipLeft(call("PATCH", `v1/${policy}?updateMask=title`, { title, etag }), TestClock.adjust(10)))
      yield* TestClock.adjust("2 seconds")
      const errors = yield* Effect.forEach(patches, (patch) =>
        read(`v1/${nameOf(patch)}`))
      assert.deepStrictEqual(errors.map(({ error }) => (error as Json | undefined)?.["code"]), [undefined, 10])
      assert.strictEqual((yield* read(`v1/${policy}`))["title"], "a")
      yield* responseOf("DELETE", `v1/${policy}`)
      yield* createPolicy
    }))

  it.effect("follows a script of onStart: its pace, its faults, and at the end what the method does", () =>
    Effect.gen(function*() {
      const { call, emulator, read } = start()
      yield* emulator.onStart({ path: "/v1/accessPolicies" }, ({ body }) => {
        assert.deepStrictEqual(body, policyBody)
        return [
          { type: "pending", metadata: { step: 1 } },
          { type: "http", status: 503 },
          { type: "succeeded", metadata: { step: 2 } }
        ]
      })
      const name = nameOf(yield* call("POST", "v1/accessPolicies", policyBody))
      assert.match(name, /^operations\/accessPolicies\/\d{9}\/create\/\d{16}$/)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* read("v1/accessPolicies?parent=organizations/1"), {})
      const poll = emulator.httpClient.get(`http://localhost/v1/${name}`)
      assert.strictEqual((yield* poll).status, 503)
      const done = yield* read(`v1/${name}`)
      const { name: policy } = done["response"] as Json
      assert.deepStrictEqual([done["metadata"], done["done"]], [{ step: 2 }, true])
      assert.strictEqual((yield* read(`v1/${policy}`))["title"], "corp")

      // It is what it does then that counts, not what it would have done at the start.
      const again = nameOf(yield* call("POST", "v1/accessPolicies", policyBody))
      yield* poll
      yield* emulator.httpClient.get(`http://localhost/v1/${again}`)
      assert.deepStrictEqual((yield* read(`v1/${again}`))["error"], {
        code: 6,
        message: "Policy already exists with parent organizations/1."
      })
    }))

  it.effect("does nothing when the script of onStart names the response, or fails", () =>
    Effect.gen(function*() {
      const { call, emulator, read, refused } = start()
      const response = { "@type": `${prefix}.AccessPolicy`, name: "accessPolicies/1" }
      yield* emulator.onStart({ path: "/v1/accessPolicies" }, [{ type: "succeeded", response }])
      assert.deepStrictEqual((yield* call("POST", "v1/accessPolicies", policyBody)).body["response"], response)
      yield* emulator.onStart({ path: "/v1/accessPolicies" }, [{ type: "failed", error: { code: 9, message: "no" } }])
      assert.deepStrictEqual((yield* call("POST", "v1/accessPolicies", policyBody)).body["error"], {
        code: 9,
        message: "no"
      })
      yield* emulator.onStart({ path: "/v1/accessPolicies" }, [{
        type: "http",
        status: 403,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ error: { code: 403, message: "not you", status: "PERMISSION_DENIED" } })
      }])
      assert.strictEqual(yield* refused("POST", "v1/accessPolicies", policyBody), "PERMISSION_DENIED: not you")
      assert.deepStrictEqual(yield* read("v1/accessPolicies?parent=organizations/1"), {})
    }))

  it.effect("is there in the versions v1 and v1alpha only", () =>
    Effect.gen(function*() {
      const { emulator } = start({ versions: ["v1alpha", "v2"] })
      const statuses = yield* Effect.forEach(["v1", "v1alpha", "v2"], (version) =>
        Effect.map(
          emulator.httpClient.get(`http://localhost/${version}/accessPolicies?parent=organizations/1`),
          ({ status }) => status
        ))
      assert.deepStrictEqual(statuses, [404, 200, 404])
    }))

  it.effect("is one of at most 1,000 policies, and 1,000 resources of a kind in each", () =>
    Effect.gen(function*() {
      const { call, createPolicy, refused, responseOf } = start()
      const policy = yield* createPolicy
      for (let scope = 2; scope <= 1_000; scope++) {
        yield* call("POST", "v1/accessPolicies", { ...policyBody, scopes: [`folders/${scope}`] })
      }
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(
        yield* refused("POST", "v1/accessPolicies", { ...policyBody, scopes: ["folders/1"] }),
        "RESOURCE_EXHAUSTED: The emulator keeps at most 1000 access policies."
      )
      const levels = `${policy}/accessLevels`
      const many = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `${levels}/a${index}` }))
      assert.match(
        yield* refused("POST", `v1/${levels}:replaceAll`, { accessLevels: many(1_001) }),
        /^RESOURCE_EXHAUSTED/
      )
      yield* responseOf("POST", `v1/${levels}:replaceAll`, { accessLevels: many(1_000) })
      assert.match(yield* refused("POST", `v1/${levels}`, { name: `${levels}/more` }), /^RESOURCE_EXHAUSTED/)
    }))
})
