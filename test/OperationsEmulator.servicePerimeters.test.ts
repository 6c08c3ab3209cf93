import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { empty, type Json, prefix, start, withoutEtag } from "./support/resources.js"

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
