import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { empty, prefix, start, type Verb } from "./support/resources.js"

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
