/**
 * Serves an emulator on a socket. In this folder, only this file requires Node.
 */
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { isIPv6 } from "node:net"
import type * as Emulator from "./emulator.js"
import { type Allowed, corsHeaders, isLoopback, preflight, refusal } from "./guard.js"
import { error, json, type Reply, statusesWithoutBody } from "./reply.js"

/** @internal */
export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly allowRemote: boolean
  readonly hosts: ReadonlyArray<string>
  readonly origins: ReadonlyArray<string>
}

/**
 * The maximum size of a request body, in bytes.
 */
const maxBodySize = 8 * 2 ** 20

const tooLarge = json(413, {
  error: {
    code: 413,
    message: `Request payload size exceeds the limit: ${maxBodySize} bytes.`,
    status: "INVALID_ARGUMENT"
  }
}, { connection: "close" })

/**
 * How long a connection stays open after the response to a request that is too large, in ms. During this time, a
 * client that is still sending can read the response.
 */
const lingering = 1_000

// Copies chunks into one buffer, because small chunks need much more memory than the bytes that they contain. Returns
// `undefined` if the body is too long.
const readBody = (request: IncomingMessage): Effect.Effect<string | undefined> =>
  Effect.async((resume) => {
    if (Number(request.headers["content-length"] ?? 0) > maxBodySize) return resume(Effect.succeed(undefined))
    let buffer = Buffer.allocUnsafe(0)
    let length = 0
    request.on("data", (chunk: Buffer) => {
      if (length + chunk.length > maxBodySize) {
        request.removeAllListeners("data")
        return resume(Effect.succeed(undefined))
      }
      if (length + chunk.length > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.min(maxBodySize, Math.max(2 * buffer.length, length + chunk.length)))
        buffer.copy(larger, 0, 0, length)
        buffer = larger
      }
      length += chunk.copy(buffer, length)
    })
    request.once("end", () => resume(Effect.succeed(buffer.toString("utf8", 0, length))))
  })

const headersOf = (request: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(request.headers).map((
      [name, value]
    ) => [name, Array.isArray(value) ? value.join(", ") : value ?? ""])
  )

const write = (response: ServerResponse, reply: Reply): void => {
  const body = Buffer.from(reply.body)
  const { socket } = response
  switch (reply.cut) {
    case "beforeHeaders":
      socket?.destroy()
      return
    case "withinHeaders":
      socket?.end("HTTP/1.1 200 OK\r\ncontent-type: appl")
      return
    case "withinBody":
      socket?.write(
        `HTTP/1.1 ${reply.status} OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
      )
      socket?.end(body.subarray(0, body.length / 2))
      return
  }
  if (statusesWithoutBody.has(reply.status)) {
    response.writeHead(reply.status, reply.headers).end()
    return
  }
  response.writeHead(reply.status, { ...reply.headers, "content-length": body.length })
  if (reply.status !== tooLarge.status || response.req.complete) {
    response.end(body)
    return
  }
  // If data arrives after the connection is closed, the connection is reset and the client loses the response.
  response.write(body)
  const timer = setTimeout(() => response.end(), lingering)
  response.req.resume().once("close", () => clearTimeout(timer)).once("end", () => response.end())
}

const respond = (
  emulator: Emulator.Emulator,
  allowed: Allowed,
  request: IncomingMessage
): Effect.Effect<Reply> => {
  const headers = headersOf(request)
  const { method = "GET", url = "/" } = request
  const refused = refusal(headers, allowed)
  if (refused !== undefined) return Effect.succeed({ ...refused, headers: { ...refused.headers, connection: "close" } })
  const asked = preflight(method, headers)
  const reply = asked !== undefined
    ? Effect.succeed(asked)
    : Effect.flatMap(readBody(request), (body) =>
      body === undefined
        ? Effect.succeed(tooLarge)
        : emulator.handle({
          method,
          origin: `http://${headers["host"] ?? "localhost"}`,
          target: url,
          headers,
          body,
          otherConnections: emulator.openConnections - 1
        }))
  return Effect.map(reply, (reply) => ({ ...reply, headers: { ...reply.headers, ...corsHeaders(headers) } }))
}

const fault = (cause: Cause.Cause<never>): Reply =>
  error({ code: "INTERNAL", message: `The emulator failed: ${Cause.pretty(cause).slice(0, 1_000)}` })

const inUrl = (host: string): string => isIPv6(host) ? `[${host}]` : host

const optionsProblem = ({ allowRemote, host, origins, port }: ServeOptions): string | undefined => {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return `port: Expected 0 to 65535, actual ${port}`
  if (!allowRemote && !isLoopback(inUrl(host))) {
    return `host: ${host} is not a loopback address, so others on the network could use the emulator. ` +
      "To allow this, set allowRemote"
  }
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)
  return wrong === undefined
    ? undefined
    : `origins: Expected an origin such as http://localhost:5173, actual ${JSON.stringify(wrong)}`
}

const listen = (server: Server, options: ServeOptions): Effect.Effect<string, HttpServerError.ServeError> =>
  Effect.async((resume) => {
    server.once("error", (cause) => resume(Effect.fail(new HttpServerError.ServeError({ cause }))))
    server.listen(options.port, options.host, () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : options.port
      resume(Effect.succeed(`http://${inUrl(options.host)}:${port}`))
    })
  })

/**
 * Serves an emulator until the scope ends. Returns the URL.
 *
 * @internal
 */
export const serve = (
  emulator: Emulator.Emulator,
  options: ServeOptions
): Effect.Effect<string, HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function*() {
    const problem = optionsProblem(options)
    if (problem !== undefined) return yield* new HttpServerError.ServeError({ cause: new RangeError(problem) })
    const allowed: Allowed = {
      hosts: new Set([inUrl(options.host), ...options.hosts].map((host) => host.toLowerCase())),
      allAddresses: options.host === "0.0.0.0" || options.host === "::",
      origins: new Set(options.origins)
    }
    const run = yield* FiberSet.makeRuntime<never>()
    const server = createServer((request, response) => {
      const fiber = run(respond(emulator, allowed, request))
      fiber.addObserver((exit) => {
        if (!response.destroyed) write(response, Exit.getOrElse(exit, fault))
      })
      response.once("close", () => {
        if (!response.writableFinished) fiber.unsafeInterruptAsFork(FiberId.none)
      })
    })
    server.on("connection", (socket) => {
      emulator.openConnections++
      socket.once("close", () => emulator.openConnections--)
    })
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        // Clients that keep connections open must not delay the server's shutdown.
        server.closeAllConnections()
      })
    )
    return yield* listen(server, options)
  })
