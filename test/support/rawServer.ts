/**
 * A TCP server on a loopback address that sends the bytes, pauses and faults of a script.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import * as net from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import * as tls from "node:tls"
import { gzipSync } from "node:zlib"

/** One action of a server after a request. After the last one, the server waits for the next request. */
export type Step =
  | { readonly send: string | Uint8Array }
  /** Waits, in ms. */
  | { readonly sleep: number }
  /** Sends that many bytes as fast as the client reads them. */
  | { readonly flood: number }
  /** Closes the connection after that many ms, unless a request arrives earlier. */
  | { readonly closeWhenIdle: number }
  /** Closes the connection (FIN). */
  | "end"
  /** Resets the connection (RST). */
  | "reset"
  /** Waits until the client closes the connection. */
  | "hold"

export interface RawRequest {
  readonly method: string
  readonly path: string
  /** By lower-case name; duplicates are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The index of its connection, from 0. */
  readonly connection: number
  /** Its index among the requests of its connection, from 0. */
  readonly index: number
}

export interface RawServer {
  readonly origin: string
  readonly port: number
  readonly requests: ReadonlyArray<RawRequest>
  /** How many connections were accepted. */
  readonly connections: () => number
  /** How many connections are open. */
  readonly openConnections: () => number
}

interface Parsed {
  readonly request: Omit<RawRequest, "connection" | "index">
  readonly rest: Buffer
}

const parseChunked = (bytes: Buffer): { readonly body: Buffer; readonly rest: Buffer } | undefined => {
  const chunks: Array<Buffer> = []
  for (let rest = bytes;;) {
    const end = rest.indexOf("\r\n")
    if (end === -1) return undefined
    const size = Number.parseInt(rest.toString("latin1", 0, end), 16)
    const next = end + 2 + size + 2
    if (rest.length < next) return undefined
    chunks.push(rest.subarray(end + 2, end + 2 + size))
    rest = rest.subarray(next)
    if (size === 0) return { body: Buffer.concat(chunks), rest }
  }
}

const parse = (bytes: Buffer): Parsed | undefined => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const [start, ...lines] = bytes.toString("latin1", 0, end).split("\r\n")
  const [method = "", path = ""] = (start ?? "").split(" ")
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  const rest = bytes.subarray(end + 4)
  if (headers["transfer-encoding"] === "chunked") {
    const chunked = parseChunked(rest)
    return chunked && { request: { method, path, headers, body: chunked.body }, rest: chunked.rest }
  }
  const length = Number(headers["content-length"] ?? 0)
  return rest.length < length
    ? undefined
    : { request: { method, path, headers, body: rest.subarray(0, length) }, rest: rest.subarray(length) }
}

const flood = async (socket: net.Socket, bytes: number, signal: AbortSignal): Promise<void> => {
  const chunk = Buffer.alloc(16_384, "x")
  for (let left = bytes; left > 0 && !socket.destroyed; left -= chunk.length) {
    if (!socket.write(chunk.subarray(0, left))) await once(socket, "drain", { signal })
  }
}

const run = async (
  socket: net.Socket,
  steps: ReadonlyArray<Step>,
  reset: () => void,
  signal: AbortSignal
): Promise<void> => {
  for (const step of steps) {
    if (step === "end") socket.end()
    else if (step === "reset") reset()
    else if (step === "hold") await once(socket, "close", { signal })
    else if ("send" in step) socket.write(step.send)
    else if ("sleep" in step) await sleep(step.sleep, undefined, { signal })
    else if ("flood" in step) await flood(socket, step.flood, signal)
    else {
      const timer = setTimeout(() => socket.end(), step.closeWhenIdle)
      socket.once("data", () => clearTimeout(timer))
      socket.once("close", () => clearTimeout(timer))
    }
  }
}

/** Starts a server on a free port, over TLS if there is a certificate. It ends with the scope. */
export const rawServer = (
  respond: ReadonlyArray<Step> | ((request: RawRequest) => ReadonlyArray<Step>),
  options: tls.TlsOptions = {}
): Effect.Effect<RawServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<RawRequest> = []
      // The TCP sockets below TLS, by the client's port.
      const tcp = new Map<number | undefined, net.Socket>()
      const open = new Set<net.Socket>()
      const shutdown = new AbortController()
      let connections = 0
      const accept = (socket: net.Socket): void => {
        const connection = connections++
        const aborted = new AbortController()
        const signal = AbortSignal.any([aborted.signal, shutdown.signal])
        const { remotePort } = socket
        const reset = () => void tcp.get(remotePort)?.resetAndDestroy()
        let index = 0
        let bytes: Buffer = Buffer.alloc(0)
        let done = Promise.resolve()
        open.add(socket)
        socket.setNoDelay(true).on("error", () => {}).once("close", () => {
          open.delete(socket)
          aborted.abort()
        })
        socket.on("data", (chunk) => {
          bytes = Buffer.concat([bytes, chunk])
          for (let parsed = parse(bytes); parsed !== undefined; parsed = parse(bytes)) {
            bytes = parsed.rest
            const request = { ...parsed.request, connection, index: index++ }
            requests.push(request)
            const steps = typeof respond === "function" ? respond(request) : respond
            // Many scripts break the connection, which ends their remaining steps.
            done = done.then(() => run(socket, steps, reset, signal)).catch(() => {})
          }
        })
      }
      const server = options.cert === undefined
        ? net.createServer(accept)
        : tls.createServer(options, accept).on("tlsClientError", () => {})
      server.prependListener("connection", (socket) => {
        tcp.set(socket.remotePort, socket)
        socket.once("close", () => tcp.delete(socket.remotePort))
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const { port } = server.address() as net.AddressInfo
      return {
        origin: `${options.cert === undefined ? "http" : "https"}://127.0.0.1:${port}`,
        port,
        requests,
        connections: () => connections,
        openConnections: () => open.size,
        close: async () => {
          shutdown.abort()
          const closed = once(server, "close")
          server.close()
          for (const socket of open) socket.destroy()
          await closed
        }
      }
    }),
    (server) => Effect.promise(server.close)
  )

/** The bytes of a response. `content-length` is correct unless the headers set it. */
export const response = (
  body: string | Uint8Array,
  headers: ReadonlyArray<readonly [string, string]> = [],
  status = "200 OK"
): Buffer => {
  const bytes = Buffer.from(body)
  const isFramed = headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
  const all = isFramed ? headers : [...headers, ["content-length", String(bytes.length)] as const]
  const head = `HTTP/1.1 ${status}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`
  return Buffer.concat([Buffer.from(head, "latin1"), bytes])
}

/** Sends a response at once. */
export const reply = (...args: Parameters<typeof response>): ReadonlyArray<Step> => [{ send: response(...args) }]

// Sends each byte separately.
const byByte = (bytes: Uint8Array): ReadonlyArray<Step> =>
  [...bytes].flatMap((byte) => [{ send: Uint8Array.of(byte) }, { sleep: 1 }])

// A response whose body is in chunks of one byte.
const byChunks = (body: string): Uint8Array =>
  response(
    Buffer.concat([
      ...[...Buffer.from(body)].map((byte) => Buffer.from([0x31, 13, 10, byte, 13, 10])),
      Buffer.from("0\r\n\r\n")
    ]),
    [["transfer-encoding", "chunked"]]
  )

/** Scripts for one response with this body, correct and faulty, by what they do. */
export const scripts = (body: string) => {
  const whole = response(body)
  const head = whole.indexOf("\r\n\r\n") + 4
  const bytes = Buffer.byteLength(body)
  const half = body.slice(0, body.length / 2)
  return {
    "a response": [{ send: whole }],
    "slow bytes": byByte(whole),
    "chunks of one byte": [{ send: byChunks(body) }],
    "headers apart from the body": [{ send: whole.subarray(0, head) }, { sleep: 20 }, { send: whole.subarray(head) }],
    "a body until the end of the connection": [{ send: `HTTP/1.1 200 OK\r\n\r\n${body}` }, "end"],
    "a byte order mark": reply(`\uFEFF${body}`),
    "gzip": reply(gzipSync(body), [["content-encoding", "gzip"]]),
    "two Retry-After": reply(body, [["retry-after", "soon"], ["retry-after", "7"]]),
    "duplicate headers": reply(body, [["x-a", "1"], ["X-A", "2"]]),
    "an informational response first": [{ send: "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" }, { send: whole }],
    "204": [{ send: "HTTP/1.1 204 No Content\r\n\r\n" }],
    "304": [{ send: `HTTP/1.1 304 Not Modified\r\ncontent-length: ${bytes}\r\n\r\n` }],
    "a second response that nobody asked for": [{ send: Buffer.concat([whole, whole]) }],
    "a content-length that is too short": [{ send: response(body, [["content-length", String(bytes - 1)]]) }],
    "a content-length that is too long": [{ send: response(body, [["content-length", String(bytes + 1)]]) }, "end"],
    "a close before the headers": ["end"],
    "a reset before the headers": ["reset"],
    "a close within the headers": [{ send: whole.subarray(0, head - 10) }, "end"],
    "a reset within the headers": [{ send: whole.subarray(0, head - 10) }, { sleep: 20 }, "reset"],
    "a close within the body": [{ send: response(half, [["content-length", String(bytes)]]) }, "end"],
    "a reset within the body": [{ send: response(half, [["content-length", String(bytes)]]) }, { sleep: 20 }, "reset"],
    "no HTTP": [{ send: "SSH-2.0-OpenSSH_9.6\r\n" }],
    "no end": [{ send: "HTTP/1.1 200 OK\r\n\r\n" }, { flood: 64 * 1024 * 1024 }],
    "no answer": ["hold"],
    "a close when idle": [{ send: whole }, { closeWhenIdle: 30 }]
  } satisfies Record<string, ReadonlyArray<Step>>
}
