import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { spawnSync } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { commands, parseDuration } from "../../src/cli/commands.js"
import * as Completions from "../../src/cli/completions.js"
import { commandLine } from "../../src/cli/shell.js"
import { cli } from "../support/cli.js"

const server = ["--base-url", "http://127.0.0.1:9", "--anonymous"]

describe("a wrong command line", () => {
  it.effect.each<[string, ReadonlyArray<string>, string]>([
    ["an unknown command", ["wiat"], "unknown command wiat. Did you mean wait?"],
    ["an option without a command", ["--nope"], "unknown option --nope. Options follow the name of a command."],
    ["an unknown option", ["wait", "operations/a", "--nope"], "unknown option --nope."],
    ["an option with a typing error", ["wait", "--tmeout=3", "a"], "unknown option --tmeout. Did you mean --timeout?"],
    ["an unknown short option", ["wait", "-x", "a"], "unknown option -x."],
    ["an unknown option of a command without arguments", ["emulator", "--nope"], "unknown option --nope."],
    ["a repeated option", ["wait", "a", "--any", "--any"], "--any is given twice"],
    ["a repeated value", ["wait", "a", "--timeout", "1m", "--timeout", "2m"], "--timeout is given twice"],
    ["a value that is missing at the end", ["wait", "a", "--timeout"], "--timeout needs a value: --timeout=DURATION"],
    ["a value that is missing", ["wait", "a", "--timeout", "--any"], "--timeout needs a value: --timeout=DURATION"],
    ["a value that is empty", ["wait", "a", "--api="], "--api must not be empty"],
    ["a value of a switch", ["wait", "a", "--any=no"], "--any takes no value"],
    ["a bad value", ["wait", "a", "--timeout", "soon"], "--timeout must be a duration such as 90s, 10m or 1h30m"],
    [
      "a choice that is none",
      ["wait", "a", "--log-level", "loud"],
      "--log-level must be one of debug, info, warning, error, none"
    ],
    [
      "a bad format",
      ["get", "a", "--format", "xml"],
      "--format must be json, yaml, table or value(FIELD), such as value(response.name)"
    ],
    ["a bad number", ["list", "--page-size", "0"], "--page-size must be a number from 1 to 100000"],
    ["a bad port", ["emulator", "--port", "http"], "--port must be a number from 0 to 65535"],
    [
      "an address that other machines reach",
      ["emulator", "--host", "0.0.0.0"],
      "--host: 0.0.0.0 is not a loopback address, so others on the network could use the emulator. To allow this, " +
      "give --allow-remote"
    ],
    [
      "a bad origin",
      ["emulator", "--origin", "http://a.example", "--origin", "*"],
      "--origin: Expected an origin such as http://localhost:5173, actual \"*\""
    ],
    [
      "a bad version",
      ["emulator", "--api-version", "v1", "--api-version", "/v1"],
      "--api-version: Expected versions such as v1 or drive/v3, actual \"/v1\""
    ],
    ["an empty value among several", ["emulator", "--api-version="], "--api-version must not be empty"],
    ["a bad project", ["get", "a", "--quota-project", "a b"], "--quota-project must be the ID of a project"],
    ["no name", ["wait"], "NAME is missing"],
    ["too many arguments", ["list", "a", "b"], "unexpected argument b"],
    ["an argument of a command without any", ["emulator", "a"], "unexpected argument a"],
    ["both of all and any", ["wait", "a", "--all", "--any"], "--all and --any cannot be combined"],
    ["a cancel at a timeout without one", ["wait", "a", "--cancel-on-timeout"], "--cancel-on-timeout needs --timeout"],
    [
      "two kinds of credentials",
      ["get", "operations/a", ...server, "--gcloud"],
      "--gcloud and --anonymous cannot be combined"
    ],
    ["a shell that is unknown", ["--completions", "csh"], "--completions needs bash, zsh, fish"]
  ])("exits with 2 and says so on standard error: %s", ([_, words, problem]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* cli(words)
      const [line = "", ...rest] = stderr.split("\n")
      const [, text, end] = /^(.*) See google-operations ((?:\w+ )?--help)$/.exec(line) ?? []
      assert.deepStrictEqual({ code, stdout, text, rest }, {
        code: 2,
        stdout: "",
        text: `error: ${problem}${/[.?]$/.test(problem) ? "" : "."}`,
        rest: [""]
      })
      const command = commands.find(({ name }) => name === words[0])
      assert.strictEqual(end, command === undefined ? "--help" : `${command.name} --help`)
    }))

  it.effect("is refused before anything is sent, if any of its names is wrong", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli(["wait", "operations/a", "nonsense", ...server])
      assert.strictEqual(code, 2)
      assert.match(stderr, /"nonsense" is not the name of an operation/)
    }))

  it.effect("without words prints the help on standard error", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* cli([])
      assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" })
      assert.include(stderr, "Usage: google-operations COMMAND")
    }))

  it.effect("takes words after -- for arguments", () =>
    Effect.gen(function*() {
      const { stderr } = yield* cli(["wait", ...server, "--", "--any"])
      assert.match(stderr, /"--any" is not the name of an operation/)
    }))
})

describe("help", () => {
  const screens = [["--help"], ...commands.map(({ name }) => [name, "--help"])]

  it.effect.each(screens.map((words) => ({ words })))(
    "of $words fits a screen of 80 columns and 24 rows",
    ({ words }) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* cli(words)
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        const lines = stdout.split("\n")
        // The last line is empty, and the one after it has the prompt.
        assert.isAtMost(lines.length, 24)
        for (const line of lines) assert.isAtMost(line.length, 80, line)
      })
  )

  it.effect("is there wherever it is asked for, whatever else is wrong", () =>
    Effect.gen(function*() {
      assert.include((yield* cli(["wait", "--nope", "-h"])).stdout, "--cancel-on-interrupt")
      assert.include((yield* cli(["help"])).stdout, "Usage: google-operations COMMAND")
    }))

  it.effect("has the version", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* cli(["--version"]), { code: 0, stdout: "1.2.3\n", stderr: "" })
    }))
})

describe("durations", () => {
  const parse = (text: string) => Either.map(parseDuration(Duration.millis(100))(text), Duration.toMillis)

  it.each([["90s", 90_000], ["10m", 600_000], ["1h30m", 5_400_000], ["1.5s", 1_500], ["250ms", 250], ["30", 30_000], [
    "1d",
    86_400_000
  ]])(
    "%s is %d ms",
    (text, millis) => assert.deepStrictEqual(parse(text), Either.right(millis))
  )
  it.each(["", "10 m", "m", "-1s", "1s2", "1y", "1m-1s", "Infinity", "1e3s"])(
    "%s is none",
    (text) => assert.deepStrictEqual(parse(text), Either.left("must be a duration such as 90s, 10m or 1h30m"))
  )
  it.each(["0s", "99ms", "366d"])(
    "%s is out of range",
    (text) => assert.match(Either.getOrThrow(Either.flip(parse(text))), /^must be from 100ms to 365d$/)
  )
})

describe("command lines for a shell", () => {
  it("are quoted so that a shell reads the same words", () => {
    const words = ["wait", "operations/a b", "it's", "$HOME", "`x`", "a\"b", "*", "--format=value(name)", "实行"]
    const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${commandLine(words)}`], { encoding: "utf8" })
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), words)
    assert.strictEqual(commandLine(["wait", "--timeout", "10m"]), "wait --timeout 10m")
  })
})

const script = (shell: Completions.Shell) =>
  Completions.script(shell, { program: "google-operations", commands, values: { api: ["run", "compute"] } })

const has = (program: string) => spawnSync(program, ["--version"]).status === 0

const scriptFile = (shell: Completions.Shell) => {
  const file = join(mkdtempSync(join(tmpdir(), "completions-")), `_google-operations.${shell}`)
  writeFileSync(file, script(shell))
  return file
}

describe("completions", () => {
  it.effect("are printed", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* cli(["--completions", "bash"])
      assert.strictEqual(code, 0)
      assert.include(stdout, "accesscontextmanager")
      assert.strictEqual((yield* cli(["--completions=zsh"])).stdout.split("\n")[0], "#compdef google-operations")
    }))

  // What bash offers after some words, of which the last one is being typed.
  const bash = (...words: ReadonlyArray<string>) => {
    const { stderr, stdout } = spawnSync("bash", [
      "--norc",
      "-c",
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _google_operations; printf '%s\\n' "\${COMPREPLY[@]}"`,
      scriptFile("bash"),
      "google-operations",
      ...words
    ], { encoding: "utf8" })
    assert.strictEqual(stderr, "")
    return stdout.trimEnd().split("\n")
  }

  it("for bash complete commands, options and values", () => {
    assert.deepStrictEqual(bash("wa"), ["wait", "watch"])
    assert.deepStrictEqual(bash("--v"), ["--version"])
    assert.deepStrictEqual(bash("wait", "--cancel-on-"), ["--cancel-on-interrupt", "--cancel-on-timeout"])
    assert.deepStrictEqual(bash("get", "operations/a", "--api", "r"), ["run"])
    assert.deepStrictEqual(bash("get", "--format", "j"), ["json"])
    assert.deepStrictEqual(bash("get", "--timeout"), [""])
    assert.include(bash("get", "--access-token-file", "packa"), "package.json")
    assert.deepStrictEqual(bash("--completions", "z"), ["zsh"])
  })

  it.skipIf(!has("fish"))("for fish complete commands, options and values (skipped without fish)", () => {
    const complete = (line: string) => {
      const { stderr, stdout } = spawnSync(
        "fish",
        ["-N", "-c", `source ${scriptFile("fish")}; complete -C '${line}'`],
        {
          encoding: "utf8"
        }
      )
      assert.strictEqual(stderr, "")
      return stdout.trimEnd().split("\n").map((line) => line.split("\t")[0])
    }
    assert.includeMembers(complete("google-operations "), ["wait", "watch", "emulator"])
    assert.deepStrictEqual(complete("google-operations wait --cancel-on-"), [
      "--cancel-on-interrupt",
      "--cancel-on-timeout"
    ])
    assert.deepStrictEqual(complete("google-operations get --api r"), ["run"])
  }, 20_000)
})
