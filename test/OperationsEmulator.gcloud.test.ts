// Google's own command line drives the emulator. Skipped where `gcloud` is not installed.
import { assert, describe, it } from "@effect/vitest"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import { execFile, spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmulator } from "./support/sockets.js"

const command = "gcloud"
const isInstalled = spawnSync(command, ["--version"]).status === 0
if (!isInstalled) console.log("gcloud is not installed: the emulator is not tried with Google's command line")

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

type Json = Readonly<Record<string, unknown>>

/** An emulator, and gcloud set up for it, with a configuration of its own. */
const setUp = (options?: OperationsEmulator.Options) =>
  Effect.gen(function*() {
    const emulator = yield* startEmulator({ operationDuration: "500 millis", ...options })
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "gcloud-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      CLOUDSDK_CONFIG: folder,
      CLOUDSDK_AUTH_ACCESS_TOKEN: "no-token",
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ACCESSCONTEXTMANAGER: `${emulator.url}/`,
      CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "1",
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "1"
    }
    const gcloud = (...args: ReadonlyArray<string>) =>
      Effect.async<Ran>((resume) => {
        const child = execFile(
          command,
          ["access-context-manager", ...args, "--format=json"],
          { env, cwd: folder },
          (error, stdout, stderr) =>
            resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), stdout, stderr }))
        )
        return Effect.sync(() => child.kill())
      })
    /** What a command prints, which has to succeed. */
    const ok = (...args: ReadonlyArray<string>) =>
      Effect.map(gcloud(...args), ({ code, stderr, stdout }) => {
        assert.strictEqual(code, 0, `${args.join(" ")}\n${stdout}\n${stderr}`)
        return (stdout.trim() === "" ? undefined : JSON.parse(stdout)) as unknown
      })
    /** A file for a command. JSON is YAML. */
    const file = (name: string, content: unknown) =>
      Effect.as(Effect.promise(() => writeFile(join(folder, name), JSON.stringify(content))), name)
    const createPolicy = Effect.map(
      ok("policies", "create", "--organization=organizations/1", "--title=corp"),
      (policy) => String((policy as Json)["name"])
    )
    return { emulator, gcloud, ok, file, createPolicy }
  })

const withoutEtag = (resource: unknown): Json => {
  const { etag: _, ...rest } = resource as Json
  return rest
}

describe.skipIf(!isInstalled).concurrent("gcloud access-context-manager", () => {
  it.scopedLive("policies: create, describe, list, update, delete", () =>
    Effect.gen(function*() {
      const { gcloud, ok } = yield* setUp()
      const created = yield* ok("policies", "create", "--organization=organizations/1", "--title=corp")
      const name = String((created as Json)["name"])
      const policy = { name, parent: "organizations/1", title: "corp" }
      assert.deepStrictEqual(withoutEtag(yield* ok("policies", "describe", name)), policy)
      const listed = yield* ok("policies", "list", "--organization=organizations/1")
      assert.deepStrictEqual((listed as ReadonlyArray<unknown>).map(withoutEtag), [policy])
      const updated = yield* ok("policies", "update", name, "--title=new")
      assert.deepStrictEqual(withoutEtag(updated), { ...policy, title: "new" })
      yield* ok("policies", "delete", name)
      const missing = yield* gcloud("policies", "describe", name)
      assert.strictEqual(missing.code, 1)
      assert.include(missing.stderr, `${name} was not found.`)
    }), 180_000)

  it.scopedLive("levels: create, describe, list, update, replace-all, delete", () =>
    Effect.gen(function*() {
      const { createPolicy, file, gcloud, ok } = yield* setUp()
      const policy = yield* createPolicy
      const inPolicy = `--policy=${policy.split("/")[1]}`
      const name = `${policy}/accessLevels/corp`
      const conditions = [{ ipSubnetworks: ["203.0.113.0/25"] }]
      const spec = yield* file("spec.yaml", conditions)
      yield* ok(
        "levels",
        "create",
        "corp",
        inPolicy,
        "--title=Corp",
        `--basic-level-spec=${spec}`,
        "--combine-function=or"
      )
      const level = { name, title: "Corp", basic: { combiningFunction: "OR", conditions } }
      const updated = yield* ok("levels", "update", "corp", inPolicy, "--title=New", "--combine-function=and")
      const changed = { name, title: "New", basic: { conditions } }
      assert.deepStrictEqual(updated, changed)
      const custom = yield* file("custom.yaml", { expression: "origin.region_code in ['US']" })
      yield* ok("levels", "create", "custom", inPolicy, "--title=Custom", `--custom-level-spec=${custom}`)
      const listed = yield* ok("levels", "list", inPolicy)
      assert.deepStrictEqual(listed, [changed, {
        name: `${policy}/accessLevels/custom`,
        title: "Custom",
        custom: { expr: { expression: "origin.region_code in ['US']" } }
      }])
      const all = yield* file("all.yaml", [level])
      yield* ok("levels", "replace-all", policy, `--source-file=${all}`)
      assert.deepStrictEqual(yield* ok("levels", "describe", "corp", inPolicy), level)
      yield* ok("levels", "delete", "corp", inPolicy)
      const missing = yield* gcloud("levels", "describe", "corp", inPolicy)
      assert.include(missing.stderr, `NOT_FOUND: ${name} was not found.`)
    }), 180_000)

  it.scopedLive("perimeters: create, describe, list, update, replace-all, delete", () =>
    Effect.gen(function*() {
      const { createPolicy, file, gcloud, ok } = yield* setUp()
      const policy = yield* createPolicy
      const inPolicy = `--policy=${policy.split("/")[1]}`
      const name = `${policy}/servicePerimeters/corp`
      const spec = yield* file("spec.yaml", [{ ipSubnetworks: ["203.0.113.0/25"] }])
      yield* ok("levels", "create", "corp", inPolicy, "--title=Corp", `--basic-level-spec=${spec}`)
      yield* ok(
        "perimeters",
        "create",
        "corp",
        inPolicy,
        "--title=Corp",
        "--resources=projects/1",
        "--restricted-services=storage.googleapis.com",
        "--access-levels=corp"
      )
      const status = {
        accessLevels: [`${policy}/accessLevels/corp`],
        resources: ["projects/1"],
        restrictedServices: ["storage.googleapis.com"]
      }
      const perimeter = { name, title: "Corp", status }
      assert.deepStrictEqual(withoutEtag(yield* ok("perimeters", "describe", "corp", inPolicy)), perimeter)
      const inUse = yield* gcloud("levels", "delete", "corp", inPolicy)
      assert.include(
        inUse.stderr,
        `FAILED_PRECONDITION: Access level ${policy}/accessLevels/corp is referenced by ${name}.`
      )
      const updated = yield* ok(
        "perimeters",
        "update",
        "corp",
        inPolicy,
        "--add-resources=projects/2",
        "--clear-access-levels"
      )
      const changed = { name, title: "Corp", status: { ...status, resources: ["projects/1", "projects/2"] } }
      const { accessLevels: _, ...rest } = changed.status
      assert.deepStrictEqual(withoutEtag(updated), { ...changed, status: rest })
      const late = yield* gcloud("perimeters", "update", "corp", inPolicy, "--title=Late", "--etag=old")
      assert.include(late.stderr, `ABORTED: The etag "old" is not the etag of ${policy}.`)
      const all = yield* file("all.yaml", [perimeter, { name: `${policy}/servicePerimeters/other`, title: "Other" }])
      yield* ok("perimeters", "replace-all", policy, `--source-file=${all}`)
      const listed = yield* ok("perimeters", "list", inPolicy)
      assert.deepStrictEqual((listed as ReadonlyArray<Json>).map(({ title }) => title), ["Corp", "Other"])
      yield* ok("perimeters", "delete", "corp", inPolicy)
    }), 180_000)

  it.scopedLive("perimeters dry-run: create, enforce, enforce-all, drop", () =>
    Effect.gen(function*() {
      const { createPolicy, ok } = yield* setUp()
      const inPolicy = `--policy=${(yield* createPolicy).split("/")[1]}`
      const described = (id: string) => Effect.map(ok("perimeters", "describe", id, inPolicy), withoutEtag)
      yield* ok(
        "perimeters",
        "dry-run",
        "create",
        "new",
        inPolicy,
        "--perimeter-title=New",
        "--perimeter-type=regular",
        "--perimeter-resources=projects/1"
      )
      const created = yield* described("new")
      assert.deepStrictEqual([created["spec"], created["useExplicitDryRunSpec"]], [{ resources: ["projects/1"] }, true])
      yield* ok("perimeters", "dry-run", "enforce", "new", inPolicy)
      const enforced = yield* described("new")
      assert.deepStrictEqual([enforced["status"], enforced["spec"]], [{ resources: ["projects/1"] }, undefined])
      yield* ok("perimeters", "dry-run", "create", "new", inPolicy, "--resources=projects/2")
      yield* ok("perimeters", "dry-run", "enforce-all", inPolicy)
      assert.deepStrictEqual((yield* described("new"))["status"], { resources: ["projects/2"] })
      yield* ok("perimeters", "dry-run", "create", "new", inPolicy, "--resources=projects/3")
      yield* ok("perimeters", "dry-run", "drop", "new", inPolicy)
      const dropped = yield* described("new")
      assert.deepStrictEqual([dropped["status"], dropped["spec"]], [{ resources: ["projects/2"] }, undefined])
    }), 180_000)

  it.scopedLive("an operation that fails, one that is cancelled, and one behind 503s", () =>
    Effect.gen(function*() {
      const { emulator, gcloud, ok } = yield* setUp()
      const create = ["policies", "create", "--organization=organizations/1", "--title=corp"]
      const onCreate = (start: OperationsEmulator.Start | OperationsEmulator.StartHandler) =>
        emulator.onStart({ path: "/v1/accessPolicies" }, start)

      yield* onCreate([{ type: "pending" }, { type: "failed", error: { code: 9, message: "The quota is used up." } }])
      const failed = yield* gcloud(...create)
      assert.strictEqual(failed.code, 1)
      assert.include(failed.stderr, "The quota is used up.")

      const name = "operations/to-be-cancelled"
      yield* onCreate({ name, steps: [{ type: "pending" }] })
      const [cancelled] = yield* Effect.all([
        gcloud(...create),
        Effect.gen(function*() {
          yield* Effect.repeat(Effect.delay(emulator.calls, "50 millis"), {
            until: (calls) => calls.some((call) => call.method === "get" && call.name === name)
          })
          yield* Effect.promise(() => fetch(`${emulator.url}/v1/${name}:cancel`, { method: "POST" }))
        })
      ], { concurrency: "unbounded" })
      assert.strictEqual(cancelled.code, 1)
      assert.include(cancelled.stderr, "Operation was cancelled.")

      yield* onCreate([{ type: "pending" }, { type: "http", status: 503, times: 2 }, { type: "succeeded" }])
      const policy = yield* ok(...create)
      assert.strictEqual((policy as Json)["title"], "corp")
      const { requests } = yield* emulator.stats
      assert.isAbove(requests, 6)
    }), 180_000)
})
