import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import { Output, type Size, type Write } from "../../src/cli/output.js"

/** An output whose writes end when the test says so. */
const slow = (size?: Size) => {
  const chunks: Array<string> = []
  let done: (() => void) | undefined
  const write: Write = (data, written) => {
    chunks.push(Buffer.from(data).toString())
    done = () => written(null, data.length)
  }
  return { output: new Output(write, () => size), chunks, written: () => done?.() }
}

/** An output whose writes end at once, as `results` say: with an error code, or after so many bytes. */
const fast = (...results: ReadonlyArray<string | number>) => {
  const chunks: Array<string> = []
  const left = [...results]
  const write: Write = (data, done) => {
    const result = left.shift() ?? data.length
    if (typeof result === "string") return done({ code: result, message: `${result}: it failed` }, 0)
    chunks.push(Buffer.from(data.subarray(0, result)).toString())
    done(null, result)
  }
  return { output: new Output(write), chunks }
}

const terminal = { columns: 20, rows: 5 }

describe("an output", () => {
  it.effect("writes what it is given in order, one write at a time", () =>
    Effect.gen(function*() {
      const { chunks, output, written } = slow()
      output.post("a\n")
      output.post("b\n")
      const fiber = yield* Effect.fork(output.print("c\n"))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(chunks, ["a\n"])
      written()
      assert.deepStrictEqual(chunks, ["a\n", "b\nc\n"])
      assert.isNull(fiber.unsafePoll())
      written()
      yield* Fiber.join(fiber)
    }))

  it.effect("continues where a write has stopped", () =>
    Effect.gen(function*() {
      const { chunks, output } = fast(2, 1)
      yield* output.print("abcdef\n")
      assert.deepStrictEqual(chunks, ["ab", "c", "def\n"])
    }))

  it.live("tries again when a descriptor that does not block is full", () =>
    Effect.gen(function*() {
      const { chunks, output } = fast("EAGAIN", "EAGAIN")
      yield* output.print("text\n")
      assert.deepStrictEqual(chunks, ["text\n"])
    }))

  it.effect.each(["EPIPE", "EIO", "EBADF"])(
    "ends quietly when the reader has gone: %s",
    (code) =>
      Effect.gen(function*() {
        const { chunks, output } = fast(code)
        yield* output.print("text\n")
        yield* output.print("more\n")
        output.draw(["frame"])
        assert.isTrue(output.isClosed)
        assert.deepStrictEqual(chunks, [])
      })
  )

  it.effect("fails when it cannot be written", () =>
    Effect.gen(function*() {
      const { output } = fast("ENOSPC")
      const result = yield* Effect.either(output.print("text\n"))
      assert.strictEqual(
        Either.getOrThrow(Either.flip(result)).message,
        "Could not write the output: ENOSPC: it failed"
      )
    }))
})

describe("a live region", () => {
  it("is redrawn in place, below text that stays", () => {
    const { chunks, output, written } = slow(terminal)
    output.draw(["one", "two"])
    written()
    output.draw(["three"])
    written()
    output.post("text\n")
    written()
    output.draw([])
    written()
    assert.deepStrictEqual(chunks, ["one\ntwo", "\r\x1b[1A\x1b[Jthree", "\r\x1b[Jtext\nthree", "\r\x1b[J"])
  })

  it("drops the frames that a slow terminal has no time for", () => {
    const { chunks, output, written } = slow(terminal)
    for (let frame = 0; frame < 100; frame++) output.draw([`frame ${frame}`])
    written()
    written()
    assert.deepStrictEqual(chunks, ["frame 0", "\r\x1b[Jframe 99"])
  })

  it("stays within the window, with or without colors", () => {
    const { chunks, output } = slow(terminal)
    output.draw([`\x1b[31m${"x".repeat(30)}\x1b[39m`, "b", "c", "d", "e"])
    assert.deepStrictEqual(chunks, [`${"x".repeat(18)}…\nb\nc\nd`])
  })

  it("is erased whole when the window has become narrower", () => {
    let size = { columns: 40, rows: 5 }
    const chunks: Array<string> = []
    const output = new Output((data, done) => {
      chunks.push(Buffer.from(data).toString())
      done(null, data.length)
    }, () => size)
    output.draw(["x".repeat(35), "y"])
    size = { columns: 20, rows: 5 }
    output.draw([])
    assert.strictEqual(chunks[1], "\r\x1b[2A\x1b[J")
  })

  it("is nothing without a terminal", () => {
    const { chunks, output } = fast()
    output.draw(["frame"])
    output.post("text\n")
    assert.deepStrictEqual(chunks, ["text\n"])
  })
})
