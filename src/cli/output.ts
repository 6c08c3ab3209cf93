/**
 * Writes to standard output and standard error.
 *
 * Text is written in order, with one asynchronous write at a time. A slow terminal or reader therefore does not block
 * the process, which continues to handle polls and signals. A live region can be shown below the text and redrawn in
 * place. While a write is in progress, each new frame replaces the previous frame that has not yet been written.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { write as writeToFd } from "node:fs"
import { stripVTControlCharacters } from "node:util"
import { cutEnd, width } from "./text.js"

/** Writes all or part of the bytes, and passes on the number of bytes written. */
export type Write = (
  data: Uint8Array,
  done: (error: { readonly code?: string | undefined; readonly message: string } | null, written: number) => void
) => void

/** Writes to a file descriptor. */
export const toFd = (fd: number): Write => (data, done) => writeToFd(fd, data, done)

/** The size of a terminal. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Reports that output could not be written, for example because a disk is full. */
export class OutputError extends Data.TaggedError("OutputError")<{ readonly message: string }> {}

// The reader has closed the pipe or terminal.
const gone = new Set(["EPIPE", "ECONNRESET", "EIO", "EBADF"])

// Another process has made the file descriptor non-blocking, and its buffer is full.
const full = new Set(["EAGAIN", "EWOULDBLOCK"])

const retryMillis = 10

export class Output {
  readonly #write: Write
  readonly #size: () => Size | undefined
  #text = ""
  #frame: ReadonlyArray<string> = []
  #isFrameNew = false
  /** The lines of the live region that are on the screen. */
  #drawn: ReadonlyArray<string> = []
  #isWriting = false
  #error: OutputError | undefined
  #onIdle: Array<() => void> = []
  /** Whether the reader has closed the output. If it has, all later text is discarded. */
  isClosed = false

  /** `size` returns the terminal size, or `undefined` if the output is not a terminal. */
  constructor(write: Write, size: () => Size | undefined = () => undefined) {
    this.#write = write
    this.#size = size
  }

  /** The terminal size. It is `undefined` if the output is not a terminal. */
  get size(): Size | undefined {
    return this.#size()
  }

  /** Appends text, which must end with a line break. */
  post(text: string): void {
    if (this.isClosed) return
    this.#text += text
    this.#next()
  }

  /** Replaces the live region. If `lines` is empty, removes the region. */
  draw(lines: ReadonlyArray<string>): void {
    if (this.isClosed) return
    this.#frame = lines
    this.#isFrameNew = true
    this.#next()
  }

  /**
   * Waits until all text is written. Fails if a write fails, unless it fails because the reader has closed the output.
   */
  readonly flush: Effect.Effect<void, OutputError> = Effect.suspend(() => {
    const result = Effect.suspend(() => this.#error === undefined ? Effect.void : Effect.fail(this.#error))
    return this.#isWriting
      ? Effect.zipRight(Effect.async<void>((resume) => void this.#onIdle.push(() => resume(Effect.void))), result)
      : result
  })

  /** Writes text, and waits until it is written. */
  readonly print = (text: string): Effect.Effect<void, OutputError> =>
    Effect.suspend(() => {
      this.post(text)
      return this.flush
    })

  #next(): void {
    if (this.#isWriting) return
    if (this.isClosed || (this.#text === "" && !this.#isFrameNew)) {
      for (const resume of this.#onIdle.splice(0)) resume()
      return
    }
    const size = this.#size()
    const frame = size === undefined ? [] : visible(this.#frame, size)
    const text = size === undefined ? this.#text : erase(this.#drawn, size) + this.#text + frame.join("\n")
    this.#drawn = frame
    this.#text = ""
    this.#isFrameNew = false
    this.#isWriting = true
    this.#writeAll(Buffer.from(text))
  }

  #writeAll(data: Uint8Array): void {
    if (data.length === 0) return this.#onWritten()
    this.#write(data, (error, written) => {
      if (error === null) return this.#writeAll(data.subarray(written))
      const code = error.code ?? ""
      if (full.has(code)) return void setTimeout(() => this.#writeAll(data), retryMillis)
      this.isClosed = true
      if (!gone.has(code)) this.#error = new OutputError({ message: `Could not write the output: ${error.message}` })
      this.#onWritten()
    })
  }

  #onWritten(): void {
    this.#isWriting = false
    this.#next()
  }
}

// The final column stays empty, because a terminal may wrap after it. The final row is reserved for the cursor.
const visible = (lines: ReadonlyArray<string>, { columns, rows }: Size): ReadonlyArray<string> =>
  lines.slice(0, Math.max(1, rows - 1)).map((line) =>
    width(line) < columns ? line : cutEnd(stripVTControlCharacters(line), columns - 1)
  )

// If the terminal has become narrower, a line occupies several rows.
const erase = (lines: ReadonlyArray<string>, { columns }: Size): string => {
  if (lines.length === 0) return ""
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0)
  return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[J`
}
