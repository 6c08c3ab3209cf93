import { assert, describe, it } from "@effect/vitest"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { spawnSync } from "node:child_process"
import { createServer, get } from "node:http"
import type { AddressInfo } from "node:net"
import { cli } from "../support/cli.js"
import { eventually, startEmulator } from "../support/sockets.js"

const thing = { "@type": "type.googleapis.com/example.Thing", title: "a thing" }
const running = { "@type": "type.googleapis.com/example.Metadata", state: "RUNNING", progressPercent: 40 }

const pending = (times: number): OperationsEmulator.Step => ({ type: "pending", times, metadata: running })
const endless: OperationsEmulator.Step = { type: "pending", metadata: running }
const failure: OperationsEmulator.Step = { type: "failed", error: { code: 9, message: "It is in use." } }

/** An emulator, and the command line with the options for it. */
const start = (options?: OperationsEmulator.Options) =>
  Effect.gen(function*() {
    const emulator = yield* startEmulator(options)
    const at = ["--base-url", emulator.url, "--anonymous"]
    return {
      ...emulator,
      at,
      run: (words: ReadonlyArray<string>, more?: Parameters<typeof cli>[1]) => cli([...words, ...at], more),
      methods: Effect.map(emulator.calls, (calls) => calls.map(({ method }) => method))
    }
  })

const fast = ["--interval", "100ms"]

// The lines without the times, which differ from run to run.
const timeless = (text: string) => text.trimEnd().split("\n").map((line) => line.replace(/, [\d.]+s, \d+ polls?$/, ""))

describe("wait", () => {
  it.scopedLive("prints the operation alone on standard output, and a line for each change on standard error", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/a", [
        pending(3),
        { type: "succeeded", response: thing }
      ])
      const { code, stderr, stdout } = yield* run(["wait", "operations/a", ...fast, "--format", "json"])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(JSON.parse(stdout), { name: "operations/a", done: true, response: thing })
      assert.deepStrictEqual(timeless(stderr), ["operations/a: RUNNING 40 %", "operations/a: succeeded"])
    }))

  it.scopedLive("waits through faults, and shows them", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/a", [{ type: "http", status: 503 }, { type: "cut", at: "withinBody" }, {
        type: "succeeded"
      }])
      const { code, stderr } = yield* run(["wait", "operations/a", ...fast])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(timeless(stderr), [
        "operations/a: failing (UNAVAILABLE)",
        "operations/a: failing (Transport)",
        "operations/a: succeeded"
      ])
    }), 15_000)

  it.scopedLive("exits with 1 when one of several has failed, prints both, and explains the failure", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/good", [pending(2), { type: "succeeded" }])
      yield* script("operations/bad", [failure])
      const { code, stderr, stdout } = yield* run([
        "wait",
        "operations/good",
        "operations/bad",
        ...fast,
        "--quiet",
        "--format",
        "value(name,done,error.message)"
      ])
      assert.strictEqual(code, 1)
      assert.strictEqual(stdout, "operations/good\ttrue\t\noperations/bad\ttrue\tIt is in use.\n")
      assert.deepStrictEqual(timeless(stderr), [
        "error: Operation operations/bad failed with FAILED_PRECONDITION: It is in use."
      ])
    }))

  it.scopedLive("for any ends with the first, and leaves the others alone", () =>
    Effect.gen(function*() {
      const { methods, run, script } = yield* start()
      yield* script("operations/slow", [endless])
      yield* script("operations/quick", [pending(3), { type: "succeeded" }])
      const words = ["wait", "--any", "operations/slow", "operations/quick", ...fast, "--cancel-on-interrupt"]
      const { code, stderr, stdout } = yield* run([...words, "--format", "json"])
      assert.strictEqual(code, 0)
      assert.strictEqual(JSON.parse(stdout).name, "operations/quick")
      assert.notMatch(stderr, /operations\/slow: (?!RUNNING)/)
      assert.notInclude(yield* methods, "cancel")
    }))

  it.scopedLive("for any exits with 1 when the first that ends has failed, and looks on when one cannot be read", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/slow", [endless])
      yield* script("operations/bad", [pending(3), failure])
      const { code, stderr, stdout } = yield* run([
        "wait",
        "--any",
        "operations/gone",
        "operations/slow",
        "operations/bad",
        ...fast,
        "-q",
        "--format=value(name)"
      ])
      assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "operations/bad\n" })
      assert.match(stderr, /404 NOT_FOUND/)
    }))

  it.scopedLive("exits with 3 when an operation cannot be read", () =>
    Effect.gen(function*() {
      const { run } = yield* start()
      const { code, stderr, stdout } = yield* run(["wait", "operations/none", "--quiet"])
      assert.deepStrictEqual({ code, stdout }, { code: 3, stdout: "" })
      assert.match(stderr, /404 NOT_FOUND[^]*try {11}Check the name, the API/)
    }))

  it.scopedLive("exits with 4 when it gives up, and prints the command that continues to wait for what is left", () =>
    Effect.gen(function*() {
      const { at, methods, run, script } = yield* start()
      yield* script("operations/a", [{ type: "succeeded" }])
      yield* script("operations/b", [endless])
      const words = ["--timeout", "300ms", ...fast, "--format", "value(name)"]
      const { code, stderr, stdout } = yield* run(["wait", "operations/a", "operations/b", ...words])
      assert.deepStrictEqual({ code, stdout }, { code: 4, stdout: "operations/a\n" })
      const continuation = stderr.trimEnd().split("\n").at(-1)!
      assert.strictEqual(
        continuation,
        `To continue waiting: google-operations wait operations/b --timeout 300ms --interval 100ms --format 'value(name)' ${
          at.join(" ")
        }`
      )
      assert.notInclude(yield* methods, "cancel")
    }))

  it.scopedLive("prints a command that a shell runs as it is", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/it's one", [endless])
      const words = ["wait", "operations/it's one", "--timeout=200ms", ...fast, "-q", "--quota-project=-p"]
      const { stderr } = yield* run(words)
      const continuation = stderr.trimEnd().split("\n").at(-1)!.replace("To continue waiting: google-operations ", "")
      const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${continuation}`], { encoding: "utf8" })
      const again = yield* cli(stdout.trimEnd().split("\n"))
      assert.strictEqual(again.code, 4, again.stderr)
      assert.include(again.stderr, `To continue waiting: google-operations ${continuation}\n`)
    }))

  it.scopedLive("cancels at the timeout if it is told to, and says when that fails", () =>
    Effect.gen(function*() {
      const words = ["wait", "operations/a", "--timeout", "200ms", ...fast, "--cancel-on-timeout"]
      const { methods, run, script } = yield* start()
      yield* script("operations/a", [endless])
      const { code, stderr } = yield* run(words)
      assert.strictEqual(code, 4)
      assert.match(stderr, /To see how it ends: google-operations wait operations\/a/)
      assert.include(yield* methods, "cancel")

      const other = yield* start({ methods: { cancel: "unimplemented" } })
      yield* other.script("operations/a", [endless])
      const refused = yield* other.run(words)
      assert.strictEqual(refused.code, 4)
      assert.match(refused.stderr, / {2}cancel {8}The request to cancel the operation failed\. .*UNIMPLEMENTED/)
      assert.match(refused.stderr, /^warning: Could not cancel operation operations\/a\./m)
    }))

  it.scopedLive.each([[[], 0], [["--cancel-on-interrupt"], 1]] as const)(
    "when interrupted says how to continue, and cancels only if it is told to: %j",
    ([words, cancels]) =>
      Effect.gen(function*() {
        const { calls, methods, run, script } = yield* start()
        yield* script("operations/a", [endless])
        const stderr: Array<string> = []
        const fiber = yield* Effect.fork(Effect.onInterrupt(
          run(["wait", "operations/a", ...fast, ...words], { onStderr: (text) => stderr.push(text) }),
          () => Effect.void
        ))
        yield* eventually("a poll", Effect.map(calls, ({ length }) => length > 1))
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.strictEqual((yield* methods).filter((method) => method === "cancel").length, cancels)
        assert.match(
          stderr.join(""),
          cancels === 1
            ? /\nInterrupted\. Asking the server to cancel 1 operation\.\nTo see how it ends: google-operations wait/
            : /\nInterrupted\. 1 operation may still be running\. To continue waiting: google-operations wait operations\/a/
        )
      })
  )

  it.scopedLive("on a terminal shows a status line, which leaves a line for each end", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/a", [pending(5), { type: "succeeded" }])
      const { code, stderr } = yield* run(["wait", "operations/a", ...fast], { terminal: { columns: 80, rows: 24 } })
      assert.strictEqual(code, 0)
      assert.match(stderr, /[-\\|/] operations\/a: RUNNING 40 %, \d+\.\ds, \d polls?, next poll in 1s/)
      assert.match(stderr, /\+ operations\/a succeeded, \d+\.\ds, \d polls\n/)
      // What is drawn last is an empty region.
      assert.isTrue(stderr.endsWith("\r\x1b[J"))
    }))

  it.scopedLive("logs what the service logs, at the level that is asked for", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/a", [{ type: "http", status: 503 }, { type: "succeeded" }])
      const { stderr } = yield* run(["wait", "operations/a", "--quiet", "--log-level", "info"])
      assert.match(stderr, /^info: Could not read operation operations\/a/)
    }))

  it.scopedLive("is refused where the API has no method that it needs", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli([
        "wait",
        "https://run.googleapis.com/v2/projects/p/locations/l/operations/o",
        "--cancel-on-interrupt",
        "--anonymous"
      ])
      assert.strictEqual(code, 2)
      assert.match(
        stderr,
        /^error: --cancel-on-interrupt: the API of https:\/\/run\..* cannot cancel operations\. See .*\n$/
      )
    }))
})

describe("watch", () => {
  it.scopedLive("ends with a table of all, and the exit code of a wait", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/good", [pending(3), { type: "succeeded" }])
      yield* script("operations/bad", [failure])
      const words = ["watch", "operations/good", "operations/bad", ...fast]
      const table = [
        "STATUS     NAME             DETAILS",
        "succeeded  operations/good",
        "failed     operations/bad   FAILED_PRECONDITION: It is in use.",
        ""
      ].join("\n")
      const piped = yield* run(words)
      assert.deepStrictEqual({ code: piped.code, stdout: piped.stdout }, { code: 1, stdout: table })
      assert.include(timeless(piped.stderr), "operations/good: succeeded")

      yield* script("operations/good", [pending(3), { type: "succeeded" }])
      const live = yield* run(words, { terminal: { columns: 60, rows: 10 } })
      assert.deepStrictEqual({ code: live.code, stdout: live.stdout }, { code: 1, stdout: table })
      assert.match(live.stderr, /STATUS +NAME +TIME +POLLS\nRUNNING 40 % +operations\/good +\d+\.\ds +1\n/)
    }))
})

describe("get", () => {
  it.scopedLive("prints states as they are: one as an object, several as a list", () =>
    Effect.gen(function*() {
      const { run, script } = yield* start()
      yield* script("operations/a", [endless])
      yield* script("operations/b", [failure])
      const one = yield* run(["get", "operations/a"])
      assert.deepStrictEqual({ code: one.code, stderr: one.stderr }, { code: 0, stderr: "" })
      assert.match(one.stdout, /^name: operations\/a\ndone: false\nmetadata:\n/)
      const two = yield* run(["get", "operations/a", "operations/b", "operations/none", "--format", "json"])
      assert.strictEqual(two.code, 1)
      assert.deepStrictEqual(JSON.parse(two.stdout).map(({ name }: { readonly name: string }) => name), [
        "operations/a",
        "operations/b"
      ])
      assert.match(two.stderr, /operations\/b failed with FAILED_PRECONDITION/)
      assert.match(two.stderr, /404 NOT_FOUND/)
    }))
})

describe("cancel and delete", () => {
  it.scopedLive("send one request for each operation, and have no result", () =>
    Effect.gen(function*() {
      const { methods, run, script } = yield* start()
      yield* script("operations/a", [endless])
      yield* script("operations/b", [endless])
      const cancelled = yield* run(["cancel", "operations/a", "operations/b"])
      assert.deepStrictEqual(cancelled, {
        code: 0,
        stdout: "",
        stderr: "operations/a: the server was asked to cancel the operation\n" +
          "operations/b: the server was asked to cancel the operation\n"
      })
      const deleted = yield* run(["delete", "operations/a", "operations/none", "--quiet"])
      assert.deepStrictEqual({ code: deleted.code, stdout: deleted.stdout }, { code: 3, stdout: "" })
      assert.match(deleted.stderr, /^error: DELETE .*404 NOT_FOUND/)
      assert.deepStrictEqual((yield* methods).toSorted(), ["cancel", "cancel", "delete", "delete"])
    }))
})

describe("list", () => {
  it.scopedLive("prints all pages as one list", () =>
    Effect.gen(function*() {
      const { methods, run, script } = yield* start()
      for (const id of ["a", "b", "c"]) yield* script(`operations/${id}`, [id === "b" ? failure : endless])
      const table = yield* run(["list", "--page-size", "2"])
      assert.deepStrictEqual({ code: table.code, stderr: table.stderr }, { code: 0, stderr: "" })
      assert.strictEqual(table.stdout.trimEnd().split("\n").length, 4)
      assert.deepStrictEqual(yield* methods, ["list", "list"])
      const json = yield* run(["list", "operations", "--page-size", "2", "--format", "json"])
      assert.strictEqual(JSON.parse(json.stdout).length, 3)
      const done = yield* run(["list", "--filter", "done=true", "--format", "value(name)"])
      assert.strictEqual(done.stdout, "operations/b\n")
    }))

  it.scopedLive("that ends in the middle is a complete value, and not a success", () =>
    Effect.gen(function*() {
      let page = 0
      const server = createServer((_, response) => {
        const body = page++ === 0 ? { operations: [{ name: "operations/a" }], nextPageToken: "next" } : {}
        response.writeHead(page === 1 ? 200 : 500, { "content-type": "application/json" }).end(JSON.stringify(body))
      })
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => server.close())
      )
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const { code, stderr, stdout } = yield* cli(["list", "--base-url", url, "--anonymous", "--format", "json"])
      assert.strictEqual(code, 3)
      assert.strictEqual(JSON.parse(stdout).length, 1)
      assert.match(stderr, /HTTP 500/)
    }))
})

describe("apis", () => {
  it.effect("lists the catalog, or a part of it", () =>
    Effect.gen(function*() {
      const all = yield* cli(["apis", "--format", "value(name)"])
      assert.isAbove(all.stdout.split("\n").length, 200)
      const { code, stdout } = yield* cli(["apis", "sqladmin"])
      assert.strictEqual(code, 0)
      assert.match(stdout, /^API +BASE URL +DIALECT +METHODS\nsqladmin\/v1 .* sqlAdmin +list,cancel\n/)
    }))
})

describe("emulator", () => {
  it.scopedLive("serves until it is interrupted", () =>
    Effect.gen(function*() {
      const stdout: Array<string> = []
      const fiber = yield* Effect.fork(cli(["emulator"], { onStdout: (text) => stdout.push(text) }))
      yield* eventually("the emulator listens", Effect.sync(() => stdout.length > 0), 10)
      const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(stdout.join(""))?.[1]
      const stats = yield* Effect.promise(() => fetch(`${url}/emulator/stats`))
      assert.strictEqual(stats.status, 200)
      yield* Effect.promise(() => stats.text())
      const port = url!.split(":").at(-1)!
      const second = yield* cli(["emulator", "--port", port])
      assert.strictEqual(second.code, 2)
      assert.match(second.stderr, /EADDRINUSE/)
      yield* Fiber.interrupt(fiber)
    }), 20_000)

  it.scopedLive(
    "serves several versions, and lets the pages of several origins and clients with other names use it",
    () =>
      Effect.gen(function*() {
        const stdout: Array<string> = []
        const lists = [
          ["--api-version", "v2", "--api-version=drive/v3"],
          ["--origin", "http://localhost:5173", "--origin", "http://localhost:5174"],
          ["--allow-host", "emulator"]
        ].flat()
        yield* Effect.forkScoped(cli(["emulator", ...lists], { onStdout: (text) => stdout.push(text) }))
        yield* eventually("the emulator listens", Effect.sync(() => stdout.length > 0), 10)
        const { hostname, port } = new URL(stdout.join("").replace("listening on ", ""))
        const status = (path: string, headers: Readonly<Record<string, string>> = {}) =>
          Effect.async<number | undefined>((resume) => {
            get({ hostname, port, path, headers, agent: false }, (response) => {
              response.resume()
              resume(Effect.succeed(response.statusCode))
            })
          })
        assert.strictEqual(yield* status("/v2/operations"), 200)
        assert.strictEqual(yield* status("/drive/v3/operations"), 200)
        assert.strictEqual(yield* status("/v1/operations"), 404)
        assert.strictEqual(yield* status("/v2/operations", { origin: "http://localhost:5174" }), 200)
        assert.strictEqual(yield* status("/v2/operations", { origin: "http://localhost:1" }), 403)
        assert.strictEqual(yield* status("/v2/operations", { host: "emulator" }), 200)
        assert.notStrictEqual(yield* status("/v2/operations", { host: "other" }), 200)
      }),
    20_000
  )
})
