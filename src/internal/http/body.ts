/**
 * Collects a response body up to a limit, then decodes its content encodings and text. This file works in every
 * runtime. If the runtime provides `node:zlib`, this file uses it to decode content encodings.
 */

/**
 * The bytes of a body.
 *
 * @internal
 */
export interface Bytes {
  readonly bytes: Uint8Array
  /** Whether the body was larger than the limit. */
  readonly isTruncated: boolean
}

const empty: Uint8Array = new Uint8Array(0)

/**
 * Collects body bytes up to a limit. It needs at most twice the memory of the body, even if the chunks are small.
 *
 * @internal
 */
export class ByteCollector implements Bytes {
  // Holds the first chunk. When more chunks arrive, it is replaced by a larger buffer that this object owns.
  #buffer = empty
  #length = 0
  #isTruncated = false
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds as much of a chunk as the limit allows. Returns whether the whole chunk was added. */
  add(chunk: Uint8Array): boolean {
    const room = this.#limit - this.#length
    const fits = chunk.byteLength <= room
    if (!fits) this.#isTruncated = true
    this.#append(fits ? chunk : chunk.subarray(0, room))
    return fits
  }

  #append(chunk: Uint8Array): void {
    if (this.#length === 0) {
      this.#buffer = chunk
    } else {
      const needed = this.#length + chunk.byteLength
      if (needed > this.#buffer.byteLength) {
        const larger = new Uint8Array(Math.max(needed, Math.min(this.#limit, 2 * this.#length)))
        larger.set(this.bytes)
        this.#buffer = larger
      }
      this.#buffer.set(chunk, this.#length)
    }
    this.#length += chunk.byteLength
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  get isTruncated(): boolean {
    return this.#isTruncated
  }
}

// This decoder removes a byte order mark.
const utf8 = new TextDecoder()

/**
 * Decodes a body as UTF-8 text.
 *
 * @internal
 */
export const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes)

/**
 * Returns whether bytes are UTF-8 text. The last character may be incomplete. `fetch` decodes a body but keeps the
 * `content-encoding` header, so this function is needed to tell a decoded body from an encoded one.
 *
 * @internal
 */
export const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/**
 * Returns the content encodings that a header lists, in the order in which they were applied.
 *
 * @internal
 */
export const contentEncodings = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  header === undefined
    ? []
    : String(header).toLowerCase().split(",").map((encoding) => encoding.trim()).filter((encoding) =>
      encoding !== "" && encoding !== "identity"
    )

// "deflate" means the zlib format (RFC 9110, 8.4.1.2), but some servers send raw deflate data.
const hasZlibHeader = (bytes: Uint8Array): boolean =>
  (bytes[0]! & 0x0f) === 8 && ((bytes[0]! << 8) | bytes[1]!) % 31 === 0

const decompressor = (encoding: string, bytes: Uint8Array) => {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib")
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib?.createGunzip()
    case "deflate":
      return hasZlibHeader(bytes) ? zlib?.createInflate() : zlib?.createInflateRaw()
    case "br":
      return zlib?.createBrotliDecompress()
  }
  return undefined
}

const addAll = async (collector: ByteCollector, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of chunks) {
    if (!collector.add(chunk)) return
  }
}

const decompress = async (encoding: string, encoded: Bytes, limit: number): Promise<Bytes> => {
  const stream = decompressor(encoding, encoded.bytes)
  if (stream === undefined) {
    throw new Error(`the content encoding ${JSON.stringify(encoding)} is not supported`)
  }
  const decoded = new ByteCollector(limit)
  await addAll(decoded, stream.end(encoded.bytes)).catch((error: unknown) => {
    // This error is expected for a truncated body, because its end is missing.
    if (encoded.isTruncated) return
    throw new Error(`the body is not valid ${encoding}: ${error instanceof Error ? error.message : error}`)
  })
  return { bytes: decoded.bytes, isTruncated: decoded.isTruncated || encoded.isTruncated }
}

// Servers apply one or two encodings.
const maxEncodings = 4

/**
 * Decodes content encodings in reverse order, and keeps at most `limit` bytes of each result. Rejects if an encoding is
 * not supported or the bytes are not valid in that encoding.
 *
 * @internal
 */
export const decodeBody = async (
  encodings: ReadonlyArray<string>,
  encoded: Bytes,
  limit: number
): Promise<Bytes> => {
  if (encodings.length > maxEncodings) {
    throw new Error(`the body has ${encodings.length} content encodings; at most ${maxEncodings} are supported`)
  }
  let body = encoded
  for (const encoding of encodings.toReversed()) {
    if (body.bytes.byteLength === 0) return body
    body = await decompress(encoding, body, limit)
  }
  return body
}
