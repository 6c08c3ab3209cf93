// The built command line in pipes: exit codes, signals, and readers that go away.
import { assert, describe, it } from "@effect/vitest"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { existsSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { built, type Running, start } from "../support/built.js"
import { eventually, startEmulator } from "../support/sockets.js"

const program = built()

const thing = { "@type": "type.googleapis.com/example.Thing", title: "a thing" }
const endless: OperationsEmulator.Step = { type: "pending" }

const emulated = (options?: OperationsEmulator.Options) =>
  Effect.gen(function*() {
    const emulator = yield* startEmulator(options)
    yield* emulator.script("operations/good", [endless, { type: "succeeded", response: thing }])
    yield* emulator.script("operations/bad", [{ type: "failed", error: { code: 9, message: "It is in use." } }])
    yield* emulator.script("operations/endless", [endless])
    const at = ["--base-url", emulator.url, "--anonymous", "--interval", "100ms"]
    const wait = (words: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
      start(process.execPath, [program.file, "wait", ...words, ...at], env)
    const cancels = Effect.map(emulator.calls, (calls) => calls.filter(({ method }) => method === "cancel").length)
    return { ...emulator, at: at.join(" "), wait, cancels }
  })

const ended = ({ ended }: Running) => Effect.promise(() => ended)

const sh = (script: string) => start("bash", ["-o", "pipefail", "-c", script])

const cli = `"${process.execPath}" "${program.file}"`

describe("in a pipe", () => {
  it.scopedLive("exits with 0, and leaves a value for another program", () =>
    Effect.gen(function*() {
      const { at } = yield* emulated()
      const parse =
        `"${process.execPath}" -e 'let t = ""; process.stdin.on("data", (c) => t += c).on("end", () => console.log(JSON.parse(t).response.title))'`
      const { code, stderr, stdout } = yield* ended(sh(`${cli} wait operations/good --format json ${at} | ${parse}`))
      assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: "a thing\n" })
      assert.match(stderr, /^operations\/good: pending, .*\noperations\/good: succeeded, .*\n$/)
    }), 30_000)

  it.scopedLive("exits with 1, 2, 3 and 4, without control characters", () =>
    Effect.gen(function*() {
      const { wait } = yield* emulated()
      const results = yield* Effect.all([
        ended(wait(["operations/bad"])),
        ended(wait(["operations/bad", "--nope"])),
        ended(wait(["operations/none"])),
        ended(wait(["operations/endless", "--timeout", "300ms"]))
      ], { concurrency: 2 })
      assert.deepStrictEqual(results.map(({ code }) => code), [1, 2, 3, 4])
      for (const { stderr, stdout } of results) {
        assert.isFalse(`${stdout}${stderr}`.includes("\x1b"))
        assert.match(stderr, /^error: /m)
      }
      assert.match(
        results[3]!.stderr,
        /^To continue waiting: google-operations wait operations\/endless --timeout 300ms/m
      )
    }), 30_000)

  it.scopedLive(
    "ends quietly when the reader has gone, with the exit code that it would have had",
    () =>
      Effect.gen(function*() {
        const { at, script } = yield* emulated()
        yield* Effect.forEach(
          Array.from({ length: 2_000 }, (_, index) => index),
          (index) => script(`operations/many/${index}`, [{ type: "pending", metadata: { state: "x".repeat(50) } }])
        )
        const list = yield* ended(sh(`${cli} list --page-size 100 ${at.replace("--interval 100ms", "")} | head -1`))
        assert.deepStrictEqual({ code: list.code, stderr: list.stderr }, { code: 0, stderr: "" })
        assert.match(list.stdout, /^STATUS +NAME +DETAILS\n$/)
        const failed = yield* ended(sh(`${cli} wait operations/bad --quiet ${at} | true; echo "\${PIPESTATUS[0]}"`))
        assert.strictEqual(failed.stdout, "1\n")
      }),
    30_000
  )

  it.scopedLive.skipIf(!existsSync("/dev/full"))(
    "fails when the result cannot be written",
    () =>
      Effect.gen(function*() {
        const { at } = yield* emulated()
        const { code, stderr } = yield* ended(sh(`${cli} wait operations/good --quiet ${at} > /dev/full`))
        assert.deepStrictEqual({ code, stderr }, {
          code: 3,
          stderr: "error: Could not write the output: ENOSPC: no space left on device, write\n"
        })
      }),
    30_000
  )

  it.scopedLive("prints no token, not even when a server sends it back", () =>
    Effect.gen(function*() {
      const token = "ya29.a-secret-token-of-some-length"
      const server = createServer((request, response) => {
        const message = `I do not like ${request.headers.authorization}.`
        response.writeHead(403).end(JSON.stringify({ error: { code: 403, message, status: "PERMISSION_DENIED" } }))
      })
      yield* Effect.acquireRelease(
        Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening")),
        () => Effect.sync(() => server.close())
      )
      const file = join(program.folder, "token")
      writeFileSync(file, token)
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const words = [program.file, "get", "operations/a", "--base-url", url, "--log-level", "debug"]
      const results = yield* Effect.all([
        ended(start(process.execPath, words, { GOOGLE_ACCESS_TOKEN: token })),
        ended(start(process.execPath, [...words, "--access-token-file", file]))
      ], { concurrency: 2 })
      for (const { code, stderr, stdout } of results) {
        assert.deepStrictEqual({ code, stdout }, { code: 3, stdout: "" })
        assert.match(stderr, /PERMISSION_DENIED: I do not like .*redacted/)
        assert.notInclude(stderr, token)
      }
    }), 30_000)
})

describe("a process", () => {
  it.scopedLive("prints no warnings of a library", () =>
    Effect.gen(function*() {
      // Google's library warns of such a metadata server.
      const server = createServer((_, response) => response.writeHead(500).end())
      yield* Effect.acquireRelease(
        Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening")),
        () => Effect.sync(() => server.close())
      )
      const { at } = yield* emulated()
      const words = [program.file, "get", "operations/good", ...at.split(" ").slice(0, 2)]
      const { code, stderr } = yield* ended(start(process.execPath, words, {
        METADATA_SERVER_DETECTION: "ping-only",
        GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}`
      }))
      assert.strictEqual(code, 3)
      assert.match(stderr, /^error: Could not get credentials.*\n {2}try .*\n$/)
    }), 30_000)

  it.scopedLive(
    "that meets an exception nobody catches does not exit as if an operation had failed",
    () =>
      Effect.gen(function*() {
        const { wait } = yield* emulated()
        const fail = `data:text/javascript,${
          encodeURIComponent(
            "setInterval(() => { if (process.listenerCount('uncaughtException') > 0) throw new Error('unexpected') }, 20)"
          )
        }`
        const { code, stderr } = yield* ended(
          wait(["operations/endless", "--quiet"], { NODE_OPTIONS: `--import "${fail}"` })
        )
        assert.strictEqual(code, 3)
        assert.match(stderr, /^internal error: Error: unexpected\n/)
      }),
    30_000
  )
})

describe("a signal", () => {
  // Starts a wait, and returns when it has polled.
  const waiting = (words: ReadonlyArray<string>, options?: OperationsEmulator.Options) =>
    Effect.gen(function*() {
      const emulator = yield* emulated(options)
      const running = emulator.wait(["operations/endless", ...words])
      yield* Effect.addFinalizer(() => Effect.sync(() => running.child.kill("SIGKILL")))
      yield* eventually("two polls", Effect.map(emulator.calls, ({ length }) => length > 1), 20)
      return { ...emulator, ...running }
    })

  it.scopedLive.each([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const)(
    "ends a wait, and leaves the operation alone: %s",
    ([signal, expected]) =>
      Effect.gen(function*() {
        const running = yield* waiting([])
        running.child.kill(signal)
        const { code, stderr, stdout } = yield* ended(running)
        assert.deepStrictEqual({ code, stdout }, { code: expected, stdout: "" })
        assert.match(
          stderr,
          /\nInterrupted\. 1 operation may still be running\. To continue waiting: google-operations wait/
        )
        assert.strictEqual(yield* running.cancels, 0)
      }),
    30_000
  )

  it.scopedLive(
    "cancels the operation if that is what is asked for, also when it comes twice, as through npm",
    () =>
      Effect.gen(function*() {
        const running = yield* waiting(["--cancel-on-interrupt"])
        running.child.kill("SIGINT")
        running.child.kill("SIGINT")
        yield* Effect.sleep("20 millis")
        running.child.kill("SIGINT")
        const { code, stderr } = yield* ended(running)
        assert.strictEqual(code, 130)
        assert.match(stderr, /\nInterrupted\. Asking the server to cancel 1 operation\.\nTo see how it ends: /)
        assert.strictEqual(yield* running.cancels, 1)
      }),
    30_000
  )

  it.scopedLive("ends a process whose output is not read", () =>
    Effect.gen(function*() {
      const { at, calls, script } = yield* emulated()
      yield* script("operations/large", [{
        type: "succeeded",
        response: { "@type": "x/y", text: "x".repeat(1_000_000) }
      }])
      const words = ["wait", "operations/large", ...at.split(" ")]
      const running = start("bash", ["-c", `exec ${cli} ${words.join(" ")} > >(exec sleep 20)`])
      yield* Effect.addFinalizer(() => Effect.sync(() => running.child.kill("SIGKILL")))
      yield* eventually("the result", Effect.map(calls, ({ length }) => length > 0), 20)
      yield* Effect.sleep("500 millis")
      running.child.kill("SIGINT")
      const [code, signal] = yield* Effect.promise(() => once(running.child, "exit"))
      assert.deepStrictEqual({ code, signal }, { code: null, signal: "SIGINT" })
    }), 30_000)
})
