import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { empty, type Json, metadata, prefix, type Reply, start, type Verb, withoutEtag } from "./support/resources.js"

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

describe("the operation of a method", () => {
  const policyBody = { parent: "organizations/1", title: "corp" }
  const nameOf = ({ body }: Reply) => String(body["name"])

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
