// The built command line in a pseudo-terminal: what is on the screen.
import { assert, describe, it } from "@effect/vitest"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { built } from "../support/built.js"
import { eventually, startEmulator } from "../support/sockets.js"
import * as Tmux from "../support/tmux.js"

const program = built()

const running = (progressPercent: number) => ({ "@type": "x/y", state: "RUNNING", progressPercent })
// Nothing here ends by itself: the tests end an operation when the screen shows that it is waited for.
const pending = (progress = 40): OperationsEmulator.Step => ({ type: "pending", metadata: running(progress) })
const succeeded: OperationsEmulator.Step = { type: "succeeded" }
const failure: OperationsEmulator.Step = { type: "failed", error: { code: 9, message: "It is in use." } }

/** A terminal and an emulator, and a function `g` of the shell that runs the command line with the emulator. */
const start = (size: { readonly columns?: number; readonly rows?: number } = {}) =>
  Effect.gen(function*() {
    const emulator = yield* startEmulator()
    const terminal = yield* Tmux.open(size)
    const file = join(program.folder, "profile")
    writeFileSync(
      file,
      `g() { local command=$1; shift; "${process.execPath}" "${program.file}" $command "$@" --base-url "$URL" --anonymous; echo "code $?"; }\nclear\n`
    )
    terminal.type(`export URL=${emulator.url}; . ${file}`)
    return { ...emulator, ...terminal }
  })

// The exit code, and the prompt after it.
const ended = /code \d+\n\$/

// Times and polls differ from run to run.
const steady = (lines: ReadonlyArray<string>) =>
  lines.map((line) =>
    line.replace(/\d+(?:\.\d+)?s/g, "0s").replace(/\d+ polls?/g, "0 polls").replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, "*")
      .replace(/(?:polling|next poll in 0s)$/, "next poll").trimEnd()
  )

if (!Tmux.hasTmux) console.warn("There is no tmux, so the tests of the command line in a terminal are skipped.")

describe.skipIf(!Tmux.hasTmux)("on a terminal", () => {
  it.scopedLive("wait shows a line that changes in place, and leaves how it ended", () =>
    Effect.gen(function*() {
      const { script, type, until } = yield* start()
      yield* script("operations/a", [pending()])
      type("g wait operations/a")
      const during = yield* until(/RUNNING/)
      assert.deepStrictEqual(steady(during.slice(-1)), ["* operations/a: RUNNING 40 % · 0s · 0 polls · next poll"])
      yield* script("operations/a", [{ type: "succeeded", response: { "@type": "x/y", title: "t" } }])
      const after = yield* until(ended)
      assert.deepStrictEqual(steady(after), [
        "$ g wait operations/a",
        "✓ operations/a succeeded, 0s, 0 polls",
        "name: operations/a",
        "done: true",
        "response:",
        "  \"@type\": x/y",
        "  title: t",
        "code 0",
        "$"
      ])
    }), 60_000)

  it.scopedLive("wait for several sums them up, and explains each failure when it comes", () =>
    Effect.gen(function*() {
      const { coloredScreen, script, type, until } = yield* start()
      yield* script("operations/a", [pending()])
      yield* script("operations/b", [pending()])
      type("g wait operations/a operations/b --interval 300ms --format 'value(name)'")
      yield* until(/0 of 2 done/)
      yield* script("operations/b", [failure])
      const during = yield* until(/1 of 2 done/)
      assert.deepStrictEqual(
        steady(during.slice(-3)),
        [
          "✗ operations/b failed (FAILED_PRECONDITION), 0s, 0 polls",
          "error: Operation operations/b failed with FAILED_PRECONDITION: It is in use.",
          "* 1 of 2 done (1 failed) · 0s · 0 polls · next poll"
        ]
      )
      assert.include(coloredScreen(), "\x1b[31m✗")
      yield* script("operations/a", [succeeded])
      assert.deepStrictEqual(steady(yield* until(ended)).slice(-5), [
        "✓ operations/a succeeded, 0s, 0 polls",
        "operations/a",
        "operations/b",
        "code 1",
        "$"
      ])
    }), 60_000)

  it.scopedLive(
    "Ctrl-C ends a wait, says how to continue, and leaves the terminal clean",
    () =>
      Effect.gen(function*() {
        const { calls, keys, script, type, until, url } = yield* start({ columns: 200 })
        yield* script("operations/a", [pending()])
        type("g wait operations/a --interval 200ms")
        yield* until(/RUNNING/)
        keys("C-c")
        assert.deepStrictEqual(yield* until(ended), [
          "$ g wait operations/a --interval 200ms",
          "Interrupted. 1 operation may still be running. To continue waiting: google-operations wait operations/a " +
          `--interval 200ms --base-url ${url} --anonymous`,
          "code 130",
          "$"
        ])
        type("clear; g wait operations/a --interval 200ms --cancel-on-interrupt")
        yield* until(/RUNNING/)
        keys("C-c")
        const lines = yield* until(ended)
        assert.match(
          lines.join("\n"),
          /Interrupted\. Asking the server to cancel 1 operation\.\nTo see how it ends: [^]*code 130/
        )
        assert.strictEqual((yield* calls).filter(({ method }) => method === "cancel").length, 1)
      }),
    60_000
  )

  it.scopedLive(
    "watch shows 200 operations, as many as fit, in a window that changes its size",
    () =>
      Effect.gen(function*() {
        const { resize, script, type, until } = yield* start({ columns: 80, rows: 24 })
        for (let index = 0; index < 200; index++) {
          yield* script(`operations/many/${index}`, [
            index === 0 ? failure : index < 5 ? succeeded : pending(index % 100)
          ])
        }
        type("g watch operations/many/{0..199} --interval 500ms")
        const table = (lines: ReadonlyArray<string>) =>
          lines.slice(lines.findLastIndex((line) => line.startsWith("STATUS")))
        const wide = table(yield* until(/5 of 200 done/))
        assert.strictEqual(wide.length, 23)
        assert.deepStrictEqual(wide.slice(0, 3).map((line) => line.split(/ {2,}/).slice(0, 2).join(" ")), [
          "STATUS NAME",
          "failed (FAILED_PRECONDITION) operations/many/0",
          "RUNNING 5 % operations/many/5"
        ])
        assert.strictEqual(wide[21], "and 180 more")
        resize(36, 10)
        const narrow = table(yield* until(/STATUS +NAME\n[^]*and 194 more\n.*5 of 200 done/))
        assert.strictEqual(narrow.length, 9, narrow.join("\n"))
        for (const line of narrow) assert.isAtMost(line.length, 35, line)
        resize(100, 12)
        const again = yield* until(/STATUS +NAME +TIME +POLLS\n[^]*and 192 more\n.*5 of 200 done/)
        assert.strictEqual(again.filter((line) => line.startsWith("STATUS")).length, 1, again.join("\n"))
        for (let index = 5; index < 200; index++) yield* script(`operations/many/${index}`, [succeeded])
        const after = yield* until(/code 1\n\$/)
        assert.match(after.at(-3)!, /^error: Operation operations\/many\/0 failed/)
        assert.match(after.at(-4)!, /^succeeded +operations\/many\/199$/)
      }),
    60_000
  )

  it.scopedLive("a terminal that is stopped does not stop the wait", () =>
    Effect.gen(function*() {
      const { calls, keys, script, type, until } = yield* start({ columns: 200, rows: 50 })
      for (let index = 0; index < 40; index++) yield* script(`operations/${index}`, [pending(index)])
      type("g watch operations/{0..39} --interval 200ms")
      yield* until(/0 of 40 done/)
      keys("C-s")
      // Long enough to fill the buffer of the terminal many times over, at ten frames a second.
      yield* Effect.sleep("1 second")
      const before = (yield* calls).length
      yield* eventually("polls continue", Effect.map(calls, ({ length }) => length > before + 120), 20)
      keys("C-q")
      for (let index = 0; index < 40; index++) yield* script(`operations/${index}`, [succeeded])
      const after = yield* until(/code 0\n\$/)
      assert.strictEqual(after.filter((line) => line.startsWith("succeeded")).length, 40)
    }), 60_000)

  it.scopedLive("NO_COLOR leaves colors out, and a dumb terminal gets plain lines", () =>
    Effect.gen(function*() {
      const { coloredScreen, script, type, until } = yield* start()
      yield* script("operations/b", [{ type: "pending", metadata: running(40) }, failure])
      type("NO_COLOR=1 g watch operations/b")
      yield* until(/code 1\n\$/)
      assert.notInclude(coloredScreen(), "\x1b[3")
      yield* script("operations/b", [{ type: "pending", metadata: running(40) }, failure])
      type("clear; TERM=dumb g wait operations/b --format table")
      assert.deepStrictEqual(steady(yield* until(/code 1\n\$/)).slice(-7), [
        "operations/b: RUNNING 40 %, 0s, 0 polls",
        "operations/b: failed (FAILED_PRECONDITION), 0s, 0 polls",
        "error: Operation operations/b failed with FAILED_PRECONDITION: It is in use.",
        "STATUS  NAME          DETAILS",
        "failed  operations/b  FAILED_PRECONDITION: It is in use.",
        "code 1",
        "$"
      ])
    }), 60_000)

  it.scopedLive.skipIf(spawnSync("zsh", ["--version"]).status !== 0)(
    "zsh completes (skipped without zsh)",
    () =>
      Effect.gen(function*() {
        const { keys, type, until, write } = yield* Tmux.open({ shell: "zsh -f" })
        const script = join(program.folder, "completions.zsh")
        const { stdout } = spawnSync(process.execPath, [program.file, "--completions", "zsh"])
        writeFileSync(script, stdout)
        type(`autoload -Uz compinit; compinit -u -D; source ${script}; clear; echo ready`)
        yield* until(/^ready/m)
        write("google-operations wait operations/a --cancel-on-i")
        keys("Tab")
        yield* until(/--cancel-on-interrupt/)
        write("--format va")
        keys("Tab")
        yield* until(/google-operations wait operations\/a --cancel-on-interrupt --format value\\\(name/)
      }),
    60_000
  )
})
