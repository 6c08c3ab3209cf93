import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { ByteCollector, contentEncodings, decodeBody, decodeUtf8, isUtf8 } from "../src/internal/http/body.js"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const collected = (chunks: Iterable<Uint8Array>, limit = Infinity): ByteCollector => {
  const collector = new ByteCollector(limit)
  for (const chunk of chunks) collector.add(chunk)
  return collector
}

const decode = async (
  header: string | ReadonlyArray<string>,
  encoded: Uint8Array,
  limit = 1000
): Promise<{ readonly text: string; readonly isTruncated: boolean }> => {
  const decoded = await decodeBody(contentEncodings(header), collected([encoded], limit), limit)
  return { text: decodeUtf8(decoded.bytes), isTruncated: decoded.isTruncated }
}

const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => "no rejection", (error: Error) => error.message)

describe("ByteCollector", () => {
  it("joins the chunks and keeps at most `limit` bytes of them", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.array(FastCheck.uint8Array({ maxLength: 20 }), { maxLength: 20 }),
      FastCheck.integer({ min: 0, max: 200 }),
      (chunks, limit) => {
        const copies = chunks.map((chunk) => chunk.slice())
        const whole = Buffer.concat(chunks)
        const collector = collected(chunks, limit)
        assert.deepStrictEqual(Buffer.from(collector.bytes), whole.subarray(0, limit))
        assert.strictEqual(collector.isTruncated, whole.length > limit)
        // It must not write into the chunks.
        assert.deepStrictEqual(chunks, copies)
      }
    ))
  })

  it("`add` returns whether all of the chunk was added", () => {
    const collector = new ByteCollector(3)
    assert.deepStrictEqual([bytes("ab"), bytes("c"), bytes(""), bytes("d")].map((chunk) => collector.add(chunk)), [
      true,
      true,
      true,
      false
    ])
    assert.strictEqual(decodeUtf8(collector.bytes), "abc")
  })
})

describe("the text of a body", () => {
  it("has no byte order mark", () => {
    assert.strictEqual(decodeUtf8(bytes("\uFEFF{}")), "{}")
    assert.strictEqual(decodeUtf8(bytes("{\"a\":\"\uFEFFä\"}")), "{\"a\":\"\uFEFFä\"}")
  })

  it("is distinguished from encoded bytes, even if the last character is incomplete", () => {
    const text = JSON.stringify({ name: "operations/ä", done: false })
    assert.isTrue(isUtf8(bytes(text)))
    assert.isTrue(isUtf8(bytes("ä").subarray(0, 1)))
    for (const encoded of [gzipSync(text), deflateSync(text), deflateRawSync(text), brotliCompressSync(text)]) {
      assert.isFalse(isUtf8(encoded))
    }
  })
})

describe("content encodings", () => {
  const text = JSON.stringify({ name: "operations/ä", metadata: "x".repeat(100) })

  it.each([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["GZip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["identity", bytes(text)],
    ["", bytes(text)],
    ["deflate, gzip", gzipSync(deflateSync(text))],
    ["identity , br,gzip", gzipSync(brotliCompressSync(text))]
  ])("%s is decoded", async (header, encoded) => {
    assert.deepStrictEqual(await decode(header, encoded), { text, isTruncated: false })
  })

  it("of two headers are decoded in order", async () => {
    assert.deepStrictEqual(await decode(["br", "gzip"], gzipSync(brotliCompressSync(text))), {
      text,
      isTruncated: false
    })
  })

  it.each([["gzip", gzipSync], ["deflate", deflateSync], ["deflate", deflateRawSync], ["br", brotliCompressSync]])(
    "%s is limited after decompression",
    async (header, compress) => {
      const decoded = await decode(header, compress("x".repeat(10_000_000)), 100_000)
      assert.isTrue(decoded.isTruncated)
      assert.strictEqual(decoded.text, "x".repeat(100_000))
    }
  )

  it("a body of exactly the limit is not truncated", async () => {
    assert.deepStrictEqual(await decode("gzip", gzipSync("x".repeat(1000))), {
      text: "x".repeat(1000),
      isTruncated: false
    })
  })

  it("a body that was truncated before decompression keeps what can be decoded", async () => {
    const random = Array.from({ length: 5000 }, (_, index) => (index * index * 7919) % 997).join()
    const encoded = gzipSync(random)
    const limit = encoded.length - 100
    const decoded = await decode("gzip", encoded, limit)
    assert.isTrue(decoded.isTruncated)
    assert.isTrue(random.startsWith(decoded.text))
  })

  it("an empty body is not decoded", async () => {
    assert.deepStrictEqual(await decode("gzip", new Uint8Array(0)), { text: "", isTruncated: false })
  })

  it("fail with a message if they are unknown, invalid, incomplete or too many", async () => {
    assert.strictEqual(await rejection(decode("zstd", bytes(text))), "the content encoding \"zstd\" is not supported")
    assert.strictEqual(
      await rejection(decode("gzip", bytes(text))),
      "the body is not valid gzip: incorrect header check"
    )
    assert.strictEqual(
      await rejection(decode("gzip", gzipSync(text).subarray(0, -9))),
      "the body is not valid gzip: unexpected end of file"
    )
    assert.strictEqual(
      await rejection(decode("gzip,gzip,gzip,gzip,gzip", bytes(text))),
      "the body has 5 content encodings; at most 4 are supported"
    )
  })

  it("fail with a message if the runtime has no zlib", async () => {
    const { getBuiltinModule } = process
    try {
      process.getBuiltinModule = () => undefined
      assert.strictEqual(
        await rejection(decode("gzip", gzipSync(text))),
        "the content encoding \"gzip\" is not supported"
      )
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  })
})
