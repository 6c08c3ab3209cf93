import { assert, describe, it } from "@effect/vitest"
import * as Operation from "effect-google-operations/Operation"
import * as Status from "effect-google-operations/Status"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { parse as parseYaml } from "yaml"
import * as Format from "../../src/cli/format.js"
import { colored, plain } from "../../src/cli/text.js"
import { capture } from "../support/cli.js"

const succeeded = Operation.succeeded({
  name: "operations/a",
  metadata: { "@type": "x/y", labels: [{ key: "k" }] },
  response: { "@type": "type.googleapis.com/example.Thing", title: "a \u009bthing", size: 7 }
})
const pending = Operation.pending({ name: "operations/b", metadata: { state: "RUNNING", progressPercent: 40 } })
const failed = Operation.failed({ name: "operations/c", error: new Status.Status({ code: 9, message: "in use" }) })

const format = (text: string) => Either.getOrThrow(Format.parse(text))

const printed = (text: string, operations: ReadonlyArray<Operation.Operation>, isList = true, columns?: number) =>
  Effect.gen(function*() {
    const stdout = capture(columns === undefined ? undefined : { columns, rows: 24 })
    yield* Format.printOperations({ stdout: stdout.output, stdoutStyle: plain }, {
      format: format(text),
      isList,
      operations
    })
    return stdout.text()
  })

describe("--format", () => {
  it("knows four formats", () => {
    assert.deepStrictEqual(Format.parse("json"), Either.right({ type: "json" }))
    assert.deepStrictEqual(
      Format.parse("value(name, response.title)"),
      Either.right({ type: "value", fields: [["name"], ["response", "title"]] })
    )
    for (const text of ["xml", "value", "value()", "value(a", "JSON"]) {
      assert.match(Either.getOrThrow(Either.flip(Format.parse(text))), /must be json, yaml, table or value\(FIELD\)/)
    }
  })
})

describe("json", () => {
  it.effect("is one object for one operation, and an array for several", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(JSON.parse(yield* printed("json", [succeeded], false)), Operation.toJson(succeeded))
      const all = [succeeded, pending, failed]
      assert.deepStrictEqual(JSON.parse(yield* printed("json", all)), all.map(Operation.toJson))
      assert.strictEqual(yield* printed("json", []), "[]\n")
      assert.strictEqual(yield* printed("json", [], false), "")
    }))

  it.effect("escapes the control characters that terminals obey", () =>
    Effect.gen(function*() {
      const text = yield* printed("json", [succeeded], false)
      assert.include(text, "a \\u009bthing")
      assert.notInclude(text, "\u009b")
    }))
})

describe("yaml", () => {
  it.effect("reads as the same value", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(parseYaml(yield* printed("yaml", [failed], false)), Operation.toJson(failed))
      const all = [succeeded, pending, failed]
      assert.deepStrictEqual(parseYaml(yield* printed("yaml", all)), all.map(Operation.toJson))
      assert.strictEqual(yield* printed("yaml", []), "[]\n")
    }))

  it.effect("is for people", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* printed("yaml", [pending], false),
        "name: operations/b\ndone: false\nmetadata:\n  state: RUNNING\n  progressPercent: 40\n"
      )
    }))
})

describe("value", () => {
  it.effect("prints fields for scripts, one operation a line", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* printed("value(name,response.size,error.message,metadata.labels.0.key)", [succeeded, failed]),
        "operations/a\t7\t\tk\noperations/c\t\tin use\t\n"
      )
      assert.strictEqual(
        yield* printed("value(metadata)", [pending], false),
        "{\"state\":\"RUNNING\",\"progressPercent\":40}\n"
      )
      assert.strictEqual(
        yield* printed("value(response.@type)", [succeeded], false),
        "type.googleapis.com/example.Thing\n"
      )
    }))
})

it.effect("nothing that is printed on a terminal makes it do anything", () =>
  Effect.gen(function*() {
    const harmful = Operation.succeeded({
      name: "operations/a",
      response: { text: "\x1b[2J\u009b2J\u202e", other: "a\tb" }
    })
    for (const text of ["json", "yaml", "table", "value(response.text,response.other)"]) {
      for (const isList of [false, true]) {
        const onTerminal = yield* printed(text, [harmful], isList, 80)
        assert.isFalse(/[^\P{C}\t\n]/u.test(onTerminal), JSON.stringify(onTerminal))
      }
    }
    assert.strictEqual(yield* printed("value(response.text)", [harmful]), "\x1b[2J\u009b2J\u202e\n")
  }))

describe("table", () => {
  it.effect("has a row for each operation", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* printed("table", [succeeded, pending, failed]),
        [
          "STATUS     NAME          DETAILS",
          "succeeded  operations/a",
          "pending    operations/b  RUNNING 40 %",
          "failed     operations/c  FAILED_PRECONDITION: in use",
          ""
        ].join("\n")
      )
      assert.strictEqual(yield* printed("table", []), "")
    }))

  it.effect("fits a terminal", () =>
    Effect.gen(function*() {
      for (const line of (yield* printed("table", [succeeded, pending, failed], true, 30)).split("\n")) {
        assert.isAtMost(line.length, 30)
      }
    }))

  it.effect("has one header, whatever the number of pages", () =>
    Effect.gen(function*() {
      const { output, text } = capture()
      const { end, page } = yield* Format.printer(output, format("table"), Format.operation, colored)
      yield* page([])
      yield* page([pending])
      yield* page([failed])
      yield* end
      assert.strictEqual(text().split("STATUS").length, 2)
      assert.include(text(), "\x1b[31mfailed\x1b[39m")
    }))
})
