import { assert, describe, it } from "@effect/vitest"
import { layout } from "../../src/cli/table.js"
import { colored, count, cutEnd, cutStart, duration, padEnd, plain, singleLine, width } from "../../src/cli/text.js"

describe("width", () => {
  it("counts columns, not characters", () => {
    assert.strictEqual(width("operations/a"), 12)
    assert.strictEqual(width("実行中"), 6)
    assert.strictEqual(width("🚀"), 2)
    assert.strictEqual(width("e\u0301"), 1)
    assert.strictEqual(width(colored.red("failed")), 6)
  })
})

describe("cutting", () => {
  it("keeps the end of a name and the start of a sentence", () => {
    assert.strictEqual(cutStart("projects/p/operations/o", 10), "…rations/o")
    assert.strictEqual(cutEnd("a sentence", 5), "a se…")
    assert.strictEqual(cutEnd("short", 5), "short")
  })
  it("never takes more columns than there are", () => {
    for (const text of ["operations/実行中の操作", "🚀🚀🚀", "e\u0301e\u0301e\u0301e\u0301"]) {
      for (let columns = 0; columns < 12; columns++) {
        assert.isAtMost(width(cutStart(text, columns)), columns, text)
        assert.isAtMost(width(cutEnd(text, columns)), columns, text)
      }
    }
  })
  it("fills up to a width in columns", () => {
    assert.strictEqual(padEnd("実", 4), "実  ")
    assert.strictEqual(padEnd("long", 2), "long")
  })
})

describe("singleLine", () => {
  it("leaves nothing that moves the cursor, colors text or turns it around", () => {
    assert.strictEqual(singleLine("a\r\nb\tc"), "a b c")
    assert.strictEqual(singleLine("\x1b[31mred\u009b2J\u202e"), "\ufffd[31mred\ufffd2J\ufffd")
  })
})

describe("duration", () => {
  it.each([[0, "0.0s"], [400, "0.4s"], [9_949, "9.9s"], [12_400, "12s"], [65_000, "1m 5s"], [3_600_000, "1h 0m"]])(
    "writes %d ms as %s",
    (millis, text) => assert.strictEqual(duration(millis), text)
  )
})

it("count says one and many", () => {
  assert.deepStrictEqual([count(1, "poll"), count(2, "poll"), count(0, "poll")], ["1 poll", "2 polls", "0 polls"])
})

describe("a table", () => {
  const columns = [{ title: "STATUS" }, { title: "NAME", isFlexible: true }, { title: "POLLS", isOptional: true }]
  const rows = [["pending", "projects/p/operations/1", "3"], ["failed", "operations/2", "12"]]
  const lines = (available?: number) => {
    const { row, titles } = layout(columns, rows, { columns: available })
    return [titles, ...rows.map(row)]
  }

  it("cuts nothing where the width is not limited", () => {
    assert.deepStrictEqual(lines(), [
      "STATUS   NAME                     POLLS",
      "pending  projects/p/operations/1  3",
      "failed   operations/2             12"
    ])
  })
  it("cuts names first, then leaves out optional columns", () => {
    assert.deepStrictEqual(lines(32), [
      "STATUS   NAME              POLLS",
      "pending  …/p/operations/1  3",
      "failed   operations/2      12"
    ])
    assert.deepStrictEqual(lines(22), ["STATUS   NAME", "pending  …operations/1", "failed   operations/2"])
  })
  it("fits even where no column fits", () => {
    for (let available = 1; available < 60; available++) {
      for (const line of lines(available)) assert.isAtMost(width(line), Math.max(available, 4), `${available}: ${line}`)
    }
  })
  it("marks up cells without counting the marks", () => {
    const cells = [{ text: "failed", markup: colored.red }, "operations/1", "1"]
    assert.strictEqual(
      layout(columns, [cells], { style: plain }).row(cells),
      "\x1b[31mfailed\x1b[39m  operations/1  1"
    )
  })
})
